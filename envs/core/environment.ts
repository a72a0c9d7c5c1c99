/**
 * The contract: what an economy is. An environment is one object of pure functions over plain JSON state; nothing in it
 * awaits, logs, reads a clock or remembers. What plays it (`policy.ts`), what remembers it (`episode.ts`) and what
 * measures it (`rollouts/`, `evals/`) is elsewhere.
 */
import type { z } from 'zod'
import type { Encoding } from './encoding.ts'
import type { AnyTypes, CallResult, Decisions, Done, EnvTypes, PlayTypes, Refused, Seat } from './exchange.ts'
import type { EpisodeLog } from './log.ts'
import type { AgentId, PlayerTools, Refusal, ToolName, ToolSet } from './tool.ts'

export type * from './exchange.ts'

export type AnyEnvironment = Environment<AnyTypes>

export interface Step<T extends EnvTypes> {
  readonly state: T['State']
  /** For every seat, how much `score(log).reward` changed. */
  readonly rewards: Readonly<Record<AgentId, number>>
  readonly events: readonly T['Event'][]
  readonly results: Readonly<Record<AgentId, readonly CallResult[]>>
  readonly refused: readonly Refused[]
  readonly done: Done
  /** Why the game is over, in the economy's own words (`max_turns_reached`); where it is absent, `horizon` or `terminated`. */
  readonly stop?: string
}

/** How one message becomes play. */
export interface TurnRule {
  /** Calls of one message that are carried out; the rest are refused (`too_many_calls`). `Infinity` for no limit. */
  readonly maxCalls: number
  /** How often a refused call is given back to a model within the turn before the decision counts. */
  readonly repairs: number
  /** What a message without a call is: a move of its own (`pass`) or the end of that seat's play (`stop`). */
  readonly onSilence: 'pass' | 'stop'
  /** The move without arguments that does nothing, where there is one: what is played for silence that is to pass and not to stop. */
  readonly passTool?: ToolName
}

/**
 * Numbers that describe one seat's play. `reward` is the composite that the step rewards add up to; a part is null where the
 * economy has no such thing, or where it is not defined on this log (no contract was concluded, say).
 */
export interface Scores {
  readonly reward: number
  readonly payoff: number | null
  readonly reputation: number | null
  readonly survival: number | null
  readonly quality: number | null
  /** Further parts. */
  readonly [part: string]: number | null
}

/** What a metric is, for the docs table and the report. */
export interface MetricDoc {
  readonly description: string
  /** The formula in words or symbols. */
  readonly formula: string
  /** Such as `[0, 1]` or `≥ 0 tokens`. */
  readonly range: string
  /** Where the formula comes from: a publication, or `agoragym`. */
  readonly source: string
}

/** Numbers computed from a log and nothing else. */
export interface Metrics<T extends EnvTypes> {
  readonly docs: Readonly<Record<string, MetricDoc>>
  /** Every documented metric, of the world and of `agent`'s play; null where it is not defined on this log. */
  of(log: EpisodeLog<T>, agent: AgentId): Readonly<Record<string, number | null>>
}

/** An offer from one agent to another, or what became of it. */
export interface Dealing {
  readonly t: number
  /** What it is about: `trade`, `contract`. */
  readonly kind: string
  /** Who offered, and to whom. */
  readonly from: AgentId
  readonly to: AgentId
  /** `offered`, or in the economy's own words what became of it: `accepted`, `breached`. */
  readonly outcome: string
}

/** What a log says in terms that economies share, for tables and charts that know no economy's events. */
export interface Facts<T extends EnvTypes> {
  /**
   * What values a part of the score, or a metric, can take under a configuration, written as a metric's range is; of none, what holds
   * under every one. `survival` and `quality` are in `[0, 1]` unsaid. An economy's scenarios leave alone what this and `weights` read.
   */
  ranges?(config?: T['Config']): Readonly<Record<string, string>>
  /**
   * What each part counts in `reward`, where that is the sum of weight × part and each of these parts is a number on every log; the
   * range of the reward follows from theirs.
   */
  weights?(config: T['Config']): Readonly<Record<string, number>> | undefined
  /** Whether the units of a message cost something here: players whose units come from different sources are then not ranked. */
  readonly billed?: true
  /** The kind of agents whose seat does not tell it, such as the hidden types of residents. */
  kinds?(log: EpisodeLog<T>): Readonly<Record<AgentId, string>>
  /** Every offer and what became of it, in order. */
  dealings?(log: EpisodeLog<T>): readonly Dealing[]
  /** By quantity (`balance`, `reputation`) and agent: how the agent stood after each step of the log. */
  standings?(log: EpisodeLog<T>): Readonly<Record<string, Readonly<Record<AgentId, readonly number[]>>>>
}

