/**
 * The rollouts of finished runs, task by task in the order of their keys, whatever order they ended in and however many
 * there are: what is held is where their lines lie, never the lines. Knows the files of a run; knows no export format.
 */
import { basename, join } from 'node:path'
import type { Place } from '../blocks.ts'
import { PlaceReader } from '../disk.ts'
import { RunError } from '../errors.ts'
import { isBlank, lines, objectIn, textOf, Unread, whyNot } from '../jsonl.ts'
import type { Metadata } from '../metadata.ts'
import { type RolloutNotes, readNotes } from '../notes.ts'
import type { CallRow } from '../player.ts'
import { figuresIn, longFieldsIn, rowIn } from '../read_rows.ts'
import type { StoredRows } from '../record.ts'
import { keyParts } from '../rollout.ts'
import type { ErrorRow, ResultFigures, StepsRow, TracedEpisode } from '../rows.ts'
import { definedScores, readScoreFacts, type ScoreFacts, type ScoreRow, withScores } from '../scores.ts'
import { FILES, isOlder, type PlacedRollout, RunReader, readMetadata } from '../store.ts'
import { JsonText } from './columns.ts'
import { SortedLines } from './sorted.ts'

/** A kind of line that is looked for, the file it lies in. Runs of before have results, traces, steps and calls apart. */
type Kind = 'rollouts' | 'results' | 'traces' | 'steps' | 'calls' | 'errors' | 'scores'

/** A run that is read from. */
export class RunFiles {
  readonly folder: string
  /** Unlike that of any other run that is read with it. */
  readonly name: string
  readonly metadata: Metadata | undefined
  /** What was added to the run after it was played, by name. */
  readonly scores: Readonly<Record<string, ScoreFacts>>
  /** What people have said of its rollouts, by key. */
  readonly notes: ReadonlyMap<string, RolloutNotes>
  readonly #readers = new Map<Kind, PlaceReader>()
  readonly #reader: RunReader

  constructor(folder: string, name: string) {
    this.folder = folder
    this.name = name
    this.metadata = readMetadata(folder)
    this.#reader = new RunReader(folder)
    this.scores = readScoreFacts(folder)
    this.notes = readNotes(folder)
  }

  /** The runs of these folders, each named like its folder; where two are named alike, the later one with a number. */
  static of(folders: readonly string[]): RunFiles[] {
    const taken = new Set<string>()
    return folders.map(folder => {
      let name = basename(folder)
      for (let n = 2; taken.has(name); n++) name = `${basename(folder)}-${n}`
      taken.add(name)
      return new RunFiles(folder, name)
    })
  }

  path(kind: Kind): string {
    return join(this.folder, FILES[kind])
  }

  /** The finished rollouts, each where it lies. */
  placed(unread: Unread): Generator<PlacedRollout> {
    return this.#reader.placed(unread)
  }

  rollout(place: Place): StoredRows {
    return this.#reader.at(place)
  }

  bytes(kind: Kind, [start, length]: Place): Buffer {
    let reader = this.#readers.get(kind)
    if (reader === undefined) {
      reader = new PlaceReader(this.path(kind))
      this.#readers.set(kind, reader)
    }
    return reader.bytes(start, length)
  }

  close(): void {
    for (const reader of this.#readers.values()) reader.close()
    this.#readers.clear()
    this.#reader.close()
  }
}

/** A rollout of a run: where its lines lie. A finished one lies in rollouts.jsonl (of runs of before: has results and a trace), a failed one in errors.jsonl. */
export class StoredRollout {
  readonly run: RunFiles
  readonly key: string
  readonly places: Readonly<Partial<Record<Kind, readonly Place[]>>>
  #rows: StoredRows | undefined

  constructor(run: RunFiles, key: string, places: Readonly<Partial<Record<Kind, readonly Place[]>>>) {
    this.run = run
    this.key = key
    this.places = places
  }

  /** The rows without their long fields, one an evaluated seat, with the scores that were added since. */
  figures(): ResultFigures[] {
    const added = this.#scores()
    const rows = this.#stored?.figures ?? this.#lines('results').map(line => figuresIn(line) ?? this.#notARow())
    return rows.map(row => withScores(row, added.get(row.info.seat) ?? {}))
  }

  /** The tags and the notes that people gave it, as an export has them. */
  get noted(): { readonly tags: readonly string[]; readonly notes: readonly string[] } {
    const { tags = [], notes = [] } = this.run.notes.get(this.key) ?? {}
    return { tags, notes: notes.map(({ text }) => text) }
  }

