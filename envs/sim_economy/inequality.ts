/** How unevenly wealth lies. The Gini formula and its shift are those of the published runs. */

/**
 * 2·Σ i·xᵢ / (n·Σx) − (n+1)/n over the sorted values, i from 1; 0 where the values add up to 0. Negative values give
 * negative or large figures, as in the published runs.
 */
export function gini(values: readonly number[]): number {
  const n = values.length
  let sum = 0
  let weighted = 0
  const sorted = values.toSorted((a, b) => a - b)
  for (let i = 0; i < n; i++) {
    sum += sorted[i]!
    weighted += (i + 1) * sorted[i]!
  }
  return sum === 0 ? 0 : (2 * weighted) / (n * sum) - (n + 1) / n
}

/** What is added to every value so that the smallest is 1: 1 − min where min ≤ 0, else 0. */
export function shiftOf(values: readonly number[]): number {
  let min = Number.POSITIVE_INFINITY
  for (const value of values) min = Math.min(min, value)
  return min <= 0 ? 1 - min : 0
}

/** The Gini of the shifted values, in [0, 1). */
export function shiftedGini(values: readonly number[]): number {
  const shift = shiftOf(values)
  return gini(values.map(value => value + shift))
}

/** The largest value's share of the sum; 0 where the sum is not positive. */
export function topShare(values: readonly number[]): number {
  let sum = 0
  let max = Number.NEGATIVE_INFINITY
  for (const value of values) {
    sum += value
    max = Math.max(max, value)
  }
  return sum <= 0 ? 0 : max / sum
}
