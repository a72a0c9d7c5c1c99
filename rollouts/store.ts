/**
 * The files of a run: one folder a player. This writes them, and gives what reads them beside it. Appends what is finished, says what is done, and finds after any kill what has
 * to be done again. Knows files; knows neither players nor how rollouts come about.
 *
 * A rollout is done when its line stands whole in rollouts.jsonl; finished rollouts are written together, a few times a second at
 * most. A model call is in calls.jsonl before its answer is used, and stays there until its rollout is done, so that what a kill
 * takes of the finished rollouts is played again from there and nothing is paid twice.
 */
import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { AnyTypes } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import type { EpisodeLog, LogRecord } from '../envs/core/log.ts'
import {
  BlockAppender,
  batchOf,
  blockPath,
  type Compression,
  compressionOf,
  cutTorn,
  type Place,
  placedLines,
  wholeEnd,
} from './blocks.ts'
import { makeFolder, PlaceReader, refused, replaceFile, TEMPORARY } from './disk.ts'
import { RunError } from './errors.ts'
import { FILES } from './files.ts'
import { Appender, keepLines, lines, rows, textOf } from './jsonl.ts'
import { KeyMap } from './keys.ts'
import { type Checkpoint, checkpointOf, extentOf, isOlder, partsOf, placedFigures, SharedValues, sharedLine } from './layout.ts'
import { callLine } from './lines.ts'
import { FolderLock } from './lock.ts'
import type { Metadata } from './metadata.ts'
import type { CallRow } from './player.ts'
import { keyOf, rowIn } from './read_rows.ts'
import { FORMAT, figuresLine, headOf, StoredRows } from './record.ts'
import { keyParts } from './rollout.ts'
import type { ErrorRow, FailedLines, FinishedLines } from './rows.ts'
import { SortedLines, sortable } from './sorted.ts'
import { figuresOf, readErrors } from './stored.ts'

export { FILES } from './files.ts'
export * from './layout.ts'
export { CONNECTION, DATA_CARD, findRuns, readMetadata } from './listing.ts'
export * from './stored.ts'
export * from './stored_lines.ts'

const PARTIAL = 'partial'
/** Says which process plays or scores the run, while it does. */
export const LOCK = 'lock'

/** Finished rollouts are written when so many characters of them are held, or so many milliseconds after the last were. */
const [BATCH, PAUSE] = [1 << 20, 200]
/** A checkpoint is written when so many milliseconds have passed since the last: what came after it is read again after a kill. */
const CHECKPOINT = 5000
/** The steps of running episodes are written together, so many milliseconds after the last. */
const WATCHED = 1000
/** calls.jsonl is written anew without the calls of finished rollouts once it has so many bytes, and twice as many as are needed. */
const JOURNAL = 1 << 26
/** Rollouts that are held while figures.jsonl is put in order, and that are written together then. */
const [SORTED, REWRITTEN] = [5000, 256]
/** What the name of a folder begins with in which that is done. */
const SORTING = '.sorting-'

export interface StoreOptions {
  /** Whether a folder that holds something is gone on with. */
  readonly resume?: boolean
  /** How the rollouts are kept; a folder that has some keeps the way that it has. */
  readonly compress?: Compression
}

export class RunStore {
  readonly folder: string
  /** The folder's own name: what the traces call the run. */
  readonly name: string
  readonly #data: BlockAppender
  readonly #figures: BlockAppender
  readonly #shared: BlockAppender
  readonly #calls: Appender
  readonly #errors: Appender
  /** The examples of the finished rollouts, by key. */
  readonly #done = new KeyMap()
  /** Failed attempts by key, and when the last began. */
  readonly #failed = new Map<string, { attempts: number; start: number }>()
  /** Ids of what is kept in shared.jsonl. */
  readonly #kept = new Set<string>()
  /** Where the calls of rollouts that are not done lie in calls.jsonl. */
  readonly #recorded = new Map<string, { readonly start: number; readonly length: number }[]>()
  /** Bytes of calls.jsonl, and those of them that are needed. */
  #journal = { all: 0, needed: 0 }
  /** Running episodes whose logs can be read, and what of them is still to be written. */
  readonly #partials = new Map<string, string[]>()
  #watched = Number.NEGATIVE_INFINITY
  /** Finished rollouts that are still to be written. */
  #pending: FinishedLines[] = []
  #held = 0
  #written = Number.NEGATIVE_INFINITY
  #checked = performance.now()
  /** Whether a batch could not be written whole: figures.jsonl then lacks what rollouts.jsonl may have. */
  #broken = false
  readonly #lock: FolderLock

