/**
 * One game with live seats: the caller decides for them, policies for the others, residents are moved by the economy. Every step
 * goes on to the next turn in which a live seat may act, or to the end. What lies behind every bridge to a learner. Knows no rules,
 * no protocol and no file.
 */
import { ask, EpisodeStopped, SeatFailure, seatPolicies, seatsByPlayer, settle } from './ask.ts'
import { parseConfig } from './config.ts'
import type {
  AnyEnvironment,
  AnyTypes,
  CallResult,
  Decision,
  Decisions,
  Done,
  Environment,
  EnvTypes,
  Scores,
  Seat,
} from './environment.ts'
import { defaultPlayed, learnerOf } from './environment.ts'
import { Episode } from './episode.ts'
import type { EpisodeLog } from './log.ts'
import type { Policy, PolicyFactory, Turn } from './policy.ts'
import { Purse, type RewardOptions } from './reward.ts'
import type { AgentId, Checked, ToolName } from './tool.ts'

/** What a caller of a table may do wrong. */
export type TableErrorCode =
  /** No game yet: `reset` first. */
  | 'not_reset'
  /** The game is over: `reset`. */
  | 'episode_over'
  /** A decision for a seat that may not act now, or that is not live. */
  | 'not_your_turn'
  | 'unknown_seat'
  /** A step or reset is still being played. */
  | 'busy'
  /** Another player failed for good: the game is given up and has no score. */
  | 'player_failed'
  | 'closed'

