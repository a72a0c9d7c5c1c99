/**
 * What a comparison comes to: per setting who earned what, how that differs from the baseline, whether it is settled, and what went
 * wrong. Chosen among the comparison's figures; computes none. Knows no layout.
 */
import type { Comparison } from './compare.ts'
import { CORRECTIONS, type Correction, type Figure } from './figures.ts'

/** A player of a setting. */
export interface OverviewRow {
  readonly setting: string
  readonly player: string
  readonly reward: Figure
  /** Whether the others of the setting are compared with this one. */
  readonly is_baseline: boolean
  /** Its reward less the baseline's, on shared scenarios; null for the baseline, and where there is none. */
  readonly difference: Figure | null
  /** Whether the corrected p of that difference is below `SETTLED`; null where there is no difference. */
  readonly settled: boolean | null
}

/** Rollouts that no mean holds, or not whole. */
export interface Lack {
  readonly setting: string
  readonly player: string
  readonly what: 'failed' | 'missing' | 'cut short'
  readonly rollouts: number
}

/** Who is best in a setting, and what else sets the best apart. */
export interface Verdict {
  readonly setting: string
  /** Scenarios behind the figures: the least and the most of its players. */
  readonly scenarios: readonly [least: number, most: number]
  /** The player of the highest mean reward. */
  readonly best: OverviewRow
  /** Whose difference says by how much: that of the best from the baseline or, where the baseline is best, that of the runner-up. */
  readonly by: OverviewRow | null
  /** The player of the second highest mean reward. */
  readonly next: OverviewRow | null
  /** Other settled differences of the same two players, parts of the score before metrics, the surest first; five at most. */
  readonly why: readonly Figure[]
}

export interface Overview {
  readonly correction: Correction
  readonly rows: readonly OverviewRow[]
  readonly verdicts: readonly Verdict[]
  readonly lacking: readonly Lack[]
  /** USD a scored rollout, by setting and player; nothing for players that cost nothing. */
  readonly cost: readonly Figure[]
}

/** A difference is settled below this corrected p. */
export const SETTLED = 0.05

/** Items of the table of rollouts that say what a mean lacks. */
const LACKING: Readonly<Record<string, Lack['what']>> = { failed: 'failed', missing: 'missing', truncated: 'cut short' }

/** Reasons that a verdict names at most. */
const REASONS = 5

/** The p that is shown under a correction; undefined where the figure has none. */
export function shownP(figure: Figure, correction: Correction): number | undefined {
  const p = figure[CORRECTIONS[correction].shown]
  return typeof p === 'number' ? p : undefined
}

export function overviewOf({ settings, figures }: Comparison, correction: Correction = 'holm'): Overview {
  const isSettled = (figure: Figure): boolean => (shownP(figure, correction) ?? 1) < SETTLED
  const table = (name: Figure['table']): Figure[] => figures.filter(figure => figure.table === name)
  const [scores, differences, counts] = [table('scores'), table('differences'), table('rollouts')]
  const parts = new Set(scores.map(({ item }) => item))
  const rows = settings.flatMap(setting => {
    const own = differences.filter(({ setting: of, item }) => of === setting && item === 'reward')
    return scores.flatMap((reward): OverviewRow[] => {
      if (reward.setting !== setting || reward.item !== 'reward') return []
      const { player } = reward
      const difference = own.find(figure => figure.player.startsWith(`${player} − `)) ?? null
      const is_baseline = difference === null && own.some(figure => figure.player.endsWith(` − ${player}`))
      return [{ setting, player, reward, is_baseline, difference, settled: difference && isSettled(difference) }]
    })
  })
  const verdicts = settings.flatMap((setting): Verdict[] => {
    const ranked = rows
      .filter(row => row.setting === setting && row.reward.value !== null)
      .sort((a, b) => b.reward.value! - a.reward.value!)
    const best = ranked[0]
    if (best === undefined) return []
    const next = ranked[1] ?? null
    const by = best.is_baseline ? next : best.difference === null ? null : best
    const why = differences
      .filter(
        each => each.setting === setting && each.player === by?.difference?.player && each.item !== 'reward' && isSettled(each),
      )
      .sort((a, b) => Number(parts.has(b.item)) - Number(parts.has(a.item)) || (a.p ?? 1) - (b.p ?? 1))
      .slice(0, REASONS)
    const played = counts.flatMap(({ setting: of, item, value }) => (of === setting && item === 'scenarios' ? [value ?? 0] : []))
    return [{ setting, scenarios: [Math.min(...played), Math.max(...played)], best, by, next, why }]
  })
  const lacking = counts.flatMap(({ setting, player, item, value }): Lack[] =>
    value !== null && value > 0 && Object.hasOwn(LACKING, item)
      ? [{ setting, player, what: LACKING[item]!, rollouts: value }]
      : [],
  )
  return {
    correction,
    rows,
    verdicts,
    lacking,
    cost: table('spending').filter(({ item, value }) => item === 'USD' && value !== null),
  }
}
