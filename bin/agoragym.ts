#!/usr/bin/env node
/** The program `agoragym`: hands the process to the command line. */
import { isatty } from 'node:tty'
import { inspect } from 'node:util'
import type { Io } from '../commands/io.ts'
import { printable } from '../envs/core/text.ts'

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
process.stderr.on('error', () => {})
// What the system refuses is no bug; a bug is told in full, and so is what it was fed.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  const told = error?.code === 'EMFILE' || error?.code === 'ENFILE' ? TOO_MANY_FILES : inspect(error)
  process.stderr.write(printable(`${told}\n`))
  process.exit(1)
})
const TOO_MANY_FILES =
  'Too many files are open: the program itself has some hundred. Raise the limit (ulimit -n 1024), then run the same command again.'

let interrupt: AbortController | undefined

const io: Io = {
  out: text => void process.stdout.write(text),
  err: text => void process.stderr.write(text),
  stdout: process.stdout,
  // Opened only by who reads it.
  get stdin() {
    return process.stdin
  },
  isTTY: { in: isatty(0), out: process.stdout.isTTY === true, err: process.stderr.isTTY === true },
  columns: () => process.stdout.columns ?? process.stderr.columns ?? 80,
  env: process.env,
  cwd: process.cwd(),
  /** Signals are caught once a command asks: one that does not is ended by the first. */
  get signal() {
    if (interrupt === undefined) {
      const controller = new AbortController()
      interrupt = controller
      for (const [name, code] of [
        ['SIGINT', 130],
        ['SIGTERM', 143],
      ] as const) {
        process.on(name, () => {
          if (controller.signal.aborted) process.exit(code)
          process.stderr.write('\nStopping: what is in flight is finished first. Again to quit at once.\n')
          controller.abort()
        })
      }
    }
    return interrupt.signal
  },
}

// Loaded here, so that what keeps it from being loaded is told like anything else.
const { run } = await import('../cli.ts')
const code = await run(process.argv.slice(2), io)
// Nothing that is still open may hold the process; what was written must have left it.
process.stdout.write('', () => process.exit(code))
