/**
 * `agoragym/bots`: scripted players. An economy's own are `economies.get(ID).bots`, by name; a bot of yours is a policy factory
 * with one sentence about it, and plays everywhere once it is part of an economy or a plugin.
 */
export { passive } from './bots/any/passive.ts'
export { randomLegal } from './bots/any/random_legal.ts'
export { anyBots, type Bot, type BotSet, type EnvironmentWithBots, type PlayableWithBots } from './bots/index.ts'
export { botName, botPlayer, randomPlayer } from './rollouts/players/bot.ts'
