/** The audit of one preset: what was played, judged and put into rows. Knows no economy, no file and no terminal. */
import type { Runner } from './arena.ts'
import { type FoundFile, staleness } from './found.ts'
import { measure } from './measure.ts'
import { type KindRow, kindRows, type PlayerRow, playerRows } from './player_rows.ts'
import type { Subject } from './spec.ts'
import { judged, type TargetRow } from './targets.ts'

export interface PresetAudit {
  readonly env: string
  readonly version: number
  readonly preset: string
  /** Whether the preset is one that is to meet the targets. */
  readonly standard: boolean
  /** Held-out seeds. */
  readonly seeds: number
  readonly games: number
  /** Games of the search whose policies were replayed; null where nobody has searched. */
  readonly searched: number | null
  /** Why what was found may no longer be the best. */
  readonly stale: string | null
  readonly kinds: readonly KindRow[]
  readonly players: readonly PlayerRow[]
  readonly targets: readonly TargetRow[]
}

export interface AuditOptions {
  readonly seeds: number
  readonly found?: FoundFile
  readonly run?: Runner
  readonly progress?: (games: number) => void
}

export async function auditPreset(subject: Subject, preset: string, options: AuditOptions): Promise<PresetAudit> {
  const measured = await measure(subject, preset, options)
  const { found } = options
  return rounded({
    env: subject.env.id,
    version: subject.env.version,
    preset,
    standard: standardPresets(subject).includes(preset),
    seeds: options.seeds,
    games: measured.games,
    searched: found?.search.games ?? null,
    stale: (found === undefined ? undefined : staleness(subject, preset, found)) ?? null,
    kinds: kindRows(measured),
    players: playerRows(measured),
    targets: judged(measured),
  })
}

/** Rows are kept in files and compared: six digits after the point are what anybody reads. */
function rounded<Rows>(rows: Rows): Rows {
  return JSON.parse(
    JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'number' ? Number(value.toFixed(6)) : value)),
  ) as Rows
}

/** The presets that are to meet the targets: those the economy names, else its default. */
export function standardPresets({ env, spec }: Subject): readonly string[] {
  return spec.standard ?? Object.keys(env.presets).slice(0, 1)
}

/** The targets that a preset misses though it is to meet them. */
export function missed({ standard, targets }: PresetAudit): readonly TargetRow[] {
  return standard ? targets.filter(({ verdict }) => verdict === 'MISSED') : []
}

/** Targets that no sample stands behind: the same whatever the number of seeds. */
const UNSAMPLED: readonly string[] = ['salad', 'gibberish', 'short_answer', 'padding', 'prompt', 'history']

/**
 * Whether results still hold: what everybody earned on the first seeds, and what the texts came to, as they were written and as
 * they are now. A line a difference; the games of the other seeds follow from the same rules and policies.
 */
export function differences(written: PresetAudit, now: PresetAudit): string[] {
  const lines: string[] = []
  if (written.version !== now.version) lines.push(`version ${written.version} was audited, this is version ${now.version}`)
  const id = ({ setting, role, player }: PlayerRow): string => `${setting}: ${player} (${role})`
  const found = new Map(now.players.map(row => [id(row), row.first]))
  for (const row of written.players) {
    const first = found.get(id(row))
    if (first === undefined) lines.push(`${id(row)} is not played any more`)
    else if (first !== row.first) lines.push(`${id(row)} earned ${row.first} on the first seeds, and now ${first}`)
    found.delete(id(row))
  }
  for (const player of found.keys()) lines.push(`${player} was not played then`)
  for (const row of written.targets.filter(target => UNSAMPLED.includes(target.id))) {
    const value = now.targets.find(target => target.id === row.id)?.value
    if (value !== row.value) lines.push(`${row.title}: ${row.value} then, ${value} now`)
  }
  return lines
}
