/**
 * Reads the runs of any number of players, a row at a time, and says how they compare. Knows run folders; knows no layout.
 */
import type { AnyEnvironment } from '../envs/core/environment.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import { digest } from '../envs/core/plain.ts'
import type { Lookup } from '../envs/core/registry.ts'
import { type Conduct, conductOf } from '../rollouts/conduct.ts'
import { RunError } from '../rollouts/errors.ts'
import { runDigest } from '../rollouts/identity.ts'
import { Unread } from '../rollouts/jsonl.ts'
import { shortName } from '../rollouts/labels.ts'
import type { Metadata } from '../rollouts/metadata.ts'
import { modelNotes } from '../rollouts/models/notes.ts'
import { PASS_THRESHOLD } from '../rollouts/pass_rates.ts'
import { peopleNotes } from '../rollouts/players/notes.ts'
import type { StepsRow } from '../rollouts/rows.ts'
import { readScoredRollouts, readScoreFacts, type ScoreFacts } from '../rollouts/scores.ts'
import { findRuns, isOlder, RunReader, readErrors, readMetadata, readSteps, readUnfiledCalls } from '../rollouts/store.ts'
import { otherBuild } from '../rollouts/versions.ts'
import { columnsOf, playersOf, type RunEntry } from './columns.ts'
import { corrected, playerDifferences, settingDifferences } from './differences.ts'
import type { Figure } from './figures.ts'
import type { PlayerTally } from './player_tally.ts'
import type { Publication } from './published.ts'
import { isCalled, Setting, settingId, settingLabels } from './setting.ts'
import { absentShards, byExample } from './shards.ts'
import { type Sweep, sweepsOf } from './sweeps.ts'
import { publishedFigures, settingFigures } from './tables.ts'

export interface CompareOptions {
  /** Where the runs' economies are looked up: what a log means, what is billed, what a metric is. */
  readonly environments: Lookup<AnyEnvironment>
  /** The player that the others are compared with, by label or name; whom the runs' experiment named by default, or the first. */
  readonly baseline?: string
  /** What tables call players, by player string or by that without a URL. */
  readonly labels?: Readonly<Record<string, string>>
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
  /** The keys of its rollouts that an earlier run has brought already; absent where there are none. */
  readonly repeated?: readonly string[]
}

export interface Comparison {
  readonly runs: readonly ComparedRun[]
  /** In the order of the runs; players of different settings are never put in one table, `settings` apart. */
  readonly settings: readonly string[]
  /** Fields that experiments have swept, each an axis over some of the settings. */
  readonly sweeps: readonly Sweep[]
  readonly figures: readonly Figure[]
  /** What a reader must know, a line each. */
  readonly notes: readonly string[]
}

/**
 * Compares the runs in these folders. A UserError where one is no run, or nobody is the baseline; a RunError where there were
 * lines and none could be read.
 */
