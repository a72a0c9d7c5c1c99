/** The command line with everything it may touch captured. */
import { Readable } from 'node:stream'
import { run } from '../../cli.ts'
import type { Io } from '../../commands/io.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface ConsoleOptions {
  readonly cwd: string
  readonly columns?: number
  /** Whether standard error is a terminal. */
  readonly terminal?: boolean
  readonly input?: readonly string[]
  readonly signal?: AbortSignal
}

/** Runs one command line, written as in a shell without quotes. */
export async function econgym(
  line: string,
  { cwd, columns = 80, terminal = false, input = [], signal }: ConsoleOptions,
): Promise<Ran> {
  let out = ''
  let err = ''
  const io: Io = {
    out: text => {
      out += text
    },
    err: text => {
      err += text
    },
    stdin: Readable.from(input.map(typed => `${typed}\n`)),
    isTTY: { in: false, out: false, err: terminal },
    columns: () => columns,
    env: {},
    cwd,
    signal: signal ?? new AbortController().signal,
  }
  const code = await run(line === '' ? [] : line.split(' '), io)
  return { code, out, err }
}
