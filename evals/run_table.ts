/** The runs of one setting as people and machines read them right after they were played. Knows runs; reads no file. */
import type { Column } from '../rollouts/column.ts'
import { columnNames, evaluatedOf, shortName } from '../rollouts/labels.ts'
import type { Summary, Traffic } from '../rollouts/metadata.ts'
import { promptTokens } from '../rollouts/models/usage.ts'
import type { Usage } from '../rollouts/player.ts'
import type { RunResult } from '../rollouts/run.ts'
import { declaredRange, sharedConfig, valueRange } from './ranges.ts'
import { clusteredMean, type Estimate } from './stats.ts'
import { block, type FigureRow, figureTable, number, plural } from './text.ts'

/** The table of an evaluation and what was played, for a person. */
export function runsText(runs: readonly RunResult[], width = 80): string {
  const head = block(heading(runs), width)
  if (runs.every(({ summary }) => summary.ok === 0)) return `${head}\n\nNo rollout was played to its end.\n`
  return `${head}\n\n${evalTable(runs, width)}\n\n${block(`${TABLE_NOTE}${baselineNote(runs)}`, width)}\n`
}

/** The parts of a score that every economy has, in the order they are shown. */
const PARTS = ['payoff', 'reputation', 'survival', 'quality'] as const

/** The runs of one economy side by side. */
function evalTable(runs: readonly RunResult[], width: number): string {
  const of = (cell: (summary: Summary) => string): string[] => runs.map(({ summary }) => cell(summary))
  const means = (name: string): string[] => runs.map(run => estimate(intervalOf(runs, run, name)))
  const count = (part: 'stops' | 'calls' | 'refused', shown: (value: number) => string): FigureRow[] =>
    names(runs, part).map(name => ({
      label: `  ${name}`,
      cells: of(summary => (summary[part][name] === undefined ? '–' : shown(summary[part][name]!))),
    }))
  const rows: FigureRow[] = [
    ...(alike(runs) ? [] : [{ label: 'played', cells: runs.map(playedOf) }]),
    { label: 'rollouts', cells: of(({ ok }) => String(ok)) },
    { label: '  failed', cells: of(({ failed }) => String(failed)) },
    { label: '  truncated', cells: of(({ truncated }) => String(truncated)) },
    ...['reward', ...PARTS].map(part => ({ label: part, cells: means(part) })),
    { label: 'turns', cells: means('num_turns') },
    { label: 'stopped by' },
    ...count('stops', String),
    { label: 'calls a rollout' },
    ...count('calls', number),
    ...(names(runs, 'refused').length > 0 ? [{ label: 'refused a rollout' }, ...count('refused', number)] : []),
    ...modelRows(runs),
  ]
  return figureTable(columnNames(runs.map(({ metadata }) => evaluatedOf(metadata))), rows, width)
}

