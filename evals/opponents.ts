/**
 * Who sits beside the evaluated players: those that usually do, or the players of `NAME:COUNT,…`, which may also be types of the
 * economy's residents. Knows no experiment and no cell.
 */
import type { BotSet, EnvironmentWithBots } from '../bots/index.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import type { Seating, Share } from '../rollouts/lineup.ts'
import { type PlayerChoice, splitPlayers } from '../rollouts/models/index.ts'
import type { Pars } from '../rollouts/par.ts'
import type { Player } from '../rollouts/player.ts'

/** What an experiment asks of an economy: its environment, its bots, and who sits where when nobody says otherwise. */
export type Playable = EnvironmentWithBots &
  BotSet & {
    /** What rewards mean against the usual opponents, by preset. */
    readonly pars?: Pars
  }

/** Who takes the seats that are left: the players of `NAME:COUNT,…`, or those that usually do; in an order of the seed's own where the preset wants it. */
export function opposite(
  economy: Playable,
  preset: string,
  others: string | undefined,
  player: (choice: PlayerChoice) => Player,
): Pick<Seating, 'opponents' | 'exact' | 'shuffle'> {
  return {
    exact: others !== undefined,
    shuffle: economy.shuffled?.includes(preset) === true,
    opponents: others === undefined ? usualOpponents(economy, player) : shares(others).map(each => crowd(each, economy, player)),
  }
}

function usualOpponents({ opponents }: Playable, player: (choice: PlayerChoice) => Player): Share[] {
  const counts = Object.entries(opponents)
  if (counts.length === 0) return [{ player: player('random'), count: 1 }]
  return counts.map(([bot, count]) => ({ player: player(`bot:${bot}`), count }))
}

/** A bot's bare name, or any player. */
function crowd({ name, count }: Named, { bots }: Playable, player: (choice: PlayerChoice) => Player): Share {
  return { player: player(Object.hasOwn(bots, name) ? `bot:${name}` : name), count }
}

interface Named {
  readonly name: string
  readonly count: number
}

/** `NAME:COUNT` separated by commas. */
export function shares(text: string): Named[] {
  return splitPlayers(text).map(part => {
    const [, name, count] = /^(.+):(\d+)$/s.exec(part) ?? []
    if (name === undefined || !Number.isSafeInteger(Number(count)))
      throw new UserError(`--opponents: expected NAME:COUNT separated by commas, got '${part.slice(0, 64)}'.`)
    return { name, count: Number(count) }
  })
}

/** The configuration fields that opponents stand for in an economy whose other seats are residents'. */
export function residentFields(text: string, { env, residents }: Playable): Readonly<Record<string, unknown>> {
  const counts = shares(text)
  const types = residents!.types
  const unknown = counts.find(({ name }) => !types.includes(name))
  if (unknown !== undefined)
    throw new UserError(
      `--opponents: no '${unknown.name.slice(0, 64)}' lives in ${env.id}. Residents: ${types.join(', ')}.${nearest(unknown.name, types)}`,
    )
  return residents!.fields(Object.fromEntries(counts.map(({ name, count }) => [name, count])))
}
