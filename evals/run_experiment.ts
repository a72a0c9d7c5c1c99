/**
 * Plays an experiment: cell after cell, each player's rollouts into a folder of their own, and tells what happens as it does.
 * Knows experiments and run folders; prints nothing.
 */
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { UserError } from '../envs/core/errors.ts'
import type { Lookup } from '../envs/core/registry.ts'
import type { AgentId } from '../envs/core/tool.ts'
import type { Elsewhere } from '../rollouts/batch.ts'
import type { Compression } from '../rollouts/blocks.ts'
import type { Models } from '../rollouts/models/models.ts'
import type { CallRow, Player, RetryRow } from '../rollouts/player.ts'
import type { PlayerContext } from '../rollouts/players/index.ts'
import { type RolloutSpec, rolloutKey } from '../rollouts/rollout.ts'
import { PlanSpecs, playRuns, type RunPlan, type RunResult } from '../rollouts/run.ts'
import type { Ended, Watcher } from '../rollouts/watch.ts'
import { type Experiment, type ResolvedCell, resolveCells } from './experiment.ts'
import type { Playable } from './opponents.ts'
import { type PlannedCell, planCells } from './plan.ts'
import { type Shard, shardFolder, shardOf } from './shards.ts'
import { noting, type ThreadSource, Workers } from './workers.ts'

/** Threads a core at most: one is of use, and each takes some 80 MB. */
const THREADS = 16

/** A player of a cell. */
export interface PlayerFacts {
  /** The player string, credentials redacted. */
  readonly name: string
  readonly label?: string
  readonly kind: Player['kind']
  /** Of a model: its id and where it is asked. */
  readonly model?: string
  readonly base_url?: string
}

/** Which rollout of a cell. */
export interface RolloutFacts {
  readonly cell: string
  readonly key: string
  /** The evaluated players, by seat. */
  readonly players: Readonly<Record<AgentId, string>>
  readonly seed: number
  readonly repeat: number
}

/** What happens while an experiment is played. */
export type ExperimentEvent =
  /** A cell begins; `due` of its rollouts are to be played, the others are finished already. */
  | {
      readonly type: 'cell_start'
      readonly cell: string
      readonly index: number
      readonly cells: number
      readonly due: number
      /** Of the cell's runs: they are there, and hold what was finished before. */
      readonly folders: readonly string[]
      /** The economy's id. */
      readonly env: string
      /** Everybody who has a seat in it. */
      readonly players: readonly PlayerFacts[]
    }
  /** A rollout is begun in this thread. */
  | ({ readonly type: 'rollout_start' } & RolloutFacts)
  /** A model has answered, in a rollout of this thread. The row holds what it said. */
  | { readonly type: 'call'; readonly cell: string; readonly row: CallRow }
  /** An attempt at a model call has failed, in a rollout of this thread; it is made again unless its `wait_ms` is null. */
  | { readonly type: 'retry'; readonly cell: string; readonly row: RetryRow }
  /**
   * A rollout has ended; `done` of the cell's `due` have. What it came to stands in `figures`, where whoever played it says so. Failed
   * ones (`ok: false`) have a `failure`, are listed in errors.jsonl and never scored.
   */
  | ({ readonly type: 'rollout'; readonly done: number; readonly due: number } & RolloutFacts & Ended)
  /** A cell has ended: what its runs then hold, and how many of its rollouts were left because something stopped it. */
  | { readonly type: 'cell_end'; readonly cell: string; readonly runs: readonly RunResult[]; readonly left: number }

