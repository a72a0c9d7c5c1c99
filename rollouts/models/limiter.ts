/**
 * How many calls may be in flight. Each provider and model has a limit that finds itself — it doubles until the first rate
 * limit, is halved at each, and then grows by one per round of answers — and all together stay under one ceiling. Knows no
 * clock and no network.
 */

/** Calls in flight at the start: enough to be useful, few enough not to begin with a refusal. */
const START = 20

export interface LimiterState {
  /** Calls that may be in flight at once now. */
  readonly limit: number
  readonly inFlight: number
  readonly waiting: number
  /** Rate limits met so far. */
  readonly limited: number
}

export type Outcome = 'answered' | 'limited' | 'failed'

/** The right to have one call in flight. It must be released exactly once. */
export interface Permit {
  release(outcome: Outcome): void
}

interface Waiter {
  readonly grant: (permit: Permit) => void
}

export class Limiter {
  readonly #pool: Limiters
  readonly #queue: Waiter[] = []
  #limit: number
  #inFlight = 0
  #limited = 0
  /** Counts the halvings: refusals of calls that were in flight together are one signal, not many. */
  #epoch = 0
  #growing: 'by doubling' | 'by one' = 'by doubling'

  constructor(pool: Limiters) {
    this.#pool = pool
    this.#limit = Math.min(START, pool.ceiling)
  }

  get state(): LimiterState {
    return {
      limit: Math.floor(this.#limit),
      inFlight: this.#inFlight,
      waiting: this.#queue.length,
      limited: this.#limited,
    }
  }

  /** Waits, in order of asking, until one more call may be in flight. Rejects with the signal's reason when it is aborted. */
  acquire(signal: AbortSignal): Promise<Permit> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason)
        return
      }
      const onAbort = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiter), 1)
        reject(signal.reason)
      }
      const waiter: Waiter = {
        grant: permit => {
          signal.removeEventListener('abort', onAbort)
          resolve(permit)
        },
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#queue.push(waiter)
      this.#pool.pump()
    })
  }

  /** Grants the next waiter its permit if the limit allows one; says whether it did. */
  grantNext(): boolean {
    if (this.#inFlight >= Math.floor(this.#limit)) return false
    const waiter = this.#queue.shift()
    if (waiter === undefined) return false
    this.#inFlight++
    const epoch = this.#epoch
    waiter.grant({
      release: outcome => {
        this.#inFlight--
        this.#learn(outcome, epoch)
        this.#pool.released()
      },
    })
    return true
  }

  #learn(outcome: Outcome, epoch: number): void {
    if (outcome === 'answered') {
      // Only a limit that was used to the full has shown that it may grow.
      if (this.#inFlight + 1 < Math.floor(this.#limit)) return
      this.#limit = Math.min(this.#pool.ceiling, this.#limit + (this.#growing === 'by doubling' ? 1 : 1 / this.#limit))
    } else if (outcome === 'limited') {
      this.#limited++
      if (epoch !== this.#epoch) return
      this.#epoch++
      this.#growing = 'by one'
      this.#limit = Math.max(1, this.#limit / 2)
    }
  }
}

/** The limiters of a run, one per provider and model, under one ceiling of calls in flight. */
export class Limiters {
  readonly ceiling: number
  readonly #byName = new Map<string, Limiter>()
  #inFlight = 0
  /** Whose turn it is when several models wait for the same place. */
  #next = 0

  /** `ceiling` is an integer ≥ 1. */
  constructor(ceiling: number) {
    this.ceiling = ceiling
  }

  of(name: string): Limiter {
    let limiter = this.#byName.get(name)
    if (limiter === undefined) {
      limiter = new Limiter(this)
      this.#byName.set(name, limiter)
    }
    return limiter
  }

  get states(): ReadonlyMap<string, LimiterState> {
    return new Map([...this.#byName].map(([name, limiter]) => [name, limiter.state]))
  }

  released(): void {
    this.#inFlight--
    this.pump()
  }

  /** Fills the free places, the models taking turns. */
  pump(): void {
    const limiters = [...this.#byName.values()]
    for (let idle = 0; this.#inFlight < this.ceiling && idle < limiters.length; this.#next++) {
      if (limiters[this.#next % limiters.length]!.grantNext()) {
        this.#inFlight++
        idle = 0
      } else idle++
    }
  }
}
