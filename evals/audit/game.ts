/** One game of scripted players, and what an audit keeps of it. Knows no attack and no target. */
import { seatPolicies, seatsByPlayer } from '../../envs/core/ask.ts'
import { type AnyEnvironment, type AnyTypes, type Decision, defaultPlayed } from '../../envs/core/environment.ts'
import { Episode } from '../../envs/core/episode.ts'
import type { EpisodeLog } from '../../envs/core/log.ts'
import type { AnyPolicyFactory, Turn } from '../../envs/core/policy.ts'
import { stream } from '../../envs/core/random.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import { drawnOrder } from '../../rollouts/lineup.ts'

/** What is kept of one seat's game. */
export interface Outcome {
  readonly reward: number
  /** Null where the seat has none to lose. */
  readonly reputation: number | null
}

export interface GameSpec {
  readonly env: AnyEnvironment
  /** Resolved. */
  readonly config: object
  readonly seed: number
  /** Repeats differ in the evaluated seats' own randomness alone. */
  readonly repeat: number
  readonly evaluated: Readonly<Record<AgentId, AnyPolicyFactory>>
  /** For the seats that are left and are no residents'. */
  readonly crowd: readonly AnyPolicyFactory[]
  /**
   * How they sit down: `in_turn`, repeated or cut to fit; `shuffled`, the same in an order of the seed, as in runs of presets
   * that shuffle; `drawn`, one of them drawn for every seat.
   */
  readonly seating: 'in_turn' | 'shuffled' | 'drawn'
  /** Called for every decision of an evaluated seat, with what it was made of. */
  readonly onDecision?: (turn: Turn<AnyTypes>, decision: Decision) => void
}

/** Plays one game to its end. Throws where a policy answers with a promise: audits play scripts. */
export function playGame({ env, config, seed, repeat, evaluated, crowd, seating, onDecision }: GameSpec): EpisodeLog<AnyTypes> {
  const seats = env.seats(config)
  const left = defaultPlayed(seats).filter(agent => evaluated[agent] === undefined)
  const random = stream(seed, 'audit', 'lineup')
  const taken = left.map((_, i) => (seating === 'drawn' ? random.pick(crowd) : crowd[i % crowd.length]!))
  const drawn = seating === 'shuffled' ? drawnOrder(taken, seed) : taken
  const factories: Record<AgentId, AnyPolicyFactory> = {
    ...evaluated,
    ...Object.fromEntries(left.map((agent, i) => [agent, drawn[i]!])),
  }
  const named = Object.fromEntries(Object.keys(factories).map(agent => [agent, 'audit']))
  const episode = new Episode(env, config, seed, { repeat, seats: named })
  const repeatOf = (agent: AgentId): number => (evaluated[agent] === undefined ? 0 : repeat)
  const game = { env, config: episode.config, seats, seed, repeatOf }
  const policies = new Map(
    [...seatsByPlayer(factories)].flatMap(([factory, agents]) => seatPolicies<AnyTypes>(factory, agents, game)),
  )
  while (!episode.over) {
    const decisions: Record<AgentId, Decision> = {}
    for (const agent of episode.actors()) {
      const turn = episode.turn(agent, undefined, repeatOf(agent))
      const decision = policies.get(agent)!.act(turn)
      if (decision instanceof Promise) throw new TypeError(`audit: the policy of ${agent} answered with a promise`)
      decisions[agent] = decision
      if (evaluated[agent] !== undefined) onDecision?.(turn, decision)
    }
    episode.step(decisions)
  }
  return episode.log
}

/** What the seats' games were worth. */
export function outcomes(env: AnyEnvironment, log: EpisodeLog<AnyTypes>, seats: readonly AgentId[]): Outcome[] {
  const scores = env.score(log)
  return seats.map(agent => {
    const { reward, reputation } = scores[agent]!
    return { reward, reputation }
  })
}
