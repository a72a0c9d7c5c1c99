/** What a command may touch of the world outside: handed in by the bin file, so that a test can hand in its own. */
import type { Writable } from 'node:stream'

export interface Io {
  /** Writes to standard output; the text brings its own line ends. */
  readonly out: (text: string) => void
  /** Standard output as bytes, for programs at its other end; nothing that is written there is made fit for a terminal. */
  readonly stdout: Writable
  /** Writes to standard error. */
  readonly err: (text: string) => void
  /** Standard input, for the human player. */
  readonly stdin: NodeJS.ReadableStream
  readonly isTTY: { readonly in: boolean; readonly out: boolean; readonly err: boolean }
  /** Columns of the terminal; 80 where there is none. */
  readonly columns: () => number
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Aborted at the first Ctrl-C or SIGTERM: finish what is in flight, say how to resume. */
  readonly signal: AbortSignal
}

/** Resolves when the signal is aborted, at once where it is already. */
export function stopped(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** What a command's handler gives: 0 done, 1 failed, 2 wrong usage (thrown as a UserError). */
export type ExitCode = 0 | 1 | 2
