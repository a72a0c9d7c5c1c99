/** Playing runs and telling what came of them: shared by the commands that do so. */
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { economies } from '../economies/registry.ts'
import { UserError } from '../envs/core/errors.ts'
import { oneLine } from '../envs/core/text.ts'
import type { Experiment } from '../evals/experiment.ts'
import { type CellResult, type ExperimentEvent, type RunExperimentOptions, runExperiment } from '../evals/run_experiment.ts'
import { checkShard, type Shard, shardFolder } from '../evals/shards.ts'
import { COMPRESSIONS, type Compression } from '../rollouts/blocks.ts'
import { modelNotes } from '../rollouts/models/notes.ts'
import { withoutCredentials } from '../rollouts/models/redact.ts'
import { peopleNotes } from '../rollouts/players/notes.ts'
import type { RunResult } from '../rollouts/run.ts'
import { type Args, integer, type OptionSpecs } from './command.ts'
import type { ExitCode, Io } from './io.ts'
import { cacheNote } from './models.ts'
import { exportingOf } from './otel.ts'
import { openNamedQueue } from './queue_run.ts'
import { tellingOf } from './telling.ts'
import { plural, shownPath } from './text.ts'

/** Who plays how much of an experiment. */
export const PART_OPTIONS: OptionSpecs = {
  workers: {
    type: 'string',
    describe: 'threads for rollouts of scripted players alone: N, or auto for one a core; the files are the same (1)',
  },
  shard: {
    type: 'string',
    describe: 'i/n: only part i of n (from 1), in a folder of its own; env/n: i from a SLURM array or a Kubernetes job',
  },
}

/** The threads that are asked for. */
function readWorkers(args: Args): number {
  return args.text('workers') === 'auto' ? availableParallelism() : args.integer('workers', 1, 1)
}

/** The part that is asked for; undefined for the whole. */
export function readShard(args: Args, { env }: Io): Shard | undefined {
  const text = args.text('shard')
  if (text === undefined) return undefined
  const [, given, of] = /^(\d+|env)\/(\d+)$/.exec(text) ?? []
  if (given === undefined)
    throw new UserError(`--shard: expected i/n with i from 1 to n, such as 3/16, or env/n; got '${text.slice(0, 64)}'.`)
  const shard = { index: given === 'env' ? arrayIndex(env) : Number(given), of: Number(of) }
  checkShard(shard)
  return shard
}

/** Which of the tasks of an array this process is, from 1. */
function arrayIndex(env: Io['env']): number {
  const { SLURM_ARRAY_TASK_ID: slurm, JOB_COMPLETION_INDEX: kubernetes } = env
  if ((slurm === undefined) === (kubernetes === undefined))
    throw new UserError(
      `--shard env/n: expected SLURM_ARRAY_TASK_ID (from 1) or JOB_COMPLETION_INDEX (from 0), got ${slurm === undefined ? 'neither' : 'both'}.`,
    )
  return slurm === undefined ? integer(kubernetes!, 'JOB_COMPLETION_INDEX', 0) + 1 : integer(slurm, 'SLURM_ARRAY_TASK_ID', 1)
}

/** Where the runs of a command lie: its folder, or that of the part it plays. */
export function outFolder(args: Args, io: Io, usual = 'runs'): string {
  const out = resolve(io.cwd, args.text('out') ?? usual)
  const shard = readShard(args, io)
  return shard === undefined ? out : join(out, shardFolder(shard))
}

export const COMPRESS_OPTION: OptionSpecs = {
  compress: { type: 'string', describe: `how rollouts are kept in new folders: ${COMPRESSIONS.join(', ')} (none)` },
}

/** The folder that runs are written into, and going on with those in it. */
export const outOptions = (usual = 'runs'): OptionSpecs => ({
  out: { type: 'string', describe: `folder for the runs' folders (./${usual})` },
})

/** With `--resume`, of the commands that play many rollouts. */
export const RETRY_OPTION: OptionSpecs = {
  'retry-errors': { type: 'boolean', describe: 'with --resume: also play again what failed' },
}

/** How rollouts are to be kept. */
export function readCompression(args: Args): Compression {
  return args.choice('compress', COMPRESSIONS) ?? 'none'
}

/** What was played, and how the command ends. */
export interface Evaluation {
  readonly cells: readonly CellResult[]
  readonly runs: readonly RunResult[]
  /** Rollouts that were due and have not been played: it was interrupted, or a budget or a disk ran out. */
  readonly left: number
  readonly code: ExitCode
}

