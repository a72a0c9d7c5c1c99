/** How often one, or all, of k tries succeed, estimated without bias from n tries. Pure functions of counts. */

/** The reward that counts as a pass where nothing is known of the economy's scale. */
export const PASS_THRESHOLD = 0.5

/**
 * The chance that at least one of k tries succeeds, unbiased, from c successes in n tries: 1 − C(n−c, k) / C(n, k) (Chen et
 * al. 2021, "Evaluating Large Language Models Trained on Code"). Null where n < k.
 */
export function passAtK(n: number, c: number, k: number): number | null {
  return n < k ? null : 1 - chosen(n - c, n, k)
}

/**
 * The chance that all of k tries succeed, unbiased: C(c, k) / C(n, k) (Yao et al. 2024, "τ-bench"). Null where n < k.
 */
export function passAllK(n: number, c: number, k: number): number | null {
  return n < k ? null : chosen(c, n, k)
}

/** C(m, k) / C(n, k) for m ≤ n, without large factorials. */
function chosen(m: number, n: number, k: number): number {
  let ratio = 1
  for (let i = 0; i < k; i++) ratio *= Math.max(0, m - i) / (n - i)
  return ratio
}

/** Examples of which `passed` of `n` repeats passed. */
export interface PassCount {
  readonly n: number
  readonly passed: number
  /** How many examples are like that; one by default. */
  readonly times?: number
}

export interface PassRates {
  /** Share of examples solved by at least one, and by all, of k repeats (reward ≥ the threshold), by k. */
  readonly passAtK: Readonly<Record<string, number>>
  readonly passAllK: Readonly<Record<string, number>>
}

/** pass@k and pass^k for every k up to the most repeats, over the examples with at least k. */
export function passRates(examples: readonly PassCount[]): PassRates {
  const most = examples.reduce((max, { n }) => Math.max(max, n), 0)
  const mean = (rate: typeof passAtK, k: number): number => {
    const enough = examples.filter(({ n }) => n >= k)
    const count = enough.reduce((sum, { times = 1 }) => sum + times, 0)
    return enough.reduce((sum, { n, passed, times = 1 }) => sum + times * rate(n, passed, k)!, 0) / count
  }
  const byK = (rate: typeof passAtK) => Object.fromEntries(Array.from({ length: most }, (_, i) => [i + 1, mean(rate, i + 1)]))
  return { passAtK: byK(passAtK), passAllK: byK(passAllK) }
}
