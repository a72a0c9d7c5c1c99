/** Numbers of an audit: samples over the same seeds, compared seed by seed. Knows no economy and no target. */
import type { ValueRange } from '../../envs/core/range.ts'
import { mean, sd } from '../../envs/core/sums.ts'
import { cluster, clusteredMean, clusteredShare, type Difference, type Estimate, pairedDifference } from '../stats.ts'
import type { JobResult } from './arena.ts'

/** What one policy got, seed by seed; index i of every sample of a setting is the same seed, and some are shorter than others. */
export interface Sample {
  readonly rewards: readonly number[]
  readonly reputations: readonly (number | null)[]
}

/** One sample after the other. */
export function joined(first: Sample, rest: Sample): Sample {
  return { rewards: [...first.rewards, ...rest.rewards], reputations: [...first.reputations, ...rest.reputations] }
}

/** The sample of the evaluated seats' mean, one game a seed. */
export function sampleOf(result: JobResult): Sample {
  return {
    rewards: result.map(seats => mean(seats.map(({ reward }) => reward))),
    reputations: result.map(seats => seats[0]!.reputation),
  }
}

const singles = (values: readonly number[]) => cluster(values, [...values.keys()])

/** A mean over seeds with its 95 % interval by t, within what the values can be. */
export function meanOf(values: readonly number[], range?: ValueRange): Estimate {
  return clusteredMean(singles(values), { method: 't', ...(range && { range }) })!
}

/** The share of tries, 1 or 0 each, with its exact 95 % interval. */
export function shareOf(tries: readonly number[]): Estimate {
  return clusteredShare(singles(tries), { ends: true })!
}

/** The mean over seeds of `a` − `b`, with its 95 % interval and p. */
export function differenceOf(a: readonly number[], b: readonly number[]): Difference {
  return pairedDifference(singles(a), singles(b), { method: 't' })!
}

/**
 * Σa / Σb over seeds, with the 95 % interval of the linearised ratio: the mean of (aᵢ − r bᵢ) / b̄ around r (Cochran, Sampling
 * Techniques, 3rd ed. 1977, §6.4). Undefined where b sums to nothing.
 */
export function ratioOf(above: readonly number[], under: readonly number[]): Estimate | undefined {
  const a = above.slice(0, under.length)
  const b = under.slice(0, above.length)
  const below = mean(b)
  if (!(Math.abs(below) > 1e-9)) return undefined
  const value = mean(a) / below
  const { low, high, ...spread } = meanOf(a.map((each, i) => (each - value * b[i]!) / below))
  return { ...spread, value, low: low === null ? null : value + low, high: high === null ? null : value + high }
}

/** Seed by seed, `a` − `b`, over the seeds that both have. */
export function minus(a: readonly number[], b: readonly number[]): number[] {
  return a.slice(0, b.length).map((value, i) => value - b[i]!)
}

/** Pearson's correlation of the pairs of which both are there; null where one of them does not vary. */
export function correlation(pairs: readonly (readonly [number, number | null])[]): number | null {
  const whole = pairs.filter((pair): pair is readonly [number, number] => pair[1] !== null)
  const xs = whole.map(([x]) => x)
  const ys = whole.map(([, y]) => y)
  const [sx, sy] = [sd(xs), sd(ys)]
  if (!(sx > 1e-12 && sy > 1e-12)) return null
  const [mx, my] = [mean(xs), mean(ys)]
  return whole.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / (whole.length - 1) / (sx * sy)
}

/**
 * What part of the variance of players × seeds is the seeds': the variance components of the two-way random-effects table, one game
 * a cell, by the method of moments (Searle, Casella & McCulloch, Variance Components, 1992, §4.3). The luck of single games,
 * which a sum of squares between seeds holds 1/players of, is no part of it. Null where nothing varies.
 */
export function seedShare(rows: readonly (readonly number[])[]): number | null {
  const [players, seeds] = [rows.length, rows[0]!.length]
  const middle = mean(rows.flat())
  const ofPlayer = rows.map(mean)
  const ofSeed = rows[0]!.map((_, i) => mean(rows.map(row => row[i]!)))
  const squares = (values: readonly number[]): number => values.reduce((sum, value) => sum + (value - middle) ** 2, 0)
  const left = rows.flatMap((row, p) => row.map((value, i) => value - ofPlayer[p]! - ofSeed[i]! + middle))
  const luck = left.reduce((sum, value) => sum + value ** 2, 0) / ((players - 1) * (seeds - 1))
  const between = (means: readonly number[], each: number): number =>
    Math.max(0, squares(means) / (means.length - 1) - luck / each)
  const total = between(ofPlayer, seeds) + between(ofSeed, players) + luck
  return total > 1e-18 ? between(ofSeed, players) / total : null
}