export interface EvaluateOptions
  extends Omit<RunExperimentOptions, 'economies' | 'signal' | 'onEvent' | 'workers' | 'onWorkers' | 'shard' | 'compress'> {
  /** Hears what happens beside those who tell of it. */
  readonly onEvent?: (event: ExperimentEvent) => void
  /** Called as the runs of a cell are over. */
  readonly onCell?: (runs: readonly RunResult[]) => void
  /** Whether standard error tells how far play is; by default it does. */
  readonly drawn?: boolean
  /** Whether people who play sit at this terminal (they do). */
  readonly here?: boolean
}

const NO_WORK =
  '--workers: threads have nothing to do here: models, served policies and people are asked by the main process, so many at once as -c says.'

/** Plays with progress on standard error, and says there what failed or stopped it and how to go on. */
export async function evaluate(asked: Experiment, options: EvaluateOptions, args: Args, io: Io): Promise<Evaluation> {
  const { models, onCell = () => {}, drawn = true, here = true, ...rest } = options
  const shard = readShard(args, io)
  const telling = tellingOf(args, io, {
    named: asked.name !== undefined,
    drawn,
    here,
    // Models are asked elsewhere where there is a queue.
    ...(models !== undefined && args.text('queue') === undefined && { models }),
  })
  const note = (text: string): void => telling.note(text)
  const exporting = await exportingOf(args, io, note)
  let failed = 0
  const again = (...more: string[]): string => commandLine(args.typed, more)
  const onEvent = (event: ExperimentEvent): void => {
    telling.event(event)
    exporting?.event(event)
    options.onEvent?.(event)
    if (event.type !== 'cell_end') return
    failed += tellCell(event.runs, again, args, io, note)
    if (event.left === 0) onCell(event.runs)
  }
  const { folder = io.cwd, concurrency = 32, out } = options
  const parted =
    args.text('queue') === undefined ? undefined : shard !== undefined ? '--shard' : args.text('workers') && '--workers'
  if (parted !== undefined)
    throw new UserError(`--queue and ${parted} exclude each other: the workers of a queue share all of it.`)
  const compress = readCompression(args)
  const queue = await openNamedQueue(asked, { folder, out, concurrency, compress }, args, io, note)
  const { cells, left, played, stopped } = await runExperiment(asked, {
    ...rest,
    ...(queue !== undefined && { elsewhere: queue.elsewhere }),
    ...(models !== undefined && { models }),
    economies,
    ...(shard !== undefined && { shard }),
    compress,
    workers: readWorkers(args),
    onWorkers: taken => {
      if (taken === 0) note(NO_WORK)
    },
    signal: io.signal,
    onEvent,
  })
    .catch(error => {
      queue?.leave()
      throw error
    })
    .finally(async () => {
      telling.end()
      await exporting?.stop()
    })
  await queue?.close()
  if (shard !== undefined && cells.length === 0)
    note(`--shard ${shard.index}/${shard.of}: nothing falls to this part; there are fewer groups of repeats than parts.`)
  for (const reason of stopped) note(oneLine(reason))
  if (left > 0) {
    note(`Stopped after ${played} of ${plural(played + left, 'rollout')}. Go on with: ${again('--resume')}`)
    const last = cells.at(-1)
    if (last !== undefined) onCell(last.runs)
  } else if (stopped.length > 0) note(`Go on with: ${again('--resume')}`)
  // What stopped it may have met the files after the last rollout was played.
  const code = left > 0 || failed > 0 || stopped.length > 0 ? 1 : 0
  return { cells, runs: cells.flatMap(({ runs }) => runs), left, code }
}

/** Says what of a cell failed, and what began anew though it was to be gone on with; gives how many rollouts failed. */
function tellCell(
  runs: readonly RunResult[],
  again: (...more: string[]) => string,
  args: Args,
  io: Io,
  tell: (text: string) => void,
): number {
  for (const run of runs) {
    for (const note of [...cacheNote(run), ...modelNotes(run.metadata), ...peopleNotes(run.metadata)]) tell(note)
  }
  const fresh = args.flag('resume') ? runs.filter(({ resumed }) => !resumed) : []
  for (const { folder } of fresh) tell(`--resume found no such run and began it: ${shownPath(folder, io.cwd)}`)
  const failed = runs.reduce((sum, { summary }) => sum + summary.failed, 0)
  if (failed > 0) {
    const where = runs
      .filter(({ summary }) => summary.failed > 0)
      .map(({ folder }) => `${shownPath(folder, io.cwd)}/errors.jsonl`)
    tell(
      `${plural(failed, 'rollout')} failed (${where.join(', ')}). Play them again with: ${again('--resume', '--retry-errors')}`,
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
