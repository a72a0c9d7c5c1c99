/**
 * The statistics of comparisons, as pure functions of numbers. Rollouts of one scenario share its luck, so scenarios are the
 * independent units: values come in added up by scenario, and every interval counts scenarios, not rollouts. Knows no files,
 * no economies and no players.
 */
import { type Random, stream } from '../envs/core/random.ts'
import { UNBOUNDED, type ValueRange } from '../envs/core/range.ts'
import { sum } from '../envs/core/sums.ts'
import type { Clustered } from '../rollouts/column.ts'
import { betaQuantile, tQuantile, tTwoSided } from './distributions.ts'

/**
 * How an interval was made: from the beta distribution where both bounds of the values are known, else from Student's t, or by
 * the bootstrap-t where the values are too skewed for it.
 */
export type IntervalMethod = 'beta' | 't' | 'bootstrap'

export interface Estimate {
  readonly value: number
  /** Values behind it. */
  readonly n: number
  /** Clusters behind it. */
  readonly clusters: number
  /** Null where fewer than two clusters leave nothing to judge the spread by. */
  readonly se: number | null
  /** The 95 % interval; null with `se`. */
  readonly low: number | null
  readonly high: number | null
  readonly method: IntervalMethod
}

export interface Difference extends Estimate {
  /** Two-sided p of no difference; null with `se`. */
  readonly p: number | null
}

export interface IntervalOptions {
  /**
   * `auto` (the default) takes the beta distribution where `range` has both bounds, and else the bootstrap where Cochran's rule says
   * that t needs more clusters than there are.
   */
  readonly method?: Exclude<IntervalMethod, 'beta'> | 'auto'
  /** What values there can be; no interval leaves it. Without bounds by default. */
  readonly range?: ValueRange
  /** Of a difference: what values its second side can have; `range` too by default. */
  readonly second?: ValueRange
  /** Of the bootstrap's own stream; 0 by default. */
  readonly seed?: number
}

/** Beyond each bound of an interval. */
export const TAIL = 0.025
const RESAMPLES = 2000
/** A standard error that is this much smaller than another of the same data is rounding. */
const ROUNDING = 1e-9

/** The clusters of single values: `ids[i]` is the cluster of `values[i]`. */
export function cluster(values: readonly number[], ids: readonly (string | number)[]): Clustered {
  const index = new Map<string | number, number>()
  const sums: number[] = []
  const counts: number[] = []
  for (const [i, value] of values.entries()) {
    const id = ids[i]!
    let at = index.get(id)
    if (at === undefined) {
      at = sums.length
      index.set(id, at)
      sums.push(0)
      counts.push(0)
    }
    sums[at]! += value
    counts[at]!++
  }
  return { sums, counts }
}

/**
 * The mean over all values with its 95 % interval. Cluster-robust variance of a mean, G/(G−1) · Σ_g (Σ_i (x_gi − x̄))² / n²
 * (Cameron & Miller 2015, "A Practitioner's Guide to Cluster-Robust Inference", §II and VI; Miller 2024, "Adding Error Bars to
 * Evals"). The interval: with both bounds known that of `betaInterval`, else t with G − 1 degrees of freedom, or the bootstrap-t.
 * Undefined without a value.
 */
export function clusteredMean(data: Clustered, options: IntervalOptions = {}): Estimate | undefined {
  const { sums, counts } = occupied(data)
  const clusters = sums.length
  if (clusters === 0) return undefined
  const n = sum(counts)
  const value = sum(sums) / n
  if (clusters === 1) return { value, n, clusters, se: null, low: null, high: null, method: 't' }
  const shape = shapeOf(sums, counts, n, value)
  const { se } = shape
  const { method = 'auto', seed = 0, range = UNBOUNDED } = options
  const kept = ({ low, high }: Bounds): Bounds => ({
    low: Math.max(low, range.low ?? Number.NEGATIVE_INFINITY),
    high: Math.min(high, range.high ?? Number.POSITIVE_INFINITY),
  })
  const estimate = { value, n, clusters, se }
  if (method === 'auto' && isBounded(range))
    return { ...estimate, ...betaInterval(shape, range.low, range.high, range.ends === true), method: 'beta' }
  if (method === 'bootstrap' || (method === 'auto' && clusters <= COCHRAN * shape.skewness ** 2)) {
    const bounds = bootstrapT(sums, counts, value, se, stream(seed, 'bootstrap'))
    if (bounds !== undefined) return { ...estimate, ...kept(bounds), method: 'bootstrap' }
  }
  const half = tQuantile(1 - TAIL, clusters - 1) * se
  return { ...estimate, ...kept({ low: value - half, high: value + half }), method: 't' }
}

