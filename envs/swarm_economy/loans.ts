/**
 * Loans: what a trade is where trades are loans. The taker has more of a unit than its lender, so that a loan that is repaid
 * serves both; whether it is repaid is the taker's choice, and only audits and memory punish one that is not. Ours.
 */
import { stream } from '../core/random.ts'
import type { AgentId } from '../core/tool.ts'
import { horizon, terms } from './config.ts'
import {
  type Agent,
  agentOf,
  type CreditRecord,
  changeReputation,
  changeResources,
  type Emit,
  type Loan,
  type Proposal,
  type State,
} from './state.ts'

/** Steps that must be left when a loan falls due, so that a broken one can still be seen and audited. */
export const LEFT = 3
export const LEAST_LOAN = 1
/** What repaying in time earns the taker, and a lender whose trust was well placed: in full from FULL lent, in proportion below. */
export const KEPT = { taker: 1.5, lender: 0.75, full: 20 } as const

type Loans = Pick<State, 'loans'>

function unsettled({ status }: Loan): boolean {
  return status === 'open' || status === 'overdue'
}

/** Who would lend and who would take: a positive transfer lends, a negative one asks to borrow. */
export function sides({
  from,
  to,
  transfer,
}: Pick<Proposal, 'from' | 'to' | 'transfer'>): readonly [lender: AgentId, taker: AgentId] {
  return transfer > 0 ? [from, to] : [to, from]
}

/** Whether a loan made now would fall due too near the end. */
export function tooLate({ step, config }: Pick<State, 'step' | 'config'>): boolean {
  return step + terms(config).loan_term + LEFT > horizon(config)
}

/** How many loans an agent can still take in this epoch. */
export function canTake({ loans = [], step, config }: Pick<State, 'loans' | 'step' | 'config'>, taker: AgentId): number {
  const { loan_term, loans_per_epoch } = terms(config)
  const epoch = step - (step % config.steps_per_epoch)
  return Math.max(0, loans_per_epoch - loans.filter(loan => loan.taker === taker && loan.due - loan_term >= epoch).length)
}

/** Whether a loan between two is unsettled, either way: two that lent to each other at once would only turn money round. */
export function tied({ loans = [] }: Loans, one: AgentId, other: AgentId): boolean {
  return loans.some(
    loan => unsettled(loan) && ((loan.lender === one && loan.taker === other) || (loan.lender === other && loan.taker === one)),
  )
}

/** Whether a pending proposal can no longer become a loan. */
export function blocked(state: State, proposal: Pick<Proposal, 'from' | 'to' | 'transfer'>): boolean {
  const [lender, taker] = sides(proposal)
  return tooLate(state) || canTake(state, taker) === 0 || tied(state, lender, taker)
}

/** How a taker's debts ended, to one lender where it is named; a record of all counts its past. */
export function recordOf(state: Pick<State, 'loans' | 'agents'>, taker: AgentId, lender?: AgentId): CreditRecord {
  const loans = (state.loans ?? []).filter(loan => loan.taker === taker && (lender === undefined || loan.lender === lender))
  const past = lender === undefined ? agentOf(state, taker).past : undefined
  const repaid = loans.filter(({ status }) => status === 'repaid').length
  const broken = loans.filter(({ status }) => status === 'overdue' || status === 'collected').length
  return { repaid: repaid + (past?.repaid ?? 0), broken: broken + (past?.broken ?? 0) }
}

/** How many loans between two were repaid, whoever lent. */
export function keptBetween(state: Pick<State, 'loans' | 'agents'>, one: AgentId, other: AgentId): number {
  return recordOf(state, one, other).repaid + recordOf(state, other, one).repaid
}

export function debtsOf({ loans = [] }: Loans, agent: AgentId, side: 'lender' | 'taker'): Loan[] {
  return loans.filter(loan => unsettled(loan) && loan[side] === agent)
}

/** A proposal becomes a loan: the lender pays, the taker has the use of it and owes. Gives what the lender paid. */
export function lend(draft: State, proposal: Proposal): Loan {
  const { loan_yield, loan_return, loan_term } = terms(draft.config)
  const [lender, taker] = sides(proposal).map(id => agentOf(draft, id)) as [Agent, Agent]
  const amount = Math.min(Math.abs(proposal.transfer), lender.resources)
  changeResources(lender, -amount)
  changeResources(taker, amount * loan_yield)
  const loans = draft.loans!
  const loan: Loan = {
    id: loans.length + 1,
    lender: lender.id,
    taker: taker.id,
    amount,
    owed: amount * loan_return,
    due: draft.step + loan_term,
    status: 'open',
  }
  loans.push(loan)
  return loan
}

/** The taker gives back what it owes; gives the reputation that earned it. */
export function repay(draft: State, id: number, emit: Emit): number {
  const loan = draft.loans![id - 1]!
  const [lender, taker] = [agentOf(draft, loan.lender), agentOf(draft, loan.taker)]
  const weight = loan.status === 'open' ? Math.min(1, loan.amount / KEPT.full) : 0
  changeResources(taker, -loan.owed)
  changeResources(lender, loan.owed)
  const reputation = changeReputation(taker, KEPT.taker * weight)
  const lender_reputation = changeReputation(lender, KEPT.lender * weight)
  draft.loans![id - 1] = { ...loan, status: 'repaid' }
  emit({ type: 'loan_repaid', agent: taker.id, to: lender.id, loan: id, paid: loan.owed, reputation, lender_reputation })
  return reputation
}

/** Tells of debts that are past due and, where debts are audited, collects those that an audit finds. */
export function auditDebts(draft: State, emit: Emit): void {
  for (const { id } of draft.loans ?? []) {
    const loan = draft.loans![id - 1]!
    if (loan.status === 'open' && draft.step >= loan.due) {
      draft.loans![id - 1] = { ...loan, status: 'overdue' }
      emit({ type: 'loan_overdue', agent: loan.taker, to: loan.lender, loan: id })
    }
    if (draft.loans![id - 1]!.status !== 'overdue' || draft.config.audit_debts !== true) continue
    if (stream(draft.seed, 'debt', draft.step, id).chance(draft.levers.audit_risk)) collect(draft, id, emit)
  }
}

/** The taker pays what it has of its debt, and a fine; a share of what was lent goes back to the lender. */
function collect(draft: State, id: number, emit: Emit): void {
  const { debt_fine, restitution, audit_penalty } = terms(draft.config)
  const loan = draft.loans![id - 1]!
  const taker = agentOf(draft, loan.taker)
  const paid = Math.min(loan.owed, taker.resources)
  const fine = debt_fine * loan.amount
  const returned = restitution * Math.min(paid, loan.amount)
  changeResources(taker, -paid - fine)
  changeResources(agentOf(draft, loan.lender), returned)
  const reputation = changeReputation(taker, -audit_penalty)
  draft.loans![id - 1] = { ...loan, status: 'collected' }
  emit({ type: 'loan_collected', agent: taker.id, to: loan.lender, loan: id, paid, returned, fine, reputation })
}
