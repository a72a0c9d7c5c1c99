/**
 * The wire (`docs/wire.md`): games for programs in other languages. A connection takes requests as text and gives frames back; it
 * knows no pipe and no socket. Text frames are JSON; a binary frame holds the buffers that the one before it lists.
 */
import { z } from 'zod'
import type { Encoding } from '../envs/core/encoding.ts'
import type { AnyTypes, Decision, Decisions } from '../envs/core/environment.ts'
import { refusalText } from '../envs/core/outcome.ts'
import { digest } from '../envs/core/plain.ts'
import { REWARD_FORMS, type RewardForm } from '../envs/core/reward.ts'
import { type Table, TableError, type TableView } from '../envs/core/table.ts'
import { type AgentId, type Call, explain, type ToolSet, toolSchema } from '../envs/core/tool.ts'
import { taskKey } from '../rollouts/rollout.ts'
import { type SeatMessage, Talk, type TalkView } from '../rollouts/talk.ts'
import { TurnBuffer } from '../rollouts/turn_buffer.ts'
import { packageVersion } from '../rollouts/versions.ts'
import { ServeError } from './errors.ts'
import { type Game, gameSchema, type Payment } from './game.ts'
import type { Host } from './host.ts'
import { withoutNulls } from './seat.ts'
import type { Session } from './sessions.ts'
import { Vector } from './vector.ts'

/** Bumped whenever a client written for the one before would break. */
export const PROTOCOL = 1

/** A text frame, or the buffers behind it. */
export type Frame = string | Uint8Array

const WANTS = ['text', 'observation', 'encoded', 'standings', 'messages'] as const
type Want = (typeof WANTS)[number]

const id = z
  .union([z.string().max(256), z.number()])
  .nullable()
  .optional()
const session = z.int().min(1)
const name = z.string().max(64)
const units = z.strictObject({
  thinking: z.int().min(0),
  output: z.int().min(0),
  source: z.enum(['reported', 'estimated']),
})
const decision = z.union([
  z.strictObject({ calls: z.array(z.unknown()).max(1000), units: units.optional() }),
  z.strictObject({ slot: z.int().min(0) }),
])
const message = z.strictObject({
  role: z.literal('assistant').optional(),
  content: z.string().nullable().optional(),
  reasoning_content: z.string().nullable().optional(),
  tool_calls: z
    .array(z.strictObject({ id: z.string().default(''), name: z.string(), arguments: z.string() }))
    .max(1000)
    .nullable()
    .optional(),
  finish_reason: z.enum(['stop', 'tool_calls', 'length', 'refusal']).nullable().optional(),
  units: units.nullable().optional(),
})
const reward = z.strictObject({
  form: z.enum(REWARD_FORMS as [RewardForm, ...RewardForm[]]).optional(),
  scale: z.literal('unit').optional(),
  relative: z.enum(['par', 'game']).optional(),
})
const game = { ...gameSchema.shape, env: name, reward: reward.optional() }

/** What each operation takes, `id` and `op` apart. */
const REQUESTS = {
  hello: { protocol: z.int().optional() },
  make: {
    ...game,
    want: z.array(z.enum(WANTS)).max(WANTS.length).optional(),
    tools_id: name.optional(),
    log: z.boolean().optional(),
  },
  reset: { s: session, seed: z.number().optional(), repeat: z.int().min(0).optional() },
  step: { s: session, decisions: z.record(name, decision) },
  say: { s: session, messages: z.record(name, message) },
  call: { s: session, seat: name, call: z.unknown() },
  check: { s: session, seat: name, call: z.unknown() },
  stop: {
    s: session,
    reason: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,63}$/, 'expected snake_case')
      .optional(),
  },
  log: { s: session },
  close: { s: session },
  vmake: { ...game, n: z.int().min(1).max(65_536) },
  vreset: { v: session, seeds: z.array(z.number()).optional() },
  vstep: { v: session, actions: z.array(z.number()) },
  vclose: { v: session },
} as const
export type Op = keyof typeof REQUESTS
export const OPS = Object.keys(REQUESTS) as Op[]

const SCHEMAS = Object.fromEntries(
  Object.entries(REQUESTS).map(([op, fields]) => [op, z.strictObject({ id, op: z.literal(op), ...fields })]),
) as unknown as { readonly [K in Op]: z.ZodObject<(typeof REQUESTS)[K]> }
type Request<K extends Op> = z.output<(typeof SCHEMAS)[K]>

/** An answer's fields, and the buffers that follow it. */
interface Answer {
  readonly body: object
  readonly buffers?: readonly Uint8Array[]
}
type Later<R> = R | Promise<R>

/** Something held for the client under a number. */
interface Held {
  readonly session: Session
  readonly game?: SessionGame
  readonly vector?: Vector
}

