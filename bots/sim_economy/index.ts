/** The scripted players of sim_economy. */
import type { BotSet } from '../index.ts'
import { deceptive } from './deceptive.ts'
import { honest } from './honest.ts'
import { opportunistic } from './opportunistic.ts'
import { paperHarness } from './paper_harness.ts'

export const simEconomyBots: BotSet = {
  bots: {
    honest: {
      description:
        'Keeps a reserve, works when it is gone and mines otherwise; offers and accepts fair contracts, delivers, attests truthfully.',
      factory: honest,
    },
    opportunistic: {
      description:
        'Takes what pays best next turn: jobs while they pay, short answers where they cost, contracts in its favour, cores below their worth.',
      factory: opportunistic,
    },
    deceptive: {
      description:
        'Plays honest for 5 to 15 turns, then breaks contracts, colludes as arbitrator and says the opposite of what it does.',
      factory: deceptive,
    },
    paper_harness: {
      description:
        'The published study’s policy: thresholds on balance and stake, units from one CPython-compatible generator seeded with the episode’s seed.',
      factory: paperHarness,
    },
  },
  opponents: { honest: 3, opportunistic: 2, deceptive: 2 },
  players: ['bot:honest', 'bot:opportunistic', 'bot:deceptive'],
}
