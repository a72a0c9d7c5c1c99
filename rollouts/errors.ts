/** What ends a run or an episode from outside the game. A user's mistake is a `UserError`, a provider's a `ProviderError`. */

/** The run cannot go on (a full disk, a folder that cannot be written): one line that says what to do, exit code 1. */
export class RunError extends Error {
  override readonly name: string = 'RunError'
}

/**
 * The run ends before its time, and nothing is wrong with what is in flight: it is finished and kept. A ceiling was reached,
 * or somebody pressed Ctrl-C.
 */
export class RunStopped extends RunError {
  override readonly name = 'RunStopped'
}

export { EpisodeStopped } from '../envs/core/ask.ts'
