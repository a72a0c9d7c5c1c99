/**
 * The state of a session, its phases and its events: what is true, never how it came about. A round is held in full, finished
 * rounds as the accounts their players may look at (at most six); the rest of the past is in the log.
 */
import type { AgentId } from '../core/tool.ts'
import type { SpatialConfig } from './config.ts'
import { type Book, copyBook, openBook } from './market.ts'
import { type Cond, type Condition, type Pair, rosterOf } from './roster.ts'
import { type Account, type Deal, decideByVote } from './settlement.ts'
import type { Stimulus } from './stimuli.ts'

export type Phase =
  | 'appraisal'
  | 'declaration'
  | 'speculation'
  | 'market'
  | 'final_declaration'
  | 'final_speculation'
  | 'deliberation'
  | 'request'
  | 'offer'
  | 'reply'
  | 'vote'
  | 'payment'
  | 'over'

/** A declaration that a land holder made, or the default that stands for silence. */
export interface Declaration<T> {
  readonly value: T
  readonly declared: boolean
}

/** What a speculator wants to buy under each condition, as plot indices in order. */
export interface Selection {
  readonly plots: readonly [readonly number[], readonly number[]]
  readonly declared: boolean
}

/** What a speculator says a plot is worth without and with the project. */
export interface Appraisal {
  /** An index. */
  readonly plot: number
  readonly values: Pair
}

/** A round with declarations and a market. Players by index. */
export interface LandPlay {
  readonly kind: 'land'
  /** Per player; null for land holders and until published. Absent where nobody appraises. */
  appraisals?: (Declaration<readonly Appraisal[]> | null)[]
  /** Per plot; null until decided. */
  initial: (Declaration<Pair> | null)[]
  /** Per player; null for land holders and until decided. */
  selected: (Selection | null)[]
  chosen: Cond | null
  /** Results of the first speculation; null until it is settled. */
  deals: readonly Deal[] | null
  /** Null where no market opens, or before it does. */
  books: [Book | null, Book | null]
  final: (Declaration<number> | null)[]
  finalSelected: (Selection | null)[]
}

export interface Message {
  readonly phase: 'deliberation' | 'reply'
  readonly from: number
  readonly to: readonly number[]
  readonly text: string
}

export type Choice = Condition | 'abstain'

/** A round of deliberation, compensation and vote. Players by index. */
export interface VotePlay {
  readonly kind: 'vote'
  messages: Message[]
  requests: (Declaration<number> | null)[]
  offer: Declaration<number> | null
  votes: (Declaration<Choice> | null)[]
  /** What the developer paid each owner of his own accord; null until he has, or where nothing was to be paid. Absent without pledges. */
  payment?: Declaration<number> | null
}

/** A finished round. */
export interface Round {
  readonly round: number
  readonly practice: boolean
  readonly chosen: Cond
  readonly accounts: readonly RoundAccount[]
}

/** What one player may look up of a finished round of his own. */
export type RoundAccount = MarketAccount | VoteAccount

export interface MarketAccount extends Account {
  readonly kind: 'land'
  /** Own declarations; null for speculators. The initial one under the chosen condition. */
  readonly initial: number | null
  readonly final: number | null
  /** How many bought the own plot in either speculation; null for speculators. */
  readonly initialBuyers: number | null
  readonly finalBuyers: number | null
  /** Points a share paid. */
  readonly sharePrice: number
}

export interface VoteAccount {
  readonly kind: 'vote'
  readonly value: number
  /** Null for the developer. */
  readonly request: number | null
  readonly vote: Choice | null
  readonly offer: number
  /** Null where a server tells the votes of the winning side alone. */
  readonly yes: number | null
  readonly no: number | null
  /** Received, or paid where negative. */
  readonly compensation: number
  /** What the developer paid each owner before anybody looked, and the fine that was his; absent without pledges. */
  readonly paid?: number
  readonly fine?: number
  readonly payoff: number
}

export interface SpatialState {
  readonly config: SpatialConfig
  readonly seed: number
  /** 0 is the practice round; paid rounds count from 1. */
  round: number
  phase: Phase
  /** In a phase of turns: the sweep, from 1, the players in its order, and whose turn it is. */
  sweep: number
  queue: readonly number[]
  turn: number
  stimulus: Stimulus
  play: LandPlay | VotePlay
  history: readonly Round[]
}

