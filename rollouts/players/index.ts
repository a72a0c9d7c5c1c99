/**
 * Player strings: `bot:honest`, `random`, `human`, `policy:URL`, `openai:MODEL@URL`, each with its treatment where it has one. The one place
 * that knows which kinds there are.
 */
import type { PlayableWithBots } from '../../bots/index.ts'
import { nearest, UserError } from '../../envs/core/errors.ts'
import type { Models } from '../models/models.ts'
import { providers } from '../models/providers.ts'
import { withoutCredentials } from '../models/redact.ts'
import { type PlayerChoice, type ReadPlayer, readPlayer } from '../models/treatment.ts'
import type { People, PLAYER_WORDS, Player } from '../player.ts'
import { botName, botPlayer, nearestBot, randomPlayer } from './bot.ts'
import { humanPlayer } from './human.ts'
import { ownPlayer, ownPlayers } from './own.ts'

export interface PlayerContext {
  /** What is played, and the bots that can. */
  readonly economy: PlayableWithBots
  /** Where people sit, if anywhere. */
  readonly people?: People
  /** Who asks models, where models may play. */
  readonly models?: Pick<Models, 'player' | 'served'>
  /** Players of a program's own, by name: asked before anything else. */
  readonly own?: (name: string, economy: PlayableWithBots) => Player | undefined
}

/** What a string may be that names no model, by what stands before its first colon. */
const KINDS: Readonly<Record<(typeof PLAYER_WORDS)[number], (text: string, context: PlayerContext) => Player>> = {
  bot: (text, { economy }) => botPlayer(text.slice('bot:'.length), economy),
  random: (_text, { economy }) => randomPlayer(economy),
  human: (_text, { people }) => {
    if (people === undefined)
      throw new UserError(
        'A human player needs a terminal or a page; play with: agoragym play ENV --player human, or let people play with: agoragym host ENV',
      )
    return humanPlayer(people)
  },
  policy: (text, { models }) => {
    if (models === undefined)
      throw new UserError('This command seats no served policies; use: agoragym eval, play or tournament.')
    return models.served(text)
  },
}
/** The kinds that are a word of their own. */
const WORDS = ['random', 'human']

/**
 * Gives the players of an economy by string or object, each made once: the same choice is the same player. A UserError names
 * what was expected and the nearest, and a player that has two labels.
 */
export function playersFor(context: PlayerContext): (choice: PlayerChoice) => Player {
  const made = new Map<string, Player>()
  return choice => {
    const id = JSON.stringify(choice)
    const known = made.get(id)
    if (known !== undefined) return known
    const read = readPlayer(choice)
    const player = makePlayer(read, context)
    // Two spellings of one player are one player.
    const same = made.get(player.name)
    const label = read.label ?? same?.label
    if (same?.label !== undefined && label !== same.label)
      throw new UserError(`Player ${player.name} has two labels, ${same.label} and ${label}; give it one.`)
    const kept = same !== undefined && same.label === label ? same : label === undefined ? player : { ...player, label }
    made.set(id, kept)
    made.set(player.name, kept)
    return kept
  }
}

function makePlayer({ player: text, treatment }: ReadPlayer, context: PlayerContext): Player {
  const own = context.own?.(text, context.economy) ?? ownPlayer(text, context.economy)
  const kind = text.split(':', 1)[0]!
  if (own === undefined && kind !== text && Object.hasOwn(providers(), kind)) {
    if (context.models === undefined) throw new UserError('This command seats no models; use: agoragym eval, play or tournament.')
    return context.models.player({ player: text, ...treatment })
  }
  const make =
    Object.hasOwn(KINDS, kind) && WORDS.includes(kind) === (kind === text) ? KINDS[kind as keyof typeof KINDS] : undefined
  const player = own ?? make?.(text, context)
  if (player === undefined) throw unknownPlayer(text, context)
  const [field] = Object.keys(treatment)
  if (field !== undefined)
    throw new UserError(`Player ${player.name} is no model, so ${field} means nothing to it; it takes a label only.`)
  return player
}

function unknownPlayer(text: string, { economy }: PlayerContext): UserError {
  const shown = withoutCredentials(text).slice(0, 64)
  if (/^https?:/i.test(text))
    return new UserError(
      `No player '${shown}': a model on a server is written openai:MODEL@${withoutCredentials(text).slice(0, 200)}`,
    )
  const names = [...Object.keys(economy.bots).map(botName), 'human', 'policy:URL', ...ownPlayers()]
  const models = Object.keys(providers()).map(prefix => `${prefix}:MODEL`)
  const meant = text.includes(':') ? nearest(`${text.split(':', 1)[0]}:MODEL`, models) : ''
  return new UserError(
    `No player '${shown}'. Players of ${economy.env.id}: ${[...names, ...models].join(', ')}.${nearestBot(text, economy) || nearest(text, names) || meant}`,
  )
}
