/**
 * JSON Lines files: appended a line at a time, read without being held. What stands after the last line end is torn, unless it
 * is whole JSON. A line may be spaced as JSON allows, end in CR LF and begin with a byte order mark.
 * Knows no rows.
 */
import { closeSync, existsSync, ftruncateSync, readSync, statSync, truncateSync } from 'node:fs'
import { shorten } from '../envs/core/text.ts'
import { open, refused, replaceFile, writeWhole } from './disk.ts'
import { RunError } from './errors.ts'

/** The byte that ends a line. */
export const NEWLINE = 0x0a
const CHUNK = 1 << 18

/** Bytes of a line that are held at most: under what the engine can hold as one text. No line of ours comes near it. */
export const LONGEST = 1 << 28

export interface Line {
  /** What stands in it; of one that is longer than `LONGEST` only as much. */
  readonly bytes: Buffer
  /** Where it begins in the file. */
  readonly start: number
  /** Its length without its line end, in bytes. */
  readonly length: number
  /** Whether its line end is missing: where it is whole JSON all the same, somebody else wrote it. */
  readonly torn: boolean
}

/** The lines of a file from a byte on; none where there is no file. A torn one is given only with `torn`. */
export function* lines(path: string, torn = false, from = 0): Generator<Line> {
  if (!existsSync(path)) return
  const file = open(path, 'r')
  try {
    const chunk = Buffer.allocUnsafe(CHUNK)
    let held: Buffer[] = []
    let start = from
    let position = from
    let length = 0
    const take = (from: number, to: number): void => {
      if (length < LONGEST) held.push(Buffer.from(chunk.subarray(from, Math.min(to, from + LONGEST - length))))
      length += to - from
    }
    const line = (isTorn: boolean): Line => ({
      bytes: held.length === 1 ? held[0]! : Buffer.concat(held),
      start,
      length,
      torn: isTorn,
    })
    for (;;) {
      const read = readSome(file, chunk, from === 0 ? null : position, path)
      position += read
      if (read === 0) {
        if (length === 0) return
        const last = line(true)
        if (torn || 'value' in parseLine(last)) yield last
        return
      }
      let begin = 0
      for (let at = chunk.indexOf(NEWLINE); at >= 0 && at < read; at = chunk.indexOf(NEWLINE, begin)) {
        take(begin, at)
        yield line(false)
        start += length + 1
        held = []
        length = 0
        begin = at + 1
      }
      if (begin < read) take(begin, read)
    }
  } finally {
    closeSync(file)
  }
}

function readSome(file: number, chunk: Buffer, position: number | null, path: string): number {
  try {
    return readSync(file, chunk, 0, chunk.length, position)
  } catch (error) {
    throw refused(path, error)
  }
}

/** Levels that JSON of ours nests at most, and far more than it does: what is deeper breaks whoever walks it. */
export const DEEPEST = 500

const [QUOTE, BACKSLASH, BRACKET, BRACKET_END, BRACE, BRACE_END] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d]

/** Whether JSON text nests deeper than `DEEPEST`. */
export function nestsTooDeep(json: Uint8Array): boolean {
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]
    if (byte === QUOTE) {
      for (at++; at < json.length && json[at] !== QUOTE; at++) if (json[at] === BACKSLASH) at++
    } else if (byte === BRACKET || byte === BRACE) {
      if (++depth > DEEPEST) return true
    } else if (byte === BRACKET_END || byte === BRACE_END) depth--
  }
  return false
}

/** Whether a line holds nothing. */
export function isBlank({ bytes }: Line): boolean {
  return bytes.length < 64 && textOf(bytes).trim() === ''
}

/** The object in a line; undefined where it is none. */
export function objectIn<T extends object>(line: Line): T | undefined {
  const parsed = parseLine(line)
  return 'value' in parsed && typeof parsed.value === 'object' && parsed.value !== null ? (parsed.value as T) : undefined
}

/** The text of a line, without a byte order mark. */
export function textOf(bytes: Buffer): string {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.toString('utf8', 3) : bytes.toString()
}

