/** What debt costs: interest, and the rail that freezes what lies above a cap. */
import type { ToolName } from '../core/tool.ts'
import { portion, ratesOf } from './config.ts'
import { charge } from './ledger.ts'
import { type Event, roster, type State } from './state.ts'

/**
 * Charges interest on every negative balance whose agent did not work this turn, then, under `debt_rail`, freezes the debt
 * above the cap, on which no interest is ever charged. Gives the interest charged.
 */
export function chargeDebt(draft: State, did: readonly (ToolName | null)[], emit: (event: Event) => void): number {
  const { interest } = ratesOf(draft.config)
  const cap = draft.config.debt_rail?.cap ?? Number.POSITIVE_INFINITY
  let charged = 0
  for (let row = 0; row < did.length; row++) {
    const debt = -draft.balance[row]!
    if (debt <= 0) continue
    if (did[row] !== 'job') charged += charge(draft, row, portion(Math.min(debt, cap), interest))
    const above = -draft.balance[row]! - cap
    if (above <= 0) continue
    draft.balance[row]! += above
    draft.frozen[row]! += above
    emit({ type: 'debt_frozen', agent: roster(did.length)[row]!, amount: above })
  }
  return charged
}
