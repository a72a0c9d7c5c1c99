/**
 * How fast requests may follow each other: so many a minute to one endpoint, evenly spaced, so that no minute holds more than the
 * limit and no second a crowd. Knows no provider and no network.
 */
import { type Clock, sleep } from './retry.ts'

export interface Pace {
  /** Resolves when a request may be sent to that endpoint. Rejects with the signal's reason when it is aborted. */
  wait(endpoint: string, signal: AbortSignal): Promise<void>
}

/** No limit. */
export const NO_PACE: Pace = { wait: async () => {} }

/** Milliseconds between two requests where so many a minute are allowed. */
export const spacing = (perMinute: number): number => 60_000 / perMinute

/** The pace of one process. */
export class Pacer implements Pace {
  readonly #spacing: number
  readonly #clock: Clock
  /** When the next request may be sent, by endpoint, in milliseconds. */
  readonly #next = new Map<string, number>()

  /** `perMinute` is an integer ≥ 1. */
  constructor(perMinute: number, clock: Clock) {
    this.#spacing = spacing(perMinute)
    this.#clock = clock
  }

  async wait(endpoint: string, signal: AbortSignal): Promise<void> {
    const now = this.#clock.now()
    const at = Math.max(now, this.#next.get(endpoint) ?? 0)
    this.#next.set(endpoint, at + this.#spacing)
    if (at > now) await sleep(this.#clock, at - now, signal)
  }
}
