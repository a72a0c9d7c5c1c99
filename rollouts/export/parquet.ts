/** A table of seat rollouts, a column a figure; messages, tools and whatever nests are JSON text. */
import type { Columns } from './columns.ts'
import type { Format, TaskPlays } from './format.ts'
import { errorResult, resultRow } from './verifiers.ts'

const FILE = 'rollouts.parquet'

/** The fields of a result row that are columns under their own names. */
const TOP: Columns = {
  example_id: 'int64',
  reward: 'float64',
  is_completed: 'bool',
  is_truncated: 'bool',
  stop_condition: 'string',
  error: 'json',
  prompt: 'json',
  completion: 'json',
  tool_defs: 'json',
  timing: 'json',
}

/** The fields of its `info`. */
const INFO: Columns = {
  run: 'string',
  episode_id: 'string',
  group_id: 'string',
  group_size: 'int64',
  env: 'string',
  version: 'int64',
  config_digest: 'string',
  seed: 'int64',
  repeat: 'int64',
  scenario: 'string',
  seat: 'string',
  role: 'string',
  player: 'string',
  source: 'string',
  advantage: 'float64',
  advantage_formula: 'string',
  steps: 'int64',
  silent: 'int64',
  cost: 'float64',
  calls: 'json',
  refused: 'json',
  tags: 'json',
  notes: 'json',
}

const USAGE: Columns = { input_tokens: 'int64', output_tokens: 'int64' }

export const parquet: Format = {
  id: 'parquet',
  describe: "a table of seat rollouts with a column a figure and a metric, the fields of 'verifiers' laid flat",
  reads: ['metrics'],
  failed: true,
  files: ({ metrics }) => [
    {
      path: FILE,
      columns: { ...Object.fromEntries(metrics.map(name => [name, 'float64' as const])), ...INFO, ...TOP, ...USAGE },
    },
  ],
  open: ({ estimator }) => ({
    task({ plays, failed }: TaskPlays, sink) {
      for (const play of plays) {
        const row = resultRow(play, estimator)
        sink.row(FILE, { ...row.metrics, ...row.info, ...row, ...row.token_usage })
      }
      for (const rollout of failed) {
        const row = errorResult(rollout)
        sink.row(FILE, { ...row, ...row.info })
      }
    },
  }),
}
