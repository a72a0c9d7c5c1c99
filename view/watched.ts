/**
 * Run folders as the page sees them: compared again when they have grown, opened a rollout at a time. Every figure comes from the functions
 * behind `compare` and `report`. Knows run folders; knows no page and no protocol.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Economy, picturerOf } from '../economies/economy.ts'
import { momentAt, type Picture } from '../economies/picture.ts'
import type { AnyEnvironment } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import type { Lookup } from '../envs/core/registry.ts'
import type { AgentId } from '../envs/core/tool.ts'
import { type Comparison, compare } from '../evals/compare.ts'
import type { Figure } from '../evals/figures.ts'
import { type Overview, overviewOf } from '../evals/overview.ts'
import { type ReportMessage, reportMessage, reportRows, type Series, SeriesSum, standingsOf } from '../evals/report/gather.ts'
import { columnsOf, pageFacts } from '../evals/report/report.ts'
import { Unread } from '../rollouts/jsonl.ts'
import type { Message } from '../rollouts/messages.ts'
import type { StoredRows } from '../rollouts/record.ts'
import type { StepsRow } from '../rollouts/rows.ts'
import { readScoredFigures } from '../rollouts/scores.ts'
import { countFinished, findRuns, isOlder, openRollout, RunReader, readMetadata, readSteps } from '../rollouts/store.ts'
import { transcribe } from '../rollouts/transcript.ts'
import { otherBuild } from '../rollouts/versions.ts'

/** What the page is told of all runs. */
export interface Snapshot {
  readonly comparison: Comparison
  readonly facts: object
  readonly overview: Overview
  readonly figures: readonly Figure[]
  /** Rows without their metrics, a list a field. */
  readonly rows: Readonly<Record<string, unknown[]>>
  readonly series: readonly Series[]
}

/** A rollout of a seat as the page shows it. */
export interface SeatStory {
  /** Everybody at the table. */
  readonly seats: readonly AgentId[]
  /** What the seat was told and said; `step` counts from 0 and stands where a turn begins. */
  readonly messages: readonly (ReportMessage & { readonly step?: number })[]
  readonly standings: Readonly<Record<string, Readonly<Record<AgentId, readonly number[]>>>>
  readonly stride: number
  /** How many steps there are; absent where this build cannot play the log again. */
  readonly steps?: number
  readonly metrics: Readonly<Record<string, number>>
}

/** Rollouts up to which logs are read for behaviour and lines over time: beyond, the first screen would be long in coming. */
export const MOST_LOGS = 2000

export interface WatchedOptions {
  /** Where the runs' economies are looked up, and the environments alone. */
  readonly economies: Lookup<Economy>
  readonly environments: Lookup<AnyEnvironment>
  readonly baseline?: string
  readonly title?: string
}

export class Watched {
  readonly #paths: readonly string[]
  readonly #options: WatchedOptions
  #stamp = ''
  #snapshot: Snapshot | undefined
  readonly #readers = new Map<string, RunReader>()
  readonly #metrics = new Map<string, (number | null)[]>()

  /** Runs in these folders, and those that come to be there. */
  constructor(paths: readonly string[], options: WatchedOptions) {
    this.#paths = paths
    this.#options = options
  }

  /** Whether something was added since the last snapshot. */
  hasChanged(): boolean {
    return this.#stampOf() !== this.#stamp
  }

  /** What there is now, read again where it has changed. A UserError where there is no run. */
  snapshot(): Snapshot {
    const stamp = this.#stampOf()
    if (this.#snapshot !== undefined && stamp === this.#stamp) return this.#snapshot
    const folders = this.#folders()
    if (folders.length === 0)
      throw new UserError(
        `No run in ${this.#paths.join(', ')}: expected a run folder, as \`agoragym eval\` writes it, or a folder of them.`,
      )
    this.#metrics.clear()
    this.close()
    this.#snapshot = this.#read(folders)
    this.#stamp = stamp
    return this.#snapshot
  }

  /** Closes what is open; it is opened again when it is asked for. */
  close(): void {
    for (const reader of this.#readers.values()) reader.close()
    this.#readers.clear()
  }

  /** A metric of every row, in their order. */
  metric(name: string): readonly (number | null)[] {
    const { comparison } = this.snapshot()
    let values = this.#metrics.get(name)
    if (values === undefined) {
      values = [...reportRows(comparison)].map(({ metrics }) => metrics?.[name] ?? null)
      this.#metrics.set(name, values)
    }
    return values
  }

  /** What a seat was told and said; undefined where there is no such rollout or seat. */
  story(run: number, key: string, seat: AgentId): SeatStory | undefined {
    const found = this.#open(run, key)
    if (found === undefined) return undefined
    const { opened, log, economy } = found
    const seats = Object.keys(log.header.seats)
    if (!seats.includes(seat)) return undefined
    const metrics = opened.figures.find(({ info }) => info.seat === seat)?.metrics ?? {}
    const kept = opened.trace.traces.find(({ agent }) => agent.name === seat)
    const nodes = kept?.nodes.map(({ message }) => message) ?? []
    if (economy === undefined) return { seats: [seat], messages: nodes.map(reportMessage), standings: {}, stride: 1, metrics }
    const { env } = economy
    const told = transcribe(env, log, [seat])[seat]!.messages
    const messages =
      nodes.length === 0
        ? told.map(({ message, t }) => ({ ...reportMessage(message), ...(message.role === 'user' && { step: t }) }))
        : placed(
            nodes,
            told.flatMap(({ message, t }) => (message.role === 'user' ? [{ text: message.content, t }] : [])),
          )
    return { seats, messages, ...standingsOf(log, env, seat), steps: log.steps.length, metrics }
  }

  /** What there is to see after so many steps; undefined where there is no such rollout. A UserError where there is no such step. */
  async picture(run: number, key: string, step: number): Promise<Picture | undefined> {
    const found = this.#open(run, key)
    if (found?.economy === undefined) return undefined
    const { economy, log } = found
    return (await picturerOf(economy))(momentAt(economy.env, log, step))
  }

  #open(run: number, key: string): { opened: Opened; log: StepsRow; economy: Economy | undefined } | undefined {
    const { comparison } = this.snapshot()
    const folder = comparison.runs[run]?.folder
    if (folder === undefined) return undefined
    const opened = isOlder(folder) ? olderRollout(folder, key) : this.#reader(folder).open(key)
    if (opened === undefined) return undefined
    const metadata = readMetadata(folder)!
    const { economies, environments } = this.#options
    const known = economies.has(metadata.env_id) && otherBuild(metadata, environments) === undefined
    return { opened, log: opened.log, economy: known ? economies.get(metadata.env_id) : undefined }
  }

  /** Where the rollouts of a run lie is looked up once a snapshot. */
  #reader(folder: string): RunReader {
    let reader = this.#readers.get(folder)
    if (reader === undefined) {
      reader = new RunReader(folder)
      this.#readers.set(folder, reader)
    }
    return reader
  }

