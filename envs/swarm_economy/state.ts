/**
 * The state, the events and what an agent sees, as types; ids and the constants of the world. Nothing here plays.
 */
import type { RandomWords } from '../core/random.ts'
import type { AgentId } from '../core/tool.ts'
import type { Scenario, SwarmConfig } from './config.ts'
import { clamp } from './label.ts'
import type { Shift } from './options.ts'
import type { Family, Page, Question } from './problems.ts'

export const LEARNER: AgentId = 'learner'

/** Every agent id of a game with that many bots, in the order of seats, of `State.agents` and of the arrays in events. */
export function seatIds(bots: number): AgentId[] {
  return [LEARNER, ...Array.from({ length: bots }, (_, i) => `agent_${i}`)]
}

/** All tools there are in any version, in the order of the documentation. */
export const TOOL_NAMES = [
  'post',
  'reply',
  'vote',
  'propose_trade',
  'accept_proposal',
  'reject_proposal',
  'cancel_proposal',
  'claim_task',
  'submit_work',
  'pass_turn',
] as const
export type SwarmTool = (typeof TOOL_NAMES)[number]

/** And those that the rules of our own add. */
export const OWN_TOOL_NAMES = ['work_on', 'repay'] as const
export type OwnTool = (typeof OWN_TOOL_NAMES)[number]

export const BOT_TYPES = ['honest', 'opportunistic', 'deceptive'] as const
export type BotType = (typeof BOT_TYPES)[number]

export const START_REPUTATION = 50
/** Steps after which a pending proposal expires and an unfinished claim lapses. */
export const LIFE = 5
/** Characters of another agent's words that are kept and shown. */
export const QUOTED = 160

/** Public events that are remembered in words. */
export const RECENT = 3
/** Where trades are loans there is more of them. */
export const RECENT_WITH_LOANS = 5

export type TradeStatus = 'pending' | 'accepted' | 'rejected' | 'cancelled' | 'expired'

/** `id` and index differ by one: ids count from 1 and nothing is ever removed. All kinds of record are replaced, never changed. */
export interface Task {
  readonly id: number
  /** Index into `TEMPLATES`. */
  readonly template: number
  readonly bounty: number
  readonly status: 'open' | 'claimed' | 'completed'
  /** Who holds or finished it. */
  readonly by: AgentId | null
  /** The step it was claimed in. */
  readonly since: number
  /** Whose claim on it lapsed last. */
  readonly lapsed: AgentId | null
  /** Of a problem: its level, and how many of its pages the holder has seen. */
  readonly level?: number
  readonly seen?: number
}
export interface Post {
  readonly id: number
  readonly author: AgentId
  readonly step: number
  readonly text: string
  /** Votes up less votes down. */
  readonly votes: number
  readonly voters: readonly AgentId[]
  /** Whether it has earned the popular-post bonus. */
  readonly popular: boolean
  /** The newest reply. */
  readonly reply: { readonly author: AgentId; readonly text: string } | null
}
export interface Proposal {
  readonly id: number
  readonly from: AgentId
  readonly to: AgentId
  /** Positive: the proposer gives. */
  readonly transfer: number
  readonly step: number
  readonly text: string
  readonly status: TradeStatus
  /** Whether a deceptive bot made it to exploit the addressee. */
  readonly exploit: boolean
}
/** What was lent and what is owed for it. */
export interface Loan {
  readonly id: number
  readonly lender: AgentId
  readonly taker: AgentId
  readonly amount: number
  readonly owed: number
  /** The last step, counting from 0, in which repaying it is in time. */
  readonly due: number
  readonly status: 'open' | 'overdue' | 'repaid' | 'collected'
}
/** How an agent's debts ended: repaid, or not in time. */
export interface CreditRecord {
  readonly repaid: number
  readonly broken: number
}
/** What one agent knows of another by dealing with it. */
export interface Dealings {
  readonly made: number
  readonly accepted: number
  readonly received: number
  /** Of the received offers, those that asked for payment. */
  readonly asking: number
}

/** What an agent has done, as counts. */
export interface Tally {
  /** Calls by tool, in the order of `countedTools` of the scores; the last entry counts unknown tools. */
  calls: number[]
  /** Calls of the interaction log, and those of them with p above 0.5. */
  interactions: number
  successes: number
  /** Calls that were carried out or refused and are no passes, and the refused among them. */
  active: number
  invalid: number
  submissions: number
  goodSubmissions: number
  claims: number
  payoff: number
  everFrozen: boolean
}

