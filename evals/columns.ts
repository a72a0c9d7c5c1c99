/**
 * Whose column a run's rollouts are added to: one player with its treatment, whatever folders it was played into. Finds rollouts
 * that stand in two folders. Knows run folders; adds up nothing.
 */
import { basename, dirname } from 'node:path'
import { UserError } from '../envs/core/errors.ts'
import { groupBy } from '../envs/core/grouped.ts'
import { digest } from '../envs/core/plain.ts'
import type { AgentId } from '../envs/core/tool.ts'
import { Unread } from '../rollouts/jsonl.ts'
import { columnNames, shortName } from '../rollouts/labels.ts'
import type { Metadata } from '../rollouts/metadata.ts'
import { whole } from '../rollouts/record.ts'
import { outcomeOf } from '../rollouts/rows.ts'
import { readRolloutFigures } from '../rollouts/store.ts'
import { type ColumnFacts, settingId } from './setting.ts'

/** A run that is compared. */
export interface RunEntry {
  readonly folder: string
  readonly metadata: Metadata
}

/** The columns of the runs that are compared. */
export interface Columns {
  /** The column of a player of a run. */
  of(entry: RunEntry, player: string): ColumnFacts
  /** The keys of a run's rollouts that another run has already brought. */
  repeated(entry: RunEntry): ReadonlySet<string>
  /** What a reader must know, a line each. */
  readonly notes: readonly string[]
}

/** The seats of a run's evaluated players, by player string. */
export function playersOf({ lineup, evaluated }: Metadata): Map<string, AgentId[]> {
  return groupBy(evaluated, agent => lineup[agent]!)
}

const NONE: ReadonlySet<string> = new Set()

/**
 * The columns of these runs. `labels` say what players are called, by player string or short name; a UserError where one is
 * nobody's.
 */
export function columnsOf(entries: readonly RunEntry[], labels: Readonly<Record<string, string>> = {}): Columns {
  const { repeated, apart, notes } = repetitions(entries)
  const found = new Map<string, { readonly player: string; readonly label: string | undefined; readonly folder: string }>()
  const idOf = (entry: RunEntry, player: string): string =>
    digest([player, detailsOf(entry.metadata, player), apart.get(entry) ?? ''])
  for (const entry of entries) {
    for (const player of playersOf(entry.metadata).keys()) {
      const label = labels[player] ?? labels[shortName(player)] ?? entry.metadata.player_labels?.[player]
      const id = idOf(entry, player)
      const known = found.get(id)
      if (known === undefined || known.label === undefined)
        found.set(id, { player, label, folder: known?.folder ?? entry.folder })
    }
  }
  const all = [...found]
  const unknown = Object.keys(labels).find(
    called => !all.some(([, { player }]) => called === player || called === shortName(player)),
  )
  if (unknown !== undefined)
    throw new UserError(
      `--label: no player '${unknown}' in these runs. Players: ${[...new Set(all.map(([, { player }]) => player))].join(', ')}.`,
    )
  const names = columnNames(
    all.map(([, { player, label, folder }], i) => {
      // Two that are not told apart by their names are told apart by where they lie.
      const twin = all.findIndex(([, other]) => other.player === player) < i
      const where = twin ? ` [${basename(dirname(folder))}]` : ''
      return { name: `${player}${where}`, ...(label !== undefined && { label: `${label}${where}` }) }
    }),
  )
  const columns = new Map(all.map(([id, { player }], i) => [id, { id, label: names[i]!, player }]))
  return {
    of: (entry, player) => columns.get(idOf(entry, player))!,
    repeated: entry => repeated.get(entry) ?? NONE,
    notes,
  }
}

/** What is known of one player of a run. */
function detailsOf({ player, player_details }: Metadata, one: string): unknown {
  return player === one ? player_details : player_details[one]
}

/**
 * Runs of the same thing: their rollouts are those of one player, and one that stands in two of them counts once, unless it came
 * out otherwise, when the runs are two samples that stand apart.
 */
function repetitions(entries: readonly RunEntry[]) {
  const groups = groupBy(entries, ({ metadata }) => {
    const { lineup, opponents_shuffled, evaluated, player_details } = metadata
    return digest([settingId(metadata), lineup, opponents_shuffled ?? false, evaluated, player_details])
  })
  const repeated = new Map<RunEntry, ReadonlySet<string>>()
  const apart = new Map<RunEntry, string>()
  const notes: string[] = []
  for (const group of groups.values()) {
    if (group.length < 2) continue
    const samples: Map<string, string>[] = []
    for (const entry of group) {
      const outcomes = outcomesOf(entry.folder)
      const same = samples.findIndex(sample => [...outcomes].every(([key, outcome]) => (sample.get(key) ?? outcome) === outcome))
      const { player } = entry.metadata
      if (same === -1) {
        if (samples.length > 0) {
          apart.set(entry, entry.folder)
          notes.push(`${shortName(player)} in ${entry.folder} was played again and came out otherwise: it stands apart.`)
        }
        samples.push(outcomes)
        continue
      }
      const sample = samples[same]!
      const again = [...outcomes.keys()].filter(key => sample.has(key))
      if (same > 0) apart.set(entry, apart.get(group.find(other => apart.has(other))!)!)
      for (const [key, outcome] of outcomes) sample.set(key, outcome)
      if (again.length === 0) continue
      repeated.set(entry, new Set(again))
      notes.push(
        `${shortName(player)}: ${again.length === 1 ? '1 rollout' : `${again.length} rollouts`} of ${entry.folder} stand in ${group[0]!.folder} too and are counted once.`,
      )
    }
  }
  return { repeated, apart, notes }
}

/** How each rollout of a run came out, by key. */
function outcomesOf(folder: string): Map<string, string> {
  const outcomes = new Map<string, string>()
  // What was added later is no part of it.
  for (const { key, rows } of readRolloutFigures(folder, new Unread()))
    outcomes.set(key, digest(rows.map(row => outcomeOf(whole(row)))))
  return outcomes
}
