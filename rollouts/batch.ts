/**
 * Many episodes: how many at once, what is skipped because it is done, and how a run stops. Knows neither players nor
 * files' shapes.
 */
import { setMaxListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import pLimit from 'p-limit'
import { RunError } from './errors.ts'
import { KeyMap } from './keys.ts'
import { type Outcome, playRollout, thrown } from './played.ts'
import { type RolloutSpec, rolloutKey } from './rollout.ts'
import type { FailedLines, FinishedLines } from './rows.ts'
import type { RunStore } from './store.ts'
import type { Ended, PlayFigures, Watcher } from './watch.ts'

/** A rollout and the files it goes to. */
export interface Job {
  readonly spec: RolloutSpec
  readonly store: RunStore
  /** Which run of an experiment it is of, as its metadata count them; absent where there is no experiment. */
  readonly run?: number
}

/** Who plays rollouts in another thread or on another machine. */
export interface Elsewhere {
  /** Whether it can play that rollout; the others are played here. Equal keys, equal answers. */
  takes(spec: RolloutSpec): boolean
  /**
   * Plays the jobs: takes the next one when it has room for it, and tells of each that it took exactly once what it came to, or plays
   * it `here`, in this thread, where that has time. Once `stop` is aborted nothing more is begun. Resolves when the jobs have ended and
   * every one of them is told of; rejects where it cannot play at all.
   */
  play(
    jobs: Iterator<Job>,
    tell: (job: Job, outcome: Outcome) => void,
    stop: AbortSignal,
    here: (job: Job) => Promise<void>,
  ): Promise<void>
  /**
   * Files in a run's folder what was filed elsewhere (outcomes of kind `kept`). Called before its rollouts are asked for, with what an
   * earlier command has left, and after they were played.
   */
  gather?(store: RunStore): void
}

export interface BatchOptions {
  /** Rollouts in flight at most. */
  readonly concurrency: number
  /** Whether rollouts that failed before are played again. */
  readonly retryErrors?: boolean
  /** Once aborted nothing more is started; what is in flight is finished. */
  readonly signal?: AbortSignal
  readonly elsewhere?: Elsewhere
  readonly watcher?: Watcher
}

export interface BatchResult {
  readonly finished: number
  readonly failed: number
  /** Rollouts that were due and have not been played: the batch was interrupted or stopped. */
  readonly left: number
  /** What stopped the batch, or the rest of a run, each in a line that says what to do. */
  readonly stopped: readonly string[]
}

/** Whether a rollout has to be played. */
export function isDue({ spec, store }: Job, retryErrors = false): boolean {
  const key = rolloutKey(spec)
  return !store.done(key) && (retryErrors || store.failures(key) === 0)
}

/** How long bots may play before signals and timers have their turn, in milliseconds. */
const SLICE = 20

const UNPLAYED: Outcome = { kind: 'unplayed' }

/**
 * Plays the jobs that are due, in their order, `concurrency` at a time; a job that occurs twice is played once. With `elsewhere` the
 * jobs are gone through twice, side by side: for those that are played here, and for the others.
 *
 * What stops it: a disk that refuses (what is in flight is given up, as nothing of it could be kept), an exhausted budget
 * (what is in flight goes on until it meets the ceiling), a player that can never answer (its run's other rollouts are
 * left, and the failure is not held against the one that met it), a bug (what is in flight is finished, then it is thrown).
 */
export async function runBatch(jobs: Iterable<Job>, options: BatchOptions): Promise<BatchResult> {
  const { elsewhere } = options
  const batch = new Batch(options)
  if (elsewhere === undefined) await batch.playHere(batch.due(jobs))
  else
    await batch.together([
      batch.playHere(batch.due(jobs, spec => !elsewhere.takes(spec))),
      elsewhere.play(
        batch.due(jobs, spec => elsewhere.takes(spec)),
        batch.tell,
        batch.stop,
        batch.playOne,
      ),
    ])
  batch.flush()
  return batch.result()
}

class Batch {
  readonly #options: BatchOptions
  /** Gives up what is in flight. */
  readonly #abandon = new AbortController()
  /** Nothing more is begun. */
  readonly #halt = new AbortController()
  readonly stop: AbortSignal
  readonly #stopped = new Set<string>()
  readonly #stoppedRuns = new Set<RunStore>()
  readonly #stores = new Set<RunStore>()
  #finished = 0
  #failed = 0
  #left = 0
  #bug: Error | undefined
  /** When signals and timers last had their turn. */
  #yielded = performance.now()

  constructor(options: BatchOptions) {
    this.#options = options
    const { signal } = options
    this.stop = signal === undefined ? this.#halt.signal : AbortSignal.any([signal, this.#halt.signal])
    // Every rollout in flight listens to it.
    setMaxListeners(0, this.#abandon.signal)
  }

  /** The jobs that are due, each once, as long as nothing has stopped them; the others are counted. */
  *due(jobs: Iterable<Job>, mine: (spec: RolloutSpec) => boolean = () => true): Generator<Job> {
    const taken = new Map<RunStore, KeyMap>()
    for (const job of jobs) {
      const { spec, store } = job
      if (!mine(spec)) continue
      this.#stores.add(store)
      const key = rolloutKey(spec)
      let keys = taken.get(store)
      if (keys === undefined) {
        keys = new KeyMap()
        taken.set(store, keys)
      }
      if (keys.has(key) || !isDue(job, this.#options.retryErrors)) continue
      keys.set(key, spec.example)
      if (this.#isStopped(job)) this.#left++
      else yield job
    }
  }

  /** Plays jobs in this thread. */
  async playHere(jobs: Iterable<Job>): Promise<void> {
    const limit = pLimit(this.#options.concurrency)
    const running = new Set<Promise<void>>()
    let ended: () => void = () => {}
    for (const job of jobs) {
      const task = limit(this.playOne, job).finally(() => {
        running.delete(task)
        ended()
      })
      running.add(task)
      // Jobs are made as they are needed: the queue never holds more than the next one.
      while (limit.pendingCount > 0) await new Promise<void>(resolve => (ended = resolve))
    }
    await Promise.all(running)
  }

  /** Plays a job in this thread, and files what became of it. */
  readonly playOne = async (job: Job): Promise<void> => {
    const playing = this.#isStopped(job) ? UNPLAYED : this.#play(job)
    this.tell(job, playing instanceof Promise ? await playing : playing)
    if (performance.now() - this.#yielded > SLICE) {
      await setImmediate()
      this.#yielded = performance.now()
    }
  }

  #play({ spec, store }: Job): Outcome | Promise<Outcome> {
    const key = rolloutKey(spec)
    const { watcher } = this.#options
    try {
      watcher?.began?.(spec)
      return playRollout(spec, {
        signal: this.#abandon.signal,
        recorded: store.recorded(key),
        record: row => {
          store.record(row)
          watcher?.called?.(row, spec)
        },
        ...(watcher?.retried !== undefined && { retried: row => watcher.retried!(row, spec) }),
        onStep: (log, record) => {
          store.partial(key, log, record)
          watcher?.stepped?.(spec, log, record)
        },
      })
    } catch (error) {
      return thrown(error)
    }
  }

  /** Files what became of a job. */
  readonly tell = (job: Job, outcome: Outcome): void => {
    try {
      // What a disk has refused once is not tried again.
      this.#count(job, this.#abandon.signal.aborted ? UNPLAYED : outcome)
    } catch (error) {
      this.#count(job, thrown(error))
    }
  }

  #count({ spec, store }: Job, outcome: Outcome): void {
    // What was paid for is there at the next attempt.
    if ('calls' in outcome) for (const row of outcome.calls) store.record(row)
    switch (outcome.kind) {
      case 'played': {
        const { lines } = outcome
        store.file(lines)
        if (lines.ok) this.#finished++
        else this.#failed++
        this.#options.watcher?.ended?.(spec, endedOf(lines, outcome.figures))
        return
      }
      case 'kept':
        this.#finished++
        this.#options.watcher?.ended?.(spec, { ok: true, ...(outcome.figures !== undefined && { figures: outcome.figures }) })
        return
      case 'fatal':
        this.#left++
        this.#stopped.add(outcome.message)
        this.#stoppedRuns.add(store)
        return
      case 'stopped':
        this.#left++
        this.#stopped.add(outcome.message)
        this.#halt.abort()
        if (outcome.abandon) this.#abandon.abort(new RunError(outcome.message))
        return
      case 'bug': {
        const { message, stack } = outcome
        this.#left++
        const cause = Object.assign(new Error(message), { stack })
        this.#bug ??= new Error(`rollout ${rolloutKey(spec)}: ${message}`, { cause })
        this.#halt.abort()
        return
      }
      case 'unplayed':
        this.#left++
    }
  }

  #isStopped({ store }: Job): boolean {
    return this.stop.aborted || this.#stoppedRuns.has(store)
  }

  /** Waits for all; where one rejects the others begin nothing more, and it is thrown when they have ended. */
  async together(works: readonly Promise<void>[]): Promise<void> {
    const ends = await Promise.allSettled(
      works.map(work =>
        work.catch(error => {
          this.#halt.abort()
          throw error
        }),
      ),
    )
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  /** Writes what was filed. */
  flush(): void {
    for (const store of this.#stores) {
      try {
        store.flush()
      } catch (error) {
        if (!(error instanceof RunError)) throw error
        this.#stopped.add(error.message)
      }
    }
  }

  /** What came of all; throws the bug that was met. */
  result(): BatchResult {
    if (this.#bug !== undefined) throw this.#bug
    return { finished: this.#finished, failed: this.#failed, left: this.#left, stopped: [...this.#stopped] }
  }
}

function endedOf(lines: FinishedLines | FailedLines, figures: PlayFigures | undefined): Ended {
  if (lines.ok) return { ok: true, ...(figures !== undefined && { figures }) }
  const { agent, player, code, status, attempts } = lines.error
  return { ok: false, failure: { agent, player, code, status, attempts } }
}
