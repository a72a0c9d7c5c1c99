/** The settings an audit plays in beside the preset itself: without institutions, and against other line-ups. Knows no economy. */
import { resolveConfig } from '../../envs/core/config.ts'
import { defaultPlayed } from '../../envs/core/environment.ts'
import { DEFAULT_SETTING } from './found.ts'
import { type AuditSetting, KINDS, type Kind, type LineupSpec, type Subject, specOf } from './spec.ts'

export const UNGOVERNED = 'ungoverned'
/** The name of the setting with that line-up. */
export const against = (lineup: string): string => `against ${lineup}`

/** The settings of a preset, by name; what the economy does not say and its contract does not tell is left out. */
export function settingsOf(subject: Subject, preset: string): ReadonlyMap<string, AuditSetting> {
  const { ungoverned } = specOf(subject, preset)
  const settings: AuditSetting[] = [DEFAULT_SETTING]
  if (ungoverned !== undefined) settings.push({ name: UNGOVERNED, fields: ungoverned })
  for (const [name, lineup] of Object.entries(lineupsOf(subject, preset)))
    settings.push({ name: against(name), fields: lineup.fields ?? {}, ...seated(lineup) })
  return new Map(settings.map(setting => [setting.name, setting]))
}

const seated = ({ opponents, drawn }: LineupSpec): Pick<LineupSpec, 'opponents' | 'drawn'> => ({
  ...(opponents && { opponents }),
  ...(drawn && { drawn }),
})

/**
 * Line-ups as the economy says them; else all seats of one kind, as far as its bots or residents have kinds, and where several
 * bots are of that kind, drawn among them.
 */
function lineupsOf(subject: Subject, preset: string): Readonly<Record<string, LineupSpec>> {
  const { lineups } = specOf(subject, preset)
  if (lineups !== undefined) return lineups
  const { env, opponents, residents } = subject
  const seats = env.seats(resolveConfig(env, preset))
  const beside = defaultPlayed(seats).length - 1
  if (residents !== undefined) {
    const resident = seats.filter(seat => seat.resident).length
    const fields = (of: Readonly<Record<string, number>>): LineupSpec => ({ fields: residents.fields(of) })
    const third = Math.floor(resident / KINDS.length)
    const mixed = { honest: resident - 2 * third, opportunistic: third, deceptive: third }
    return { honest: fields({ honest: resident }), mixed: fields(mixed), deceptive: fields({ deceptive: resident }) }
  }
  const of = (kind: Kind): readonly string[] => botsOf(subject, preset, kind)
  if (beside < 1 || Object.keys(opponents).length === 0 || of('honest').length === 0 || of('deceptive').length === 0) return {}
  return { honest: { drawn: of('honest') }, mixed: {}, deceptive: { drawn: of('deceptive') } }
}

/** The bots of a kind that there are, the representative first. */
export function botsOf(subject: Subject, preset: string, kind: Kind): readonly string[] {
  const named = specOf(subject, preset).bots
  return (named === undefined ? [kind] : (named[kind] ?? [])).filter(name => Object.hasOwn(subject.bots, name))
}

/** The bot that stands for each kind. */
export function kindsOf(subject: Subject, preset: string): Partial<Readonly<Record<Kind, string>>> {
  return Object.fromEntries(
    KINDS.flatMap(kind => {
      const [name] = botsOf(subject, preset, kind)
      return name === undefined ? [] : [[kind, name]]
    }),
  )
}