export class Connection {
  readonly #host: Host
  readonly #fault: (error: unknown) => void
  readonly #held = new Map<number, Held>()
  /** Sessions that were closed because nothing was asked of them. */
  readonly #idle = new Set<number>()
  #last = 0
  readonly #ops: { readonly [K in Op]: (request: Request<K>) => Later<Answer> }

  /** `fault` is told what was a bug of ours; the client is told `internal`. */
  constructor(host: Host, fault: (error: unknown) => void = () => {}) {
    this.#host = host
    this.#fault = fault
    this.#ops = {
      hello: ({ protocol = PROTOCOL }) => this.#hello(protocol),
      make: request => this.#make(request),
      reset: ({ s, seed, repeat }) => this.#run(s, game => game.reset(seed, repeat)),
      step: ({ s, decisions }) => this.#run(s, game => game.step(decisions)),
      say: ({ s, messages }) => this.#run(s, game => game.say(messages as Record<AgentId, SeatMessage>)),
      call: ({ s, seat, call }) => this.#run(s, game => game.call(seat, call)),
      check: ({ s, seat, call }) => this.#run(s, game => game.check(seat, call)),
      stop: ({ s, reason = 'stopped' }) => this.#run(s, game => game.stop(reason)),
      log: ({ s }) => this.#run(s, game => ({ log: game.log })),
      close: ({ s }) => this.#close(s, 'game'),
      vmake: request => this.#vmake(request),
      vreset: ({ v, seeds }) => this.#runVector(v, vector => vector.reset(seeds)),
      vstep: ({ v, actions }) => this.#runVector(v, vector => vector.step(actions)),
      vclose: ({ v }) => this.#close(v, 'vector'),
    }
  }

  /** Answers a request, with a promise where a player that answers later is waited for. Never throws. */
  receive(text: string): Later<readonly Frame[]> {
    let request: unknown
    try {
      request = JSON.parse(text)
    } catch (error) {
      return refused(null, new ServeError('bad_json', `Expected one JSON object a request: ${(error as Error).message}.`))
    }
    if (typeof request !== 'object' || request === null || Array.isArray(request))
      return refused(null, new ServeError('bad_json', 'Expected one JSON object a request.'))
    const { id: given, op } = request as { readonly id?: unknown; readonly op?: unknown }
    const own = typeof given === 'number' || (typeof given === 'string' && given.length <= 256) ? given : null
    try {
      const answer = this.#answer(op, request)
      return answer instanceof Promise
        ? answer.then(
            later => written(own, later),
            error => refused(own, this.#error(error, request)),
          )
        : written(own, answer)
    } catch (error) {
      return refused(own, this.#error(error, request))
    }
  }

  /** What a carrier answers to a request that is longer than it takes. */
  tooLarge(bytes: number): readonly Frame[] {
    return refused(null, new ServeError('too_large', `A request is at most ${bytes} bytes long.`))
  }

  /** The client has gone: everything it held is given up. */
  closed(): void {
    for (const { session } of [...this.#held.values()]) session.end()
  }

  #answer(op: unknown, request: object): Later<Answer> {
    if (typeof op !== 'string' || !Object.hasOwn(SCHEMAS, op))
      throw new ServeError(
        'unknown_op',
        `No operation ${JSON.stringify(String(op).slice(0, 64))}. Operations: ${OPS.join(', ')}.`,
      )
    const parsed = SCHEMAS[op as Op].safeParse(request)
    if (!parsed.success) throw new ServeError('bad_request', `${op}: ${explain(parsed.error)}.`)
    return (this.#ops[op as Op] as (request: unknown) => Later<Answer>)(parsed.data)
  }

  /** What the client is told of a failure. A fault of ours ends the session it happened in. */
  #error(error: unknown, request: object): ServeError {
    if (error instanceof ServeError) return error
    if (error instanceof TableError)
      return new ServeError(error.code === 'closed' || error.code === 'busy' ? 'unknown_session' : error.code, error.message)
    this.#fault(error)
    const { s, v } = request as { readonly s?: number; readonly v?: number }
    this.#held.get(s ?? v ?? 0)?.session.end()
    return new ServeError(
      'internal',
      `A fault of the server: ${error instanceof Error ? error.message : String(error)}`.slice(0, 400),
    )
  }

  #hello(protocol: number): Answer {
    if (protocol !== PROTOCOL)
      throw new ServeError('unknown_protocol', `This server speaks protocol ${PROTOCOL}, not ${protocol}.`, {
        protocol: PROTOCOL,
      })
    const { economies } = this.#host
    const envs = economies.list().map(({ env }) => ({
      id: env.id,
      version: env.version,
      summary: env.summary,
      presets: Object.keys(env.presets),
      encoded: env.encode !== undefined,
    }))
    return { body: { protocol, version: packageVersion(), envs } }
  }

  #make({ want = ['text'], tools_id, log = true, reward, ...request }: Request<'make'>): Answer {
    const made = this.#host.game('agora', request, this.#payment(reward))
    const held = new SessionGame(made, new Set(want), log, this.#host)
    const s = this.#hold({ game: held }, () => held.close())
    return { body: { s, ...held.describe(tools_id) } }
  }

  #vmake({ n, reward, ...request }: Request<'vmake'>): Answer {
    const payment = this.#payment(reward)
    const vector = new Vector(like => this.#host.game('agora', request, payment, like), n)
    const v = this.#hold({ vector }, () => vector.close(), n)
    return { body: { v, n, ...whatIs(vector.game), encoding: encodingOf(vector.encoding) } }
  }

  /** What a client asked to be paid, over what the server pays. */
  #payment({ form, scale, relative }: z.output<typeof reward> = {}): Payment {
    const usual = this.#host.payment('agora')
    if (relative !== undefined && (form ?? usual.form) === 'delta')
      throw new ServeError(
        'bad_request',
        "make: reward: relative needs the form 'score' or 'total': a change is the same either way.",
      )
    return {
      ...usual,
      ...(form !== undefined && { form }),
      ...(scale !== undefined && { unit: 'par' as const }),
      ...(relative !== undefined && { honest: relative === 'par' ? ('par' as const) : true }),
    }
  }

  #hold(what: Omit<Held, 'session'>, close: () => void, games = 1): number {
    const s = ++this.#last
    const open = this.#host.sessions.open(
      'agora',
      why => {
        this.#held.delete(s)
        if (why === 'idle') this.#idle.add(s)
        close()
      },
      undefined,
      games,
    )
    this.#held.set(s, { ...what, session: open })
    return s
  }

  #find(s: number, kind: 'game' | 'vector'): Held {
    const held = this.#held.get(s)
    if (held?.[kind] !== undefined) return held
    if (this.#idle.has(s))
      throw new ServeError('idle_closed', `Session ${s} was closed because nothing was asked of it for too long; make another.`)
    throw new ServeError('unknown_session', `There is no ${kind === 'game' ? 'session' : 'vector'} ${s} on this connection.`)
  }

  #run(s: number, work: (game: SessionGame) => Later<object>): Later<Answer> {
    const { session, game } = this.#find(s, 'game')
    return then<object, Answer>(
      session.run(() => work(game!)),
      body => ({ body }),
    )
  }

  #runVector(v: number, work: (vector: Vector) => Later<Answer>): Later<Answer> {
    const { session, vector } = this.#find(v, 'vector')
    return session.run(() => work(vector!))
  }

  #close(s: number, kind: 'game' | 'vector'): Answer {
    this.#find(s, kind).session.end()
    return { body: {} }
  }
}

