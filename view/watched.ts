/**
 * Run folders as the page sees them: compared again when they have grown, opened a rollout at a time. Every figure comes from the functions
 * behind `compare` and `report`. Knows run folders; knows no page and no protocol.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type Economy, picturerOf } from '../economies/economy.ts'
import { momentAt, type Picture } from '../economies/picture.ts'
import type { AnyEnvironment } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import { difference } from '../envs/core/plain.ts'
import type { Lookup } from '../envs/core/registry.ts'
import type { AgentId } from '../envs/core/tool.ts'
import { type Comparison, compare, runsIn } from '../evals/compare.ts'
import type { Figure } from '../evals/figures.ts'
import { type Overview, overviewOf } from '../evals/overview.ts'
import { reportMessage, reportRows, type Series, SeriesSum, standingsOf } from '../evals/report/gather.ts'
import { notesOf, pageFacts } from '../evals/report/report.ts'
import { RowColumns } from '../evals/report/row_columns.ts'
import { FILES } from '../rollouts/files.ts'
import { Unread } from '../rollouts/jsonl.ts'
import { addNote, type NoteRow, type RolloutNotes } from '../rollouts/notes.ts'
import type { StoredRows } from '../rollouts/record.ts'
import type { StepsRow } from '../rollouts/rows.ts'
import { readScoredFigures } from '../rollouts/scores.ts'
import { countFinished, findRuns, isOlder, openRollout, RunReader, readMetadata, readSteps } from '../rollouts/store.ts'
import { transcribe } from '../rollouts/transcript.ts'
import { otherBuild } from '../rollouts/versions.ts'
import { searchRun, soughtIn } from './search.ts'
import { placed, type SeatStory, together } from './story.ts'

/** What the page is told of all runs. */
export interface Snapshot {
  readonly comparison: Comparison
  readonly facts: object
  readonly overview: Overview
  readonly figures: readonly Figure[]
  /** Counts the snapshots: a page that asks of another one is told so. */
  readonly number: number
  readonly columns: RowColumns
  /** By run, the place of the first row of each rollout; those of its other seats follow it. */
  readonly places: readonly ReadonlyMap<string, number>[]
  /** What failed, by row: of which run, and the provider's words. */
  readonly errors: ReadonlyMap<number, { readonly run: number; readonly text: string }>
  readonly series: readonly Series[]
}

/** Stands for all seats where one is asked for. */
const ALL_SEATS = '*'

/** Where two rollouts go different ways. */
export interface Parting {
  /** How many steps each has. */
  readonly steps: readonly [number, number]
  /** The steps, from 0, in which somebody decided otherwise; where one ends first, the step that it has no more. */
  readonly differing: readonly number[]
}

/** What a search has found since it last told. */
export interface FoundRows {
  /** Rollouts that were looked at, and how many there are. */
  readonly searched: number
  readonly of: number
  /** Places of rows, the first of each rollout. */
  readonly rows: readonly number[]
  readonly done?: true
}

/** Milliseconds of work before other requests have their turn. */
const SLICE = 15
/** Milliseconds until what was found is told for the first time, and from then on. */
const [SOON, TOLD] = [30, 300]

