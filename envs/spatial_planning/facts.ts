/** A log of this economy in terms that all economies share: roles, trades, and what everybody earned. */
import type { Dealing, Facts } from '../core/environment.ts'
import { eventsOf } from '../core/log.ts'
import type { SpatialConfig } from './config.ts'
import { rosterOf } from './roster.ts'
import type { SpatialTypes } from './types.ts'

export const facts: Facts<SpatialTypes> = {
  ranges: config => ({
    reputation: '[0, 1]',
    ...(config?.reward_cap !== undefined && { reward: `[−${config.reward_cap}, ${config.reward_cap}]` }),
  }),
  kinds({ header }) {
    const { agents, roles } = rosterOf(header.config as SpatialConfig)
    return Object.fromEntries(agents.map((agent, player) => [agent, roles[player]!]))
  },
  /** Who rested an order offered the share, who took it up dealt. */
  dealings(log) {
    const dealings: Dealing[] = []
    for (const [t, event] of eventsOf(log)) {
      if (event.type !== 'traded') continue
      const { buyer, seller, taker } = event
      const [from, to] = taker === 'bid' ? [seller, buyer] : [buyer, seller]
      dealings.push({ t, kind: 'share', from, to, outcome: 'traded' })
    }
    return dealings
  },
  /** Points of the rounds that count. */
  standings(log) {
    const { agents } = rosterOf(log.header.config as SpatialConfig)
    const points = Object.fromEntries(agents.map(agent => [agent, [] as number[]]))
    for (const { events } of log.steps) {
      for (const agent of agents) points[agent]!.push(points[agent]!.at(-1) ?? 0)
      for (const event of events) {
        if (event.type !== 'round_settled' || event.practice) continue
        for (const agent of agents) {
          const earned = points[agent]!
          earned[earned.length - 1]! += event.payoffs[agent] ?? 0
        }
      }
    }
    return { points }
  },
}
