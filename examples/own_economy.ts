// An economy and a bot of one's own, evaluated beside a shipped bot and a model: compared, reported, exported for a trainer.
import { economies, environments, register } from 'agoragym'
import { compare, comparisonText, writeReport } from 'agoragym/evals'
import { exportRuns, formatNamed } from 'agoragym/export'
import { experiment, Models, runExperiment } from 'agoragym/rollouts'
import { randomCalls, startFakeProvider } from 'agoragym/testing'
import plugin from './plugin.ts'

register(plugin)
// In the place of a provider, a local one that answers with calls drawn at random.
const provider = await startFakeProvider({ script: randomCalls })
const { cells } = await runExperiment(
  experiment({
    baseline: 'random',
    entries: [{ env: 'toy_market', seeds: '10', players: ['random', 'bot:seller', `openai:fake@${provider.url}`] }],
  }),
  { economies, models: new Models(), out: 'runs/program' },
)
await provider.close()

const runs = cells.flatMap(cell => cell.runs.map(({ folder }) => folder))
const comparison = compare(runs, { environments })
console.log(comparisonText(comparison, 100, ['scores', 'differences']))
writeReport(comparison, 'report.html', { environments })
const card = await exportRuns({ runs, format: formatNamed('sft-trl'), out: 'data', environments, includeTruncated: true })
console.log(`report.html; ${card.counts.rows} training rows in data/`)
