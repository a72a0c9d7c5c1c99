/**
 * What the economy remembers and what it tells: state, events, views as types, and the arithmetic of the ledger. Knows no
 * rule of a turn. Agents are rows of arrays: `balance[i]` is that of `agent_i`.
 */
import type { RandomWords } from '../core/random.ts'
import { stream } from '../core/random.ts'
import type { AgentId, ToolName } from '../core/tool.ts'
import { type Config, marketOf, SCALE, type Shock, type Template } from './config.ts'

export interface Contract {
  id: string
  proposer: AgentId
  counterparty: AgentId
  arbitrator: AgentId
  /** Tokens from the proposer to the counterparty on settlement. */
  payment: number
  /** Tokens that each party deposits. */
  deposit: number
  deliverable: string
  /** Turns from acceptance to delivery. */
  dueTurns: number
  status: 'proposed' | 'accepted' | 'delivered'
  /** The last turn in which the next move (acceptance, delivery, attestation) may come. */
  deadline: number
  /** What was delivered; null before. */
  content: string | null
}

export interface Unstaking {
  agent: number
  amount: number
  dueTurn: number
}

/** What nobody but a contract's counterparty knows of it. */
export interface Work {
  /** Tokens that delivering the agreed text costs it. */
  readonly effort: number
  /** Whether it delivered something else that looks like the agreed text. */
  readonly disguised: boolean
}

/** A contract that was concluded last turn, as one of its parties learns of it. */
export interface Concluded {
  readonly contract: string
  readonly proposer: AgentId
  readonly counterparty: AgentId
  readonly arbitrator: AgentId
  readonly outcome: 'settled' | 'defaulted'
  readonly audited: boolean
  /** Tokens that it was worth to its proposer; null for the other parties, who are not told. */
  readonly value: number | null
}

/** A burn that does not weigh yet. `weight` is in lottery units over `SCALE`. */
export interface PendingBurn {
  agent: number
  weight: number
  dueTurn: number
}

export interface Speech {
  agent: AgentId
  text: string
}

export interface Block {
  turn: number
  winner: AgentId
  /** Which of the winner's weight parts was the largest. */
  validator_type: 'mine' | 'stake' | 'burn'
  /** Tokens minted. */
  reward: number
  /** Transaction fees of the turn, passed on to the winner. */
  tips: number
}

/** What the ledger's modules remember; all of it stays as it is at reset while they are off. */
export interface Governance {
  /** Fees charged and the most income that counts against them, of the last turns (`fee_cap`). */
  readonly window: readonly { readonly fees: number; readonly potential: number }[]
  /** Rows of the agents whose fees are halved next turn (`concentration_monitor`). */
  readonly relieved: readonly number[]
  /** Tokens from which arbitrators are paid (`contract_scaffold`). */
  readonly fund: number
}

export interface State {
  config: Config
  seed: number
  /** Turns resolved; the turn that is being decided is this plus one. */
  turn: number
  /** Tokens; may be negative. */
  balance: number[]
  staked: number[]
  /** Tokens on their way back from stake, by agent; `maturing` says when. */
  unstaking: number[]
  /** Tokens in contracts, by the agent that put them there. */
  escrow: number[]
  /** Debt that `debt_rail` has frozen: tokens ≥ 0 that are owed. */
  frozen: number[]
  studies: number[]
  /** Whether the agent has ever been paid for a job. */
  signed: boolean[]
  /** The turn since which the agent has had stake without a break; 0 without stake. */
  stakedSince: number[]
  /** In [0, 100]. */
  reputation: number[]
  /** Matured, decayed burn weight, in lottery units over `SCALE`. */
  burnWeight: number[]
  maturing: Unstaking[]
  pendingBurns: PendingBurn[]
  /** Who owns `core_j`; null while it is unsold. */
  coreOwners: readonly (AgentId | null)[]
  /** Open contracts by id; what is concluded is in the log. */
  contracts: Record<string, Contract>
  /** By accepted contract; absent where delivering costs nothing and nothing can be disguised. */
  work?: Record<string, Work>
  /** What an effort of average size is multiplied by, by agent, over `SCALE`; absent where all efforts are the same. */
  effortFactors?: readonly number[]
  /** What was concluded last turn, by party; absent where contracts create nothing. */
  concluded?: Record<AgentId, Concluded[]>
  /** Contracts ever proposed. */
  proposed: number
  speeches: Speech[]
  block: Block | null
  /** The bills of the last turn; null before the first. */
  last: Bills | null
  /** What each agent did last turn; null where it was refused. */
  did: (ToolName | null)[]
  governance: Governance
  /** Kept-open streams: the lottery's and that of units nobody reported. */
  lotteryWords: RandomWords
  unitWords: RandomWords
}

