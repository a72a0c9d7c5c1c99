/** `--suite`: a file instead of the options that say what is played. Knows how a cell would be typed; plays nothing. */
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { UserError } from '../envs/core/errors.ts'
import { type Cell, cellsOf, parseSuite } from '../evals/suite.ts'
import type { Args, OptionSpecs } from './command.ts'
import type { Io } from './io.ts'
import { CONFIG_OPTIONS, EXAMPLE_OPTIONS, SEAT_OPTIONS } from './setup.ts'

export const SUITE_OPTIONS: OptionSpecs = {
  suite: { type: 'string', describe: 'JSON file that says what is evaluated, instead of ENV and the options that do' },
  'print-schema': { type: 'boolean', describe: "print the JSON schema of a suite's file" },
}

/** Options that a suite decides. */
const DECIDED = ['players', 'repeats', ...Object.keys({ ...SEAT_OPTIONS, ...EXAMPLE_OPTIONS, ...CONFIG_OPTIONS })]

/** A cell of a suite as a command of its own. */
export interface SuiteCell {
  readonly label: string
  readonly args: Args
  readonly repeats: number
}

/** The cells of the suite that was named, and the folder that theirs are in. */
export function readSuite(args: Args, io: Io): { readonly out: string; readonly cells: readonly SuiteCell[] } {
  const given = ['ENV', ...DECIDED].find(option => args.list(option).length > 0)
  if (given !== undefined)
    throw new UserError(
      `${given === 'ENV' ? 'ENV' : `--${given}`} and --suite exclude each other: the suite says what is played.`,
    )
  const shown = args.text('suite')!
  const path = resolve(io.cwd, shown)
  const suite = parseSuite(read(path, shown), shown)
  const out = resolve(io.cwd, args.text('out') ?? 'runs', suite.name)
  const cells = cellsOf(suite).map(cell => ({
    label: cell.label,
    args: cellArgs(cell, args, join(out, cell.label), dirname(path)),
    repeats: cell.repeats,
  }))
  return { out, cells }
}

function read(path: string, shown: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError(`--suite: cannot read ${shown}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}.`)
  }
}

/** The cell as somebody would have typed it; the options that a suite does not decide are the command's. */
function cellArgs(cell: Cell, args: Args, out: string, folder: string): Args {
  const { env, preset, set, seeds, scenarios, scenarioFile, players, opponents, seats } = cell
  return args.with({
    ENV: env,
    out,
    // A suite is gone on with as a matter of course.
    resume: true,
    set: Object.entries(set).map(([field, value]) => `${field}=${JSON.stringify(value)}`),
    seat: Object.entries(seats).map(([agent, player]) => `${agent}=${player}`),
    ...(preset !== undefined && { preset }),
    ...(seeds !== undefined && { seeds }),
    ...(scenarios !== undefined && { scenarios: String(scenarios) }),
    ...(scenarioFile !== undefined && { 'scenario-file': resolve(folder, scenarioFile) }),
    ...(players !== undefined && { players: players.join(',') }),
    ...(opponents !== undefined && { opponents }),
  })
}
