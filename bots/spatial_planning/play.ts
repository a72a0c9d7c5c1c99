/** Plays whole sessions of scripted players at once: for studies, benchmarks and tests. */
import type { Decision, Seat } from '../../envs/core/environment.ts'
import { Episode } from '../../envs/core/episode.ts'
import { spatialPlanning } from '../../envs/spatial_planning/index.ts'
import type { SpatialTypes } from '../../envs/spatial_planning/types.ts'
import { anyBots } from '../index.ts'
import { spatialPlanningBots } from './index.ts'

/** A session played to its end; `botOf` names the bot of each seat. */
export function playSession(config: object, seed: number, botOf: (seat: Seat) => string): Episode<SpatialTypes> {
  const bots = { ...anyBots, ...spatialPlanningBots.bots }
  const seats = spatialPlanning.seats(spatialPlanning.config.parse(config))
  const names = Object.fromEntries(seats.map(seat => [seat.agent, botOf(seat)]))
  const episode = new Episode<SpatialTypes>(spatialPlanning, config, seed, {
    seats: Object.fromEntries(Object.entries(names).map(([agent, name]) => [agent, `bot:${name}`])),
  })
  const context = { env: spatialPlanning, config: episode.config, repeat: 0 }
  const policies = new Map(seats.map(seat => [seat.agent, bots[names[seat.agent]!]!.factory({ ...context, seat })]))
  while (!episode.over) {
    const decisions: Record<string, Decision> = {}
    for (const agent of episode.actors()) decisions[agent] = policies.get(agent)!.act(episode.turn(agent)) as Decision
    episode.step(decisions)
  }
  return episode
}