  #folders(): string[] {
    return this.#paths.flatMap(path => (existsSync(path) ? findRuns(path) : []))
  }

  /** Names, sizes and times of all that a snapshot is read from. */
  #stampOf(): string {
    return this.#folders()
      .flatMap(folder => [
        folder,
        ...readdirSync(folder).flatMap(name => {
          const { size, mtimeMs, isFile } = statOf(join(folder, name))
          return isFile ? [`${name} ${size} ${mtimeMs}`] : []
        }),
      ])
      .join('\n')
  }

  #read(folders: readonly string[]): Snapshot {
    const { environments, baseline, title = 'agoragym view' } = this.#options
    const finished = folders.reduce((sum, folder) => sum + countFinished(folder), 0)
    const logs = finished <= MOST_LOGS
    const comparison = compare(folders, { environments, logs, ...(baseline !== undefined && { baseline }) })
    const notes = [
      ...comparison.notes,
      ...(logs
        ? []
        : [
            `Behaviour and lines over time are of logs, which are not read beyond ${MOST_LOGS} rollouts: agoragym compare --all reads them.`,
          ]),
    ]
    const playing = folders.some(folder => readMetadata(folder)?.complete === false)
    const facts = { ...pageFacts(comparison, { title, environments, notes }), ...(playing && { live: 'still being played' }) }
    const rows = columnsOf([...reportRows(comparison)].map(({ metrics: _, ...row }) => row))
    return {
      comparison,
      facts,
      overview: overviewOf(comparison),
      figures: comparison.figures,
      rows,
      series: logs ? this.#lines(comparison) : [],
    }
  }

  /** How quantities moved over time. */
  #lines({ runs }: Comparison): Series[] {
    const { environments } = this.#options
    const sum = new SeriesSum()
    for (const { folder, setting, players, repeated = [] } of runs) {
      const { env_id: id } = readMetadata(folder)!
      if (!environments.has(id)) continue
      const env = environments.get(id)
      const known = new Set(repeated)
      const evaluated = new Map<string, AgentId[]>()
      for (const { key, info } of readScoredFigures(folder, new Unread())) evaluated.set(key, [...info.evaluated])
      for (const log of readSteps(folder, new Unread())) {
        if (known.has(log.key) || log.header.version !== env.version) continue
        for (const agent of evaluated.get(log.key) ?? []) {
          const player = players[log.header.seats[agent]!]
          if (player !== undefined) sum.add(env, log, agent, setting, player)
        }
      }
    }
    return sum.lines()
  }
}

/** What is read of an opened rollout. */
type Opened = Pick<StoredRows, 'figures' | 'trace' | 'log'>

function olderRollout(folder: string, key: string): Opened | undefined {
  const opened = openRollout(folder, key)
  return opened && { figures: opened.figures(), trace: opened.trace(), log: opened.log() }
}

function statOf(path: string): { size: number; mtimeMs: number; isFile: boolean } {
  try {
    const stat = statSync(path)
    return { size: stat.size, mtimeMs: stat.mtimeMs, isFile: stat.isFile() }
  } catch {
    // Gone since it was listed: the next look sees what is there then.
    return { size: 0, mtimeMs: 0, isFile: false }
  }
}

/** Messages with the steps they begin: a turn begins where the seat is shown what it saw then. */
function placed(
  nodes: readonly Message[],
  seen: readonly { readonly text: string; readonly t: number }[],
): (ReportMessage & { readonly step?: number })[] {
  let next = 0
  return nodes.map(message => {
    const turn = seen[next]
    if (message.role !== 'user' || turn === undefined || !message.content.includes(turn.text)) return reportMessage(message)
    next++
    return { ...reportMessage(message), step: turn.t }
  })
}
