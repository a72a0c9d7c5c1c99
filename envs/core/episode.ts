/**
 * The one stateful class: the current state and the log of one game. Knows the order in which a game is asked and
 * answered; knows no rules, no policies and no files.
 */
import { parseConfig } from './config.ts'
import type { AnyEnvironment, AnyTypes, CallResult, Decision, Decisions, Done, Environment, EnvTypes } from './environment.ts'
import { defaultPlayed } from './environment.ts'
import { PASS } from './exchange.ts'
import { type EpisodeLog, type LogHeader, type LogRecord, playedSeats, RESIDENT } from './log.ts'
import { deepFreeze, plain, short } from './plain.ts'
import type { Turn } from './policy.ts'
import { checkSeed, stream } from './random.ts'
import { type AgentId, admit, type Checked, check, type ToolName, type ToolSet } from './tool.ts'

export interface EpisodeOptions {
  readonly repeat?: number
  /** A player string per seat that a player takes; every other resident stays. By default all seats but the residents' are `unnamed`. */
  readonly seats?: Readonly<Record<AgentId, string>>
}

/** Why a game is over that reached its planned length, where the economy has no word of its own for it. */
const HORIZON = 'horizon'

const NO_RESULTS: readonly CallResult[] = Object.freeze([])

export class Episode<T extends EnvTypes = AnyTypes> {
  readonly env: Environment<T>
  readonly config: T['Config']
  readonly header: LogHeader
  readonly #tools: ToolSet<T>
  readonly #steps: LogRecord<T>[] = []
  /** What came of each agent's last decision: it may have been steps ago where agents take turns. */
  readonly #results = new Map<AgentId, readonly CallResult[]>()
  #state: T['State']
  #shared: T['Shared'] | undefined
  #stop: string | null = null

  /**
   * `config` is parsed by the environment's schema (a wrong one is a UserError that names the field); `seed` is an integer in [0, 2⁵³);
   * `repeat` an integer ≥ 0.
   */
  constructor(env: Environment<T>, config: unknown, seed: number, { repeat = 0, seats: named = {} }: EpisodeOptions = {}) {
    checkSeed(seed)
    if (!Number.isSafeInteger(repeat) || repeat < 0) throw new RangeError(`repeat: expected an integer ≥ 0, got ${repeat}`)
    this.env = env
    this.config = parseConfig(env as unknown as AnyEnvironment, config ?? {})
    this.#tools = env.tools(this.config)
    const seats = env.seats(this.config)
    const unknown = Object.keys(named).find(agent => !seats.some(seat => seat.agent === agent))
    if (unknown !== undefined)
      throw new RangeError(`seats: no seat '${unknown}' in ${env.id}; seats: ${seats.map(seat => seat.agent).join(', ')}`)
    const played = new Set(defaultPlayed(seats))
    const players = Object.fromEntries(
      seats.map(({ agent }) => [agent, named[agent] ?? (played.has(agent) ? 'unnamed' : RESIDENT)]),
    )
    this.header = deepFreeze({ env: env.id, version: env.version, config: this.config, seed, repeat, seats: players })
    this.#state = env.reset(this.config, seed, playedSeats(this.header))
  }

  /** The current state. Do not change it: step a copy of the game by keeping it and calling `env.step`. */
  get state(): T['State'] {
    return this.#state
  }

  get t(): number {
    return this.#steps.length
  }

  /** Why the game is over by its own rules or limit; false while it goes on or where it was stopped from outside. */
  get done(): Done {
    return this.#steps.at(-1)?.done ?? false
  }

  /** Whether no further step is possible. */
  get over(): boolean {
    return this.#stop !== null
  }