export interface RunExperimentOptions extends Pick<PlayerContext, 'own' | 'people'> {
  /** Where economies are looked up; with `workers` also by threads. */
  readonly economies: Lookup<Playable> & { readonly thread?: ThreadSource }
  /** Who asks models, where models may play. */
  readonly models?: Models
  /** The folder that the runs' folders are made in; those of an experiment with a name lie in a folder of its name, a folder a cell. */
  readonly out: string
  /** Plays this part alone, into a folder of its own in `out` (`shard-03-of-16`); `mergeRuns` makes one run of the parts. */
  readonly shard?: Shard
  /** Where scenario files are looked for; the process's own folder by default. */
  readonly folder?: string
  /** Rollouts in flight at most; 32 by default, and one where somebody has a seat who plays one game at a time. */
  readonly concurrency?: number
  /**
   * Threads that rollouts are played in, this one counted, where nobody but scripted players sits; the others are played here, as all are by
   * default (1); 16 a core at most. What economies, bots and players a program adds, threads find only in modules that `importPlugins` has loaded.
   */
  readonly workers?: number
  /** Told before anything is played how many of the experiment's runs threads play. */
  readonly onWorkers?: (taken: number, runs: number) => void
  /** Who plays rollouts elsewhere, instead of threads. */
  readonly elsewhere?: Elsewhere
  /** Whether runs that exist are gone on with; false by default, when a folder that exists is a UserError. */
  readonly resume?: boolean
  /** Whether rollouts that failed before are played again. */
  readonly retryErrors?: boolean
  /** How the rollouts of new folders are kept; `none` by default. */
  readonly compress?: Compression
  /** Once aborted nothing is begun, and what is in flight is finished. */
  readonly signal?: AbortSignal
  readonly onEvent?: (event: ExperimentEvent) => void
  /** Called after every step, in this thread, in which somebody had to be waited for, beginning with those already played. */
  readonly onStep?: Watcher['stepped']
}

/** The runs of a cell. */
export interface CellResult {
  readonly cell: ResolvedCell
  readonly runs: readonly RunResult[]
}

export interface ExperimentResult {
  /** The cells that were begun, in order. */
  readonly cells: readonly CellResult[]
  /** Rollouts of those that were due and have not been played. Other cells are not begun once this is above 0. */
  readonly left: number
  /** Rollouts that ended in this call, failed ones included. */
  readonly played: number
  /** Why something stopped, a line each that says what to do. */
  readonly stopped: readonly string[]
}

/** What an experiment comes to: every cell with its runs. A UserError where something of it cannot be played. */
export function planExperiment(
  asked: Experiment,
  options: Pick<RunExperimentOptions, 'economies' | 'folder'> & Pick<PlayerContext, 'models' | 'own' | 'people'>,
): PlannedCell[] {
  const { economies, folder = '.', ...who } = options
  return planCells(asked, resolveCells(asked, economies), { folder, ...who })
}

/** One rollout that an experiment asks for. */
export interface PlannedRollout extends RolloutSpec {
  readonly cell: string
  readonly key: string
}

/** Every rollout of an experiment, one after the other: which world, which repeat, who sits where. */
export function* rolloutsOf(planned: readonly PlannedCell[]): Generator<PlannedRollout> {
  for (const { cell, plans } of planned)
    for (const plan of plans)
      for (const spec of new PlanSpecs(plan).all()) yield { ...spec, cell: cell.label, key: rolloutKey(spec) }
}

/**
 * Plays an experiment. Everything is checked, and the keys of its models are looked up, before the first rollout begins. Rejects
 * with a UserError for a user's mistake, a RunError where a key or a folder is missing, and whatever a bug throws.
 */
