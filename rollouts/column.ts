/**
 * Sums that are added to a value at a time: one number of many rollouts, in memory that does not grow with them. Knows
 * neither rollouts nor files.
 */

/** Values added up by cluster; the index is the cluster, and a count of 0 says that it has no value here. */
export interface Clustered {
  readonly sums: ArrayLike<number>
  readonly counts: ArrayLike<number>
}

/** Count, mean and spread of values (Welford's updating formula). */
export class Moments {
  n = 0
  mean = 0
  min = Number.POSITIVE_INFINITY
  max = Number.NEGATIVE_INFINITY
  /** Whether every value is 0 or 1. */
  binary = true
  #squares = 0

  add(value: number): void {
    this.n++
    const away = value - this.mean
    this.mean += away / this.n
    this.#squares += away * (value - this.mean)
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
    if (value !== 0 && value !== 1) this.binary = false
  }

  /** The sample standard deviation; null under two values. */
  get sd(): number | null {
    return this.n < 2 ? null : Math.sqrt(this.#squares / (this.n - 1))
  }

  /** Adds so many zeros at once: of counts, only those above 0 are told one by one. */
  addZeros(count: number): void {
    if (count === 0) return
    const n = this.n + count
    this.#squares += (this.mean ** 2 * this.n * count) / n
    this.mean *= this.n / n
    this.n = n
    this.min = Math.min(this.min, 0)
    this.max = Math.max(this.max, 0)
  }
}

/** Scenarios that are told apart when intervals are made; beyond them scenarios share clusters, which stays valid. */
export const CLUSTERS = 16_384

/** Moments, and sums by cluster. */
export class Column extends Moments implements Clustered {
  sums = new Float64Array(32)
  counts = new Uint32Array(32)

  get total(): number {
    let total = 0
    for (const sum of this.sums) total += sum
    return total
  }

  /** `scenario` counts the scenarios of the comparison from 0. */
  addTo(scenario: number, value: number): void {
    this.add(value)
    const at = scenario % CLUSTERS
    if (at >= this.sums.length) this.#grow(at + 1)
    this.sums[at]! += value
    this.counts[at]!++
  }

  /** Adds a zero for each value of `all` that this column was not told, as where only counts above 0 are told. */
  fillTo(all: Column): void {
    this.addZeros(all.n - this.n)
    if (all.sums.length > this.sums.length) this.#grow(all.sums.length)
    this.counts = all.counts
  }

  #grow(least: number): void {
    const size = Math.max(least, 2 * this.sums.length)
    const sums = new Float64Array(size)
    sums.set(this.sums)
    this.sums = sums
    const counts = new Uint32Array(size)
    counts.set(this.counts)
    this.counts = counts
  }
}
