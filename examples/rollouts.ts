// agoragym/rollouts: an experiment whose progress is told as events, one rollout for its own sake, and a budget.
import { economies } from 'agoragym'
import { experiment, Models, playersFor, runExperiment, runRollout, seat } from 'agoragym/rollouts'
import { randomCalls, startFakeProvider } from 'agoragym/testing'

const provider = await startFakeProvider({ script: randomCalls })
const models = new Models({ maxTokens: 2_000_000, sampling: { max_tokens: 300 } })
const asked = experiment({
  name: 'first',
  entries: [
    { env: 'swarm_economy', scenarios: 2, players: [{ player: `openai:fake@${provider.url}`, label: 'fake' }, 'random'] },
  ],
})
await runExperiment(asked, {
  economies,
  models,
  out: 'runs/rollouts',
  onEvent: event => {
    if (event.type === 'rollout') console.log(`${event.done}/${event.due} ${Object.values(event.players).join()}`)
  },
})
console.log(`${models.spent.tokens} tokens`)

const economy = economies.get('sim_economy')
const player = playersFor({ economy, models })
const config = economy.env.config.parse({ horizon_turns: 3 })
const { lineup, evaluated } = seat(economy.env, config, {
  learner: player(`openai:fake@${provider.url}`),
  fixed: {},
  opponents: [{ player: player('bot:honest'), count: 1 }],
  exact: false,
})
const result = await runRollout({ env: economy.env, config, seed: 1, repeat: 0, lineup, evaluated, example: 1 })
await provider.close()
if (result.ok) console.log(result.scores.agent_0, result.transcripts.agent_0?.messages.length, 'messages')
