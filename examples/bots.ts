// agoragym/bots: a bot of one's own in a shipped economy, beside the shipped ones.
import { call, economies, register } from 'agoragym'
import { anyBots, type Bot } from 'agoragym/bots'
import { experiment, runExperiment } from 'agoragym/rollouts'

const miner: Bot = { description: 'Mines every turn.', factory: () => ({ act: () => call('mine') }) }
register({ bots: { sim_economy: { miner } } })

const asked = experiment({ entries: [{ env: 'sim_economy', seeds: '3', players: ['bot:miner', 'bot:honest', 'random'] }] })
const { cells } = await runExperiment(asked, { economies, out: 'runs/bots' })
for (const { metadata, summary } of cells[0]!.runs) console.log(metadata.player, summary.reward.mean.toFixed(3))
console.log(`bots for any economy: ${Object.keys(anyBots).join(', ')}`)
