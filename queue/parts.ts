/**
 * Finished rollouts as files in a folder that all machines share, instead of through Redis: each worker writes parts of the runs,
 * which are ordinary run folders of its own, and the collector makes one run of them. Knows run folders and no Redis.
 *
 * What stands in a part is there for good. A rollout may stand in two, where a worker was lost between writing it and saying so; the
 * run takes it once.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, relative, resolve, sep } from 'node:path'
import { UserError } from '../envs/core/errors.ts'
import { placeIn } from '../evals/merge.ts'
import type { PlannedCell } from '../evals/plan.ts'
import type { Compression } from '../rollouts/blocks.ts'
import { refused } from '../rollouts/disk.ts'
import { RunError } from '../rollouts/errors.ts'
import { metadata, type RunFacts } from '../rollouts/metadata.ts'
import type { FinishedLines } from '../rollouts/rows.ts'
import { factsOf } from '../rollouts/run.ts'
import { RunStore, readLines } from '../rollouts/store.ts'
import { summarize } from '../rollouts/summary.ts'

/** Where results lie instead of in Redis. */
export interface SharedResults {
  /** The folder, as the collector names it. */
  readonly folder: string
  readonly compress: Compression
}

/** The folder of a run's parts. */
const partsOf = (folder: string, id: string): string => join(folder, id)

/** What a collector has of the parts. */
export class GatheredParts {
  readonly #folder: string
  readonly #out: string
  /** Finished rollouts of a run before anything of it was asked for, and those that workers have said they wrote since. */
  readonly #counts = new Map<RunStore, { readonly before: number; kept: number }>()

  /**
   * Makes the folder of the parts of the run `id`, whose folders lie in `out`. A UserError where it has parts already and they are not
   * to be gone on with.
   */
  constructor(folder: string, id: string, out: string, resume: boolean) {
    this.#folder = partsOf(folder, id)
    this.#out = out
    if (!resume && existsSync(this.#folder) && readdirSync(this.#folder).length > 0)
      throw new UserError(`${this.#folder} has parts of this run already: add --resume to go on with it, or remove the folder.`)
    try {
      mkdirSync(this.#folder, { recursive: true })
    } catch (error) {
      throw refused(this.#folder, error)
    }
  }

  /** A worker says that it has written a rollout of that run. */
  note(store: RunStore): void {
    this.#counts.get(store)!.kept++
  }

  /** Files in the run what the parts have of it. A RunError where they lack what workers said they had written. */
  gather(store: RunStore): void {
    const place = relative(resolve(this.#out), resolve(store.folder))
    for (const part of existsSync(this.#folder) ? readdirSync(this.#folder).sort() : []) {
      const folder = join(this.#folder, part, place)
      if (existsSync(folder)) for (const lines of readLines(folder, key => !store.done(key))) store.file(lines)
    }
    store.flush()
    const { before, kept } = this.#counts.get(store) ?? { before: store.finished, kept: 0 }
    const lacking = before + kept - store.finished
    if (lacking > 0)
      throw new RunError(
        `${this.#folder} lacks ${lacking} of the rollouts that workers have written. Is it the same folder on every machine? Go on with --resume.`,
      )
    this.#counts.set(store, { before: store.finished, kept: 0 })
  }
}

/** The parts that a worker writes of the runs of an experiment. */
export class WrittenParts {
  /** Where all parts of the run lie. */
  readonly #parts: string
  /** Where those of this worker do, once there are some. */
  #folder: string | undefined
  readonly #compress: Compression
  readonly #facts: readonly (() => RunFacts)[]
  readonly #stores = new Map<number, { readonly store: RunStore; readonly began: string; readonly facts: RunFacts }>()

  /** A RunError where the folder of the run `id` is not there, as its collector made it. */
  constructor({ folder, compress }: SharedResults, id: string, planned: readonly PlannedCell[]) {
    const parts = partsOf(folder, id)
    // An id comes from Redis, and must not lead elsewhere.
    if (!/^r[0-9a-f]{16}$/.test(id) || !existsSync(parts))
      throw new RunError(
        `it keeps results in ${folder}, where this worker does not see what the collector made there (${id}). Mount it, or say with --results where it lies here.`,
      )
    this.#compress = compress
    this.#facts = planned.flatMap(({ plans }) => plans.map(plan => () => factsOf(plan)))
    this.#parts = parts
  }

  /** Writes finished rollouts of a run, and returns when they are where other machines see them. A RunError where the disk refuses. */
  write(run: number, all: readonly FinishedLines[]): void {
    if (all.length === 0) return
    const { store } = this.#part(run)
    for (const lines of all) store.file(lines)
    store.flush()
    store.closeFiles()
  }

  #part(run: number) {
    const open = this.#stores.get(run)
    if (open !== undefined) return open
    const [facts, began] = [this.#facts[run]!(), new Date().toISOString()]
    const told = metadata(facts, { summary: undefined, planned: 0, seconds: 0, started: began, updated: began })
    this.#folder ??= this.#made()
    const folder = resolve(placeIn(this.#folder, told))
    if (!folder.startsWith(this.#folder + sep)) throw new RunError(`${folder} is not in ${this.#folder}.`)
    const store = new RunStore(folder, { compress: this.#compress })
    store.writeMetadata(told)
    const part = { store, began, facts }
    this.#stores.set(run, part)
    return part
  }

  #made(): string {
    try {
      return resolve(mkdtempSync(join(this.#parts, `${hostname().replace(/[^\w.-]/g, '_')}-${process.pid}-`)))
    } catch (error) {
      throw refused(this.#parts, error)
    }
  }

  /** Says in each part what it came to. */
  close(): void {
    for (const { store, began, facts } of this.#stores.values()) {
      const summary = summarize(store.folder, facts.par?.pass_threshold)
      const updated = new Date().toISOString()
      store.writeMetadata(metadata(facts, { summary, planned: store.finished, seconds: 0, started: began, updated }))
      store.close()
    }
    this.#stores.clear()
  }
}
