/**
 * The files of a run: one folder a player. Appends what is finished, says what is done, and finds after any kill what has
 * to be done again. Knows files; knows neither players nor how rollouts come about.
 *
 * A rollout is done when its rows stand whole in results.jsonl, traces.jsonl and steps.jsonl. They are appended in that
 * order, so the line of steps.jsonl is what commits it; whatever else is found at a resume is dropped and played again.
 */
import { appendFileSync, type Dirent, existsSync, readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { AnyTypes } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import type { EpisodeLog, LogRecord } from '../envs/core/log.ts'
import { explain } from '../envs/core/tool.ts'
import {
  Appender,
  bytesAt,
  countLines,
  keepLines,
  lines,
  makeFolder,
  refused,
  replaceFile,
  rows,
  sortLines,
  TEMPORARY,
  type Unread,
} from './jsonl.ts'
import { callLine } from './lines.ts'
import { FolderLock } from './lock.ts'
import type { Metadata } from './metadata.ts'
import { runMetadata } from './metadata_shape.ts'
import type { CallRow } from './player.ts'
import { callFiguresIn, figuresIn, keyOf, type RowKind, rowIn } from './read_rows.ts'
import { keyParts } from './rollout.ts'
import type { ErrorRow, FailedLines, FinishedLines, ResultFigures, ResultRow, StepsRow, TracedEpisode } from './rows.ts'
import { parseJson, readText } from './text_file.ts'

/** The files of a run by what they hold. */
export const FILES = {
  metadata: 'metadata.json',
  results: 'results.jsonl',
  traces: 'traces.jsonl',
  steps: 'steps.jsonl',
  calls: 'calls.jsonl',
  errors: 'errors.jsonl',
  groups: 'groups.jsonl',
  scores: 'scores.jsonl',
  scoreFacts: 'scores.json',
  judgements: 'judgements.jsonl',
} as const
const PARTIAL = 'partial'
/** Where a trace says of which run it is. */
const UNNAMED = ',"run":{"type":"eval","id":"","name":""}'
/** The files that a rollout stands in once it is finished. */
const FINISHED = ['results', 'traces', 'steps'] as const
/** Says which process plays or scores the run, while it does. */
export const LOCK = 'lock'

export class RunStore {
  readonly folder: string
  /** The folder's own name: what the traces call the run. */
  readonly name: string
  readonly #named: string
  readonly #results: Appender
  readonly #traces: Appender
  readonly #steps: Appender
  readonly #calls: Appender
  readonly #errors: Appender
  /** The examples of the finished rollouts, by key. */
  readonly #done = new Map<string, number>()
  /** Failed attempts by key. */
  readonly #failed = new Map<string, { attempts: number; start: number }>()
  /** Where the calls of rollouts that an interrupted run left unfinished lie in calls.jsonl. */
  readonly #recorded = new Map<string, { readonly start: number; readonly length: number }[]>()
  /** Running episodes whose logs can be read. */
  readonly #partials = new Set<string>()
  readonly #lock: FolderLock

  /**
   * Opens the folder of a run, made where it does not exist. One that holds something is opened with `resume` only (a
   * UserError otherwise), after what a kill left half-written has been removed. A RunError where it cannot be written, where
   * another process has it open (two that append would spoil each other's lines), or where a whole line of it is not
   * understood: what it holds would be played and paid again.
   */
  constructor(folder: string, { resume = false }: { readonly resume?: boolean } = {}) {
    this.folder = folder
    this.name = basename(folder)
    this.#named = JSON.stringify(this.name)
    this.#results = new Appender(join(folder, FILES.results))
    this.#traces = new Appender(join(folder, FILES.traces))
    this.#steps = new Appender(join(folder, FILES.steps))
    this.#calls = new Appender(join(folder, FILES.calls))
    this.#errors = new Appender(join(folder, FILES.errors))
    const isUsed = (): boolean => existsSync(folder) && readdirSync(folder).some(name => !name.startsWith(LOCK))
    const refuseUsed = (): void => {
      if (isUsed() && !resume)
        throw new UserError(`${folder} exists already: add --resume to go on with it, or choose another folder with --out.`)
    }
    try {
      refuseUsed()
      makeFolder(folder)
    } catch (error) {
      throw error instanceof UserError ? error : refused(folder, error)
    }
    this.#lock = new FolderLock(join(folder, LOCK))
    try {
      // Another process may have played meanwhile.
      refuseUsed()
      if (isUsed()) this.#recover()
    } catch (error) {
      this.#lock.release()
      throw error
    }
  }

  /** Whether the rollout of that key is finished. */
  done(key: string): boolean {
    return this.#done.has(key)
  }

  /** How many rollouts are finished. */
  get finished(): number {
    return this.#done.size
  }

  /** How often a rollout that is not finished has failed; 0 where it has not. */
  failures(key: string): number {
    return this.#done.has(key) ? 0 : (this.#failed.get(key)?.attempts ?? 0)
  }

  /** The recorded calls of an unfinished rollout, in order; of a call that was made again, the last. */
  recorded(key: string): CallRow[] {
    const calls = new Map<string, CallRow>()
    for (const { start, length } of this.#recorded.get(key) ?? []) {
      const row = rowIn('calls', { bytes: bytesAt(this.#calls.path, start, length), length })!
      calls.set(`${row.agent} ${row.call}`, row)
    }
    return [...calls.values()].sort((a, b) => a.call - b.call)
  }

  /** Appends one answered model call. */
  record(row: CallRow): void {
    this.#lock.check()
    this.#calls.append(callLine(row))
  }

  /** Appends a step to the log of a running episode, which can be read before it is finished. */
  partial(key: string, { header }: EpisodeLog<AnyTypes>, record: LogRecord<AnyTypes>): void {
    this.#lock.check()
    const path = this.#partialPath(key)
    try {
      if (record.t === 0) {
        makeFolder(join(this.folder, PARTIAL))
        this.#partials.add(key)
        appendFileSync(path, `${JSON.stringify({ key, header })}\n`)
      }
      appendFileSync(path, `${JSON.stringify(record)}\n`)
    } catch (error) {
      throw refused(path, error)
    }
  }

  /**
   * Files what a rollout adds, wherever it was played; false where it is filed already, so that what is delivered twice is filed
   * once. A failure is told apart from others of its rollout by when it began.
   */
  file(lines: FinishedLines | FailedLines): boolean {
    this.#lock.check()
    const { key } = lines
    if (this.#done.has(key)) return false
    if (!lines.ok) {
      const { attempts, start } = this.#failed.get(key) ?? { attempts: 0 }
      const { key: _, ...error } = lines.error
      if (start === error.start_time) return false
      if (lines.calls.length > 0) this.#calls.append(...lines.calls)
      this.#errors.append(JSON.stringify({ key, attempt: attempts + 1, ...error } satisfies ErrorRow))
      this.#failed.set(key, { attempts: attempts + 1, start: error.start_time })
    } else {
      if (lines.calls.length > 0) this.#calls.append(...lines.calls)
      this.#results.append(...lines.results)
      this.#traces.append(lines.traces.replace(UNNAMED, () => `,"run":{"type":"eval","id":${this.#named},"name":${this.#named}}`))
      this.#steps.append(lines.steps)
      this.#done.set(key, lines.example)
      this.#recorded.delete(key)
    }
    this.#dropPartial(key)
    return true
  }

  /** The example and repeat of every finished rollout. */
  *held(): Generator<{ readonly example: number; readonly repeat: number }> {
    for (const [key, example] of this.#done) yield { example, repeat: keyParts(key).repeat }
  }

  writeMetadata(metadata: Metadata): void {
    this.#lock.check()
    const text = `${JSON.stringify(metadata, null, 2)}\n`
    replaceFile(join(this.folder, FILES.metadata), write => write(Buffer.from(text)))
  }

  /**
   * Puts the finished rollouts in the order of their examples and repeats, so that whatever is made of the files does not
   * depend on which ended first.
   */
  order(): void {
    this.#lock.check()
    this.#closeFiles()
    const rollouts = [...this.#done].map(([key, example]) => ({ key, example, ...keyParts(key) }))
    rollouts.sort((a, b) => a.example - b.example || (a.group === b.group ? a.repeat - b.repeat : a.group < b.group ? -1 : 1))
    const ranks = new Map(rollouts.map(({ key }, rank) => [key, rank]))
    for (const kind of FINISHED) sortLines(this.#path(kind), line => ranks.get(keyOf(kind, line))!)
  }

  close(): void {
    this.#closeFiles()
    this.#lock.release()
  }

  #closeFiles(): void {
    for (const file of [this.#results, this.#traces, this.#steps, this.#calls, this.#errors]) file.close()
  }

  #partialPath(key: string): string {
    return join(this.folder, PARTIAL, `${key}.jsonl`)
  }

  #dropPartial(key: string): void {
    if (this.#partials.delete(key)) rmSync(this.#partialPath(key), { force: true })
  }

  #path(kind: RowKind): string {
    return join(this.folder, FILES[kind])
  }

  /** Learns what is done, and drops what is not whole. Every line is understood before anything is dropped. */
  #recover(): void {
    const expected = new Map<string, { readonly seats: number; readonly example: number }>()
    const found = { results: new Map<string, number>(), traces: new Map<string, number>(), steps: new Map<string, number>() }
    for (const { key, info, example_id } of rows(this.#path('results'), line => rowIn('results', line))) {
      expected.set(key, { seats: info.evaluated.length, example: example_id })
      count(found.results, key)
    }
    for (const { id } of readTraces(this.folder)) count(found.traces, id)
    for (const { key } of readSteps(this.folder)) count(found.steps, key)
    for (const { key, start_time } of readErrors(this.folder))
      this.#failed.set(key, { attempts: (this.#failed.get(key)?.attempts ?? 0) + 1, start: start_time })
    for (const _call of readCalls(this.folder));
    for (const [key, { seats, example }] of expected) {
      if (found.results.get(key) === seats && found.traces.get(key) === 1 && found.steps.get(key) === 1)
        this.#done.set(key, example)
    }
    for (const kind of FINISHED) keepLines(this.#path(kind), line => this.#done.has(keyOf(kind, line)))
    for (const kind of ['calls', 'errors'] as const) keepLines(this.#path(kind), line => keyOf(kind, line) !== '')
    for (const line of lines(this.#path('calls'))) {
      const key = keyOf('calls', line)
      if (this.#done.has(key)) continue
      const place = { start: line.start, length: line.length }
      const places = this.#recorded.get(key)
      if (places === undefined) this.#recorded.set(key, [place])
      else places.push(place)
    }
    rmSync(join(this.folder, PARTIAL), { recursive: true, force: true })
    for (const name of readdirSync(this.folder))
      if (name.endsWith(TEMPORARY) && !name.startsWith(LOCK)) rmSync(join(this.folder, name), { force: true, recursive: true })
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    throw refused(folder, error)
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** The rows of results.jsonl without their messages. Of this reader and the next ones: see `rows` for what is not understood. */
export function readFigures(folder: string, unread?: Unread): Generator<ResultFigures> {
  return rows(join(folder, FILES.results), figuresIn, unread)
}

/** The rows of results.jsonl. */
export function readResults(folder: string, unread?: Unread): Generator<ResultRow> {
  return rows(join(folder, FILES.results), line => rowIn('results', line), unread)
}

/** The episodes of traces.jsonl. */
export function readTraces(folder: string, unread?: Unread): Generator<TracedEpisode> {
  return rows(join(folder, FILES.traces), line => rowIn('traces', line), unread)
}

/** The logs of steps.jsonl. */
export function readSteps(folder: string, unread?: Unread): Generator<StepsRow> {
  return rows(join(folder, FILES.steps), line => rowIn('steps', line), unread)
}

/** The rows of calls.jsonl without the replies. */
export function readCallFigures(folder: string, unread?: Unread): Generator<Omit<CallRow, 'reply'>> {
  return rows(join(folder, FILES.calls), callFiguresIn, unread)
}

/** The rows of calls.jsonl. */
export function readCalls(folder: string, unread?: Unread): Generator<CallRow> {
  return rows(join(folder, FILES.calls), line => rowIn('calls', line), unread)
}

/** The rows of errors.jsonl. */
export function readErrors(folder: string, unread?: Unread): Generator<ErrorRow> {
  return rows(join(folder, FILES.errors), line => rowIn('errors', line), unread)
}

/** One finished rollout of a run. Each part is read when it is asked for. */
export interface OpenedRollout {
  readonly key: string
  /** The rows of results.jsonl without their messages, a row an evaluated seat. */
  figures(): readonly ResultFigures[]
  results(): readonly ResultRow[]
  trace(): TracedEpisode
  log(): StepsRow
  calls(): readonly CallRow[]
}

/** The finished rollout of that key; undefined where the run has none. */
export function openRollout(folder: string, key: string): OpenedRollout | undefined {
  const all = <T extends { readonly key: string }>(found: Iterable<T>): T[] => [...found].filter(row => row.key === key)
  const [log] = all(readSteps(folder))
  const trace = [...readTraces(folder)].find(({ id }) => id === key)
  if (log === undefined || trace === undefined) return undefined
  return {
    key,
    figures: () => all(readFigures(folder)),
    results: () => all(readResults(folder)),
    trace: () => trace,
    log: () => log,
    calls: () => all(readCalls(folder)),
  }
}

/** What each finished rollout of a run added to its files, to be filed in another. */
export function* readLines(folder: string): Generator<FinishedLines> {
  const results = new Map<string, ResultRow[]>()
  for (const row of readResults(folder)) results.set(row.key, [...(results.get(row.key) ?? []), row])
  const calls = new Map<string, CallRow[]>()
  for (const row of readCalls(folder)) calls.set(row.key, [...(calls.get(row.key) ?? []), row])
  const traces = new Map([...readTraces(folder)].map(trace => [trace.id, trace]))
  for (const log of readSteps(folder)) {
    const { key } = log
    const [rows, trace] = [results.get(key), traces.get(key)]
    if (rows === undefined || trace === undefined) continue
    const run = { type: 'eval', id: '', name: '' } as const
    yield {
      ok: true,
      key,
      example: rows[0]!.example_id,
      results: rows.map(row => JSON.stringify(row)),
      traces: JSON.stringify({ ...trace, run } satisfies TracedEpisode),
      steps: JSON.stringify(log),
      calls: (calls.get(key) ?? []).map(callLine),
    }
  }
}

/** The same of every failure of a rollout that no later attempt made up for, with the calls of the rollout at its first. */
export function* readFailedLines(folder: string): Generator<FailedLines> {
  const done = new Set([...readSteps(folder)].map(({ key }) => key))
  const calls = new Map<string, CallRow[]>()
  for (const row of readCalls(folder)) if (!done.has(row.key)) calls.set(row.key, [...(calls.get(row.key) ?? []), row])
  for (const { attempt: _, ...error } of readErrors(folder)) {
    const { key } = error
    if (done.has(key)) continue
    yield { ok: false, key, error, calls: (calls.get(key) ?? []).map(callLine) }
    calls.delete(key)
  }
}

/** How many rollouts of a run are finished, also while it is played or after it was killed. */
export function countFinished(folder: string): number {
  return countLines(join(folder, FILES.steps))
}

/** What metadata.json says; undefined where there is none. A UserError where there is one that is not understood. */
export function readMetadata(folder: string): Metadata | undefined {
  const path = join(folder, FILES.metadata)
  if (!existsSync(path)) return undefined
  const tell = (why: string): string =>
    `${path} is not understood: ${why}. It says what the run is: put back the one it had, or move the folder away.`
  const parsed = runMetadata.safeParse(parseJson(readText(path, tell), tell))
  if (parsed.success) return parsed.data as unknown as Metadata
  throw new UserError(tell(explain(parsed.error)))
}

/** What lies in the folder of an export: its metadata.json is no run's. */
export const DATA_CARD = 'datacard.json'
/** What lies in the folder of a run at somebody's server, whose rules nobody here can play again. */
export const CONNECTION = 'connection.json'

/** The run folders in a folder: itself if it is one, else those up to four levels below (part, suite, cell, run), by name. */
export function findRuns(folder: string, depth = 4): string[] {
  if ([DATA_CARD, CONNECTION].some(file => existsSync(join(folder, file)))) return []
  if (existsSync(join(folder, FILES.metadata))) return [folder]
  if (depth === 0) return []
  return entriesOf(folder)
    .filter(entry => entry.isDirectory())
    .map(entry => join(folder, entry.name))
    .sort()
    .flatMap(inner => findRuns(inner, depth - 1))
}