/**
 * The mean over the clusters that both have of the difference of cluster means, `a` − `b`, with its 95 % interval and the p
 * of the paired t test; `range` and `second` are those of the values themselves. With both bounds known the interval is put together from those of
 * the two means and their correlation (`joined`), else it is that of the mean of the differences, by t unless `method` names the
 * bootstrap. Where every cluster differs by the same amount there is no spread to judge by, and p is the sign test's. Undefined
 * where they share no cluster.
 */
export function pairedDifference(a: Clustered, b: Clustered, options: IntervalOptions = {}): Difference | undefined {
  const [ours, theirs]: [number[], number[]] = [[], []]
  const shared = Math.min(a.counts.length, b.counts.length)
  for (let g = 0; g < shared; g++) {
    const [na, nb] = [a.counts[g]!, b.counts[g]!]
    if (na === 0 || nb === 0) continue
    ours.push(a.sums[g]! / na)
    theirs.push(b.sums[g]! / nb)
  }
  const { range = UNBOUNDED, second = range, method = 'auto' } = options
  const apart = single(ours.map((value, g) => value - theirs[g]!))
  // Skewness mostly cancels in a difference, where t covers as often as the bootstrap or oftener, and its interval agrees with p.
  const estimate = clusteredMean(apart, { ...options, method: method === 'auto' ? 't' : method, range: reach(range, second) })
  if (estimate === undefined) return undefined
  const { value, se, clusters } = estimate
  if (se === null) return { ...estimate, p: null }
  const p = se > 0 ? tTwoSided(value / se, clusters - 1) : value === 0 ? 1 : 0.5 ** (clusters - 1)
  return method === 'auto' && isBounded(range) && isBounded(second)
    ? { ...estimate, ...joined(ours, theirs, range, second), method: 'beta', p }
    : { ...estimate, p }
}

/** Clusters of one value each. */
function single(values: readonly number[]): Clustered {
  return { sums: values, counts: values.map(() => 1) }
}

/** What the difference of a value of the one range and one of the other can be. */
function reach(a: ValueRange, b: ValueRange): ValueRange {
  const between = (x: number | null, y: number | null): number | null => (x === null || y === null ? null : x - y)
  return { low: between(a.low, b.high), high: between(a.high, b.low) }
}

/** A range between two bounds; one that holds a single value is none. */
type Bounded = ValueRange & Bounds
const isBounded = (range: ValueRange): range is Bounded => range.low !== null && range.high !== null && range.low < range.high

/**
 * The interval of the difference of two means over the same clusters from the interval of each and their correlation r: below the
 * difference by √(x² − 2rxy + y²), where x is how far `a` reaches down and y how far `b` reaches up, and above it the other way
 * round (Newcombe 1998, "Improved Confidence Intervals for the Difference between Binomial Proportions Based on Paired Data", method
 * 10; Zou & Donner 2008, "Construction of Confidence Limits about Effect Measures"). Values that are all alike correlate with nothing,
 * and of 0/1 values a positive correlation is corrected for continuity, as Newcombe has it.
 */
function joined(a: readonly number[], b: readonly number[], ofA: Bounded, ofB: Bounded): Bounds {
  const onEnds = (values: readonly number[], { low, high, ends }: Bounded): boolean =>
    ends === true && values.every(value => value === low || value === high)
  const ends = onEnds(a, ofA) && onEnds(b, ofB)
  const meanOf = (values: readonly number[], { low, high }: Bounded): Estimate =>
    clusteredMean(single(values), { range: { low, high, ...(ends && { ends }) } })!
  const [ours, theirs] = [meanOf(a, ofA), meanOf(b, ofB)]
  const r = correlation(a, b, ours.value, theirs.value, ends ? ((ofA.high - ofA.low) * (ofB.high - ofB.low)) / 2 : 0)
  const away = (x: number, y: number): number => Math.sqrt(Math.max(0, x * x - 2 * r * x * y + y * y))
  const value = ours.value - theirs.value
  return {
    low: value - away(ours.value - ours.low!, theirs.high! - theirs.value),
    high: value + away(ours.high! - ours.value, theirs.value - theirs.low!),
  }
}

