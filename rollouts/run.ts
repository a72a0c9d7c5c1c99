/**
 * Runs: a player, an economy and a set of examples, played into a folder of its own. Knows plans and folders; what is
 * asked on a command line is read elsewhere.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AnyEnvironment } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import { type BatchResult, type Elsewhere, isDue, type Job, runBatch } from './batch.ts'
import type { Compression } from './blocks.ts'
import { RunError } from './errors.ts'
import { checkSameRun, runDigest } from './identity.ts'
import { lineupOf, type Seated } from './lineup.ts'
import { type ExperimentFacts, type Metadata, metadata, type RunFacts, type ShardFacts, type Summary } from './metadata.ts'
import { type Par, parOf } from './par.ts'
import type { Player } from './player.ts'
import { keyParts, type Lineup, lineupNames, type RolloutSpec, rolloutKey } from './rollout.ts'
import { RunStore, readKeys, readMetadata, type StoreOptions } from './store.ts'
import { summarize } from './summary.ts'
import type { Watcher } from './watch.ts'

/** One row of a data set. */
export interface Example {
  /** The seed itself, or the index of the scenario. */
  readonly index: number
  readonly config: object
  readonly seed: number
  readonly scenario?: string
}

export interface ExampleSet {
  /** Such as `seeds 0:20`. */
  readonly name: string
  readonly rows: readonly Example[]
  /** Names the examples with these numbers, sorted: a folder may hold others of their kind beside those that are asked for. */
  readonly nameOf?: (indices: readonly number[]) => string
  /** What the names of all examples of their kind begin with; those of another kind have the same numbers and are others. */
  readonly kind?: string
}

export interface RunPlan {
  readonly env: AnyEnvironment
  readonly preset: string
  /** Fields set beside the preset. */
  readonly set: Readonly<Record<string, unknown>>
  /** The resolved configuration; an example may have another. */
  readonly config: object
  /** Seats the players in an economy of that configuration. */
  readonly seat: (config: object) => Seated
  readonly examples: ExampleSet
  readonly repeats: number
  /** What rewards mean in the preset, against its default opponents; it is told where it applies to the run. */
  readonly par?: Par
  /** What the run is part of. */
  readonly experiment?: ExperimentFacts
  /** Which part of the run it is, where `examples` are not all of them. */
  readonly shard?: ShardFacts
}

export interface RunOptions {
  /** The folder that the runs' folders are made in. */
  readonly out: string
  readonly concurrency: number
  /** Whether folders that exist are gone on with. */
  readonly resume?: boolean
  readonly retryErrors?: boolean
  /** How the rollouts of a new folder are kept; plain by default. */
  readonly compress?: Compression
  readonly signal?: AbortSignal
  /** Who plays rollouts in other threads or on other machines; all are played here by default. */
  readonly elsewhere?: Elsewhere
  /** Called once, with the number of rollouts to be played and the runs' folders, which are there; gives who watches them. */
  readonly onStart?: (due: number, folders: readonly string[]) => Watcher
}

export interface RunResult {
  readonly folder: string
  /** Whether the folder was there before and has been gone on with. */
  readonly resumed: boolean
  readonly metadata: Metadata
  readonly summary: Summary
  /** The economy that was played. */
  readonly env: AnyEnvironment
}

/**
 * The name of a run's folder: economy, player, and eight characters of the digest of all that makes the run the one it is, so that
 * players whose names read alike as files, and treatments of one model, never share a folder.
 */
export function runFolder(of: Metadata): string {
  return `${of.env_id}--${safeName(of.player)}--${runDigest(of).slice(0, 8)}`
}

