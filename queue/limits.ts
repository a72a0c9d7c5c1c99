/**
 * Ceilings and paces that hold over all workers of a run: what `Budget` and `Pacer` do within one process, kept in Redis. Knows
 * Redis; knows no provider.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { RunStopped } from '../rollouts/errors.ts'
import { type Ceilings, type Ledger, type Reservation, reachedWords, type Spending } from '../rollouts/models/budget.ts'
import type { Pace } from '../rollouts/models/pace.ts'
import { sleep, systemClock } from '../rollouts/models/retry.ts'
import { keysOf, paceKey } from './keys.ts'
import type { Connection } from './redis.ts'

/** A job as its worker holds it. */
export interface Holding {
  readonly job: string
  readonly token: string
  /** Set once it turns out to be another worker's. */
  lost?: HoldingLost
}

/** The job is somebody else's by now: whatever else is done for it is done twice. */
export class HoldingLost extends Error {
  override readonly name = 'HoldingLost'
}

/** Notes that a job is another worker's; gives what to throw. */
export function losing(holding: Holding, rollout: string): HoldingLost {
  holding.lost ??= new HoldingLost(`rollout ${rollout} was given to another worker`)
  return holding.lost
}

/** USD as Redis counts them: in whole 1e-9, upwards. */
export const nano = (usd: number): number => Math.ceil(usd * 1e9 - 1e-6)

/** Milliseconds between two looks where calls in flight hold what is left of a budget. */
const LOOK = 200

export class SharedLedger implements Ledger {
  readonly limited: boolean
  readonly #connection: Connection
  readonly #keys: readonly [string, string, string]
  readonly #ceilings: Ceilings
  readonly #holding: (rollout: string) => Holding | undefined
  #spent: Spending = { tokens: 0, cost: 0 }

  /** `holding` gives the job in which a rollout is played. */
  constructor(
    connection: Connection,
    run: string,
    limited: boolean,
    ceilings: Ceilings,
    holding: (rollout: string) => Holding | undefined,
  ) {
    const { state, reserved, holders } = keysOf(run)
    this.limited = limited
    this.#connection = connection
    this.#keys = [state, reserved, holders]
    this.#ceilings = ceilings
    this.#holding = holding
  }

  get spent(): Spending {
    return this.#spent
  }

  async reserve(worst: Spending, rollout: string): Promise<Reservation> {
    const id = randomUUID()
    for (;;) {
      const held = this.#holding(rollout)
      if (held === undefined) throw new HoldingLost(`rollout ${rollout} is not held`)
      const words = [id, Math.ceil(worst.tokens), nano(worst.cost), held.job, held.token]
      const [answer, ceiling, tokens, cost] = (await this.#connection.script('agoragymReserve', this.#keys, words)) as [
        number,
        ('cost' | 'tokens')?,
        string?,
        string?,
      ]
      if (answer === 1) return { settle: used => this.#settle(id, used) }
      if (answer === 2)
        throw new RunStopped(reachedWords(ceiling!, this.#ceilings, { tokens: Number(tokens), cost: Number(cost) / 1e9 }))
      if (answer === 3) throw losing(held, rollout)
      await delay(LOOK)
    }
  }

  #settle(id: string, used: Spending): void {
    this.#spent = { tokens: this.#spent.tokens + used.tokens, cost: this.#spent.cost + used.cost }
    // Sent in order with whatever follows; where it is lost, the worst case counts.
    this.#connection
      .script('agoragymSettle', this.#keys.slice(0, 2), [id, Math.ceil(used.tokens), nano(used.cost)])
      .catch(() => {})
  }
}

export class SharedPace implements Pace {
  readonly #connection: Connection
  readonly #spacing: number

  /** `spacing` in milliseconds. */
  constructor(connection: Connection, spacing: number) {
    this.#connection = connection
    this.#spacing = spacing
  }

  async wait(endpoint: string, signal: AbortSignal): Promise<void> {
    const words = [Math.round(this.#spacing * 1000)]
    const micros = Number(await this.#connection.script('agoragymPace', [paceKey(endpoint)], words))
    if (micros > 0) await sleep(systemClock, micros / 1000, signal)
    signal.throwIfAborted()
  }
}
