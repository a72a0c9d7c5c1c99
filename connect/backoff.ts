/** Trying again to reach a server: at once, then after waits that double, with a part of chance. Knows no protocol. */
import { type Clock, sleep, systemClock } from '../rollouts/models/retry.ts'

/** Milliseconds. */
const FIRST = 500
const MOST = 30_000

export interface Reconnecting {
  readonly signal: AbortSignal
  /** Told of each failure with the milliseconds until the next attempt. */
  readonly onLost?: (error: unknown, waitMs: number) => void
  /** Whether trying again cannot help: the error is thrown on. */
  readonly isLasting?: (error: unknown) => boolean
  readonly clock?: Clock
}

/** Carries out `attempt` until it succeeds. Rejects with the signal's reason once that is aborted. */
export async function reconnecting<T>(
  attempt: () => Promise<T>,
  { signal, onLost, isLasting = () => false, clock = systemClock }: Reconnecting,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    signal.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      if (signal.aborted || isLasting(error)) throw error
      // Clients that lost the same server must not come back in step.
      const waitMs = failures === 0 ? 0 : Math.min(MOST, FIRST * 2 ** (failures - 1)) * (0.5 + clock.random() / 2)
      onLost?.(error, waitMs)
      await sleep(clock, waitMs, signal)
    }
  }
}