  get log(): EpisodeLog<T> {
    return { header: this.header, steps: this.#steps, stop: this.#stop }
  }

  /** Whose decisions the next step wants; nobody's once the game is over. */
  actors(): readonly AgentId[] {
    return this.over ? [] : this.env.actors(this.#state)
  }

  /** What all agents see now; computed once a step and frozen. */
  shared(): T['Shared'] {
    this.#shared ??= deepFreeze(this.env.shared(this.#state))
    return this.#shared as T['Shared']
  }

  observe(agent: AgentId): T['Observation'] {
    return this.env.observe(this.#state, agent, this.shared())
  }

  offered(agent: AgentId): readonly ToolName[] {
    return this.env.offered(this.#state, agent)
  }

  /** What came of the agent's last decision. */
  results(agent: AgentId): readonly CallResult[] {
    return this.#results.get(agent) ?? NO_RESULTS
  }

  /** What the economy would say to this call now; an `ask` tool is answered. Changes nothing. */
  check(agent: AgentId, call: unknown): Checked {
    const { env } = this
    const offered = this.offered(agent)
    const withheld = env.withheld && ((tool: ToolName) => env.withheld!(this.#state, agent, tool))
    const admitted = admit(this.#tools, offered, call, withheld)
    if (!admitted.ok) return admitted
    const tool = this.#tools[admitted.action.tool]!
    if (tool.kind === 'ask') return { ...admitted, answer: tool.answer(this.observe(agent), admitted.action.args) }
    return check(this.#tools, offered, this.#state, agent, call, withheld)
  }

  /** The agent's turn, as its policy gets it. `repeat` is the episode's unless the seat is to play alike in every repeat. */
  turn(agent: AgentId, signal?: AbortSignal, repeat = this.header.repeat): Turn<T> {
    return new EpisodeTurn(this, agent, signal, repeat)
  }

  /**
   * Plays one step. `decisions` are copied as plain data before anyone judges them, so what is judged, logged and replayed
   * is the same. Throws on a finished game and on a decision of somebody who may not act now: those are the caller's bugs.
   */
  step(decisions: Decisions): LogRecord<T> {
    if (this.#stop !== null) throw new Error(`step: the episode is over (${this.#stop}); make a new Episode`)
    const actors = this.env.actors(this.#state)
    const taken: Record<AgentId, Decision> = {}
    let given = 0
    for (const agent of actors) {
      const decision = decisions[agent]
      if (decision !== undefined) given++
      taken[agent] = takeDecision(agent, decision)
    }
    if (given !== Object.keys(decisions).length) {
      const stranger = Object.keys(decisions).find(agent => !actors.includes(agent))
      throw new Error(`step: ${short(stranger)} may not act now; expected decisions of ${actors.join(', ') || 'nobody'}`)
    }
    const { state, ...followed } = this.env.step(this.#state, taken)
    const record: LogRecord<T> = { t: this.#steps.length, decisions: taken, ...followed }
    this.#state = state
    this.#shared = undefined
    this.#steps.push(record)
    for (const agent of actors) this.#results.set(agent, record.results[agent] ?? NO_RESULTS)
    if (record.done !== false) this.#stop = record.stop ?? (record.done === 'truncated' ? HORIZON : record.done)
    return record
  }

  /** Ends the game from outside (a budget, a failing provider, a resigned player): the reason becomes the log's footer. */
  stop(reason: string): void {
    this.#stop ??= reason
  }
}

/** The plain copy of a decision that is judged and logged. Throws where a policy gave no decision at all. */
function takeDecision(agent: AgentId, decision: Decision | undefined): Decision {
  if (decision === undefined) return PASS
  if (typeof decision !== 'object' || decision === null || !Array.isArray(decision.calls)) {
    throw new TypeError(`step: expected a decision { calls: [{ tool, args }] } of ${agent}, got ${short(decision)}`)
  }
  const calls = plain(decision.calls) as unknown as Decision['calls']
  if (decision.units === undefined) return { calls }
  const { thinking, output, source } = decision.units
  if (!isUnits(thinking) || !isUnits(output) || (source !== 'reported' && source !== 'estimated')) {
    throw new TypeError(
      `step: expected units { thinking, output: integers ≥ 0, source: 'reported' | 'estimated' } of ${agent}, got ${short(decision.units)}`,
    )
  }
  return { calls, units: { thinking, output, source } }
}

function isUnits(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

class EpisodeTurn<T extends EnvTypes> implements Turn<T> {
  readonly agent: AgentId
  readonly t: number
  readonly repeat: number
  readonly observation: T['Observation']
  readonly offered: readonly ToolName[]
  readonly results: readonly CallResult[]
  readonly signal?: AbortSignal
  readonly #episode: Episode<T>
  #random: Turn<T>['random'] | undefined

  constructor(episode: Episode<T>, agent: AgentId, signal: AbortSignal | undefined, repeat: number) {
    this.#episode = episode
    this.agent = agent
    this.t = episode.t
    this.repeat = repeat
    this.observation = episode.observe(agent)
    this.offered = episode.offered(agent)
    this.results = episode.results(agent)
    if (signal !== undefined) this.signal = signal
  }

  /** Opened on first use: most turns of most bots draw nothing. */
  get random(): Turn<T>['random'] {
    this.#random ??= stream(this.#episode.header.seed, 'policy', this.repeat, this.agent, this.t)
    return this.#random
  }

  /** Bound, so that a policy may take it out of its turn; made on first use, as most turns of most bots check nothing. */
  get check(): Turn<T>['check'] {
    return (call: unknown): Checked => this.#episode.check(this.agent, plain(call))
  }
}
