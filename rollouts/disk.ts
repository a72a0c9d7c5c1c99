/**
 * Files and folders on the disk: made, read anywhere, replaced whole. What the file system refuses becomes one line that says what to
 * do. Knows no format.
 */
import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { UserError } from '../envs/core/errors.ts'
import { RunError } from './errors.ts'

/** How the name of a file ends while it is being written anew: what a kill may leave. */
export const TEMPORARY = '.tmp'

/** How a file is opened that must not be there: neither something else nor a link to it is written over. */
export const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

/** A file kept open, read anywhere. */
export class PlaceReader {
  readonly #file: number

  constructor(path: string) {
    this.#file = open(path, 'r')
  }

  get size(): number {
    return fstatSync(this.#file).size
  }

  /** What begins at `start` and is `length` bytes long, or as much as there is. */
  bytes(start: number, length: number): Buffer {
    // A length that was read from a broken file may be far more than there is.
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.size - start)))
    let read = 0
    while (read < bytes.length) {
      const more = readSync(this.#file, bytes, read, bytes.length - read, start + read)
      if (more === 0) break
      read += more
    }
    return bytes.subarray(0, read)
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** What begins at `start` in a file and is `length` bytes long. */
export function bytesAt(path: string, start: number, length: number): Buffer {
  const reader = new PlaceReader(path)
  try {
    return reader.bytes(start, length)
  } finally {
    reader.close()
  }
}

/**
 * Writes a file by way of a temporary one, so that a reader finds the old or the new, never half. The temporary one is new, may be
 * read by no more than the old one, and where `path` is a link, the link is replaced and not what it leads to.
 */
export function replaceFile(path: string, work: (write: (bytes: Buffer) => void) => void): void {
  const temporary = `${path}.${randomUUID().slice(0, 8)}${TEMPORARY}`
  const file = open(temporary, NEW_FILE, statSync(path, { throwIfNoEntry: false })?.mode)
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

/** Bytes at the beginning of a file that tell whose it is. */
const HEAD = 4096

/**
 * The same, where nothing of somebody else's may be lost: a file that stands there already is replaced only if it is empty or its
 * beginning is what `isOurs` knows. The folder is made where there is none. A UserError in which the file is called `what` otherwise.
 */
export function replaceOwnFile(
  path: string,
  what: string,
  isOurs: (head: string) => boolean,
  work: (write: (bytes: Buffer) => void) => void,
): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isFile() === false) throw new UserError(`${path} is there and is no file; choose another name for ${what}.`)
  if (found !== undefined && found.size > 0 && !isOurs(bytesAt(path, 0, Math.min(HEAD, found.size)).toString()))
    throw new UserError(`${path} is there and is not ${what} of ours; choose another name, or move it away.`)
  try {
    makeFolder(dirname(path))
  } catch (error) {
    throw refused(dirname(path), error)
  }
  replaceFile(path, work)
}

/** Makes a folder and those above it. (Node's own recursive form never returns where a file system refuses new names.) */
export function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path)
}

/** Writes files by their paths below a folder, which is made; each is replaced whole. A RunError where the file system refuses. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  try {
    makeFolder(folder)
    for (const path of Object.keys(files)) makeFolder(dirname(join(folder, path)))
  } catch (error) {
    throw refused(folder, error)
  }
  for (const [path, text] of Object.entries(files)) replaceFile(join(folder, path), write => write(Buffer.from(text)))
}

/** Writes bytes to the end, where the system may take them piece by piece. A RunError where it refuses. */
export function writeWhole(file: number, bytes: Uint8Array, path: string): void {
  try {
    let written = 0
    while (written < bytes.length) written += writeSync(file, bytes, written)
  } catch (error) {
    throw refused(path, error)
  }
}

/** Opens a file; of `mode` only the rights count. A RunError where the file system refuses. */
export function open(path: string, flags: string | number, mode?: number): number {
  try {
    return openSync(path, flags, mode === undefined ? undefined : mode & 0o777)
  } catch (error) {
    throw refused(path, error)
  }
}

/** The texts of all files below a folder, by path from it with `/` between folders; in no certain order. */
export function textsBelow(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [relative(folder, path).replaceAll('\\', '/'), readFileSync(path, 'utf8')]
    }),
  )
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
  EMFILE:
    'too many files are open; raise the limit (ulimit -n) or play fewer runs at once, then run the same command with --resume',
  EISDIR: 'there is a folder of that name; move it away or choose another folder with --out',
}

/** A RunError of one line for what the file system refused. */
export function refused(path: string, error: unknown): RunError {
  const { code = '', message } = error as NodeJS.ErrnoException
  return new RunError(`Cannot use ${path}: ${ADVICE[code] ?? message}.`, { cause: error })
}
