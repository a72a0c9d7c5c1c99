/** The person at this terminal, for the commands that seat players. Knows standard input and output; knows no game. */
import { RunStopped } from '../rollouts/errors.ts'
import type { People } from '../rollouts/player.ts'
import { atTerminal } from '../rollouts/players/human.ts'
import { openTerminal } from '../rollouts/players/terminal.ts'
import type { Args } from './command.ts'
import type { Io } from './io.ts'
import { block } from './text.ts'

const LEFT = 'A person left: the game that was on is not kept.'

/**
 * The terminal of a command; with `--json` a person reads on standard error, as the document has standard output. Where games are
 * `saved`, whoever leaves stops the run: half a game is no result.
 */
export function openPerson(
  args: Args,
  io: Io,
  { saved }: { readonly saved: boolean },
): { readonly people: People; readonly close: () => void } {
  const { terminal, close } = openTerminal({
    input: () => io.stdin,
    write: args.flag('json') ? io.err : io.out,
    wrap: (text, hang) => block(text, io.columns(), 0, hang),
    echoes: io.isTTY.in,
    ...(saved && { left: () => new RunStopped(LEFT) }),
    signal: io.signal,
  })
  return { people: atTerminal(terminal), close }
}
