/** What an episode is given up with when a player's server fails it: one line that says what failed and what to do. Knows no server. */
import { ProviderError } from '../player.ts'
import type { Failure } from './failure.ts'
import type { Secrets } from './redact.ts'
import { oneLine } from './server_errors.ts'

/** The error of a call that has failed for good. `who` is the player, credentials redacted; `advice` one sentence. */
export function callFailed(
  who: string,
  { code, status, message }: Failure,
  how: { readonly attempts: number; readonly fatal: boolean; readonly advice: string; readonly secrets: Secrets },
): ProviderError {
  const { attempts, fatal, advice, secrets } = how
  const tries = attempts === 1 ? '' : ` after ${attempts} attempts`
  // Secrets are taken out before anything is cut: half of one would not be found.
  const words = oneLine(secrets.text(message))
  const what = secrets.text(`${who}: ${status === null ? '' : `${status} `}${code}${tries} (${words}). ${advice}`)
  return new ProviderError(what, { code, status, attempts, fatal })
}

/** The error where the seat has no model time left in its episode; `timeoutMs` is all it had, in milliseconds. */
export function outOfTime(who: string, timeoutMs: number): ProviderError {
  return new ProviderError(
    `${who}: the episode's time box of ${timeoutMs / 1000} s is used up. Raise --timeout-episode, then --resume --retry-errors.`,
    { code: 'timeout', status: null, attempts: 0 },
  )
}
