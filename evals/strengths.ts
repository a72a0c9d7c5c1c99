/**
 * Who is how strong, from points that players scored against each other: Bradley–Terry strengths and their bootstrap intervals, as
 * pure functions of numbers. Knows no games, no files and no players.
 */
import { stream } from '../envs/core/random.ts'
import { sum } from '../envs/core/sums.ts'
import { quantileOfSorted, TAIL } from './stats.ts'

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
  const won = points.map(sum)
  let strengths = players.map(() => 1)
  for (let round = 0; round < 100_000; round++) {
    const next = players.map(i => {
      let met = 0
      for (const j of players) if (j !== i) met += (points[i]![j]! + points[j]![i]!) / (strengths[i]! + strengths[j]!)
      return won[i]! / met
    })
    const scale = Math.exp(sum(next.map(Math.log)) / players.length)
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
