/**
 * The rollouts of finished runs, task by task in the order of their keys, whatever order they ended in and however many there are: what is
 * held is where their lines lie, never the lines. Knows the files of runs; knows no export format.
 */
import type { Place } from '../blocks.ts'
import { FILES } from '../files.ts'
import { isBlank, lines, objectIn, Unread, whyNot } from '../jsonl.ts'
import { isOlder } from '../layout.ts'
import { rowIn } from '../read_rows.ts'
import { keyParts } from '../rollout.ts'
import type { ScoreRow } from '../scores.ts'
import { SortedLines, sortable } from '../sorted.ts'
import { type Kind, type RunFiles, StoredRollout } from './reader.ts'

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
      current.places[kind] = [...(current.places[kind] ?? []), place]
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
