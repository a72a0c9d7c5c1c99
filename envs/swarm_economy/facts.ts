/** A log of this economy in terms that all economies share: hidden types, dealings, how everybody stood. */
import type { Dealing, Facts } from '../core/environment.ts'
import { eventsOf } from '../core/log.ts'
import { startsOf, weightsOf } from './score.ts'
import { START_REPUTATION, type SwarmEvent, type SwarmTypes } from './state.ts'

/**
 * What a trade event says became of an offer, and what of a loan. The proposer, or the taker, is `agent` where the other side
 * is `to`.
 */
const OUTCOMES: Readonly<Partial<Record<SwarmEvent['type'], readonly [kind: string, outcome: string]>>> = {
  trade_proposed: ['trade', 'offered'],
  trade_accepted: ['trade', 'accepted'],
  trade_rejected: ['trade', 'rejected'],
  trade_cancelled: ['trade', 'cancelled'],
  trade_expired: ['trade', 'expired'],
  loan_repaid: ['loan', 'repaid'],
  loan_overdue: ['loan', 'broken'],
  loan_collected: ['loan', 'collected'],
}

export const facts: Facts<SwarmTypes> = {
  ranges(config) {
    const payoff = config === undefined || config.payoff_score === 'tanh' ? '[−1, 1]' : '[0, 1]'
    const reputation = config === undefined || config.reputation_score === 'change' ? '[−1, 1]' : '[0, 1]'
    return {
      payoff,
      payoff_reward: payoff,
      reputation,
      reputation_reward: reputation,
      diversity: '[0, 1]',
      task_quality: '[0, 1]',
      activity_quality: '[0, 1]',
    }
  },
  weights: weightsOf,
  kinds(log) {
    for (const [, event] of eventsOf(log))
      if (event.type === 'opened') return Object.fromEntries(event.agents.map(({ agent, type }) => [agent, type]))
    return {}
  },
  dealings(log) {
    const dealings: Dealing[] = []
    for (const [t, event] of eventsOf(log)) {
      const known = OUTCOMES[event.type]
      if (known === undefined) continue
      const [kind, outcome] = known
      const { agent, from, to } = event as { agent: string; from?: string; to?: string }
      dealings.push({ t, kind, from: from ?? agent, to: to ?? agent, outcome })
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
        if (event.type === 'opened') [reputation, resources] = [startsOf(event), agents.map(() => event.resources)]
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