/** One session that is stepped or spoken to. */
class SessionGame {
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
    if (!this.#want.has('messages')) return then(table.reset(this.#game.seed, repeat), view => start(this.#view(view)))
    this.#talk = new Talk(table)
    return then(this.#talk.reset(this.#game.seed, repeat), told => start(this.#told(told)))
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
    return then(table.step(taken as Decisions), view => this.#view(view))
  }

  say(messages: Readonly<Record<AgentId, SeatMessage>>): Later<object> {
    if (!this.#want.has('messages'))
      throw new ServeError('bad_request', "say: this session is not spoken to; make it with want: ['messages'].")
    if (this.#talk === undefined) throw new TableError('not_reset', 'There is no game yet; reset first.')
    return then(this.#talk.say(messages), told => this.#told(told))
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
    return then(table.step(decisions), view => {
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

function whatIs(game: Game): object {
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

function encodingOf({ features, slots }: Encoding<AnyTypes>): object {
  return { features, slots }
}

function encoded(encoding: Encoding<AnyTypes>, observation: AnyTypes['Observation'], offered: readonly string[]): object {
  const features = new Float32Array(encoding.features.length)
  const mask = new Uint8Array(encoding.slots.length)
  encoding.observe(observation, features)
  if (offered.length > 0) encoding.mask(observation, offered, mask)
  return { features: [...features], mask: [...mask] }
}

export function notEncoded({ economy }: Game): ServeError {
  return new ServeError('not_encoded', `${economy.env.id} has no encoding; play it by calls or messages.`)
}

function written(id: string | number | null, { body, buffers }: Answer): readonly Frame[] {
  const header = JSON.stringify({ id, ok: true, ...body })
  return buffers === undefined ? [header] : [header, Buffer.concat(buffers)]
}

function refused(id: string | number | null, { code, message, data }: ServeError): readonly Frame[] {
  return [JSON.stringify({ id, ok: false, error: { code, message, ...data } })]
}

function then<A, B>(value: Later<A>, go: (value: A) => Later<B>): Later<B> {
  return value instanceof Promise ? value.then(go) : go(value)
}