export async function runExperiment(asked: Experiment, options: RunExperimentOptions): Promise<ExperimentResult> {
  const { workers: count = 1, models, elsewhere, shard, onWorkers } = options
  const most = THREADS * availableParallelism()
  if (!Number.isSafeInteger(count) || count < 1 || count > most)
    throw new UserError(`workers: expected an integer from 1 to ${most}, ${THREADS} a core of this machine, got ${count}.`)
  const strangers = {}
  const whole = planExperiment(asked, { ...options, ...noting(options, strangers) })
  const planned = shard === undefined ? whole : shardOf(whole, shard)
  // Who plays elsewhere has the keys.
  if (elsewhere === undefined) models?.prepare()
  if (count === 1 || elsewhere !== undefined) return playCells(asked, planned, options)
  const { thread } = options.economies
  if (thread === undefined)
    throw new UserError('workers: threads cannot find these economies; pass those of the package: economies of agoragym.')
  const workers = new Workers(count, thread, { asked, folder: resolve(options.folder ?? '.'), strangers })
  try {
    const plans = planned.flatMap(cell => cell.plans)
    const taken = plans.filter(({ seat, config }) => workers.takes(seat(config))).length
    onWorkers?.(taken, plans.length)
    return await playCells(asked, planned, { ...options, elsewhere: workers })
  } finally {
    await workers.close()
  }
}

async function playCells(
  asked: Experiment,
  planned: readonly PlannedCell[],
  options: RunExperimentOptions,
): Promise<ExperimentResult> {
  const { concurrency = 32, elsewhere, resume, retryErrors, compress, signal, shard, onEvent = () => {}, onStep } = options
  const out = shard === undefined ? options.out : join(options.out, shardFolder(shard))
  const cells: CellResult[] = []
  const stopped = new Set<string>()
  let left = 0
  let played = 0
  for (const [index, { cell, plans }] of planned.entries()) {
    const { runs, batch } = await playRuns(plans, {
      out: asked.name === undefined ? out : join(out, asked.name, cell.label),
      concurrency: plans.some(isAlone) ? 1 : concurrency,
      ...(resume !== undefined && { resume }),
      ...(retryErrors !== undefined && { retryErrors }),
      ...(compress !== undefined && { compress }),
      ...(signal !== undefined && { signal }),
      ...(elsewhere !== undefined && { elsewhere }),
      onStart: (due, folders) => {
        const { label } = cell
        const [{ env }] = plans as [RunPlan]
        const players = playersOf(plans)
        onEvent({ type: 'cell_start', cell: label, index, cells: planned.length, due, folders, env: env.id, players })
        let done = 0
        return {
          began: spec => onEvent({ type: 'rollout_start', ...factsOf(label, spec) }),
          called: row => onEvent({ type: 'call', cell: label, row }),
          retried: row => onEvent({ type: 'retry', cell: label, row }),
          ...(onStep !== undefined && { stepped: onStep }),
          ended: (spec, ended) => onEvent({ type: 'rollout', ...factsOf(label, spec), done: ++done, due, ...ended }),
        }
      },
    })
    cells.push({ cell, runs })
    left += batch.left
    played += batch.finished + batch.failed
    for (const reason of batch.stopped) stopped.add(reason)
    onEvent({ type: 'cell_end', cell: cell.label, runs, left: batch.left })
    if (batch.left > 0) break
  }
  return { cells, left, played, stopped: [...stopped] }
}

function factsOf(cell: string, spec: RolloutSpec): RolloutFacts {
  const players = Object.fromEntries(spec.evaluated.map(agent => [agent, spec.lineup[agent]!.name]))
  return { cell, key: rolloutKey(spec), players, seed: spec.seed, repeat: spec.repeat }
}

/** Whether somebody sits in the plan who can play one game at a time. */
function isAlone({ seat, config }: RunPlan): boolean {
  return Object.values(seat(config).lineup).some(({ alone }) => alone === true)
}

/** Everybody who sits in the plans, once. */
function playersOf(plans: readonly RunPlan[]): PlayerFacts[] {
  const players = new Map<string, Player>()
  for (const { seat, config } of plans) for (const player of Object.values(seat(config).lineup)) players.set(player.name, player)
  return [...players.values()].map(({ name, label, kind, details }) => {
    const { model, base_url } = details as { readonly model?: string; readonly base_url?: string }
    return {
      name,
      ...(label !== undefined && { label }),
      kind,
      ...(kind === 'model' && model !== undefined && base_url !== undefined && { model, base_url }),
    }
  })
}
