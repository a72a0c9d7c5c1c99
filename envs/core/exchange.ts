/**
 * What passes between players and a world: seats, a message of calls and what is answered to them, and the types of an
 * environment under one name. Knows no environment and nobody who plays.
 */
import type { AgentId, Call, Refusal, ToolName } from './tool.ts'

/** The types of one environment, named once and passed around as one. */
export interface EnvTypes {
  Config: object
  State: object
  Observation: object
  /** What all agents may see, computed once a step; every observation holds it by frozen reference. */
  Shared: unknown
  Event: { readonly type: string }
}

// biome-ignore lint/suspicious/noExplicitAny: the registry and the runner hold environments of unknown types.
export type AnyTypes = { Config: any; State: any; Observation: any; Shared: any; Event: any }

/** The types that players speak of: an economy's without those of its engine. */
export type PlayTypes = Pick<EnvTypes, 'Config' | 'Observation'>

/** One place at the table. A resident is moved by the economy itself unless a player takes its seat. */
export interface Seat {
  readonly agent: AgentId
  readonly role: string
  /** True for the seat that is evaluated when nobody says otherwise. At most one seat has it; without one it is the first. */
  readonly learner?: boolean
  readonly resident?: boolean
}

/** Inference units of one message, for economies that bill thinking. Integers ≥ 0. */
export interface Units {
  readonly thinking: number
  readonly output: number
  readonly source: 'reported' | 'estimated'
}

/** One message of one agent: its calls in order; none is silence. */
export interface Decision {
  readonly calls: readonly Call[]
  readonly units?: Units
}
export type Decisions = Readonly<Record<AgentId, Decision>>

/** What an agent is told of one of its calls, in the order of the calls. */
export interface CallResult {
  readonly ok: boolean
  readonly text: string
}

/** A call that was not carried out. */
export interface Refused extends Refusal {
  readonly agent: AgentId
  readonly tool: ToolName
}

/**
 * Falsy while the game goes on; `terminated` by what happened in it, `truncated` where it reached its planned length: an end as
 * well, but one from which a learner still estimates what would have followed.
 */
export type Done = false | 'terminated' | 'truncated'

/** Silence. */
export const PASS: Decision = Object.freeze({ calls: Object.freeze([]) })

/** A decision of one call. */
export function call(tool: ToolName, args: object = {}): Decision {
  return { calls: [{ tool, args }] }
}
