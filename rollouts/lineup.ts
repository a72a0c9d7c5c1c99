/**
 * Who sits where: the evaluated player in the learner's seat, fixed seats, and opponents in the seats that are left.
 * Knows seats, not what players are.
 */
import { type AnyEnvironment, defaultPlayed, learnerOf } from '../envs/core/environment.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import { stream } from '../envs/core/random.ts'
import type { AgentId } from '../envs/core/tool.ts'
import type { Player } from './player.ts'
import type { Lineup } from './rollout.ts'

/** So many of one player. */
export interface Share {
  readonly player: Player
  readonly count: number
}

export interface Seating {
  /** The evaluated player, for the learner's seat; absent where `fixed` says who is evaluated. */
  readonly learner?: Player
  /** Players of named seats, residents' among them. */
  readonly fixed: Readonly<Record<AgentId, Player>>
  /** For the seats that are left and are no residents', in seat order. */
  readonly opponents: readonly Share[]
  /** Whether the opponents were named by somebody, and so must fill the seats exactly; else they are repeated or cut to fit. */
  readonly exact: boolean
  /** Whether the opponents' order is drawn from the seed, so that no seat tells who sits there. */
  readonly shuffle?: boolean
}

export interface Seated {
  readonly lineup: Lineup
  /** The learner's seat, or without a learner the fixed seats. */
  readonly evaluated: readonly AgentId[]
  /** The seats whose players change places from seed to seed; absent where everybody stays. */
  readonly shuffled?: readonly AgentId[]
}

/** Who sits where in the games of one seed: the line-up itself, or the same players in an order of that seed's own. */
export function lineupOf({ lineup, shuffled }: Seated, seed: number): Lineup {
  if (shuffled === undefined) return lineup
  return {
    ...lineup,
    ...inSeats(
      shuffled,
      drawnOrder(
        shuffled.map(agent => lineup[agent]!),
        seed,
      ),
    ),
  }
}

/** Opponents in the order in which a seed seats them. */
export function drawnOrder<P>(opponents: readonly P[], seed: number): P[] {
  return stream(seed, 'lineup').shuffle(opponents)
}

const inSeats = <P>(agents: readonly AgentId[], players: readonly P[]): Record<AgentId, P> =>
  Object.fromEntries(agents.map((agent, i) => [agent, players[i]!]))

/** Seats the players in an economy of that configuration. A UserError where they do not fit. */
export function seat(
  env: AnyEnvironment,
  config: object,
  { learner, fixed, opponents, exact, shuffle = false }: Seating,
): Seated {
  const seats = env.seats(config)
  const ids = seats.map(({ agent }) => agent)
  const unknown = Object.keys(fixed).find(agent => !ids.includes(agent))
  if (unknown !== undefined)
    throw new UserError(`No seat '${unknown.slice(0, 64)}' in ${env.id}. Seats: ${listed(ids)}.${nearest(unknown, ids)}`)
  const own = learnerOf(seats)
  const taken: Record<AgentId, Player> = { ...fixed }
  if (learner !== undefined) {
    if (fixed[own] !== undefined)
      throw new UserError(`Seat ${own} is where --players sit; leave out --players, or give --seat for another seat.`)
    taken[own] = learner
  }
  const left = defaultPlayed(seats).filter(agent => taken[agent] === undefined)
  const crowd = opponents.flatMap(({ player, count }) => Array<Player>(count).fill(player))
  if (exact && crowd.length !== left.length)
    throw new UserError(
      left.length === 0
        ? `${env.id} has no seat left for opponents: its other seats are residents'; give --seat ID=PLAYER to take one.`
        : `Expected as many opponents as ${env.id} has seats left (${left.length}: ${listed(left)}), got ${crowd.length}.`,
    )
  for (const [i, agent] of left.entries()) {
    if (crowd.length === 0) throw new UserError(`Nobody plays ${agent} of ${env.id}; name opponents with --opponents NAME:COUNT.`)
    taken[agent] = crowd[i % crowd.length]!
  }
  return {
    lineup: Object.fromEntries(ids.flatMap(agent => (taken[agent] === undefined ? [] : [[agent, taken[agent]]]))),
    evaluated: learner === undefined ? ids.filter(agent => fixed[agent] !== undefined) : [own],
    ...(shuffle && left.length > 1 && { shuffled: left }),
  }
}

function listed(ids: readonly string[]): string {
  return ids.length <= 12 ? ids.join(', ') : `${ids.slice(0, 11).join(', ')}, … ${ids.at(-1)}`
}
