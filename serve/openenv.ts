/**
 * OpenEnv (package `openenv` 0.10): an economy as an environment of one seat, over WebSocket, HTTP and MCP; every other seat is
 * played here. A step is one message of a model. Knows OpenEnv's words.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { TableError } from '../envs/core/table.ts'
import { explain, type ToolSchema } from '../envs/core/tool.ts'
import { packageVersion } from '../rollouts/versions.ts'
import { after } from './after.ts'
import { ServeError } from './errors.ts'
import { gameSchema } from './game.ts'
import { parseMessage } from './guard.ts'
import type { Host } from './host.ts'
import { body, bodyOf, checked, type Port, route } from './routes.ts'
import { type SeatPlay, type Told, toolsOf, withoutNulls } from './seat.ts'
import type { Session } from './sessions.ts'
import { CLOSE, type Peer, type Talk } from './socket.ts'
import { drawSeed } from './tasks.ts'

/** The version of what an observation holds beyond OpenEnv. */
const OBSERVATION_VERSION = 1

/** What `reset` takes: OpenEnv's fields, and which game. */
const resetSchema = gameSchema.omit({ live: true }).extend({
  seed: z.int().min(0).nullish(),
  episode_id: z.string().max(255).nullish(),
  seat: z.string().max(64).optional(),
})

const callSchema = z.strictObject({ tool: z.string(), args: z.unknown().optional() })
const metadata = z.record(z.string(), z.unknown()).optional()
/** One message, in OpenEnv's three forms: the tools are asked for, one is called by itself, or calls are decided on. */
const actionSchema = z.union([
  z.strictObject({ type: z.literal('list_tools'), metadata }),
  z.strictObject({ type: z.literal('call_tool'), tool_name: z.string(), arguments: z.unknown().optional(), metadata }),
  z.strictObject({
    tool: z.string().optional(),
    args: z.unknown().optional(),
    calls: z.array(callSchema).max(256).optional(),
    units: z.strictObject({ thinking: z.int().min(0), output: z.int().min(0) }).optional(),
    metadata,
  }),
])
type Action = z.infer<typeof actionSchema>

/** JSON-RPC 2.0. */
const RPC = { parse: -32700, invalid: -32600, method: -32601, params: -32602, internal: -32603, server: -32000 } as const
const rpcSchema = z.strictObject({
  jsonrpc: z.literal('2.0'),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).optional(),
  id: z.union([z.string(), z.number(), z.null()]).optional(),
})

/** What a step or a reset answers. */
interface StepResult {
  readonly observation: object
  readonly reward: number | null
  readonly done: boolean
  readonly metadata: object
}

/** One environment of a client. */
class OpenEnvSession {
  readonly #host: Host
  readonly #env: string
  #play: SeatPlay | undefined
  #steps = 0
  #episode: string | null = null

  constructor(host: Host, env: string) {
    this.#host = host
    this.#env = env
  }

  reset(data: unknown): StepResult | Promise<StepResult> {
    const { seed, episode_id, seat, ...game } = checked(resetSchema, data ?? {})
    const play = this.#host.seat('openenv', { env: this.#env, ...game, ...(seat !== undefined && { live: [seat] }) })
    this.#play?.close()
    this.#play = play
    this.#steps = 0
    this.#episode = episode_id ?? randomUUID()
    return after(play.reset(seed ?? drawSeed()), told => ({
      ...result(play, told, null),
      observation: { ...observation(play, told), rules: told.messages[0]!.content, tools: tools(toolsOf(play.game, 'messages')) },
    }))
  }

  step(data: unknown): StepResult | Promise<StepResult> {
    const action = checked(actionSchema, data)
    if ('type' in action && action.type === 'list_tools')
      return { observation: { tools: tools(this.tools), done: false }, reward: null, done: false, metadata: {} }
    const play = this.play
    this.#steps++
    if ('type' in action) {
      const { tool_name, arguments: args } = action
      return after(this.call(tool_name, args), told => {
        const { ok, text } = summary(told)
        const isKnown = this.tools.some(({ name }) => name === tool_name)
        const error = ok ? null : { error_type: isKnown ? 'invalid_args' : 'tool_not_found', message: text }
        return {
          ...result(play, told, told.reward),
          observation: { ...observation(play, told), tool_name, result: ok ? text : null, error },
        }
      })
    }
    return after(play.say(message(play, action)), told => result(play, told, told.reward))
  }

