/** `--suite`: a file instead of the options that say what is played. Knows where suites lie; plays nothing. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { nearest, UserError } from '../envs/core/errors.ts'
import { type Experiment, parseSuite } from '../evals/experiment.ts'
import type { Args, OptionSpecs } from './command.ts'
import type { Io } from './io.ts'
import { CONFIG_OPTIONS, EXAMPLE_OPTIONS, labelled, readPlayers, SEAT_OPTIONS, SWEEP_OPTIONS } from './setup.ts'

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
const DECIDED = ['repeats', ...Object.keys({ ...SEAT_OPTIONS, ...EXAMPLE_OPTIONS, ...CONFIG_OPTIONS, ...SWEEP_OPTIONS })]

/** The suite that was named, and the folder that its files are looked for in. */
export function readSuite(args: Args, io: Io): { readonly suite: Experiment; readonly folder: string } {
  const given = ['ENV', ...DECIDED].find(option => args.list(option).length > 0 || args.flag(option))
  if (given !== undefined)
    throw new UserError(
      `${given === 'ENV' ? 'ENV' : `--${given}`} and --suite exclude each other: the suite says what is played.`,
    )
  const shown = args.text('suite')!
  const path = suitePath(shown, io.cwd)
  const suite = parseSuite(read(path, shown), shown)
  const players = labelled(args, readPlayers(args))
  const baseline = args.text('baseline')
  return {
    folder: dirname(path),
    suite: {
      ...suite,
      ...(baseline !== undefined && { baseline }),
      // A tournament seats its own.
      ...(players !== undefined && {
        entries: suite.entries.map(entry => (entry.tournament ? entry : { ...entry, players: [...players] })),
      }),
    },
  }
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
