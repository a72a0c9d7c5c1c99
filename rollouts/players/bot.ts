/** `bot:NAME` and `random`: the scripted players of `bots/`. */
import type { PlayableWithBots } from '../../bots/index.ts'
import { nearest, UserError } from '../../envs/core/errors.ts'
import type { Player } from '../player.ts'

/** The bot that `random` stands for. */
const RANDOM = 'random_legal'

/** How a bot is written as a player. */
export function botName(bot: string): string {
  return bot === RANDOM ? 'random' : `bot:${bot}`
}

/** The bot that plays the economy under that name; a UserError that names those there are. */
export function botPlayer(name: string, economy: PlayableWithBots): Player {
  const { env, bots } = economy
  if (!Object.hasOwn(bots, name))
    throw new UserError(
      `No bot '${name.slice(0, 64)}' plays ${env.id}. Bots: ${Object.keys(bots).map(botName).join(', ')}.${nearestBot(name, economy)}`,
    )
  const { factory } = bots[name]!
  return { name: botName(name), kind: 'bot', details: {}, policies: () => factory }
}

/** The bot nearest to what was typed, as ` Did you mean 'bot:honest'?`; empty where none is near. */
export function nearestBot(typed: string, { bots }: PlayableWithBots): string {
  return nearest(typed, Object.keys(bots)).replace(/'(.+)'/, (_, bot: string) => `'${botName(bot)}'`)
}

export function randomPlayer(economy: PlayableWithBots): Player {
  return botPlayer(RANDOM, economy)
}
