/** Players that users have added, by what begins their player strings. Knows no other player. */
import type { PlayableWithBots } from '../../bots/index.ts'
import { UserError } from '../../envs/core/errors.ts'
import { Registry } from '../../envs/core/registry.ts'
import { type Player, whyNoPlayerWord } from '../player.ts'

/**
 * Makes the player of a player string, the whole of which it is given (`NAME`, or `NAME:` and the rest). The player's `name` is
 * what files and tables call it, and what identifies its runs: two players that differ need two names. Throws a UserError where the
 * string names none.
 */
export type PlayerMaker = (text: string, economy: PlayableWithBots) => Player

const makers = new Registry<PlayerMaker>('player')

/** Adds a kind of player. Throws where the name is taken, a UserError where it is no name. */
export function registerPlayer(name: string, make: PlayerMaker): void {
  const why = whyNoPlayerWord(name)
  if (why !== undefined) throw new UserError(`Player '${name.slice(0, 64)}': ${why}.`)
  makers.add(name, make)
}

/** The names of the players that were added. */
export function ownPlayers(): string[] {
  return makers.ids()
}

/** The added player of that string; undefined where it begins with none's name. */
export function ownPlayer(text: string, economy: PlayableWithBots): Player | undefined {
  const name = text.split(':', 1)[0]!
  if (!makers.has(name)) return undefined
  const player = makers.get(name)(text, economy)
  if (typeof player?.name !== 'string' || typeof player.policies !== 'function')
    throw new Error(`registerPlayer: the maker of '${name}' gave no player; expected { name, kind, details, policies }`)
  return player
}
