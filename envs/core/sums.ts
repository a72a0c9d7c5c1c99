/** Sums, means and spreads of plain lists, added up from the left so that the same numbers give the same bits. */

export function sum(values: readonly number[]): number {
  let total = 0
  // The fastest of loops: economies add up every step.
  for (let i = 0; i < values.length; i++) total += values[i]!
  return total
}

/** Σ weight × part, in the order of the weights. */
export function weightedSum<Part extends string>(
  weights: Readonly<Record<Part, number>>,
  parts: Readonly<Record<NoInfer<Part>, number | null>>,
): number {
  let total = 0
  for (const part in weights) total += weights[part] * (parts[part] ?? Number.NaN)
  return total
}

/** NaN of no value. */
export function mean(values: readonly number[]): number {
  return sum(values) / values.length
}

export function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean(values)
}

/** Null where there is nothing to divide by. */
export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}

/** The part of the items of which something holds; null of no item. */
export function share<Item>(items: readonly Item[], holds: (item: Item) => boolean): number | null {
  return ratio(items.filter(holds).length, items.length)
}

/** The sample standard deviation; 0 of less than two values. */
export function sd(values: readonly number[]): number {
  if (values.length < 2) return 0
  const middle = mean(values)
  return Math.sqrt(sum(values.map(value => (value - middle) ** 2)) / (values.length - 1))
}

/** The value in the middle, or the mean of the two there; null of no value. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
