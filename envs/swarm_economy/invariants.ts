/** What holds across every step: what is wrong, or undefined. */
import type { Environment } from '../core/environment.ts'
import { reputationChanges } from './accounts.ts'
import type { SwarmTypes } from './state.ts'
import { pendingOf } from './trades.ts'

export const invariants: NonNullable<Environment<SwarmTypes>['invariants']> = {
  bounds: (_before, { agents }) =>
    agents.every(({ reputation, resources }) => reputation >= 0 && reputation <= 100 && resources >= 0)
      ? undefined
      : `reputation or resources out of bounds: ${JSON.stringify(agents.map(({ reputation, resources }) => [reputation, resources]))}`,

  claims(_before, { agents, tasks }) {
    for (const { id, status, by } of tasks)
      if (status === 'claimed' && agents.find(agent => agent.id === by)?.task !== id) return `task #${id} is held by nobody`
    const loose = agents.find(({ id, task }) => task !== null && tasks[task - 1]?.by !== id)
    return loose === undefined ? undefined : `${loose.id} holds task #${loose.task}, which is not its own`
  },

  one_pending_proposal_a_pair(_before, state) {
    const pairs = pendingOf(state).map(({ from, to }) => `${from} to ${to}`)
    const double = pairs.find((pair, i) => pairs.indexOf(pair) < i)
    return double === undefined ? undefined : `two pending proposals from ${double}`
  },

  pending_are_listed: (_before, { proposals, pending }) =>
    proposals.flatMap(({ id, status }) => (status === 'pending' ? [id] : [])).join() === pending.join()
      ? undefined
      : `the pending proposals are listed as ${pending.join(', ') || 'none'}`,

  /** What the events say of reputation adds up to its change, cause by cause. */
  reputation_adds_up(before, after, events) {
    const sums = new Map(before.agents.map(({ id }) => [id, 0]))
    for (const { agent, by } of reputationChanges(
      events,
      before.agents.map(({ id }) => id),
    ))
      sums.set(agent, sums.get(agent)! + by)
    for (const [i, { id, reputation }] of after.agents.entries()) {
      const change = reputation - before.agents[i]!.reputation
      if (Math.abs(change - sums.get(id)!) > 1e-9) return `${id} changed by ${change}, its events say ${sums.get(id)}`
    }
    return undefined
  },
}
