/**
 * How many calls may be in flight. Each provider and model has a limit that finds itself — it doubles until the server refuses
 * under load, is halved then, and grows by one per round of answers from there — and all together stay under one ceiling. A
 * refusal now and then between answers is no load: providers refuse at random too. Knows no clock and no network.
 */

/** Calls in flight at the start: enough to be useful, few enough not to begin with a refusal. */
const START = 20

/** The share of refusals among the last outcomes that is taken for load, where the server's headers say nothing. */
const LOAD = 0.2

/** Rounds of answers at a halved limit after which the halving is taken for a mistake. */
const DOUBT = 2
/** Rounds without another after which a halving may be doubted again. */
const CALM = 20

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
  /** `exhausted`: what a refusal's headers say is left, nothing (true) or something (false); absent where they say nothing. */
  release(outcome: Outcome, exhausted?: boolean): void
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
  /** Outcomes since the last halving, old ones fading. */
  #seen = { answered: 0, refused: 0 }
  /** Answers since the last halving that came while every place was taken. */
  #full = 0
  /** The limit before a halving that may turn out to have been a mistake; 0 for none. */
  #doubted = 0
  /** Whether a halving may be doubted: once, until a calm has shown that the doubt was right. */
  #doubting = true

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
      release: (outcome, exhausted) => {
        this.#inFlight--
        if (outcome === 'answered') this.#answered(epoch)
        else if (outcome === 'limited') this.#refused(epoch, exhausted)
        this.#pool.released()
      },
    })
    return true
  }

  #answered(epoch: number): void {
    if (epoch === this.#epoch) this.#note('answered')
    // Only a limit that was used to the full has shown that it may grow.
    if (this.#inFlight + 1 < Math.floor(this.#limit)) return
    this.#full++
    if (this.#doubted > this.#limit && this.#full >= DOUBT * this.#limit) {
      this.#limit = this.#doubted
      this.#growing = 'by doubling'
      this.#doubted = 0
      this.#doubting = false
    }
    if (this.#full >= CALM * this.#limit) this.#doubting = true
    this.#limit = Math.min(this.#pool.ceiling, this.#limit + (this.#growing === 'by doubling' ? 1 : 1 / this.#limit))
  }

  #refused(epoch: number, exhausted: boolean | undefined): void {
    this.#limited++
    if (epoch !== this.#epoch || exhausted === false) return
    this.#note('refused')
    const { answered, refused } = this.#seen
    if (exhausted !== true && refused / (answered + refused) <= LOAD) return
    this.#doubted = this.#doubting && exhausted !== true ? Math.max(this.#doubted, this.#limit) : 0
    this.#epoch++
    this.#growing = 'by one'
    this.#seen = { answered: 0, refused: 0 }
    this.#full = 0
    this.#limit = Math.max(1, this.#limit / 2)
  }

  #note(outcome: 'answered' | 'refused'): void {
    const seen = this.#seen
    seen[outcome]++
    if (seen.answered + seen.refused < Math.max(2 * START, 2 * this.#limit)) return
    seen.answered /= 2
    seen.refused /= 2
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
