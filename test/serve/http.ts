/** Clients of a server on loopback, one for each of its protocols, as plain as they can be; and the routes that they are. */
import { WebSocket } from 'ws'
import type { Decision } from '../../index.ts'
import { type RunningServer, type ServeOptions, startServer } from '../../serve/server.ts'
import type { Played, RouteGame } from './route_game.ts'

// biome-ignore lint/suspicious/noExplicitAny: an answer is read field by field.
type Answer = any

export const serving = (options: ServeOptions = {}): Promise<RunningServer> => startServer({ port: 0, ...options })

/** Does something with a server, and ends it. */
export async function withServer<R>(options: ServeOptions, work: (server: RunningServer) => Promise<R>): Promise<R> {
  const server = await serving(options)
  try {
    return await work(server)
  } finally {
    await server.close()
  }
}

/** A request whose answer is JSON. */
export async function ask(
  { url }: RunningServer,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: Answer; readonly headers: Headers }> {
  const answer = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
    headers: answer.headers,
  }
}

/** A WebSocket that answers one message at a time. */
export class Line {
  readonly socket: WebSocket
  /** How it was closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  readonly #answers: string[] = []
  readonly #waiting: ((text: string) => void)[] = []

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.socket = new WebSocket(url.replace(/^http/, 'ws'), { headers })
    this.closed = new Promise(resolve => this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })))
    this.socket.on('message', data => {
      const next = this.#waiting.shift()
      if (next === undefined) this.#answers.push(data.toString())
      else next(data.toString())
    })
  }

  /** Rejected where the server refuses. */
  async open(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.socket.once('open', resolve)
      this.socket.once('error', reject)
    })
    return this
  }

  /** The next message. */
  async next(): Promise<Answer> {
    return JSON.parse(this.#answers.shift() ?? (await new Promise<string>(resolve => this.#waiting.push(resolve))))
  }

  ask(message: unknown): Promise<Answer> {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
    return this.next()
  }
}

export const line = (server: RunningServer, path: string, headers?: Readonly<Record<string, string>>): Promise<Line> =>
  new Line(`${server.url}${path}`, headers).open()

/** The events of an answer of Open Reward Standard, put together again. */
export function result(events: string): Answer {
  const data = [...events.matchAll(/^event: (\w+)\ndata: ?(.*)$/gm)]
  return JSON.parse(data.flatMap(([, name, chunk]) => (name === 'chunk' || name === 'end' ? [chunk] : [])).join(''))
}

const opponents = ({ others }: RouteGame) => (others.length > 0 ? { opponents: { '*': 'random' } } : {})

/** What the economy rendered, of what a seat is told of its turn. */
const rendered = (told: string): string =>
  told.replace(/^You called no tool: your turn was passed\.\n\n/, '').replace(/\n\nYou may call now: [^\n]*$/, '')

type HttpRoute = (game: RouteGame, decisions: readonly Decision[]) => Promise<Played>

/** OpenEnv over its WebSocket: a step is a message. */
export const openEnvRoute: HttpRoute = (game, decisions) =>
  withServer({ reward: 'delta' }, async server => {
    const { economy, preset, agent, seed } = game
    const client = await line(server, `/${economy.env.id}/ws`)
    let { data } = await client.ask({ type: 'reset', data: { seed, preset, seat: agent, ...opponents(game) } })
    const rewards: number[] = []
    const texts: string[] = []
    for (const { calls, units } of decisions) {
      texts.push(rendered(data.observation.text))
      const { thinking = 0, output = 0 } = units ?? {}
      data = (await client.ask({ type: 'step', data: { calls, units: { thinking, output } } })).data
      rewards.push(data.reward)
    }
    const { scores, stop } = data.observation
    client.socket.close()
    return { rewards, texts, scores, stop }
  })

