/** Finds the log of one game among files of runs. Knows files of logs; knows no economy. */
import { existsSync, statSync } from 'node:fs'
import { UserError } from '../envs/core/errors.ts'
import { rows } from '../rollouts/jsonl.ts'
import { rowIn } from '../rollouts/read_rows.ts'
import type { StepsRow } from '../rollouts/rows.ts'
import { findRuns, readSteps } from '../rollouts/store.ts'

/** Which of several games is meant; the first that fits is. */
export interface Wanted {
  readonly key?: string
  readonly seed?: number
  readonly repeat?: number
}

/** The logs that a path names: those of a file of them, of a run folder, or of all runs below a folder. */
function* logsIn(path: string): Generator<StepsRow> {
  if (!statSync(path).isDirectory()) yield* rows(path, line => rowIn('steps', line))
  else for (const run of findRuns(path)) yield* readSteps(run)
}

/** The first log at `path` that is what is wanted. A UserError where there is none. */
export function findLog(path: string, { key, seed, repeat }: Wanted, shown = path): StepsRow {
  if (!existsSync(path)) throw new UserError(`No file or folder ${shown}: expected a run folder, or a file of logs.`)
  let seen = 0
  for (const log of logsIn(path)) {
    seen++
    const { header } = log
    if ((key ?? log.key) === log.key && (seed ?? header.seed) === header.seed && (repeat ?? header.repeat) === header.repeat)
      return log
  }
  const wanted = Object.entries({ key, seed, repeat }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${value}`],
  )
  throw new UserError(
    seen === 0
      ? `${shown} holds no finished game: expected a run folder, as \`agoragym eval\` writes it, or a file of logs.`
      : `None of the ${seen} games in ${shown} has ${wanted.join(' and ')}.`,
  )
}
