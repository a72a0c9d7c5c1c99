/** What was measured as tables: every player of a setting, and the kinds with and without governance. Judges nothing. */
import { rangeOf, type ValueRange } from '../../envs/core/range.ts'
import { mean, sd } from '../../envs/core/sums.ts'
import { configs } from './arena.ts'
import { DEFAULT_SETTING } from './found.ts'
import type { Measured } from './measure.ts'
import { FIRST_SEEDS, type Role } from './race.ts'
import { meanOf } from './sample.ts'
import { settingsOf, UNGOVERNED } from './settings.ts'
import { KINDS, type Kind } from './spec.ts'
import { bot, rewards, scaleOf, shareOfRange } from './targets.ts'

/** One line of the table of players in a setting. */
export interface PlayerRow {
  readonly setting: string
  readonly player: string
  readonly role: Role
  /** Seeds that it played: who could not decide a target any more plays fewer. */
  readonly seeds: number
  readonly reward: number
  readonly low: number | null
  readonly high: number | null
  readonly sd: number
  /** The mean over the first seeds, which everybody plays: what a check plays again. */
  readonly first: number
  /** (reward − passive) / (best − passive). */
  readonly of_best: number | null
  readonly reputation: number | null
  readonly does: string
}

/** What rewards there can be in a setting. */
function rewardRange({ subject, preset }: Measured, setting: string): ValueRange {
  return rangeOf(subject.env, 'reward', configs(subject, preset, settingsOf(subject, preset).get(setting)!))
}

/** The players of every setting, best first. */
export function playerRows(measured: Measured): PlayerRow[] {
  return [...measured.settings].flatMap(([setting, players]) => {
    const scale = scaleOf(measured, setting)
    const reach = rewardRange(measured, setting)
    return players
      .map(played => {
        const { value, low, high } = meanOf(rewards(played), reach)
        const reputations = played.sample.reputations.filter(reputation => reputation !== null)
        return {
          setting,
          player: played.name,
          role: played.role,
          seeds: rewards(played).length,
          reward: value,
          low,
          high,
          sd: sd(rewards(played)),
          first: mean(rewards(played).slice(0, FIRST_SEEDS)),
          of_best: typeof scale === 'string' ? null : shareOfRange(scale, played).value,
          reputation: reputations.length === 0 ? null : mean(reputations),
          does: played.does ?? '',
        }
      })
      .sort((a, b) => b.reward - a.reward)
  })
}

/** A cell of the table of kinds by governance. */
export interface KindRow {
  readonly kind: Kind
  readonly bot: string
  readonly governed: Pick<PlayerRow, 'reward' | 'low' | 'high'> | null
  readonly ungoverned: Pick<PlayerRow, 'reward' | 'low' | 'high'> | null
}

/** Kinds × governance, with 95 % intervals. */
export function kindRows(measured: Measured): KindRow[] {
  const cell = (name: string, setting: string): KindRow['governed'] => {
    const played = bot(measured, name, setting)
    if (played === undefined) return null
    const { value, low, high } = meanOf(rewards(played), rewardRange(measured, setting))
    return { reward: value, low, high }
  }
  return KINDS.flatMap(kind => {
    const name = measured.kinds[kind]
    return name === undefined
      ? []
      : [{ kind, bot: name, governed: cell(name, DEFAULT_SETTING.name), ungoverned: cell(name, UNGOVERNED) }]
  })
}
