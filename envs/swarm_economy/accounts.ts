/**
 * Reads events into the accounts that metrics are computed from: reputation by cause, labelled interactions, offers. Knows
 * events only, no state and no formula.
 */
import { type EpisodeLog, eventsOf } from '../core/log.ts'
import type { AgentId } from '../core/tool.ts'
import type { SwarmConfig } from './config.ts'
import { callIn, count, emptyTally, type Made, startsOf } from './score.ts'
import { type BotType, START_REPUTATION, type SwarmEvent, type SwarmTypes, type Tally, type TradeStatus } from './state.ts'

export const CAUSES = ['work', 'posts', 'replies', 'votes', 'trades', 'loans', 'audits', 'decay', 'appeals'] as const
export type Cause = (typeof CAUSES)[number]

export interface ReputationChange {
  readonly agent: AgentId
  readonly cause: Cause
  readonly by: number
}

/** Why the reputation of the agent that an event names changes, by event. */
const CAUSE_OF = {
  work_submitted: 'work',
  posted: 'posts',
  replied: 'replies',
  trade_accepted: 'trades',
  loan_repaid: 'loans',
  audited: 'audits',
  loan_collected: 'audits',
  unfrozen: 'appeals',
} as const satisfies Partial<Record<SwarmEvent['type'], Cause>>
type Changing = Extract<SwarmEvent, { type: keyof typeof CAUSE_OF }>
const isChanging = (event: SwarmEvent): event is Changing => Object.hasOwn(CAUSE_OF, event.type)

/** Every change of a reputation; `ids` are the agents in the order of the arrays in events. */
export function* reputationChanges(events: Iterable<SwarmEvent>, ids: readonly AgentId[]): Generator<ReputationChange> {
  for (const event of events) {
    if (isChanging(event)) yield { agent: event.agent, cause: CAUSE_OF[event.type], by: event.reputation }
    switch (event.type) {
      case 'voted':
        yield { agent: event.author, cause: 'votes', by: event.reputation }
        break
      case 'trade_accepted':
        yield { agent: event.from, cause: 'trades', by: event.proposer_reputation }
        break
      case 'loan_repaid':
        yield { agent: event.to, cause: 'loans', by: event.lender_reputation }
        break
      case 'step_ended':
        for (const [i, agent] of ids.entries()) yield { agent, cause: 'decay', by: event.decay[i]! }
        break
    }
  }
}

/** An offer and what became of it. */
export interface OfferRecord {
  readonly from: AgentId
  readonly to: AgentId
  readonly transfer: number
  readonly exploit: boolean
  /** p when it was made, and when it was accepted if it was. */
  readonly p: number
  status: TradeStatus
  acceptance: Extract<SwarmEvent, { type: 'trade_accepted' }> | null
}

/**
 * What the framework calls an interaction: a submission, which counts as accepted, or a trade proposal that was settled.
 */
export interface Interaction {
  readonly initiator: AgentId
  /** Null for a submission. */
  readonly counterparty: AgentId | null
  readonly accepted: boolean
  /** At settlement where it was accepted, when it was made otherwise. */
  readonly p: number
  /** From the initiator to the counterparty. */
  readonly transfer: number
  /** Changes of reputation. */
  readonly reputation: number
  readonly counterpartyReputation: number
  /** What both sides earned. */
  readonly payoff: number
  readonly counterpartyPayoff: number
}

/** A loan and what became of it by the end. */
export interface LoanRecord {
  readonly lender: AgentId
  readonly taker: AgentId
  readonly amount: number
  /** What the loan came to for either side so far. */
  lenderPayoff: number
  takerPayoff: number
  status: 'open' | 'repaid' | 'overdue' | 'collected'
}

/** Everything that the metrics of one log read. */
export interface Accounts {
  readonly config: SwarmConfig
  readonly ids: readonly AgentId[]
  readonly types: ReadonlyMap<AgentId, BotType | 'player'>
  readonly messages: number
  readonly stop: string | null
  /** Steps of the world. */
  readonly steps: number
  readonly freezeBelow: number | null
  readonly tallies: ReadonlyMap<AgentId, Tally>
  readonly calls: readonly Made[]
  readonly startReputation: readonly number[]
  readonly reputation: readonly number[]
  readonly resources: readonly number[]
  readonly startResources: number
  readonly changes: readonly ReputationChange[]
  readonly submissions: readonly Extract<SwarmEvent, { type: 'work_submitted' }>[]
  readonly audits: readonly Extract<SwarmEvent, { type: 'audited' }>[]
  readonly votes: readonly Extract<SwarmEvent, { type: 'voted' }>[]
  readonly passes: readonly Extract<SwarmEvent, { type: 'passed' }>[]
  readonly refusals: readonly Extract<SwarmEvent, { type: 'call_refused' }>[]
  readonly offers: readonly OfferRecord[]
  readonly interactions: readonly Interaction[]
  readonly loans: readonly LoanRecord[]
  /** Tax paid by agent, in the order of `ids`. */
  readonly tax: readonly number[]
}

