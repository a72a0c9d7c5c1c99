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

/**
 * The worth of a score to a learner: what is left of it above `honest` (0 where it is not relative), scaled. Without scale and
 * comparison it is the score itself.
 */
export function worthOf(
  score: number,
  unit: ScoreBounds | undefined,
  honest: number | undefined,
): { readonly worth: number; readonly clipped: boolean } {
  const above = score - (honest ?? unit?.low ?? 0)
  if (unit === undefined) return { worth: above, clipped: false }
  const scaled = above / (unit.high - unit.low)
  const worth = Math.min(1, Math.max(honest === undefined ? 0 : -1, scaled))
  return { worth, clipped: worth !== scaled }
}
