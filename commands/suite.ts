/** `--suite`: a file instead of the options that say what is played. Knows options; plays nothing. */
import { UserError } from '../envs/core/errors.ts'
import type { Experiment } from '../evals/experiment.ts'
import { readSuiteFile, shippedSuites } from '../evals/suite_file.ts'
import type { Args, OptionSpecs } from './command.ts'
import type { Io } from './io.ts'
import { CONFIG_OPTIONS, EXAMPLE_OPTIONS, labelled, readPlayers, SEAT_OPTIONS, SWEEP_OPTIONS } from './setup.ts'

export const SUITE_OPTIONS: OptionSpecs = {
  suite: {
    type: 'string',
    describe: `JSON file that says what is evaluated, or a shipped one: ${shippedSuites().join(', ')}; --players replaces its players`,
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
  const { suite, folder } = readSuiteFile(args.text('suite')!, io.cwd)
  const named = readPlayers(args)
  if (named === undefined && args.list('label').length > 0)
    throw new UserError("--label names a player of --players; the suite's own have a label in its file: {player, label}.")
  const players = labelled(args, named)
  const baseline = args.text('baseline')
  return {
    folder,
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