/** What the models were asked and what it took; nothing where no model played. */
function modelRows(runs: readonly RunResult[]): FigureRow[] {
  if (runs.every(({ summary }) => summary.traffic === null)) return []
  const row = (label: string, cell: (traffic: Traffic, usage: Usage, summary: Summary) => string): FigureRow => ({
    label: `  ${label}`,
    cells: runs.map(({ summary }) =>
      summary.traffic === null || summary.usage === null ? '–' : cell(summary.traffic, summary.usage, summary),
    ),
  })
  const rate = (name: string, label: string): FigureRow => ({
    label: `  ${label}`,
    cells: runs.map(run => (run.summary.traffic === null ? '–' : estimate(intervalOf(runs, run, name)))),
  })
  const seconds = (ms: number | null): string => (ms === null ? '–' : `${number(ms / 1000)} s`)
  return [
    { label: 'model calls' },
    row('calls', ({ calls, cached }) => (cached === 0 ? String(calls) : `${calls} (${cached} from cache)`)),
    rate('model_no_tool_call', 'without a tool call'),
    rate('model_malformed_arguments', 'malformed arguments'),
    row('prompt tokens', (_, usage) => number(promptTokens(usage))),
    row('  read from cache', (_, usage) => percent(usage.input_cached_read, promptTokens(usage))),
    row('completion tokens', (_, usage) => `${number(usage.output)}${usage.estimated ? ' (estimated)' : ''}`),
    row('  reasoning', (_, { output_reasoning, output }) =>
      output_reasoning === null ? '–' : percent(output_reasoning, output),
    ),
    row('cost in USD', (_traffic, _usage, { cost }) => (cost === null ? 'price unknown' : cost.toFixed(4))),
    row('  a rollout', (_traffic, _usage, { cost, ok }) => (cost === null || ok === 0 ? '–' : (cost / ok).toFixed(4))),
    row('retries', ({ retries }) => String(retries)),
    row('latency, median', ({ latency_p50_ms }) => seconds(latency_p50_ms)),
    row('  95 %', ({ latency_p95_ms }) => seconds(latency_p95_ms)),
  ]
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${Math.round((100 * part) / whole)} %`
}

function names(runs: readonly RunResult[], part: 'stops' | 'calls' | 'refused'): string[] {
  return [...new Set(runs.flatMap(({ summary }) => Object.keys(summary[part])))].sort()
}

/** A mean with its 95 % interval, examples as clusters, as comparisons have it. */
function intervalOf(runs: readonly RunResult[], { env, metadata, summary }: RunResult, name: string): Estimate | undefined {
  const columnOf = ({ reward, metrics }: Summary): Column | undefined => (name === 'reward' ? reward : metrics[name])
  const column = columnOf(summary)
  const columns = runs.flatMap(run => columnOf(run.summary) ?? [])
  const declared = declaredRange(env, name, sharedConfig(env, metadata))
  return column && clusteredMean(column, { range: valueRange(declared, column, columns) })
}

function estimate(found: Estimate | undefined): string {
  if (found === undefined) return '–'
  const { value, low, high, method } = found
  if (low === null || high === null) return number(value)
  return `${number(value)} [${number(low)}, ${number(high)}]${method === 'bootstrap' ? '*' : ''}`
}

/** The examples and repeats of a run, as its folder holds them. */
function playedOf({ metadata: { examples, rollouts_per_example } }: RunResult): string {
  return `${examples}${rollouts_per_example > 1 ? `, ${plural(rollouts_per_example, 'repeat')}` : ''}`
}

/** Whether all have the same; where not, each column says its own. */
const alike = (runs: readonly RunResult[]): boolean => new Set(runs.map(playedOf)).size === 1

/** The heading of a table: what was played. */
function heading(runs: readonly RunResult[]): string {
  const { env_id, env_args, evaluated, lineup } = runs[0]!.metadata
  const counts = new Map<string, number>()
  for (const [agent, player] of Object.entries(lineup))
    if (!evaluated.includes(agent)) counts.set(shortName(player), (counts.get(shortName(player)) ?? 0) + 1)
  const others = [...counts].map(([player, n]) => `${n} ${player}`).join(', ')
  const parts = [
    `${env_id} (${env_args.preset}${Object.entries(env_args.set)
      .map(([field, value]) => `, ${field}=${JSON.stringify(value)}`)
      .join('')})`,
    ...(alike(runs) ? [playedOf(runs[0]!)] : []),
    `${evaluated.join(', ')}${others === '' ? '' : ` against ${others}`}`,
  ]
  return parts.join(', ')
}

/** What is said under a table. */
const TABLE_NOTE =
  'Mean [95 % confidence interval, repeats of one seed or scenario taken as one cluster; * by bootstrap, where too skewed for t].'

/** Says whom `compare` compares the others with, where there are others; empty where there are none. */
function baselineNote(runs: readonly RunResult[]): string {
  const players = runs.map(({ metadata }) => evaluatedOf(metadata))
  const at = runs.findIndex(({ metadata }) => metadata.player === metadata.experiment?.baseline)
  return runs.length < 2 || at === -1 ? '' : ` The baseline of comparisons is ${columnNames(players)[at]}.`
}

/** What a machine reads of an evaluation. */
export function evaluationFacts(runs: readonly RunResult[]): object[] {
  const told = (run: RunResult, name: string) => {
    const found = intervalOf(runs, run, name)
    if (found === undefined) return null
    const { n, value: mean, low, high, method } = found
    return { n, mean, low, high, method }
  }
  return runs.map(run => {
    const { folder, metadata, summary } = run
    return {
      folder,
      env: metadata.env_id,
      player: metadata.player,
      ...(evaluatedOf(metadata).label !== undefined && { label: evaluatedOf(metadata).label }),
      ...(metadata.experiment !== undefined && { baseline: metadata.experiment.baseline }),
      lineup: metadata.lineup,
      evaluated: metadata.evaluated,
      planned: metadata.planned,
      ...summary,
      reward: told(run, 'reward'),
      metrics: Object.fromEntries(Object.keys(summary.metrics).map(name => [name, told(run, name)])),
    }
  })
}
