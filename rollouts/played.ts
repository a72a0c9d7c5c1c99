/**
 * What playing a rollout came to, as plain data: what a thread, or another machine, can answer with. Knows rollouts and the lines
 * they add to a run; knows neither who asks nor where the lines go.
 */
import { RunError, RunStopped } from './errors.ts'
import { failedLines, rolloutLines } from './lines.ts'
import type { CallRow } from './player.ts'
import type { FailedRollout, Rollout, RolloutSpec } from './rollout.ts'
import type { FailedLines, FinishedLines } from './rows.ts'
import { type RolloutOptions, runRollout } from './run_rollout.ts'
import { type PlayFigures, playFigures } from './watch.ts'

export type Outcome =
  /** Played to its end, or to where a player stopped it; or given up because a provider failed for good: both are filed. */
  | { readonly kind: 'played'; readonly lines: FinishedLines | FailedLines; readonly figures?: PlayFigures }
  /** Played to its end, and filed elsewhere: see `Elsewhere.gather`. */
  | { readonly kind: 'kept'; readonly figures?: PlayFigures }
  /** Every other rollout of the run would fail the same way: not filed, and the rest of the run is left. */
  | { readonly kind: 'fatal'; readonly message: string; readonly calls: readonly CallRow[] }
  /** Something stopped play: a budget, an interruption, a disk. With `abandon` nothing that is in flight can be kept either. */
  | { readonly kind: 'stopped'; readonly message: string; readonly abandon: boolean; readonly calls: readonly CallRow[] }
  /** A policy or the economy threw. */
  | { readonly kind: 'bug'; readonly message: string; readonly stack: string; readonly calls: readonly CallRow[] }
  /** Not begun, because play was told to stop. */
  | { readonly kind: 'unplayed' }

/** What playing it comes to where it is played. */
export type PlayedHere = Exclude<Outcome, { readonly kind: 'kept' }>

/**
 * Plays a rollout, with transcripts. Throws nothing, and answers at once where it can. What is finished has all its calls with it,
 * those included that were `recorded` before. Of what is not, the calls that it records are told in the outcome, unless somebody
 * has them as they are answered (`record`); `calls` are told in any case, those included that it is given while it is played.
 */
export function playRollout(
  spec: RolloutSpec,
  { record, calls = [], ...options }: Omit<RolloutOptions, 'transcripts'> & { readonly calls?: CallRow[] } = {},
): PlayedHere | Promise<PlayedHere> {
  const answered: CallRow[] = [...(options.recorded ?? [])]
  const note = (row: CallRow) => {
    answered.push(row)
    return record === undefined ? void calls.push(row) : record(row)
  }
  const told = (rollout: Rollout | FailedRollout): PlayedHere => {
    if (rollout.ok) return { kind: 'played', lines: rolloutLines(rollout, answered), figures: playFigures(rollout) }
    const { error } = rollout
    return error.fatal ? { kind: 'fatal', message: error.message, calls } : { kind: 'played', lines: failedLines(rollout, calls) }
  }
  const failed = (error: unknown): PlayedHere => thrown(error, calls)
  try {
    const playing = runRollout(spec, { ...options, record: note, transcripts: true })
    return playing instanceof Promise ? playing.then(told).catch(failed) : told(playing)
  } catch (error) {
    return failed(error)
  }
}

/** What something thrown comes to. */
export function thrown(error: unknown, calls: readonly CallRow[] = []): PlayedHere {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
  if (error instanceof RunError) return { kind: 'stopped', message, abandon: !(error instanceof RunStopped), calls }
  return { kind: 'bug', message, stack, calls }
}