export interface Agent {
  readonly id: AgentId
  readonly type: BotType | 'player'
  /** In [0, 100]. */
  reputation: number
  /** ≥ 0. */
  resources: number
  /** The task it has claimed and not finished. */
  task: number | null
  /** Steps it has spent frozen; null while it is active. */
  frozenFor: number | null
  /** Posts and replies so far. */
  social: number
  /** A player that ended its play. */
  left: boolean
  /** Own posts, submissions and proposals, and accepted trades on either side. */
  interactions: number
  /** How many of those a deceptive resident behaves for. */
  readonly trust: number
  /** Where a resident's own stream stands. */
  luck: RandomWords
  /** Names of the word sets of its submissions. */
  works: readonly string[]
  /** By the other agent's id. */
  dealings: Readonly<Record<AgentId, Dealings>>
  /** Where residents have a past: the reputation it begins with, and what is remembered of its debts. */
  readonly start?: number
  readonly past?: CreditRecord
  /** Where posts fade: posts and replies of this epoch, and the word sets it has published. */
  posted?: number
  said?: readonly string[]
  /** What came of a player's last call. */
  outcome: string
  tally: Tally
}

/** What governs a step, after phase shifts. */
export interface Levers {
  readonly tax_rate: number
  readonly audit_risk: number
  readonly decay: number
  readonly bounty_multiplier: number
}

export interface State {
  readonly config: Scenario
  readonly seed: number
  /** Steps of the world that are over. */
  step: number
  /** Messages of the players that are over. */
  turns: number
  levers: Levers
  /** The learner, then agent_0 …; an agent's index never changes. */
  readonly agents: Agent[]
  tasks: Task[]
  posts: Post[]
  proposals: Proposal[]
  /** Only where trades are loans. */
  loans?: Loan[]
  /** Numbers of the pending ones, oldest first. */
  pending: readonly number[]
  /** Where the stream of the residents' order stands. */
  order: RandomWords
  /** The newest public events in words, oldest first. */
  recent: readonly string[]
}

export type PassReason = 'chosen' | 'automatic' | 'frozen' | 'waiting'

export type SwarmEvent =
  | {
      type: 'opened'
      /** With the reputation and the record it begins with, where residents have a past. */
      agents: readonly { agent: AgentId; type: BotType | 'player'; reputation?: number; past?: CreditRecord }[]
      resources: number
      freeze_below: number
      tax_rate: number
      audit_risk: number
      decay: number
      bounty_multiplier: number
    }
  | {
      type: 'epoch_started'
      epoch: number
      shift: Shift
      /** `difficulty` in [0, 1]; of a problem also its level. */
      tasks: readonly { task: number; title: string; difficulty: number; bounty: number; level?: number }[]
    }
  | { type: 'task_claimed'; agent: AgentId; task: number }
  | { type: 'claim_lapsed'; agent: AgentId; task: number }
  | {
      type: 'work_submitted'
      agent: AgentId
      task: number
      p: number
      payoff: number
      reputation: number
      /** Characters; null where a resident drew p directly. */
      length: number | null
      repeated: boolean
      exploit: boolean
      /** Of a problem: its questions, how many are right, how many were vouched for, and how many pages were seen. */
      questions?: number
      right?: number
      vouched?: number
      pages?: number
    }
  | { type: 'worked_on'; agent: AgentId; task: number; page: number }
  | { type: 'audited'; agent: AgentId; task: number; p: number; passed: boolean; payoff: number; reputation: number }
  | { type: 'posted'; agent: AgentId; post: number; reputation: number }
  | { type: 'replied'; agent: AgentId; post: number; author: AgentId; reputation: number }
  | {
      type: 'voted'
      agent: AgentId
      post: number
      author: AgentId
      direction: 'up' | 'down'
      /** Of the author. */
      reputation: number
    }
  | { type: 'post_rewarded'; agent: AgentId; post: number; resources: number }
  | { type: 'trade_proposed'; agent: AgentId; to: AgentId; proposal: number; transfer: number; p: number; exploit: boolean }
  | {
      type: 'trade_accepted'
      agent: AgentId
      from: AgentId
      proposal: number
      transfer: number
      /** What moved, from the side that gives; ≥ 0. */
      paid: number
      p: number
      payoff: number
      reputation: number
      proposer_payoff: number
      proposer_reputation: number
      /** Number of the loan it became, where trades are loans. */
      loan?: number
    }
  /** `agent` is the taker, `to` the lender. */
  | {
      type: 'loan_repaid'
      agent: AgentId
      to: AgentId
      loan: number
      paid: number
      reputation: number
      lender_reputation: number
    }
  | { type: 'loan_overdue'; agent: AgentId; to: AgentId; loan: number }
  /** An audit found it overdue: what the taker paid, what of it the lender got back, and the fine. */
  | {
      type: 'loan_collected'
      agent: AgentId
      to: AgentId
      loan: number
      paid: number
      returned: number
      fine: number
      reputation: number
    }
  | { type: 'trade_rejected'; agent: AgentId; from: AgentId; proposal: number }
  | { type: 'trade_cancelled'; agent: AgentId; to: AgentId; proposal: number }
  | { type: 'trade_expired'; agent: AgentId; to: AgentId; proposal: number }
  /** `tool`: the call that became a pass; null where there was none. */
  | { type: 'passed'; agent: AgentId; reason: PassReason; tool: string | null }
  | { type: 'call_refused'; agent: AgentId; tool: string; code: string }
  /** A call that counts and is not carried out: the turn limit or the end of the simulation came first. */
  | { type: 'call_unexecuted'; agent: AgentId; tool: string }
  | { type: 'frozen'; agent: AgentId }
  | { type: 'unfrozen'; agent: AgentId; reputation: number }
  /** Per agent, in the order of `opened`: what tax took, what decay changed, and how everybody stands. */
  | {
      type: 'step_ended'
      step: number
      tax: readonly number[]
      decay: readonly number[]
      reputation: readonly number[]
      resources: readonly number[]
    }

