/** The folders of runs: where they are, what each says it is, and how far it has come. Knows run folders; reads no rollout. */
import { type Dirent, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../envs/core/errors.ts'
import { explain } from '../envs/core/tool.ts'
import { refused } from './disk.ts'
import { FILES } from './files.ts'
import { whyLater } from './layout.ts'
import type { Metadata } from './metadata.ts'
import { runMetadata } from './metadata_shape.ts'
import { countFinished } from './stored.ts'
import { parseJson, readText } from './text_file.ts'

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    throw refused(folder, error)
  }
}

/** What metadata.json says; undefined where there is none. A UserError where there is one that is not understood. */
export function readMetadata(folder: string): Metadata | undefined {
  const path = join(folder, FILES.metadata)
  if (!existsSync(path)) return undefined
  const tell = (why: string): string =>
    `${path} is not understood: ${why}. It says what the run is: put back the one it had, or move the folder away.`
  const told = parseJson(readText(path, tell), tell)
  const later = whyLater(Object(told))
  if (later !== undefined) throw new UserError(`${path}: ${later}.`)
  const parsed = runMetadata.safeParse(told)
  if (parsed.success) return parsed.data as unknown as Metadata
  throw new UserError(tell(explain(parsed.error)))
}

/** What lies in the folder of an export: its metadata.json is no run's. */
export const DATA_CARD = 'datacard.json'
/** What lies in the folder of a run at somebody's server, whose rules nobody here can play again. */
export const CONNECTION = 'connection.json'

/** The run folders in a folder: itself if it is one, else those up to four levels below (part, suite, cell, run), by name. */
export function findRuns(folder: string, depth = 4): string[] {
  if ([DATA_CARD, CONNECTION].some(file => existsSync(join(folder, file)))) return []
  if (existsSync(join(folder, FILES.metadata))) return [folder]
  if (depth === 0) return []
  return entriesOf(folder)
    .filter(entry => entry.isDirectory())
    .map(entry => join(folder, entry.name))
    .sort()
    .flatMap(inner => findRuns(inner, depth - 1))
}

/** A run's metadata with its folder; `ok` is what is finished by now, also while it is played and after a kill. */
export interface ListedRun extends Metadata {
  readonly folder: string
}

/**
 * The runs in a folder, itself or up to four levels below, by name. A UserError where there is no such folder, or where a run does not
 * say what it is; with `onBroken` that is told why instead, and the others are listed.
 */
export function listRuns(folder: string, shown = folder, onBroken?: (why: string) => void): ListedRun[] {
  if (!existsSync(folder))
    throw new UserError(`No folder ${shown}: expected one that holds runs, as \`agoragym eval\` writes them.`)
  return findRuns(folder).flatMap(run => {
    let metadata: Metadata | undefined
    try {
      metadata = readMetadata(run)
    } catch (error) {
      if (onBroken === undefined || !(error instanceof UserError)) throw error
      onBroken(error.message)
    }
    if (metadata === undefined) return []
    // While a run is played, and after a kill, its metadata say what was there when it began.
    return [{ folder: run, ...metadata, ok: metadata.complete ? metadata.ok : countFinished(run) }]
  })
}
