/** What a learner is paid: forms of one number, the score. Knows scores; knows no economy and no protocol. */

/**
 * `delta`: how much the score changed since the last view. `score`: the same, with the score at reset added to the first reward,
 * so that the rewards add up to the score. `total`: the score so far, so that the last reward is the score.
 */
export type RewardForm = 'delta' | 'score' | 'total'
export const REWARD_FORMS: readonly RewardForm[] = ['delta', 'score', 'total']

/** The scores between which a learner's are taken to lie. */
export interface ScoreBounds {
  readonly low: number
  readonly high: number
}

export interface RewardOptions {
  /** `delta` by default. */
  readonly form?: RewardForm
  /**
   * Scores are mapped to the unit interval, `low` to 0 and `high` to 1 (relative ones: `high − low` is 1), and clipped there; how
   * often is counted. Off by default.
   */
  readonly unit?: ScoreBounds
}

/** What a seat earns over one game, paid out in the form that was asked for. */
export class Purse {
  readonly #form: RewardForm
  readonly #unit: ScoreBounds | undefined
  readonly #honest: number | undefined
  readonly #initial: () => number
  #earned = 0
  /** Score and worth when it was last paid out; undefined before. */
  #told: { readonly score: number; readonly worth: number } | undefined
  /** How often a score lay outside the bounds. */
  clipped = 0

  /** `initial` is the score at reset; `honest` the score of honest play, where rewards are relative to it. */
  constructor({ form = 'delta', unit }: RewardOptions, initial: () => number, honest?: number) {
    this.#form = form
    this.#unit = unit
    this.#honest = honest
    this.#initial = initial
  }

  /** The score changed by so much. */
  earn(change: number): void {
    this.#earned += change
  }

  /** What is to be paid now; `final` is the score where the game is over. */
  pay(final?: number): number {
    const earned = this.#earned
    this.#earned = 0
    const isPlain = this.#unit === undefined && this.#honest === undefined
    const first = this.#told === undefined
    if (isPlain && this.#form !== 'total') {
      this.#told = NOTHING
      return first && this.#form === 'score' ? this.#initial() + earned : earned
    }
    const score = final ?? (this.#told?.score ?? this.#initial()) + earned
    const before = this.#told?.worth ?? (this.#form === 'score' ? 0 : this.worth(this.#initial()))
    const worth = this.worth(score)
    this.#told = { score, worth }
    return this.#form === 'total' ? worth : worth - before
  }

  /** The worth of a score: what is above honest play or, without it, the score itself; scaled and clipped where there are bounds. */
  worth(score: number): number {
    const unit = this.#unit
    if (unit === undefined) return score - (this.#honest ?? 0)
    const scaled = (score - (this.#honest ?? unit.low)) / (unit.high - unit.low)
    const worth = Math.min(1, Math.max(this.#honest === undefined ? 0 : -1, scaled))
    if (worth !== scaled) this.clipped++
    return worth
  }
}

const NOTHING = Object.freeze({ score: 0, worth: 0 })