/** A turn's bills, by agent. */
export interface Bills {
  /** Units billed, as reported or as drawn. */
  thinking: readonly number[]
  output: readonly number[]
  /** Tokens charged. */
  fees: readonly number[]
  /** Tokens paid for jobs, the bonus included. */
  wages: readonly number[]
}

/** Every agent's accounts, in tokens. */
export interface Accounts {
  balance: readonly number[]
  staked: readonly number[]
  unstaking: readonly number[]
  escrow: readonly number[]
  frozen: readonly number[]
}

/** The ledger after a turn, by agent. Its arrays are those of the state: never change them. */
export interface TurnClosed extends Bills, Accounts {
  type: 'turn_closed'
  turn: number
  /** Interest charged, all agents. */
  interest: number
  reputation: readonly number[]
}

type ContractEvent<Type extends string> = {
  type: Type
  contract: string
  proposer: AgentId
  counterparty: AgentId
  arbitrator: AgentId
}

export type Event =
  | TurnClosed
  | { type: 'spoke'; agent: AgentId; text: string }
  | { type: 'studied'; agent: AgentId; cost: number }
  | { type: 'staked'; agent: AgentId; amount: number }
  | { type: 'unstaking_started'; agent: AgentId; amount: number; due_turn: number }
  | { type: 'unstaked'; agent: AgentId; amount: number }
  | { type: 'burned'; agent: AgentId; amount: number; due_turn: number }
  | { type: 'transferred'; agent: AgentId; to: AgentId; amount: number; fee: number }
  | { type: 'bid_placed'; agent: AgentId; core: number; amount: number }
  | { type: 'core_sold'; core: number; agent: AgentId; price: number }
  | { type: 'dividends_paid'; per_core: number; owners: readonly (AgentId | null)[] }
  | { type: 'block_produced'; block: Block }
  | (ContractEvent<'contract_proposed'> & { payment: number; deposit: number; deliverable: string; due_turns: number })
  | ContractEvent<'contract_accepted'>
  | (ContractEvent<'contract_delivered'> & { content: string })
  | (ContractEvent<'contract_attested'> & { fulfilled: boolean; truthful: boolean })
  | ContractEvent<'contract_cancelled'>
  | ContractEvent<'contract_lapsed'>
  /** `kept`: whether what was delivered is what was agreed, whatever was attested. */
  | (ContractEvent<'contract_settled'> & { payment: number; kept: boolean })
  | (ContractEvent<'contract_defaulted'> & {
      cause: 'not_delivered' | 'not_attested' | 'not_fulfilled'
      kept: boolean
      /** Tokens of the counterparty's deposit that went to the proposer. */
      forfeited: number
      /** Tokens of both deposits that were destroyed. */
      slashed: number
    })
  | { type: 'effort_charged'; agent: AgentId; contract: string; amount: number }
  /** Something else than the agreed text was delivered and looks like it. */
  | { type: 'delivery_disguised'; agent: AgentId; contract: string }
  | { type: 'value_created'; agent: AgentId; contract: string; amount: number }
  | { type: 'attestation_paid'; agent: AgentId; contract: string; amount: number }
  /** `ruling` is what the arbitrator said, `kept` the truth; `fines` in the order of the convicted. */
  | { type: 'audited'; contract: string; ruling: boolean; kept: boolean; convicted: readonly AgentId[]; fines: readonly number[] }
  | { type: 'fees_capped'; excess: number }
  | { type: 'fees_halved'; agents: readonly AgentId[] }
  | { type: 'fee_rebated'; agent: AgentId; amount: number }
  | { type: 'debt_frozen'; agent: AgentId; amount: number }
  | { type: 'debt_serviced'; agent: AgentId; amount: number }
  | { type: 'fund_fed'; amount: number }
  | { type: 'arbitrator_paid'; agent: AgentId; amount: number }
  | { type: 'concentration_flagged'; gini: number; agents: readonly AgentId[] }
  | ({ type: 'shock_struck' } & Shock)
  | { type: 'confiscated'; agent: AgentId; amount: number }