export type Emit = (event: SwarmEvent) => void

/** What all may see. */
export interface Shared {
  readonly step: number
  readonly steps: number
  readonly epoch: number
  readonly epochs: number
  readonly rules: Levers & { readonly freeze_below: number }
  /** Whether the text shows the further sections and explains transfers. */
  readonly full: boolean
  readonly explainTrades: boolean
  readonly agents: readonly {
    readonly agent: AgentId
    readonly reputation: number
    readonly resources: number
    readonly status: 'active' | 'frozen'
    /** Where trades are loans: how many it can still take in this epoch. */
    readonly canTake?: number
    /** How its debts ended, its past included, where all see it. */
    readonly record?: CreditRecord
  }[]
  readonly tasks: readonly OpenTask[]
  /** Newest first, at most five. */
  readonly feed: readonly {
    readonly post: number
    readonly author: AgentId
    readonly votes: number
    readonly text: string
    readonly reply: { readonly author: AgentId; readonly text: string } | null
  }[]
  /** Ids handed out so far. */
  readonly lastTask: number
  readonly lastPost: number
  readonly recent: readonly string[]
  readonly notes: readonly string[]
  /** Where trades are loans: whether one can still be made, and the greatest. */
  readonly lending?: { readonly possible: boolean; readonly limit: number }
}

export interface OpenTask {
  readonly task: number
  readonly title: string
  readonly description: string
  readonly bounty: number
  readonly difficulty: number
  /** Of a problem; it has one page and one question more than its level. */
  readonly level?: number
  /** Of the problem one holds. */
  readonly problem?: HeldProblem
}

/** A problem as its holder sees it: all questions, and the pages seen so far. */
export interface HeldProblem {
  readonly family: Family
  readonly questions: readonly Question[]
  readonly pages: readonly Page[]
  readonly pageCount: number
}

export interface Debt {
  readonly loan: number
  /** The other side. */
  readonly agent: AgentId
  readonly owed: number
  /** The last step, counting from 1, in which repaying it is in time. */
  readonly due: number
  readonly overdue: boolean
}

/** An agent's loans, where trades are loans. */
export interface Credit {
  readonly owes: readonly Debt[]
  readonly owed: readonly Debt[]
  /** How the loans that it gave ended, by taker. */
  readonly given: readonly ({ readonly agent: AgentId } & CreditRecord)[]
}

export interface Offer {
  readonly proposal: number
  /** The other side. */
  readonly agent: AgentId
  readonly transfer: number
  readonly text: string
}

export interface Observation {
  readonly shared: Shared
  readonly agent: AgentId
  readonly reputation: number
  readonly resources: number
  readonly payoff: number
  readonly status: 'active' | 'frozen'
  /** What came of the last call, in one line; empty before the first. */
  readonly outcome: string
  readonly task: OpenTask | null
  /** Pending proposals to this agent and of this agent, oldest first. */
  readonly incoming: readonly Offer[]
  readonly outgoing: readonly Offer[]
  /** Posts of the feed it has voted on. */
  readonly voted: readonly number[]
  /** How the others answered it. */
  readonly answers: readonly { readonly agent: AgentId; readonly made: number; readonly accepted: number }[]
  /** How many offers it had from others, and how many of them asked for payment. */
  readonly offers: readonly { readonly agent: AgentId; readonly received: number; readonly asking: number }[]
  readonly credit?: Credit
}

export interface SwarmTypes {
  Config: SwarmConfig
  State: State
  Observation: Observation
  Shared: Shared
  Event: SwarmEvent
}

/** Where an agent stands in `State.agents`; -1 for a name that nobody has. */
export function indexOf({ agents }: Pick<State, 'agents'>, id: AgentId): number {
  return agents.findIndex(agent => agent.id === id)
}

export function agentOf(state: Pick<State, 'agents'>, id: AgentId): Agent {
  return state.agents[indexOf(state, id)]!
}

/** Changes a reputation within its bounds and gives the change that came about. */
export function changeReputation(agent: Agent, by: number): number {
  const before = agent.reputation
  agent.reputation = clamp(before + by, 0, 100)
  return agent.reputation - before
}

/** Changes resources, which never fall below 0. */
export function changeResources(agent: Agent, by: number): void {
  agent.resources = Math.max(0, agent.resources + by)
}
