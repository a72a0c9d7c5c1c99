/**
 * The command line: words in, exit code out. Knows how words become a command; the commands know the rest. Only what was typed is
 * loaded: help and mistakes need no economy.
 */
import yargs, { type Argv } from 'yargs'
import { Args, COMMON, type Command, type CommandHead, type OptionSpecs } from './commands/command.ts'
import { commands } from './commands/index.ts'
import type { ExitCode, Io } from './commands/io.ts'
import { findConfig } from './economies/config_file.ts'
import { nearest, UserError } from './envs/core/errors.ts'
import { oneLine, printable } from './envs/core/text.ts'
import { refused } from './rollouts/disk.ts'
import { RunError } from './rollouts/errors.ts'
import { packageVersion } from './rollouts/versions.ts'

const HELP_WIDTH = 80

/**
 * Runs one command line (without the program's own name) and gives its exit code: 0 done, 1 failed, 2 wrong usage. A
 * user's mistake is told in one line on standard error; a bug is thrown.
 */
export async function run(words: readonly string[], io: Io): Promise<ExitCode> {
  const guarded = guard(io)
  try {
    await importOwn(words, io.cwd)
    return await runCommand(words, guarded)
  } catch (error) {
    const told = isRefusal(error) ? refused(error.path, error) : error
    if (!(told instanceof UserError || told instanceof RunError)) throw error
    guarded.err(`${oneLine(told.message)}\n`)
    return told instanceof UserError ? 2 : 1
  }
}

/** Whether the file system refused something that nobody has put into words yet. */
function isRefusal(error: unknown): error is NodeJS.ErrnoException & { readonly path: string } {
  const { syscall, path } = (error ?? {}) as NodeJS.ErrnoException
  return typeof syscall === 'string' && typeof path === 'string'
}

/** Loads what users add, before any command or option is looked up: the config file's, then what `--import` names. */
async function importOwn(words: readonly string[], cwd: string): Promise<void> {
  if (!commands.some(({ name }) => name === words[0]) || words.includes('--help') || words.includes('-h')) return
  const config = findConfig(cwd)
  const named = words.flatMap((word, i) => {
    if (word === '--import') return words[i + 1] ?? []
    return word.startsWith('--import=') ? word.slice('--import='.length) : []
  })
  if (config === undefined && named.length === 0) return
  const { importPlugins } = await import('./economies/imports.ts')
  if (config !== undefined) await importPlugins([config], cwd, 'config file')
  await importPlugins(named, cwd)
}

/** A command that was typed, whole. */
interface Typed extends CommandHead, Omit<Command, 'positionals' | 'options'> {
  readonly options: OptionSpecs
  /** What stands for ENV in its examples. */
  readonly id: string
}

async function load(head: CommandHead, words: readonly string[]): Promise<Typed> {
  const command = await head.load()
  const { positionals = head.positionals, options, examples, help, run } = command
  const economies = examples.some(([line]) => line.includes('ENV'))
    ? (await import('./economies/registry.ts')).economies.ids()
    : []
  const own = typeof options === 'function' ? await options(words) : options
  return { ...head, positionals, options: { ...own, ...COMMON }, examples, ...(help && { help }), run, id: economies[0] ?? 'ENV' }
}

/**
 * The world outside with the one gate that everything passes on its way to a terminal: what a server, a model, a foreign folder
 * or a file's name brings is shown and never obeyed. A text that begins with a carriage return is the program's own line of
 * progress, which is rewritten in its place.
 */
function guard(io: Io): Io {
  const through = (write: (text: string) => void) => ({
    value: (text: string) => {
      const [, start = '', line = text, end = ''] = /^(\r)([^\r]*)(\r?)$/.exec(text) ?? []
      write(`${start}${printable(line)}${end}`)
    },
  })
  // The rest stays as it is: standard input and the signal are opened by who asks for them.
  return Object.create(io, { out: through(io.out), err: through(io.err) }) as Io
}

async function runCommand(words: readonly string[], io: Io): Promise<ExitCode> {
  const head = commands.find(({ name }) => name === words[0])
  const typed = head && (await load(head, words.slice(1)))
  if (typed !== undefined) checkOptions(typed, words.slice(1))
  let chosen: Typed | undefined
  let help = ''
  const parser = yargs([...words])
    .scriptName('agoragym')
    .usage('$0 COMMAND\n\nReinforcement-learning environments in which models, bots and policies act in economies.')
    .locale('en')
    .wrap(Math.min(HELP_WIDTH, io.columns()))
    .version(packageVersion())
    .alias('h', 'help')
    .exitProcess(false)
    .fail((message, error) => {
      // yargs complains in words or with an error of its own; any other error is a command's.
      if (error !== undefined && error !== null && error.name !== 'YError') throw error
      throw new UserError(usageError(typed, message ?? error.message))
    })
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      // `--no-tool-call nudge` is an option of its own.
      'boolean-negation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .epilogue('agoragym COMMAND --help shows the options of a command and an example.')
  for (const command of commands) {
    parser.command(
      [command.name, ...Object.keys(command.positionals).map(placeholder)].join(' '),
      command.describe,
      // Only the command that was typed is ever asked for its options.
      builder => declare(builder, typed!, asksForHelp(words)),
      () => {
        chosen = typed
      },
    )
  }
  const values = await parser.parseAsync([...words], {}, (_error: unknown, _values: unknown, output: string) => {
    help = output
  })
  if (help !== '') {
    io.out(`${help}\n`)
    return 0
  }
  if (chosen === undefined) return withoutCommand(words, parser, io)
  const extra = (values._ as readonly unknown[])[1]
  if (extra !== undefined) {
    const places = Object.keys(chosen.positionals).join(' ') || 'no words'
    throw new UserError(`agoragym ${chosen.name} takes ${places}; got '${String(extra).slice(0, 64)}' as well.`)
  }
  return chosen.run(new Args(values, words), io)
}

