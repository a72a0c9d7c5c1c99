/**
 * Who differs from whom: players from the baseline of their setting, and settings from the first of their economy, each with the p of
 * its test alone and corrected for how many tests there are. Knows tallies and statistics; reads nothing.
 */
import { addTo } from '../envs/core/grouped.ts'
import type { Column } from '../rollouts/column.ts'
import { COUNTS, type Figure, interval, isCount, type TableId } from './figures.ts'
import type { PlayerTally } from './player_tally.ts'
import type { Setting } from './setting.ts'
import { benjaminiHochberg, holm, pairedDifference } from './stats.ts'

/** Every player of a setting against the baseline, the one of that label or name or else the setting's own, on shared scenarios; not yet corrected. */
export function playerDifferences(setting: Setting, label: string, named: string | undefined): Figure[] {
  const baseline = setting.baseline(named)
  if (baseline === undefined) return []
  const others = setting.tallies.filter(tally => tally !== baseline && setting.comparable(tally, baseline))
  const columns = (tally: PlayerTally): Map<string, Column> => new Map([['reward', tally.reward], ...tally.metrics])
  return [...columns(baseline)].flatMap(([name, column]) =>
    others.flatMap((other): Figure[] => {
      const theirs = columns(other).get(name)
      const range = setting.range(name, column)
      const difference = theirs && pairedDifference(theirs, column, { range })
      if (difference === undefined) return []
      const item = isCount(name) ? COUNTS[name] : name
      const common = { table: 'differences', setting: label, player: `${other.label} − ${baseline.label}`, item } as const
      const family = `${item} in ${label}: players against ${baseline.label}`
      return [{ ...common, unit: 'number', ...interval(difference), n: difference.clusters, p: difference.p, family }]
    }),
  )
}

/** Each player's reward in every setting of an economy against its first: what an ablation does, on shared scenarios. */
export function settingDifferences(settings: readonly Setting[], labels: readonly string[]): Figure[] {
  return settings.flatMap((setting, i) => {
    const first = settings.findIndex(({ metadata }) => metadata.env_id === setting.metadata.env_id)
    if (first === i) return []
    return setting.tallies.flatMap(({ label: player, reward }): Figure[] => {
      const base = settings[first]!
      const before = base.tallies.find(other => other.label === player)
      if (before === undefined) return []
      const range = setting.range('reward', reward)
      const difference = pairedDifference(reward, before.reward, { range, second: base.range('reward', before.reward) })
      if (difference === undefined) return []
      const common = { table: 'settings', setting: labels[first]!, player, item: labels[i]!, unit: 'number' } as const
      const family = `reward of ${player}: settings against ${labels[first]!}`
      return [{ ...common, ...interval(difference), n: difference.clusters, p: difference.p, family }]
    })
  })
}

/**
 * The figures with what their p-values come to beside others: `p_adjusted` by Holm's method over the figures of one family, `q` by
 * Benjamini and Hochberg's over all of one table.
 */
export function corrected(figures: readonly Figure[]): Figure[] {
  const byFamily = adjust(figures, ({ table, family }) => `${table} ${family}`, holm)
  const byTable = adjust(figures, ({ table }) => table, benjaminiHochberg)
  return figures.map((figure, i) =>
    figure.p === undefined ? figure : { ...figure, p_adjusted: byFamily.get(i) ?? null, q: byTable.get(i) ?? null },
  )
}

/** The corrected p-values by place, of those that have one. */
function adjust(
  figures: readonly Figure[],
  groupOf: (figure: Figure) => string | TableId,
  method: (ps: readonly (number | null)[]) => (number | null)[],
): Map<number, number | null> {
  const groups = new Map<string, number[]>()
  for (const [i, figure] of figures.entries()) {
    if (figure.p !== undefined) addTo(groups, groupOf(figure), i)
  }
  return new Map(
    [...groups.values()].flatMap(places => {
      const ps = method(places.map(i => figures[i]!.p!))
      return places.map((place, at) => [place, ps[at]!] as const)
    }),
  )
}