/** A player string as a part of a file name: to be read, not to tell players apart. */
function safeName(player: string): string {
  return player
    .replace(/[^A-Za-z0-9._+-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80)
}

/** Refuses to begin beside a run of the same economy and player that an older version of the package left unfinished. */
function refuseOldRun(out: string, { env_id, player }: Metadata): void {
  const begins = `${env_id}--${safeName(player)}--`
  for (const name of existsSync(out) ? readdirSync(out).filter(each => each.startsWith(begins)) : []) {
    const { econgym_version: version } = (readMetadata(join(out, name))?.version_info ?? {}) as { econgym_version?: string }
    if (version !== undefined)
      throw new UserError(
        `${join(out, name)} was made by econgym ${version}, which alone can go on with it; choose another folder with --out, or leave out --resume.`,
      )
  }
}

/** The evaluated players as one: itself, or several joined. */
function evaluatedPlayer({ lineup, evaluated }: Seated): Pick<Player, 'name' | 'kind' | 'details'> {
  const players = [...new Set(evaluated.map(agent => lineup[agent]!))]
  if (players.length === 1) return players[0]!
  return {
    name: players.map(({ name }) => name).join(' + '),
    kind: players.find(({ kind }) => kind !== 'bot')?.kind ?? 'bot',
    details: Object.fromEntries(players.map(({ name, details }) => [name, details])),
  }
}

/**
 * Plays the plans, each into its own folder, seed by seed so that a run that is stopped early has its players compared on
 * the same examples. Gives what each folder then holds; a stopped batch still leaves every folder whole.
 */
export async function playRuns(
  plans: readonly RunPlan[],
  options: RunOptions,
): Promise<{ readonly runs: readonly RunResult[]; readonly batch: BatchResult }> {
  const { out, resume = false, retryErrors = false, compress } = options
  const began = new Date().toISOString()
  const start = performance.now()
  const runs: Run[] = []
  try {
    for (const plan of plans) runs.push(new Run(plan, out, { resume, ...(compress !== undefined && { compress }) }, began))
    for (const run of runs) run.gather(options.elsewhere)
    for (const run of runs) run.describe(retryErrors)
    const watcher = options.onStart?.(
      runs.reduce((sum, { due }) => sum + due, 0),
      runs.map(({ folder }) => folder),
    )
    const batch = await runBatch(
      { [Symbol.iterator]: () => interleaved(runs) },
      {
        concurrency: options.concurrency,
        retryErrors,
        ...(options.signal !== undefined && { signal: options.signal }),
        ...(options.elsewhere !== undefined && { elsewhere: options.elsewhere }),
        ...(watcher !== undefined && { watcher }),
      },
    )
    for (const run of runs) run.gather(options.elsewhere)
    const seconds = (performance.now() - start) / 1000
    return { runs: runs.map(run => run.sum(seconds, batch.stopped.length > 0)), batch }
  } finally {
    for (const run of runs) run.close()
  }
}

/** Example by example, repeat by repeat, run by run. */
function* interleaved(runs: readonly Run[]): Generator<Job> {
  const sources = runs.map(run => run.jobs())
  for (;;) {
    const next = sources.flatMap(source => {
      const { value, done } = source.next()
      return done ? [] : [value]
    })
    if (next.length === 0) return
    yield* next
  }
}

/** The rollouts of a plan, each made when it is asked for. */
export class PlanSpecs {
  readonly #plan: Pick<RunPlan, 'env' | 'examples' | 'repeats' | 'seat'>
  /** One line-up per configuration, so that what is derived from it is derived once. */
  readonly #seated = new Map<object, Seated>()
  #rows: ReadonlyMap<number, Example> | undefined
  #last: { readonly row: Example; readonly lineup: Lineup } | undefined

  constructor(plan: Pick<RunPlan, 'env' | 'examples' | 'repeats' | 'seat'>) {
    this.#plan = plan
  }

  /** Who sits where in a configuration. */
  seat(config: object): Seated {
    let seated = this.#seated.get(config)
    if (seated === undefined) {
      seated = this.#plan.seat(config)
      this.#seated.set(config, seated)
    }
    return seated
  }

  /** All of them, example by example and repeat by repeat. */
  *all(): Generator<RolloutSpec> {
    const { examples, repeats } = this.#plan
    for (const row of examples.rows) for (let repeat = 0; repeat < repeats; repeat++) yield this.#spec(row, repeat)
  }

  /** The rollout of that example and repeat; undefined where the plan has none. */
  of(example: number, repeat: number): RolloutSpec | undefined {
    const { examples, repeats } = this.#plan
    this.#rows ??= new Map(examples.rows.map(row => [row.index, row]))
    const row = this.#rows.get(example)
    return row === undefined || !(repeat >= 0 && repeat < repeats) ? undefined : this.#spec(row, repeat)
  }

  #spec(row: Example, repeat: number): RolloutSpec {
    const { index: example, config, seed, scenario } = row
    const seated = this.seat(config)
    // Repeats follow each other, and share an order that was drawn.
    if (this.#last?.row !== row) this.#last = { row, lineup: lineupOf(seated, seed) }
    const { lineup } = this.#last
    const { evaluated } = seated
    return { env: this.#plan.env, config, seed, repeat, lineup, evaluated, example, ...(scenario !== undefined && { scenario }) }
  }
}

/** What a plan's run is. */
export function factsOf(plan: RunPlan, seated: Seated = plan.seat(plan.config)): RunFacts {
  const { env, preset, set, config, examples, repeats } = plan
  const par = parOf(plan.par, env, config, seated.evaluated)
  const labels = Object.values(seated.lineup).flatMap(({ name, label }) => (label === undefined ? [] : [[name, label]]))
  return {
    env,
    preset,
    set,
    config,
    player: evaluatedPlayer(seated),
    labels: Object.fromEntries(labels),
    ...(plan.experiment !== undefined && { experiment: plan.experiment }),
    lineup: lineupNames(seated.lineup),
    evaluated: seated.evaluated,
    shuffled: seated.shuffled !== undefined,
    ...(par !== undefined && { par }),
    ...(plan.shard !== undefined && { shard: plan.shard }),
    examples: examples.name,
    exampleCount: examples.rows.length,
    repeats,
  }
}

/** One plan and its folder. */
class Run {
  readonly #plan: RunPlan
  readonly #store: RunStore
  readonly #facts: RunFacts
  readonly #before: Metadata | undefined
  readonly #began: string
  readonly #specs: PlanSpecs
  #planned = 0
  due = 0

  constructor(plan: RunPlan, out: string, how: StoreOptions, began: string) {
    const { resume = false } = how
    const { config } = plan
    this.#plan = plan
    this.#specs = new PlanSpecs(plan)
    this.#began = began
    this.#facts = factsOf(plan, this.#specs.seat(config))
    const asked = this.#metadata(undefined, 0)
    const folder = join(out, runFolder(asked))
    this.#before = resume && existsSync(folder) ? readMetadata(folder) : undefined
    if (this.#before !== undefined) checkSameRun(folder, this.#before, asked)
    else if (resume) {
      refuseOldRun(out, asked)
      const rows = existsSync(folder) ? readdirSync(folder).find(name => name.endsWith('.jsonl')) : undefined
      if (rows !== undefined)
        throw new UserError(
          `${folder} holds ${rows} and no metadata.json that says what it is of; put it back, or choose another folder with --out.`,
        )
    }
    this.#store = new RunStore(folder, how)
  }

  get folder(): string {
    return this.#store.folder
  }

  *jobs(): Generator<Job> {
    const run = this.#plan.experiment?.order
    for (const spec of this.#specs.all()) yield { spec, store: this.#store, ...(run !== undefined && { run }) }
  }

  /** Files what was filed elsewhere. */
  gather(elsewhere: Elsewhere | undefined): void {
    elsewhere?.gather?.(this.#store)
  }

  /** Counts what is to be played, and says in the folder what the run is. */
  describe(retryErrors: boolean): void {
    let done = 0
    let planned = 0
    for (const job of this.jobs()) {
      planned++
      if (isDue(job, retryErrors)) this.due++
      else if (!isDue(job, true)) done++
    }
    // A run may have been amended: what an earlier command finished and this one does not ask for stays.
    this.#planned = planned + this.#store.finished - done
    this.#store.writeMetadata(this.#metadata(this.#before && this.#summary(), 0, this.#held()))
  }

  /**
   * What the folder holds now, in order unless more is to come, which its metadata then say. A disk that is full already is not
   * complained of twice.
   */
  sum(seconds: number, stopped: boolean): RunResult {
    if (!stopped && (this.due > 0 || this.#before?.complete !== true)) this.#store.order()
    const summary = this.#summary()
    const told = this.#metadata(summary, seconds, this.#held())
    try {
      this.#store.writeMetadata(told)
    } catch (error) {
      if (!stopped || !(error instanceof RunError)) throw error
    }
    return { folder: this.#store.folder, resumed: this.#before !== undefined, metadata: told, summary, env: this.#plan.env }
  }

  close(): void {
    this.#store.close()
  }

  #summary(): Summary {
    return summarize(this.#store.folder, this.#facts.par?.pass_threshold)
  }

  /** The facts of the folder: an earlier command may have played other examples, and more repeats, into it. */
  #held(): RunFacts {
    const { examples } = this.#plan
    const { repeats } = this.#facts
    const { kind } = examples
    const isMixed = kind !== undefined && this.#before !== undefined && !`${this.#before.examples} `.startsWith(`${kind} `)
    const indices = new Set(examples.rows.map(({ index }) => index))
    let most = repeats
    for (const { example, repeat } of this.#store.held()) {
      indices.add(example)
      most = Math.max(most, repeat + 1)
    }
    if (isMixed) {
      const tasks = new Set<string>()
      for (const key of readKeys(this.#store.folder)) tasks.add(keyParts(key).task)
      for (const spec of this.#specs.all()) tasks.add(keyParts(rolloutKey(spec)).task)
      return { ...this.#facts, examples: `${tasks.size} examples`, exampleCount: tasks.size, repeats: most }
    }
    if (indices.size === examples.rows.length) return { ...this.#facts, repeats: most }
    const sorted = [...indices].sort((a, b) => a - b)
    const name = examples.nameOf?.(sorted) ?? `${sorted.length} examples`
    return { ...this.#facts, examples: name, exampleCount: sorted.length, repeats: most }
  }

  #metadata(summary: Summary | undefined, seconds: number, facts = this.#facts): Metadata {
    return metadata(facts, {
      summary,
      planned: this.#planned,
      seconds: (this.#before?.time ?? 0) + seconds,
      started: this.#before?.started ?? this.#began,
      updated: new Date().toISOString(),
    })
  }
}
