/**
 * Player strings: `bot:honest`, `random`, `human`, `openai:MODEL@URL`. The one place that knows which kinds there are.
 */
import type { EnvironmentWithBots } from '../../bots/index.ts'
import { nearest, UserError } from '../../envs/core/errors.ts'
import type { Models } from '../models/models.ts'
import { withoutCredentials } from '../models/redact.ts'
import type { Player } from '../player.ts'
import { botName, botPlayer, nearestBot, randomPlayer } from './bot.ts'
import { humanPlayer, type Terminal } from './human.ts'
import { ownPlayer, ownPlayers } from './own.ts'

export interface PlayerContext {
  /** What is played, and the bots that can. */
  readonly economy: EnvironmentWithBots
  /** Where a human player sits, if anywhere. */
  readonly terminal?: Terminal
  /** Who asks models, where models may play. */
  readonly models?: Models
}

/** Model providers by the prefix of their player strings. */
const PROVIDERS: Readonly<Record<string, (text: string, context: PlayerContext) => Player>> = {
  openai: modelPlayer,
  anthropic: modelPlayer,
}

function modelPlayer(text: string, { models }: PlayerContext): Player {
  if (models === undefined) throw new UserError('This command seats no models; use: agoragym eval, play or tournament.')
  return models.player(text)
}

/** What a string may be, by what stands before its first colon. */
const KINDS: Readonly<Record<string, (text: string, context: PlayerContext) => Player>> = {
  ...PROVIDERS,
  bot: (text, { economy }) => botPlayer(text.slice('bot:'.length), economy),
  random: (_text, { economy }) => randomPlayer(economy),
  human: (_text, { terminal }) => {
    if (terminal === undefined)
      throw new UserError('A human player needs a terminal; play with: agoragym play ENV --player human')
    return humanPlayer(terminal)
  },
}
/** The kinds that are a word of their own. */
const WORDS = ['random', 'human']

/**
 * Gives the players of an economy by string, each made once: the same string is the same player. A UserError names what
 * was expected and the nearest.
 */
export function playersFor(context: PlayerContext): (text: string) => Player {
  const made = new Map<string, Player>()
  return text => {
    const player = made.get(text) ?? makePlayer(text, context)
    // Two spellings of one player are one player.
    const known = made.get(player.name) ?? player
    made.set(text, known)
    made.set(known.name, known)
    return known
  }
}

function makePlayer(text: string, context: PlayerContext): Player {
  const own = ownPlayer(text, context.economy)
  if (own !== undefined) return own
  const kind = text.split(':', 1)[0]!
  const make = Object.hasOwn(KINDS, kind) && WORDS.includes(kind) === (kind === text) ? KINDS[kind] : undefined
  if (make !== undefined) return make(text, context)
  const names = [...Object.keys(context.economy.bots).map(botName), 'human', ...ownPlayers()]
  const models = Object.keys(PROVIDERS).map(prefix => `${prefix}:MODEL`)
  throw new UserError(
    `No player '${withoutCredentials(text).slice(0, 64)}'. Players of ${context.economy.env.id}: ${[...names, ...models].join(', ')}.${
      nearestBot(text, context.economy) || nearest(text, names)
    }`,
  )
}
