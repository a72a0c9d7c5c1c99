/**
 * Player strings: `bot:honest`, `random`, `human`, `openai:MODEL@URL`. The one place that knows which kinds there are.
 */
import { botsFor } from '../../bots/index.ts'
import { nearest, UserError } from '../../envs/core/errors.ts'
import type { Player } from '../player.ts'
import { botName, botPlayer, randomPlayer } from './bot.ts'
import { humanPlayer, type Terminal } from './human.ts'

export interface PlayerContext {
  /** The id of the economy that is played. */
  readonly env: string
  /** Where a human player sits, if anywhere. */
  readonly terminal?: Terminal
}

/** Model providers by the prefix of their player strings. */
const PROVIDERS: Readonly<Record<string, (text: string, context: PlayerContext) => Player>> = {
  openai: noModels,
  anthropic: noModels,
}

function noModels(text: string): Player {
  throw new UserError(`Cannot seat '${text.slice(0, 64)}': model players are not in this build.`)
}

/** What a string may be, by what stands before its first colon. */
const KINDS: Readonly<Record<string, (text: string, context: PlayerContext) => Player>> = {
  ...PROVIDERS,
  bot: (text, { env }) => botPlayer(text.slice('bot:'.length), env),
  random: (_text, { env }) => randomPlayer(env),
  human: (_text, { terminal }) => {
    if (terminal === undefined) throw new UserError('A human player needs a terminal; play with: econgym play ENV --player human')
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
  const kind = text.split(':', 1)[0]!
  const make = Object.hasOwn(KINDS, kind) && WORDS.includes(kind) === (kind === text) ? KINDS[kind] : undefined
  if (make !== undefined) return make(text, context)
  const bots = Object.keys(botsFor(context.env))
  const names = [...bots.map(botName), 'human']
  const spelled = [...names, ...bots]
  const near = nearest(text, spelled)
  const meant = bots.find(bot => near.includes(`'${bot}'`))
  throw new UserError(
    `No player '${text.slice(0, 64)}'. Players of ${context.env}: ${[...names, ...Object.keys(PROVIDERS).map(prefix => `${prefix}:MODEL`)].join(', ')}.${
      meant === undefined ? near : ` Did you mean '${botName(meant)}'?`
    }`,
  )
}
