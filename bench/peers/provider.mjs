// A provider that answers at once, in a process of its own: prints its URL, and another that says how many calls it has answered.
import http from 'node:http'
import { startFakeProvider } from 'agoragym/testing'

const provider = await startFakeProvider({
  script: ({ tools }) => ({ calls: [{ name: tools.at(-1).name, arguments: {} }] }),
  keep: false,
})
const counter = http.createServer((_, response) => response.end(String(provider.counts.ok ?? 0)))
counter.listen(0, '127.0.0.1', () => console.log(JSON.stringify([provider.url, `http://127.0.0.1:${counter.address().port}/`])))
