/**
 * One game of a wire's client: stepped by decisions, spoken to in messages or called tool by tool, and told in the forms that
 * were wanted. Knows no connection and no frame.
 */
import type { z } from 'zod'
import type { Encoding } from '../envs/core/encoding.ts'
import type { AnyTypes, Decision, Decisions } from '../envs/core/environment.ts'
import { refusalText } from '../envs/core/outcome.ts'
import { digest } from '../envs/core/plain.ts'
import { type Table, TableError, type TableView } from '../envs/core/table.ts'
import { type AgentId, type Call, type ToolSet, toolSchema } from '../envs/core/tool.ts'
import { taskKey } from '../rollouts/rollout.ts'
import { type SeatMessage, Talk, type TalkView } from '../rollouts/talk.ts'
import { TurnBuffer } from '../rollouts/turn_buffer.ts'
import { after, type Later } from './after.ts'
import { ServeError } from './errors.ts'
import { type Game, notEncoded } from './game.ts'
import type { Host } from './host.ts'
import { withoutNulls } from './seat.ts'
import type { decision, Want } from './wire_requests.ts'

/** One session that is stepped or spoken to. */
export class SessionGame {
  readonly #game: Game
  readonly #want: ReadonlySet<Want>
  readonly #log: boolean
  readonly #host: Host
  readonly #encoding: Encoding<AnyTypes> | undefined
  #table: Table | undefined
  #talk: Talk | undefined
  /** The calls of seats that call one by one, and the decisions of those that have ended their turn. */
  #buffers = new Map<AgentId, TurnBuffer>()
  #decided: Record<AgentId, Decision> = {}
  #clipped = 0