/** Pearson's correlation, 0 where one of both is constant; of a positive one `less` is taken from the sum of products. */
function correlation(a: readonly number[], b: readonly number[], meanOfA: number, meanOfB: number, less: number): number {
  let [ofA, ofB, both] = [0, 0, 0]
  for (const [g, value] of a.entries()) {
    ofA += (value - meanOfA) ** 2
    ofB += (b[g]! - meanOfB) ** 2
    both += (value - meanOfA) * (b[g]! - meanOfB)
  }
  const constant = (squares: number, mean: number): boolean => Math.sqrt(squares) <= ROUNDING * Math.abs(mean)
  return constant(ofA, meanOfA) || constant(ofB, meanOfB)
    ? 0
    : (both > 0 ? Math.max(0, both - less) : both) / Math.sqrt(ofA * ofB)
}

/** The mean of values in [0, 1] with an interval inside it; `ends` where all of them are 0 or 1. */
export function clusteredShare(data: Clustered, { ends }: Pick<ValueRange, 'ends'> = {}): Estimate | undefined {
  return clusteredMean(data, { range: { low: 0, high: 1, ...(ends && { ends }) } })
}

interface Bounds {
  readonly low: number
  readonly high: number
}

/** The clusters that have values, as plain arrays. */
function occupied({ sums, counts }: Clustered): { sums: number[]; counts: number[] } {
  const kept = { sums: [] as number[], counts: [] as number[] }
  for (let g = 0; g < counts.length; g++) {
    if (counts[g]! === 0) continue
    kept.sums.push(sums[g]!)
    kept.counts.push(counts[g]!)
  }
  return kept
}

function standardError(sums: ArrayLike<number>, counts: ArrayLike<number>, n: number, mean: number): number {
  let squares = 0
  for (let g = 0; g < sums.length; g++) squares += (sums[g]! - counts[g]! * mean) ** 2
  return Math.sqrt((sums.length / (sums.length - 1)) * squares) / n
}

/** What of clustered values an interval is made from. */
interface Shape {
  readonly mean: number
  readonly n: number
  readonly clusters: number
  readonly se: number
  /** Of the clusters. */
  readonly skewness: number
  /** The least and the greatest mean of a cluster. */
  readonly least: number
  readonly most: number
}

/**
 * t is not to be trusted unless the units number more than this many times the squared skewness (Cochran's rule: W. G. Cochran,
 * Sampling Techniques, 3rd ed. 1977, §2.15), read with clusters as units.
 */
const COCHRAN = 25

function shapeOf(sums: readonly number[], counts: readonly number[], n: number, mean: number): Shape {
  const clusters = sums.length
  let squares = 0
  let cubes = 0
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (let g = 0; g < clusters; g++) {
    const deviation = sums[g]! - counts[g]! * mean
    squares += deviation ** 2
    cubes += deviation ** 3
    const own = sums[g]! / counts[g]!
    least = Math.min(least, own)
    most = Math.max(most, own)
  }
  // Values that differ in their last bits only have no shape.
  const skewness = Math.sqrt(squares) <= ROUNDING * Math.abs(mean) ? 0 : cubes / clusters / (squares / clusters) ** 1.5
  return { mean, n, clusters, se: standardError(sums, counts, n, mean), skewness, least, most }
}

/**
 * The interval of a share by its effective sample size (Korn & Graubard 1998, "Confidence Intervals for Proportions with Small
 * Expected Number of Positive Counts Estimated from Survey Data"): the exact binomial interval (Clopper & Pearson 1934) of as many
 * tries as would have the cluster-robust variance, corrected for the degrees of freedom. Values with `ends` are shares by
 * themselves, and count as their own number at most.
 *
 * Other values between two bounds are read as shares of the way from one to the other (the beta distribution with their mean and
 * variance). Of few skewed clusters the variance says too little: beyond Cochran's rule it is drawn towards a larger one, with a
 * weight of half the squared skewness too much. Values that lie close to the bound away from which they are skewed can hide a rare
 * one anywhere, and that larger variance is the largest that values of this mean can have; where they keep away from it by twice as
 * much as they differ among themselves, it is the largest that they can have within once more their spread on both sides. That
 * correction is agoragym's; `npm run coverage` shows what the intervals cover (docs/statistics.md).
 *
 * Where all values lie on one bound, the spread tells nothing, and every cluster counts as one try.
 */
