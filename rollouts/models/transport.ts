/**
 * A `fetch` for the SDKs over node:http. It costs half the CPU time of the built-in one, keeps connections open between calls,
 * and does not give up after five minutes, which a large model on a small machine needs. An answer arrives whole or not at all,
 * within a limit; whatever is no 2xx is thrown with its body, because the SDKs lose the bodies they do not expect. Goes through
 * the proxies that the environment names, and follows no redirect, which would carry the key along. Knows nothing of models.
 */
import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import tls from 'node:tls'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { UserError } from '../../envs/core/errors.ts'
import { wellFormedJson } from './json.ts'

/** The longest answer that is read, in bytes: 64 MiB, far beyond what a model says, far below what ends a process. */
export const MAX_ANSWER_BYTES = 64 * 2 ** 20

/** Characters that are read of an answer that is no 2xx: enough for any words about it. */
const MAX_ERROR_LENGTH = 2 ** 18

/** A server's answer that is none: any status but 2xx, or a 2xx whose body says that it failed. */
export class HttpError extends Error {
  // The SDKs look for words like "timed out" in what is thrown, and replace it: the server's own words are kept apart.
  override readonly name: string = 'HttpError'
  readonly status: number
  readonly headers: Headers
  /** The body as it came: text, or what its JSON says. */
  readonly body: unknown
  constructor(status: number, headers: Headers, body: unknown) {
    super(`HTTP ${status}`)
    this.status = status
    this.headers = headers
    this.body = body
  }
}

/** No whole answer came: what the system, the proxy or the limit said lies in `reason`. */
export class NoAnswer extends Error {
  override readonly name: string = 'NoAnswer'
  readonly reason: Error & { readonly code?: string }
  constructor(reason: Error) {
    super('no answer')
    this.reason = reason
  }
}

/** More came than is read. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong'
}

/** The proxies of an environment, read once. Lower-case names go before upper-case ones, as everywhere. */
export interface Proxies {
  /** The proxy for a URL; undefined where it is reached directly. */
  of(target: URL): URL | undefined
  /** Their passwords, which no message may show. */
  readonly passwords: readonly string[]
}

export function proxiesOf(env: Readonly<Record<string, string | undefined>>): Proxies {
  const value = (name: string): string => env[name] || env[name.toUpperCase()] || ''
  const all = value('all_proxy')
  const proxies = { 'http:': value('http_proxy') || all, 'https:': value('https_proxy') || all }
  const none = value('no_proxy')
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(
      entry => /^(?<host>\*|\[.*\]|[^:]*?)(?::(?<port>\d+))?$/.exec(entry.toLowerCase())?.groups ?? { host: entry.toLowerCase() },
    )
  const excepted = ({ hostname, port, protocol }: URL): boolean =>
    none.some(entry => {
      const host = (entry.host ?? '').replace(/^\*?\./, '')
      if (entry.port !== undefined && entry.port !== (port || (protocol === 'https:' ? '443' : '80'))) return false
      return host === '*' || host === hostname || hostname.endsWith(`.${host}`)
    })
  return {
    passwords: Object.values(proxies).flatMap(proxy => {
      const { username = '', password = '' } = proxy === '' ? {} : proxyUrl(proxy)
      return password === '' ? [] : [`${decoded(username)}:${decoded(password)}`, decoded(password)]
    }),
    of(target) {
      const proxy = proxies[target.protocol as 'http:'] ?? ''
      if (proxy === '' || excepted(target)) return undefined
      return proxyUrl(proxy)
    },
  }
}