  constructor(game: Game, want: ReadonlySet<Want>, log: boolean, host: Host) {
    const { env } = game.economy
    this.#game = game
    this.#want = want
    this.#log = log
    this.#host = host
    this.#encoding = env.encode?.(game.config)
    if (want.has('encoded') && this.#encoding === undefined) throw notEncoded(game)
  }

  /** What the game is; `known` are the tools that the client has already. */
  describe(known: string | undefined): object {
    const { economy, config, live } = this.#game
    const { env } = economy
    const tools = Object.entries(env.tools(config)).map(([name, tool]) => {
      const { description, parameters } = toolSchema(name, tool)
      return { name, kind: tool.kind, description, parameters }
    })
    const rules = Object.fromEntries(live.map(agent => [agent, env.rules(config, agent)]))
    const tools_id = digest([tools, rules]).slice(0, 12)
    const end_tool = live.map(agent => new TurnBuffer(env.turn(config, agent)).endTool).find(tool => tool !== undefined)
    return {
      ...whatIs(this.#game),
      turn: Object.fromEntries(
        live.map(agent => {
          const { maxCalls, repairs, onSilence, passTool } = env.turn(config, agent)
          const max_calls = Number.isFinite(maxCalls) ? maxCalls : null
          return [agent, { max_calls, repairs, on_silence: onSilence, ...(passTool !== undefined && { pass_tool: passTool }) }]
        }),
      ),
      ...(known !== tools_id && { rules, tools }),
      tools_id,
      ...(end_tool !== undefined && { end_tool }),
      ...(this.#encoding !== undefined && { encoding: encodingOf(this.#encoding) }),
    }
  }

  get table(): Table {
    if (this.#table === undefined) throw new TableError('not_reset', 'There is no game yet; reset first.')
    return this.#table
  }

  reset(seed: number | undefined, repeat: number | undefined): Later<object> {
    const table = this.#game.table(seed)
    this.#table = table
    this.#buffers.clear()
    this.#decided = {}
    this.#count('resets')
    const start = (body: object): object => ({
      ...body,
      seed: this.#game.seed,
      initial: Object.fromEntries(table.live.map(agent => [agent, this.#initial![agent]!.reward])),
    })
    if (!this.#want.has('messages')) return after(table.reset(this.#game.seed, repeat), view => start(this.#view(view)))
    this.#talk = new Talk(table)
    return after(this.#talk.reset(this.#game.seed, repeat), told => start(this.#told(told)))
  }

  step(decisions: Readonly<Record<AgentId, z.output<typeof decision>>>): Later<object> {
    if (this.#talk !== undefined || this.#want.has('messages'))
      throw new ServeError('bad_request', "step: this session is spoken to (want: ['messages']); use say.")
    const { table } = this
    const taken: Record<AgentId, Decision> = {}
    for (const [agent, given] of Object.entries(decisions)) {
      if ('calls' in given) {
        const { calls, units } = given
        taken[agent] = { calls: calls as Decision['calls'], ...(units !== undefined && { units }) }
      } else taken[agent] = this.#decoded(agent, given.slot)
    }
    return after(table.step(taken as Decisions), view => this.#view(view))
  }

  say(messages: Readonly<Record<AgentId, SeatMessage>>): Later<object> {
    if (!this.#want.has('messages'))
      throw new ServeError('bad_request', "say: this session is not spoken to; make it with want: ['messages'].")
    if (this.#talk === undefined) throw new TableError('not_reset', 'There is no game yet; reset first.')
    return after(this.#talk.say(messages), told => this.#told(told))
  }

  /** One call of a seat; the world moves once every seat that acts has ended its turn. */
  call(seat: AgentId, call: unknown): Later<object> {
    if (this.#want.has('messages'))
      throw new ServeError('bad_request', "call: this session is spoken to (want: ['messages']); use say.")
    const { table } = this
    const { acting, stop } = table.view
    if (stop !== null) throw new TableError('episode_over', `The episode is over (${stop}); reset.`)
    if (!acting.includes(seat) || this.#decided[seat] !== undefined)
      throw new TableError('not_your_turn', `'${seat}' may not act now; acting: ${acting.join(', ')}.`)
    const { env, config } = table
    const buffer = this.#buffers.get(seat) ?? new TurnBuffer(env.turn(config, seat))
    this.#buffers.set(seat, buffer)
    const { ok, text, decision } = buffer.call(withoutNullArgs(env.tools(config), call), each => table.check(seat, each))
    if (decision === undefined) return { accepted: ok, text }
    this.#decided[seat] = decision
    if (acting.some(agent => this.#decided[agent] === undefined)) return { accepted: true, text: TURN_OVER }
    const decisions = this.#decided
    this.#decided = {}
    return after(table.step(decisions), view => {
      const last = table.results(seat).at(-1)
      return { accepted: last?.ok ?? true, text: last?.text ?? '', ...this.#view(view) }
    })
  }

  check(seat: AgentId, call: unknown): object {
    const { table } = this
    const checked = table.check(seat, call)
    if (!checked.ok) return { legal: false, code: checked.refusal.code, text: refusalText(checked.refusal) }
    const { kind } = this.#game.economy.env.tools(this.#game.config)[checked.action.tool]!
    return { legal: true, kind, ...(checked.answer !== undefined && { answer: checked.answer }) }
  }

  stop(reason: string): object {
    const { stop } = this.table.view
    if (stop !== null) throw new TableError('episode_over', `The episode is over (${stop}); reset.`)
    return this.#view(this.table.stop(reason))
  }

  /** The log so far as one of a run's logs (`readSteps`), under a key of its rules, its seed and who sits where. */
  get log(): object {
    const { log, env, config } = this.table
    const { seed, repeat, seats } = log.header
    return { key: `${taskKey({ env, config, seed })}-${digest(seats).slice(0, 12)}-r${repeat}`, ...log }
  }

  close(): void {
    this.#game.close()
  }

  get #initial(): Table['initial'] {
    return this.table.initial
  }

  #decoded(agent: AgentId, slot: number): Decision {
    const encoding = this.#encoding
    if (encoding === undefined) throw notEncoded(this.#game)
    if (slot >= encoding.slots.length)
      throw new ServeError('bad_request', `step: slot: expected 0 to ${encoding.slots.length - 1}, got ${slot}.`)
    return encoding.decode(this.table.observe(agent), slot)
  }

  #told({ told, waiting, view }: TalkView): object {
    return { told, waiting, ...(view !== null && this.#view(view)) }
  }

  #view(view: TableView): object {
    const { table } = this
    const { env } = this.#game.economy
    const { t, acting, rewards, done, terminated, truncated, stop, scores } = view
    const over = stop !== null
    const turns: Record<AgentId, object> = {}
    for (const agent of over ? table.live : acting) turns[agent] = this.#turn(agent)
    const body = { t, acting, turns, rewards, done, terminated, truncated, stop }
    if (!over) {
      if (t > 0) this.#count('steps')
      return body
    }
    this.#clipped += table.clipped
    this.#count('episodes')
    this.#host.counts.clipped.add(env.id, table.clipped)
    const { log } = table
    const metrics = Object.fromEntries(table.live.map(agent => [agent, env.metrics.of(log, agent)]))
    if (!this.#log) table.forget()
    return { ...body, scores, metrics, clipped: this.#clipped }
  }

  #turn(agent: AgentId): object {
    const { table } = this
    const want = this.#want
    const offered = table.offered(agent)
    const results = table.results(agent)
    const plain = { offered, results, ...(want.has('standings') && { standings: this.#standings(agent) }) }
    if (!want.has('text') && !want.has('observation') && !want.has('encoded')) return plain
    const observation = table.observe(agent)
    return {
      ...plain,
      ...(want.has('text') && { text: table.env.render(observation) }),
      ...(want.has('observation') && { observation }),
      ...(want.has('encoded') && encoded(this.#encoding!, observation, offered)),
    }
  }

  /** By quantity, how the seat itself stood after each step; of the others it is told nothing here. */
  #standings(agent: AgentId): Readonly<Record<string, readonly number[]>> {
    const { env, log } = this.table
    return Object.fromEntries(
      Object.entries(env.facts?.standings?.(log) ?? {}).map(([quantity, by]) => [quantity, by[agent] ?? []]),
    )
  }

  #count(what: 'resets' | 'steps' | 'episodes'): void {
    this.#host.counts[what].add(this.#game.economy.env.id, 1)
  }
}

/** What a seat is told that has ended its turn before others have. */
const TURN_OVER = 'Your turn is over; the others move.'

/** A call without the nulls that clients send for arguments that were left out. */
function withoutNullArgs(tools: ToolSet<AnyTypes>, call: unknown): Call {
  const { tool, args } = (call ?? {}) as Partial<Call>
  const known = typeof tool === 'string' && Object.hasOwn(tools, tool) ? toolSchema(tool, tools[tool]!) : undefined
  return known === undefined ? (call as Call) : { tool: tool!, args: withoutNulls(known, args) }
}

/** What a client is told of a game that it made. */
export function whatIs(game: Game): object {
  const { economy, preset, config, seats, live } = game
  const players = game.players(0)
  return {
    env: economy.env.id,
    version: economy.env.version,
    preset,
    config,
    seats: seats.map(seat => ({ ...seat, player: players[seat.agent] })),
    live,
  }
}

/** What features and slots mean, in their order; the functions stay here. */
export function encodingOf({ features, slots }: Encoding<AnyTypes>): object {
  return { features, slots }
}

function encoded(encoding: Encoding<AnyTypes>, observation: AnyTypes['Observation'], offered: readonly string[]): object {
  const features = new Float32Array(encoding.features.length)
  const mask = new Uint8Array(encoding.slots.length)
  encoding.observe(observation, features)
  if (offered.length > 0) encoding.mask(observation, offered, mask)
  return { features: [...features], mask: [...mask] }
}
