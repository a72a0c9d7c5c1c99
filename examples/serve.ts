// agoragym/serve: a server in this process, a game played over HTTP as a client of Open Reward Standard plays it, and the end.
import { startServer } from 'agoragym/serve'

const server = await startServer({ port: 0, env: 'swarm_economy', game: { preset: 'short' } })
const ask = async (path: string, body?: object): Promise<string> => {
  const response = await fetch(`${server.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json', 'x-session-id': 'mine' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return response.text()
}

console.log(await ask('/health'))
await ask('/create', { env_name: 'swarm_economy', split: 'test', index: 0 })
console.log((await ask('/swarm_economy/prompt')).slice(0, 200))
let events = ''
while (!events.includes('"finished":true')) events = await ask('/swarm_economy/call', { name: 'pass_turn', input: {} })
// The last reward is the score.
console.log(/"reward":[-\d.e]+,"finished":true/.exec(events)?.[0])
await ask('/delete', {})
await server.close()