/** A caller's mistake, or the end of a game that could not be played on. */
export class TableError extends Error {
  override readonly name = 'TableError'
  readonly code: TableErrorCode
  constructor(code: TableErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export interface TableOptions<T extends EnvTypes> {
  readonly config?: unknown
  /** The caller's seats, residents' among them: by default the learner's, `all` for every seat that is no resident's. */
  readonly live?: readonly AgentId[] | 'all'
  /** A policy factory per other seat; a factory that plays several seats is one object. Seats that are no residents' need one. */
  readonly opponents?: Readonly<Record<AgentId, PolicyFactory<T>>>
  /** What the log calls the players of seats; `caller` and `opponent` by default. */
  readonly names?: Readonly<Record<AgentId, string>>
  readonly reward?: RewardOptions & {
    /**
     * Makes rewards relative to honest play of the same seat: its score by seat, or the policy that plays honestly and is seated for
     * one more game of the same seed, with the same players opposite. Means something to `score` and `total` alone.
     */
    readonly honest?: Readonly<Record<AgentId, number>> | PolicyFactory<T>
  }
}

/** How the game stands after a reset or a step. */
export interface TableView {
  /** Steps of the world so far. */
  readonly t: number
  /** The live seats whose decisions the next step wants, in seat order. None once the game is over. */
  readonly acting: readonly AgentId[]
  /**
   * For every live seat, what it was paid since the view before, in the form that was asked for. Nothing is lost between two turns
   * of a seat. At reset it is 0 unless the game is over already: what was earned before the first turn comes with the first step.
   */
  readonly rewards: Readonly<Record<AgentId, number>>
  /** As the economy said it; `stopped` where the game was ended from outside. */
  readonly done: Done | 'stopped'
  readonly terminated: boolean
  /** The planned length was reached, or the game was stopped. `terminated || truncated` is the end of the game. */
  readonly truncated: boolean
  /** Why the game is over; null while it goes on. */
  readonly stop: string | null
  /** Of the live seats, at the end; null before. */
  readonly scores: Readonly<Record<AgentId, Scores>> | null
}

/** What is left of a game whose log was given up. */
interface Rest<T extends EnvTypes> {
  readonly observations: Readonly<Record<AgentId, T['Observation']>>
  readonly results: Readonly<Record<AgentId, readonly CallResult[]>>
}

export class Table<T extends EnvTypes = AnyTypes> {
  readonly env: Environment<T>
  readonly config: T['Config']
  readonly seats: readonly Seat[]
  /** In seat order. */
  readonly live: readonly AgentId[]
  readonly #opponents: ReadonlyMap<PolicyFactory<T>, readonly AgentId[]>
  readonly #reward: NonNullable<TableOptions<T>['reward']>
  readonly #names: Readonly<Record<AgentId, string>>
  readonly #isLive: ReadonlySet<AgentId>
  readonly #closed = new AbortController()
  #policies = new Map<AgentId, Policy<T>>()
  #given = new AbortController()
  #episode: Episode<T> | undefined
  #rest: Rest<T> | undefined
  #view: TableView | undefined
  #initial: Readonly<Record<AgentId, Scores>> | undefined
  /** Of the live seats. */
  #purses = new Map<AgentId, Purse>()
  #lastSeed = -1
  /** Live seats that pass to the end of the game. */
  #retired = new Set<AgentId>()
  #busy = false
  #failed: TableError | undefined

  /** Throws a UserError for a wrong configuration, a TableError or a RangeError for seats that do not fit. */
  constructor(env: Environment<T>, options: TableOptions<T> = {}) {
    const { config = {}, live, opponents = {}, names = {}, reward = {} } = options
    this.env = env
    this.config = parseConfig(env as unknown as AnyEnvironment, config)
    this.seats = env.seats(this.config)
    const ids = this.seats.map(({ agent }) => agent)
    const wanted = live === 'all' ? defaultPlayed(this.seats) : (live ?? [learnerOf(this.seats)])
    const stranger = [...wanted, ...Object.keys(opponents)].find(agent => !ids.includes(agent))
    if (stranger !== undefined)
      throw new TableError('unknown_seat', `table: no seat '${stranger.slice(0, 64)}' in ${env.id}; seats: ${ids.join(', ')}.`)
    const twice = wanted.find(agent => Object.hasOwn(opponents, agent))
    if (twice !== undefined)
      throw new RangeError(`table: seat '${twice}' of ${env.id} is live and has an opponent; leave one out.`)
    const missing = defaultPlayed(this.seats).find(agent => !wanted.includes(agent) && !Object.hasOwn(opponents, agent))
    if (missing !== undefined)
      throw new RangeError(
        `table: seat '${missing}' of ${env.id} needs an opponent; pass opponents: { ${missing}: policyFactory }.`,
      )
    const { form = 'delta', honest, unit } = reward
    if (honest !== undefined && form === 'delta')
      throw new RangeError(
        "table: rewards relative to honest play need the form 'score' or 'total': a change is the same either way.",
      )
    if (unit !== undefined && !(unit.high > unit.low))
      throw new RangeError(`table: unit scale: expected low < high, got ${unit.low} and ${unit.high}.`)
    this.#isLive = new Set(wanted)
    this.live = ids.filter(agent => this.#isLive.has(agent))
    this.#opponents = seatsByPlayer(opponents)
    this.#reward = reward
    this.#names = {
      ...Object.fromEntries(this.live.map(agent => [agent, 'caller'])),
      ...Object.fromEntries(Object.keys(opponents).map(agent => [agent, 'opponent'])),
      ...names,
    }
  }

  /**
   * Starts a game, without a seed that of the next one, and plays up to the first turn of a live seat. Answers with a promise where
   * another player does. The live seats' own randomness is drawn for `repeat`; the others play alike in every repeat.
   */
  reset(seed = this.#lastSeed + 1, repeat = 0): TableView | Promise<TableView> {
    this.#enter()
    const episode = new Episode(this.env, this.config, seed, { repeat, seats: this.#names })
    this.#lastSeed = seed
    this.#episode = episode
    this.#given = new AbortController()
    this.#rest = this.#view = this.#initial = this.#failed = undefined
    this.#retired = new Set()
    this.#policies = this.#seated(episode)
    this.#purses = new Map()
    const honest = this.#honestScores(seed, repeat)
    if (honest instanceof Promise)
      return this.#guarded(
        honest.then(scores => {
          this.#open(scores)
          return this.#advance(undefined)
        }),
      )
    this.#open(honest)
    return this.#play(undefined)
  }

  /**
   * Plays the decisions of the live seats that act (a missing one is silence) and everybody else's, up to the next turn of a live
   * seat. Throws a TableError where there is no game to play on or a seat may not act.
   */
  step(decisions: Decisions): TableView | Promise<TableView> {
    const { acting, stop } = this.view
    this.#enter()
    if (stop !== null) throw new TableError('episode_over', `The episode is over (${stop}); call reset.`)
    const stranger = Object.keys(decisions).find(agent => !acting.includes(agent))
    if (stranger !== undefined)
      throw new TableError('not_your_turn', `'${stranger.slice(0, 64)}' may not act now; acting: ${acting.join(', ')}.`)
    return this.#play(decisions)
  }

  /** How the game stands. */
  get view(): TableView {
    if (this.#failed !== undefined) throw this.#failed
    if (this.#view === undefined) throw new TableError('not_reset', 'There is no game yet; call reset.')
    return this.#view
  }

  /** A live seat's turn, as a policy would get it. */
  turn(agent: AgentId): Turn<T> {
    return this.#game(agent).turn(agent, this.#given.signal)
  }

  observe(agent: AgentId): T['Observation'] {
    return this.#rest?.observations[agent] ?? this.#game(agent).observe(agent)
  }

  /** The tools that a live seat may call now; none where it does not act. */
  offered(agent: AgentId): readonly ToolName[] {
    return this.view.acting.includes(agent) ? this.#game(agent).offered(agent) : []
  }

  /** What came of a live seat's last decision. */
  results(agent: AgentId): readonly CallResult[] {
    return this.#rest?.results[agent] ?? this.#game(agent).results(agent)
  }

  /** What the economy would say to a call of a live seat that acts now; a question is answered. Changes nothing. */
  check(agent: AgentId, call: unknown): Checked {
    const { acting, stop } = this.view
    const game = this.#game(agent)
    if (stop !== null) throw new TableError('episode_over', `The episode is over (${stop}); call reset.`)
    if (!acting.includes(agent))
      throw new TableError('not_your_turn', `'${agent}' may not act now; acting: ${acting.join(', ')}.`)
    return game.check(agent, call)
  }

  /** The scores of the empty log: what every seat starts with. */
  get initial(): Readonly<Record<AgentId, Scores>> {
    if (this.#initial === undefined) {
      const { header } = this.log
      this.#initial = this.env.score({ header, steps: [], stop: null })
    }
    return this.#initial
  }

  /** How often a live seat's score lay outside the bounds of the unit scale in this game. */
  get clipped(): number {
    return [...this.#purses.values()].reduce((sum, { clipped }) => sum + clipped, 0)
  }

  /** The log so far. It is gone after `forget`. */
  get log(): EpisodeLog<T> {
    if (this.#rest !== undefined) throw new TableError('not_reset', 'The log of this game was not kept.')
    if (this.#episode === undefined) throw new TableError('not_reset', 'There is no game yet; call reset.')
    return this.#episode.log
  }

  /** A live seat passes from now on to the end of the game, and is waited for no more. */
  retire(agent: AgentId): void {
    this.#game(agent)
    this.#retired.add(agent)
  }

  /** Ends the game from outside; the reason, in snake_case, becomes the log's footer. What was earned comes with the view. */
  stop(reason: string): TableView {
    if (this.view.stop !== null) return this.view
    this.#given.abort(new EpisodeStopped(reason))
    this.#episode!.stop(reason)
    return this.#tell()
  }

  /** Gives up the log of a finished game, which is most of its memory: scores and last observations stay. */
  forget(): void {
    if (this.#rest !== undefined || this.view.stop === null) return
    const episode = this.#episode!
    void this.initial
    this.#rest = {
      observations: Object.fromEntries(this.live.map(agent => [agent, episode.observe(agent)])),
      results: Object.fromEntries(this.live.map(agent => [agent, episode.results(agent)])),
    }
    this.#episode = undefined
    this.#policies.clear()
  }

  /** Players that are still thinking are told to give up; nothing can be played afterwards. */
  close(): void {
    this.#closed.abort(new TableError('closed', 'The table is closed.'))
    this.#given.abort(this.#closed.signal.reason)
  }

  /** No two steps at once. */
  #enter(): void {
    if (this.#closed.signal.aborted) throw this.#closed.signal.reason
    if (this.#busy) throw new TableError('busy', 'The step before is still being played; wait for its view.')
  }

  #game(agent: AgentId): Episode<T> {
    if (!this.#isLive.has(agent))
      throw new TableError(
        'unknown_seat',
        `'${agent.slice(0, 64)}' is no live seat of this table; live: ${this.live.join(', ')}.`,
      )
    if (this.#episode !== undefined) return this.#episode
    throw this.#rest === undefined
      ? new TableError('not_reset', 'There is no game yet; call reset.')
      : new TableError('episode_over', `The episode is over (${this.#view?.stop}); call reset.`)
  }

  #seated(episode: Episode<T>): Map<AgentId, Policy<T>> {
    const game = { env: this.env, config: this.config, seats: this.seats, seed: episode.header.seed, repeatOf: () => 0 }
    return new Map([...this.#opponents].flatMap(([factory, agents]) => seatPolicies(factory, agents, game)))
  }

  /** What honest play of the live seats gets on this seed. */
  #honestScores(
    seed: number,
    repeat: number,
  ): Readonly<Record<AgentId, number>> | undefined | Promise<Readonly<Record<AgentId, number>>> {
    const { honest } = this.#reward
    if (typeof honest !== 'function') return honest
    const { env, config } = this
    const opponents = Object.fromEntries(
      [...this.#opponents].flatMap(([factory, agents]) => agents.map(agent => [agent, factory])),
    )
    const seats = Object.fromEntries(this.live.map(agent => [agent, honest]))
    // Nobody is live: a table without a live seat plays to its end.
    const game = new Table(env, { config, live: [], opponents: { ...opponents, ...seats } })
    const scores = (): Record<AgentId, number> => {
      const all = env.score(game.log)
      return Object.fromEntries(this.live.map(agent => [agent, all[agent]!.reward]))
    }
    const played = game.reset(seed, repeat)
    return played instanceof Promise ? played.then(scores) : scores()
  }

  #open(honest: Readonly<Record<AgentId, number>> | undefined): void {
    for (const agent of this.live)
      this.#purses.set(agent, new Purse(this.#reward, () => this.initial[agent]!.reward, honest?.[agent]))
  }

  #play(own: Decisions | undefined): TableView | Promise<TableView> {
    let played: TableView | Promise<TableView>
    try {
      played = this.#advance(own)
    } catch (error) {
      return this.#end(error)
    }
    return played instanceof Promise ? this.#guarded(played) : played
  }

  async #guarded(playing: Promise<TableView>): Promise<TableView> {
    this.#busy = true
    try {
      return await playing
    } catch (error) {
      return this.#end(error)
    } finally {
      this.#busy = false
    }
  }

  /** What becomes of a game that a player ended: it is stopped where the player wanted that, given up where it failed. */
  #end(error: unknown): TableView {
    const cause = error instanceof SeatFailure ? error.cause : error
    if (this.#closed.signal.aborted) throw this.#closed.signal.reason
    if (cause instanceof EpisodeStopped) {
      this.#episode!.stop(cause.reason)
      return this.#tell()
    }
    if (!(error instanceof SeatFailure)) throw error
    this.#failed = new TableError(
      'player_failed',
      `The player of '${error.agent}' failed, so the game is given up: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
    throw this.#failed
  }

  /** Plays on until a live seat may act or the game is over; the caller's decisions go into the first step. */
  #advance(own: Decisions | undefined): TableView | Promise<TableView> {
    const game = this.#episode!
    let pending = own
    while (!game.over) {
      const actors = game.actors()
      if (pending === undefined && actors.some(agent => this.#acts(agent))) break
      const decisions: Record<AgentId, Decision> = { ...pending }
      pending = undefined
      const others = actors.filter(agent => !this.#isLive.has(agent))
      const waits = ask(others, agent => this.#policies.get(agent)!.act(game.turn(agent, this.#given.signal, 0)), decisions)
      if (waits !== undefined) return this.#advanceLater(waits, decisions)
      this.#step(decisions)
    }
    return this.#tell()
  }

  async #advanceLater(waits: readonly Promise<void>[], decisions: Decisions): Promise<TableView> {
    await settle(waits, failure => this.#given.abort(failure))
    this.#closed.signal.throwIfAborted()
    // Somebody may have stopped the game while others were thinking.
    if (!this.#episode!.over) this.#step(decisions)
    return this.#advance(undefined)
  }

  #acts(agent: AgentId): boolean {
    return this.#isLive.has(agent) && !this.#retired.has(agent)
  }

  #step(decisions: Decisions): void {
    const { rewards } = this.#episode!.step(decisions)
    for (const [agent, purse] of this.#purses) purse.earn(rewards[agent] ?? 0)
  }

  #tell(): TableView {
    const game = this.#episode!
    const { done, over, t } = game
    const { stop } = game.log
    const isReset = this.#view === undefined
    const all = over ? this.env.score(game.log) : null
    this.#view = {
      t,
      acting: game.actors().filter(agent => this.#acts(agent)),
      rewards: Object.fromEntries(
        this.live.map(agent => [agent, isReset && !over ? 0 : this.#purses.get(agent)!.pay(all?.[agent]?.reward)]),
      ),
      done: over && done === false ? 'stopped' : done,
      terminated: done === 'terminated',
      truncated: over && done !== 'terminated',
      stop,
      scores: all === null ? null : Object.fromEntries(this.live.map(agent => [agent, all[agent]!])),
    }
    return this.#view
  }
}
