/** Looks for the best-paid task, gives as little as it can, and seldom takes part in the feed. */
import { agentOf } from '../state.ts'
import type { Character } from './character.ts'
import { best } from './resident.ts'

/** Below this bounty, times the multiplier, a task is not worth its while. */
const WORTHWHILE = 15

export const opportunistic: Character = {
  accepts({ state }, { from, transfer }) {
    if (transfer <= 0) return 0
    return 0.35 + (state.config.social_standing ? Math.min(0.3, 0.05 * agentOf(state, from).social) : 0)
  },
  work(random) {
    if (random.chance(0.25)) return null
    return random.chance(0.3) ? random.uniform(0.45, 0.6) : random.uniform(0.6, 0.75)
  },
  claims({ state, random }, open) {
    const richest = best(open, ({ bounty }) => bounty)
    return richest.bounty >= WORTHWHILE * state.levers.bounty_multiplier && random.chance(0.7) ? richest : undefined
  },
  votes: 0.15,
  posts: 0.05,
  proposes: 0.08,
  transfers: [-6, 0],
  words: {
    posts: ['Only taking tasks that pay.', 'Bounties look thin today.'],
    offers: ['My time has a price; take it or leave it.', 'I can fit this in if you cover the cost.'],
  },
}
