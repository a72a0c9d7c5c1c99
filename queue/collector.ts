/**
 * The collecting end of a run through a queue: says in Redis what is to be played, and has it collected (`collection.ts`). It can be killed
 * and begun again: what Redis holds and what the run's folders hold is all it goes by. Knows Redis and run folders; plays nothing.
 */
import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import type { PlannedCell } from '../evals/plan.ts'
import type { Elsewhere, Job } from '../rollouts/batch.ts'
import type { Outcome } from '../rollouts/played.ts'
import type { RunStore } from '../rollouts/store.ts'
import { clearRun } from './clear.ts'
import { type CollectedRun, Collection } from './collection.ts'
import { keysOf, NEWS, RUNS } from './keys.ts'
import { nano } from './limits.ts'
import { type Limits, type Manifest, packed, runId, runWords } from './manifest.ts'
import { ownRun } from './owner.ts'
import { GatheredParts } from './parts.ts'
import type { Connection } from './redis.ts'
import { Tasks } from './tasks.ts'

export interface CollectorOptions {
  readonly connection: Connection
  readonly manifest: Manifest
  readonly limits: Limits
  readonly planned: readonly PlannedCell[]
  /** Whether parts of the run that are there are gone on with. */
  readonly resume: boolean
  readonly tell: (line: string) => void
  /** Rollouts that are queued ahead, or played and not filed, at most; 4096 by default. */
  readonly ahead?: number
}

export class Collector implements Elsewhere {
  readonly id: string
  readonly #connection: Connection
  readonly #manifest: Manifest
  readonly #limits: Limits
  readonly #tasks: Tasks
  readonly #tell: (line: string) => void
  readonly #ahead: number
  readonly #queue: Queue
  readonly #blocking: Redis
  readonly #keys: ReturnType<typeof keysOf>
  readonly #resume: boolean
  #parts: GatheredParts | undefined
  #disown: (() => void) | undefined
  /** Results that came twice. */
  doubles = 0

  constructor({ connection, manifest, limits, planned, resume, tell, ahead = 4096 }: CollectorOptions) {
    this.id = runId(manifest)
    this.#connection = connection
    this.#manifest = manifest
    this.#limits = limits
    this.#tasks = new Tasks(planned)
    this.#resume = resume
    this.#tell = tell
    this.#ahead = ahead
    this.#keys = keysOf(this.id)
    this.#queue = connection.queue(this.id, {
      streams: { events: { maxLen: 100 } },
      // It would write to the console what settingsNotes tells, amid lines of JSON.
      skipVersionCheck: true,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    })
    this.#blocking = connection.duplicate()
  }

  /** Makes the run known to workers. A RunError where somebody else collects it. */
  async open(): Promise<void> {
    this.#disown = await ownRun(this.#connection, this.id, this.#tell)
    const { results, out } = this.#manifest
    if (results !== undefined) this.#parts = new GatheredParts(results.folder, this.id, out, this.#resume)
    // What stopped an earlier collector is asked anew.
    await this.#connection.redis.del(this.#keys.stop)
    await this.#announce()
    this.#connection.onBack(() => void this.#announce().catch(() => {}))
  }

  takes(): boolean {
    return true
  }

  async play(jobs: Iterator<Job>, tell: (job: Job, outcome: Outcome) => void, stop: AbortSignal): Promise<void> {
    const run: CollectedRun = {
      id: this.id,
      connection: this.#connection,
      keys: this.#keys,
      queue: this.#queue,
      blocking: this.#blocking,
      tasks: this.#tasks,
      batch: this.#manifest.batch,
      ahead: this.#ahead,
      doubled: () => this.doubles++,
      kept: store => this.#parts?.note(store),
    }
    await new Collection(run, jobs, tell, stop).run()
  }

  gather(store: RunStore): void {
    this.#parts?.gather(store)
  }

  /** Removes the run from Redis: its folders hold all that came of it. */
  async close(): Promise<void> {
    await clearRun(this.#connection, this.id)
    this.leave()
  }

  /** Leaves the run in Redis, for a collector that goes on with it. */
  leave(): void {
    this.#disown?.()
  }

  async #announce(): Promise<void> {
    const { redis } = this.#connection
    const { maxCost, maxTokens, maxRpm } = this.#limits
    const ceilings = {
      ...(maxCost !== undefined && { max_cost: nano(maxCost) }),
      ...(maxTokens !== undefined && { max_tokens: maxTokens }),
      ...(maxRpm !== undefined && { max_rpm: maxRpm }),
    }
    const { manifest, state } = this.#keys
    const { out } = this.#manifest
    const said = { what: runWords(this.#manifest), out, since: new Date().toISOString(), total: this.#tasks.total }
    const told = redis.multi().setnx(manifest, packed(this.#manifest)).hdel(state, 'reached', 'max_cost', 'max_tokens', 'max_rpm')
    if (Object.keys(ceilings).length > 0) told.hset(state, ceilings)
    await told.hsetnx(RUNS, this.id, JSON.stringify(said)).xadd(NEWS, 'MAXLEN', '~', '1000', '*', 'open', this.id).exec()
  }
}
