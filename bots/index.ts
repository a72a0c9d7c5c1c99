/**
 * What a scripted player is to an economy, and those that play any. Knows no economy: each one's own bots lie in its folder
 * and are composed with it in `economies/`. A bot sees observations only, like any player.
 */
import type { AnyEnvironment, AnyTypes, Playable } from '../envs/core/environment.ts'
import type { AnyPolicyFactory } from '../envs/core/policy.ts'
import { passive } from './any/passive.ts'
import { randomLegal } from './any/random_legal.ts'

export interface Bot {
  /** One sentence: what it does. */
  readonly description: string
  readonly factory: AnyPolicyFactory
}

/** An economy's scripted players, and who sits where when nobody says otherwise. */
export interface BotSet {
  readonly bots: Readonly<Record<string, Bot>>
  /** How many of each bot take the seats beside the evaluated one by default, in seat order; empty where residents do. */
  readonly opponents: Readonly<Record<string, number>>
  /** The presets in which opponents, the default ones or others, sit in an order drawn from the seed, so that no seat tells who sits there. */
  readonly shuffled?: readonly string[]
  /** The player strings evaluated when nobody names any. */
  readonly players: readonly string[]
  /** Where residents sit opposite: their types, and the configuration fields that seat so many of each. */
  readonly residents?: {
    readonly types: readonly string[]
    readonly fields: (counts: Readonly<Record<string, number>>) => Readonly<Record<string, unknown>>
  }
}

/** What is played, wherever its world runs, and the bots that can: what is needed to tell a player by its name. */
export interface PlayableWithBots extends Pick<BotSet, 'bots'> {
  readonly env: Playable<AnyTypes>
}

/** An environment and the bots that can play it. */
export interface EnvironmentWithBots extends PlayableWithBots {
  readonly env: AnyEnvironment
}

/** Bots that play any economy. */
export const anyBots: Readonly<Record<string, Bot>> = {
  passive: { description: 'Says nothing, ever: what silence is worth.', factory: passive },
  random_legal: {
    description: 'One legal call, drawn uniformly over tools and then over their candidate arguments.',
    factory: randomLegal,
  },
}
