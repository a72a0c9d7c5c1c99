/**
 * The lock of a folder: one process owns it, on this machine or another that shares the folder. Knows no run.
 *
 * The file is made whole by `link`, so nobody reads half of one. It names its owner by a number of its own, the process and
 * when that began, and the place its number means something in (the machine since its last start, and the container). Where
 * the place is ours, the owner lives as long as that process does, whatever has its number since. Elsewhere nobody can look: the
 * owner writes the file again and again, and one that has not for as long as a lease is taken to be gone.
 */
import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { hostname, platform } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { NEW_FILE, refused, TEMPORARY } from './disk.ts'
import { RunError } from './errors.ts'

/** Milliseconds after which an owner that cannot be looked at, and has not written, is taken to be gone. */
export const LEASE = 120_000

/** Milliseconds between two signs of life. */
const RENEWED = 20_000

/** Bytes that a lock has at most. */
const MOST = 4096

/** Milliseconds after which whoever was about to remove a lock is taken to be gone. */
const CLAIM = 10_000

/** What a lock says. */
interface Owner {
  /** Of this lock alone. */
  readonly id: string
  readonly host: string
  /** Where `pid` and `started` mean something. */
  readonly place: string
  readonly pid: number
  /** When the process began, as its system counts; null where it does not say. */
  readonly started: string | null
  /** The number of the file it was written to: in a copy of the folder it is nobody's lock. */
  readonly file: string
}

/** What is locked. */
export interface Locked {
  /** Said where another has it, before `by process 12`, and what is to be done then. */
  readonly held: string
  readonly advice: string
  /** Whether this process may not have it twice either; otherwise the later one takes over. */
  readonly once?: boolean
}

const RESUME = 'wait until it ends, or stop it, then --resume'

/** The locks of this process, by path: one that takes a folder anew has given up what it began there before. */
const held = new Map<string, FolderLock>()

export class FolderLock {
  readonly #path: string
  readonly #words: Locked
  readonly #owner: Omit<Owner, 'file'>
  readonly #timer: NodeJS.Timeout
  #renewed = performance.now()
  #lost = false

  /**
   * Takes the lock at that path. A RunError that names the file and its owner where another process has it, in the words for what
   * is locked.
   */
  constructor(path: string, words: Locked = { held: `${dirname(path)} is being played`, advice: RESUME }) {
    this.#path = path
    this.#words = words
    const before = held.get(path)
    if (before !== undefined && words.once) throw new RunError(`${words.held} by this process: ${words.advice} (${path}).`)
    if (before !== undefined) before.#giveUp()
    this.#owner = { id: randomUUID(), ...here(), started: startOf(process.pid) ?? null }
    while (!this.#create()) this.#removeStale()
    this.#sweep()
    this.#timer = setInterval(() => this.#renew(), RENEWED).unref()
    held.set(path, this)
  }

  #giveUp(): void {
    this.release()
    this.#lost = true
  }