export type SpatialEvent =
  | {
      readonly type: 'round_began'
      readonly round: number
      readonly practice: boolean
      readonly values: Readonly<Record<AgentId, Pair>>
      readonly signals: Readonly<Record<AgentId, Pair>>
    }
  | {
      readonly type: 'appraised'
      readonly agent: AgentId
      readonly appraisals: readonly { readonly plot: AgentId; readonly no_project: number; readonly project: number }[]
      readonly declared: boolean
    }
  /** How many of a speculator's appraisals of a round were wrong, and what that cost. */
  | { readonly type: 'appraisals_checked'; readonly agent: AgentId; readonly wrong: number; readonly fine: number }
  | {
      readonly type: 'declared'
      readonly agent: AgentId
      readonly no_project: number
      readonly project: number
      readonly declared: boolean
    }
  | {
      readonly type: 'plots_selected'
      readonly stage: 'initial' | 'final'
      readonly agent: AgentId
      readonly no_project: readonly AgentId[]
      readonly project: readonly AgentId[]
      readonly declared: boolean
    }
  | {
      readonly type: 'condition_chosen'
      readonly condition: Condition
      /** What was compared: sums of declarations, medians of the last seven prices, or votes. */
      readonly no_project: number | null
      readonly project: number | null
    }
  | {
      readonly type: 'speculation_settled'
      readonly stage: 'initial' | 'final'
      readonly deals: readonly { readonly speculator: AgentId; readonly plot: AgentId; readonly profit: number }[]
    }
  | { readonly type: 'market_opened'; readonly condition: Condition; readonly public_signal: number }
  | {
      readonly type: 'order_posted'
      readonly condition: Condition
      readonly tick: number
      readonly agent: AgentId
      readonly side: 'bid' | 'ask'
      /** Null for an order at the best price there is. */
      readonly price: number | null
      /** The id under which it rests; null where it traded at once. */
      readonly order: number | null
    }
  | {
      readonly type: 'traded'
      readonly condition: Condition
      readonly tick: number
      readonly buyer: AgentId
      readonly seller: AgentId
      readonly price: number
      readonly taker: 'bid' | 'ask'
    }
  | {
      readonly type: 'order_cancelled'
      readonly condition: Condition
      readonly tick: number
      readonly agent: AgentId
      readonly order: number
    }
  | {
      readonly type: 'market_closed'
      readonly condition: Condition
      readonly median: number | null
      readonly cash: Readonly<Record<AgentId, number>>
      readonly shares: Readonly<Record<AgentId, number>>
    }
  | { readonly type: 'declared_final'; readonly agent: AgentId; readonly value: number; readonly declared: boolean }
  | {
      readonly type: 'message_sent'
      readonly phase: 'deliberation' | 'reply'
      readonly from: AgentId
      readonly to: readonly AgentId[]
      readonly text: string
    }
  | {
      readonly type: 'compensation_requested'
      readonly agent: AgentId
      readonly amount: number
      readonly declared: boolean
    }
  | {
      readonly type: 'compensation_offered'
      readonly agent: AgentId
      readonly amount: number
      readonly declared: boolean
    }
  | { readonly type: 'voted'; readonly agent: AgentId; readonly choice: Choice; readonly declared: boolean }
  | { readonly type: 'compensation_paid'; readonly agent: AgentId; readonly amount: number; readonly declared: boolean }
  /** A payment below the offer that was found: what each owner is still paid, and the fine. */
  | { readonly type: 'shortfall_found'; readonly agent: AgentId; readonly missing: number; readonly fine: number }
  | {
      readonly type: 'round_settled'
      readonly round: number
      readonly practice: boolean
      /** Points a share paid; null in the voting treatment. */
      readonly share_price: number | null
      readonly payoffs: Readonly<Record<AgentId, number>>
    }
  | { readonly type: 'session_paid'; readonly round: number; readonly euros: Readonly<Record<AgentId, number>> }

/** A round before anything is decided. */
export function newPlay(config: SpatialConfig): LandPlay | VotePlay {
  const { agents, plots } = rosterOf(config)
  if (config.treatment === 'voting') {
    return {
      kind: 'vote',
      messages: [],
      requests: plots.map(() => null),
      offer: null,
      votes: plots.map(() => null),
      ...(config.pledges !== undefined && { payment: null }),
    }
  }
  return {
    kind: 'land',
    ...(config.appraisals !== undefined && { appraisals: agents.map(() => null) }),
    initial: plots.map(() => null),
    selected: agents.map(() => null),
    chosen: null,
    deals: null,
    books: [null, null],
    final: plots.map(() => null),
    finalSelected: agents.map(() => null),
  }
}

/** A copy to change: what changes within a phase is copied, the rest is replaced whole and may be shared. */
export function copyPlay(play: LandPlay | VotePlay): LandPlay | VotePlay {
  if (play.kind === 'vote') {
    return { ...play, messages: [...play.messages], requests: [...play.requests], votes: [...play.votes] }
  }
  const [noProject, project] = play.books
  return {
    ...play,
    ...(play.appraisals !== undefined && { appraisals: [...play.appraisals] }),
    initial: [...play.initial],
    selected: [...play.selected],
    books: [noProject && copyBook(noProject), project && copyBook(project)],
    final: [...play.final],
    finalSelected: [...play.finalSelected],
  }
}

/** A market with everybody's endowment. */
export function endowedBook(config: SpatialConfig): Book {
  const { roles } = rosterOf(config)
  return openBook(
    roles.map(role => config.cash[role]),
    roles.map(role => config.shares[role]),
  )
}

/** The round with declarations and a market; throws in the voting treatment, where no tool may ask for it. */
export function landOf({ play }: Pick<SpatialState, 'play'>): LandPlay {
  if (play.kind !== 'land') throw new TypeError('landOf: expected a round with declarations, got a vote')
  return play
}

export function voteOf({ play }: Pick<SpatialState, 'play'>): VotePlay {
  if (play.kind !== 'vote') throw new TypeError('voteOf: expected a vote, got a round with declarations')
  return play
}

/** Votes against the project and for it. */
export function votesOf({ votes }: VotePlay): Pair {
  const count = (choice: Choice): number => votes.filter(made => made?.value === choice).length
  return [count('no_project'), count('project')]
}

/** Whether the votes cast build the project. */
export function isCarried(state: Pick<SpatialState, 'config' | 'play'>): boolean {
  const [no, yes] = votesOf(voteOf(state))
  return decideByVote(no, yes, state.config.tie) === 1
}
