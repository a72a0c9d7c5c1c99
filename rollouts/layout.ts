/**
 * How the files of a run lie, as who writes them and who reads them both have it: which version of the format, where a line of
 * figures.jsonl says that its rollout is, what shared.jsonl keeps for all, how far checkpoint.json vouches. Knows lines; knows nothing of
 * what is in a rollout.
 */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { UserError } from '../envs/core/errors.ts'
import { blockNames, blockPath, type Place, placedLines } from './blocks.ts'
import { bytesAt } from './disk.ts'
import { FILES } from './files.ts'
import { objectIn } from './jsonl.ts'
import { FORMAT, headOf } from './record.ts'

/** Why what a run's metadata.json says cannot be read here: a later version of the package wrote the files. Undefined where it can. */
export function whyLater({ format }: { readonly format?: unknown }): string | undefined {
  if (format === undefined || format === FORMAT) return undefined
  return `its files are of format ${JSON.stringify(format)}, and this version of agoragym reads format ${FORMAT} and those of before; read it with the version that wrote it, or a later one`
}

/** Throws a UserError where a later version of the package wrote the files of a run, or its rollouts lie in two files. */
export function refuseUnknown(folder: string): void {
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
export function placedHead(bytes: Buffer): { readonly key: string; readonly example: number; readonly place: Place } | undefined {
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
