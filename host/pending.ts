/** A turn that waits for a person, and the time that is left of it, which stands still while the game does. Knows no seat and no file. */
import type { AnyTypes, Decision } from '../envs/core/environment.ts'
import type { Turn } from '../envs/core/policy.ts'
import type { FormTool } from './messages.ts'

export interface PendingOptions {
  readonly turn: Turn<AnyTypes>
  readonly number: number
  /** Milliseconds of the turn; null without a limit. Time stands still until `goOn`. */
  readonly turnMs: number | null
  readonly now: () => number
  /** Calls back after so many milliseconds; what it returns cancels that. */
  readonly after: (ms: number, work: () => void) => () => void
  readonly timeUp: () => void
  /** Called once, before anybody learns of the decision. */
  readonly onClose: () => void
}

export class Pending {
  readonly turn: Turn<AnyTypes>
  readonly number: number
  readonly askedAt: number
  /** What is decided; rejects where the turn is given up. */
  readonly decision: Promise<Decision>
  /** What its pages offer, made when it is first shown. */
  forms?: readonly FormTool[]
  readonly #at: PendingOptions
  #resolve!: (decision: Decision | Promise<Decision>) => void
  #reject!: (error: unknown) => void
  readonly #gone = (): void => this.fail(this.turn.signal!.reason)
  /** At `#since`, or now while time stands still. */
  #leftMs: number | null
  #since: number | undefined
  #stopTimer: () => void = () => {}

  constructor(at: PendingOptions) {
    this.turn = at.turn
    this.number = at.number
    this.askedAt = at.now()
    this.decision = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#at = at
    this.#leftMs = at.turnMs
    this.turn.signal?.addEventListener('abort', this.#gone, { once: true })
  }

  /** Milliseconds; null without a limit. */
  get leftMs(): number | null {
    if (this.#leftMs === null || this.#since === undefined) return this.#leftMs
    return Math.max(0, this.#leftMs - (this.#at.now() - this.#since))
  }

  goOn(): void {
    this.#since = this.#at.now()
    if (this.#leftMs !== null) this.#stopTimer = this.#at.after(this.#leftMs, this.#at.timeUp)
  }

  pause(): void {
    this.#leftMs = this.leftMs
    this.#since = undefined
    this.#stopTimer()
  }

  settle(decision: Decision | Promise<Decision>): void {
    this.#close()
    this.#resolve(decision)
  }

  fail(error: unknown): void {
    this.#close()
    this.#reject(error)
  }

  #close(): void {
    this.#stopTimer()
    this.turn.signal?.removeEventListener('abort', this.#gone)
    this.#at.onClose()
  }
}