  /** One call of a tool by itself. */
  call(name: string, args: unknown): Told | Promise<Told> {
    const tool = this.tools.find(tool => tool.name === name)
    return this.play.call({ tool: name, args: withoutNulls(tool, args ?? {}) })
  }

  state(): object {
    const play = this.#play
    return {
      episode_id: this.#episode,
      step_count: this.#steps,
      env: this.#env,
      preset: play?.game.preset ?? null,
      seed: play?.game.seed ?? null,
      t: play?.table.view.t ?? 0,
    }
  }

  get isReset(): boolean {
    return this.#play !== undefined
  }

  /** Before a reset those of the game that would be played. */
  get tools(): readonly ToolSchema[] {
    return toolsOf(this.#play?.game ?? this.#host.game('openenv', { env: this.#env }), 'calls')
  }

  get play(): SeatPlay {
    if (this.#play === undefined) throw new TableError('not_reset', 'There is no game yet; reset first.')
    return this.#play
  }

  close(): void {
    this.#play?.close()
    this.#play = undefined
  }
}

/** A call as OpenEnv tells one: every result of the turn that it ended, or its own. */
function summary({ results }: Told): { readonly ok: boolean; readonly text: string } {
  return { ok: results.at(-1)?.ok ?? true, text: results.map(({ text }) => text).join('\n') }
}

/** An action of calls as the message of a model that would have sent them. */
function message(play: SeatPlay, action: Exclude<Action, { type: unknown }>) {
  const { tool, args, calls = [], units } = action
  const all = [...(tool === undefined ? [] : [{ tool, args }]), ...calls]
  return {
    tool_calls: all.map(call => play.toolCall(call.tool, call.args)),
    ...(units !== undefined && { units: { ...units, source: 'reported' as const } }),
  }
}

function result(play: SeatPlay, told: Told, reward: number | null): StepResult {
  const { terminated, truncated, stop } = told.view
  return {
    observation: observation(play, told),
    reward,
    done: stop !== null,
    metadata: { agoragym: { version: OBSERVATION_VERSION, seed: play.game.seed, terminated, truncated } },
  }
}

function observation(play: SeatPlay, { text, results, view }: Told): object {
  return {
    seat: play.agent,
    t: view.t,
    text,
    offered: play.table.offered(play.agent),
    results,
    terminated: view.terminated,
    truncated: view.truncated,
    ...play.final,
  }
}

const tools = (schemas: readonly ToolSchema[]): object[] =>
  schemas.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters }))

// What the three schemas say. The title of the action is none of those by which clients know an environment of tools alone, and one
// field is required, so that a bare word is an action too.
const TEXT = { type: 'string' }
const RESULT = {
  type: 'object',
  required: ['ok', 'text'],
  properties: { ok: { type: 'boolean' }, text: { type: 'string' } },
}
const OBSERVATION = {
  seat: { type: 'string', description: 'whose eyes these are' },
  t: { type: 'integer', minimum: 0, description: 'steps of the world so far' },
  text: { type: 'string', description: 'what the seat sees, or what it is asked to do again; empty at the end' },
  offered: { type: 'array', items: TEXT, description: 'the tools that may be called now' },
  results: { type: 'array', items: RESULT, description: 'what came of each call of the last action' },
  terminated: { type: 'boolean', description: 'over by what happened in it' },
  truncated: { type: 'boolean', description: 'over at its planned length, or stopped' },
  stop: { type: 'string', description: 'why it is over' },
  scores: { type: 'object', description: 'at the end: what an evaluation says of this seat' },
  metrics: { type: 'object', description: 'at the end: the economy’s metrics of this seat' },
}
const REQUIRED = ['seat', 't', 'text', 'offered', 'results', 'terminated', 'truncated']

