/**
 * A provider that can be told what to say and how to fail: a local HTTP server that speaks Chat Completions, Responses and
 * Messages. Replies depend on what was said and not on when, so that a thousand requests at once are answered like one after
 * the other. For tests, ours and yours.
 */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { digest } from '../../../envs/core/plain.ts'
import { type Random, stream } from '../../../envs/core/random.ts'
import { object, wellFormedJson } from '../json.ts'
import { type Dialect, type FakeReply, NotWellFormed, PATHS, type ReadRequest, read, write, writeError } from './dialects.ts'
import { quirksOf, type RawAnswer } from './quirks.ts'
import type { FakeRequest } from './request.ts'

export type Script = (request: FakeRequest) => FakeReply

/** Faults of the provider: a client should survive them without a trace in the results. */
export const PROVIDER_FAULTS = ['rate_limit', 'server_error', 'hung', 'cut_off', 'empty_choice'] as const
/** Faults of the model: they are play. */
export const MODEL_FAULTS = ['malformed_arguments', 'wrong_arguments', 'empty_reply', 'refusal', 'length'] as const
export type Fault = (typeof PROVIDER_FAULTS)[number] | (typeof MODEL_FAULTS)[number]

export interface FakeProviderOptions {
  readonly script: Script
  /** Which request fails and how; asked before `rates`. */
  readonly fault?: (request: FakeRequest) => Fault | undefined
  /**
   * How often each fault happens, in [0, 1], drawn from `seed` and what was said. A provider's fault is drawn anew when the same
   * is asked again, a model's is not.
   */
  readonly rates?: Partial<Readonly<Record<Fault, number>>>
  readonly seed?: number
  /** What a rate limit asks to wait, in milliseconds, and in which header it says so. */
  readonly retryAfterMs?: number
  readonly retryAfterHeader?: 'retry-after-ms' | 'retry-after' | 'date'
  /** Milliseconds before each answer. */
  readonly latencyMs?: number | ((request: FakeRequest) => number)
  /** Known models; any other is a 404. Every model is known by default. */
  readonly models?: readonly string[]
  /** The key that is asked for; any other is a 401. None by default. */
  readonly key?: string
  /** Fields of a request that are refused with a 400 that names them. */
  readonly refuses?: readonly string[]
  /**
   * What a real server does besides, by quirk or by server (`QUIRKS`): what it refuses holds for every request, what it spoils
   * happens to `quirkRate` of the answers, to each with one of these quirks.
   */
  readonly quirks?: Parameters<typeof quirksOf>[0]
  /** In [0, 1]; 1 by default. Drawn like `rates`: anew when the same is asked again, but for quirks that are play. */
  readonly quirkRate?: number
  /** What is sent instead of `usual`, which the script says; nothing for that itself. */
  readonly respond?: (request: FakeRequest, usual: Readonly<Record<string, unknown>>) => RawAnswer | undefined
  /** Whether `requests` keeps what came in. */
  readonly keep?: boolean
  readonly port?: number
}

export interface FakeProvider {
  /** `http://127.0.0.1:PORT/v1`: the base URL of all three dialects. */
  readonly url: string
  /** Requests that were answered, failed ones included, by what they got: `ok`, a fault, or a status. */
  readonly counts: Readonly<Record<string, number>>
  /** What came in and could be read, in order of arrival. */
  readonly requests: readonly FakeRequest[]
  /** The most requests that were in flight at once. */
  readonly peak: number
  close(): Promise<void>
}

