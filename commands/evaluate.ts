/** Playing runs and telling what came of them: shared by the commands that do so. */
import { botSets } from '../bots/index.ts'
import { environments } from '../envs/index.ts'
import { Progress } from '../rollouts/progress.ts'
import { playRuns, type RunOptions, type RunPlan, type RunResult } from '../rollouts/run.ts'
import type { Estimate, Summary } from '../rollouts/summary.ts'
import type { Args } from './command.ts'
import type { ExitCode, Io } from './io.ts'
import { type FigureRow, figureTable, number, plural, shownPath } from './text.ts'

/** What was played, and how the command ends. */
export interface Evaluation {
  readonly runs: readonly RunResult[]
  readonly code: ExitCode
}

/** Plays with progress on standard error, and says there what failed or stopped it and how to go on. */
export async function evaluate(
  plans: readonly RunPlan[],
  options: Pick<RunOptions, 'out' | 'concurrency' | 'resume' | 'retryErrors'>,
  args: Args,
  io: Io,
): Promise<Evaluation> {
  let progress: Progress | undefined
  const { runs, batch } = await playRuns(plans, {
    ...options,
    signal: io.signal,
    onStart: due => {
      const bar = new Progress({ total: due, write: io.err, terminal: io.isTTY.err, columns: io.columns })
      progress = bar
      return ok => bar.tick(ok)
    },
  }).finally(() => progress?.end())
  const again = (...more: string[]): string => commandLine(args.typed, more)
  if (batch.stopped !== undefined) io.err(`${batch.stopped.message}\n`)
  if (batch.left > 0) {
    const played = batch.finished + batch.failed
    io.err(`Stopped after ${played} of ${plural(played + batch.left, 'rollout')}. Go on with: ${again('--resume')}\n`)
  }
  const failed = runs.reduce((sum, { summary }) => sum + summary.failed, 0)
  if (failed > 0) {
    const where = runs
      .filter(({ summary }) => summary.failed > 0)
      .map(({ folder }) => `${shownPath(folder, io.cwd)}/errors.jsonl`)
    io.err(
      `${plural(failed, 'rollout')} failed (${where.join(', ')}). Play them again with: ${again('--resume', '--retry-errors')}\n`,
    )
  }
  return { runs, code: batch.left > 0 || failed > 0 ? 1 : 0 }
}

/** The command as it was typed, with options added that were not. */
function commandLine(typed: readonly string[], more: readonly string[]): string {
  const words = [...typed, ...more.filter(word => !typed.includes(word))]
  return ['econgym', ...words.map(quoted)].join(' ')
}

/** A word as a shell reads it back. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** The plans of the scripted players of every economy that has some. */
export function economiesWithBots(): string[] {
  return environments.ids().filter(id => botSets[id] !== undefined)
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
    ...PARTS.map(part => ({ label: part, cells: of(({ metrics }) => estimate(metrics[part] ?? null)) })),
    { label: 'turns', cells: of(({ metrics }) => estimate(metrics.num_turns ?? null)) },
    { label: 'stopped by' },
    ...count('stops', String),
    { label: 'calls a rollout' },
    ...count('calls', number),
    ...(names(runs, 'refused').length > 0 ? [{ label: 'refused a rollout' }, ...count('refused', number)] : []),
  ]
  return figureTable(
    runs.map(({ metadata }) => metadata.player),
    rows,
    width,
  )
}

function names(runs: readonly RunResult[], part: 'stops' | 'calls' | 'refused'): string[] {
  return [...new Set(runs.flatMap(({ summary }) => Object.keys(summary[part])))].sort()
}

function estimate(value: Estimate | null): string {
  if (value === null) return '–'
  return value.half === null ? number(value.mean) : `${number(value.mean)} ±${number(value.half)}`
}

/** The heading of a table: what was played. */
export function heading({ metadata }: RunResult): string {
  const { env_id, env_args, examples, rollouts_per_example, evaluated, lineup } = metadata
  const counts = new Map<string, number>()
  for (const [agent, player] of Object.entries(lineup))
    if (!evaluated.includes(agent)) counts.set(player, (counts.get(player) ?? 0) + 1)
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

/** What a machine reads of an evaluation. */
export function evaluationFacts(runs: readonly RunResult[]): object[] {
  return runs.map(({ folder, metadata, summary }) => ({
    folder,
    env: metadata.env_id,
    player: metadata.player,
    lineup: metadata.lineup,
    evaluated: metadata.evaluated,
    planned: metadata.planned,
    ...summary,
  }))
}