  /**
   * Opens the folder of a run, made where it does not exist. One that holds something is opened with `resume` only (a
   * UserError otherwise), after what a kill left half-written has been removed; one of a version of before cannot be gone on with (a
   * UserError). A RunError where it cannot be written, where another process has it open (two that append would spoil each other's
   * lines), or where a whole line of it is not understood: what it holds would be played and paid again.
   */
  constructor(folder: string, { resume = false, compress = 'none' }: StoreOptions = {}) {
    this.folder = folder
    this.name = basename(folder)
    const data = blockPath(join(folder, FILES.rollouts), compress)
    const kept = compressionOf(data)
    this.#data = new BlockAppender(data)
    this.#figures = new BlockAppender(blockPath(join(folder, FILES.figures), kept))
    this.#shared = new BlockAppender(join(folder, FILES.shared))
    this.#calls = new Appender(join(folder, FILES.calls))
    this.#errors = new Appender(join(folder, FILES.errors))
    const isUsed = (): boolean => existsSync(folder) && readdirSync(folder).some(name => !name.startsWith(LOCK))
    const refuseUsed = (): void => {
      if (!isUsed()) return
      if (!resume)
        throw new UserError(`${folder} exists already: add --resume to go on with it, or choose another folder with --out.`)
      if (isOlder(folder))
        throw new UserError(
          `${folder} was written in an older format, which can be read, compared, exported and scored but not gone on with; choose another folder with --out.`,
        )
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
      this.closeFiles()
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

  /** The recorded calls of an unfinished rollout, in the order they were answered; of a call that was made again, the last counts. */
  recorded(key: string): CallRow[] {
    const places = this.#recorded.get(key)
    if (places === undefined) return []
    const reader = new PlaceReader(this.#calls.path)
    try {
      return places.map(({ start, length }) => rowIn('calls', { bytes: reader.bytes(start, length), length })!)
    } finally {
      reader.close()
    }
  }

  /** Appends one answered model call. */
  record(row: CallRow): void {
    this.#lock.check()
    this.#note(row.key, callLine(row))
  }

  #note(key: string, line: string): void {
    const start = this.#calls.append(line)
    this.#place(key, { start, length: Buffer.byteLength(line) })
  }

  #place(key: string, place: { readonly start: number; readonly length: number }): void {
    const places = this.#recorded.get(key)
    if (places === undefined) this.#recorded.set(key, [place])
    else places.push(place)
    this.#journal.all = Math.max(this.#journal.all, place.start + place.length + 1)
    this.#journal.needed += place.length + 1
  }

  /**
   * Adds a step to the log of a running episode, which can be read before it is finished: a second later at most, as long as steps
   * come in.
   */
  partial(key: string, { header }: EpisodeLog<AnyTypes>, record: LogRecord<AnyTypes>): void {
    this.#lock.check()
    const told = this.#partials.get(key) ?? []
    if (record.t === 0) told.push(JSON.stringify({ key, header }))
    told.push(JSON.stringify(record))
    this.#partials.set(key, told)
    if (performance.now() - this.#watched < WATCHED) return
    for (const [key, texts] of this.#partials) {
      const path = this.#partialPath(key)
      try {
        makeFolder(join(this.folder, PARTIAL))
        if (texts.length > 0) appendFileSync(path, `${texts.join('\n')}\n`)
      } catch (error) {
        throw refused(path, error)
      }
      this.#partials.set(key, [])
    }
    this.#watched = performance.now()
  }

  /**
   * Files what a rollout adds, wherever it was played; false where it is filed already, so that what is delivered twice is filed
   * once. A failure is told apart from others of its rollout by when it began. What is finished may be written a little later:
   * see `flush`. Throws a RunError where the disk refuses; what was filed since the last batch is then not done.
   */
  file(lines: FinishedLines | FailedLines): boolean {
    this.#lock.check()
    const { key } = lines
    if (this.#done.has(key)) return false
    if (!lines.ok) {
      const { attempts, start } = this.#failed.get(key) ?? { attempts: 0 }
      const { key: _, ...error } = lines.error
      if (start === error.start_time) return false
      for (const call of lines.calls) this.#note(key, call)
      this.#errors.append(JSON.stringify({ key, attempt: attempts + 1, ...error } satisfies ErrorRow))
      this.#failed.set(key, { attempts: attempts + 1, start: error.start_time })
      this.#dropPartial(key)
      return true
    }
    this.#done.set(key, lines.example)
    this.#pending.push(lines)
    this.#held += lines.rollout.length
    this.#dropPartial(key)
    if (this.#held >= BATCH || performance.now() - this.#written >= PAUSE) this.flush()
    return true
  }

  /** Writes what was filed. */
  flush(): void {
    const pending = this.#pending
    this.#pending = []
    this.#held = 0
    if (pending.length === 0) return
    try {
      const fresh = new Map(pending.flatMap(({ shared }) => shared.filter(([id]) => !this.#kept.has(id))))
      this.#shared.append([...fresh].map(sharedLine))
      const places = this.#data.append(pending.map(({ rollout }) => rollout))
      this.#figures.append(pending.map(({ figures }, i) => placedFigures(places[i]!, figures)))
      for (const id of fresh.keys()) this.#kept.add(id)
    } catch (error) {
      this.#broken = true
      for (const { key } of pending) this.#done.delete(key)
      throw error
    }
    for (const { key } of pending) this.#forget(key)
    this.#written = performance.now()
    if (this.#written - this.#checked >= CHECKPOINT) this.#checkpoint()
    if (this.#journal.all >= JOURNAL && this.#journal.all >= 2 * this.#journal.needed) this.#shorten()
  }

  /** A finished rollout has its calls with it. */
  #forget(key: string): void {
    for (const { length } of this.#recorded.get(key) ?? []) this.#journal.needed -= length + 1
    this.#recorded.delete(key)
  }

  /** Leaves in calls.jsonl what is still needed. */
  #shorten(): void {
    this.#calls.close()
    if (this.#recorded.size === 0) rmSync(this.#calls.path, { force: true })
    else if (this.#journal.all > this.#journal.needed)
      keepLines(this.#calls.path, line => this.#recorded.has(keyOf('calls', line)))
    else return
    const keys = [...this.#recorded.keys()]
    this.#recorded.clear()
    this.#journal = { all: 0, needed: 0 }
    if (keys.length > 0) for (const line of lines(this.#calls.path)) this.#place(keyOf('calls', line), line)
  }

  /** Says that figures.jsonl tells all of rollouts.jsonl. */
  #checkpoint(): void {
    if (this.#broken) return
    const told: Checkpoint = {
      format: FORMAT,
      rollouts: this.#done.size,
      data: extentOf(this.#data.path),
      figures: extentOf(this.#figures.path),
      shared: extentOf(this.#shared.path),
    }
    replaceFile(join(this.folder, FILES.checkpoint), write => write(Buffer.from(`${JSON.stringify(told)}\n`)))
    this.#checked = performance.now()
  }

  /** The example and repeat of every finished rollout. */
  *held(): Generator<{ readonly example: number; readonly repeat: number }> {
    for (const { value, repeat } of this.#done.values()) yield { example: value, repeat }
  }

  writeMetadata(metadata: Metadata): void {
    this.#lock.check()
    const text = `${JSON.stringify(metadata, null, 2)}\n`
    replaceFile(join(this.folder, FILES.metadata), write => write(Buffer.from(text)))
  }

  /**
   * Lists the finished rollouts in the order of their examples and repeats, so that whatever is made of the run does not depend on
   * which ended first. The list is written anew; the rollouts stay where they lie.
   */
  order(): void {
    this.#lock.check()
    this.flush()
    this.closeFiles()
    if (this.#broken || this.#done.size === 0) return
    const scratch = mkdtempSync(join(this.folder, SORTING))
    try {
      const sorted = new SortedLines(scratch, SORTED)
      let last = ''
      let isSorted = true
      for (const { bytes } of placedLines(this.#figures.path)) {
        const text = bytes.toString()
        const head = headOf(partsOf(text)!.figures)!
        const { group, repeat } = keyParts(head.key)
        const rank = `${sortable(head.example)}\t${group}\t${sortable(repeat)}\t`
        isSorted &&= last < rank
        last = rank
        sorted.add(rank + text)
      }
      if (!isSorted) this.#rewrite(sorted)
    } finally {
      rmSync(scratch, { recursive: true, force: true })
    }
    this.#checkpoint()
  }

  #rewrite(sorted: SortedLines): void {
    const { path } = this.#figures
    // Of a kill in between nothing may be believed.
    rmSync(join(this.folder, FILES.checkpoint), { force: true })
    replaceFile(path, write => {
      let batch: string[] = []
      for (const line of sorted.inOrder()) {
        batch.push(line.slice(line.split('\t', 3).join('\t').length + 1))
        if (batch.length < REWRITTEN) continue
        write(batchOf(path, batch))
        batch = []
      }
      if (batch.length > 0) write(batchOf(path, batch))
    })
  }

  close(): void {
    try {
      this.flush()
      this.#leave()
    } finally {
      this.closeFiles()
      this.#lock.release()
    }
  }

  /** Leaves the folder so that the next reader has little to do. Nothing is lost where the disk refuses that. */
  #leave(): void {
    if (this.#broken) return
    try {
      if (existsSync(this.#data.path)) this.#checkpoint()
      this.#shorten()
    } catch (error) {
      if (!(error instanceof RunError)) throw error
    }
  }

  /** Closes the files until something is added again: what other machines see of a shared folder is what was closed. */
  closeFiles(): void {
    for (const file of [this.#data, this.#figures, this.#shared, this.#calls, this.#errors]) file.close()
  }

  #partialPath(key: string): string {
    return join(this.folder, PARTIAL, `${key}.jsonl`)
  }

  #dropPartial(key: string): void {
    if (this.#partials.delete(key)) rmSync(this.#partialPath(key), { force: true })
  }

  /** Learns what is done, and drops what is not whole. Every line is understood before anything is dropped. */
  #recover(): void {
    let checkpoint = checkpointOf(this.folder)
    const [data, figures, shared] = [this.#data.path, this.#figures.path, this.#shared.path]
    const kept = new SharedValues(shared)
    let number = 0
    let lacking = 0
    for (const { bytes } of placedLines(data, checkpoint?.data.bytes)) {
      number++
      const line = textOf(bytes)
      if (this.#rowsIn(line, kept) !== undefined) continue
      lacking++
      if (this.#rowsIn(line) === undefined)
        throw new RunError(
          `${data}: line ${number}${checkpoint === undefined ? '' : ` after byte ${checkpoint.data.bytes}`} is no rollout. Put back what it was, or remove it.`,
        )
    }
    for (const { key, start_time } of readErrors(this.folder))
      this.#failed.set(key, { attempts: (this.#failed.get(key)?.attempts ?? 0) + 1, start: start_time })
    for (const _call of rows(this.#calls.path, line => rowIn('calls', line)));

    cutTorn(data, wholeEnd(data, checkpoint?.data.bytes))
    cutTorn(shared, wholeEnd(shared, checkpoint?.shared.bytes))
    if (lacking > 0) {
      this.#drop(kept)
      checkpoint = undefined
    }
    if (checkpoint === undefined) rmSync(figures, { force: true })
    else cutTorn(figures, checkpoint.figures.bytes)
    for (const kind of ['calls', 'errors'] as const) keepLines(join(this.folder, FILES[kind]), line => keyOf(kind, line) !== '')
    for (const { bytes } of placedLines(figures)) {
      const head = headOf(partsOf(bytes.toString())?.figures ?? '')
      if (head === undefined)
        throw new RunError(`${figures}: a line is no row of that file. Remove the file: it is made anew from ${data}.`)
      this.#done.set(head.key, head.example)
    }
    for (const line of lines(this.#calls.path)) this.#place(keyOf('calls', line), line)
    this.#tell(checkpoint?.data.bytes ?? 0, kept)
    for (const id of kept.ids.keys()) this.#kept.add(id)
    for (const key of [...this.#recorded.keys()]) if (this.#done.has(key)) this.#forget(key)
    this.#shorten()
    rmSync(join(this.folder, PARTIAL), { recursive: true, force: true })
    for (const name of readdirSync(this.folder))
      if ((name.endsWith(TEMPORARY) && !name.startsWith(LOCK)) || name.startsWith(SORTING))
        rmSync(join(this.folder, name), { force: true, recursive: true })
    if (existsSync(data)) this.#checkpoint()
  }

  /** The rollout in a line; undefined where it is none, or something is not kept that it has in common with others. */
  #rowsIn(line: string, kept?: SharedValues): StoredRows | undefined {
    try {
      return new StoredRows(line, this.name, kept?.value ?? (() => null))
    } catch {
      return undefined
    }
  }

  /**
   * Drops the rollouts that lack something they had in common with others, as after a shared.jsonl that was cut off. They are played
   * again, from the calls that they had with them.
   */
  #drop(kept: SharedValues): void {
    const path = this.#data.path
    const recorded = new Set([...lines(this.#calls.path)].map(line => keyOf('calls', line)))
    replaceFile(path, write => {
      for (const { bytes } of placedLines(path)) {
        const line = textOf(bytes)
        if (this.#rowsIn(line, kept) !== undefined) {
          write(batchOf(path, [line]))
          continue
        }
        const { key, calls } = this.#rowsIn(line)!
        if (!recorded.has(key)) for (const call of calls) this.#calls.append(callLine(call))
      }
    })
    this.#calls.close()
  }

  /** Adds to figures.jsonl what rollouts.jsonl has from a byte on. */
  #tell(from: number, kept: SharedValues): void {
    let batch: { readonly place: Place; readonly figures: string }[] = []
    const put = (): void => {
      this.#figures.append(batch.map(({ place, figures }) => placedFigures(place, figures)))
      batch = []
    }
    for (const { bytes, place } of placedLines(this.#data.path, from)) {
      const found = this.#rowsIn(textOf(bytes), kept)!
      if (this.#done.has(found.key)) continue
      this.#done.set(found.key, found.example)
      batch.push({ place, figures: figuresLine(figuresOf(found)) })
      if (batch.length === REWRITTEN) put()
    }
    put()
  }
}
