/**
 * Reads the rollouts of a run, row by row or one by its key, whichever version of the format they lie in. Knows the files of a run;
 * writes none.
 *
 * `rollouts.jsonl` alone says what is finished. `figures.jsonl` has what tables read of each rollout, and where in rollouts.jsonl it
 * lies; `checkpoint.json` says how far it goes, and with the sizes and the last bytes of the files whether they still are those it
 * was made from. What it does not vouch for is read from rollouts.jsonl.
 */
import { existsSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { AnyTypes } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import type { EpisodeLog } from '../envs/core/log.ts'
import { BlockReader, blockNames, blockPath, type Place, type PlacedLine, placedLines } from './blocks.ts'
import { bytesAt } from './disk.ts'
import { RunError } from './errors.ts'
import { FILES } from './files.ts'
import { countLines, lines, objectIn, rows, textOf, type Unread } from './jsonl.ts'
import { KeyMap } from './keys.ts'
import type { CallRow } from './player.ts'
import { callFiguresIn, keyOf, figuresIn as rowFiguresIn, rowIn } from './read_rows.ts'
import {
  FORMAT,
  figuresIn,
  figuresLine,
  headOf,
  linesOf,
  type RolloutFigures,
  type RolloutRows,
  StoredRows,
  spendingOf,
  whole,
} from './record.ts'
import type { ErrorRow, FailedLines, FinishedLines, ResultFigures, ResultRow, StepsRow, TracedEpisode } from './rows.ts'

/** Why what a run's metadata.json says cannot be read here: a later version of the package wrote the files. Undefined where it can. */
export function whyLater({ format }: { readonly format?: unknown }): string | undefined {
  if (format === undefined || format === FORMAT) return undefined
  return `its files are of format ${JSON.stringify(format)}, and this version of agoragym reads format ${FORMAT} and those of before; read it with the version that wrote it, or a later one`
}

/** Throws a UserError where a later version of the package wrote the files of a run, or its rollouts lie in two files. */
function refuseUnknown(folder: string): void {
  const [one, other] = blockNames(FILES.rollouts).filter(name => existsSync(join(folder, name)))
  if (other !== undefined)
    throw new UserError(`${folder} has ${one} and ${other}, and a run's rollouts lie in one file: move the other one away.`)
  const path = join(folder, FILES.metadata)
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  const bytes = size > 0 ? bytesAt(path, 0, size) : Buffer.alloc(0)
  const why = whyLater(objectIn<object>({ bytes, start: 0, length: bytes.length, torn: false }) ?? {})
  if (why !== undefined) throw new UserError(`${path}: ${why}.`)
}

/** Whether the rollouts of a run lie in the files that it had before the format had a version. A UserError where they lie in later ones, or twice. */
export function isOlder(folder: string): boolean {
  refuseUnknown(folder)
  if (existsSync(blockPath(join(folder, FILES.rollouts)))) return false
  return (['steps', 'traces', 'results'] as const).some(kind => existsSync(join(folder, FILES[kind])))
}

/** Where the rollouts and the figures of a run lie. */
export function rolloutPaths(folder: string): { readonly data: string; readonly figures: string; readonly shared: string } {
  return {
    data: blockPath(join(folder, FILES.rollouts)),
    figures: blockPath(join(folder, FILES.figures)),
    shared: join(folder, FILES.shared),
  }
}

/** How far a file goes, and what its last bytes are. */
export interface Extent {
  readonly bytes: number
  /** CRC-32 of the last bytes up to there. */
  readonly tail: number
}

/** What checkpoint.json says: so much of figures.jsonl tells all of so much of rollouts.jsonl. */
export interface Checkpoint {
  readonly format: typeof FORMAT
  readonly rollouts: number
  readonly data: Extent
  readonly figures: Extent
  readonly shared: Extent
}

/** Bytes that an extent remembers. */
const REMEMBERED = 4096

/** How far a file goes, its end by default. */
export function extentOf(path: string, bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0): Extent {
  const from = Math.max(0, bytes - REMEMBERED)
  return { bytes, tail: existsSync(path) ? crc32(bytesAt(path, from, bytes - from)) : 0 }
}

/** The checkpoint of a run; undefined where there is none, or the files are not those that it was made from. */
export function checkpointOf(folder: string): Checkpoint | undefined {
  const path = join(folder, FILES.checkpoint)
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size === undefined || size > REMEMBERED) return undefined
  const bytes = bytesAt(path, 0, size)
  const found = objectIn<Checkpoint>({ bytes, start: 0, length: size, torn: false })
  if (found?.format !== FORMAT || typeof found.rollouts !== 'number') return undefined
  const paths = rolloutPaths(folder)
  const holds = (['data', 'figures', 'shared'] as const).every(file => {
    const { bytes, tail } = found[file] ?? {}
    if (typeof bytes !== 'number' || bytes > (statSync(paths[file], { throwIfNoEntry: false })?.size ?? 0)) return false
    return extentOf(paths[file], bytes).tail === tail
  })
  return holds ? found : undefined
}

