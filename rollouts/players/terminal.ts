/** A person's terminal over streams: a line is read at the first question and not before. Knows no player. */
import { createInterface } from 'node:readline'
import type { Terminal } from './human.ts'

export interface TerminalOptions {
  /** Given when the first question is asked. */
  readonly input: () => NodeJS.ReadableStream
  /** Shows text; its line ends are its own. */
  readonly write: (text: string) => void
  /** Puts a text into lines for the terminal, what goes on with one indented by `hang` characters; left as it is by default. */
  readonly wrap?: (text: string, hang?: number) => string
  /** Whether the input shows what is typed by itself, line end included, as a terminal does. */
  readonly echoes: boolean
  /** What is thrown where the person leaves; see `Terminal`. */
  readonly left?: () => Error
  /** Once aborted, every question is answered as at the end of the input. */
  readonly signal?: AbortSignal
}

/** A terminal over streams. Close it when the game is over. */
export function openTerminal({ input, write, wrap = text => text, echoes, left, signal: ended }: TerminalOptions): {
  readonly terminal: Terminal
  readonly close: () => void
} {
  let next: ((signal?: AbortSignal) => Promise<string | undefined>) | undefined
  let close = (): void => {}
  return {
    terminal: {
      show: (text, hang) => write(`${wrap(text, hang)}\n`),
      async ask(prompt, signal) {
        if (next === undefined) ({ next, close } = readLines(input(), ended))
        write(prompt)
        const line = await next(signal)
        if (line === undefined || !echoes) write(`${line ?? ''}\n`)
        return line
      },
      ...(left !== undefined && { left }),
    },
    close: () => close(),
  }
}

/** The lines of a stream, one at a time; undefined at its end and once the signal is aborted. */
function readLines(
  input: NodeJS.ReadableStream,
  signal: AbortSignal | undefined,
): { next: (signal?: AbortSignal) => Promise<string | undefined>; close: () => void } {
  const reader = createInterface({ input, terminal: false })
  const ready: string[] = []
  let waiting: ((line: string | undefined) => void) | undefined
  let ended = false
  const give = (line: string | undefined): void => {
    const taker = waiting
    waiting = undefined
    if (taker !== undefined) taker(line)
    else if (line !== undefined) ready.push(line)
  }
  const end = (): void => {
    ended = true
    give(undefined)
  }
  reader.on('line', give)
  reader.on('close', end)
  signal?.addEventListener('abort', end)
  return {
    next: given =>
      ready.length > 0 || ended
        ? Promise.resolve(ready.shift())
        : new Promise((resolve, reject) => {
            const drop = (): void => {
              waiting = undefined
              reject(given!.reason)
            }
            waiting = line => {
              given?.removeEventListener('abort', drop)
              resolve(line)
            }
            given?.addEventListener('abort', drop, { once: true })
          }),
    close() {
      signal?.removeEventListener('abort', end)
      reader.close()
    },
  }
}
