/**
 * The statistics of comparisons, as pure functions of numbers. Rollouts of one scenario share its luck, so scenarios are the
 * independent units: values come in added up by scenario, and every interval counts scenarios, not rollouts. Knows no files,
 * no economies and no players.
 */
import { type Random, stream } from '../envs/core/random.ts'
import { tQuantile, tTwoSided } from './distributions.ts'

/** Values added up by cluster; the index is the cluster, and a count of 0 says that it has no value here. */
export interface Clustered {
  readonly sums: ArrayLike<number>
  readonly counts: ArrayLike<number>
}

/** How an interval was made: Student's t, or the bootstrap-t where the values are too skewed for it. */
export type IntervalMethod = 't' | 'bootstrap'

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
  /** `auto` (the default) takes the bootstrap where Cochran's rule says that t needs more clusters than there are. */
  readonly method?: IntervalMethod | 'auto'
  /** Of the bootstrap's own stream; 0 by default. */
  readonly seed?: number
}

const TAIL = 0.025
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
 * The mean over all values with its 95 % interval. Cluster-robust variance of a mean, G/(G−1) · Σ_g (Σ_i (x_gi − x̄))² / n²,
 * t with G − 1 degrees of freedom (Cameron & Miller 2015, "A Practitioner's Guide to Cluster-Robust Inference", §II and VI;
 * Miller 2024, "Adding Error Bars to Evals"). Undefined without a value.
 */
export function clusteredMean(data: Clustered, options: IntervalOptions = {}): Estimate | undefined {
  const { sums, counts } = occupied(data)
  const clusters = sums.length
  if (clusters === 0) return undefined
  const n = total(counts)
  const value = total(sums) / n
  if (clusters === 1) return { value, n, clusters, se: null, low: null, high: null, method: 't' }
  const se = standardError(sums, counts, n, value)
  const { method = 'auto', seed = 0 } = options
  if (method === 'bootstrap' || (method === 'auto' && needsBootstrap(sums, counts, value))) {
    const bounds = bootstrapT(sums, counts, value, se, stream(seed, 'bootstrap'))
    if (bounds !== undefined) return { value, n, clusters, se, ...bounds, method: 'bootstrap' }
  }
  const half = tQuantile(1 - TAIL, clusters - 1) * se
  return { value, n, clusters, se, low: value - half, high: value + half, method: 't' }
}

/**
 * The mean over the clusters that both have of the difference of cluster means, `a` − `b`, with its 95 % interval and the p
 * of the paired t test. Undefined where they share no cluster.
 */
export function pairedDifference(a: Clustered, b: Clustered, options: IntervalOptions = {}): Difference | undefined {
  const differences: number[] = []
  const shared = Math.min(a.counts.length, b.counts.length)
  for (let g = 0; g < shared; g++) {
    const [na, nb] = [a.counts[g]!, b.counts[g]!]
    if (na > 0 && nb > 0) differences.push(a.sums[g]! / na - b.sums[g]! / nb)
  }
  const estimate = clusteredMean({ sums: differences, counts: differences.map(() => 1) }, options)
  if (estimate === undefined) return undefined
  const { value, se, clusters } = estimate
  const p = se === null ? null : se === 0 ? Number(value === 0) : tTwoSided(value / se, clusters - 1)
  return { ...estimate, p }
}

/**
 * The mean of values in [0, 1] with an interval inside it. Where all are 0, or all 1, the spread tells nothing, and the bound
 * is exact for that many clusters (Clopper & Pearson 1934).
 */