/** `ENV`, `RUN…`, `[DIR]` or `[ID…]` as yargs spells it. */
function placeholder(positional: string): string {
  const place = positional.replace('…', '..')
  return place.startsWith('[') ? place : `<${place}>`
}

/** The name of a positional, without what says how it is given. */
const bare = (positional: string): string => positional.replace(/[[\]…]/g, '')

/** Whether yargs may show help: for an option of that name however it is written, or for the last word. */
const asksForHelp = (words: readonly string[]): boolean =>
  words.at(-1) === 'help' || words.some(word => word.startsWith('-') && word.includes('h'))

/** Tells yargs what a command takes. It lays out the help of every command that it runs: where nobody asks for it, there is little to lay out. */
function declare(builder: Argv, { name, positionals, describe, options, examples, help, id }: Typed, isShown: boolean): Argv {
  builder.usage(`${['$0', name, ...Object.keys(positionals)].join(' ')} [options]\n\n${describe}`).version(false)
  for (const [positional, text] of Object.entries(positionals))
    builder.positional(bare(positional), { type: 'string', describe: text, ...(positional.includes('…') && { array: true }) })
  for (const [option, { type, describe: text, alias }] of Object.entries(options))
    builder.option(option, { ...SHAPES[type], describe: text, ...(alias !== undefined && { alias }), hidden: !isShown })
  if (!isShown) return builder
  const lines = examples.map(([line, what]) => `  ${line.replace('ENV', id)}\n      ${what}`)
  const parts = [`${lines.length === 1 ? 'Example:' : 'Examples:'}\n${lines.join('\n')}`]
  if (help !== undefined)
    parts.push(
      `${help.title}:\n${Object.entries(help.words)
        .flatMap(([word, meaning]) => [`  ${word}`, `      ${meaning}`])
        .join('\n')}`,
    )
  return builder.epilogue(parts.join('\n\n'))
}

/** Each type of option as yargs is told of it. */
const SHAPES = {
  boolean: { boolean: true },
  string: { string: true, requiresArg: true },
  list: { string: true, array: true, nargs: 1 },
} as const

/** Refuses an option that the command does not have, before anything can be taken for its value. */
function checkOptions({ name: command, options }: Typed, words: readonly string[]): void {
  const declared = Object.entries(options).flatMap(([option, { alias }]) => [option, ...(alias ? [alias] : [])])
  const accepted = [...declared, 'help', 'h']
  for (const word of words) {
    // `--out=runs`, `-c64`
    const [, name, letter] = /^(?:--([^=]+)|-([^-]))/.exec(word) ?? []
    const option = name ?? letter
    if (option === undefined || accepted.includes(option)) continue
    const long = accepted.filter(known => known.length > 1)
    const meant = nearest(option, long).replace("'", "'--")
    throw new UserError(
      `No option '${word.slice(0, 64)}' of agoragym ${command}. Options: ${long.map(known => `--${known}`).join(', ')}.${meant}`,
    )
  }
}

/** What yargs complains of, in our words. */
function usageError(command: Typed | undefined, message: string): string {
  const missing = Object.entries(command?.positionals ?? {}).find(([place]) => !place.startsWith('['))
  if (command !== undefined && missing !== undefined && message.startsWith('Not enough non-option'))
    return `agoragym ${command.name} needs ${missing[0]}: ${missing[1]}.`
  const option = /^Not enough arguments following: (.+)$/.exec(message)?.[1]
  if (option !== undefined) return `${option.length > 1 ? '--' : '-'}${option} needs a value.`
  return `${message}.`
}

async function withoutCommand([word]: readonly string[], parser: Argv, io: Io): Promise<ExitCode> {
  if (word === undefined) {
    io.err(`${await parser.getHelp()}\n`)
    return 2
  }
  const names = commands.map(({ name }) => name)
  throw new UserError(`No command '${word.slice(0, 64)}'. Commands: ${names.join(', ')}.${nearest(word, names)}`)
}
