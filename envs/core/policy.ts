/**
 * Minds: what a player is to the runner. A scripted bot answers at once, a model later; nobody can tell the difference.
 * A policy sees observations, never states.
 */
import type { Playable } from './environment.ts'
import type { AnyTypes, CallResult, Decision, PlayTypes, Seat } from './exchange.ts'
import type { Random } from './random.ts'
import type { AgentId, Checked, PlayerTools, ToolName } from './tool.ts'

export { call, PASS } from './exchange.ts'

/** One agent's turn. */
export interface Turn<T extends PlayTypes> {
  readonly agent: AgentId
  /** Steps of the episode so far. */
  readonly t: number
  readonly observation: T['Observation']
  /** The tools this agent may call now. */
  readonly offered: readonly ToolName[]
  /** The tools of this turn, where a server makes them up as it goes; the economy's where absent. */
  readonly tools?: PlayerTools<T>
  /** What came of this agent's last decision, call by call. */
  readonly results: readonly CallResult[]
  /** This seat's own randomness, of this step; it cannot disturb the economy's or another seat's. */
  readonly random: Random
  readonly repeat: number
  /** What the economy would say to this call now. An `ask` tool is answered here. */
  readonly check: (call: unknown) => Checked
  /** Aborted when the episode is given up, or this turn alone: nobody waits for its decision any more. */
  readonly signal?: AbortSignal
}

export interface Policy<T extends PlayTypes> {
  act(turn: Turn<T>): Decision | Promise<Decision>
}

/** Where a policy sits. */
export interface SeatContext<T extends PlayTypes> {
  readonly env: Playable<T>
  readonly config: T['Config']
  readonly seat: Seat
  readonly repeat: number
}

/** Makes one policy per seat and episode, so memory is a variable of the closure and never leaks between seats. */
export interface PolicyFactory<T extends PlayTypes> {
  (context: SeatContext<T>): Policy<T>
  /**
   * For players that share something over an episode: called once before the first seat, with the seats this factory
   * plays, and gives the maker of their policies. The only kind of player that receives the seed.
   */
  readonly episode?: (seed: number, seats: readonly AgentId[]) => (context: SeatContext<T>) => Policy<T>
}

export type AnyPolicyFactory = PolicyFactory<AnyTypes>
