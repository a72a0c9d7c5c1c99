// agoragym/queue: an experiment whose rollouts are played by a worker, which may be on any machine. Needs a Redis (AGORAGYM_QUEUE).
import { economies } from 'agoragym'
import { openDesk, openQueue, queueUrl, runWorker } from 'agoragym/queue'
import { experiment, planExperiment, runExperiment } from 'agoragym/rollouts'

if (process.env.AGORAGYM_QUEUE === undefined) {
  console.log('Set AGORAGYM_QUEUE=redis://127.0.0.1:6379 to run this.')
  process.exit()
}
const url = queueUrl(undefined, process.env)
const tell = (line: string) => console.log(line)

// Usually `agoragym worker` on other machines.
const end = new AbortController()
const working = runWorker({ url, economies, imported: [], env: process.env, signal: end.signal, tell })

const asked = experiment({ entries: [{ env: 'sim_economy', seeds: '64', players: ['bot:honest', 'random'] }] })
const planned = planExperiment(asked, { economies })
const queue = await openQueue({ url, experiment: asked, planned, folder: '.', out: 'runs/queue', models: {}, imported: [], tell })
const desk = await openDesk(url, { tell })
console.log((await desk.status()).runs.map(({ what, total }) => `${what}: ${total} rollouts`))
const { played } = await runExperiment(asked, { economies, out: 'runs/queue', elsewhere: queue.elsewhere })
await queue.close()
desk.close()
end.abort()
console.log(played, 'collected,', (await working).played, 'played here')