const ENDED = { loan_repaid: 'repaid', loan_overdue: 'overdue', loan_collected: 'collected' } as const

const SETTLED = {
  trade_accepted: 'accepted',
  trade_rejected: 'rejected',
  trade_cancelled: 'cancelled',
  trade_expired: 'expired',
} as const

/** One pass over a log. */
export function accountsOf(log: EpisodeLog<SwarmTypes>): Accounts {
  const ids = Object.keys(log.header.seats)
  const config = log.header.config as SwarmConfig
  const tallies = new Map(ids.map(id => [id, emptyTally(config)]))
  const events = [...eventsOf(log)].map(([, event]) => event)
  const offers: OfferRecord[] = []
  const interactions: Interaction[] = []
  const loans: LoanRecord[] = []
  const tax = ids.map(() => 0)
  let types = new Map<AgentId, BotType | 'player'>()
  let steps = 0
  let freezeBelow: number | null = null
  let startResources = 0
  let startReputation: readonly number[] = ids.map(() => START_REPUTATION)
  let reputation = startReputation
  let resources: readonly number[] = ids.map(() => 0)
  for (const event of events) {
    count(event, id => tallies.get(id)!)
    switch (event.type) {
      case 'opened':
        types = new Map(event.agents.map(({ agent, type }) => [agent, type]))
        reputation = startReputation = startsOf(event)
        freezeBelow = event.freeze_below
        startResources = event.resources
        resources = ids.map(() => event.resources)
        break
      case 'step_ended':
        steps++
        ;({ reputation, resources } = event)
        for (const [i, paid] of event.tax.entries()) tax[i]! += paid
        break
      case 'work_submitted':
        interactions.push({
          initiator: event.agent,
          counterparty: null,
          accepted: true,
          p: event.p,
          transfer: 0,
          reputation: event.reputation,
          counterpartyReputation: 0,
          payoff: event.payoff,
          counterpartyPayoff: 0,
        })
        break
      case 'trade_proposed': {
        const { agent: from, to, transfer, exploit, p } = event
        offers.push({ from, to, transfer, exploit, p, status: 'pending', acceptance: null })
        break
      }
      case 'trade_accepted':
      case 'trade_rejected':
      case 'trade_cancelled':
      case 'trade_expired': {
        // Ids of proposals count from 1.
        const offer = offers[event.proposal - 1]!
        const acceptance = event.type === 'trade_accepted' ? event : null
        offer.status = SETTLED[event.type]
        offer.acceptance = acceptance
        if (acceptance?.loan !== undefined) {
          const { paid: amount, payoff, proposer_payoff } = acceptance
          const [lender, taker, lenderPayoff, takerPayoff] =
            offer.transfer > 0 ? [offer.from, offer.to, proposer_payoff, payoff] : [offer.to, offer.from, payoff, proposer_payoff]
          loans.push({ lender, taker, amount, lenderPayoff, takerPayoff, status: 'open' })
        }
        interactions.push({
          initiator: offer.from,
          counterparty: offer.to,
          accepted: acceptance !== null,
          p: acceptance?.p ?? offer.p,
          transfer: acceptance === null ? offer.transfer : Math.sign(offer.transfer) * acceptance.paid,
          reputation: acceptance?.proposer_reputation ?? 0,
          counterpartyReputation: acceptance?.reputation ?? 0,
          payoff: acceptance?.proposer_payoff ?? 0,
          counterpartyPayoff: acceptance?.payoff ?? 0,
        })
        break
      }
      case 'loan_repaid':
      case 'loan_overdue':
      case 'loan_collected': {
        // Ids of loans count from 1.
        const loan = loans[event.loan - 1]!
        loan.status = ENDED[event.type]
        if (event.type === 'loan_overdue') break
        loan.takerPayoff -= event.paid + (event.type === 'loan_collected' ? event.fine : 0)
        loan.lenderPayoff += event.type === 'loan_collected' ? event.returned : event.paid
        break
      }
    }
  }
  const only = <Type extends SwarmEvent['type']>(type: Type) =>
    events.filter((event): event is Extract<SwarmEvent, { type: Type }> => event.type === type)
  return {
    config,
    ids,
    types,
    messages: log.steps.length,
    stop: log.stop,
    steps,
    freezeBelow,
    tallies,
    calls: events.flatMap(event => callIn(event) ?? []),
    startReputation,
    reputation,
    resources,
    startResources,
    changes: [...reputationChanges(events, ids)],
    submissions: only('work_submitted'),
    audits: only('audited'),
    votes: only('voted'),
    passes: only('passed'),
    refusals: only('call_refused'),
    offers,
    interactions,
    loans,
    tax,
  }
}