/** What everybody may see: the ledger, the contracts, and what was said and done last turn. */
export interface Shared {
  /** The turn that is being decided, from 1. */
  readonly turn: number
  readonly horizon: number
  readonly agents: readonly AgentId[]
  readonly balances: readonly number[]
  readonly staked: readonly number[]
  readonly reputations: readonly number[]
  readonly supply: number
  readonly coreOwners: readonly (AgentId | null)[]
  readonly openContracts: Readonly<Record<string, Readonly<Contract>>>
  /** Ids of the open contracts in which an agent has a part; agents without one are absent. */
  readonly contractsOf: Readonly<Record<AgentId, readonly string[]>>
  /** What a kept contract creates, what keeping it costs on average, and how many an agent may have open as proposer (null: any number); absent under the published rules. */
  readonly market?: { readonly value: number; readonly effort: number; readonly limit: number | null }
  /** What was said last turn. */
  readonly speeches: readonly Speech[]
  /** What each agent did last turn, null where it was refused; empty before the first turn. */
  readonly did: readonly (ToolName | null)[]
  /** The last turn's block; null where there was none. */
  readonly block: Block | null
  /** Fees of the last turn, all agents. */
  readonly fees: number
  /** Whether cores can be bid for this turn. */
  readonly auction: boolean
  /** Tokens. */
  readonly studyCost: number
  /** The only terms a contract may have; null where parties are free. */
  readonly templates: readonly Template[] | null
}

/** What one agent sees. */
export interface Observation {
  readonly shared: Shared
  readonly agent: AgentId
  /** The agent's row in `shared.balances` and the other lists. */
  readonly index: number
  readonly unstaking: number
  readonly escrow: number
  readonly frozen: number
  readonly studies: number
  readonly signed: boolean
  /** The agent's last turn; zeros before the first. */
  readonly billed: { readonly thinking: number; readonly output: number; readonly fee: number; readonly wage: number }
  /** Ids of the open contracts in which it has a part. */
  readonly contracts: readonly string[]
  /** What delivering costs it where it accepts a contract this turn; absent where it costs nothing. */
  readonly effort?: number
  /** What delivering costs it, by contract that it has accepted; absent where it costs nothing. */
  readonly efforts?: Readonly<Record<string, number>>
  /** What was concluded last turn of the contracts it had a part in; absent where contracts create nothing. */
  readonly concluded?: readonly Concluded[]
}

export interface SimEconomy {
  Config: Config
  State: State
  Observation: Observation
  Shared: Shared
  Event: Event
}

const rosters = new Map<number, readonly AgentId[]>()

/** The agents' ids in row order; the same frozen list for the same number. */
export function roster(agents: number): readonly AgentId[] {
  let ids = rosters.get(agents)
  if (ids === undefined) {
    ids = Object.freeze(Array.from({ length: agents }, (_, i) => `agent_${i}`))
    rosters.set(agents, ids)
  }
  return ids
}

