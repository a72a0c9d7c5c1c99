/** The scripted players of spatial_planning: each plays whatever role its seat has. */
import type { BotSet } from '../index.ts'
import { brazen } from './brazen.ts'
import { deceptive } from './deceptive.ts'
import { honest } from './honest.ts'
import { opportunistic } from './opportunistic.ts'
import { rationalVoter } from './rational_vote.ts'
import { alwaysProject, neverProject } from './steering.ts'

export const spatialPlanningBots: BotSet = {
  bots: {
    honest: {
      description:
        'Declares, appraises and asks the truth, keeps promises, trades on its signals, buys plots only where it cannot lose, or of holders who understate.',
      factory: honest,
    },
    opportunistic: {
      description:
        'Shades declarations its way, dodges tax as far as it pays, buys what looks cheap, makes markets and follows trends.',
      factory: opportunistic,
    },
    deceptive: {
      description:
        'Declares what turns the decision without standing out, dodges tax, dumps shares, paints prices, posts sham bids.',
      factory: deceptive,
    },
    brazen: { description: 'As deceptive, but declares the most that is allowed for what it wants.', factory: brazen },
    rational_vote: {
      description: 'Asks a tenth above its loss, offers the cheapest sum that carries, votes by the sum; honest without a vote.',
      factory: rationalVoter,
    },
    always_project: { description: 'Wants the project whatever it is worth.', factory: alwaysProject },
    never_project: { description: 'Wants no project whatever it is worth.', factory: neverProject },
  },
  // Beside the developer, in seat order: honest owners, and speculators that punish under-declaring. To train on, anybody anywhere.
  opponents: { honest: 5, opportunistic: 6 },
  shuffled: ['harberger_train', 'futarchy_train', 'voting_train', 'harberger_speculator_train', 'futarchy_speculator_train'],
  players: ['bot:honest', 'bot:opportunistic', 'bot:deceptive'],
}
