/**
 * JSON Lines files: appended a line at a time, read without being held. A line counts once its line end is written; what
 * stands after the last line end is torn. Knows no rows.
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { RunError } from './errors.ts'

/** How a file is called while it is being written anew: what a kill may leave. */
export const TEMPORARY = '.tmp'

const NEWLINE = 0x0a
const CHUNK = 1 << 18

export interface Line {
  readonly bytes: Buffer
  /** Where it begins in the file. */
  readonly start: number
  /** Whether its line end is missing. */
  readonly torn: boolean
}

/** The lines of a file; none where there is no file. What stands after the last line end is given only with `torn`. */
export function* lines(path: string, torn = false): Generator<Line> {
  if (!existsSync(path)) return
  const file = open(path, 'r')
  try {
    const chunk = Buffer.allocUnsafe(CHUNK)
    let held: Buffer[] = []
    let start = 0
    for (;;) {
      const length = readSync(file, chunk, 0, CHUNK, null)
      if (length === 0) {
        if (torn && held.length > 0) yield { bytes: Buffer.concat(held), start, torn: true }
        return
      }
      let from = 0
      for (let at = chunk.indexOf(NEWLINE); at >= 0 && at < length; at = chunk.indexOf(NEWLINE, from)) {
        const tail = chunk.subarray(from, at)
        const bytes = held.length === 0 ? Buffer.from(tail) : Buffer.concat([...held, tail])
        yield { bytes, start, torn: false }
        start += bytes.length + 1
        held = []
        from = at + 1
      }
      if (from < length) held.push(Buffer.from(chunk.subarray(from, length)))
    }
  } finally {
    closeSync(file)
  }
}

/** How many lines a file has. */
export function countLines(path: string): number {
  let count = 0
  for (const _line of lines(path)) count++
  return count
}

/** The rows of a file. A line that is no JSON throws a RunError that names it. */
export function* rows<T>(path: string, text: (line: Buffer) => string = line => line.toString()): Generator<T> {
  let number = 0
  for (const { bytes } of lines(path)) {
    number++
    try {
      yield JSON.parse(text(bytes)) as T
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      throw new RunError(`${path}: line ${number} is not JSON: ${error.message.slice(0, 80)}`)
    }
  }
}

/** Appends lines to a file that is made at the first. What could not be written whole is taken back. */
export class Appender {
  readonly path: string
  #file: number | undefined
  #size = 0

  constructor(path: string) {
    this.path = path
  }

  /** Appends lines given without line ends, and says where they begin. Throws a RunError where the disk refuses. */
  append(...texts: readonly string[]): number {
    if (this.#file === undefined) {
      this.#file = open(this.path, 'a')
      this.#size = statSync(this.path).size
    }
    const start = this.#size
    const bytes = Buffer.from(texts.map(text => `${text}\n`).join(''))
    try {
      writeWhole(this.#file, bytes, this.path)
    } catch (error) {
      try {
        ftruncateSync(this.#file, start)
      } catch {
        // The torn line is cut off at the next resume.
      }
      throw error
    }
    this.#size += bytes.length
    return start
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }
}

/** Drops the lines that `keep` refuses and what is torn; rewrites the file, by way of a temporary one, only where it must. */
export function keepLines(path: string, keep: (line: Buffer) => boolean): void {
  if (!existsSync(path)) return
  let end = 0
  let dropped = false
  for (const { bytes, start } of lines(path)) {
    end = start + bytes.length + 1
    dropped ||= !keep(bytes)
  }
  if (!dropped) {
    if (end < statSync(path).size) truncateSync(path, end)
    return
  }
  replaceFile(path, write => {
    for (const { bytes } of lines(path)) if (keep(bytes)) write(Buffer.concat([bytes, Buffer.of(NEWLINE)]))
  })
}

/** Puts the lines of a file in the order of their ranks, equal ones as they stood. Left alone where they are in order. */
export function sortLines(path: string, rank: (line: Buffer) => number): void {
  const places: { readonly rank: number; readonly start: number; readonly length: number }[] = []
  let sorted = true
  for (const { bytes, start } of lines(path)) {
    const place = { rank: rank(bytes), start, length: bytes.length + 1 }
    sorted &&= places.length === 0 || places.at(-1)!.rank <= place.rank
    places.push(place)
  }
  if (sorted) return
  places.sort((a, b) => a.rank - b.rank)
  const reader = new PlaceReader(path)
  try {
    replaceFile(path, write => {
      for (const { start, length } of places) write(reader.bytes(start, length))
    })
  } finally {
    reader.close()
  }
}

/** A file kept open, read anywhere. */
export class PlaceReader {
  readonly #file: number

  constructor(path: string) {
    this.#file = open(path, 'r')
  }

  /** What begins at `start` and is `length` bytes long. */
  bytes(start: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    let read = 0
    while (read < length) {
      const more = readSync(this.#file, bytes, read, length - read, start + read)
      if (more === 0) break
      read += more
    }
    return bytes.subarray(0, read)
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** The text of a file that begins at `start` and is `length` bytes long. */
export function textAt(path: string, start: number, length: number): string {
  const reader = new PlaceReader(path)
  try {
    return reader.bytes(start, length).toString()
  } finally {
    reader.close()
  }
}

/** Writes a file by way of a temporary one, so that a reader finds the old or the new, never half. */
export function replaceFile(path: string, work: (write: (bytes: Buffer) => void) => void): void {
  const temporary = `${path}${TEMPORARY}`
  const file = open(temporary, 'w')
  try {
    work(bytes => writeWhole(file, bytes, path))
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
}

function writeWhole(file: number, bytes: Buffer, path: string): void {
  try {
    let written = 0
    while (written < bytes.length) written += writeSync(file, bytes, written)
  } catch (error) {
    throw refused(path, error)
  }
}

function open(path: string, flags: string): number {
  try {
    return openSync(path, flags)
  } catch (error) {
    throw refused(path, error)
  }
}

/** What to do about a refusal of the file system. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space, then run the same command with --resume',
  EDQUOT: 'the disk quota is used up; free some space, then run the same command with --resume',
  EFBIG: 'the file is as large as a file may be; raise the limit (ulimit -f), then run the same command with --resume',
  EACCES: 'no permission; choose another folder with --out',
  EPERM: 'no permission; choose another folder with --out',
  EROFS: 'the file system is read-only; choose another folder with --out',
  ENOENT: 'no folder can be made there; choose another with --out',
  ENOTDIR: 'a part of the path is a file; choose another folder with --out',
  EEXIST: 'a file of that name is in the way; choose another folder with --out',
  ENAMETOOLONG: 'the name is too long; choose another folder with --out',
  EMFILE: 'too many open files; lower -c, then run the same command with --resume',
}

/** A RunError of one line for what the file system refused. */
export function refused(path: string, error: unknown): RunError {
  const { code = '', message } = error as NodeJS.ErrnoException
  return new RunError(`Cannot use ${path}: ${ADVICE[code] ?? message}.`, { cause: error })
}
