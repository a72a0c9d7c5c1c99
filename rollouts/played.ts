/**
 * What playing a rollout came to, as plain data: what a thread, or another machine, can answer with. Knows rollouts and the lines
 * they add to a run; knows neither who asks nor where the lines go.
 */
import { RunError, RunStopped } from './errors.ts'
import { failureRow, rolloutLines } from './lines.ts'
import { type FailedRollout, type Rollout, type RolloutOptions, type RolloutSpec, runRollout } from './rollout.ts'
import type { FailureRow, RolloutLines } from './rows.ts'

export type Outcome =
  /** Played to its end, or to where a player stopped it. */
  | { readonly kind: 'finished'; readonly lines: RolloutLines }
  /** Given up because a provider failed for good: filed, never scored. */
  | { readonly kind: 'failed'; readonly failure: FailureRow }
  /** Every other rollout of the run would fail the same way: not filed, and the rest of the run is left. */
  | { readonly kind: 'fatal'; readonly message: string }
  /** Something stopped play: a budget, an interruption, a disk. With `abandon` nothing that is in flight can be kept either. */
  | { readonly kind: 'stopped'; readonly message: string; readonly abandon: boolean }
  /** A policy or the economy threw. */
  | { readonly kind: 'bug'; readonly message: string; readonly stack: string }
  /** Not begun, because play was told to stop. */
  | { readonly kind: 'unplayed' }

/** Plays a rollout for the run whose folder has that name, with transcripts. Throws nothing, and answers at once where it can. */
export function playRollout(
  spec: RolloutSpec,
  run: string,
  options: Omit<RolloutOptions, 'transcripts'> = {},
): Outcome | Promise<Outcome> {
  const told = (rollout: Rollout | FailedRollout): Outcome => {
    if (rollout.ok) return { kind: 'finished', lines: rolloutLines(rollout, run) }
    const { error } = rollout
    return error.fatal ? { kind: 'fatal', message: error.message } : { kind: 'failed', failure: failureRow(rollout) }
  }
  try {
    const playing = runRollout(spec, { ...options, transcripts: true })
    return playing instanceof Promise ? playing.then(told).catch(thrown) : told(playing)
  } catch (error) {
    return thrown(error)
  }
}

/** What something thrown comes to. */
export function thrown(error: unknown): Outcome {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
  if (error instanceof RunError) return { kind: 'stopped', message, abandon: !(error instanceof RunStopped) }
  return { kind: 'bug', message, stack }
}
