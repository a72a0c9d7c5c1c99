/** Reputation in [0, 100]: what contracts do to it, and its drift back to the middle. */
import { rowOf, type State } from './state.ts'

export const START = 50

/** Points for a part in a contract; the contract module says when each is given. */
export const POINTS = { settled: 3, failed: -6, falseAttestation: -10 } as const

const DRIFT = 0.02

export function adjust(draft: State, agent: string, points: number): void {
  const row = rowOf(draft, agent)
  draft.reputation[row] = Math.min(100, Math.max(0, draft.reputation[row]! + points))
}

/** One turn's drift: 0.02 · (50 − r). */
export function drift(draft: State): void {
  const { reputation } = draft
  for (let row = 0; row < reputation.length; row++)
    if (reputation[row] !== START) reputation[row]! += DRIFT * (START - reputation[row]!)
}
