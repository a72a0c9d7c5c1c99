/**
 * The scripted players of every economy. Knows which bots exist and which sit opposite the evaluated seat by default; a bot
 * sees observations only, like any player.
 */
import type { AnyPolicyFactory } from '../envs/core/policy.ts'
import { passive } from './any/passive.ts'
import { randomLegal } from './any/random_legal.ts'
import { marsColonyBots } from './mars_colony/index.ts'
import { simEconomyBots } from './sim_economy/index.ts'
import { spatialPlanningBots } from './spatial_planning/index.ts'
import { swarmBots } from './swarm_economy/index.ts'

export interface Bot {
  /** One sentence: what it does. */
  readonly description: string
  readonly factory: AnyPolicyFactory
}

/** An economy's bots. */
export interface BotSet {
  readonly bots: Readonly<Record<string, Bot>>
  /** How many of each bot take the seats beside the evaluated one by default, in seat order; empty where residents do. */
  readonly opponents: Readonly<Record<string, number>>
  /** The player strings evaluated when nobody names any. */
  readonly players: readonly string[]
  /** Where residents sit opposite: their types, and the configuration fields that seat so many of each. */
  readonly residents?: {
    readonly types: readonly string[]
    readonly fields: (counts: Readonly<Record<string, number>>) => Readonly<Record<string, unknown>>
  }
}

/** Bots that play any economy. */
export const anyBots: Readonly<Record<string, Bot>> = {
  passive: { description: 'Says nothing, ever: what silence is worth.', factory: passive },
  random_legal: {
    description: 'One legal call, drawn uniformly over tools and then over their candidate arguments.',
    factory: randomLegal,
  },
}

/** The bots of each economy, one line each. */
export const botSets: Readonly<Record<string, BotSet>> = {
  sim_economy: simEconomyBots,
  swarm_economy: swarmBots,
  spatial_planning: spatialPlanningBots,
  mars_colony: marsColonyBots,
}

/** Every bot that can play an economy: its own first, then those for any. */
export function botsFor(env: string): Readonly<Record<string, Bot>> {
  return { ...anyBots, ...botSets[env]?.bots }
}
