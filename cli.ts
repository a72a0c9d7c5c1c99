/** The command line: words in, exit code out. Knows how words become a command; the commands know the rest. */
import yargs, { type Argv } from 'yargs'
import { Args, COMMON, type Command, type OptionSpecs } from './commands/command.ts'
import { commands } from './commands/index.ts'
import type { ExitCode, Io } from './commands/io.ts'
import { nearest, UserError } from './envs/core/errors.ts'
import { RunError } from './rollouts/errors.ts'
import { packageVersion } from './rollouts/metadata.ts'

const HELP_WIDTH = 80

/**
 * Runs one command line (without the program's own name) and gives its exit code: 0 done, 1 failed, 2 wrong usage. A
 * user's mistake is told in one line on standard error; a bug is thrown.
 */
export async function run(words: readonly string[], io: Io): Promise<ExitCode> {
  try {
    return await runCommand(words, io)
  } catch (error) {
    if (error instanceof UserError) {
      io.err(`${error.message}\n`)
      return 2
    }
    if (error instanceof RunError) {
      io.err(`${error.message}\n`)
      return 1
    }
    throw error
  }
}

async function runCommand(words: readonly string[], io: Io): Promise<ExitCode> {
  let chosen: { readonly command: Command; readonly options: OptionSpecs } | undefined
  const width = Math.min(HELP_WIDTH, io.columns())
  const parser = yargs([...words])
    .scriptName('econgym')
    .usage('$0 COMMAND\n\nReinforcement-learning environments in which models, bots and policies act in economies.')
    .locale('en')
    .wrap(width)
    .version(packageVersion())
    .alias('h', 'help')
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UserError(`${message}.`)
    })
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .epilogue('econgym COMMAND --help shows the options of a command and an example.')
  for (const command of commands) {
    const options = { ...optionsOf(command, words.slice(1)), ...COMMON }
    parser.command(
      [command.name, ...Object.keys(command.positionals).map(optionalPositional)].join(' '),
      command.describe,
      builder => declare(builder, command, options),
      () => {
        chosen = { command, options }
      },
    )
  }

  let help = ''
  const values = await parser.parseAsync([...words], {}, (_error: unknown, _values: unknown, output: string) => {
    help = output
  })
  if (help !== '') {
    io.out(`${help}\n`)
    return 0
  }
  if (chosen === undefined) return withoutCommand(words, values, parser, io)
  const { command, options } = chosen
  checkOptions(command, options, values)
  return command.run(new Args(named(command, values), words), io)
}

function optionsOf({ options }: Command, words: readonly string[]): OptionSpecs {
  return typeof options === 'function' ? options(words) : options
}

/** yargs is told that every positional may be missing: what is missing is told of after what is unknown. */
function optionalPositional(name: string): string {
  return name.startsWith('[') ? name.replace('…]', '..]') : `[${name}]`
}

const bare = (positional: string): string => positional.replace(/[[\]….]/g, '')

function declare(builder: Argv, { name, positionals, describe, examples }: Command, options: OptionSpecs): Argv {
  const usage = ['$0', name, ...Object.keys(positionals)].join(' ')
  builder.usage(`${usage} [options]\n\n${describe}`)
  for (const [positional, text] of Object.entries(positionals))
    builder.positional(bare(positional), { type: 'string', describe: text, ...(positional.includes('…') && { array: true }) })
  for (const [option, { type, describe: text, alias }] of Object.entries(options)) {
    const shape =
      type === 'boolean'
        ? { boolean: true as const }
        : type === 'list'
          ? { string: true as const, array: true as const, nargs: 1 }
          : { string: true as const, requiresArg: true }
    builder.option(option, { ...shape, describe: text, ...(alias !== undefined && { alias }) })
  }
  const lines = examples.map(([line, what]) => `  ${line}\n      ${what}`)
  return builder.epilogue(`${lines.length === 1 ? 'Example:' : 'Examples:'}\n${lines.join('\n')}`)
}

/** What yargs adds to the values by itself. */
const OWN = ['_', '$0', 'help', 'h', 'version']

/** Refuses options that the command does not have, words that nothing takes, and positionals that are missing. */
function checkOptions({ name, positionals }: Command, options: OptionSpecs, values: Readonly<Record<string, unknown>>): void {
  const places = Object.keys(positionals)
  const known = Object.entries(options).flatMap(([option, { alias }]) => (alias === undefined ? [option] : [option, alias]))
  const unknown = Object.keys(values).find(key => ![...OWN, ...known, ...places.map(bare)].includes(key))
  if (unknown !== undefined) {
    const long = ['help', ...known.filter(option => option.length > 1)]
    const meant = nearest(unknown, long).replace("'", "'--")
    throw new UserError(`No option '${dashed(unknown)}' of econgym ${name}. Options: ${long.map(dashed).join(', ')}.${meant}`)
  }
  const extra = (values._ as readonly unknown[]).slice(1)
  if (extra.length > 0)
    throw new UserError(
      `econgym ${name} takes ${places.join(' ') || 'no words'}; got '${String(extra[0]).slice(0, 64)}' as well.`,
    )
  const missing = places.find(place => !place.startsWith('[') && values[place] === undefined)
  if (missing !== undefined) throw new UserError(`econgym ${name} needs ${missing}: ${positionals[missing]}.`)
}

const dashed = (option: string): string => `${option.length > 1 ? '--' : '-'}${option}`

/** The values by the names that the commands use; yargs leaves aliases beside them. */
function named({ positionals }: Command, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const places = Object.keys(positionals).map(bare)
  return Object.fromEntries(
    Object.entries(values).filter(([key, value]) => value !== undefined && (!OWN.includes(key) || places.includes(key))),
  )
}

async function withoutCommand(
  words: readonly string[],
  values: Readonly<Record<string, unknown>>,
  parser: Argv,
  io: Io,
): Promise<ExitCode> {
  const [first] = values._ as readonly unknown[]
  const names = commands.map(({ name }) => name)
  if (first !== undefined)
    throw new UserError(
      `No command '${String(first).slice(0, 64)}'. Commands: ${names.join(', ')}.${nearest(String(first), names)}`,
    )
  const option = words.find(word => word.startsWith('-'))
  if (option !== undefined)
    throw new UserError(`'${option.slice(0, 64)}' stands without a command. Commands: ${names.join(', ')}.`)
  io.err(`${await parser.getHelp()}\n`)
  return 2
}
