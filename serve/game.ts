/**
 * From what a client asks for to a game: which economy in which configuration, whose seats are the client's, who sits opposite, what
 * is paid. Knows no protocol.
 */
import { z } from 'zod'
import type { Economy } from '../economies/economy.ts'
import { resolveConfig } from '../envs/core/config.ts'
import { defaultPlayed, learnerOf, type Seat } from '../envs/core/environment.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import type { AnyPolicyFactory } from '../envs/core/policy.ts'
import { checkSeed } from '../envs/core/random.ts'
import type { Lookup } from '../envs/core/registry.ts'
import type { RewardForm, RewardOptions, ScoreBounds } from '../envs/core/reward.ts'
import { Table } from '../envs/core/table.ts'
import { type AgentId, explain } from '../envs/core/tool.ts'
import { opposite, residentFields } from '../evals/opponents.ts'
import { lineupOf, type Seated, seat } from '../rollouts/lineup.ts'
import type { Models, PlayerChoice } from '../rollouts/models/index.ts'
import { boundsOf, currentPar, type Par } from '../rollouts/par.ts'
import type { Player, RolloutContext } from '../rollouts/player.ts'
import { botName } from '../rollouts/players/bot.ts'
import { playersFor } from '../rollouts/players/index.ts'
import { taskKey } from '../rollouts/rollout.ts'
import { ServeError } from './errors.ts'

/** What a client may say of a game; nothing else is understood. */
export const gameSchema = z.strictObject({
  env: z.string().max(64).optional(),
  preset: z.string().max(64).optional(),
  /** Fields beside the preset's. */
  config: z.record(z.string().max(64), z.unknown()).optional(),
  /** The client's seats: by default the learner's; `all` for every seat that is no resident's. */
  live: z.union([z.literal('all'), z.array(z.string().max(64)).min(1).max(256)]).optional(),
  /** Who the others are: `NAME:COUNT,…` as `agoragym eval --opponents`, players by seat (`*` for those that are not named), or in seat order. */
  opponents: z
    .union([z.string().max(1000), z.record(z.string().max(64), z.string().max(1000)), z.array(z.string().max(1000)).max(256)])
    .optional(),
})
export type GameRequest = z.infer<typeof gameSchema>

/** Who may play in games that clients ask for. */
export interface Casting {
  readonly economies: Lookup<Economy>
  readonly models?: Models
  /**
   * Models that clients may seat, by player string: they are paid for by whoever runs the server; `any` where that is the client.
   * Bots may always sit.
   */
  readonly players: readonly string[] | 'any'
}

/** What is paid. */
export interface Payment {
  readonly form: RewardForm
  /** `par`: the bounds that the preset's par gives. */
  readonly unit?: ScoreBounds | 'par'
  /** Rewards relative to honest play of the same seat: on the same seed (true), or on average, as the preset's par says. */
  readonly honest?: boolean | 'par'
}

/** Stands for the client while seats are given out. */
const LIVE: Player = {
  name: 'live',
  kind: 'bot',
  details: {},
  policies: () => {
    throw new Error('serve: a live seat is played by its client')
  },
}

/** One client's games of one kind, one after the other. */
export class Game {
  readonly economy: Economy
  readonly preset: string
  readonly config: object
  readonly seats: readonly Seat[]
  /** The client's, in seat order. */
  readonly live: readonly AgentId[]
  readonly #seated: Seated
  readonly #payment: Pick<RewardOptions, 'form' | 'unit'>
  readonly #honest: Player | Readonly<Record<AgentId, number>> | undefined
  #table: Table | undefined
  #given: AbortController | undefined
  #lastSeed = -1

