/** Cooperates, accepts most fair proposals, does thorough work. */

import { agentOf } from '../state.ts'
import { TEMPLATES } from '../templates.ts'
import { tradeLabel } from '../trades.ts'
import type { Character } from './character.ts'
import { best } from './resident.ts'

export const honest: Character = {
  accepts({ state }, { from, transfer }) {
    return tradeLabel(agentOf(state, from).reputation, transfer) > 0.5 ? 0.6 : 0
  },
  work: random => random.uniform(0.75, 0.88),
  claims: ({ random }, open) =>
    random.chance(0.75) ? best(open, ({ bounty, template }) => bounty / (1 + TEMPLATES[template]!.difficulty)) : undefined,
  votes: 0.5,
  posts: 0.12,
  proposes: 0.15,
  transfers: [2, 10],
  words: {
    posts: [
      'Finished my part of the work; glad to share how I went about it.',
      'Good to see steady work this epoch. Let us keep the market fair.',
      'If anybody is short of resources, make me an offer.',
    ],
    offers: ['A small advance so that we both can plan ahead.', 'Happy to support your next task with this.'],
  },
}
