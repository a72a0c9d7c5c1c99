/**
 * Trades: proposals, answers and what an accepted one is worth. Who may answer and the sign of a transfer are documented;
 * the score, the stakes and the lives are reconstructed so that the published drift towards generous offers follows.
 */
import type { AgentId } from '../core/tool.ts'
import { terms } from './config.ts'
import { clamp, label, payoffOf, reputationOf } from './label.ts'
import { lend } from './loans.ts'
import { quoted } from './quote.ts'
import {
  agentOf,
  changeReputation,
  changeResources,
  type Dealings,
  type Emit,
  LIFE,
  type Proposal,
  type State,
  type SwarmEvent,
} from './state.ts'

/** p of a proposal: better from a reputed proposer, better the more the proposer gives. */
export function tradeLabel(proposerReputation: number, transfer: number): number {
  return label(0.2 + (0.3 * (proposerReputation - 50)) / 50 + 0.8 * clamp(transfer / 20, -1, 1))
}

/** What the acceptor gains at p: the stake is the size of the transfer, at least 5 and at most 25. */
export function tradePayoff(transfer: number, p: number): number {
  return payoffOf(clamp(Math.abs(transfer), 5, 25), p)
}

/** The pending proposals, oldest first; there is at most one from an agent to another. */
export function pendingOf({ proposals, pending }: Pick<State, 'proposals' | 'pending'>): Proposal[] {
  return pending.map(id => proposals[id - 1]!)
}

export function propose(
  draft: State,
  offer: Pick<Proposal, 'from' | 'to' | 'transfer' | 'text' | 'exploit'>,
  emit: Emit,
): Extract<SwarmEvent, { type: 'trade_proposed' }> {
  const { from, to, transfer, text, exploit } = offer
  const proposer = agentOf(draft, from)
  proposer.interactions++
  const id = draft.proposals.length + 1
  draft.proposals.push({ id, from, to, transfer, text: quoted(text), step: draft.step, status: 'pending', exploit })
  draft.pending = [...draft.pending, id]
  deal(draft, from, to, ({ made }) => ({ made: made + 1 }))
  deal(draft, to, from, ({ received, asking }) => ({ received: received + 1, asking: asking + (transfer < 0 ? 1 : 0) }))
  // Whether a loan is beneficial lies with its taker.
  const p = draft.config.trade_rule === 'loans' ? UNKNOWN : tradeLabel(proposer.reputation, transfer)
  const proposed = { type: 'trade_proposed', agent: from, to, proposal: id, transfer, p, exploit } as const
  emit(proposed)
  return proposed
}

/** p of a loan. */
const UNKNOWN = 0.5

export type Accepted = Extract<SwarmEvent, { type: 'trade_accepted' }>

/** The addressee accepts: the transfer moves, and both sides are scored at the proposer's reputation of this moment. */
export function accept(draft: State, id: number, emit: Emit): Accepted {
  const proposal = settle(draft, id, 'accepted')
  const { from, to, transfer } = proposal
  const proposer = agentOf(draft, from)
  const acceptor = agentOf(draft, to)
  proposer.interactions++
  acceptor.interactions++
  deal(draft, from, to, ({ accepted }) => ({ accepted: accepted + 1 }))
  if (draft.config.trade_rule === 'loans') {
    const loan = lend(draft, proposal)
    const used = loan.amount * terms(draft.config).loan_yield
    const [payoff, proposer_payoff] = transfer > 0 ? [used, -loan.amount] : [-loan.amount, used]
    const accepted: Accepted = {
      type: 'trade_accepted',
      agent: to,
      from,
      proposal: id,
      transfer,
      paid: loan.amount,
      p: UNKNOWN,
      payoff,
      reputation: 0,
      proposer_payoff,
      proposer_reputation: 0,
      loan: loan.id,
    }
    emit(accepted)
    return accepted
  }
  const p = tradeLabel(proposer.reputation, transfer)
  const gain = tradePayoff(transfer, p)
  const [payer, payee] = transfer >= 0 ? [proposer, acceptor] : [acceptor, proposer]
  const paid = Math.min(Math.abs(transfer), payer.resources)
  changeResources(payer, -paid)
  changeResources(payee, paid)
  const counted = draft.config.payoff_includes_transfers ? Math.sign(transfer) * paid : 0
  const accepted: Accepted = {
    type: 'trade_accepted',
    agent: to,
    from,
    proposal: id,
    transfer,
    paid,
    p,
    payoff: gain + counted,
    reputation: changeReputation(acceptor, reputationOf(p)),
    // Who asks for payment profits from what the acceptor loses.
    proposer_payoff: (transfer >= 0 ? gain : Math.abs(gain)) - counted,
    proposer_reputation: changeReputation(proposer, reputationOf(p)),
  }
  emit(accepted)
  return accepted
}

export function reject(draft: State, id: number, emit: Emit): void {
  const { from, to } = settle(draft, id, 'rejected')
  emit({ type: 'trade_rejected', agent: to, from, proposal: id })
}

export function cancel(draft: State, id: number, emit: Emit): void {
  const { from, to } = settle(draft, id, 'cancelled')
  emit({ type: 'trade_cancelled', agent: from, to, proposal: id })
}

export function expireProposals(draft: State, emit: Emit): void {
  for (const { id, step, from, to } of pendingOf(draft)) {
    if (draft.step - step < LIFE) break
    settle(draft, id, 'expired')
    emit({ type: 'trade_expired', agent: from, to, proposal: id })
  }
}

function settle(draft: State, id: number, status: Proposal['status']): Proposal {
  const proposal = draft.proposals[id - 1]!
  draft.proposals[id - 1] = { ...proposal, status }
  draft.pending = draft.pending.filter(other => other !== id)
  return proposal
}

const STRANGERS: Dealings = { made: 0, accepted: 0, received: 0, asking: 0 }

/** Notes on `of` what came of its dealings with `other`. */
function deal(draft: State, of: AgentId, other: AgentId, change: (known: Dealings) => Partial<Dealings>): void {
  const agent = agentOf(draft, of)
  const known = agent.dealings[other] ?? STRANGERS
  agent.dealings = { ...agent.dealings, [other]: { ...known, ...change(known) } }
}