  /** Throws a RunError where the lock is another's by now: nothing more may be written. */
  check(): void {
    if (performance.now() - this.#renewed > RENEWED) this.#renew()
    if (this.#lost)
      throw new RunError(`${this.#path} is another's by now, so nothing more is written: wait until it ends, then --resume.`)
  }

  /** Gives the lock back, where it is still this process's. */
  release(): void {
    clearInterval(this.#timer)
    if (held.get(this.#path) === this) held.delete(this.#path)
    if (readOwner(this.#path)?.id === this.#owner.id) rmSync(this.#path, { force: true })
  }

  /** Whether the lock was free, and is ours now. */
  #create(): boolean {
    const text = (file: string): string => JSON.stringify({ ...this.#owner, file } satisfies Owner)
    const aside = `${this.#path}.${randomUUID()}${TEMPORARY}`
    try {
      writeNew(aside, text)
      try {
        linkSync(aside, this.#path)
      } catch (error) {
        // A file system without links: whoever makes the file has the lock, and one that is empty is being written.
        if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'].includes(codeOf(error))) throw error
        writeNew(this.#path, text)
      }
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      // What was written aside has been swept away by the owner.
      if (codeOf(error) === 'ENOENT' && isFolder(dirname(this.#path))) return false
      throw refused(this.#path, error)
    } finally {
      rmSync(aside, { force: true })
    }
  }

  /** Removes a lock whose owner is gone; a RunError where it is not. */
  #removeStale(): void {
    const found = readOwner(this.#path)
    if (found === undefined) return
    const age = ageOf(this.#path)
    if (age === undefined) return
    if (isAlive(found, age)) throw new RunError(this.#message(found, age))
    // Whoever makes this file is the only one that removes this very lock; others may have taken it for gone as well.
    const claim = `${this.#path}.${found.id.replace(/[^\w-]/g, '').slice(0, 64)}${TEMPORARY}`
    try {
      writeNew(claim)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw refused(claim, error)
      if ((ageOf(claim) ?? 0) > CLAIM) rmSync(claim, { force: true })
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
      return
    }
    try {
      if (readOwner(this.#path)?.id === found.id) rmSync(this.#path, { force: true })
    } finally {
      rmSync(claim, { force: true })
    }
  }

  #message({ host, place, pid }: Owner, age: number): string {
    const near = place === this.#owner.place
    const who = pid > 0 ? `process ${pid}${near ? '' : ` on ${host || 'another machine'}`}` : 'somebody'
    const since = Math.round(Math.max(0, age) / 1000)
    const gone = near ? '' : `; if it is gone, that is known in ${Math.max(1, Math.ceil(LEASE / 1000) - since)} s`
    return `${this.#words.held} by ${who}: ${this.#words.advice}${gone} (${this.#path}).`
  }

  /** A sign of life: the file is written again as it is. */
  #renew(): void {
    this.#renewed = performance.now()
    let file: number | undefined
    try {
      file = openSync(this.#path, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0))
      const bytes = Buffer.alloc(Math.min(fstatSync(file).size, MOST))
      readSync(file, bytes, 0, bytes.length, 0)
      if (bytes.includes(this.#owner.id)) writeSync(file, bytes, 0, bytes.length, 0)
      else this.#lost = true
    } catch (error) {
      // A disk that is full or away is told by whoever writes rows.
      if (codeOf(error) === 'ENOENT') this.#lost = true
    } finally {
      if (file !== undefined) closeSync(file)
    }
  }

  /** Removes what killed processes left beside the lock. */
  #sweep(): void {
    const folder = dirname(this.#path)
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      if (name.startsWith(`${basename(this.#path)}.`) && name.endsWith(TEMPORARY) && (ageOf(path) ?? 0) > CLAIM)
        rmSync(path, { force: true })
    }
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Writes a file that must not be there yet, and follows no link; the text may depend on the file's number. */
function writeNew(path: string, text: (file: string) => string = () => ''): void {
  const file = openSync(path, NEW_FILE)
  try {
    writeSync(file, text(fstatSync(file, { bigint: true }).ino.toString()))
  } finally {
    closeSync(file)
  }
}

/**
 * Who has the lock; undefined where nobody has. What is no lock of ours, an earlier version's or one half-written, has no place; a
 * copy of one has no process.
 */
function readOwner(path: string): Owner | undefined {
  const unknown = { host: '', place: '', pid: 0, started: null, file: '' }
  let text: string
  let number: string
  let opened: number | undefined
  try {
    // One open file gives both: by its path, the text could be that of another lock than the number.
    opened = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
    const found = fstatSync(opened, { bigint: true })
    if (!found.isFile() || found.size > MOST) throw notOurs(path)
    text = readFileSync(opened, 'utf8')
    number = found.ino.toString()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    if (['ELOOP', 'ENXIO'].includes(codeOf(error))) throw notOurs(path)
    throw error instanceof RunError ? error : refused(path, error)
  } finally {
    if (opened !== undefined) closeSync(opened)
  }
  try {
    const said = JSON.parse(text) as Partial<Owner> | number | null
    if (typeof said === 'number') return { ...unknown, id: String(said), pid: said }
    if (typeof said?.id === 'string') {
      const owner = { ...unknown, ...(said as Owner) }
      return owner.file === number ? owner : { ...owner, pid: 0 }
    }
  } catch {
    // Told below.
  }
  return { ...unknown, id: `unknown-${text.length}` }
}

const notOurs = (path: string): RunError =>
  new RunError(`${path} is no file that this program has made: remove it, then run the same command again.`)

/** Milliseconds since a file was written, by the clock of the file system it lies on; undefined where there is none. */
function ageOf(path: string): number | undefined {
  const written = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs
  if (written === undefined) return undefined
  const probe = join(dirname(path), `${basename(path)}.${randomUUID()}${TEMPORARY}`)
  try {
    writeNew(probe)
    return statSync(probe).mtimeMs - written
  } catch (error) {
    throw refused(probe, error)
  } finally {
    rmSync(probe, { force: true })
  }
}

function isAlive({ place, pid, started }: Owner, age: number): boolean {
  if (place === here().place) {
    const now = startOf(pid)
    if (now === undefined) return false
    if (now !== null && started !== null) return now === started
  }
  return age < LEASE
}

/** This machine as people call it, and the place in which a process's number is that process's. */
function here(): Pick<Owner, 'host' | 'place' | 'pid'> {
  let place: string
  try {
    place = `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    place = `${platform()} ${hostname()}`
  }
  return { host: hostname(), place, pid: process.pid }
}

/** When a process of this place began; null where that is not told, undefined where there is none (or what is left of one). */
function startOf(pid: number): string | null | undefined {
  if (!(Number.isSafeInteger(pid) && pid > 0)) return undefined
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // After the name, which may hold anything: state, and nineteen fields later the start.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]!
  } catch {
    // No such process, or a system that has no such file.
  }
  try {
    process.kill(pid, 0)
    return null
  } catch (error) {
    return codeOf(error) === 'EPERM' ? null : undefined
  }
}
