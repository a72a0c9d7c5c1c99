/** What must hold across every step, whatever anybody does: the supply, the accounts and what stands behind them. */
import { sum } from '../core/sums.ts'
import { marketOf, portion, scaled } from './config.ts'
import { type Event, roster, rowOf, type State, supplyOf } from './state.ts'

/** What each kind of event does to the token supply. A kind that is not here moves tokens at most from one agent to another. */
const FLOWS: { readonly [Type in Event['type']]?: (event: Extract<Event, { type: Type }>) => number } = {
  turn_closed: ({ wages, fees, interest }) => sum(wages) - sum(fees) - interest,
  studied: ({ cost }) => -cost,
  burned: ({ amount }) => -amount,
  core_sold: ({ price }) => -price,
  dividends_paid: ({ per_core, owners }) => per_core * owners.filter(owner => owner !== null).length,
  // A transaction fee is destroyed unless a block passes it on.
  transferred: ({ fee }) => -fee,
  block_produced: ({ block }) => block.reward + block.tips,
  contract_defaulted: ({ slashed }) => -slashed,
  effort_charged: ({ amount }) => -amount,
  value_created: ({ amount }) => amount,
  attestation_paid: ({ amount }) => amount,
  audited: ({ fines }) => -sum(fines),
  fee_rebated: ({ amount }) => amount,
  fund_fed: ({ amount }) => amount,
  confiscated: ({ amount }) => -amount,
}

/** How much the events say the supply has changed. */
export function flowOf(events: readonly Event[]): number {
  let flow = 0
  for (const event of events) flow += (FLOWS[event.type] as ((event: Event) => number) | undefined)?.(event) ?? 0
  return flow
}

type Invariant = (before: State, after: State, events: readonly Event[]) => string | undefined

export const invariants: Readonly<Record<string, Invariant>> = {
  supply(before, after, events) {
    const changed = supplyOf(after) - supplyOf(before)
    const named = flowOf(events)
    return changed === named ? undefined : `the supply changed by ${changed}, the named sources and sinks say ${named}`
  },

  accounts(_before, after) {
    for (const name of ['balance', 'staked', 'unstaking', 'escrow', 'frozen', 'studies'] as const) {
      for (const [row, amount] of after[name].entries()) {
        if (!Number.isSafeInteger(amount)) return `${name} of row ${row} is ${amount}, no exact integer`
        if (amount < 0 && name !== 'balance') return `${name} of row ${row} is ${amount}`
      }
    }
    if (!(Number.isSafeInteger(after.governance.fund) && after.governance.fund >= 0))
      return `the fund holds ${after.governance.fund}`
    const astray = after.reputation.findIndex(reputation => !(reputation >= 0 && reputation <= 100))
    return astray < 0 ? undefined : `reputation of row ${astray} is ${after.reputation[astray]}`
  },

  /** What is unstaking or in escrow is what the queue and the open contracts say. */
  backing(_before, after) {
    const unstaking = after.balance.map(() => 0)
    const escrow = after.balance.map(() => 0)
    for (const { agent, amount } of after.maturing) unstaking[agent]! += amount
    for (const { proposer, counterparty, payment, deposit, status } of Object.values(after.contracts)) {
      escrow[rowOf(after, proposer)]! += payment + deposit
      if (status !== 'proposed') escrow[rowOf(after, counterparty)]! += deposit
    }
    for (const [row, agent] of roster(after.balance.length).entries()) {
      if (unstaking[row] !== after.unstaking[row])
        return `${agent} has ${after.unstaking[row]} unstaking, ${unstaking[row]} queued`
      if (escrow[row] !== after.escrow[row])
        return `${agent} has ${after.escrow[row]} in escrow, ${escrow[row]} in open contracts`
    }
    return undefined
  },

  /** What only counterparties know is known of every contract under way, and of no other. */
  work(_before, after) {
    if (after.work === undefined) return undefined
    const underWay = Object.values(after.contracts).flatMap(({ id, status }) => (status === 'proposed' ? [] : [id]))
    const known = Object.keys(after.work)
    return known.sort().join() === underWay.sort().join() ? undefined : `work on ${known}, contracts under way: ${underWay}`
  },

  /** Nobody proposes more contracts at a time than the limit. */
  limit(_before, after) {
    const { limit } = marketOf(after.config)
    if (!Number.isFinite(limit)) return undefined
    const open = new Map<string, number>()
    for (const { proposer } of Object.values(after.contracts)) open.set(proposer, (open.get(proposer) ?? 0) + 1)
    const [over] = [...open].filter(([, count]) => count > limit)
    return over && `${over[0]} has ${over[1]} open contracts as proposer, at most ${limit} allowed`
  },

  /** No bill is above the ceiling. */
  ceiling(_before, after) {
    const { ceiling } = marketOf(after.config)
    const dear = after.last!.fees.find(fee => fee > ceiling)
    return dear === undefined ? undefined : `a fee of ${dear} above the ceiling of ${ceiling}`
  },

  /** Under `debt_rail` no balance ends a turn below minus the cap; without it nothing is frozen. */
  rail(_before, after) {
    const cap = after.config.debt_rail?.cap
    const row =
      cap === undefined ? after.frozen.findIndex(frozen => frozen !== 0) : after.balance.findIndex(balance => balance < -cap)
    return row < 0 ? undefined : `row ${row}: balance ${after.balance[row]}, frozen ${after.frozen[row]}, cap ${cap}`
  },

  /** Under `fee_cap` the window's fees stay within the ratio. */
  fee_cap(_before, after) {
    const cap = after.config.fee_cap
    if (cap === null) return undefined
    const fees = sum(after.governance.window.map(turn => turn.fees))
    const limit = portion(sum(after.governance.window.map(turn => turn.potential)), scaled(cap.ratio))
    // A window that slides on may hold more than its limit when its richest turn leaves it; then the last turn is free.
    return fees <= limit || after.governance.window.at(-1)!.fees === 0
      ? undefined
      : `fees of ${fees} in the window, at most ${limit} allowed`
  },

  time: (before, after) => (after.turn === before.turn + 1 ? undefined : `turn ${before.turn} is followed by ${after.turn}`),
}