/** What stands in a line: a value, or why it is none. */
export function parseLine({
  bytes,
  length,
}: Pick<Line, 'bytes' | 'length'>): { readonly value: unknown } | { readonly why: string } {
  if (bytes.length < length) return { why: `is longer than ${LONGEST / (1 << 20)} MiB` }
  if (nestsTooDeep(bytes)) return { why: `nests deeper than ${DEEPEST} levels` }
  try {
    return { value: JSON.parse(textOf(bytes)) }
  } catch (error) {
    return { why: `is not JSON: ${shorten((error as Error).message, 80)}` }
  }
}

/** Lines that could not be read, by file: whoever reads the files of others tells how many there are. */
export class Unread {
  readonly #files = new Map<string, { lines: number; readonly first: string }>()

  add(path: string, number: number, why: string): void {
    const file = this.#files.get(path)
    if (file === undefined) this.#files.set(path, { lines: 1, first: `line ${number} ${why}` })
    else file.lines++
  }

  get lines(): number {
    return [...this.#files.values()].reduce((sum, file) => sum + file.lines, 0)
  }

  /** A sentence a file. */
  get notes(): string[] {
    return [...this.#files].map(([path, { lines: count, first }]) =>
      count === 1
        ? `${path}: one line could not be read (${first}).`
        : `${path}: ${count} lines could not be read (first: ${first}).`,
    )
  }
}

/** Why a line is no row. */
export function whyNot(line: Line): string {
  const parsed = parseLine(line)
  return 'why' in parsed ? parsed.why : 'is no row of that file'
}

/**
 * The rows of a file; `row` gives what stands in a line, undefined where it is none. A line that is not understood is counted in
 * `unread`; without that it throws a RunError that names it.
 */
export function* rows<T>(path: string, row: (line: Line) => T | undefined, unread?: Unread): Generator<T> {
  let number = 0
  for (const line of lines(path)) {
    number++
    const found = row(line)
    if (found !== undefined) yield found
    else if (!isBlank(line)) {
      const why = whyNot(line)
      if (unread === undefined) throw new RunError(`${path}: line ${number} ${why}. Mend that line, or remove it.`)
      unread.add(path, number, why)
    }
  }
}

/** How many lines a file has. */
export function countLines(path: string): number {
  let count = 0
  for (const _line of lines(path)) count++
  return count
}

/** What lines are encoded in before they are written: used again and again, as writing is done when it returns. */
let scratch = Buffer.allocUnsafeSlow(1 << 16)
/** More than so many bytes are not kept. */
const KEPT = 1 << 24

/** Lines with their line ends, in bytes that hold until the next call. */
function encoded(texts: readonly string[]): Uint8Array {
  let most = 0
  for (const text of texts) most += 3 * text.length + 1
  if (most > KEPT) return Buffer.from(texts.map(text => `${text}\n`).join(''))
  if (most > scratch.length) scratch = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(most)))
  let at = 0
  for (const text of texts) {
    at += scratch.write(text, at)
    scratch[at++] = NEWLINE
  }
  return scratch.subarray(0, at)
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
    return this.appendBytes(encoded(texts))
  }

  /** The same of bytes. */
  appendBytes(bytes: Uint8Array): number {
    if (this.#file === undefined) {
      this.#file = open(this.path, 'a')
      this.#size = statSync(this.path).size
    }
    const start = this.#size
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
export function keepLines(path: string, keep: (line: Line) => boolean): void {
  if (!existsSync(path)) return
  let end = 0
  let dropped = false
  for (const line of lines(path)) {
    end = line.start + line.length + 1
    dropped ||= line.torn || !keep(line)
  }
  if (!dropped) {
    if (end < statSync(path).size) truncateSync(path, end)
    return
  }
  replaceFile(path, write => {
    for (const line of lines(path)) if (keep(line)) write(Buffer.concat([line.bytes, Buffer.of(NEWLINE)]))
  })
}
