/**
 * How tokens move between the accounts of one agent and in and out of the economy. Knows no action and no turn.
 *
 * What is charged or minted stops at the ledger's limit, so that a debt that bears interest for thousands of turns leaves
 * the sums exact; no such figure is reached in play.
 */
import { LEDGER_LIMIT, portion, scaled } from './config.ts'
import { type Event, roster, type State } from './state.ts'

type Emit = (event: Event) => void

/** Takes `amount` ≥ 0 from a balance, which may go below zero, and destroys it; gives what was taken. */
export function charge(draft: State, row: number, amount: number): number {
  const taken = Math.min(amount, Math.max(0, draft.balance[row]! - draft.frozen[row]! + LEDGER_LIMIT))
  draft.balance[row]! -= taken
  return taken
}

/** Mints `amount` ≥ 0 as an income of the agent; gives what was minted. */
export function mint(draft: State, row: number, amount: number, emit: Emit): number {
  const minted = Math.min(amount, Math.max(0, LEDGER_LIMIT - draft.balance[row]!))
  earn(draft, row, minted, emit)
  return minted
}

/**
 * Credits tokens that came from elsewhere: an income, of which frozen debt takes its service first. What was the agent's own
 * (a deposit, a stake) is credited to the balance directly.
 */
export function earn(draft: State, row: number, amount: number, emit: Emit): void {
  const owed = draft.frozen[row]!
  const rail = draft.config.debt_rail
  if (owed === 0 || rail === null) {
    draft.balance[row]! += amount
    return
  }
  const serviced = Math.min(owed, portion(amount, scaled(rail.service)))
  draft.frozen[row] = owed - serviced
  draft.balance[row]! += amount - serviced
  if (serviced > 0) emit({ type: 'debt_serviced', agent: roster(draft.balance.length)[row]!, amount: serviced })
}

/** Moves tokens of the agent from its balance into escrow. */
export function lock(draft: State, row: number, amount: number): void {
  draft.balance[row]! -= amount
  draft.escrow[row]! += amount
}