export function compare(folders: readonly string[], options: CompareOptions): Comparison {
  const unread = new Unread()
  const { environments, logs = true, seed = 0, published } = options
  /** Unless somebody says otherwise, what the setting's first run was told. */
  const thresholdOf = ({ metadata }: Setting): number => options.threshold ?? metadata.pass_threshold ?? PASS_THRESHOLD
  const settings = new Map<string, Setting>()
  const scenarios = new Map<string, Map<string, number>>()
  const entries = folders.map((folder): RunEntry => {
    const metadata = readMetadata(folder)
    if (metadata === undefined) throw new UserError(`${folder} is no run: it has no metadata.json that can be read.`)
    return { folder, metadata }
  })
  const columns = columnsOf(entries, options.labels)
  const notes = [...columns.notes]
  const runs = dividedRuns(entries).flatMap(parts => {
    const [entry] = parts as [RunEntry]
    const { metadata } = entry
    const { env_id } = metadata
    const id = settingId(metadata)
    const numbers = scenarios.get(env_id) ?? new Map<string, number>()
    scenarios.set(env_id, numbers)
    const env = environments.has(env_id) ? environments.get(env_id) : undefined
    const setting = settings.get(id) ?? new Setting(metadata, numbers, env)
    settings.set(id, setting)
    const tallies = new Map([...playersOf(metadata).keys()].map(player => [player, setting.tally(columns.of(entry, player))]))
    const repeated = parts.map(part => columns.repeated(part))
    const why = logs ? whyNoLogs(setting, metadata) : undefined
    const strangers = addRun(setting, tallies, parts, repeated, thresholdOf(setting), logs && why === undefined, unread)
    for (const [folder, rows] of strangers)
      notes.push(
        `${folder}: ${rows} ${rows === 1 ? 'row is' : 'rows are'} of players that do not play in that run, and left out.`,
      )
    for (const part of parts) {
      const added = readScoreFacts(part.folder)
      setting.addRun(part.metadata, added)
      notes.push(...judged(part.folder, added), ...modelNotes(part.metadata), ...peopleNotes(part.metadata))
    }
    notes.push(...divided(parts))
    if (why !== undefined) notes.push(...parts.map(({ folder }) => `The logs in ${folder} were not read: ${why}.`))
    const players = Object.fromEntries([...tallies].map(([player, { label }]) => [player, label]))
    return parts.map(({ folder }, i) => ({ folder, setting, players, repeated: repeated[i]! }))
  })
  notes.push(...unread.notes)
  const all = [...settings.values()]
  if (unread.lines > 0 && all.every(({ tallies }) => tallies.every(({ scenarios: count }) => count === 0)))
    throw new RunError(`No rollout could be read. ${unread.notes.join(' ')}`)
  checkBaseline(all, options.baseline)
  const labels = settingLabels(all)
  notes.push(...all.flatMap((setting, i) => unranked(setting, labels[i]!)))
  const others = published?.runs ?? []
  const beside = others.flatMap(run => all.flatMap((setting, i) => (setting.isOf(run) ? [{ run, label: labels[i]! }] : [])))
  const absent = others.length - new Set(beside.map(({ run }) => run)).size
  if (beside.length > 0) notes.push(`Published figures: ${published!.source}.`)
  if (absent > 0) notes.push(`Published runs of other configurations than these, not shown: ${absent}.`)
  const { sweeps, figures: swept } = sweepsOf(all, labels, seed)
  return {
    runs: runs.map(({ folder, setting, players, repeated }) => ({
      folder,
      setting: labels[all.indexOf(setting)]!,
      players,
      ...(repeated.size > 0 && { repeated: [...repeated] }),
    })),
    settings: labels,
    sweeps,
    figures: [
      ...corrected([
        ...all.flatMap((setting, i) => [
          ...settingFigures(setting, labels[i]!, { seed, threshold: thresholdOf(setting) }),
          ...playerDifferences(setting, labels[i]!, options.baseline),
        ]),
        ...settingDifferences(all, labels),
      ]),
      ...swept,
      ...beside.flatMap(({ run, label }) => publishedFigures(run, label)),
    ],
    notes,
  }
}

/** The tallies of a run's players, by player string. */
type Tallies = ReadonlyMap<string, PlayerTally>

/** Adds the rollouts of a run that lies in one folder or several; with `logs` also the habits that its logs show. */
function addRun(
  setting: Setting,
  tallies: Tallies,
  parts: readonly RunEntry[],
  repeated: readonly ReadonlySet<string>[],
  threshold: number,
  logs: boolean,
  unread: Unread,
): ReadonlyMap<string, number> {
  const strangers = new Map<string, number>()
  const [{ metadata: first }] = parts as [RunEntry]
  const players = [...playersOf(first)].map(([player, agents]) => [tallies.get(player)!.habits, agents] as const)
  const addConduct = (conduct: Readonly<Record<string, Conduct>>): void => {
    for (const [habits, agents] of players) for (const agent of agents) habits.add(conduct[agent]!)
  }
  const spendingOf = (agent: string) => {
    const player = first.evaluated.includes(agent) ? first.lineup[agent] : undefined
    return player === undefined ? undefined : tallies.get(player)?.spending
  }
  const older = parts.map(({ folder }) => isOlder(folder))
  /** The examples of what lies in files of before, whose logs are read apart. */
  const examples = new Map<string, number>()
  const failed = parts.map(({ folder }, i) => {
    const keys = new Set<string>()
    for (const { key } of readErrors(folder, unread)) if (!repeated[i]!.has(key)) keys.add(key)
    return keys
  })
  const readers = parts.map(({ folder }) => new RunReader(folder))
  const read = parts.map(({ folder }) => readScoredRollouts(folder, unread))
  for (const [part, { key, example, rows, conduct, spending }] of byExample(read, rollout => rollout.example)) {
    failed[part]!.delete(key)
    if (older[part] && parts.length > 1) examples.set(key, example)
    if (repeated[part]!.has(key)) continue
    const seats: { readonly player: number; readonly reward: number }[] = []
    for (const row of rows) {
      const scenario = setting.scenario(row)
      const tally = tallies.get(row.info.player)
      if (tally === undefined) {
        const { folder } = parts[part]!
        strangers.set(folder, (strangers.get(folder) ?? 0) + 1)
        continue
      }
      tally.add(row, scenario, threshold)
      if (tallies.size === 1) continue
      const seat = { player: setting.tallies.indexOf(tally), reward: row.reward }
      for (const other of seats)
        if (other.player !== seat.player) setting.games.play(scenario, other.player, seat.player, other.reward, seat.reward)
      seats.push(seat)
    }
    for (const [agent, sums] of Object.entries(spending)) spendingOf(agent)?.addSums(sums)
    // Where nobody has read them off yet, the log is.
    if (logs && !older[part]) addConduct(conduct ?? conductOf(setting.env!, readers[part]!.open(key)!.log, first.evaluated))
  }
  for (const reader of readers) reader.close()
  if (logs) {
    const steps = parts.map(({ folder }, i) => (older[i] ? readSteps(folder, unread) : []))
    for (const [part, { key, ...log }] of byExample<StepsRow>(steps, row => examples.get(row.key) ?? 0))
      if (!repeated[part]!.has(key)) addConduct(conductOf(setting.env!, log, first.evaluated))
  }
  for (const [i, { folder, metadata }] of parts.entries()) {
    for (const tally of tallies.values()) {
      tally.failed += failed[i]!.size
      // What a run lacks that repeats another is what the other lacks.
      if (repeated[i]!.size === 0) tally.missing += Math.max(0, metadata.planned - metadata.ok - failed[i]!.size)
    }
    for (const call of readUnfiledCalls(folder, unread)) if (!repeated[i]!.has(call.key)) spendingOf(call.agent)?.add(call)
  }
  return strangers
}