function schemas(host: Host, env: string): object {
  const offered = toolsOf(host.game('openenv', { env }), 'messages')
  const tool = { type: 'string', enum: offered.map(({ name }) => name), description: 'the tool to call' }
  const args = { type: 'object', description: 'its arguments; their schemas come with the reset' }
  return {
    action: {
      title: 'EconAction',
      description: 'One message: a tool with its arguments, then further calls in order. {"calls": []} is silence.',
      type: 'object',
      additionalProperties: false,
      required: ['tool'],
      properties: {
        tool,
        args,
        calls: { type: 'array', items: { type: 'object', required: ['tool'], properties: { tool, args } } },
        units: {
          type: 'object',
          description: 'tokens of the message, for economies that bill thinking',
          properties: { thinking: { type: 'integer', minimum: 0 }, output: { type: 'integer', minimum: 0 } },
        },
        metadata: { type: 'object' },
      },
    },
    observation: { title: 'EconObservation', type: 'object', required: REQUIRED, properties: OBSERVATION },
    reset_observation: {
      title: 'EconResetObservation',
      type: 'object',
      required: [...REQUIRED, 'rules', 'tools'],
      properties: {
        ...OBSERVATION,
        rules: { type: 'string', description: 'the system prompt' },
        tools: { type: 'array', items: { type: 'object' }, description: 'name, description and input_schema of every tool' },
      },
    },
    state: {
      title: 'EconState',
      type: 'object',
      required: ['episode_id', 'step_count'],
      properties: {
        episode_id: { type: ['string', 'null'] },
        step_count: { type: 'integer', minimum: 0, description: 'actions since the reset' },
        env: { type: 'string' },
        preset: { type: ['string', 'null'] },
        seed: { type: ['integer', 'null'] },
        t: { type: 'integer', minimum: 0 },
      },
    },
  }
}

/** An environment that is held for a client between its requests. */
interface Held {
  readonly session: Session
  readonly env: OpenEnvSession
  /** Whether a socket speaks for it; `closing`: whether it ends with that socket. */
  attached: boolean
  closing: boolean
}

/** The environments that were made by `openenv/session/create`, by id. */
class HeldSessions {
  readonly #host: Host
  readonly #held = new Map<string, Held>()

  constructor(host: Host) {
    this.#host = host
  }

  open(economy: string): Held {
    const env = new OpenEnvSession(this.#host, economy)
    const session = this.#host.sessions.open('openenv', () => {
      this.#held.delete(session.id)
      env.close()
    })
    const held: Held = { session, env, attached: false, closing: false }
    this.#held.set(session.id, held)
    return held
  }

  get(id: string): Held | undefined {
    return this.#held.get(id)
  }
}

/** Answers one JSON-RPC message. Tools are called in the session that a socket speaks for (`own`), or in the one that is named. */
function rpc(
  host: Host,
  economy: string,
  held: HeldSessions,
  own: Pick<Held, 'session' | 'env'> | undefined,
  request: unknown,
): object | Promise<object> {
  const parsed = rpcSchema.safeParse(request)
  const id = parsed.success ? (parsed.data.id ?? null) : null
  const failure = (code: number, message: string, data?: object) => ({
    jsonrpc: '2.0',
    id,
    error: { code, message, ...(data !== undefined && { data }) },
  })
  if (!parsed.success) return failure(RPC.invalid, `Invalid request: ${explain(parsed.error)}`)
  const { method, params = {} } = parsed.data
  const success = (result: object) => ({ jsonrpc: '2.0', id, result })
  const failed = (error: unknown) => {
    if (error instanceof ServeError) return failure(RPC.server, error.message, { code: error.code, ...error.data })
    if (error instanceof TableError) return failure(RPC.server, error.message, { code: error.code })
    throw error
  }
  const name = typeof params.session_id === 'string' ? params.session_id : undefined
  const named = name === undefined ? undefined : held.get(name)
  const unknown = () => failure(RPC.params, `Unknown session_id: ${name?.slice(0, 64) ?? 'none'}`)
  try {
    switch (method) {
      case 'openenv/session/create':
        return success({ session_id: (own ?? held.open(economy)).session.id })
      case 'openenv/session/close': {
        if (named === undefined) return unknown()
        if (named.attached) named.closing = true
        else named.session.end()
        return success({ session_id: name, closed: !named.attached, ...(named.attached && { closing: true }) })
      }
      case 'tools/list': {
        if (name !== undefined && named === undefined) return unknown()
        const { tools } = own?.env ?? named?.env ?? new OpenEnvSession(host, economy)
        return success({
          tools: tools.map(({ name, description, parameters }) => ({ name, description, inputSchema: parameters })),
        })
      }
      case 'tools/call': {
        if (typeof params.name !== 'string') return failure(RPC.params, "Missing 'name' in params")
        if (name !== undefined && named === undefined) return unknown()
        const { session, env } = own ?? named ?? {}
        if (session === undefined || env === undefined)
          return failure(RPC.server, 'Tools are called in a session: openenv/session/create gives one.')
        const tool = params.name
        const called = session.run(() =>
          // Who has no reset to send plays the game that a reset without options begins.
          after(env.isReset ? undefined : env.reset({}), () => env.call(tool, params.arguments)),
        )
        const answer = (told: Told) => success(toolResult(env.play, told))
        return called instanceof Promise ? called.then(answer).catch(failed) : answer(called)
      }
      default:
        return failure(RPC.method, `Method not found: ${method.slice(0, 64)}`)
    }
  } catch (error) {
    return failed(error)
  }
}

