/** The runs in a folder, as a list: what each is and how far it has come. Knows run folders. */
import { existsSync } from 'node:fs'
import { UserError } from '../envs/core/errors.ts'
import type { Metadata } from './metadata.ts'
import { countFinished, findRuns, readMetadata } from './store.ts'

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
