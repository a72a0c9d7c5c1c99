/** Playing runs and telling what came of them: shared by the commands that do so. */

import { economies } from '../economies/registry.ts'
import { oneLine } from '../envs/core/text.ts'
import type { Experiment } from '../evals/experiment.ts'
import { type CellResult, type ExperimentEvent, type RunExperimentOptions, runExperiment } from '../evals/run_experiment.ts'
import { clusteredMean } from '../evals/stats.ts'
import type { Figure } from '../rollouts/figure.ts'
import { columnNames, evaluatedOf, shortName } from '../rollouts/labels.ts'
import { modelNotes } from '../rollouts/models/notes.ts'
import { withoutCredentials } from '../rollouts/models/redact.ts'
import { promptTokens } from '../rollouts/models/usage.ts'
import type { Usage } from '../rollouts/player.ts'
import { Progress } from '../rollouts/progress.ts'
import type { RunResult } from '../rollouts/run.ts'
import type { Summary, Traffic } from '../rollouts/summary.ts'
import type { Args } from './command.ts'
import type { ExitCode, Io } from './io.ts'
import { cacheNote } from './models.ts'
import { type FigureRow, figureTable, number, plural, shownPath } from './text.ts'

/** What was played, and how the command ends. */
export interface Evaluation {
  readonly cells: readonly CellResult[]
  readonly runs: readonly RunResult[]
  /** Rollouts that were due and have not been played: it was interrupted, or a budget or a disk ran out. */
  readonly left: number
  readonly code: ExitCode
}

export interface EvaluateOptions extends Omit<RunExperimentOptions, 'economies' | 'signal' | 'onEvent'> {
  /** Called as the runs of a cell are over. */
  readonly onCell?: (runs: readonly RunResult[]) => void
}

/** Plays with progress on standard error, and says there what failed or stopped it and how to go on. */
export async function evaluate(asked: Experiment, options: EvaluateOptions, args: Args, io: Io): Promise<Evaluation> {
  const { models, onCell = () => {}, ...rest } = options
  let progress: Progress | undefined
  let failed = 0
  const again = (...more: string[]): string => commandLine(args.typed, more)
  const onEvent = (event: ExperimentEvent): void => {
    switch (event.type) {
      case 'cell_start':
        progress = new Progress({
          total: event.due,
          write: io.err,
          terminal: io.isTTY.err,
          columns: io.columns,
          ...(models !== undefined && { status: () => models.status() }),
        })
        return
      case 'rollout':
        progress?.tick(event.ok)
        return
      case 'cell_end': {
        progress?.end()
        progress = undefined
        failed += tellCell(event.runs, again, args, io)
        if (event.left === 0) onCell(event.runs)
        return
      }
    }
  }
  const { cells, left, played, stopped } = await runExperiment(asked, {
    ...rest,
    ...(models !== undefined && { models }),
    economies,
    signal: io.signal,
    onEvent,
  }).finally(() => progress?.end())
  for (const reason of stopped) io.err(`${oneLine(reason)}\n`)
  if (left > 0) {
    io.err(`Stopped after ${played} of ${plural(played + left, 'rollout')}. Go on with: ${again('--resume')}\n`)
    const last = cells.at(-1)
    if (last !== undefined) onCell(last.runs)
  }
  return { cells, runs: cells.flatMap(({ runs }) => runs), left, code: left > 0 || failed > 0 ? 1 : 0 }
}

/** Says what of a cell failed, and what began anew though it was to be gone on with; gives how many rollouts failed. */
function tellCell(runs: readonly RunResult[], again: (...more: string[]) => string, args: Args, io: Io): number {
  for (const run of runs) {
    io.err(cacheNote(run))
    for (const note of modelNotes(run.metadata)) io.err(`${note}\n`)
  }
  const fresh = args.flag('resume') ? runs.filter(({ resumed }) => !resumed) : []
  for (const { folder } of fresh) io.err(`--resume found no such run and began it: ${shownPath(folder, io.cwd)}\n`)
  const failed = runs.reduce((sum, { summary }) => sum + summary.failed, 0)
  if (failed > 0) {
    const where = runs
      .filter(({ summary }) => summary.failed > 0)
      .map(({ folder }) => `${shownPath(folder, io.cwd)}/errors.jsonl`)
    io.err(
      `${plural(failed, 'rollout')} failed (${where.join(', ')}). Play them again with: ${again('--resume', '--retry-errors')}\n`,
    )
  }
  return failed
}

/** The command as it was typed, with options added that were not. */
function commandLine(typed: readonly string[], more: readonly string[]): string {
  const words = [...typed, ...more.filter(word => !typed.includes(word))]
  return ['agoragym', ...words.map(withoutCredentials).map(quoted)].join(' ')
}

