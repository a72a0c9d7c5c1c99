/** How often somebody may do something: a bucket that fills up with time. Knows nothing of what is done. */

/** So many at once, and so many a second in the long run. */
export interface Rate {
  readonly burst: number
  readonly perSecond: number
}

/** The buckets of many, by name; one that is full again is forgotten. */
export class Limits {
  readonly #rate: Rate
  readonly #now: () => number
  readonly #buckets = new Map<string, { left: number; at: number }>()

  /** `now` gives milliseconds. */
  constructor(rate: Rate, now: () => number) {
    this.#rate = rate
    this.#now = now
  }

  /** Takes one: 0 where there was one, else the seconds until there is. */
  take(name: string): number {
    const { burst, perSecond } = this.#rate
    const now = this.#now()
    const bucket = this.#buckets.get(name) ?? { left: burst, at: now }
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond)
    bucket.at = now
    this.#buckets.set(name, bucket)
    if (this.#buckets.size > MOST) this.#forget(now)
    if (bucket.left < 1) return Math.ceil((1 - bucket.left) / perSecond)
    bucket.left--
    return 0
  }

  #forget(now: number): void {
    const { burst, perSecond } = this.#rate
    for (const [name, { left, at }] of this.#buckets)
      if (left + ((now - at) / 1000) * perSecond >= burst) this.#buckets.delete(name)
  }
}

/** Buckets that are held before those that are full are looked for. */
const MOST = 10_000
