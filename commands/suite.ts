/** `--suite`: a file instead of the options that say what is played. Knows how a cell would be typed; plays nothing. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { nearest, UserError } from '../envs/core/errors.ts'
import { type Cell, cellsOf, parseSuite } from '../evals/suite.ts'
import type { Args, OptionSpecs } from './command.ts'
import type { Io } from './io.ts'
import { CONFIG_OPTIONS, EXAMPLE_OPTIONS, SEAT_OPTIONS } from './setup.ts'

/** Where the suites of the package lie. */
const SHIPPED = join(import.meta.dirname, '..', 'evals', 'suites')

export const SUITE_OPTIONS: OptionSpecs = {
  suite: {
    type: 'string',
    describe: `JSON file that says what is evaluated, or a shipped one: ${shipped().join(', ')}; --players replaces its players`,
  },
  'print-schema': { type: 'boolean', describe: "print the JSON schema of a suite's file" },
}

/** Options that a suite decides. */
const DECIDED = ['repeats', ...Object.keys({ ...SEAT_OPTIONS, ...EXAMPLE_OPTIONS, ...CONFIG_OPTIONS })]

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
  const path = suitePath(shown, io.cwd)
  const suite = parseSuite(read(path, shown), shown)
  const out = resolve(io.cwd, args.text('out') ?? 'runs', suite.name)
  const cells = cellsOf(suite).map(cell => ({
    label: cell.label,
    args: cellArgs(cell, args, join(out, cell.label), dirname(path)),
    repeats: cell.repeats,
  }))
  return { out, cells }
}

/** The names of the suites of the package. */
function shipped(): string[] {
  return readdirSync(SHIPPED)
    .filter(file => file.endsWith('.json'))
    .map(file => file.slice(0, -'.json'.length))
    .sort()
}

function suitePath(named: string, cwd: string): string {
  const path = resolve(cwd, named)
  return !existsSync(path) && shipped().includes(named) ? join(SHIPPED, `${named}.json`) : path
}

function read(path: string, shown: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message
    throw new UserError(`--suite: cannot read ${shown}: ${code}. Shipped: ${shipped().join(', ')}.${nearest(shown, shipped())}`)
  }
}

/** The cell as somebody would have typed it; the options that a suite does not decide are the command's. */
function cellArgs(cell: Cell, args: Args, out: string, folder: string): Args {
  const { env, preset, set, seeds, scenarios, scenarioFile, players, opponents, seats, tournament } = cell
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
    // A tournament seats its own.
    players: tournament ? undefined : (args.text('players') ?? players?.join(',')),
    ...(opponents !== undefined && { opponents }),
  })
}
