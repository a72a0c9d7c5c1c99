/**
 * The folder of an export: taken only where nothing can be lost, filled aside and swapped in at the end, so that what
 * stands there is whole. Knows files, not rows.
 */
import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { UserError } from '../../envs/core/errors.ts'
import { makeFolder, refused } from '../disk.ts'
import { DATA_CARD } from '../store.ts'

export const README = 'README.md'

/** Where an export is made; what a killed one left there is of no use to anybody. */
const ASIDE = '.partial'

export class Target {
  readonly folder: string
  /** The files of an earlier export, below the folder. */
  readonly #earlier: readonly string[]

  /**
   * A folder that is not there, is empty, or holds nothing but an earlier export, which is then replaced. A UserError
   * otherwise.
   */
  constructor(folder: string) {
    this.folder = folder
    if (existsSync(folder) && !statSync(folder).isDirectory())
      throw new UserError(`${folder} is a file; choose another folder with --out.`)
    this.#earlier = existsSync(folder) ? earlierExport(folder) : []
    try {
      rmSync(join(folder, ASIDE), { recursive: true, force: true })
      makeFolder(this.scratch)
    } catch (error) {
      throw refused(folder, error)
    }
  }

  /** For what is needed while the export is made. */
  get scratch(): string {
    return join(this.folder, ASIDE, 'scratch')
  }

  /** Where to write a file of the export; its folder is there. */
  place(path: string): string {
    const place = join(this.folder, ASIDE, 'files', path)
    makeFolder(dirname(place))
    return place
  }

  /** Removes what has been made so far; an earlier export stays. */
  abandon(): void {
    rmSync(join(this.folder, ASIDE), { recursive: true, force: true })
  }

  /** Puts the files in their places, instead of an earlier export's. */
  publish(paths: readonly string[]): void {
    try {
      for (const path of this.#earlier) rmSync(join(this.folder, path), { force: true })
      for (const path of paths) {
        makeFolder(dirname(join(this.folder, path)))
        renameSync(this.place(path), join(this.folder, path))
      }
    } catch (error) {
      throw refused(this.folder, error)
    }
    this.abandon()
    removeEmptyFolders(this.folder)
  }
}

/** The files of the folder where they are an earlier export's and nothing else. */
function earlierExport(folder: string): string[] {
  const there = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)))
    .filter(path => !path.startsWith(ASIDE))
  if (there.length === 0) return []
  const known = exported(folder)
  const stranger = there.find(path => !known.includes(path))
  if (stranger !== undefined)
    throw new UserError(`${folder} is not empty (${stranger}) and not an earlier export; choose another folder with --out.`)
  return there
}

/** The files that an export's data card lists; none where there is no data card. */
function exported(folder: string): string[] {
  try {
    const { files } = JSON.parse(readFileSync(join(folder, DATA_CARD), 'utf8')) as { files: { path: string }[] }
    return [DATA_CARD, README, ...files.map(({ path }) => join(path))]
  } catch {
    return []
  }
}

function removeEmptyFolders(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const inner = join(folder, entry.name)
    removeEmptyFolders(inner)
    if (readdirSync(inner).length === 0) rmSync(inner, { recursive: true })
  }
}

/** Size and SHA-256 of a file, as it stands on the disk. */
export function fingerprint(path: string): { readonly bytes: number; readonly sha256: string } {
  const hash = createHash('sha256')
  const chunk = Buffer.allocUnsafe(1 << 20)
  const file = openSync(path, 'r')
  let bytes = 0
  try {
    for (;;) {
      const length = readSync(file, chunk, 0, chunk.length, null)
      if (length === 0) return { bytes, sha256: hash.digest('hex') }
      hash.update(chunk.subarray(0, length))
      bytes += length
    }
  } finally {
    closeSync(file)
  }
}
