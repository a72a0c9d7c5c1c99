/** The scripted learners of this economy: reference policies and learners that act like published models. */
import type { AnyPolicyFactory } from '../../envs/core/policy.ts'
import type { BotSet } from '../index.ts'
import { acceptAll } from './accept_all.ts'
import { calibrated, MANNERS } from './calibrated.ts'
import { citizen } from './citizen.ts'
import { always } from './constant.ts'
import { CITIZENS } from './manners.ts'
import { offerBest, PASS_TURN, POST } from './moves.ts'
import { uniformCalls } from './uniform_calls.ts'
import { worker } from './worker.ts'

/** The score of a trade rises up to a gift of 20, its stake up to 25. */
const SATURATING = { beside: 20, alone: 25 }

export const swarmBots: BotSet = {
  bots: {
    ...Object.fromEntries(
      Object.entries(CITIZENS).map(([name, { description, manner }]) => [
        name,
        { description, factory: citizen(manner) as AnyPolicyFactory },
      ]),
    ),
    worker: {
      description: 'Claims the richest open task, hands in good work, else passes.',
      factory: worker() as AnyPolicyFactory,
    },
    worker_offer: {
      description: 'A worker that offers 20 to the best-reputed agent when idle: where published policies trained by RL end up.',
      factory: worker(({ observation }) => offerBest(observation, SATURATING.beside)) as AnyPolicyFactory,
    },
    worker_post: { description: 'A worker that posts when idle.', factory: worker(() => POST) as AnyPolicyFactory },
    accept_all: {
      description: 'A worker that accepts every offer it gets before it claims a task.',
      factory: acceptAll as AnyPolicyFactory,
    },
    one_char: {
      description: 'A worker that hands in a single character.',
      factory: worker(undefined, { length: 1 }) as AnyPolicyFactory,
    },
    offers_only: {
      description: 'Offers up to 25 to the best-reputed agent in every step.',
      factory: always(({ observation }) => offerBest(observation, SATURATING.alone)) as AnyPolicyFactory,
    },
    post_only: { description: 'Posts in every step.', factory: always(() => POST) as AnyPolicyFactory },
    pass: { description: 'Calls pass_turn in every step.', factory: always(() => PASS_TURN) as AnyPolicyFactory },
    uniform_calls: {
      description: 'Calls a tool drawn uniformly on something drawn uniformly, also where there is nothing of the kind.',
      factory: uniformCalls as AnyPolicyFactory,
    },
    ...Object.fromEntries(
      Object.entries(MANNERS).map(([name, manner]) => [
        name,
        { description: `Calls tools about as often as ${manner.like}.`, factory: calibrated(manner) as AnyPolicyFactory },
      ]),
    ),
  },
  opponents: {},
  residents: {
    types: ['honest', 'opportunistic', 'deceptive'],
    fields: ({ honest = 0, opportunistic = 0, deceptive = 0 }) => ({ mix: `${honest}/${opportunistic}/${deceptive}` }),
  },
  players: ['bot:honest', 'bot:opportunistic', 'bot:deceptive', 'bot:worker'],
}
