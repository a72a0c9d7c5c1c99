// agoragym/testing: the checks that every economy must pass, and a provider to test a client against.
import { conformance, startFakeProvider } from 'agoragym/testing'
import { toyMarket } from './toy_market.ts'

const { passed, steps } = conformance(toyMarket)
console.log(`${passed.length} checks passed over ${steps} steps`)

const provider = await startFakeProvider({
  script: ({ turn }) => ({ content: `answer ${turn}` }),
  fault: ({ attempt }) => (attempt === 0 ? 'rate_limit' : undefined),
})
const ask = () =>
  fetch(`${provider.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'any', messages: [{ role: 'user', content: 'Hello?' }] }),
  })
console.log((await ask()).status, (await ask()).status)
await provider.close()
