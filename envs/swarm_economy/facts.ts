/** A log of this economy in terms that all economies share: hidden types, dealings, how everybody stood. */
import type { Dealing, Facts } from '../core/environment.ts'
import { eventsOf } from '../core/log.ts'
import { START_REPUTATION, type SwarmEvent, type SwarmTypes } from './state.ts'

/** What a trade event says became of an offer. The proposer is `agent` where the addressee is `to`. */
const OUTCOMES: Readonly<Partial<Record<SwarmEvent['type'], string>>> = {
  trade_proposed: 'offered',
  trade_accepted: 'accepted',
  trade_rejected: 'rejected',
  trade_cancelled: 'cancelled',
  trade_expired: 'expired',
}

export const facts: Facts<SwarmTypes> = {
  kinds(log) {
    for (const [, event] of eventsOf(log))
      if (event.type === 'opened') return Object.fromEntries(event.agents.map(({ agent, type }) => [agent, type]))
    return {}
  },
  dealings(log) {
    const dealings: Dealing[] = []
    for (const [t, event] of eventsOf(log)) {
      const outcome = OUTCOMES[event.type]
      if (outcome === undefined) continue
      const { agent, from, to } = event as { agent: string; from?: string; to?: string }
      dealings.push({ t, kind: 'trade', from: from ?? agent, to: to ?? agent, outcome })
    }
    return dealings
  },
  standings(log) {
    const agents = Object.keys(log.header.seats)
    const standings = {
      reputation: Object.fromEntries(agents.map(agent => [agent, [] as number[]])),
      resources: Object.fromEntries(agents.map(agent => [agent, [] as number[]])),
    }
    let reputation: readonly number[] = agents.map(() => START_REPUTATION)
    let resources: readonly number[] = agents.map(() => 0)
    for (const { events } of log.steps) {
      for (const event of events) {
        if (event.type === 'opened') resources = agents.map(() => event.resources)
        if (event.type === 'step_ended') ({ reputation, resources } = event)
      }
      for (const [i, agent] of agents.entries()) {
        standings.reputation[agent]!.push(reputation[i]!)
        standings.resources[agent]!.push(resources[i]!)
      }
    }
    return standings
  },
}