  /** The long fields of the row of that number, as JSON. */
  longFields(row: number): Record<'prompt' | 'completion' | 'tool_defs', JsonText> {
    const { prompt, completion, tool_defs } = this.#longFields(row)
    return { prompt: new JsonText(prompt), completion: new JsonText(completion), tool_defs: new JsonText(tool_defs) }
  }

  #longFields(row: number): Record<'prompt' | 'completion' | 'tool_defs', string> {
    const stored = this.#stored
    if (stored !== undefined) {
      const { prompt, completion, tool_defs } = stored.longFields(stored.figures[row]!.info.seat)
      return { prompt: JSON.stringify(prompt), completion: JSON.stringify(completion), tool_defs: JSON.stringify(tool_defs) }
    }
    const place = this.places.results![row]!
    return longFieldsIn({ bytes: this.run.bytes('results', place), length: place[1] }) ?? this.#notARow()
  }

  #notARow(): never {
    throw new RunError(`${this.run.path('results')}: no whole row of ${this.key}.`)
  }

  /** What lies in rollouts.jsonl, read when it is first asked for; undefined of runs of before. */
  get #stored(): StoredRows | undefined {
    const [place] = this.places.rollouts ?? []
    if (place === undefined) return undefined
    this.#rows ??= this.run.rollout(place)
    return this.#rows
  }

  /** The trace, with the scores that were added since among its seats' metrics. */
  episode(): TracedEpisode {
    const episode = this.#stored?.trace ?? this.#parsed<TracedEpisode>('traces')[0]!
    const added = this.#scores()
    if (added.size === 0) return episode
    return {
      ...episode,
      traces: episode.traces.map(trace => ({ ...trace, metrics: { ...trace.metrics, ...added.get(trace.agent.name) } })),
    }
  }

  /** What was added to the rollout, by seat. */
  #scores(): Map<string, Record<string, number>> {
    const rows = this.#parsed<ScoreRow>('scores')
    return new Map(rows.map(row => [row.seat, definedScores(row, this.run.scores)]))
  }

  /** The log; undefined where the run has none of this rollout. */
  log(): StepsRow | undefined {
    return this.#stored?.log ?? this.#parsed<StepsRow>('steps')[0]
  }

  calls(): readonly CallRow[] {
    return this.#stored?.calls ?? this.#parsed('calls')
  }

  /** The last row of errors.jsonl about this rollout. */
  error(): ErrorRow {
    return this.#parsed<ErrorRow>('errors').at(-1)!
  }

  #parsed<T>(kind: Kind): T[] {
    // Every line was understood when the runs were scanned.
    return this.#lines(kind).map(line => JSON.parse(textOf(line.bytes)) as T)
  }

  /** The lines of a kind, in the order they were written. */
  #lines(kind: Kind): { readonly bytes: Buffer; readonly length: number }[] {
    return (this.places[kind] ?? []).map(place => ({ bytes: this.run.bytes(kind, place), length: place[1] }))
  }
}

/** The rollouts of one economy, version, configuration and seed. */
export interface TaskRollouts {
  readonly key: string
  readonly seed: number
  readonly finished: readonly StoredRollout[]
  /** Those that were given up and not made up for since. */
  readonly failed: readonly StoredRollout[]
  /** What a kill left half-written. */
  readonly unfinished: number
}

/** How the index names a kind. */
const LETTERS: Readonly<Record<Kind, string>> = {
  rollouts: 'p',
  results: 'r',
  traces: 't',
  steps: 's',
  calls: 'c',
  errors: 'e',
  scores: 'x',
}
const KINDS = Object.fromEntries(Object.entries(LETTERS).map(([kind, letter]) => [letter, kind])) as Record<string, Kind>

/** A number that sorts as text; up to 36⁹ (10¹⁴). */
const sortable = (value: number): string => value.toString(36).padStart(9, '0')

export class RolloutIndex {
  readonly runs: readonly RunFiles[]
  readonly #also: readonly ('steps' | 'calls' | 'metrics')[]
  readonly #wantsMetrics: boolean
  readonly #sorted: SortedLines
  readonly #metrics = new Set<string>()
  /** The lines that could not be read; known once the runs have been scanned. */
  readonly unread = new Unread()
  #size = 0

