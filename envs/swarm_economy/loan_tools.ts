/** The tools of trade where trades are loans. Ours. */
import type { Refusal, ToolSet } from '../core/tool.ts'
import { terms } from './config.ts'
import { signed } from './format.ts'
import { blocked, LEAST_LOAN, repay, sides, tied, tooLate } from './loans.ts'
import { agentOf, type Observation, type State, type SwarmTypes } from './state.ts'
import { ARGS, act, addressable, refusal, unanswerable, unproposable } from './tool_args.ts'
import { accept, propose } from './trades.ts'

/** Whether an agent can make or take up a loan with another, as far as it sees. */
export function lendable({ shared, agent, credit }: Observation, other: string, transfer: number): boolean {
  const taker = shared.agents.find(one => one.agent === (transfer > 0 ? other : agent))!
  const between = [...credit!.owes, ...credit!.owed].some(debt => debt.agent === other)
  return shared.lending!.possible && taker.canTake! > 0 && !between
}

/** Why two cannot make a loan now. */
function unlendable(state: State, proposal: Parameters<typeof sides>[0]): Refusal | undefined {
  if (!blocked(state, proposal)) return undefined
  if (tooLate(state)) return refusal('too_late', 'a loan made now would fall due too near the end')
  const [lender, taker] = sides(proposal)
  return tied(state, lender, taker)
    ? refusal('open_loan', `a loan between ${lender} and ${taker} is not settled`)
    : refusal('no_more_loans', `${taker} can take no more loans in this epoch`)
}

/** What an agent tries first when it lends or borrows without knowing anybody. */
const USUAL_LOAN = 10

export const LOAN_TOOLS = {
  propose_trade: act({
    description:
      'Proposes a loan to another agent, which answers by itself in a later step: a positive offered_transfer lends that much to it, a negative one asks to borrow.',
    args: ARGS.propose_trade,
    candidates: observation =>
      addressable(observation).flatMap(other =>
        [Math.min(USUAL_LOAN, Math.floor(observation.resources)), -USUAL_LOAN]
          .filter(transfer => Math.abs(transfer) >= LEAST_LOAN && Math.abs(transfer) <= observation.shared.lending!.limit)
          .filter(transfer => lendable(observation, other, transfer))
          .map(offered_transfer => ({ counterparty_id: other, content: 'A loan?', offered_transfer })),
      ),
    refuse(state, agent, { counterparty_id: to, offered_transfer: transfer }) {
      const refused = unproposable(state, agent, to, transfer)
      if (refused !== undefined) return refused
      const { loan_limit } = terms(state.config)
      if (Math.abs(transfer) < LEAST_LOAN || Math.abs(transfer) > loan_limit)
        return refusal('bad_transfer', `a loan is between ${LEAST_LOAN} and ${loan_limit}`)
      return unlendable(state, { from: agent, to, transfer })
    },
    apply(draft, agent, { counterparty_id: to, content: text, offered_transfer: transfer }, emit) {
      const { proposal } = propose(draft, { from: agent, to, transfer, text, exploit: false }, emit)
      const what = `${transfer > 0 ? 'to lend' : 'to borrow'} ${Math.abs(transfer).toFixed(1)}`
      return `proposed #${proposal} to ${to}, ${what}, waiting for an answer`
    },
  }),
  accept_proposal: act({
    description: 'Accepts a pending proposal that is addressed to you: you lend or borrow what it says.',
    args: ARGS.proposal,
    candidates: observation =>
      observation.incoming
        .filter(({ agent, transfer }) => lendable(observation, agent, -transfer))
        .map(({ proposal }) => ({ proposal_id: proposal })),
    refuse: (state, agent, { proposal_id }) =>
      unanswerable(state, agent, proposal_id) ?? unlendable(state, state.proposals[proposal_id - 1]!),
    apply(draft, _agent, { proposal_id }, emit) {
      const { from, transfer, paid, payoff } = accept(draft, proposal_id, emit)
      return `accepted proposal #${proposal_id} of ${from}, ${transfer > 0 ? 'borrowed' : 'lent'} ${paid.toFixed(1)}, payoff ${signed(payoff)}`
    },
  }),
  repay: act({
    description: 'Repays a loan that you owe, in full.',
    args: ARGS.repay,
    candidates: ({ credit, resources }) =>
      credit!.owes.filter(({ owed }) => owed <= resources).map(({ loan }) => ({ loan_id: loan })),
    refuse(state, agent, { loan_id }) {
      const loan = state.loans![loan_id - 1]
      if (loan?.taker !== agent) return refusal('no_loan', `you owe no loan #${loan_id}`)
      if (loan.status === 'repaid' || loan.status === 'collected')
        return refusal('settled', `loan #${loan_id} is already ${loan.status}`)
      const { resources } = agentOf(state, agent)
      return loan.owed > resources
        ? refusal('no_resources', `you owe ${loan.owed.toFixed(1)} and hold only ${resources.toFixed(1)} resources`)
        : undefined
    },
    apply(draft, _agent, { loan_id }, emit) {
      const { lender, owed } = draft.loans![loan_id - 1]!
      const reputation = repay(draft, loan_id, emit)
      return `repaid loan #${loan_id} of ${lender}, payoff ${signed(-owed)}, reputation ${signed(reputation)}`
    },
  }),
} satisfies ToolSet<SwarmTypes>
