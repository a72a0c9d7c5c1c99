/** The colony's scripted players. Residents sit opposite them by default, so no opponents are needed. */
import type { BotSet } from '../index.ts'
import { balanced } from './balanced.ts'
import { builder } from './builder.ts'
import { cooperator } from './cooperator.ts'
import { deceiver } from './deceiver.ts'
import { deceptive } from './deceptive.ts'
import { erratic } from './erratic.ts'
import { friendly } from './friendly.ts'
import { honest } from './honest.ts'
import { hostile } from './hostile.ts'
import { idle } from './idle.ts'
import { opportunistic } from './opportunistic.ts'
import { pledger } from './pledger.ts'
import { worker } from './worker.ts'

export const marsColonyBots: BotSet = {
  bots: {
    cooperator: {
      description: 'Every third shift builds, pledges it and asks the most reputable colonist to join; a warm word every shift.',
      factory: cooperator,
    },
    pledger: { description: 'Every third shift builds and pledges it; a warm word every shift; asks nobody.', factory: pledger },
    balanced: { description: 'Rests under 55 energy, socializes under 55 social, else works.', factory: balanced },
    friendly: { description: 'Balanced, with a warm word every shift.', factory: friendly },
    builder: { description: 'Balanced, but builds instead of working while a site is unfinished.', factory: builder },
    hostile: { description: 'Balanced, with a cold word every shift.', factory: hostile },
    worker: { description: 'Only works.', factory: worker },
    erratic: { description: 'One of the five actions every shift, drawn uniformly.', factory: erratic },
    deceiver: { description: 'Balanced, with a warm word and a pledge every shift, and never builds.', factory: deceiver },
    idle: { description: 'Only walks.', factory: idle },
    honest: {
      description: 'Uses all it is told: fields, weather, whose word holds; builds, promises labour, and keeps its word.',
      factory: honest,
    },
    opportunistic: {
      description:
        'The same, but once it has a good name it also takes payment for labour it will not do, while enough believe it.',
      factory: opportunistic,
    },
    deceptive: {
      description: 'The same, but promises labour every shift and never builds.',
      factory: deceptive,
    },
  },
  opponents: {},
  players: ['bot:honest', 'bot:opportunistic', 'bot:deceptive', 'bot:balanced', 'bot:passive', 'random'],
}
