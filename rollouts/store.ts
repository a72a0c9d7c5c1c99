/**
 * The files of a run: one folder a player. Appends what is finished, says what is done, and finds after any kill what has
 * to be done again. Knows files; knows neither players nor how rollouts come about.
 *
 * A rollout is done when its rows stand whole in results.jsonl, traces.jsonl and steps.jsonl. They are appended in that
 * order, so the line of steps.jsonl is what commits it; whatever else is found at a resume is dropped and played again.
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { AnyTypes } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import type { EpisodeLog, LogRecord } from '../envs/core/log.ts'
import { RunError } from './errors.ts'
import { Appender, countLines, keepLines, lines, refused, replaceFile, rows, sortLines, TEMPORARY, textAt } from './jsonl.ts'
import type { Metadata } from './metadata.ts'
import type { CallRow } from './player.ts'
import { type FailedRollout, keyParts, type Rollout } from './rollout.ts'
import {
  type ErrorRow,
  errorRow,
  MESSAGES_FIELD,
  type ResultFigures,
  type ResultRow,
  rolloutLines,
  type StepsRow,
  type TracedEpisode,
} from './rows.ts'

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
/** Holds the id of the process that plays the run, while it does. */
const LOCK = 'lock'

export class RunStore {
  readonly folder: string
  /** The folder's own name: what the traces call the run. */
  readonly name: string
  readonly #results: Appender
  readonly #traces: Appender
  readonly #steps: Appender
  readonly #calls: Appender
  readonly #errors: Appender
  /** The examples of the finished rollouts, by key. */
  readonly #done = new Map<string, number>()
  /** Failed attempts by key. */
  readonly #failed = new Map<string, number>()
  /** Where the calls of rollouts that an interrupted run left unfinished lie in calls.jsonl. */
  readonly #recorded = new Map<string, { readonly start: number; readonly length: number }[]>()
  /** Running episodes whose logs can be read. */
  readonly #partials = new Set<string>()

  /**
   * Opens the folder of a run, made where it does not exist. One that holds something is opened with `resume` only (a
   * UserError otherwise), after what a kill left half-written has been removed. A RunError where it cannot be written, or
   * another process of this machine has it open: two that append would spoil each other's lines.
   */
  constructor(folder: string, { resume = false }: { readonly resume?: boolean } = {}) {
    this.folder = folder
    this.name = basename(folder)
    this.#results = new Appender(join(folder, FILES.results))
    this.#traces = new Appender(join(folder, FILES.traces))
    this.#steps = new Appender(join(folder, FILES.steps))
    this.#calls = new Appender(join(folder, FILES.calls))
    this.#errors = new Appender(join(folder, FILES.errors))
    let used: boolean
    try {
      used = existsSync(folder) && readdirSync(folder).length > 0
      makeFolder(folder)
    } catch (error) {
      throw refused(folder, error)
    }
    if (used && !resume)
      throw new UserError(`${folder} exists already: add --resume to go on with it, or choose another folder with --out.`)
    lockRun(folder)
    if (used) this.#recover()
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
    return this.#done.has(key) ? 0 : (this.#failed.get(key) ?? 0)
  }

