/**
 * The only thing that can allow a dialogue event. One event is one model call at a flat price in integer micro-dollars,
 * charged before the call and never given back, so that nothing a prompt or a reply contains, and nothing a provider reports,
 * can move what a session costs. Plain data: it lies in the state of a session, or in the hands of who renders one.
 */
import { DIALOGUE } from './parameters.ts'

export interface Limits {
  /** Events a session may have. */
  readonly maxCalls: number
  /** What each is charged, in micro-dollars. */
  readonly callMicroUsd: number
  /** What a session may cost, in micro-dollars. */
  readonly ceilingMicroUsd: number
}

export interface Ledger extends Limits {
  calls: number
  spent_micro_usd: number
  /** Requests that were not granted. */
  refused: number
}

/** A ledger with nothing spent. Throws where the limits are no integers ≥ 0, or could exceed their own ceiling. */
export function openLedger(limits: Limits = DIALOGUE): Ledger {
  const { maxCalls, callMicroUsd, ceilingMicroUsd } = limits
  for (const [name, value] of Object.entries({ maxCalls, callMicroUsd, ceilingMicroUsd }))
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name}: expected an integer ≥ 0, got ${value}`)
  if (maxCalls * callMicroUsd > ceilingMicroUsd)
    throw new RangeError(
      `ledger: ${maxCalls} calls at ${callMicroUsd} micro-dollars could exceed the ceiling of ${ceilingMicroUsd}; lower one of them`,
    )
  return { maxCalls, callMicroUsd, ceilingMicroUsd, calls: 0, spent_micro_usd: 0, refused: 0 }
}

/** Books one call if the limits allow it, and says whether it may be made; a refusal is counted. */
export function charge(ledger: Ledger): boolean {
  if (ledger.calls >= ledger.maxCalls || ledger.spent_micro_usd + ledger.callMicroUsd > ledger.ceilingMicroUsd) {
    ledger.refused++
    return false
  }
  ledger.calls++
  ledger.spent_micro_usd += ledger.callMicroUsd
  return true
}

/** How many events may have been granted by a tick: it spreads them over a session of `ticks`. Reconstructed. */
export function paced({ calls, maxCalls }: Ledger, tick: number, ticks: number): boolean {
  return calls < Math.min(maxCalls, 1 + Math.floor((maxCalls * tick) / ticks))
}
