/**
 * Reads the rollouts of a run, row by row or one by its key, whichever version of the format they lie in. Knows the files of a run;
 * writes none.
 *
 * `rollouts.jsonl` alone says what is finished. `figures.jsonl` has what tables read of each rollout, and where in rollouts.jsonl it
 * lies; `checkpoint.json` says how far it goes, and with the sizes and the last bytes of the files whether they still are those it
 * was made from. What it does not vouch for is read from rollouts.jsonl.
 */
import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { BlockReader, type Place, type PlacedLine, placedLines } from './blocks.ts'
import { RunError } from './errors.ts'
import { FILES } from './files.ts'
import { countLines, lines, rows, textOf, type Unread } from './jsonl.ts'
import { KeyMap } from './keys.ts'
import { checkpointOf, isOlder, partsOf, placedHead, refuseUnknown, rolloutPaths, SharedValues } from './layout.ts'
import type { CallRow } from './player.ts'
import { callFiguresIn, keyOf, figuresIn as rowFiguresIn, rowIn } from './read_rows.ts'
import { figuresIn, figuresLine, type RolloutFigures, type RolloutRows, StoredRows, spendingOf, whole } from './record.ts'
import type { ErrorRow, ResultFigures, ResultRow, StepsRow, TracedEpisode } from './rows.ts'

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

/** What some work gives that reads the rollouts of a run; the files are closed when it ends. */
export function* reading<T>(folder: string, work: (reader: RunReader) => Iterable<T>): Generator<T> {
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
