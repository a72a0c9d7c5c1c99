/** What a command is, and what was typed for it. Knows no command. */
import { nearest, UserError } from '../envs/core/errors.ts'
import type { ExitCode, Io } from './io.ts'

export interface OptionSpec {
  /** `list` may be given several times. */
  readonly type: 'string' | 'boolean' | 'list'
  readonly describe: string
  /** Another name of it; one letter or a word. */
  readonly alias?: string
}
export type OptionSpecs = Readonly<Record<string, OptionSpec>>

/** What is said of a command before it is typed: nothing of it is loaded for that. */
export interface CommandHead {
  readonly name: string
  /** What follows the name, in order, such as `ENV` or `[DIR]`; `RUN…` and `[ID…]` take all that is left. */
  readonly positionals: Readonly<Record<string, string>>
  /** One sentence. */
  readonly describe: string
  readonly load: () => Promise<Command>
}

/** The rest of a command: what it takes and does. */
export interface Command {
  /** The same places as the head's, where only the command itself can say what may stand there. */
  readonly positionals?: Readonly<Record<string, string>>
  /** The options; where they depend on what was typed, made from the words after the command's name. */
  readonly options: OptionSpecs | ((words: readonly string[]) => Promise<OptionSpecs>)
  /** Command lines that work, each with what it does; `ENV` stands for the first economy there is. */
  readonly examples: readonly (readonly [line: string, what: string])[]
  /** What else help explains: words, each with what it means. */
  readonly help?: { readonly title: string; readonly words: Readonly<Record<string, string>> }
  run(args: Args, io: Io): ExitCode | Promise<ExitCode>
}

/** Options that every command has. */
export const COMMON: OptionSpecs = {
  import: {
    type: 'list',
    describe: 'module of your own economies, bots, players, metrics …: a path or a package (also from agoragym.config.js)',
  },
  json: { type: 'boolean', describe: 'print one JSON document for machines' },
}

/** What was typed, read by name. A wrong value is a UserError that names the option. */
export class Args {
  readonly #values: Readonly<Record<string, unknown>>
  /** The words as they were typed, the command's name first. */
  readonly typed: readonly string[]

  constructor(values: Readonly<Record<string, unknown>>, typed: readonly string[]) {
    this.#values = values
    this.typed = typed
  }

  /** The same with other values for some names. */
  with(values: Readonly<Record<string, unknown>>): Args {
    return new Args({ ...this.#values, ...values }, this.typed)
  }

  text(name: string): string | undefined {
    const value = this.#values[name]
    if (Array.isArray(value)) throw new UserError(`--${name} is given ${value.length} times; give it once.`)
    return value === undefined ? undefined : String(value)
  }

  /** The value of an option given several times, or of the last positional; empty where it was not given. */
  list(name: string): readonly string[] {
    const value = this.#values[name]
    return value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(String)
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }

  /** One of a few words; undefined where the option was not given. */
  choice<T extends string>(name: string, words: readonly T[]): T | undefined {
    const text = this.text(name)
    const found = words.find(word => word === text)
    if (text !== undefined && found === undefined)
      throw new UserError(`--${name}: expected ${words.join(', ')}; got '${text.slice(0, 64)}'.${nearest(text, words)}`)
    return found
  }

  integer(name: string, fallback: number, least: number): number {
    const text = this.text(name)
    return text === undefined ? fallback : integer(text, `--${name}`, least)
  }

  /** Any finite number; undefined where the option was not given. */
  number(name: string): number | undefined {
    return this.#finite(name, 'a number', () => true)
  }

  /** A number above 0, not 0 itself; undefined where the option was not given. */
  positive(name: string): number | undefined {
    return this.#finite(name, 'a number above 0', value => value > 0)
  }

  #finite(name: string, expected: string, isRight: (value: number) => boolean): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value) || !isRight(value))
      throw new UserError(`--${name}: expected ${expected}, got '${text.slice(0, 64)}'.`)
    return value
  }
}

/** A decimal number from 0 from text, such as seconds or money; a UserError that names `what` otherwise. */
export function amount(text: string, what: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(value)) throw new UserError(`${what}: expected a number from 0, got '${text.slice(0, 64)}'.`)
  return value
}

/** An integer from text; a UserError that names `what` otherwise. */
export function integer(text: string, what: string, least: number): number {
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value) || value < least)
    throw new UserError(`${what}: expected an integer from ${least}, got '${text.slice(0, 64)}'.`)
  return value
}
