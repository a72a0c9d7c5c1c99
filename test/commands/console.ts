/** The command line with everything it may touch captured. */
import { Readable, Writable } from 'node:stream'
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
  readonly env?: Readonly<Record<string, string>>
}

/** What a command may touch, and what it has written there. */
export function capture({ cwd, columns = 80, terminal = false, input = [], signal, env = {} }: ConsoleOptions): {
  readonly io: Io
  readonly written: () => { readonly out: string; readonly err: string }
} {
  let out = ''
  let err = ''
  const io: Io = {
    out: text => {
      out += text
    },
    err: text => {
      err += text
    },
    stdout: new Writable({
      write(chunk, _encoding, done) {
        out += chunk
        done()
      },
    }),
    stdin: Readable.from(input.map(typed => `${typed}\n`)),
    isTTY: { in: false, out: false, err: terminal },
    columns: () => columns,
    env,
    cwd,
    signal: signal ?? new AbortController().signal,
  }
  return { io, written: () => ({ out, err }) }
}

/** Runs one command line, written as in a shell without quotes. */
export async function agoragym(line: string, options: ConsoleOptions): Promise<Ran> {
  const { io, written } = capture(options)
  const code = await run(line === '' ? [] : line.split(' '), io)
  return { code, ...written() }
}
