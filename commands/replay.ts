/** `replay`: plays logs again and says where one is not what its own decisions give. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { environments } from '../economies/registry.ts'
import type { AnyEnvironment } from '../envs/core/environment.ts'
import { UserError } from '../envs/core/errors.ts'
import { verify } from '../envs/core/replay.ts'
import { oneLine } from '../envs/core/text.ts'
import { countLines, lines } from '../rollouts/jsonl.ts'
import { Progress } from '../rollouts/progress.ts'
import type { StepsRow } from '../rollouts/rows.ts'
import type { Command } from './command.ts'
import { block, plural, shownPath } from './text.ts'

const STEPS = 'steps.jsonl'

/** What was found in one line of a file. */
interface Finding {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly key?: string
  readonly seed?: number
  /** The first step that differs; null for the header, the footer, and a line that is no log. */
  readonly step: number | null
  readonly difference: string
}

/** Differences told one by one; the rest are counted. */
const TOLD = 20

export const replay: Command = {
  name: 'replay',
  positionals: { FILE: `a ${STEPS}, a run folder, or a folder of them` },
  describe: 'Play logged episodes again and name the first step that differs.',
  options: {},
  examples: [['agoragym replay runs', 'verifies every episode of every run in ./runs']],
  run(args, io) {
    const files = stepFiles(resolve(io.cwd, args.text('FILE')!), args.text('FILE')!)
    const findings: Finding[] = []
    let episodes = 0
    let steps = 0
    const progress = new Progress({
      total: files.reduce((sum, path) => sum + countLines(path), 0),
      write: io.err,
      terminal: io.isTTY.err,
      columns: io.columns,
      unit: 'episodes',
    })
    for (const path of files) {
      const file = shownPath(path, io.cwd)
      let line = 0
      for (const { bytes, torn } of lines(path, true)) {
        line++
        const row = parsed(bytes)
        if (row === undefined && torn) {
          io.err(`${file}: the last line is torn and was skipped; --resume plays that rollout again\n`)
          continue
        }
        const finding = row === undefined ? { file, line, step: null, difference: NO_LOG } : judge(row, file, line)
        if (finding !== undefined) findings.push(finding)
        episodes++
        steps += row?.steps.length ?? 0
        progress.tick()
      }
    }
    progress.end()
    const ok = findings.length === 0
    if (args.flag('json')) {
      const names = files.map(path => shownPath(path, io.cwd))
      io.out(`${JSON.stringify({ ok, files: names, episodes, steps, findings }, null, 2)}\n`)
      return ok ? 0 : 1
    }
    for (const finding of findings.slice(0, TOLD)) io.out(`${block(told(finding), io.columns())}\n`)
    if (findings.length > TOLD) io.out(`and ${findings.length - TOLD} more\n`)
    const played = `${plural(episodes, 'episode')}, ${plural(steps, 'step')}`
    io.out(`${played}: ${ok ? 'all equal to their replay' : `${findings.length} not equal to their replay`}\n`)
    return ok ? 0 : 1
  },
}

const NO_LOG = 'no episode log: expected {"key", "header", "steps", "stop"}'

/** The logs that a path names; a UserError where it names none. */
function stepFiles(path: string, shown: string): string[] {
  if (!existsSync(path)) throw new UserError(`No file or folder ${shown}: expected a ${STEPS} or a folder that holds one.`)
  if (!statSync(path).isDirectory()) return [path]
  const files = (readdirSync(path, { recursive: true }) as string[]).filter(name => name === STEPS || name.endsWith(`/${STEPS}`))
  if (files.length === 0) throw new UserError(`No ${STEPS} in ${shown}: expected a run folder, as \`agoragym eval\` writes it.`)
  return files.sort().map(name => join(path, name))
}

function parsed(bytes: Buffer): StepsRow | undefined {
  try {
    const row = JSON.parse(bytes.toString()) as StepsRow | null
    return typeof row?.header?.env === 'string' && Array.isArray(row.steps) ? row : undefined
  } catch {
    return undefined
  }
}

function judge(row: StepsRow, file: string, line: number): Finding | undefined {
  const env: AnyEnvironment = environments.get(row.header.env)
  const found = verify(env, row)
  return found && { file, line, key: row.key, seed: row.header.seed, step: found.t, difference: found.difference }
}

function told({ file, line, seed, step, difference }: Finding): string {
  const which = seed === undefined ? '' : ` (seed ${seed})`
  return `${file}:${line}${which}: ${step === null ? '' : `step ${step}: `}${oneLine(difference)}`
}