  /** A ServeError where no such game can be set. With `like`, a game of the same request, what is configured is that game's. */
  constructor(casting: Casting, request: GameRequest, payment: Payment, like?: Game) {
    const { economies } = casting
    const { env: id, preset, live, opponents } = request
    if (id === undefined || !economies.has(id)) {
      const known = economies.ids()
      throw new ServeError(
        'unknown_env',
        `No environment ${JSON.stringify(id?.slice(0, 64) ?? null)}. Environments: ${known.join(', ')}.${nearest(id ?? '', known)}`,
      )
    }
    this.economy = economies.get(id)
    const { env, residents } = this.economy
    this.preset = preset ?? Object.keys(env.presets)[0]!
    const crowd = typeof opponents === 'string' ? opponents : undefined
    this.config =
      like?.config ??
      asked('bad_config', () =>
        resolveConfig(env, this.preset, {
          ...(crowd !== undefined && residents !== undefined && residentFields(crowd, this.economy)),
          ...request.config,
        }),
      )
    this.seats = like?.seats ?? env.seats(this.config)
    const ids = this.seats.map(({ agent }) => agent)
    const wanted = live === 'all' ? defaultPlayed(this.seats) : (live ?? [learnerOf(this.seats)])
    const stranger = wanted.find(agent => !ids.includes(agent))
    if (stranger !== undefined)
      throw new ServeError('unknown_seat', `No seat '${stranger}' in ${id}. Seats: ${ids.join(', ')}.${nearest(stranger, ids)}`)
    this.live = ids.filter(agent => wanted.includes(agent))
    const player = castOf(casting, this.economy)
    this.#seated = asked('unknown_player', () => {
      const fixed: Record<AgentId, Player> = Object.fromEntries(this.live.map(agent => [agent, LIVE]))
      const text = residents === undefined ? crowd : undefined
      const { opponents: usual, exact, shuffle } = opposite(this.economy, this.preset, text, player)
      if (typeof opponents !== 'object')
        return seat(env, this.config, { fixed, opponents: usual, exact, shuffle: shuffle === true })
      if (Array.isArray(opponents))
        return seat(env, this.config, {
          fixed,
          opponents: opponents.map(name => ({ player: player(name), count: 1 })),
          exact: true,
          shuffle: shuffle === true,
        })
      const { '*': rest, ...named } = opponents
      const both = Object.keys(named).find(agent => this.live.includes(agent))
      if (both !== undefined) throw new UserError(`Seat ${both} is yours and has an opponent; leave one out.`)
      for (const [agent, name] of Object.entries(named)) fixed[agent] = player(name)
      return seat(env, this.config, {
        fixed,
        opponents: rest === undefined ? usual : [{ player: player(rest), count: 1 }],
        exact: false,
        shuffle: shuffle === true,
      })
    })
    const { form, unit } = payment
    const bounds = unit === 'par' ? boundsOf(this.#par()) : unit
    this.#payment = { form, ...(bounds !== undefined && { unit: bounds }) }
    if (payment.honest === 'par') {
      const { honest } = this.#par()
      this.#honest = Object.fromEntries(this.live.map(agent => [agent, honest]))
    } else if (payment.honest === true) {
      const honest = this.economy.pars?.[this.preset]?.honest_bot
      if (honest === undefined)
        throw new ServeError(
          'bad_config',
          `Rewards relative to honest play: nobody derived what honest play is in preset '${this.preset}' of ${id}.`,
        )
      this.#honest = player(honest)
    }
  }

  /** The par of this configuration. A ServeError where none was derived, or where it speaks of another role than a live seat's. */
  #par(): Par {
    const { env, pars } = this.economy
    const par = currentPar(pars, env, this.config)
    const roleOf = (agent: AgentId): string | undefined => this.seats.find(seat => seat.agent === agent)?.role
    const other = par === undefined ? undefined : this.live.find(agent => roleOf(agent) !== roleOf(par.seat))
    if (par !== undefined && other === undefined) return par
    const known = Object.keys(pars ?? {})
    throw new ServeError(
      'bad_config',
      other === undefined
        ? `No par was derived for this configuration of ${env.id}, so its rewards have no bounds and no honest play to compare with. Presets that have one, unchanged: ${known.join(', ') || 'none'}.`
        : `The par of ${env.id} speaks of seats like ${par!.seat}, not of ${other}.`,
    )
  }

  /** The player string of every seat but the client's; `resident` where the economy moves it. Where opponents change places from seed to seed, their order is of `seed`. */
  players(seed: number): Readonly<Record<AgentId, string>> {
    const lineup = lineupOf(this.#seated, seed)
    return Object.fromEntries(this.seats.map(({ agent }) => [agent, lineup[agent]?.name ?? 'resident']))
  }

  /** The table of a seed, by default of the one after the last. A ServeError `bad_seed` where it is none. */
  table(seed: number = this.#lastSeed + 1): Table {
    try {
      checkSeed(seed)
    } catch (error) {
      throw new ServeError('bad_seed', `${(error as Error).message}.`)
    }
    this.#lastSeed = seed
    this.close()
    // Of its own for each game: what listens to a signal that outlives it is never freed.
    this.#given = new AbortController()
    const { env } = this.economy
    const lineup = lineupOf(this.#seated, seed)
    const others = Object.entries(lineup).filter(([, player]) => player !== LIVE)
    const context: RolloutContext = {
      key: `${taskKey({ env, config: this.config, seed })}-served`,
      signal: this.#given.signal,
      recorded: [],
      record: () => {},
    }
    const factories = new Map<Player, AnyPolicyFactory>()
    const factoryOf = (player: Player): AnyPolicyFactory => {
      const known = factories.get(player) ?? player.policies(context)
      factories.set(player, known)
      return known
    }
    const honest = this.#honest
    this.#table = new Table(env, {
      config: this.config,
      live: this.live,
      opponents: Object.fromEntries(others.map(([agent, player]) => [agent, factoryOf(player)])),
      names: Object.fromEntries(others.map(([agent, { name }]) => [agent, name])),
      reward: {
        ...this.#payment,
        ...(honest !== undefined && { honest: isPlayer(honest) ? factoryOf(honest) : honest }),
      },
    })
    return this.#table
  }

  /** In what form it pays. */
  get form(): RewardForm {
    return this.#payment.form ?? 'delta'
  }

  /** Of the last table. */
  get seed(): number {
    return this.#lastSeed
  }

  /** Gives the last game up; players that are still thinking are told so. */
  close(): void {
    this.#table?.close()
    this.#given?.abort(new Error('the game was given up'))
    this.#table = undefined
    this.#given = undefined
  }
}

