/**
 * The governance modules, each off unless the configuration has it, each by itself: one function a module and a place in
 * the turn. All figures are tokens; all shares are rounded down.
 */
import { sum } from '../core/sums.ts'
import { portion, scaled } from './config.ts'
import { shiftedGini } from './inequality.ts'
import { earn } from './ledger.ts'
import { type Event, now, roster, rowOf, type State } from './state.ts'

type Emit = (event: Event) => void

/** `concentration_monitor`: those it relieves pay half of this turn's fee. */
export function halveFees(draft: State, fees: number[], emit: Emit): void {
  const { relieved } = draft.governance
  if (relieved.length === 0) return
  for (const row of relieved) fees[row] = Math.floor(fees[row]! / 2)
  emit({ type: 'fees_halved', agents: relieved.map(row => roster(fees.length)[row]!) })
}

/**
 * `fee_cap`: over the window the fees may not exceed `ratio` × the most that blocks could have paid (the published proposal)
 * or, where the configuration says so, blocks and jobs; the excess of this turn's fees is not charged, pro rata. `wages` are
 * what a job would have paid each agent this turn, together.
 */
export function capFees(draft: State, fees: number[], wages: number, emit: Emit): void {
  const cap = draft.config.fee_cap
  if (cap === null) return
  const potential = draft.config.block_reward + (cap.income === 'blocks' ? 0 : wages)
  const { window: past } = draft.governance
  const window = past.slice(Math.max(0, past.length - (cap.window - 1)))
  let charged = 0
  let limit = potential
  for (const turn of window) {
    charged += turn.fees
    limit += turn.potential
  }
  const billed = sum(fees)
  const room = Math.max(0, portion(limit, scaled(cap.ratio)) - charged)
  let left = billed
  if (billed > room) {
    left = 0
    for (const [row, fee] of fees.entries()) {
      fees[row] = Math.floor((fee * room) / billed)
      left += fees[row]
    }
    emit({ type: 'fees_capped', excess: billed - left })
  }
  window.push({ fees: left, potential })
  draft.governance = { ...draft.governance, window }
}

/**
 * `fee_cap`: the transaction fees of a turn are income of its block too. They are known only after its bills, so they count
 * from the next turn on.
 */
export function countTips(draft: State, tips: number): void {
  // Where there is no cap the window is empty.
  const last = draft.governance.window.at(-1)
  if (last === undefined || tips === 0) return
  const window = draft.governance.window.with(-1, { ...last, potential: last.potential + tips })
  draft.governance = { ...draft.governance, window }
}

/**
 * `reinvestment_rebate`: who studied this turn, is a party of a contract settled this turn, or has held stake for long
 * enough gets back a share of its fee. Gives the tokens returned.
 */
export function rebateFees(draft: State, fees: readonly number[], events: readonly Event[], emit: Emit): number {
  const module = draft.config.reinvestment_rebate
  if (module === null) return 0
  const invested = new Set<number>()
  for (const event of events) {
    if (event.type === 'studied') invested.add(rowOf(draft, event.agent))
    if (event.type === 'contract_settled')
      for (const party of [event.proposer, event.counterparty]) invested.add(rowOf(draft, party))
  }
  let returned = 0
  for (const [row, agent] of roster(fees.length).entries()) {
    const since = draft.stakedSince[row]!
    if (!invested.has(row) && (since === 0 || now(draft) - since < module.hold)) continue
    const amount = portion(fees[row]!, scaled(module.share))
    if (amount === 0) continue
    draft.balance[row]! += amount
    returned += amount
    emit({ type: 'fee_rebated', agent, amount })
  }
  return returned
}

/** `contract_scaffold`: a share of the fees goes to the fund. Gives the tokens set aside. */
export function feedFund(draft: State, fees: number, emit: Emit): number {
  const scaffold = draft.config.contract_scaffold
  if (scaffold === null) return 0
  const amount = portion(fees, scaled(scaffold.share))
  if (amount === 0) return 0
  draft.governance = { ...draft.governance, fund: draft.governance.fund + amount }
  emit({ type: 'fund_fed', amount })
  return amount
}

/** `contract_scaffold`: the fund pays an arbitrator for its attestation, as far as it holds tokens. */
export function payArbitrator(draft: State, row: number, emit: Emit): void {
  const scaffold = draft.config.contract_scaffold
  if (scaffold === null) return
  const amount = Math.min(scaffold.arbitrator_fee, draft.governance.fund)
  if (amount === 0) return
  draft.governance = { ...draft.governance, fund: draft.governance.fund - amount }
  earn(draft, row, amount, emit)
  emit({ type: 'arbitrator_paid', agent: roster(draft.balance.length)[row]!, amount })
}

/** `concentration_monitor`: looks at wealth at the end of a turn and says whose fees the next turn halves. */
export function watchConcentration(draft: State, emit: Emit): void {
  const monitor = draft.config.concentration_monitor
  if (monitor === null) return
  const wealth = draft.balance.map((balance, row) => balance + draft.staked[row]!)
  const measured = shiftedGini(wealth)
  const relieved = measured > monitor.limit ? poorestHalf(wealth) : []
  draft.governance = { ...draft.governance, relieved }
  if (relieved.length === 0) return
  emit({ type: 'concentration_flagged', gini: measured, agents: relieved.map(row => roster(wealth.length)[row]!) })
}

/** The rows of the poorer half, in row order; of equals the lower row is the poorer. */
function poorestHalf(wealth: readonly number[]): number[] {
  const rows = wealth.map((_, row) => row).sort((a, b) => wealth[a]! - wealth[b]! || a - b)
  return rows.slice(0, Math.floor(rows.length / 2)).sort((a, b) => a - b)
}