  /** The recorded calls of an unfinished rollout, in order; of a call that was made again, the last. */
  recorded(key: string): CallRow[] {
    const calls = new Map<string, CallRow>()
    for (const { start, length } of this.#recorded.get(key) ?? []) {
      const row = JSON.parse(textAt(this.#calls.path, start, length)) as CallRow
      calls.set(`${row.agent} ${row.call}`, row)
    }
    return [...calls.values()].sort((a, b) => a.call - b.call)
  }

  /** Appends one answered model call. */
  record({ key, reply, ...row }: CallRow): void {
    this.#calls.append(JSON.stringify({ key, ...row, reply } satisfies CallRow))
  }

  /** Appends a step to the log of a running episode, which can be read before it is finished. */
  partial(key: string, { header }: EpisodeLog<AnyTypes>, record: LogRecord<AnyTypes>): void {
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

  /** Files a finished rollout. */
  finish(rollout: Rollout): void {
    const { results, traces, steps } = rolloutLines(rollout, this.name)
    this.#results.append(...results)
    this.#traces.append(traces)
    this.#steps.append(steps)
    this.#done.set(rollout.key, rollout.spec.example)
    this.#recorded.delete(rollout.key)
    this.#dropPartial(rollout.key)
  }

  /** Files a failed rollout; its recorded calls stay for the next attempt. */
  fail(failed: FailedRollout): void {
    const attempt = (this.#failed.get(failed.key) ?? 0) + 1
    this.#errors.append(JSON.stringify(errorRow(failed, attempt)))
    this.#failed.set(failed.key, attempt)
    this.#dropPartial(failed.key)
  }

  writeMetadata(metadata: Metadata): void {
    const text = `${JSON.stringify(metadata, null, 2)}\n`
    replaceFile(join(this.folder, FILES.metadata), write => write(Buffer.from(text)))
  }

  /**
   * Puts the finished rollouts in the order of their examples and repeats, so that whatever is made of the files does not
   * depend on which ended first.
   */
  order(): void {
    this.#closeFiles()
    const rollouts = [...this.#done].map(([key, example]) => ({ key, example, ...keyParts(key) }))
    rollouts.sort((a, b) => a.example - b.example || (a.group === b.group ? a.repeat - b.repeat : a.group < b.group ? -1 : 1))
    const ranks = new Map(rollouts.map(({ key }, rank) => [key, rank]))
    for (const { path } of [this.#results, this.#traces, this.#steps]) sortLines(path, line => ranks.get(keyOf(line))!)
  }

  close(): void {
    this.#closeFiles()
    unlockRun(this.folder)
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

  /** Learns what is done, and drops what is not whole. */
  #recover(): void {
    const expected = new Map<string, { readonly seats: number; readonly example: number }>()
    const found = { results: new Map<string, number>(), traces: new Map<string, number>(), steps: new Map<string, number>() }
    for (const { bytes } of lines(this.#results.path)) {
      const row = figures(bytes)
      if (row === undefined) continue
      expected.set(row.key, { seats: row.info.evaluated.length, example: row.example_id })
      count(found.results, row.key)
    }
    for (const file of [this.#traces, this.#steps]) {
      const counts = file === this.#traces ? found.traces : found.steps
      for (const { bytes } of lines(file.path)) count(counts, keyOf(bytes))
    }
    for (const [key, { seats, example }] of expected) {
      if (found.results.get(key) === seats && found.traces.get(key) === 1 && found.steps.get(key) === 1)
        this.#done.set(key, example)
    }
    for (const file of [this.#results, this.#traces, this.#steps]) keepLines(file.path, line => this.#done.has(keyOf(line)))
    for (const file of [this.#calls, this.#errors]) keepLines(file.path, line => keyOf(line) !== '')
    for (const { bytes } of lines(this.#errors.path)) count(this.#failed, keyOf(bytes))
    for (const { bytes, start } of lines(this.#calls.path)) {
      const key = keyOf(bytes)
      if (this.#done.has(key)) continue
      const place = { start, length: bytes.length }
      const places = this.#recorded.get(key)
      if (places === undefined) this.#recorded.set(key, [place])
      else places.push(place)
    }
    rmSync(join(this.folder, PARTIAL), { recursive: true, force: true })
    for (const name of readdirSync(this.folder)) if (name.endsWith(TEMPORARY)) rmSync(join(this.folder, name))
  }
}

/** Keeps other processes of this machine out of a run's folder. A RunError where one has it open. */
export function lockRun(folder: string): void {
  const path = join(folder, LOCK)
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw refused(path, error)
    }
    const pid = Number(readFileSync(path, 'utf8'))
    if (pid !== process.pid && isRunning(pid))
      throw new RunError(`${folder} is being played by process ${pid}: wait until it ends, or stop it, then --resume.`)
    // What a kill left.
    rmSync(path, { force: true })
  }
}

export function unlockRun(folder: string): void {
  rmSync(join(folder, LOCK), { force: true })
}

function isRunning(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Makes a folder and those above it. (Node's own recursive form never returns where a file system refuses new names.) */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path)
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** The key that a line begins with; empty where the line is no whole object with one. */
export function keyOf(line: Buffer): string {
  if (line.at(-1) !== 0x7d) return ''
  return /^\{"(?:key|id)":"([^"\\]+)"/.exec(line.toString('latin1', 0, 512))?.[1] ?? ''
}

/** A result row without its long fields, which are not even parsed; undefined where the line is none. */
export function figures(line: Buffer): ResultFigures | undefined {
  const cut = line.indexOf(MESSAGES_FIELD)
  if (cut < 0 || keyOf(line) === '') return undefined
  try {
    return JSON.parse(`${line.toString('utf8', 0, cut)}}`) as ResultFigures
  } catch {
    return undefined
  }
}

/** The long fields of a result row as the JSON text that stands there; undefined where the line is none. */
export function longFields(line: Buffer): Record<'prompt' | 'completion' | 'tool_defs', string> | undefined {
  // A quotation mark inside a string is escaped, and messages have no field of these names: the first of each is the row's.
  const prompt = Math.max(0, line.indexOf(MESSAGES_FIELD))
  const completion = Math.max(0, line.indexOf(',"completion":[', prompt))
  const tools = Math.max(0, line.indexOf(',"tool_defs":[', completion))
  if (prompt === 0 || completion === 0 || tools === 0) return undefined
  const between = (from: number, field: string, to: number): string => line.toString('utf8', from + field.length, to)
  return {
    prompt: between(prompt, ',"prompt":', completion),
    completion: between(completion, ',"completion":', tools),
    tool_defs: between(tools, ',"tool_defs":', line.length - 1),
  }
}

/** The rows of results.jsonl without their messages. */
export function* readFigures(folder: string): Generator<ResultFigures> {
  for (const { bytes } of lines(join(folder, FILES.results))) {
    const row = figures(bytes)
    if (row !== undefined) yield row
  }
}

/** The rows of results.jsonl. */
export function readResults(folder: string): Generator<ResultRow> {
  return rows(join(folder, FILES.results))
}

/** The episodes of traces.jsonl. */
export function readTraces(folder: string): Generator<TracedEpisode> {
  return rows(join(folder, FILES.traces))
}

/** The logs of steps.jsonl. */
export function readSteps(folder: string): Generator<StepsRow> {
  return rows(join(folder, FILES.steps))
}

/** What stands last in a call's row: a reader of figures stops there. */
const REPLY_FIELD = ',"reply":{'

/** The rows of calls.jsonl without the replies. */
export function readCallFigures(folder: string): Generator<Omit<CallRow, 'reply'>> {
  return rows(join(folder, FILES.calls), line => `${line.toString('utf8', 0, line.indexOf(REPLY_FIELD))}}`)
}

/** The rows of calls.jsonl. */
export function readCalls(folder: string): Generator<CallRow> {
  return rows(join(folder, FILES.calls))
}

/** The rows of errors.jsonl. */
export function readErrors(folder: string): Generator<ErrorRow> {
  return rows(join(folder, FILES.errors))
}

/** How many rollouts of a run are finished, also while it is played or after it was killed. */
export function countFinished(folder: string): number {
  return countLines(join(folder, FILES.steps))
}

/** What metadata.json says; undefined where there is none that can be read. */
export function readMetadata(folder: string): Metadata | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, FILES.metadata), 'utf8')) as Metadata
  } catch {
    return undefined
  }
}

/** What lies in the folder of an export: its metadata.json is no run's. */
export const DATA_CARD = 'datacard.json'

/** The run folders in a folder: itself if it is one, else those up to three levels below, by name. */
export function findRuns(folder: string, depth = 3): string[] {
  if (existsSync(join(folder, DATA_CARD))) return []
  if (existsSync(join(folder, FILES.metadata))) return [folder]
  if (depth === 0) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => join(folder, entry.name))
    .sort()
    .flatMap(inner => findRuns(inner, depth - 1))
}