  /** `scratch` is a folder for what does not fit into memory; what `also` names is looked for as well. */
  constructor(runs: readonly RunFiles[], scratch: string, also: readonly ('steps' | 'calls' | 'metrics')[] = []) {
    this.runs = runs
    this.#also = also
    this.#wantsMetrics = also.includes('metrics')
    this.#sorted = new SortedLines(scratch)
  }

  /** The names of all metrics in the results, sorted; known once the runs have been scanned for them. */
  get metrics(): string[] {
    return [...this.#metrics].sort()
  }

  /** Finished rollouts; known once the runs have been scanned. */
  get size(): number {
    return this.#size
  }

  /** Reads through the files once, line by line: done when the generator is. */
  *scan(): Generator<void> {
    for (const [number, run] of this.runs.entries()) {
      for (const [name, { scored }] of Object.entries(run.scores)) if (scored > 0) this.#metrics.add(name)
      const older = isOlder(run.folder)
      if (!older) {
        for (const { key, place, figures } of run.placed(this.unread)) {
          yield
          this.#add(key, number, 'rollouts', place)
          this.#size++
          if (this.#wantsMetrics) for (const row of figures().rows) this.#note(row)
        }
      }
      for (const kind of this.#kinds(older)) {
        let lineNumber = 0
        for (const line of lines(run.path(kind))) {
          yield
          lineNumber++
          const row = kind === 'scores' ? objectIn<ScoreRow>(line) : rowIn(kind, line)
          if (row === undefined) {
            if (!isBlank(line)) this.unread.add(`${run.name}/${FILES[kind]}`, lineNumber, whyNot(line))
            continue
          }
          this.#add('id' in row ? row.id : row.key, number, kind, [line.start, line.length, 0, line.length])
          if (this.#wantsMetrics && 'metrics' in row) this.#note(row)
          if (kind === 'traces') this.#size++
        }
      }
    }
  }

  /** Calls that lie apart from a finished rollout are those of unfinished ones. */
  #kinds(older: boolean): readonly Exclude<Kind, 'rollouts'>[] {
    const also = this.#also.filter(kind => kind !== 'metrics')
    return older
      ? ['results', 'traces', 'errors', 'scores', ...also]
      : ['errors', 'scores', ...also.filter(kind => kind === 'calls')]
  }

  #note({ metrics }: { readonly metrics: object }): void {
    for (const name in metrics) this.#metrics.add(name)
  }

  #add(key: string, run: number, kind: Kind, place: Place): void {
    this.#sorted.add([key, sortable(run), LETTERS[kind], ...place.map(sortable)].join('\t'))
  }

  /** All tasks, in the order of their keys. Can be called once. */
  *tasks(): Generator<TaskRollouts> {
    let task: { key: string; seed: number; finished: StoredRollout[]; failed: StoredRollout[]; unfinished: number } | undefined
    for (const rollout of this.#rollouts()) {
      const { task: key, seed } = keyParts(rollout.key)
      if (task !== undefined && task.key !== key) yield task
      if (task?.key !== key) task = { key, seed, finished: [], failed: [], unfinished: 0 }
      if (isFinished(rollout)) task.finished.push(rollout)
      else if (rollout.places.errors !== undefined) task.failed.push(rollout)
      else task.unfinished++
    }
    if (task !== undefined) yield task
  }

  *#rollouts(): Generator<StoredRollout> {
    let current: { key: string; run: string; places: Partial<Record<Kind, Place[]>> } | undefined
    const rollout = ({ key, run, places }: NonNullable<typeof current>): StoredRollout =>
      new StoredRollout(this.runs[Number.parseInt(run, 36)]!, key, places)
    for (const line of this.#sorted.inOrder()) {
      const [key, run, letter, ...numbers] = line.split('\t') as [string, string, string, ...string[]]
      if (current !== undefined && (current.key !== key || current.run !== run)) {
        yield rollout(current)
        current = undefined
      }
      current ??= { key, run, places: {} }
      const place = numbers.map(digits => Number.parseInt(digits, 36)) as unknown as Place
      const kind = KINDS[letter]!
      const places = current.places[kind]
      if (places === undefined) current.places[kind] = [place]
      else places.push(place)
    }
    if (current !== undefined) yield rollout(current)
  }

  close(): void {
    for (const run of this.runs) run.close()
  }
}

/** Whether the rollout is there, or a trace and the rows of all evaluated seats; the rows are written first. */
function isFinished({ places: { rollouts, results, traces } }: StoredRollout): boolean {
  return rollouts !== undefined || (results !== undefined && traces !== undefined)
}
