/** Plays the logs of runs again and says where one is not what its own decisions give. Knows files of logs; knows no economy. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { AnyEnvironment } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import type { Lookup } from '../envs/core/registry.ts'
import { verify } from '../envs/core/replay.ts'
import { countLines, lines } from './jsonl.ts'
import type { StepsRow } from './rows.ts'
import { FILES } from './store.ts'

/** What was found in one line of a file. */
export interface Finding {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly key?: string
  readonly seed?: number
  /** The first step that differs; null for the header, the footer, and a line that is no log. */
  readonly step: number | null
  readonly difference: string
}

export interface Verified {
  readonly episodes: number
  readonly steps: number
  /** Empty where every log is what its decisions give. */
  readonly findings: readonly Finding[]
  /** Files whose last line is torn; it was skipped. */
  readonly torn: readonly string[]
}

/** The files of logs that a path names: itself, or those below it. A UserError where it names none. */
export function logFiles(path: string, shown = path): string[] {
  if (!existsSync(path)) throw new UserError(`No file or folder ${shown}: expected a ${FILES.steps} or a folder that holds one.`)
  if (!statSync(path).isDirectory()) return [path]
  const files = (readdirSync(path, { recursive: true }) as string[]).filter(
    name => name === FILES.steps || name.endsWith(`/${FILES.steps}`),
  )
  if (files.length === 0)
    throw new UserError(`No ${FILES.steps} in ${shown}: expected a run folder, as \`agoragym eval\` writes it.`)
  return files.sort().map(name => join(path, name))
}

/** How many logs files hold. */
export function countLogs(files: readonly string[]): number {
  return files.reduce((sum, path) => sum + countLines(path), 0)
}

/** Plays every log of the files again. `onEpisode` is called after each. A UserError where an economy is not registered. */
export function verifyLogs(files: readonly string[], environments: Lookup<AnyEnvironment>, onEpisode?: () => void): Verified {
  const findings: Finding[] = []
  const torn: string[] = []
  let episodes = 0
  let steps = 0
  for (const file of files) {
    let line = 0
    for (const { bytes, torn: half } of lines(file, true)) {
      line++
      const row = parsed(bytes)
      if (row === undefined && half) {
        torn.push(file)
        continue
      }
      const found = row === undefined ? { t: null, difference: NO_LOG } : verify(environments.get(row.header.env), row)
      const which = row === undefined ? {} : { key: row.key, seed: row.header.seed }
      if (found !== undefined) findings.push({ file, line, ...which, step: found.t, difference: found.difference })
      episodes++
      steps += row?.steps.length ?? 0
      onEpisode?.()
    }
  }
  return { episodes, steps, findings, torn }
}

const NO_LOG = 'no episode log: expected {"key", "header", "steps", "stop"}'

function parsed(bytes: Buffer): StepsRow | undefined {
  try {
    const row = JSON.parse(bytes.toString()) as StepsRow | null
    return typeof row?.header?.env === 'string' && Array.isArray(row.steps) ? row : undefined
  } catch {
    return undefined
  }
}
