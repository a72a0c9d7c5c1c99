/** What all protocols of a server share: whom it serves, what it plays and pays, what it counts. Knows no protocol's words. */
import type { Economy } from '../economies/economy.ts'
import { economies as registry } from '../economies/registry.ts'
import { UserError } from '../envs/core/errors.ts'
import type { Lookup } from '../envs/core/registry.ts'
import { REWARD_FORMS, type RewardForm } from '../envs/core/reward.ts'
import type { Models } from '../rollouts/models/index.ts'
import { packageVersion } from '../rollouts/versions.ts'
import { ServeError } from './errors.ts'
import { type Casting, Game, type GameRequest, type Payment } from './game.ts'
import { Counter, type Figure } from './metrics.ts'
import { type GameEvent, SeatPlay } from './seat.ts'
import { Sessions } from './sessions.ts'

/** The protocols, with how each one's readers take rewards: OpenEnv's and NeMo Gym's add them up, ORS's take the last. */
const PROTOCOLS = { openenv: 'score', nemo: 'score', ors: 'total', agora: 'delta' } as const satisfies Readonly<
  Record<string, RewardForm>
>
export type ProtocolName = keyof typeof PROTOCOLS

export interface HostOptions {
  /** By default those that are registered. */
  readonly economies?: Lookup<Economy>
  /** The economy that is served at the root too: by default the only one, where there is no other. */
  readonly env?: string
  /** What clients of that economy get where they ask for nothing else. */
  readonly game?: Omit<GameRequest, 'env' | 'live'>
  /** Sessions at once; 1,024 by default. */
  readonly maxSessions?: number
  /** Seconds without a word after which a session is ended; 900 by default. */
  readonly idleTimeout?: number
  /** How every protocol pays; by default as its readers take it. */
  readonly reward?: RewardForm
  /** `unit`: scores are mapped to [0, 1] by the bounds of the preset. */
  readonly rewardScale?: 'unit'
  /** Relative to honest play: of the preset on average, or of a second game of the same seed. */
  readonly rewardRelative?: 'par' | 'game'
  /** Who asks the models that sit opposite. */
  readonly models?: Models
  /** Player strings of models that clients may seat, or `any`: where the client is who pays for them. */
  readonly players?: readonly string[] | 'any'
  /** Told of errors that are bugs; clients are told `internal` and nothing of them. */
  readonly onBug?: (error: unknown) => void
}

export class Host implements Casting {
  readonly economies: Lookup<Economy>
  readonly models?: Models
  readonly players: readonly string[] | 'any'
  readonly sessions: Sessions
  /** What happened in games, by economy. */
  readonly counts: Readonly<Record<GameEvent, Counter>> = {
    resets: new Counter(),
    steps: new Counter(),
    episodes: new Counter(),
    clipped: new Counter(),
  }
  /** The economy at the root; undefined where none is. */
  readonly root: string | undefined
  readonly #options: HostOptions
  readonly #started = performance.now()

  /** A UserError where the options do not fit. */
  constructor(options: HostOptions) {
    const { economies = registry, env, game, maxSessions = 1024, idleTimeout = 900, reward } = options
    if (env !== undefined) economies.get(env)
    if (reward !== undefined && !REWARD_FORMS.includes(reward))
      throw new UserError(`Rewards: expected ${REWARD_FORMS.join(', ')}, got '${reward}'.`)
    if (reward === 'delta' && options.rewardRelative !== undefined)
      throw new UserError('Rewards relative to honest play are scores or totals; a change is the same either way.')
    const ids = economies.ids()
    this.economies = economies
    if (options.models !== undefined) this.models = options.models
    this.players = options.players ?? []
    this.root = env ?? (ids.length === 1 ? ids[0] : undefined)
    this.#options = options
    if (game !== undefined && this.root === undefined)
      throw new UserError('Say which economy the preset or opponents are of: --env ID.')
    this.sessions = new Sessions({ max: maxSessions, idleTimeout })
    try {
      // What every client would be refused is told before the first one comes.
      if (this.root !== undefined) this.game('agora', { env: this.root })
    } catch (error) {
      this.sessions.end()
      throw error instanceof ServeError ? new UserError(error.message) : error
    }
  }

