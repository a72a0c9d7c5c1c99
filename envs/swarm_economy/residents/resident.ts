/** What the characters share: whom one can make an offer to, and how one chooses. */
import type { Agent, State } from '../state.ts'
import { pendingOf } from '../trades.ts'

/** Active others that have no pending proposal from `self`. */
export function targets(state: State, self: Agent): Agent[] {
  const addressed = new Set(pendingOf(state).flatMap(({ from, to }) => (from === self.id ? [to] : [])))
  return state.agents.filter(agent => agent !== self && agent.frozenFor === null && !addressed.has(agent.id))
}

/** The item of the highest value, the first among equals. Not for empty lists. */
export function best<T>(items: readonly T[], value: (item: T) => number): T {
  return items.reduce((leader, item) => (value(item) > value(leader) ? item : leader))
}

export function oneDecimal(value: number): number {
  return Number(value.toFixed(1)) + 0
}