/** Rollouts up to which logs are read for behaviour and lines over time: beyond, the first screen would be long in coming. */
const MOST_LOGS = 2000

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
  #number = 0

  /** Runs in these folders, and those that come to be there. */
  constructor(paths: readonly string[], options: WatchedOptions) {
    this.#paths = paths
    this.#options = options
  }

  /** Reads anew what there is if something was added since, and says whether it was. A UserError where there is no run. */
  refresh(): boolean {
    const stamp = this.#stampOf()
    if (this.#snapshot !== undefined && stamp === this.#stamp) return false
    const folders = this.#folders(runsIn)
    if (folders.length === 0)
      throw new UserError(
        `No run in ${this.#paths.join(', ')}: expected a run folder, as \`agoragym eval\` writes it, or a folder of them.`,
      )
    const snapshot = this.#read(folders)
    this.close()
    this.#snapshot = snapshot
    this.#stamp = stamp
    void this.#index(snapshot)
    return true
  }

  /** What there was when it was last looked for. A UserError where there is no run. */
  snapshot(): Snapshot {
    if (this.#snapshot === undefined) this.refresh()
    return this.#snapshot!
  }

  /** Looks up where the rollouts lie while nobody asks for anything, so that the first that is opened is there at once. */
  async #index({ comparison, number }: Snapshot): Promise<void> {
    for (const { folder } of comparison.runs) {
      if (isOlder(folder)) continue
      const index = this.#reader(folder).index()
      for (let begun = performance.now(), next = index.next(); !next.done; next = index.next()) {
        if (performance.now() - begun < SLICE) continue
        await setImmediate()
        // Others are read by now, or nobody is there any more.
        if (this.#snapshot?.number !== number || !this.#readers.has(folder)) {
          index.return(undefined)
          return
        }
        begun = performance.now()
      }
    }
  }

  /** Closes what is open; it is opened again when it is asked for. */
  close(): void {
    for (const reader of this.#readers.values()) reader.close()
    this.#readers.clear()
  }

  /** A metric of every row, in their order; NaN where a row has none. */
  metric(name: string): readonly number[] {
    const { columns } = this.snapshot()
    return columns.metric(name) ?? new Array<number>(columns.length).fill(Number.NaN)
  }

  /** What a seat was told and said, or with `ALL_SEATS` what all seats were; undefined where there is no such rollout or seat. */
  story(run: number, key: string, seat: AgentId): SeatStory | undefined {
    const found = this.#open(run, key)
    if (found === undefined) return undefined
    const { opened, log, economy } = found
    const everybody = Object.keys(log.header.seats)
    const all = seat === ALL_SEATS
    if (!all && !everybody.includes(seat)) return undefined
    const own = all ? opened.figures[0]!.info.seat : seat
    const metrics = opened.figures.find(({ info }) => info.seat === own)?.metrics ?? {}
    const kept = (agent: AgentId) =>
      opened.trace.traces.find(trace => trace.agent.name === agent)?.nodes.map(({ message }) => message) ?? []
    if (economy === undefined) return { seats: [own], messages: kept(own).map(reportMessage), standings: {}, stride: 1, metrics }
    const { env } = economy
    const wanted = all ? everybody : [seat]
    const told = transcribe(env, log, wanted)
    const messages = wanted.map(agent => placed(kept(agent), told[agent]!.messages))
    return {
      seats: everybody,
      messages: all ? together(wanted, messages) : messages[0]!,
      ...standingsOf(log, env, own),
      steps: log.steps.length,
      metrics,
    }
  }

  /** From where on two rollouts differ in what anybody decided; undefined where one of them is not there. */
  parting(one: readonly [run: number, key: string], other: readonly [run: number, key: string]): Parting | undefined {
    const [a, b] = [one, other].map(([run, key]) => this.#open(run, key)?.log.steps)
    if (a === undefined || b === undefined) return undefined
    const differing: number[] = []
    for (let t = 0; t < Math.min(a.length, b.length); t++)
      if (difference(decided(a[t]!), decided(b[t]!)) !== undefined) differing.push(t)
    if (a.length !== b.length) differing.push(Math.min(a.length, b.length))
    return { steps: [a.length, b.length], differing }
  }

  /** What people have said of the rollouts, with the number of the run; read anew each time. */
  notes(): (RolloutNotes & { readonly run: number })[] {
    return notesOf(this.snapshot().comparison)
  }

  /** Writes what somebody says of a rollout; undefined where there is no such rollout. */
  addNote(run: number, act: { readonly key?: unknown }): NoteRow | undefined {
    const { comparison, places } = this.snapshot()
    const folder = comparison.runs[run]?.folder
    if (folder === undefined || typeof act.key !== 'string' || !places[run]!.has(act.key)) return undefined
    return addNote(folder, act)
  }

  /**
   * The rows whose rollouts have all the words of a query in their transcripts, those of a setting alone where one is named: a list
   * each time that some have been looked at, with how many that are so far. Work is done a slice at a time, so that other requests
   * have their turn.
   */
  async *search(query: string, setting?: string): AsyncGenerator<FoundRows> {
    const { comparison, places, errors } = this.snapshot()
    const sought = soughtIn(query)
    const runs = [...comparison.runs.entries()].filter(([, run]) => setting === undefined || run.setting === setting)
    const of = runs.reduce((sum, [run]) => sum + places[run]!.size, 0)
    if (sought === undefined) return
    const isSearched = new Set(runs.map(([run]) => run))
    let rows = [...errors].flatMap(([at, { run, text }]) =>
      isSearched.has(run) && sought.patterns.every(pattern => pattern.test(text)) ? [at] : [],
    )
    let searched = errors.size
    let begun = performance.now()
    let due = begun + SOON
    for (const [run, { folder }] of runs) {
      const own = places[run]!
      const found = new Set<number>()
      for (const key of searchRun(folder, sought)) {
        searched++
        const at = key === undefined ? undefined : own.get(key)
        if (at !== undefined && !found.has(at)) {
          found.add(at)
          rows.push(at)
        }
        const now = performance.now()
        if (now - begun < SLICE) continue
        if (now > due) {
          yield { searched, of, rows }
          rows = []
          due = now + TOLD
        }
        await setImmediate()
        begun = performance.now()
      }
    }
    yield { searched: of, of, rows, done: true }
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

  #folders(of: (path: string) => string[]): string[] {
    return this.#paths.flatMap(path => (existsSync(path) ? of(path) : []))
  }

  /** Names, sizes and times of all that a snapshot is read from. */
  #stampOf(): string {
    return this.#folders(findRuns)
      .flatMap(folder => [
        folder,
        ...readdirSync(folder).flatMap(name => {
          const { size, mtimeMs, isFile } = statOf(join(folder, name))
          return isFile && name !== FILES.notes ? [`${name} ${size} ${mtimeMs}`] : []
        }),
      ])
      .join('\n')
  }

  /** Sizes and times of what people have said. */
  notesStamp(): string {
    return this.#folders(findRuns)
      .map(folder => Object.values(statOf(join(folder, FILES.notes))).join(' '))
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
    const columns = new RowColumns()
    const places = comparison.runs.map(() => new Map<string, number>())
    const errors = new Map<number, { run: number; text: string }>()
    for (const row of reportRows(comparison)) {
      const own = places[row.run]!
      if (!own.has(row.key)) own.set(row.key, columns.length)
      if (row.error !== undefined) errors.set(columns.length, { run: row.run, text: row.error })
      columns.add(row)
    }
    return {
      number: ++this.#number,
      comparison,
      columns,
      places,
      errors,
      facts: { ...facts, snapshot: this.#number },
      overview: overviewOf(comparison),
      figures: comparison.figures,
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

/** What everybody did in a step; what it cost them to think of it is no decision. */
function decided({ decisions }: Pick<StepsRow['steps'][number], 'decisions'>): object {
  return Object.fromEntries(Object.entries(decisions).map(([agent, { calls }]) => [agent, calls]))
}
