/**
 * The one retry layer: what failed for a while is tried again, after as long as the server asked or a random while that
 * doubles; what failed for good is given up. Each attempt is boxed in time. Knows no provider; clock and randomness are handed in.
 */
import { classify, type Failure, nobodyThere } from './failure.ts'
import type { Limiter, Outcome, Permit } from './limiter.ts'

/** Time and chance, as a test can hand in its own. */
export interface Clock {
  /** Milliseconds since 1970, never going back: durations are differences of two. */
  now(): number
  /** Calls back after `ms` milliseconds; gives what cancels it. */
  after(ms: number, callback: () => void): () => void
  /** Uniform in [0, 1). */
  random(): number
}

/** Milliseconds that a timer of the system waits at most: about 25 days. Beyond, it would fire at once. */
export const LONGEST = 2 ** 31 - 1

export const systemClock: Clock = {
  // The clock of the wall may jump; this one went on from what it showed when the process began.
  now: () => performance.timeOrigin + performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, LONGEST))
    return () => clearTimeout(timer)
  },
  random: Math.random,
}

export interface RetryPolicy {
  /** Further attempts after the first. */
  readonly maxRetries: number
  /** The time box of one attempt, in milliseconds; waiting for a place or after a refusal is not in it. */
  readonly timeoutMs: number
  /** The longest wait a server's Retry-After is granted, in milliseconds. */
  readonly retryAfterCapMs: number
  /** The wait after the first failure is uniform in [0, this), and doubles. */
  readonly backoffMs: number
  readonly backoffCapMs: number
}

export const RETRY: RetryPolicy = {
  maxRetries: 8,
  timeoutMs: 300_000,
  retryAfterCapMs: 120_000,
  backoffMs: 1_000,
  backoffCapMs: 60_000,
}

/** What a call needs around it. */
export interface Attempts<T> {
  readonly policy: RetryPolicy
  readonly clock: Clock
  readonly limiter: Limiter
  /** Ends everything at once, the attempt that is in flight too. */
  readonly abandon: AbortSignal
  /** Ends waiting: what is in flight is finished, nothing further is begun. Aborted whenever `abandon` is. */
  readonly stop: AbortSignal
  /** Milliseconds of model time the episode has left; Infinity where it has no time box. */
  readonly leftMs: number
  /** Whether this endpoint has answered before: one that never did is not worth waiting for when nobody is there. */
  readonly answeredBefore: () => boolean
  /** Resolves when the next request may be sent; called while its place among those in flight is held. */
  readonly pace?: () => Promise<void>
  /** Called before each attempt, which it may hold up or forbid; what it gives is called with what came of the attempt. */
  readonly enter: () => Promise<(tried: Tried<T>) => void>
  /** Hears of every failed attempt, how long it is until the next (null where there is none), and how long it took. */
  readonly told: (failure: Failure, waitMs: number | null, ms: number) => void
  /** The error to give up with. `fatal`: every other rollout would fail the same way. */
  readonly fail: (failure: Failure, attempts: number, fatal: boolean) => Error
}

export interface Attempted<T> {
  readonly value: T
  /** Failed attempts before the one that was answered. */
  readonly retries: number
  /** Of the answered attempt, in milliseconds. */
  readonly latencyMs: number
  /** Of all attempts, without waiting. */
  readonly workedMs: number
}

/** Carries out `attempt` until it is answered or has failed for good. Rejects with a signal's reason when it is aborted. */
export async function withRetries<T>(attempt: (signal: AbortSignal) => Promise<T>, around: Attempts<T>): Promise<Attempted<T>> {
  const { policy, clock, stop } = around
  let workedMs = 0
  for (let retries = 0; ; retries++) {
    const leftMs = around.leftMs - workedMs
    stop.throwIfAborted()
    const leave = await around.enter()
    // Until something is sent, nothing can be billed.
    let tried: Tried<T> = { ...ABANDONED, failure: { ...ABANDONED.failure!, billed: false } }
    try {
      const permit = await around.limiter.acquire(stop)
      try {
        await around.pace?.()
      } catch (error) {
        permit.release('failed')
        throw error
      }
      tried = ABANDONED
      tried = await once(attempt, Math.min(policy.timeoutMs, leftMs), around, permit)
    } finally {
      leave(tried)
    }
    workedMs += tried.ms
    if (tried.failure === undefined) return { value: tried.value, retries, latencyMs: tried.ms, workedMs }
    const { failure } = tried
    const hopeless = nobodyThere(failure) && !around.answeredBefore()
    const again = failure.retry && !hopeless && retries < policy.maxRetries && tried.ms < leftMs
    const waitMs = again ? wait(failure, retries, policy, clock) : null
    around.told(failure, waitMs, tried.ms)
    if (waitMs === null) throw around.fail(failure, retries + 1, isFatal(failure, around.answeredBefore()))
    await sleep(clock, waitMs, stop)
  }
}

/** What came of one attempt, and how long it took. */
export type Tried<T> = { readonly ms: number } & (
  | { readonly value: T; readonly failure?: undefined }
  | { readonly failure: Failure }
)

/** An attempt that the signal ended: nobody knows whether it was billed. */
const ABANDONED: Tried<never> = {
  ms: 0,
  failure: { code: 'connection', status: null, message: 'given up', retry: false, retryAfterMs: null, billed: true },
}

/** One attempt: boxes it in time, and tells the limiter what came of it. */
async function once<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  { clock, abandon }: Attempts<T>,
  permit: Permit,
): Promise<Tried<T>> {
  const start = clock.now()
  const box = new AbortController()
  let timedOut = false
  const cancel = clock.after(timeoutMs, () => {
    timedOut = true
    box.abort(new Error('time box'))
  })
  const onAbort = (): void => box.abort(abandon.reason)
  abandon.addEventListener('abort', onAbort, { once: true })
  let outcome: Outcome = 'failed'
  let exhausted: boolean | undefined
  try {
    const value = await attempt(box.signal)
    outcome = 'answered'
    return { value, ms: clock.now() - start }
  } catch (error) {
    if (abandon.aborted) throw abandon.reason
    const failure = classify(error, timedOut, clock.now())
    if (failure.code === 'rate_limited') outcome = 'limited'
    exhausted = failure.exhausted
    return { failure, ms: clock.now() - start }
  } finally {
    cancel()
    abandon.removeEventListener('abort', onAbort)
    permit.release(outcome, exhausted)
  }
}

/** As long as the server asked, to the cap; otherwise full jitter under a doubling bound. Milliseconds. */
function wait({ retryAfterMs }: Failure, retries: number, policy: RetryPolicy, clock: Clock): number {
  if (retryAfterMs !== null) return Math.min(retryAfterMs, policy.retryAfterCapMs)
  return clock.random() * Math.min(policy.backoffMs * 2 ** retries, policy.backoffCapMs)
}

/**
 * What would meet every other rollout as well: a wrong key, no credit, and whatever is refused before anything was answered. A
 * 403 after answers is about that one request.
 */
function isFatal({ code, status, retry }: Failure, answeredBefore: boolean): boolean {
  if (code === 'quota' || (code === 'auth' && status !== 403)) return true
  return !answeredBefore && (!retry || code === 'connection')
}

/** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = (): void => {
      cancel()
      reject(signal.reason)
    }
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
