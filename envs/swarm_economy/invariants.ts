/** What holds across every step: what is wrong, or undefined. */
import type { Environment } from '../core/environment.ts'
import { reputationChanges } from './accounts.ts'
import type { Loan, SwarmTypes } from './state.ts'
import { pendingOf } from './trades.ts'

export const invariants: NonNullable<Environment<SwarmTypes>['invariants']> = {
  bounds: (_before, { agents }) =>
    agents.every(({ reputation, resources }) => reputation >= 0 && reputation <= 100 && resources >= 0)
      ? undefined
      : `reputation or resources out of bounds: ${JSON.stringify(agents.map(({ reputation, resources }) => [reputation, resources]))}`,

  claims(_before, { agents, tasks }) {
    for (const { id, status, by } of tasks)
      if (status === 'claimed' && agents.find(agent => agent.id === by)?.task !== id) return `task #${id} is held by nobody`
    const loose = agents.find(({ id, task }) => task !== null && tasks[task - 1]?.by !== id)
    return loose === undefined ? undefined : `${loose.id} holds task #${loose.task}, which is not its own`
  },

  one_pending_proposal_a_pair(_before, state) {
    const pairs = pendingOf(state).map(({ from, to }) => `${from} to ${to}`)
    const double = pairs.find((pair, i) => pairs.indexOf(pair) < i)
    return double === undefined ? undefined : `two pending proposals from ${double}`
  },

  pending_are_listed: (_before, { proposals, pending }) =>
    proposals.flatMap(({ id, status }) => (status === 'pending' ? [id] : [])).join() === pending.join()
      ? undefined
      : `the pending proposals are listed as ${pending.join(', ') || 'none'}`,

  one_unsettled_loan_a_pair(_before, { loans = [] }) {
    const pairs = loans.filter(unsettled).map(({ lender, taker }) => [lender, taker].sort().join(' and '))
    const double = pairs.find((pair, i) => pairs.indexOf(pair) < i)
    return double === undefined ? undefined : `two unsettled loans between ${double}`
  },

  /** A loan that is settled stays what it is, and nobody lends to itself. */
  loans_settle_once({ loans: earlier = [] }, { loans = [] }) {
    const changed = earlier.find((loan, i) => !unsettled(loan) && loans[i]!.status !== loan.status)
    if (changed !== undefined) return `loan #${changed.id} was ${changed.status} and is no more`
    const own = loans.find(({ lender, taker }) => lender === taker)
    return own === undefined ? undefined : `${own.lender} lent to itself`
  },

  /** What the events say of payoff adds up to its change in every tally. */
  payoff_adds_up(before, after, events) {
    const sums = new Map(before.agents.map(({ id }) => [id, 0]))
    const add = (agent: string, by: number): unknown => sums.set(agent, sums.get(agent)! + by)
    for (const event of events) {
      if (event.type === 'work_submitted' || event.type === 'audited' || event.type === 'trade_accepted')
        add(event.agent, event.payoff)
      if (event.type === 'trade_accepted') add(event.from, event.proposer_payoff)
      if (event.type === 'loan_repaid') {
        add(event.agent, -event.paid)
        add(event.to, event.paid)
      }
      if (event.type === 'loan_collected') {
        add(event.agent, -event.paid - event.fine)
        add(event.to, event.returned)
      }
    }
    for (const [i, { id, tally }] of after.agents.entries()) {
      const change = tally.payoff - before.agents[i]!.tally.payoff
      if (Math.abs(change - sums.get(id)!) > 1e-9) return `${id} earned ${change}, its events say ${sums.get(id)}`
    }
    return undefined
  },

  /** What the events say of reputation adds up to its change, cause by cause. */
  reputation_adds_up(before, after, events) {
    const sums = new Map(before.agents.map(({ id }) => [id, 0]))
    for (const { agent, by } of reputationChanges(
      events,
      before.agents.map(({ id }) => id),
    ))
      sums.set(agent, sums.get(agent)! + by)
    for (const [i, { id, reputation }] of after.agents.entries()) {
      const change = reputation - before.agents[i]!.reputation
      if (Math.abs(change - sums.get(id)!) > 1e-9) return `${id} changed by ${change}, its events say ${sums.get(id)}`
    }
    return undefined
  },
}

function unsettled({ status }: Loan): boolean {
  return status === 'open' || status === 'overdue'
}
