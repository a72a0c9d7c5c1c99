/** The scripted players of sim_economy. */
import type { BotSet } from '../index.ts'
import { deceptive } from './deceptive.ts'
import { honest, wary } from './honest.ts'
import { opportunistic } from './opportunistic.ts'
import { paperHarness } from './paper_harness.ts'

export const simEconomyBots: BotSet = {
  bots: {
    honest: {
      description:
        'Offers and accepts fair contracts, delivers what was agreed, attests what it sees; deals with who has served it well, at the price they ask; else mines or works.',
      factory: honest,
    },
    wary: {
      description:
        'Honest, but sells its work dearer and deals with nobody who has served it badly more often than well; under the published rules, the honest bot.',
      factory: wary,
    },
    opportunistic: {
      description:
        'Takes what pays next: contracts in its favour, jobs while they pay; invests in nothing, breaks its word near the end and joins the deceivers where the rules make that pay.',
      factory: opportunistic,
    },
    deceptive: {
      description:
        'Plays honest for a while, then delivers something else, rules for its own kind, which it knows by a phrase, and sets traps with it.',
      factory: deceptive,
    },
    paper_harness: {
      description:
        'The published study’s policy: thresholds on balance and stake, units from one CPython-compatible generator seeded with the episode’s seed.',
      factory: paperHarness,
    },
  },
  opponents: { honest: 3, opportunistic: 2, deceptive: 2 },
  shuffled: ['standard', 'easy', 'hard', 'short'],
  players: ['bot:honest', 'bot:opportunistic', 'bot:deceptive'],
}
