// Ours: rollouts of a game of a few steps, their run written: URL, calls, how many at once, folder of runs.
import { economies } from 'agoragym'
import { Models, runExperiment } from 'agoragym/rollouts'

const [url, calls, atOnce, out] = process.argv.slice(2)
const { env } = economies.list().find(({ brief }) => brief !== undefined)
const models = new Models({ concurrency: Number(atOnce) })
let answered = 0
const { left } = await runExperiment(
  {
    repeats: 1,
    entries: [{ env: env.id, set: economies.get(env.id).brief, players: [`openai:m@${url}`], seeds: Number(calls) }],
  },
  { economies, models, out, concurrency: Number(atOnce), onEvent: ({ type }) => (answered += type === 'call' ? 1 : 0) },
)
if (left > 0) throw new Error('not all was played')
console.log(JSON.stringify({ calls: answered }))