/** NeMo Gym: a step is a model's response. */
export const nemoRoute: HttpRoute = (game, decisions) =>
  withServer({ reward: 'delta' }, async server => {
    const { economy, preset, agent, seed } = game
    const path = `/nemo/${economy.env.id}`
    const row = { responses_create_params: { input: [] }, seed, preset, seat: agent, ...opponents(game) }
    const begun = await ask(server, `${path}/reset`, row)
    const cookie = begun.headers.get('set-cookie')!.split(';')[0]!
    let { body } = begun
    const rewards: number[] = []
    const texts: string[] = []
    for (const [i, { calls, units }] of decisions.entries()) {
      texts.push(rendered(body.observation))
      const { thinking = 0, output = 0 } = units ?? {}
      const response = {
        output: calls.map(({ tool, args }, k) => ({
          type: 'function_call',
          call_id: `call_${i}_${k}`,
          name: tool,
          arguments: JSON.stringify(args),
        })),
        usage: { output_tokens: thinking + output, output_tokens_details: { reasoning_tokens: thinking } },
      }
      body = (await ask(server, `${path}/step`, { ...row, response }, { cookie })).body
      rewards.push(body.reward)
    }
    const { scores, stop } = body.info
    return { rewards, texts, scores, stop }
  })

/** Open Reward Standard: every call is a request. Where a turn takes several, it is ended. */
export const orsRoute: HttpRoute = (game, decisions) =>
  withServer({ reward: 'delta' }, async server => {
    const { economy, preset, config, agent, seed } = game
    const id = { 'x-session-id': 'one' }
    const { id: env } = economy.env
    const { maxCalls } = economy.env.turn(config, agent)
    await ask(server, '/create', { task_spec: { env, seed, preset, seat: agent, ...opponents(game) } }, id)
    const prompt = (await ask(server, `/${env}/messages`, undefined, id)).body
    let text = prompt[1].blocks[0].text as string
    const call = async (name: string, input: unknown): Promise<Answer> =>
      result((await ask(server, `/${env}/call`, { name, input }, id)).body).output
    const rewards: number[] = []
    const texts: string[] = []
    let last: Answer
    for (const { calls } of decisions) {
      texts.push(rendered(text))
      for (const { tool, args } of calls) last = await call(tool, args)
      if (last.reward === null && maxCalls > 1) last = await call('end_turn', {})
      rewards.push(last.reward)
      text = last.blocks.at(-1).text
    }
    const { scores, stop } = last.metadata
    return { rewards, texts, scores, stop }
  })

/** OpenEnv's tools over MCP: every call is a message of JSON-RPC in a session that HTTP opened and a socket began. */
export const mcpRoute: HttpRoute = (game, decisions) =>
  withServer({ reward: 'delta' }, async server => {
    const { economy, preset, config, agent, seed } = game
    const path = `/${economy.env.id}/mcp`
    const { maxCalls } = economy.env.turn(config, agent)
    const rpc = async (method: string, params: object): Promise<Answer> =>
      (await ask(server, path, { jsonrpc: '2.0', id: 1, method, params })).body.result
    const { session_id } = await rpc('openenv/session/create', {})
    const client = await line(server, `/${economy.env.id}/ws?session_id=${session_id}`)
    const { data } = await client.ask({ type: 'reset', data: { seed, preset, seat: agent, ...opponents(game) } })
    let text = data.observation.text as string
    const rewards: number[] = []
    const texts: string[] = []
    let last: Answer
    for (const { calls } of decisions) {
      texts.push(rendered(text))
      const { t } = last?.structuredContent.observation ?? { t: 0 }
      for (const { tool, args } of calls) last = await rpc('tools/call', { session_id, name: tool, arguments: args })
      if (last.structuredContent.observation.t === t && maxCalls > 1)
        last = await rpc('tools/call', { session_id, name: 'end_turn', arguments: {} })
      rewards.push(last.structuredContent.reward)
      text = last.content.at(-1).text
    }
    const { scores, stop } = last.structuredContent.observation
    client.socket.close()
    return { rewards, texts, scores, stop }
  })

/** The routes that carry calls one by one: they say nothing of what a message cost. */
export const callRoutes: Readonly<Record<string, HttpRoute>> = {
  'Open Reward Standard': orsRoute,
  'OpenEnv, by tools over MCP': mcpRoute,
}

/** The wire over WebSocket, as a client of `routes.ts`. */
export function webSocketClient(): { ask(request: object): Promise<Answer>; end(): void } {
  const begun = serving().then(async server => ({ server, client: await line(server, '/agora') }))
  return {
    ask: async request => (await begun).client.ask(request),
    end: () => void begun.then(({ server }) => server.close()),
  }
}
