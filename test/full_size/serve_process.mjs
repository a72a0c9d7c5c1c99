// A server and its clients in one process, without anything of the tests: 10,000 sessions of a short game, 64 at once, in every
// protocol in turn, one in ten played to its end and the others left after two turns. Tells the heap after a collection and the
// resident memory at every fifth of the way.
import { WebSocket } from 'ws'
import { startServer } from '../../dist/serve.js'

const [SESSIONS, AT_ONCE, ENV] = [10_000, 64, 'swarm_economy']
const server = await startServer({ port: 0, env: ENV, game: { preset: 'short' } })

const post = async (path, body, headers = {}) => {
  const answer = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return { text: await answer.text(), cookie: answer.headers.get('set-cookie')?.split(';')[0] }
}

function socket(path) {
  const client = new WebSocket(`${server.url.replace('http', 'ws')}${path}`)
  const waiting = []
  client.on('message', data => waiting.shift()(JSON.parse(data)))
  const ask = message =>
    new Promise(resolve => {
      waiting.push(resolve)
      client.send(JSON.stringify(message))
    })
  return new Promise((resolve, reject) => {
    client.on('open', () => resolve({ ask, close: () => client.close() }))
    client.on('error', reject)
  })
}

/** Turns of a session: how many are played before its client leaves. */
const turnsOf = seed => (seed % 40 < 4 ? 100 : 2)

/** One session each. */
const ways = [
  async seed => {
    const { ask, close } = await socket('/ws')
    let { data } = await ask({ type: 'reset', data: { seed } })
    for (let turn = 0; !data.done && turn < turnsOf(seed); turn++)
      data = (await ask({ type: 'step', data: { tool: 'pass_turn' } })).data
    close()
  },
  async seed => {
    const id = { 'x-session-id': `session ${seed}` }
    await post('/create', { task_spec: { env: ENV, seed } }, id)
    let said = ''
    for (let turn = 0; !said.includes('"finished":true') && turn < turnsOf(seed); turn++)
      said = (await post(`/${ENV}/call`, { name: 'pass_turn', input: {} }, id)).text
    await post('/delete', {}, id)
  },
  async seed => {
    const { cookie } = await post(`/nemo/${ENV}/reset`, { responses_create_params: {}, seed })
    const response = { output: [{ type: 'function_call', call_id: 'a', name: 'pass_turn', arguments: '{}' }] }
    let said = ''
    for (let turn = 0; !/"(terminated|truncated)":true/.test(said) && turn < turnsOf(seed); turn++)
      said = (await post(`/nemo/${ENV}/step`, { response }, { cookie })).text
    await post(`/nemo/${ENV}/close`, {}, { cookie })
  },
  async seed => {
    const { ask, close } = await socket('/agora')
    const { s } = await ask({ id: 1, op: 'make', env: ENV, preset: 'short' })
    let view = await ask({ id: 2, op: 'reset', s, seed })
    for (let turn = 0; view.stop === null && turn < turnsOf(seed); turn++)
      view = await ask({ id: 3, op: 'step', s, decisions: { [view.acting[0]]: { calls: [{ tool: 'pass_turn', args: {} }] } } })
    close()
  },
]

const told = []
let begun = 0
while (begun < SESSIONS) {
  const end = begun + SESSIONS / 5
  const next = async () => {
    while (begun < end) {
      const seed = begun++
      await ways[seed % ways.length](seed)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, next))
  while ((await (await fetch(`${server.url}/health`)).json()).sessions > 0) await new Promise(resolve => setTimeout(resolve, 10))
  globalThis.gc()
  const { heapUsed, rss } = process.memoryUsage()
  told.push({ sessions: begun, heap: heapUsed, rss })
}
await server.close()
if (process.send === undefined) console.table(told)
else process.send(told)