  /** What is paid in a protocol. */
  payment(protocol: ProtocolName): Payment {
    const { reward, rewardScale, rewardRelative } = this.#options
    const usual = PROTOCOLS[protocol]
    return {
      form: reward ?? (rewardRelative !== undefined && usual === 'delta' ? 'score' : usual),
      ...(rewardScale !== undefined && { unit: 'par' }),
      ...(rewardRelative !== undefined && { honest: rewardRelative === 'par' ? 'par' : true }),
    }
  }

  /** The game that a client of a protocol asks for: at the root with what the server was started with. A ServeError where there is none. */
  game(protocol: ProtocolName, request: GameRequest, payment: Payment = this.payment(protocol), like?: Game): Game {
    const own = request.env === this.root ? this.#options.game : undefined
    return new Game(this, { ...own, ...request }, payment, like)
  }

  /** The economy of a path: the one it begins with, or the root's. A ServeError where it is neither. */
  envOf(prefix: string | undefined): string {
    const env = prefix ?? this.root
    if (env !== undefined && this.economies.has(env)) return env
    const known = this.economies.ids()
    throw new ServeError(
      'unknown_env',
      prefix === undefined
        ? `Say which economy: /${known.join(', /')} before the path, or start the server with --env.`
        : `No environment '${prefix.slice(0, 64)}'. Environments: ${known.join(', ')}.`,
    )
  }

  /** A client's seat of a game, counted. */
  seat(protocol: ProtocolName, request: GameRequest): SeatPlay {
    const game = this.game(protocol, request)
    const { id } = game.economy.env
    return new SeatPlay(game, (what, count) => this.counts[what].add(id, count))
  }

  /** A bug met while somebody was served. */
  onBug(error: unknown): void {
    this.#options.onBug?.(error)
  }

  /** What `GET /health` says. */
  health(): object {
    return {
      status: 'healthy',
      version: packageVersion(),
      sessions: this.sessions.size,
      max_sessions: this.sessions.max,
      uptime_s: Math.round(this.uptime * 1000) / 1000,
    }
  }

  /** Seconds since the start. */
  get uptime(): number {
    return (performance.now() - this.#started) / 1000
  }

  figures(): Figure[] {
    const { sessions, counts } = this
    const by = (name: string, help: string, label: string, values: ReadonlyMap<string, number>): Figure => ({
      name: `agoragym_${name}_total`,
      type: 'counter',
      help,
      label,
      values: () => values,
    })
    return [
      {
        name: 'agoragym_sessions',
        type: 'gauge',
        help: 'Sessions that are open.',
        label: 'protocol',
        values: () => new Map(Object.keys(PROTOCOLS).map(name => [name, sessions.count(name)])),
      },
      { name: 'agoragym_sessions_max', type: 'gauge', help: 'Sessions that may be open.', values: () => sessions.max },
      by('sessions_opened', 'Sessions that were opened.', 'protocol', sessions.opened.values),
      by('sessions_reaped', 'Sessions that were ended for being idle.', 'protocol', sessions.reaped.values),
      by('sessions_refused', 'Sessions that were refused for want of room.', 'protocol', sessions.refused.values),
      by('resets', 'Games that were begun.', 'env', counts.resets.values),
      by('steps', 'Turns that learners ended.', 'env', counts.steps.values),
      by('episodes', 'Games that were played to their end.', 'env', counts.episodes.values),
      by('rewards_clipped', 'Scores beyond the bounds of the scale.', 'env', counts.clipped.values),
    ]
  }

  close(): void {
    this.sessions.end()
  }
}
