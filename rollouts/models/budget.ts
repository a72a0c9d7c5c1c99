/**
 * Hard ceilings on cost and tokens: what a call may cost at worst is set aside before it is made, so that no ceiling is ever
 * passed. Knows no provider and no file.
 */
import { RunStopped } from '../errors.ts'

/** Tokens (prompt and completion) and USD. */
export interface Spending {
  readonly tokens: number
  readonly cost: number
}

export interface Ceilings {
  readonly maxTokens?: number
  readonly maxCost?: number
}

/** What was set aside for one call; settled exactly once with what the call turned out to use. */
export interface Reservation {
  settle(used: Spending): void
}

/** Where calls set their worst case aside: the budget of a process, or one that several processes share. */
export interface Ledger {
  /** Whether there is a ceiling at all; without one nothing is set aside. */
  readonly limited: boolean
  /** Used by settled calls, as far as this process knows. */
  readonly spent: Spending
  /** `rollout` is the key of the rollout that asks. Rejects with a RunStopped at a ceiling. */
  reserve(worst: Spending, rollout: string): Promise<Reservation>
}

/** Why play stops at a ceiling, in a line. */
export function reachedWords(ceiling: 'cost' | 'tokens', { maxCost, maxTokens }: Ceilings, { cost, tokens }: Spending): string {
  return ceiling === 'cost'
    ? `Stopped at --max-cost ${maxCost}: ${cost.toFixed(4)} USD are spent, and the next call could pass it.`
    : `Stopped at --max-tokens ${maxTokens}: ${tokens} tokens are spent, and the next call could pass it.`
}

export class Budget implements Ledger {
  readonly #ceilings: Ceilings
  readonly #waiting: (() => void)[] = []
  #spent: Spending = { tokens: 0, cost: 0 }
  #reserved: Spending = { tokens: 0, cost: 0 }
  #calls = 0
  #reached: string | undefined

  constructor(ceilings: Ceilings) {
    this.#ceilings = ceilings
  }

  get limited(): boolean {
    return this.#ceilings.maxCost !== undefined || this.#ceilings.maxTokens !== undefined
  }

  get spent(): Spending {
    return this.#spent
  }

  /**
   * Sets the worst case of one call aside. Waits while calls in flight hold what is left; throws RunStopped once nothing
   * in flight could make room, and from then on always.
   */
  async reserve(worst: Spending): Promise<Reservation> {
    while (this.#reached === undefined && this.#over(worst) !== undefined) {
      if (this.#calls === 0) {
        this.#reached = this.#over(worst)
        this.#wake()
        break
      }
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    if (this.#reached !== undefined) throw new RunStopped(this.#reached)
    this.#calls++
    this.#reserved = plus(this.#reserved, worst)
    return {
      settle: used => {
        this.#calls--
        this.#reserved = this.#calls === 0 ? { tokens: 0, cost: 0 } : plus(this.#reserved, worst, -1)
        this.#spent = plus(this.#spent, used)
        this.#wake()
      },
    }
  }

  #over({ tokens, cost }: Spending): string | undefined {
    const { maxCost = Number.POSITIVE_INFINITY, maxTokens = Number.POSITIVE_INFINITY } = this.#ceilings
    if (this.#spent.cost + this.#reserved.cost + cost > maxCost) return reachedWords('cost', this.#ceilings, this.#spent)
    if (this.#spent.tokens + this.#reserved.tokens + tokens > maxTokens)
      return reachedWords('tokens', this.#ceilings, this.#spent)
    return undefined
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

function plus(a: Spending, b: Spending, sign = 1): Spending {
  return { tokens: a.tokens + sign * b.tokens, cost: a.cost + sign * b.cost }
}