export function clusteredShare(data: Clustered, options: IntervalOptions = {}): Estimate | undefined {
  const estimate = clusteredMean(data, options)
  if (estimate === undefined || estimate.low === null || estimate.high === null) return estimate
  const { value, clusters } = estimate
  const unseen = 1 - TAIL ** (1 / clusters)
  if (value === 0) return { ...estimate, low: 0, high: unseen }
  if (value === 1) return { ...estimate, low: 1 - unseen, high: 1 }
  return { ...estimate, low: Math.max(0, estimate.low), high: Math.min(1, estimate.high) }
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

function total(values: readonly number[]): number {
  let sum = 0
  for (const value of values) sum += value
  return sum
}

function standardError(sums: readonly number[], counts: readonly number[], n: number, mean: number): number {
  let squares = 0
  for (let g = 0; g < sums.length; g++) squares += (sums[g]! - counts[g]! * mean) ** 2
  return Math.sqrt((sums.length / (sums.length - 1)) * squares) / n
}

/**
 * Whether t is not to be trusted: Cochran's rule that the units must number more than 25 times the squared skewness (W. G.
 * Cochran, Sampling Techniques, 3rd ed. 1977, §2.15), read with clusters as units.
 */
function needsBootstrap(sums: readonly number[], counts: readonly number[], mean: number): boolean {
  let squares = 0
  let cubes = 0
  for (let g = 0; g < sums.length; g++) {
    const deviation = sums[g]! - counts[g]! * mean
    squares += deviation ** 2
    cubes += deviation ** 3
  }
  // Values that differ in their last bits only have no shape.
  if (Math.sqrt(squares) <= 1e-9 * Math.abs(mean)) return false
  const skewness = cubes / sums.length / (squares / sums.length) ** 1.5
  return sums.length <= 25 * skewness ** 2
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
  for (let b = 0; b < RESAMPLES; b++) {
    const drawn = { sums: [] as number[], counts: [] as number[] }
    for (let g = 0; g < clusters; g++) {
      const pick = random.int(0, clusters - 1)
      drawn.sums.push(sums[pick]!)
      drawn.counts.push(counts[pick]!)
    }
    const n = total(drawn.counts)
    const again = total(drawn.sums) / n
    const away = again - mean
    const spread = standardError(drawn.sums, drawn.counts, n, again)
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

/** Points that each player scored against each other: 1 a win, ½ a tie; `points[i][j]` is i's against j. */
export type Points = readonly (readonly number[])[]

export interface Strengths {
  /** Natural-log strength, mean 0 within the group; null for a player alone in its group. */
  readonly strength: readonly (number | null)[]
  /**
   * Players of one group have scored against each other, directly or through others, both ways; between groups the games
   * played fix no finite strength (nobody met, or one side never scored).
   */
  readonly group: readonly number[]
}

/**
 * Bradley–Terry strengths by maximum likelihood, with the MM algorithm (Hunter 2004, "MM Algorithms for Generalized
 * Bradley–Terry Models"). The estimate exists where the graph of points scored is strongly connected (Ford 1957), so each
 * strongly connected group gets its own scale.
 */
export function bradleyTerry(points: Points): Strengths {
  const group = stronglyConnected(points)
  const strength: (number | null)[] = points.map(() => null)
  for (const id of new Set(group)) {
    const members = group.flatMap((other, i) => (other === id ? [i] : []))
    if (members.length < 2) continue
    const fitted = fitStrengths(members.map(i => members.map(j => points[i]![j]!)))
    for (const [at, i] of members.entries()) strength[i] = fitted[at]!
  }
  return { strength, group }
}

function fitStrengths(points: Points): number[] {
  const players = points.map((_, i) => i)
  const won = points.map(total)
  let strengths = players.map(() => 1)
  for (let round = 0; round < 100_000; round++) {
    const next = players.map(i => {
      let met = 0
      for (const j of players) if (j !== i) met += (points[i]![j]! + points[j]![i]!) / (strengths[i]! + strengths[j]!)
      return won[i]! / met
    })
    const scale = Math.exp(total(next.map(Math.log)) / players.length)
    const scaled = next.map(value => value / scale)
    const moved = Math.max(...players.map(i => Math.abs(Math.log(scaled[i]! / strengths[i]!))))
    strengths = scaled
    if (moved < 1e-12) break
  }
  return strengths.map(Math.log)
}

/** Numbers the groups within which everybody reaches everybody along scored points, in order of their first member. */
function stronglyConnected(points: Points): number[] {
  const reaches = points.map((row, i) => row.map((scored, j) => i === j || scored > 0))
  for (const [via, onward] of reaches.entries())
    for (const row of reaches) if (row[via]) for (const [j, open] of onward.entries()) row[j] ||= open
  const group: number[] = []
  let groups = 0
  for (const i of points.keys()) {
    const first = group.findIndex((_, j) => reaches[i]![j]! && reaches[j]![i]!)
    group.push(first === -1 ? groups++ : group[first]!)
  }
  return group
}

/** Points of one pair of players in one cluster. */
export interface PairPoints {
  readonly cluster: number
  readonly i: number
  readonly j: number
  /** Points of i and of j; together the games they played. */
  readonly pi: number
  readonly pj: number
}

export interface StrengthEstimate {
  readonly strength: number | null
  readonly group: number
  /** 95 % percentile interval over resampled clusters; null where resamples too often fall apart into other groups. */
  readonly low: number | null
  readonly high: number | null
}

/** Bradley–Terry strengths with bootstrap intervals: whole clusters are drawn again, `resamples` times. */
export function strengths(
  games: readonly PairPoints[],
  players: number,
  { seed = 0, resamples = 500 }: { readonly seed?: number; readonly resamples?: number } = {},
): StrengthEstimate[] {
  const byCluster: PairPoints[][] = []
  for (const game of games) {
    const known = byCluster[game.cluster]
    if (known === undefined) byCluster[game.cluster] = [game]
    else known.push(game)
  }
  const clusters = byCluster.filter(games => games !== undefined)
  const whole = bradleyTerry(pointsOf(clusters, players))
  const random = stream(seed, 'strengths')
  const drawn: number[][] = Array.from({ length: players }, () => [])
  for (let b = 0; b < resamples && clusters.length > 1; b++) {
    const again = bradleyTerry(
      pointsOf(
        clusters.map(() => random.pick(clusters)),
        players,
      ),
    )
    if (again.group.some((group, i) => group !== whole.group[i])) continue
    for (const [i, strength] of again.strength.entries()) if (strength !== null) drawn[i]!.push(strength)
  }
  return whole.strength.map((strength, i) => {
    const values = Float64Array.from(drawn[i]!).sort()
    const enough = strength !== null && values.length >= 0.95 * resamples
    return {
      strength,
      group: whole.group[i]!,
      low: enough ? quantileOfSorted(values, TAIL) : null,
      high: enough ? quantileOfSorted(values, 1 - TAIL) : null,
    }
  })
}

function pointsOf(clusters: readonly (readonly PairPoints[])[], players: number): number[][] {
  const points = Array.from({ length: players }, () => new Array<number>(players).fill(0))
  for (const games of clusters) {
    for (const { i, j, pi, pj } of games) {
      points[i]![j]! += pi
      points[j]![i]! += pj
    }
  }
  return points
}
