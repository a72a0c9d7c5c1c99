/**
 * Reads the runs of any number of players, a row at a time, and says how they compare. Knows run folders; knows no layout.
 */
import type { AnyEnvironment } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import type { Lookup } from '../envs/core/registry.ts'
import type { AgentId } from '../envs/core/tool.ts'
import type { Metadata } from '../rollouts/metadata.ts'
import { modelNotes } from '../rollouts/models/notes.ts'
import { readRollouts, readScoreFacts } from '../rollouts/scores.ts'
import { readCallFigures, readErrors, readMetadata, readSteps } from '../rollouts/store.ts'
import { PASS_THRESHOLD } from '../rollouts/summary.ts'
import type { Figure } from './figures.ts'
import type { Publication } from './published.ts'
import { Setting, settingId, settingLabels } from './setting.ts'
import { publishedFigures, settingFigures, settingsFigures } from './tables.ts'
import type { Tally } from './tally.ts'

export interface CompareOptions {
  /** Where the runs' economies are looked up: what a log means, what is billed, what a metric is. */
  readonly environments: Lookup<AnyEnvironment>
  /** The player that the others are compared with; the first of a setting by default. */
  readonly baseline?: string
  /** The reward that counts as a pass. */
  readonly threshold?: number
  /** Of the bootstrap. */
  readonly seed?: number
  /** Whether logs are read too: what follows what, first use, dealings, texts. True by default. */
  readonly logs?: boolean
  /** Published runs to stand beside. */
  readonly published?: Publication
}

/** A run as the figures speak of it. */
export interface ComparedRun {
  readonly folder: string
  readonly setting: string
  /** What the figures call the run's evaluated players, by name. */
  readonly players: Readonly<Record<string, string>>
}

export interface Comparison {
  readonly runs: readonly ComparedRun[]
  /** In the order of the runs; players of different settings are never put in one table, `settings` apart. */
  readonly settings: readonly string[]
  readonly figures: readonly Figure[]
  /** What a reader must know, a line each. */
  readonly notes: readonly string[]
}

/** Compares the runs in these folders. A UserError where one is no run, or nobody is the baseline. */
export function compare(folders: readonly string[], options: CompareOptions): Comparison {
  const { environments, logs = true, seed = 0, published } = options
  const settings = new Map<string, Setting>()
  const scenarios = new Map<string, Map<string, number>>()
  const runs: { readonly folder: string; readonly setting: Setting; readonly players: Readonly<Record<string, string>> }[] = []
  const notes: string[] = []
  for (const folder of folders) {
    const metadata = readMetadata(folder)
    if (metadata === undefined) throw new UserError(`${folder} is no run: it has no metadata.json that can be read.`)
    const id = settingId(metadata)
    const numbers = scenarios.get(metadata.env_id) ?? new Map<string, number>()
    scenarios.set(metadata.env_id, numbers)
    const { env_id } = metadata
    const env = environments.has(env_id) ? environments.get(env_id) : undefined
    const setting = settings.get(id) ?? new Setting(metadata, numbers, env)
    settings.set(id, setting)
    addRun(setting, folder, metadata, options.threshold ?? thresholdOf(setting))
    const players = [...playersOf(metadata).keys()].map(player => [player, setting.tally(folder, metadata, player).label])
    runs.push({ folder, setting, players: Object.fromEntries(players) })
    notes.push(...judged(folder), ...modelNotes(metadata))
    if (!logs) continue
    const unread = addLogs(setting, folder, metadata)
    if (unread !== undefined) notes.push(`The logs in ${folder} were not read: ${unread}.`)
  }
  const all = [...settings.values()]
  checkBaseline(all, options.baseline)
  const labels = settingLabels(all)
  notes.push(...all.flatMap((setting, i) => unranked(setting, labels[i]!)))
  const others = published?.runs ?? []
  const beside = others.flatMap(run => all.flatMap((setting, i) => (setting.isOf(run) ? [{ run, label: labels[i]! }] : [])))
  const absent = others.length - new Set(beside.map(({ run }) => run)).size
  if (beside.length > 0) notes.push(`Published figures: ${published!.source}.`)
  if (absent > 0) notes.push(`Published runs of other configurations than these, not shown: ${absent}.`)
  const shown = { seed, ...(options.baseline !== undefined && { baseline: options.baseline }) }
  return {
    runs: runs.map(run => ({ ...run, setting: labels[all.indexOf(run.setting)]! })),
    settings: labels,
    figures: [
      ...all.flatMap((setting, i) =>
        settingFigures(setting, labels[i]!, { ...shown, threshold: options.threshold ?? thresholdOf(setting) }),
      ),
      ...settingsFigures(all, labels, shown),
      ...beside.flatMap(({ run, label }) => publishedFigures(run, label)),
    ],
    notes,
  }
}