/** A proxy's URL, which may be written without its protocol. Throws a UserError where it is none. */
function proxyUrl(proxy: string): URL {
  try {
    return new URL(/^\w+:\/\//.test(proxy) ? proxy : `http://${proxy}`)
  } catch {
    throw new UserError('HTTP_PROXY, HTTPS_PROXY: expected http://host:port.')
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const OPTIONS: http.AgentOptions = { keepAlive: true, maxFreeSockets: 4096, scheduling: 'lifo' }
const direct = { 'http:': new http.Agent(OPTIONS), 'https:': new https.Agent(OPTIONS) }

/** The proxy does not tunnel; it may still fetch pages without TLS itself. */
class NoTunnel extends Error {
  override readonly name = 'NoTunnel'
  readonly code = 'ENOTUNNEL'
}

/** A tunnel through a proxy to a host and port. */
function tunnel(proxy: URL, authority: string, done: (error: Error | null, socket?: Socket) => void): void {
  const request = (proxy.protocol === 'https:' ? https : http).request({
    ...place(proxy),
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...proxyAuthorization(proxy) },
    agent: false,
  })
  const refuse = (how: string): void => done(new NoTunnel(`the proxy ${proxy.host} opens no tunnel to ${authority}: ${how}`))
  request.once('connect', (response, socket) => {
    if (response.statusCode === 200) done(null, socket)
    else {
      socket.destroy()
      refuse(`${response.statusCode} ${response.statusMessage}`)
    }
  })
  // A proxy that answers like a server, or hangs up.
  request.once('response', response => {
    response.resume()
    refuse(`${response.statusCode} ${response.statusMessage}`)
  })
  request.once('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? refuse('it hung up') : done(error)))
  request.end()
}

function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const credentials = `${decoded(username)}:${decoded(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }
}

type Connected = (error: Error | null, socket: Socket) => void

/** Connections through a proxy's tunnels, to servers without TLS and with. */
class TunnelAgent extends http.Agent {
  readonly #proxy: URL
  constructor(proxy: URL) {
    super(OPTIONS)
    this.#proxy = proxy
  }
  override createConnection({ host, port }: http.ClientRequestArgs, callback?: Connected): undefined {
    tunnel(this.#proxy, `${host}:${port ?? 80}`, callback as (error: Error | null, socket?: Socket) => void)
  }
}
class TlsTunnelAgent extends https.Agent {
  readonly #proxy: URL
  constructor(proxy: URL) {
    super(OPTIONS)
    this.#proxy = proxy
  }
  override createConnection(options: https.RequestOptions, callback?: Connected): undefined {
    tunnel(this.#proxy, `${options.host}:${options.port ?? 443}`, (error, socket) => {
      if (socket === undefined) callback!(error, undefined as never)
      else callback!(null, tls.connect({ ...options, socket } as tls.ConnectionOptions))
    })
  }
}

/** The agents of one proxy, and whether it turned out not to tunnel to servers without TLS. */
interface ProxyAgents {
  readonly 'http:': TunnelAgent
  readonly 'https:': TlsTunnelAgent
  readonly pages: http.Agent | https.Agent
  fetches: boolean
}
const proxied = new Map<string, ProxyAgents>()

function agentsOf(proxy: URL): ProxyAgents {
  let agents = proxied.get(proxy.href)
  if (agents === undefined) {
    const pages = new (proxy.protocol === 'https:' ? https : http).Agent(OPTIONS)
    agents = { 'http:': new TunnelAgent(proxy), 'https:': new TlsTunnelAgent(proxy), pages, fetches: false }
    proxied.set(proxy.href, agents)
  }
  return agents
}

/** How a URL is reached: the module that asks, and the options of the connection. */
function route(target: URL, proxy: URL | undefined): readonly [client: typeof http | typeof https, options: http.RequestOptions] {
  const client = target.protocol === 'https:' ? https : http
  if (proxy === undefined) return [client, { ...place(target), agent: direct[target.protocol as 'http:'] }]
  const agents = agentsOf(proxy)
  if (!agents.fetches || client === https) return [client, { ...place(target), agent: agents[target.protocol as 'http:'] }]
  // A proxy is asked for a page by its whole address.
  const headers = { host: target.host, ...proxyAuthorization(proxy) }
  const options = { ...place(proxy), path: target.href, headers, agent: agents.pages }
  return [proxy.protocol === 'https:' ? https : http, options]
}

function place({ protocol, hostname, port, pathname, search }: URL): http.RequestOptions {
  return { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), port, path: `${pathname}${search}` }
}

/** A `fetch` that asks through these proxies. */
export function sending(proxies: Proxies) {
  return (url: string | URL | Request, init?: RequestInit): Promise<Response> => send(url, init, proxies)
}

/**
 * Sends one request with a text body; resolves once the whole answer is there. Rejects with an `HttpError` for every status
 * but 2xx, with a `NoAnswer` where the connection failed or the answer is too long.
 */
export function send(
  url: string | URL | Request,
  { method = 'GET', headers, body, signal }: RequestInit = {},
  proxies?: Proxies,
): Promise<Response> {
  const target = new URL(url instanceof Request ? url.url : url)
  const payload = typeof body === 'string' ? Buffer.from(wellFormedJson(body)) : undefined
  const fields = Object.fromEntries(headers instanceof Headers ? headers : new Headers(headers))
  if (payload !== undefined) fields['content-length'] = String(payload.length)
  const proxy = proxies?.of(target)
  return new Promise((resolve, reject) => {
    const attempt = (): void => {
      const [client, connection] = route(target, proxy)
      const request = client.request({ ...connection, method, headers: { ...connection.headers, ...fields } })
      const abort = (): void => void request.destroy(signal!.reason)
      const end = (settle: () => void): void => {
        signal?.removeEventListener('abort', abort)
        settle()
      }
      const fail = (error: Error): void => end(() => reject(signal?.aborted ? signal.reason : new NoAnswer(error)))
      request.on('response', response => {
        receive(response).then(
          bytes =>
            end(() => {
              try {
                resolve(answer(response, bytes))
              } catch (error) {
                reject(error instanceof HttpError ? error : new NoAnswer(error as Error))
              }
            }),
          error => {
            request.destroy()
            fail(error)
          },
        )
      })
      request.once('error', (error: NodeJS.ErrnoException) => {
        // A kept connection that the server was just closing: nothing was sent yet.
        if (request.reusedSocket && error.code === 'ECONNRESET' && !signal?.aborted) end(attempt)
        else if (error instanceof NoTunnel && target.protocol === 'http:' && !signal?.aborted) {
          agentsOf(proxy!).fetches = true
          end(attempt)
        } else fail(error)
      })
      if (signal?.aborted) {
        abort()
        return
      }
      signal?.addEventListener('abort', abort, { once: true })
      request.end(payload)
    }
    attempt()
  })
}

/** The ends of an event stream that the three protocols know: some servers leave the connection open after them. */
const LAST_EVENT = /(?:^|\n)data: ?(?:\[DONE\]|\{"type": ?"(?:message_stop|response\.(?:completed|incomplete|failed))".*\})\s*$/

/** The whole body. */
function receive(response: http.IncomingMessage): Promise<Buffer> {
  const isStream = response.headers['content-type']?.includes('event-stream') === true
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    response.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_ANSWER_BYTES) {
        reject(new AnswerTooLong(`the answer is longer than ${MAX_ANSWER_BYTES / 2 ** 20} MiB`))
        return
      }
      chunks.push(chunk)
      if (isStream && chunk.at(-1) === 10 && LAST_EVENT.test(tail(chunks))) {
        resolve(Buffer.concat(chunks))
        response.destroy()
      }
    })
    response.once('end', () => resolve(Buffer.concat(chunks)))
    response.once('error', reject)
    response.once('close', () => reject(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })))
  })
}

function tail(chunks: readonly Buffer[]): string {
  const last = chunks.at(-1)!
  return (last.length < 64 && chunks.length > 1 ? Buffer.concat(chunks.slice(-2)) : last).toString('latin1')
}

/** Drops a byte order mark, as a response of the built-in fetch does. */
const decoder = new TextDecoder()

/** The response, whose body has arrived: read without a stream, which costs more than the parsing. */
function answer(response: http.IncomingMessage, bytes: Buffer): Response {
  const status = response.statusCode ?? 0
  const headers = headersOf(response)
  const body = decoder.decode(unpacked(bytes, headers.get('content-encoding')))
  const json = async (): Promise<unknown> => {
    try {
      return JSON.parse(body) as unknown
    } catch {
      // Whoever reads the answer says what it is instead.
      return body
    }
  }
  if (status >= 200 && status < 300 && status !== 204) {
    // The length is that of the packed body, and zero would keep an SDK from reading at all.
    headers.delete('content-length')
    return Object.assign(new Response(null, { status: 200, headers }), { text: async () => body, json })
  }
  throw new HttpError(status, headers, body.slice(0, MAX_ERROR_LENGTH))
}

function unpacked(bytes: Buffer, encoding: string | null): Buffer {
  const limit = { maxOutputLength: MAX_ANSWER_BYTES }
  switch (encoding?.toLowerCase()) {
    case 'gzip':
      return gunzipSync(bytes, limit)
    case 'deflate':
      return inflateSync(bytes, limit)
    case 'br':
      return brotliDecompressSync(bytes, limit)
    default:
      return bytes
  }
}

function headersOf({ headers }: http.IncomingMessage): Headers {
  const copy = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue
    try {
      copy.set(name, Array.isArray(value) ? value.join(', ') : value)
    } catch {
      // What no header may hold tells nothing.
    }
  }
  return copy
}