function toolResult(play: SeatPlay, told: Told): object {
  const { ok, text } = summary(told)
  const { stop } = told.view
  const parts = [text, told.text, ...(stop === null ? [] : [`The game is over (${stop}).`])]
  return {
    content: parts.filter(part => part !== '').map(part => ({ type: 'text', text: part })),
    isError: !ok,
    structuredContent: { reward: told.reward, done: stop !== null, observation: observation(play, told) },
  }
}

/** The codes of OpenEnv's error messages, by ours; everything else is `EXECUTION_ERROR`. */
const WS_CODES: Readonly<Record<string, string>> = {
  bad_json: 'INVALID_JSON',
  bad_request: 'VALIDATION_ERROR',
  capacity: 'CAPACITY_REACHED',
}

function wsError(error: ServeError | TableError): object {
  const { code, message } = error
  const data = error instanceof ServeError ? error.data : {}
  return { type: 'error', data: { message, code: WS_CODES[code] ?? 'EXECUTION_ERROR', detail: code, ...data } }
}

/** Messages of `/ws`. */
const wsSchema = z.looseObject({ type: z.string(), data: z.unknown().optional() })

/** Speaks with one client of `/ws` or, where every message is JSON-RPC, of `/mcp`. */
function converse(
  { host }: Port,
  held: HeldSessions,
  economy: string,
  peer: Peer,
  attach: Held | undefined,
  isMcp: boolean,
): Talk {
  const env = attach?.env ?? new OpenEnvSession(host, economy)
  let session: Session
  try {
    session =
      attach?.session ??
      host.sessions.open('openenv', why => {
        env.close()
        if (why !== 'closed') peer.close(CLOSE.away, 'the session was ended')
      })
  } catch (error) {
    if (!(error instanceof ServeError)) throw error
    const told = isMcp
      ? {
          jsonrpc: '2.0',
          id: null,
          error: { code: RPC.server, message: error.message, data: { code: error.code, ...error.data } },
        }
      : wsError(error)
    peer.send(JSON.stringify(told))
    peer.close(CLOSE.later, error.code)
    return { receive: () => [], closed: () => {} }
  }
  if (attach !== undefined) attach.attached = true
  const own = { session, env }
  const answer = (text: string): object | undefined | Promise<object | undefined> => {
    const message = parseMessage(text)
    if (isMcp) return rpc(host, economy, held, own, message)
    const { type, data } = checked(wsSchema, message)
    switch (type) {
      case 'reset':
        return after(
          session.run(() => env.reset(data)),
          result => ({ type: 'observation', data: result }),
        )
      case 'step':
        return after(
          session.run(() => env.step(data)),
          result => ({ type: 'observation', data: result }),
        )
      case 'state':
        return { type: 'state', data: env.state() }
      case 'mcp':
        return after(rpc(host, economy, held, own, data), result => ({ type: 'mcp', data: result }))
      case 'close':
        peer.close(CLOSE.normal, 'closed')
        return undefined
      default:
        return { type: 'error', data: { message: `Unknown message type: ${type.slice(0, 64)}`, code: 'UNKNOWN_TYPE' } }
    }
  }
  const failed = (error: unknown): object => {
    if (error instanceof ServeError && error.code === 'bad_json' && isMcp)
      return { jsonrpc: '2.0', id: null, error: { code: RPC.parse, message: error.message } }
    if (error instanceof ServeError || error instanceof TableError) return wsError(error)
    host.onBug(error)
    return { type: 'error', data: { message: 'The server failed at this message; its log says how.', code: 'SESSION_ERROR' } }
  }
  const frames = (message: object | undefined): string[] => (message === undefined ? [] : [JSON.stringify(message)])
  return {
    receive(text) {
      session.touch()
      try {
        const answered = answer(text)
        return answered instanceof Promise ? answered.catch(failed).then(frames) : frames(answered)
      } catch (error) {
        return frames(failed(error))
      }
    },
    closed() {
      if (attach === undefined || attach.closing) session.end()
      else attach.attached = false
    },
  }
}

