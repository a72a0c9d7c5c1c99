/**
 * The single-agent view: one seat for the caller, every other seat played by policies or left to residents. What
 * Gymnasium calls an environment.
 */
import type { CallResult, Decision, Environment, EnvTypes } from './environment.ts'
import type { EpisodeLog } from './log.ts'
import type { PolicyFactory } from './policy.ts'
import { Table, type TableView } from './table.ts'
import type { AgentId, ToolName } from './tool.ts'

export interface SoloOptions<T extends EnvTypes> {
  /** The caller's seat; the learner's by default. */
  readonly seat?: AgentId
  readonly config?: unknown
  /** A policy factory per other seat. A seat that is no resident's needs one. */
  readonly opponents?: Readonly<Record<AgentId, PolicyFactory<T>>>
}

export interface SoloInfo {
  /** The tools the caller may call now: the action mask. */
  readonly legal: readonly ToolName[]
  /** What came of the caller's last decision, call by call. */
  readonly results: readonly CallResult[]
  /** Steps of the world so far. */
  readonly t: number
}

export interface SoloStep<T extends EnvTypes> {
  readonly observation: T['Observation']
  /** The change of the caller's score since its last reward; the first counts from the start of the game. */
  readonly reward: number
  readonly terminated: boolean
  readonly truncated: boolean
  readonly info: SoloInfo
}

export interface Solo<T extends EnvTypes> {
  /** Starts a new episode; without a seed the one after the last. Answers with a promise when an opponent does. */
  reset(seed?: number): SoloReset<T> | Promise<SoloReset<T>>
  observe(): T['Observation']
  /** Plays the caller's decision and everybody else's up to the caller's next turn. Answers with a promise when an opponent does. */
  step(decision: Decision): SoloStep<T> | Promise<SoloStep<T>>
  readonly log: EpisodeLog<T>
}

export interface SoloReset<T extends EnvTypes> {
  readonly observation: T['Observation']
  readonly info: SoloInfo
}

/**
 * A game for one caller. Throws as `Table` does: a UserError for a wrong configuration, a RangeError where a seat that is no resident's
 * has no opponent, a TableError for a step without a game or a decision out of turn.
 */
export function solo<T extends EnvTypes>(
  env: Environment<T>,
  { seat, config = {}, opponents = {} }: SoloOptions<T> = {},
): Solo<T> {
  const table = new Table(env, { config, opponents, ...(seat !== undefined && { live: [seat] }) })
  const mine = table.live[0]!
  const info = (): SoloInfo => ({ legal: table.offered(mine), results: table.results(mine), t: table.view.t })
  const told = (): SoloReset<T> => ({ observation: table.observe(mine), info: info() })
  const paid = ({ rewards, terminated, truncated }: TableView): SoloStep<T> => {
    const { observation, info } = told()
    return { observation, reward: rewards[mine]!, terminated, truncated, info }
  }
  return {
    reset(seed) {
      const view = table.reset(seed)
      return view instanceof Promise ? view.then(told) : told()
    },
    observe: () => table.observe(mine),
    step(decision) {
      const view = table.step({ [mine]: decision })
      return view instanceof Promise ? view.then(paid) : paid(view)
    },
    get log() {
      return table.log
    },
  }
}