/** Why the logs of a run say nothing of habits here; undefined where they do. */
function whyNoLogs({ env }: Setting, metadata: Metadata): string | undefined {
  if (env === undefined) return `${metadata.env_id} is not registered here`
  return otherBuild(metadata, { has: id => id === env.id, get: () => env })
}

/** The runs, each with the folders it lies in: a divided one has several, put together where the first of them stands. */
function dividedRuns(entries: readonly RunEntry[]): RunEntry[][] {
  const runs: RunEntry[][] = []
  const divided = new Map<string, RunEntry[][]>()
  for (const entry of entries) {
    const { metadata } = entry
    const { shard } = metadata
    const id = shard && digest([runDigest(metadata), shard.of, shard.examples, metadata.version_info])
    const others = id === undefined ? [] : (divided.get(id) ?? [])
    const open = others.find(run => run.every(other => other.metadata.shard!.index !== shard!.index))
    if (open === undefined) {
      const run = [entry]
      runs.push(run)
      if (id !== undefined) divided.set(id, [...others, run])
    } else open.push(entry)
  }
  return runs
}

/** What is said of a divided run of which parts are not here. */
function divided(parts: readonly RunEntry[]): string[] {
  const shards = parts.flatMap(({ metadata: { shard } }) => shard ?? [])
  const absent = absentShards(shards)
  if (absent.length === 0) return []
  return [
    `${shortName(parts[0]!.metadata.player)}: of ${shards[0]!.of} shards ${absent.length} are not here: ${absent.join(', ')}.`,
  ]
}

/** Which of the metrics a model gave, and what is missing of them. */
function judged(folder: string, added: Readonly<Record<string, ScoreFacts>>): string[] {
  return Object.entries(added).flatMap(([name, { judge, malformed = 0, unanswered = 0 }]) => {
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
  const of = (source: PlayerTally['units']) => tallies.flatMap(({ units, label: player }) => (units === source ? [player] : []))
  const [reported, estimated] = [of('reported'), of('estimated')]
  if (!billed || reported.length === 0 || estimated.length === 0) return []
  return [
    `${label}: thinking is billed here; it was reported for ${reported.join(', ')} and estimated for ${estimated.join(', ')}, so they are not ranked.`,
  ]
}

function checkBaseline(settings: readonly Setting[], baseline: string | undefined): void {
  if (baseline === undefined) return
  const tallies = settings.flatMap(setting => setting.tallies)
  if (tallies.some(tally => isCalled(tally, baseline))) return
  const players = [...new Set(tallies.map(({ label }) => label))]
  throw new UserError(
    `--baseline: no player '${baseline.slice(0, 200)}' in these runs. Players: ${players.join(', ')}.${nearest(baseline, players)}`,
  )
}

/**
 * The runs in a folder as they were asked for: the oldest command's first, its players in the order that it named them. The parts of
 * an experiment were one command, whichever began first.
 */
export function runsIn(folder: string): string[] {
  const runs = findRuns(folder).map((run, i) => ({ run, i, metadata: readMetadata(run) }))
  const began = new Map<string, string>()
  const command = ({ shard, experiment }: Metadata): string => `${shard?.of} ${experiment?.name ?? ''}`
  for (const { metadata } of runs) {
    if (metadata?.shard === undefined) continue
    const known = began.get(command(metadata))
    if (known === undefined || metadata.started < known) began.set(command(metadata), metadata.started)
  }
  const startOf = (metadata: Metadata | undefined): string =>
    metadata === undefined ? '' : metadata.shard === undefined ? metadata.started : began.get(command(metadata))!
  return runs
    .sort((a, b) => {
      const [first, second] = [startOf(a.metadata), startOf(b.metadata)]
      if (first !== second) return first < second ? -1 : 1
      return (a.metadata?.experiment?.order ?? a.i) - (b.metadata?.experiment?.order ?? b.i)
    })
    .map(({ run }) => run)
}
