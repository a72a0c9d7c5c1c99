/**
 * Seats policies and asks them: what everything that plays a game has in common. Answers that are there cost no promise. Knows
 * no rules and no log.
 */
import type { Decision, EnvTypes, Playable, Seat } from './environment.ts'
import type { Policy, PolicyFactory } from './policy.ts'
import type { AgentId } from './tool.ts'

/** A policy ends its episode by throwing it: the reason becomes the log's footer, and what was played so far is scored. */
export class EpisodeStopped extends Error {
  override readonly name = 'EpisodeStopped'
  /** snake_case, such as `player_quit`. */
  readonly reason: string
  constructor(reason: string) {
    super(`the episode was stopped: ${reason}`)
    this.reason = reason
  }
}

/** A policy threw or rejected: `cause` is what it threw. */
export class SeatFailure extends Error {
  override readonly name = 'SeatFailure'
  readonly agent: AgentId
  constructor(agent: AgentId, cause: unknown) {
    super(`${agent} failed`, { cause })
    this.agent = agent
  }
}

/** The seats of each player, in the order of the line-up. */
export function seatsByPlayer<P>(lineup: Readonly<Record<AgentId, P>>): Map<P, AgentId[]> {
  const seats = new Map<P, AgentId[]>()
  for (const [agent, player] of Object.entries(lineup)) {
    const taken = seats.get(player)
    if (taken === undefined) seats.set(player, [agent])
    else taken.push(agent)
  }
  return seats
}

/** One policy for each of the seats that a factory plays in one episode. */
export function seatPolicies<T extends EnvTypes>(
  factory: PolicyFactory<T>,
  agents: readonly AgentId[],
  game: {
    readonly env: Playable<T>
    readonly config: T['Config']
    readonly seats: readonly Seat[]
    readonly seed: number
    /** The repeat that a seat's own randomness is drawn for. */
    readonly repeatOf: (agent: AgentId) => number
  },
): (readonly [AgentId, Policy<T>])[] {
  const { env, config, seats, seed, repeatOf } = game
  const make = factory.episode?.(seed, agents) ?? factory
  return agents.map(agent => [
    agent,
    make({ env, config, seat: seats.find(seat => seat.agent === agent)!, repeat: repeatOf(agent) }),
  ])
}

/**
 * Asks all agents at once. Answers that are there go into `decisions`, the others will: what is given back is to be waited for;
 * undefined where nothing is. Throws or rejects with a SeatFailure.
 */
export function ask(
  agents: readonly AgentId[],
  act: (agent: AgentId) => Decision | Promise<Decision>,
  decisions: Record<AgentId, Decision>,
): Promise<void>[] | undefined {
  let waits: Promise<void>[] | undefined
  for (const agent of agents) {
    let answer: Decision | Promise<Decision>
    try {
      answer = act(agent)
    } catch (error) {
      if (waits === undefined) throw new SeatFailure(agent, error)
      // Others have been asked already: they are waited for like after any other failure.
      answer = Promise.reject(error)
    }
    if (answer instanceof Promise) {
      const settled = answer.then(
        decision => {
          decisions[agent] = decision
        },
        error => {
          throw new SeatFailure(agent, error)
        },
      )
      if (waits === undefined) waits = [settled]
      else waits.push(settled)
    } else decisions[agent] = answer
  }
  return waits
}

/** Waits for all. At the first failure the others are told to give up and waited for too, so that nothing is left running. */
export async function settle(waits: readonly Promise<void>[], giveUp: (failure: unknown) => void): Promise<void> {
  try {
    await Promise.all(waits)
  } catch (error) {
    giveUp(error)
    await Promise.allSettled(waits)
    throw error
  }
}