const stepSchema = z.looseObject({
  action: z.record(z.string(), z.unknown()),
  timeout_s: z.number().positive().nullish(),
  request_id: z.string().max(255).nullish(),
})

export function openEnv(port: Port): void {
  const { app, host, sockets } = port
  const held = new HeldSessions(host)
  route(port, 'GET', '/schema', (c, env) => c.json(schemas(host, env)))
  route(port, 'GET', '/metadata', (c, env) => {
    const { summary, version } = host.economies.get(env).env
    return c.json({
      name: env,
      description: summary,
      readme_content: null,
      version: String(version),
      author: 'agoragym',
      documentation_url: null,
    })
  })
  route(port, 'GET', '/openapi.json', (c, env) => c.json(openApi(env)))
  // HTTP has no session: each request is answered by an environment of its own.
  const alone = (env: string): OpenEnvSession => new OpenEnvSession(host, env)
  route(port, 'GET', '/state', (c, env) => c.json(alone(env).state()))
  route(port, 'POST', '/reset', async (c, env) => c.json(await once(alone(env), async env => env.reset(await body(c)))))
  route(port, 'POST', '/step', async (c, env) => {
    const { action } = await bodyOf(c, stepSchema)
    return c.json(await once(alone(env), async env => after(env.reset({}), () => env.step(action))))
  })
  route(port, 'POST', '/mcp', async (c, env) => {
    let message: unknown
    try {
      message = await body(c)
    } catch (error) {
      if (!(error instanceof ServeError)) throw error
      return c.json({ jsonrpc: '2.0', id: null, error: { code: RPC.parse, message: error.message } })
    }
    return c.json(await rpc(host, env, held, undefined, message))
  })
  for (const path of ['/ws', '/mcp'] as const)
    route(port, 'GET', path, async (c, env) => {
      if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') return c.notFound()
      const id = c.req.query('session_id')
      const attach = id === undefined ? undefined : held.get(id)
      if (id !== undefined && attach === undefined)
        throw new ServeError('unknown_session', `Unknown session_id: ${id.slice(0, 64)}`)
      return sockets.accept(c, peer => converse(port, held, env, peer, attach, path === '/mcp'))
    })
  app.get('/:env/health', c => {
    host.envOf(c.req.param('env'))
    return c.json(host.health())
  })
}

async function once(env: OpenEnvSession, work: (env: OpenEnvSession) => Promise<StepResult>): Promise<StepResult> {
  try {
    return await work(env)
  } finally {
    env.close()
  }
}

/** The paths that tell OpenEnv's clients which mode a server is in. */
function openApi(env: string): object {
  const operation = (summary: string) => ({ summary, responses: { 200: { description: summary } } })
  return {
    openapi: '3.1.0',
    info: { title: `agoragym ${env}`, version: '1.0.0', description: `OpenEnv HTTP API of agoragym ${packageVersion()}` },
    paths: {
      '/reset': { post: operation('A first observation') },
      '/step': { post: operation('What an action of a fresh environment leads to') },
      '/state': { get: operation('The state of a fresh environment') },
      '/metadata': { get: operation('What the environment is') },
      '/health': { get: operation('Whether the server runs') },
      '/schema': { get: operation('Schemas of actions, observations and state') },
      '/mcp': { post: operation('JSON-RPC: its tools') },
    },
  }
}