function isPlayer(honest: Player | Readonly<Record<AgentId, number>>): honest is Player {
  return typeof (honest as Player).policies === 'function'
}

/** What a client asked for, checked. A ServeError `bad_request` names the first wrong field. */
export function gameRequest(value: unknown): GameRequest {
  const parsed = gameSchema.safeParse(value)
  if (!parsed.success) throw new ServeError('bad_request', `${explain(parsed.error)}.`)
  return parsed.data
}

export function notEncoded({ economy }: Game): ServeError {
  return new ServeError('not_encoded', `${economy.env.id} has no encoding; play it by calls or messages.`)
}

/** What `work` gives; a user's mistake in it as a ServeError of that code. */
export function asked<R>(code: string, work: () => R): R {
  try {
    return work()
  } catch (error) {
    throw error instanceof UserError ? new ServeError(code, error.message) : error
  }
}

const casts = new WeakMap<Casting, Map<Economy, (choice: PlayerChoice) => Player>>()

/** The players of an economy that clients may name, each made once for the server's life. */
function castOf(casting: Casting, economy: Economy): (choice: PlayerChoice) => Player {
  let known = casts.get(casting)
  if (known === undefined) {
    known = new Map()
    casts.set(casting, known)
  }
  let player = known.get(economy)
  if (player === undefined) {
    const { models, players } = casting
    const make = playersFor({ economy, ...(models !== undefined && { models }) })
    const names = [...Object.keys(economy.bots).map(botName), ...(players === 'any' ? [] : players)]
    player = choice => {
      const text = String(choice)
      const name = Object.hasOwn(economy.bots, text) ? botName(text) : text
      if (players === 'any' || names.includes(name)) return make(name)
      throw new UserError(
        `No player '${text.slice(0, 64)}' sits in ${economy.env.id} here. Players: ${names.join(', ')}. The server's --allow-player adds others.${nearest(text, names)}`,
      )
    }
    known.set(economy, player)
  }
  return player
}