/** The pass of a setting: what its first run was told. */
function thresholdOf({ metadata }: Setting): number {
  return metadata.pass_threshold ?? PASS_THRESHOLD
}

/** The players of a run, each evaluated seat's. */
function playersOf({ lineup, evaluated }: Metadata): Map<string, AgentId[]> {
  const players = new Map<string, AgentId[]>()
  for (const agent of evaluated) players.set(lineup[agent]!, [...(players.get(lineup[agent]!) ?? []), agent])
  return players
}

function addRun(setting: Setting, folder: string, metadata: Metadata, threshold: number): void {
  const players = [...playersOf(metadata).keys()]
  const tallies = new Map(players.map(player => [player, setting.tally(folder, metadata, player)]))
  const failed = new Set<string>()
  for (const { key } of readErrors(folder)) failed.add(key)
  for (const rows of readRollouts(folder)) {
    failed.delete(rows[0]!.key)
    const seats: { readonly player: number; readonly reward: number }[] = []
    for (const row of rows) {
      const scenario = setting.scenario(row)
      const tally = tallies.get(row.info.player)
      if (tally === undefined) continue
      tally.add(row, scenario, threshold)
      if (players.length === 1) continue
      const seat = { player: setting.tallies.indexOf(tally), reward: row.reward }
      for (const other of seats)
        if (other.player !== seat.player) setting.games.play(scenario, other.player, seat.player, other.reward, seat.reward)
      seats.push(seat)
    }
  }
  for (const tally of tallies.values()) {
    tally.failed += failed.size
    tally.missing += Math.max(0, metadata.planned - metadata.ok - failed.size)
  }
  for (const call of readCallFigures(folder)) {
    const player = metadata.lineup[call.agent]
    if (player !== undefined && metadata.evaluated.includes(call.agent)) tallies.get(player)?.spending.add(call)
  }
}

/** Adds the habits in the logs of a run; says why where it cannot. */
function addLogs(setting: Setting, folder: string, metadata: Metadata): string | undefined {
  const { env_id, version_info } = metadata
  const { env } = setting
  if (env === undefined) return `${env_id} is not registered here`
  if (env.version !== version_info.env_version)
    return `they are of ${env_id} version ${version_info.env_version}, this is version ${env.version}`
  const players = [...playersOf(metadata)].map(
    ([player, agents]) => [setting.tally(folder, metadata, player).habits, agents] as const,
  )
  for (const { key: _, ...log } of readSteps(folder))
    for (const [habits, agents] of players) for (const agent of agents) habits.add(env, log, agent)
  return undefined
}

/** Which of the metrics a model gave, and what is missing of them. */
function judged(folder: string): string[] {
  return Object.entries(readScoreFacts(folder)).flatMap(([name, { judge, malformed = 0, unanswered = 0 }]) => {
    if (judge === undefined) return []
    const missing = [
      ...(malformed > 0 ? [`${malformed} of its answers could not be read`] : []),
      ...(unanswered > 0 ? [`${unanswered} are still to be asked for`] : []),
    ]
    return [`${name} in ${folder} was given by ${judge.player}${missing.length > 0 ? `; missing: ${missing.join(', ')}` : ''}.`]
  })
}

/** What is not ranked, and why. */
function unranked({ billed, tallies }: Setting, label: string): string[] {
  const of = (source: Tally['units']) => tallies.flatMap(({ units, label: player }) => (units === source ? [player] : []))
  const [reported, estimated] = [of('reported'), of('estimated')]
  if (!billed || reported.length === 0 || estimated.length === 0) return []
  return [
    `${label}: thinking is billed here; it was reported for ${reported.join(', ')} and estimated for ${estimated.join(', ')}, so they are not ranked.`,
  ]
}

function checkBaseline(settings: readonly Setting[], baseline: string | undefined): void {
  if (baseline === undefined) return
  const players = [...new Set(settings.flatMap(({ tallies }) => tallies.map(({ label }) => label)))]
  if (!players.includes(baseline))
    throw new UserError(`--baseline: no player '${baseline}' in these runs. Players: ${players.join(', ')}.`)
}