/** A row of an economy's scenario data set: a configuration and a seed. */
export interface Scenario {
  readonly id: string
  /** As a user would write it; parsed by the environment's schema. */
  readonly config: unknown
  readonly seed: number
}

/**
 * What a player needs of an economy, wherever its world runs: in this process or on somebody's server. What is asked of the
 * player turn by turn (what it sees, what it may call, what came of its last calls) comes with its turn.
 */
export interface Playable<T extends PlayTypes> {
  /** snake_case; the name of its folder. */
  readonly id: string
  /** One line for lists. */
  readonly summary: string
  /** Everybody who may ever act, in a fixed order. */
  seats(config: T['Config']): readonly Seat[]
  /** All tools; the same object for the same configuration, never built per call. */
  tools(config: T['Config']): PlayerTools<T>
  turn(config: T['Config'], agent: AgentId): TurnRule
  /** The rules in words: a model's system prompt, and the first section of the docs. */
  rules(config: T['Config'], agent: AgentId): string
  /** The text a model reads. Other agents' words are escaped so that they cannot pose as a section or an instruction. */
  render(observation: T['Observation']): string
  /** Observations and actions as numbers, for learners without language; the same object for the same configuration. */
  encode?(config: T['Config']): Encoding<T>
}

/** An economy: what a player needs of it, and the engine that runs its world. */
export interface Environment<T extends EnvTypes> extends Playable<T> {
  /** Bumped whenever the same configuration, seed and decisions would give another log. */
  readonly version: number
  /** A strict schema, every field described, defaults filled. */
  readonly config: z.ZodType<T['Config']>
  /** Named configurations, as a user would write them; the first is the default. */
  readonly presets: Readonly<Record<string, object>>
  tools(config: T['Config']): ToolSet<T>
  /** The tools this agent may call now. */
  offered(state: T['State'], agent: AgentId): readonly ToolName[]
  /** Words the refusal of a tool that exists and is not offered (`wrong_phase`, `wrong_role`); `not_offered` by default. */
  withheld?(state: T['State'], agent: AgentId, tool: ToolName): Refusal
  /**
   * The state before the first step. `played` are the seats that players take; by default every seat that is no resident's.
   * The state holds its configuration and everything that decides its future, the seed included.
   */
  reset(config: T['Config'], seed: number, played?: readonly AgentId[]): T['State']
  /** Whose decision the next step wants, in seat order; only played seats. */
  actors(state: T['State']): readonly AgentId[]
  /** What all agents may see; computed once a step and frozen by whoever plays. */
  shared(state: T['State']): T['Shared']
  /** What one agent sees: `shared` by reference, and what is its own. Never the seed or another agent's secrets. */
  observe(state: T['State'], agent: AgentId, shared: T['Shared']): T['Observation']
  /**
   * One step of the world. `decisions` holds exactly the actors (a missing one is silence). Copies the state once; the
   * argument is left as it was.
   */
  step(state: T['State'], decisions: Decisions): Step<T>
  /** Scores of every seat, from any prefix of a log (with no step: the value at reset). */
  score(log: EpisodeLog<T>): Readonly<Record<AgentId, Scores>>
  readonly metrics: Metrics<T>
  readonly facts?: Facts<T>
  /** Invariants: what must hold across every step; what is wrong, or undefined. */
  readonly invariants?: Readonly<
    Record<string, (before: T['State'], after: T['State'], events: readonly T['Event'][]) => string | undefined>
  >
  /** The economy's scenario data set of a configuration: its first `count` rows, by default all that belong to it. */
  scenarios?(config: T['Config'], count?: number): readonly Scenario[]
}

/** Which seats a player takes when nobody says otherwise: all but the residents'. */
export function defaultPlayed(seats: readonly Seat[]): AgentId[] {
  return seats.filter(seat => !seat.resident).map(seat => seat.agent)
}

/** The seat that is evaluated by default. */
export function learnerOf(seats: readonly Seat[]): AgentId {
  return (seats.find(seat => seat.learner) ?? seats[0]!).agent
}