function betaInterval(shape: Shape, low: number, high: number, ends: boolean): Bounds {
  const { mean, n, clusters, se, skewness, least, most } = shape
  const span = high - low
  const share = (mean - low) / span
  const scaled = ({ low: from, high: to }: Bounds): Bounds => ({ low: low + span * from, high: low + span * to })
  if (share <= 0 || share >= 1) return scaled(exact(Math.min(1, Math.max(0, share)), clusters))
  const widest = share * (1 - share)
  const freedom = tQuantile(1 - TAIL, clusters - 1)
  if (ends) {
    // Without repeats the tries are the values, and the interval is Clopper and Pearson's own.
    const tries = (widest / (se / span) ** 2) * (clusters / (clusters - 1)) * (tQuantile(1 - TAIL, n - 1) / freedom) ** 2
    return scaled(exact(share, Math.min(n, tries)))
  }
  if (se <= ROUNDING * span) return { low: mean, high: mean }
  const weight = Math.max(0, skewness ** 2 - clusters / COCHRAN) / 2
  const spread = most - least
  const near = ((Math.min(high, most + spread) - mean) * (mean - Math.max(low, least - spread))) / span ** 2
  const piled = Math.max(0, 1 - (skewness > 0 ? least - low : high - most) / (2 * spread))
  const larger = near + piled * (widest - near)
  const variance = ((se / span) ** 2 * (clusters - 1) + (larger / clusters) * weight) / (clusters - 1 + weight)
  return scaled(exact(share, (widest / variance) * (NORMAL / freedom) ** 2))
}

/** The normal quantile that Student's t comes down to. */
const NORMAL = 1.959963984540054

/** The exact interval of a share of `tries`, which need be no integer. */
function exact(share: number, tries: number): Bounds {
  const hits = share * tries
  return {
    low: share === 0 ? 0 : betaQuantile(TAIL, hits, tries - hits + 1),
    high: share === 1 ? 1 : betaQuantile(1 - TAIL, hits + 1, tries - hits),
  }
}

/**
 * The bootstrap-t interval over whole clusters (Efron & Tibshirani 1993, An Introduction to the Bootstrap, §12.5). Undefined
 * where so many resamples have no spread of their own that a bound would be infinite.
 */
function bootstrapT(
  sums: readonly number[],
  counts: readonly number[],
  mean: number,
  se: number,
  random: Random,
): { low: number; high: number } | undefined {
  const clusters = sums.length
  const ratios = new Float64Array(RESAMPLES)
  const drawnSums = new Float64Array(clusters)
  const drawnCounts = new Float64Array(clusters)
  for (let b = 0; b < RESAMPLES; b++) {
    let n = 0
    let sum = 0
    for (let g = 0; g < clusters; g++) {
      const pick = random.int(0, clusters - 1)
      sum += drawnSums[g] = sums[pick]!
      n += drawnCounts[g] = counts[pick]!
    }
    const again = sum / n
    const away = again - mean
    const spread = standardError(drawnSums, drawnCounts, n, again)
    // Clusters drawn all alike have no spread; what is left of it then is rounding, and the ratio has no bound.
    ratios[b] = away === 0 ? 0 : spread > ROUNDING * se ? away / spread : Math.sign(away) * Number.POSITIVE_INFINITY
  }
  ratios.sort()
  const low = mean - quantileOfSorted(ratios, 1 - TAIL) * se
  const high = mean - quantileOfSorted(ratios, TAIL) * se
  return Number.isFinite(low) && Number.isFinite(high) ? { low, high } : undefined
}

/** The p quantile of sorted values, linear between them (R's type 7). */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  const at = p * (sorted.length - 1)
  const below = sorted[Math.floor(at)]!
  const above = sorted[Math.ceil(at)]!
  return below === above ? below : below + (at - Math.floor(at)) * (above - below)
}

/**
 * p-values raised so that all of them together keep the error rate (Holm 1979, "A Simple Sequentially Rejective Multiple Test
 * Procedure"). Nulls stay out of the count.
 */
export function holm(ps: readonly (number | null)[]): (number | null)[] {
  const order = ps.flatMap((p, i) => (p === null ? [] : [{ p, i }])).sort((a, b) => a.p - b.p)
  const adjusted: (number | null)[] = ps.map(() => null)
  let highest = 0
  for (const [rank, { p, i }] of order.entries()) {
    highest = Math.max(highest, Math.min(1, p * (order.length - rank)))
    adjusted[i] = highest
  }
  return adjusted
}

/**
 * p-values raised so that, of all that are then called true, the expected share of false ones keeps the rate (Benjamini & Hochberg
 * 1995, "Controlling the False Discovery Rate"). Nulls stay out of the count.
 */
export function benjaminiHochberg(ps: readonly (number | null)[]): (number | null)[] {
  const order = ps.flatMap((p, i) => (p === null ? [] : [{ p, i }])).sort((a, b) => b.p - a.p)
  const adjusted: (number | null)[] = ps.map(() => null)
  let lowest = 1
  for (const [above, { p, i }] of order.entries()) {
    lowest = Math.min(lowest, (p * order.length) / (order.length - above))
    adjusted[i] = lowest
  }
  return adjusted
}
