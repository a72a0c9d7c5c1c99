/**
 * Many episodes: how many at once, what is skipped because it is done, and how a run stops. Knows neither players nor
 * files' shapes.
 */
import { setMaxListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import pLimit from 'p-limit'
import { RunError, RunStopped } from './errors.ts'
import { type RolloutSpec, rolloutKey, runRollout } from './rollout.ts'
import type { RunStore } from './store.ts'

/** A rollout and the files it goes to. */
export interface Job {
  readonly spec: RolloutSpec
  readonly store: RunStore
}

export interface BatchOptions {
  /** Rollouts in flight at most. */
  readonly concurrency: number
  /** Whether rollouts that failed before are played again. */
  readonly retryErrors?: boolean
  /** Once aborted nothing more is started; what is in flight is finished. */
  readonly signal?: AbortSignal
  /** Called as each rollout ends. */
  readonly onEnd?: (ok: boolean, spec: RolloutSpec) => void
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

/**
 * Plays the jobs that are due, in their order, `concurrency` at a time; a job that occurs twice is played once.
 *
 * What stops it: a disk that refuses (what is in flight is given up, as nothing of it could be kept), an exhausted budget
 * (what is in flight goes on until it meets the ceiling), a player that can never answer (its run's other rollouts are
 * left, and the failure is not held against the one that met it), a bug (what is in flight is finished, then it is thrown).
 */
export async function runBatch(jobs: Iterable<Job>, options: BatchOptions): Promise<BatchResult> {
  const { concurrency, retryErrors, signal, onEnd } = options
  const limit = pLimit(concurrency)
  const abandon = new AbortController()
  // Every rollout in flight listens to it.
  setMaxListeners(0, abandon.signal)
  const running = new Set<Promise<void>>()
  const taken = new Map<RunStore, Set<string>>()
  let finished = 0
  let failed = 0
  let left = 0
  const stopped = new Set<string>()
  const stoppedRuns = new Set<RunStore>()
  let halted = false
  let bug: Error | undefined
  let ended: () => void = () => {}
  let yielded = performance.now()

  async function play({ spec, store }: Job, key: string): Promise<void> {
    if (signal?.aborted || halted || bug !== undefined || stoppedRuns.has(store)) {
      left++
      return
    }
    try {
      const playing = runRollout(spec, {
        signal: abandon.signal,
        recorded: store.recorded(key),
        record: row => store.record(row),
        transcripts: true,
        onStep: (log, record) => store.partial(key, log, record),
      })
      const result = playing instanceof Promise ? await playing : playing
      if (result.ok) {
        store.finish(result)
        finished++
      } else if (result.error.fatal) {
        stopped.add(result.error.message)
        stoppedRuns.add(store)
        left++
        return
      } else {
        store.fail(result)
        failed++
      }
      onEnd?.(result.ok, spec)
    } catch (error) {
      left++
      if (error instanceof RunError) {
        stopped.add(error.message)
        halted = true
        if (!(error instanceof RunStopped)) abandon.abort(error)
      } else bug ??= new Error(`rollout ${key}: ${(error as Error).message}`, { cause: error })
    }
    if (performance.now() - yielded > SLICE) {
      await setImmediate()
      yielded = performance.now()
    }
  }

  for (const job of jobs) {
    const key = rolloutKey(job.spec)
    let keys = taken.get(job.store)
    if (keys === undefined) {
      keys = new Set()
      taken.set(job.store, keys)
    }
    if (keys.has(key) || !isDue(job, retryErrors)) continue
    keys.add(key)
    const task = limit(play, job, key).finally(() => {
      running.delete(task)
      ended()
    })
    running.add(task)
    // Jobs are made as they are needed: the queue never holds more than the next one.
    while (limit.pendingCount > 0) await new Promise<void>(resolve => (ended = resolve))
  }
  await Promise.all(running)
  for (const store of taken.keys()) {
    try {
      store.flush()
    } catch (error) {
      if (!(error instanceof RunError)) throw error
      stopped.add(error.message)
    }
  }
  if (bug !== undefined) throw bug
  return { finished, failed, left, stopped: [...stopped] }
}
