/**
 * A run that is exported, and one of its rollouts: where the lines lie that tell of it, and what stands in them once it is asked for,
 * whichever version of the format they are of. Knows the files of a run; knows no export format.
 */
import { basename, join } from 'node:path'
import type { Place } from '../blocks.ts'
import { PlaceReader } from '../disk.ts'
import { RunError } from '../errors.ts'
import { textOf, type Unread } from '../jsonl.ts'
import type { Metadata } from '../metadata.ts'
import { type RolloutNotes, readNotes } from '../notes.ts'
import type { CallRow } from '../player.ts'
import { figuresIn, longFieldsIn } from '../read_rows.ts'
import type { StoredRows } from '../record.ts'
import type { ErrorRow, ResultFigures, StepsRow, TracedEpisode } from '../rows.ts'
import { definedScores, readScoreFacts, type ScoreFacts, type ScoreRow, withScores } from '../scores.ts'
import { FILES, type PlacedRollout, RunReader, readMetadata } from '../store.ts'
import { JsonText } from './columns.ts'

/** A kind of line that is looked for, the file it lies in. Runs of before have results, traces, steps and calls apart. */
export type Kind = 'rollouts' | 'results' | 'traces' | 'steps' | 'calls' | 'errors' | 'scores'

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