/** Starts a provider on a free port of this machine. */
export async function startFakeProvider(options: FakeProviderOptions): Promise<FakeProvider> {
  const { keep = true, port = 0 } = options
  const counts: Record<string, number> = {}
  const requests: FakeRequest[] = []
  const attempts = new Map<string, number>()
  const quirks = quirksOf(options.quirks ?? [])
  let inFlight = 0
  let peak = 0

  const server = http.createServer((incoming, response) => {
    inFlight++
    peak = Math.max(peak, inFlight)
    response.once('close', () => inFlight--)
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.once('end', () => {
      answer(incoming, response, Buffer.concat(chunks).toString()).then(
        outcome => {
          counts[outcome] = (counts[outcome] ?? 0) + 1
        },
        // A script that throws is a bug of the test that wrote it: its reader should see it.
        error => response.writeHead(400, { 'content-type': 'text/plain' }).end(`the script threw: ${(error as Error).message}`),
      )
    })
  })

  async function answer(incoming: http.IncomingMessage, response: http.ServerResponse, body: string): Promise<string> {
    const path = incoming.url ?? ''
    const dialect = Object.hasOwn(PATHS, path) ? PATHS[path] : undefined
    const refuse = (status: number, message: string, headers: http.OutgoingHttpHeaders = {}): string => {
      sendJson(response, status, writeError(dialect ?? 'chat', status, message), headers)
      return String(status)
    }
    if (path === '/v1/models') {
      sendJson(response, 200, { object: 'list', data: (options.models ?? []).map(id => ({ id, object: 'model' })) })
      return 'ok'
    }
    if (dialect === undefined) return refuse(404, `no such path: ${path}`)
    if (options.key !== undefined && keyOf(incoming.headers) !== options.key)
      return refuse(401, `wrong key: ${keyOf(incoming.headers)}`)

    let request: FakeRequest
    try {
      if (wellFormedJson(body) !== body) throw new NotWellFormed('half of a surrogate pair is no character')
      request = describe(dialect, read(dialect, object(JSON.parse(body))), incoming.headers as Record<string, string>)
    } catch (error) {
      return refuse(400, (error as Error).message)
    }
    if (keep) requests.push(request)
    const sendRaw = ({ status = 200, headers, body: answer }: RawAnswer): string => {
      const text = typeof answer === 'string'
      const payload = text ? answer : JSON.stringify(answer)
      const type = text && !/^\s*[[{]/.test(payload) ? 'text/plain' : 'application/json'
      // Written by hand: the server of this platform knows no status beyond 599, and real ones do.
      response.writeHead(status, 'quirk', { 'content-type': type, 'content-length': Buffer.byteLength(payload), ...headers })
      response.end(payload)
      return String(status)
    }
    for (const { refuses, dialects } of quirks) {
      const raw = dialects.includes(dialect) ? refuses?.(request) : undefined
      if (raw !== undefined) return sendRaw(raw)
    }
    if (options.models !== undefined && !options.models.includes(request.model))
      return refuse(404, `The model '${request.model}' does not exist`)
    const refused = options.refuses?.find(field => Object.hasOwn(request.body, field))
    if (refused !== undefined) return refuse(400, `Unsupported parameter: '${refused}' is not supported with this model.`)

    const { latencyMs = 0 } = options
    const wait = typeof latencyMs === 'number' ? latencyMs : latencyMs(request)
    if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait))
    const fault = options.fault?.(request) ?? drawn(request, options)
    switch (fault) {
      case 'rate_limit':
        refuse(429, 'Rate limit reached', retryHeader(options))
        return fault
      case 'server_error':
        refuse(500, 'The server had an error')
        return fault
      case 'hung':
        // Nothing is ever said; the client has to give up.
        return fault
      case 'cut_off':
        cutOff(response, JSON.stringify(write(dialect, options.script(request), request).body))
        return fault
      case 'empty_choice':
        sendJson(response, 200, { id: 'fake', model: request.model, choices: [] })
        return fault
      default: {
        const written = write(dialect, spoilt(options.script(request), fault), request)
        const raw = options.respond?.(request, written.body) ?? quirk(request, written.body)
        if (raw !== undefined) return `quirk ${sendRaw(raw)}`
        send(response, written, request.stream)
        return fault ?? 'ok'
      }
    }
  }

  function describe(dialect: Dialect, request: ReadRequest, headers: Readonly<Record<string, string>>): FakeRequest {
    const session = headers['x-session-id'] ?? ''
    // What was said is digested only if somebody asks: it costs more than the answer.
    let known: string | undefined
    const said = (): string => {
      known ??= digest(request.messages)
      return known
    }
    let attempt: number | undefined
    let random: Random | undefined
    return {
      ...request,
      dialect,
      headers,
      session,
      turn: request.messages.filter(({ role }) => role === 'assistant').length,
      get attempt() {
        if (attempt === undefined) {
          const name = `${session} ${said()}`
          attempt = attempts.get(name) ?? 0
          attempts.set(name, attempt + 1)
        }
        return attempt
      },
      get random() {
        random ??= stream(options.seed ?? 0, 'reply', said())
        return random
      },
    }
  }

  /** An answer with one of the quirks in it, where its turn has come. */
  function quirk(request: FakeRequest, body: Readonly<Record<string, unknown>>): RawAnswer | undefined {
    const own = quirks.filter(({ spoils, dialects }) => spoils !== undefined && dialects.includes(request.dialect))
    if (own.length === 0) return undefined
    const said = digest(request.messages)
    const { quirkRate = 1, seed = 0 } = options
    const chosen = stream(seed, 'which quirk', request.session, said).pick(own)
    const again = chosen.play ? [] : [request.attempt]
    return stream(seed, 'quirk', request.session, said, ...again).chance(quirkRate) ? chosen.spoils!(body, request) : undefined
  }

  function drawn(request: FakeRequest, { rates, seed = 0 }: FakeProviderOptions): Fault | undefined {
    if (rates === undefined) return undefined
    const said = digest(request.messages)
    return (
      pick(PROVIDER_FAULTS, rates, stream(seed, 'provider', request.session, said, request.attempt)) ??
      pick(MODEL_FAULTS, rates, stream(seed, 'model', request.session, said))
    )
  }

  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    counts,
    requests,
    get peak() {
      return peak
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function pick(faults: readonly Fault[], rates: Partial<Readonly<Record<Fault, number>>>, random: Random): Fault | undefined {
  let left = random.float()
  for (const fault of faults) {
    left -= rates[fault] ?? 0
    if (left < 0) return fault
  }
  return undefined
}

function keyOf(headers: http.IncomingHttpHeaders): string {
  return String(headers['x-api-key'] ?? headers.authorization ?? '').replace(/^Bearer /, '')
}

function retryHeader({ retryAfterMs = 0, retryAfterHeader = 'retry-after-ms' }: FakeProviderOptions): http.OutgoingHttpHeaders {
  switch (retryAfterHeader) {
    case 'retry-after-ms':
      return { 'retry-after-ms': String(retryAfterMs) }
    case 'retry-after':
      return { 'retry-after': String(retryAfterMs / 1000) }
    case 'date':
      return { 'retry-after': new Date(Date.now() + retryAfterMs).toUTCString() }
  }
}

/** The reply with a fault of the model's in it. */
function spoilt(reply: FakeReply, fault: Fault | undefined): FakeReply {
  switch (fault) {
    case 'malformed_arguments':
      return {
        ...reply,
        calls: (reply.calls ?? []).map(call => ({ ...call, arguments: JSON.stringify(call.arguments).slice(0, -1) })),
      }
    case 'wrong_arguments':
      return { ...reply, calls: (reply.calls ?? []).map(call => ({ ...call, arguments: { surprise: true } })) }
    case 'empty_reply':
      return {}
    case 'refusal':
      return { content: 'I will not play this game.', finish: 'refusal' }
    case 'length':
      return { content: 'Let me think about this for a very long', finish: 'length' }
    default:
      return reply
  }
}

function send(response: http.ServerResponse, { body, events }: ReturnType<typeof write>, asStream: boolean): void {
  if (!asStream || events === undefined) {
    sendJson(response, 200, body)
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of events) {
    const name = event.type === undefined ? '' : `event: ${event.type}\n`
    response.write(`${name}data: ${JSON.stringify(event)}\n\n`)
  }
  response.end(events[0]?.type === undefined ? 'data: [DONE]\n\n' : '')
}

function sendJson(response: http.ServerResponse, status: number, body: object, headers: http.OutgoingHttpHeaders = {}): void {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers })
  response.end(text)
}

/** Sends half of what was announced, then hangs up. */
function cutOff(response: http.ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.write(text.slice(0, text.length / 2), () => response.destroy())
}