/** A word as a shell reads it back. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** The parts of a score that every economy has, in the order they are shown. */
const PARTS = ['payoff', 'reputation', 'survival', 'quality'] as const

/** The runs of one economy side by side. */
export function evalTable(runs: readonly RunResult[], width: number): string {
  const of = (cell: (summary: Summary) => string): string[] => runs.map(({ summary }) => cell(summary))
  const count = (part: 'stops' | 'calls' | 'refused', shown: (value: number) => string): FigureRow[] =>
    names(runs, part).map(name => ({
      label: `  ${name}`,
      cells: of(summary => (summary[part][name] === undefined ? '–' : shown(summary[part][name]!))),
    }))
  const rows: FigureRow[] = [
    { label: 'rollouts', cells: of(({ ok }) => String(ok)) },
    { label: '  failed', cells: of(({ failed }) => String(failed)) },
    { label: '  truncated', cells: of(({ truncated }) => String(truncated)) },
    { label: 'reward', cells: of(({ reward }) => estimate(reward)) },
    ...PARTS.map(part => ({ label: part, cells: of(({ metrics }) => estimate(metrics[part])) })),
    { label: 'turns', cells: of(({ metrics }) => estimate(metrics.num_turns)) },
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
  const rate =
    (name: string) =>
    (_traffic: Traffic, _usage: Usage, { metrics }: Summary) =>
      estimate(metrics[name])
  const seconds = (ms: number | null): string => (ms === null ? '–' : `${number(ms / 1000)} s`)
  return [
    { label: 'model calls' },
    row('calls', ({ calls, cached }) => (cached === 0 ? String(calls) : `${calls} (${cached} from cache)`)),
    row('without a tool call', rate('model_no_tool_call')),
    row('malformed arguments', rate('model_malformed_arguments')),
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

/** The mean and half its 95 % interval by Student's t, examples as clusters. */
function interval(figure: Figure | undefined): { n: number; mean: number; half: number | null } | null {
  const found = figure && clusteredMean(figure, { method: 't' })
  if (found === undefined) return null
  const { n, value, high } = found
  return { n, mean: value, half: high === null ? null : high - value }
}

function estimate(figure: Figure | undefined): string {
  const found = interval(figure)
  if (found === null) return '–'
  return found.half === null ? number(found.mean) : `${number(found.mean)} ±${number(found.half)}`
}

/** The heading of a table: what was played. */
export function heading({ metadata }: RunResult): string {
  const { env_id, env_args, examples, rollouts_per_example, evaluated, lineup } = metadata
  const counts = new Map<string, number>()
  for (const [agent, player] of Object.entries(lineup))
    if (!evaluated.includes(agent)) counts.set(shortName(player), (counts.get(shortName(player)) ?? 0) + 1)
  const others = [...counts].map(([player, n]) => `${n} ${player}`).join(', ')
  const parts = [
    `${env_id} (${env_args.preset}${Object.entries(env_args.set)
      .map(([field, value]) => `, ${field}=${JSON.stringify(value)}`)
      .join('')})`,
    examples,
    ...(rollouts_per_example > 1 ? [plural(rollouts_per_example, 'repeat')] : []),
    `${evaluated.join(', ')}${others === '' ? '' : ` against ${others}`}`,
  ]
  return parts.join(', ')
}

/** What is said under a table. */
export const TABLE_NOTE = 'Mean ± half the 95 % confidence interval, repeats of one seed or scenario taken as one cluster.'

/** Says whom `compare` compares the others with, where there are others; empty where there are none. */
export function baselineNote(runs: readonly RunResult[]): string {
  const players = runs.map(({ metadata }) => evaluatedOf(metadata))
  const at = runs.findIndex(({ metadata }) => metadata.player === metadata.experiment?.baseline)
  return runs.length < 2 || at === -1 ? '' : ` The baseline of comparisons is ${columnNames(players)[at]}.`
}

/** What a machine reads of an evaluation. */
export function evaluationFacts(runs: readonly RunResult[]): object[] {
  return runs.map(({ folder, metadata, summary }) => ({
    folder,
    env: metadata.env_id,
    player: metadata.player,
    ...(evaluatedOf(metadata).label !== undefined && { label: evaluatedOf(metadata).label }),
    ...(metadata.experiment !== undefined && { baseline: metadata.experiment.baseline }),
    lineup: metadata.lineup,
    evaluated: metadata.evaluated,
    planned: metadata.planned,
    ...summary,
    reward: interval(summary.reward),
    metrics: Object.fromEntries(Object.entries(summary.metrics).map(([name, figure]) => [name, interval(figure)])),
  }))
}