/** The row of an agent's id among these; -1 where it is none of them. */
export function rowIn(agents: readonly AgentId[], agent: AgentId): number {
  const row = Number(agent.slice('agent_'.length))
  return agents[row] === agent ? row : -1
}

export function rowOf(state: State, agent: AgentId): number {
  return rowIn(roster(state.balance.length), agent)
}

export function coreName(core: number): string {
  return `core_${core}`
}

/** The turn that is being decided. */
export function now(state: State): number {
  return state.turn + 1
}

export function reset(config: Config, seed: number): State {
  const each = <T>(value: T): T[] => roster(config.num_agents).map(() => value)
  const { effort, disguise, value } = marketOf(config)
  const factors = effortFactors(config, seed, 1)
  return {
    config,
    seed,
    turn: 0,
    balance: each(config.genesis_tokens_per_agent),
    staked: each(0),
    unstaking: each(0),
    escrow: each(0),
    frozen: each(0),
    studies: each(0),
    signed: each(false),
    stakedSince: each(0),
    reputation: each(50),
    burnWeight: each(0),
    maturing: [],
    pendingBurns: [],
    coreOwners: Array.from({ length: config.num_cores }, () => null),
    contracts: {},
    ...(effort > 0 || disguise > 0 ? { work: {} } : {}),
    ...(factors && { effortFactors: factors }),
    ...(value > 0 ? { concluded: {} } : {}),
    proposed: 0,
    speeches: [],
    block: null,
    last: null,
    did: [],
    governance: { window: [], relieved: [], fund: 0 },
    lotteryWords: stream(seed, 'lottery').words(),
    unitWords: stream(seed, 'units').words(),
  }
}

/** What efforts are multiplied by from this turn on, where a new draw is due; each agent's is a stream of its own. */
export function effortFactors(config: Config, seed: number, turn: number): number[] | undefined {
  const { effort, swing } = marketOf(config)
  if (effort === 0 || swing === null || (turn - 1) % swing.turns !== 0) return undefined
  const { spread } = swing
  return roster(config.num_agents).map(agent => SCALE + stream(seed, 'effort', agent, turn).int(-spread, spread))
}

/**
 * The copy that a step changes. What is not copied here (core owners, a contract, the governance record) is replaced in it,
 * never changed. Arrays are spread: `slice` of a frozen array is ten times slower.
 */
export function draftOf(state: State): State {
  // Field by field: writing over what `...state` brought costs seven times the whole copy.
  const draft: State = {
    config: state.config,
    seed: state.seed,
    turn: state.turn,
    balance: [...state.balance],
    staked: [...state.staked],
    unstaking: [...state.unstaking],
    escrow: [...state.escrow],
    frozen: [...state.frozen],
    studies: [...state.studies],
    signed: [...state.signed],
    stakedSince: [...state.stakedSince],
    reputation: [...state.reputation],
    burnWeight: [...state.burnWeight],
    maturing: [...state.maturing],
    pendingBurns: [...state.pendingBurns],
    coreOwners: state.coreOwners,
    contracts: { ...state.contracts },
    proposed: state.proposed,
    speeches: [],
    block: state.block,
    last: state.last,
    did: state.did,
    governance: state.governance,
    lotteryWords: state.lotteryWords,
    unitWords: state.unitWords,
  }
  if (state.work !== undefined) draft.work = { ...state.work }
  if (state.effortFactors !== undefined) draft.effortFactors = state.effortFactors
  if (state.concluded !== undefined) draft.concluded = {}
  return draft
}

/** Everything an agent owns and owes: balance, stake, unstaking and escrow less frozen debt. */
export function worthOf({ balance, staked, unstaking, escrow, frozen }: Accounts, row: number): number {
  return balance[row]! + staked[row]! + unstaking[row]! + escrow[row]! - frozen[row]!
}

/** All tokens there are: every agent's worth and the arbitrators' fund. */
export function supplyOf(state: State): number {
  let supply = state.governance.fund
  for (let row = 0; row < state.balance.length; row++) supply += worthOf(state, row)
  return supply
}
