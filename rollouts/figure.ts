/** A figure of a run, added up by example. Pure. */

/** A figure's values added up by example, in the order the examples turned up: their repeats share their luck. */
export interface Figure {
  readonly sums: readonly number[]
  /** Values behind each sum; 0 where an example has none. */
  readonly counts: readonly number[]
}

/** The mean over all values; null where there is none. */
export function mean({ sums, counts }: Figure): number | null {
  const n = total(counts)
  return n === 0 ? null : total(sums) / n
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
