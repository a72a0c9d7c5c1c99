/**
 * Sweeps among compared settings: what a field of the configuration does to every player, with the field as the axis. Knows
 * settings; reads nothing.
 */
import { canonical, digest, short } from '../envs/core/plain.ts'
import type { Metadata } from '../rollouts/metadata.ts'
import type { Figure } from './figures.ts'
import { othersOf, type Setting, settingLabel } from './setting.ts'
import { clusteredMean } from './stats.ts'

/** One axis: settings that differ in one field only. */
export interface Sweep {
  /** Such as `Sweeps in toy_market crowded`: what its figures name as their setting, all axes around one setting the same. */
  readonly section: string
  readonly factor: string
  /** In the order of the axis: numbers by size, others as they came. */
  readonly values: readonly unknown[]
  /** The labels of the settings at these values. */
  readonly settings: readonly string[]
}

interface Group {
  readonly factor: string
  readonly members: { setting: Setting; label: string; value: unknown }[]
}

/** Who the others are, however many: a field may say how many there are. */
function kindsOf({ lineup, evaluated, opponents_shuffled }: Metadata): unknown {
  const others = Object.entries(lineup).filter(([agent]) => !evaluated.includes(agent))
  return [[...new Set(others.map(([, player]) => player))].sort(), opponents_shuffled === true]
}

/** A group by line-up, where two line-ups of it have one value. */
function apart({ factor, members }: Group): Group[] {
  if (new Set(members.map(({ value }) => canonical(value))).size === members.length) return [{ factor, members }]
  const lineups = [...new Set(members.map(({ setting }) => othersOf(setting.metadata)))]
  return lineups.map(others => ({ factor, members: members.filter(({ setting }) => othersOf(setting.metadata) === others) }))
}

/** The sweeps that the settings' experiments made, and the reward and every metric of every player along them. */
export function sweepsOf(
  settings: readonly Setting[],
  labels: readonly string[],
  seed: number,
): { readonly sweeps: Sweep[]; readonly figures: Figure[] } {
  const groups = new Map<string, Group>()
  for (const [i, setting] of settings.entries()) {
    const { metadata } = setting
    for (const factor of metadata.experiment?.sweep ?? []) {
      const { [factor]: value, ...rest } = metadata.config as Record<string, unknown>
      const id = digest([metadata.env_id, metadata.version_info.env_version, kindsOf(metadata), factor, rest])
      const group = groups.get(id) ?? { factor, members: [] }
      group.members.push({ setting, label: labels[i]!, value: value ?? null })
      groups.set(id, group)
    }
  }
  const sweeps: Sweep[] = []
  const figures: Figure[] = []
  for (const { factor, members } of [...groups.values()].flatMap(apart)) {
    if (new Set(members.map(({ value }) => canonical(value))).size < 2) continue
    if (members.every(({ value }) => typeof value === 'number')) members.sort((a, b) => (a.value as number) - (b.value as number))
    // The plainest of them names what they have in common.
    const [{ metadata }] = members.map(({ setting }) => setting).sort((a, b) => setFields(a) - setFields(b)) as [Setting]
    const common = `Sweeps in ${settingLabel(metadata, factor)}`
    const twin = sweeps.some(other => other.section === common && other.factor === factor)
    const section = twin ? `${common} against ${othersOf(metadata) || 'nobody'}` : common
    sweeps.push({ section, factor, values: members.map(({ value }) => value), settings: members.map(({ label }) => label) })
    for (const { setting, value } of members) {
      const at = short(value, 40)
      for (const { label: player, reward, metrics } of setting.tallies) {
        for (const [metric, column] of new Map([['reward', reward], ...metrics])) {
          const estimate = clusteredMean(column, { seed, range: setting.range(metric, column) })
          if (estimate === undefined) continue
          const { value: mean, n, low, high, method } = estimate
          figures.push({
            table: metric === 'reward' ? 'sweep' : 'sweep_metrics',
            setting: section,
            player,
            item: metric === 'reward' ? `${factor} ${at}` : `${metric}, ${factor} ${at}`,
            unit: 'number',
            value: mean,
            n,
            low,
            high,
            method,
            metric,
            factor,
            at: value,
          })
        }
      }
    }
  }
  return { sweeps, figures }
}

function setFields({ metadata }: Setting): number {
  return Object.keys(metadata.env_args.set).length
}
