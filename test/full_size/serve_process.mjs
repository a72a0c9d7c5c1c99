// A server and its clients in one process, without anything of the tests: plays 10,000 sessions of a short game, 64 at once, in every
// protocol in turn, and tells the heap after a collection and the resident memory at every fifth of the way.
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

/** One session each: a game to its end. */
const ways = [
  async seed => {
    const { ask, close } = await socket('/ws')
    let { data } = await ask({ type: 'reset', data: { seed } })
    while (!data.done) data = (await ask({ type: 'step', data: { tool: 'pass_turn' } })).data
    close()
  },
  async seed => {
    const id = { 'x-session-id': `session ${seed}` }
    await post('/create', { task_spec: { env: ENV, seed } }, id)
    for (let said = ''; !said.includes('"finished":true'); )
      said = (await post(`/${ENV}/call`, { name: 'pass_turn', input: {} }, id)).text
    await post('/delete', {}, id)
  },
  async seed => {
    const { cookie } = await post(`/nemo/${ENV}/reset`, { responses_create_params: {}, seed })
    const response = { output: [{ type: 'function_call', call_id: 'a', name: 'pass_turn', arguments: '{}' }] }
    for (let said = ''; !/"(terminated|truncated)":true/.test(said); )
      said = (await post(`/nemo/${ENV}/step`, { response }, { cookie })).text
  },
  async seed => {
    const { ask, close } = await socket('/agora')
    const { s } = await ask({ id: 1, op: 'make', env: ENV, preset: 'short' })
    let view = await ask({ id: 2, op: 'reset', s, seed })
    while (view.stop === null)
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