/** What begins a line of figures.jsonl: where the rollout lies. */
const PLACED = /^\[\[(\d+),(\d+),(\d+),(\d+)\],/

/** A line of figures.jsonl. */
export function placedFigures(place: Place, figures: string): string {
  return `[[${place.join()}],${figures}]`
}

/** A line of figures.jsonl taken apart; undefined where it is none. */
export function partsOf(line: string): { readonly place: Place; readonly figures: string } | undefined {
  const found = PLACED.exec(line)
  if (found === null || !line.endsWith(']')) return undefined
  const [prefix, ...place] = found
  return { place: place.map(Number) as unknown as Place, figures: line.slice(prefix.length, -1) }
}

/** Bytes at the beginning of a line that mostly hold where the rollout lies, its key and its example. */
const BEGINNING = 256

/** What stands at the beginning of a line of figures.jsonl; undefined where it is none. */
function placedHead(bytes: Buffer): Pick<PlacedRollout, 'key' | 'example' | 'place'> | undefined {
  if (bytes.at(-1) !== 0x5d) return undefined
  const told = (text: string) => {
    const found = PLACED.exec(text)
    const head = found === null ? undefined : headOf(text.slice(found[0].length))
    return head && { ...head, place: found!.slice(1).map(Number) as unknown as Place }
  }
  return told(bytes.toString('utf8', 0, BEGINNING)) ?? told(bytes.toString())
}

/** What rollouts have in common, by id; read when something is first asked for. */
export class SharedValues {
  readonly #path: string
  #texts: Map<string, string> | undefined
  readonly #values = new Map<string, unknown>()

  constructor(path: string) {
    this.#path = path
  }

  /** Ids that are kept. */
  get ids(): ReadonlyMap<string, string> {
    if (this.#texts === undefined) {
      this.#texts = new Map()
      for (const { bytes } of placedLines(this.#path)) {
        const [, id, text] = /^\["([0-9a-f]{16})",(.*)\]\r?$/s.exec(bytes.toString()) ?? []
        if (id !== undefined && text !== undefined) this.#texts.set(id, text)
      }
    }
    return this.#texts
  }

  readonly value = (id: string): unknown => {
    if (!this.#values.has(id)) {
      const text = this.ids.get(id)
      if (text === undefined) throw new SyntaxError(`${FILES.shared} has no ${id.slice(0, 16)}`)
      this.#values.set(id, JSON.parse(text))
    }
    return this.#values.get(id)
  }
}

/** A line of shared.jsonl. */
export function sharedLine([id, text]: readonly [id: string, text: string]): string {
  return `["${id}",${text}]`
}

/** A finished rollout, where it lies, and what the tables read of it. */
export interface PlacedRollout {
  readonly key: string
  readonly example: number
  readonly place: Place
  readonly figures: () => RolloutFigures
  /** The figures as they stand in the file, to be copied. */
  readonly text: () => string
}

/** A run that is read, rollout by rollout or anywhere. Files that are open are closed by `close`. */
export class RunReader {
  readonly folder: string
  readonly #name: string
  readonly #data: string
  readonly #shared: SharedValues
  #blocks: BlockReader | undefined
  readonly #places = new Map<string, Place>()
  #indexing: Generator<void> | undefined

  /** A UserError where a later version of the package wrote the run, or its rollouts lie in two files. */
  constructor(folder: string) {
    refuseUnknown(folder)
    this.folder = folder
    this.#name = basename(folder)
    const { data, shared } = rolloutPaths(folder)
    this.#data = data
    this.#shared = new SharedValues(shared)
  }

  /**
   * Every finished rollout once: those that the checkpoint vouches for as figures.jsonl lists them, then the others as they lie. A
   * line that is none is counted in `unread`; without that it throws a RunError that names it.
   */
  *placed(unread?: Unread): Generator<PlacedRollout> {
    const checkpoint = checkpointOf(this.folder)
    const more = (statSync(this.#data, { throwIfNoEntry: false })?.size ?? 0) > (checkpoint?.data.bytes ?? 0)
    // A rollout that was filed twice by hand counts once.
    const met = more ? new KeyMap() : undefined
    for (const found of this.figures(checkpoint)) {
      met?.set(found.key, found.example)
      yield found
    }
    if (!more) return
    let number = 0
    for (const line of placedLines(this.#data, checkpoint?.data.bytes)) {
      number++
      const found = this.#understood(line, number, checkpoint === undefined, unread)
      if (found === undefined || met?.has(found.key)) continue
      met?.set(found.key, found.example)
      const { key, example } = found
      const figures = (): RolloutFigures => figuresOf(found)
      yield { key, example, place: line.place, figures, text: () => figuresLine(figures()) }
    }
  }

  /** The rollouts that the checkpoint vouches for, as figures.jsonl lists them. */
  *figures(checkpoint = checkpointOf(this.folder)): Generator<PlacedRollout> {
    if (checkpoint === undefined) return
    const { data, figures: path } = rolloutPaths(this.folder)
    for (const { bytes } of placedLines(path, 0, checkpoint.figures.bytes)) {
      const head = placedHead(bytes)
      if (head === undefined)
        throw new RunError(`${path}: a line is no row of that file. Remove the file: it is made anew from ${data}.`)
      const text = (): string => partsOf(bytes.toString())!.figures
      yield { ...head, figures: () => figuresIn(text()), text }
    }
  }

  #understood({ bytes, place }: PlacedLine, number: number, fromStart: boolean, unread: Unread | undefined) {
    try {
      return this.#rows(bytes)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      const why = `is no rollout (${error.message.slice(0, 80)})`
      if (unread === undefined) {
        const at = fromStart ? `line ${number}` : `what begins at byte ${place[0]}`
        throw new RunError(`${this.#data}: ${at} ${why}. Put back what it was, or remove it.`)
      }
      unread.add(this.#data, number, why)
      return undefined
    }
  }

  #rows(bytes: Buffer): StoredRows {
    try {
      return new StoredRows(textOf(bytes), this.#name, this.#shared.value)
    } catch (error) {
      // Whatever is wrong with a line, it is the line's fault.
      throw error instanceof SyntaxError ? error : new SyntaxError((error as Error).message)
    }
  }

  /** The rollout that lies there; a RunError where it does not. */
  at(place: Place): StoredRows {
    this.#blocks ??= new BlockReader(this.#data)
    const bytes = this.#blocks.line(place)
    try {
      if (bytes !== undefined) return this.#rows(bytes)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
    throw new RunError(
      `${this.#data}: no whole rollout at byte ${place[0]}. If the file was changed by hand, remove ${FILES.checkpoint} beside it.`,
    )
  }

  /** Every finished rollout, in the order of `placed`. */
  *rollouts(unread?: Unread): Generator<StoredRows> {
    for (const { key, place } of this.placed(unread)) {
      const found = this.at(place)
      if (found.key !== key)
        throw new RunError(
          `${this.#data}: byte ${place[0]} has another rollout than ${key}. Remove ${FILES.checkpoint} beside it.`,
        )
      yield found
    }
  }

  /** Looks up where each rollout lies, once, a rollout at a time: done when the generator is. */
  index(): Generator<void> {
    this.#indexing ??= this.#index()
    return this.#indexing
  }

  *#index(): Generator<void> {
    for (const { key, place } of this.placed()) {
      this.#places.set(key, place)
      yield
    }
  }

  /** The finished rollout of that key; undefined where there is none. Where each lies is looked up once. */
  open(key: string): StoredRows | undefined {
    const index = this.index()
    while (!index.next().done);
    const place = this.#places.get(key)
    return place && this.at(place)
  }

  /** The finished rollout of that key, looked for once: to open many, `open` is quicker. */
  find(key: string): StoredRows | undefined {
    const checkpoint = checkpointOf(this.folder)
    const { figures, data } = rolloutPaths(this.folder)
    const begins = Buffer.from(`],{"key":${JSON.stringify(key)},`)
    if (checkpoint !== undefined)
      for (const { bytes } of placedLines(figures, 0, checkpoint.figures.bytes))
        if (bytes.includes(begins)) return this.at(partsOf(bytes.toString())!.place)
    const own = Buffer.from(`{"key":${JSON.stringify(key)},`)
    for (const { bytes, place } of placedLines(data, checkpoint?.data.bytes))
      if (bytes.subarray(0, own.length).equals(own)) return this.at(place)
    return undefined
  }

  /** Every line of rollouts.jsonl as it lies there, unread: what it holds is made when it is asked for. Throws then where it holds none. */
  *unread(): Generator<{ readonly bytes: Buffer; readonly rows: () => StoredRows }> {
    for (const { bytes } of placedLines(this.#data)) yield { bytes, rows: () => this.#rows(bytes) }
  }

  /** The texts that rollouts have in common, such as rules, by id. */
  *sharedTexts(): Generator<[id: string, text: string]> {
    for (const [id, text] of this.#shared.ids) if (text.startsWith('"')) yield [id, JSON.parse(text) as string]
  }

  /** What a line of the rollout refers to, as JSON by id. */
  sharedIn(line: string): [id: string, text: string][] {
    const ids = new Set([...line.matchAll(/\["~\$","([0-9a-f]{16})"\]/g)].map(([, id]) => id!))
    return [...ids].flatMap(id => {
      const text = this.#shared.ids.get(id)
      return text === undefined ? [] : [[id, text] as [string, string]]
    })
  }

  /** The line of rollouts.jsonl that lies there. */
  lineAt(place: Place): string {
    this.#blocks ??= new BlockReader(this.#data)
    const bytes = this.#blocks.line(place)
    if (bytes === undefined) throw new RunError(`${this.#data}: no whole rollout at byte ${place[0]}.`)
    return textOf(bytes)
  }

  close(): void {
    this.#blocks?.close()
    this.#blocks = undefined
  }
}

/** What the tables read of a rollout. */
export function figuresOf({ figures, calls, trace, conduct }: RolloutRows): RolloutFigures {
  const example = figures[0]?.example_id ?? 0
  return { key: trace.id, example, rows: figures, ...(conduct && { conduct }), spending: spendingOf(calls) }
}

function* reading<T>(folder: string, work: (reader: RunReader) => Iterable<T>): Generator<T> {
  const reader = new RunReader(folder)
  try {
    yield* work(reader)
  } finally {
    reader.close()
  }
}

/**
 * What tables read of each finished rollout: its rows without their messages, what its seats did and spent. Of runs of before, and
 * where figures.jsonl had to be made anew, without what the seats did; of runs of before without what they spent, too: see
 * `readUnfiledCalls`. Of this reader and the next ones: a line that is not understood is counted in `unread`; without that it throws
 * a RunError that names it.
 */
export function* readRolloutFigures(folder: string, unread?: Unread): Generator<RolloutFigures> {
  if (!isOlder(folder)) {
    for (const { figures } of new RunReader(folder).placed(unread)) yield figures()
    return
  }
  let together: ResultFigures[] = []
  const rollout = (): RolloutFigures => {
    const { key, example_id } = together[0]!
    return { key, example: example_id, rows: together, spending: {} }
  }
  for (const row of rows(join(folder, FILES.results), rowFiguresIn, unread)) {
    if (together.length > 0 && together[0]!.key !== row.key) {
      yield rollout()
      together = []
    }
    together.push(row)
  }
  if (together.length > 0) yield rollout()
}

/** The rows of finished rollouts without their messages: one an evaluated seat. */
export function* readFigures(folder: string, unread?: Unread): Generator<ResultFigures> {
  for (const { rows } of readRolloutFigures(folder, unread)) for (const row of rows) yield whole(row)
}

/** The same with their messages. */
export function readResults(folder: string, unread?: Unread): Generator<ResultRow> {
  if (isOlder(folder)) return rows(join(folder, FILES.results), line => rowIn('results', line), unread)
  return reading(folder, function* (reader) {
    for (const { results } of reader.rollouts(unread)) yield* results
  })
}

/** An episode a finished rollout, with a trace a seat. */
export function readTraces(folder: string, unread?: Unread): Generator<TracedEpisode> {
  if (isOlder(folder)) return rows(join(folder, FILES.traces), line => rowIn('traces', line), unread)
  return reading(folder, function* (reader) {
    for (const { trace } of reader.rollouts(unread)) yield trace
  })
}

/** The log of every finished rollout. */
export function readSteps(folder: string, unread?: Unread): Generator<StepsRow> {
  if (isOlder(folder)) return rows(join(folder, FILES.steps), line => rowIn('steps', line), unread)
  return reading(folder, function* (reader) {
    for (const { log } of reader.rollouts(unread)) yield log
  })
}

/** Which rollouts are finished; of a run of before, each once a row of it. */
export function* readKeys(folder: string): Generator<string> {
  if (isOlder(folder)) for (const { key } of rows(join(folder, FILES.results), rowFiguresIn)) yield key
  else for (const { key } of new RunReader(folder).placed()) yield key
}

/** Every answered model call: those of finished rollouts, rollout by rollout, then the others in the order of answering. */
export function* readCalls(folder: string, unread?: Unread): Generator<CallRow> {
  if (!isOlder(folder))
    yield* reading(folder, function* (reader) {
      for (const { calls } of reader.rollouts(unread)) yield* calls
    })
  yield* readUnfiledReplies(folder, unread)
}

/** The same without the replies. */
export function* readCallFigures(folder: string, unread?: Unread): Generator<Omit<CallRow, 'reply'>> {
  if (!isOlder(folder))
    yield* reading(folder, function* (reader) {
      for (const { calls } of reader.rollouts(unread)) for (const { reply: _, ...call } of calls) yield call
    })
  yield* readUnfiledCalls(folder, unread)
}

/** The answered calls that no finished rollout has with it; all of them of runs of before. */
export function readUnfiledReplies(folder: string, unread?: Unread): Generator<CallRow> {
  return unfiled(folder, line => rowIn('calls', line), unread)
}

/** The answered calls, without their replies, that no finished rollout has with it; all of them of runs of before. */
export function readUnfiledCalls(folder: string, unread?: Unread): Generator<Omit<CallRow, 'reply'>> {
  return unfiled(folder, callFiguresIn, unread)
}

function* unfiled<T extends { readonly key: string }>(
  folder: string,
  row: Parameters<typeof rows<T>>[1],
  unread: Unread | undefined,
): Generator<T> {
  const path = join(folder, FILES.calls)
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return
  const filed = new KeyMap()
  if (!isOlder(folder)) for (const { key, example } of new RunReader(folder).placed(unread)) filed.set(key, example)
  for (const found of rows(path, row, unread)) if (!filed.has(found.key)) yield found
}

/** The rows of errors.jsonl. */
export function readErrors(folder: string, unread?: Unread): Generator<ErrorRow> {
  return rows(join(folder, FILES.errors), line => rowIn('errors', line), unread)
}

/** How many rollouts of a run are finished, also while it is played or after it was killed. */
export function countFinished(folder: string): number {
  if (isOlder(folder)) return countLines(join(folder, FILES.steps))
  const checkpoint = checkpointOf(folder)
  const { data } = rolloutPaths(folder)
  let count = checkpoint?.rollouts ?? 0
  for (const _line of placedLines(data, checkpoint?.data.bytes)) count++
  return count
}

/** One finished rollout of a run. Each part is made when it is asked for. */
export interface OpenedRollout {
  readonly key: string
  /** Its rows without their messages, one an evaluated seat. */
  figures(): readonly ResultFigures[]
  results(): readonly ResultRow[]
  trace(): TracedEpisode
  log(): StepsRow
  calls(): readonly CallRow[]
}

/** The finished rollout of that key; undefined where the run has none. To open many of them, keep a `RunReader`. */
export function openRollout(folder: string, key: string): OpenedRollout | undefined {
  if (isOlder(folder)) return openOlder(folder, key)
  const reader = new RunReader(folder)
  try {
    const found = reader.find(key)
    return (
      found && {
        key,
        figures: () => found.figures,
        results: () => found.results,
        trace: () => found.trace,
        log: () => found.log,
        calls: () => found.calls,
      }
    )
  } finally {
    reader.close()
  }
}

function openOlder(folder: string, key: string): OpenedRollout | undefined {
  const all = <K extends 'results' | 'traces' | 'steps' | 'calls'>(kind: K) =>
    [...lines(join(folder, FILES[kind]))].flatMap(line => (keyOf(kind, line) === key ? (rowIn(kind, line) ?? []) : []))
  const [log] = all('steps')
  const [trace] = all('traces')
  if (log === undefined || trace === undefined) return undefined
  const results = () => all('results') as ResultRow[]
  return {
    key,
    figures: () => results().map(({ prompt: _p, completion: _c, tool_defs: _t, ...row }) => row),
    results,
    trace: () => trace as TracedEpisode,
    log: () => log as StepsRow,
    calls: () => all('calls') as CallRow[],
  }
}

/** What each finished rollout of a run added to its files, to be filed in another: all of them, or those whose keys are wanted. */
export function* readLines(folder: string, wanted: (key: string) => boolean = () => true): Generator<FinishedLines> {
  if (isOlder(folder)) {
    for (const lines of olderLines(folder)) if (wanted(lines.key)) yield lines
    return
  }
  yield* reading(folder, function* (reader) {
    for (const { key, example, place, text } of reader.placed()) {
      if (!wanted(key)) continue
      const rollout = reader.lineAt(place)
      yield { ok: true, key, example, shared: reader.sharedIn(rollout), rollout, figures: text() } satisfies FinishedLines
    }
  })
}

/** The files of before side by side: what stands in one only is not finished. */
function* olderLines(folder: string): Generator<FinishedLines> {
  const calls = new Map<string, CallRow[]>()
  for (const row of readCalls(folder)) calls.set(row.key, [...(calls.get(row.key) ?? []), row])
  const traces = new Map<string, TracedEpisode>()
  const logs = new Map<string, StepsRow>()
  const [nextTrace, nextLog] = [readTraces(folder), readSteps(folder)]
  for (const { key, rows: figures } of readRolloutFigures(folder)) {
    for (let next = nextTrace.next(); !next.done; next = nextTrace.next()) {
      traces.set(next.value.id, next.value)
      if (next.value.id === key) break
    }
    for (let next = nextLog.next(); !next.done; next = nextLog.next()) {
      logs.set(next.value.key, next.value)
      if (next.value.key === key) break
    }
    const [trace, log] = [traces.get(key), logs.get(key)]
    traces.delete(key)
    logs.delete(key)
    if (trace === undefined || log === undefined) continue
    const { key: _, ...episode } = log
    yield linesOf({ figures, trace, log: episode as EpisodeLog<AnyTypes>, calls: calls.get(key) ?? [] })
  }
}

/** The same of every failure of a rollout that no later attempt made up for, with the calls of the rollout at its first. */
export function* readFailedLines(folder: string): Generator<FailedLines> {
  const done = new KeyMap()
  for (const { key } of readRolloutFigures(folder)) done.set(key, 0)
  const calls = new Map<string, string[]>()
  for (const line of lines(join(folder, FILES.calls))) {
    const key = keyOf('calls', line)
    if (key === '' || done.has(key)) continue
    const known = calls.get(key)
    if (known === undefined) calls.set(key, [textOf(line.bytes)])
    else known.push(textOf(line.bytes))
  }
  for (const { attempt: _, ...error } of readErrors(folder)) {
    const { key } = error
    if (done.has(key)) continue
    yield { ok: false, key, error, calls: calls.get(key) ?? [] }
    calls.delete(key)
  }
}
