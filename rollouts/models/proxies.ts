/**
 * How a server is reached over node:http: directly or through the proxies that an environment names, by tunnels where they open any. Knows
 * connections; sends nothing of ours.
 */
import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import tls from 'node:tls'
import { UserError } from '../../envs/core/errors.ts'
import { basic, credentialsOf, decoded } from './credentials.ts'

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
      entry =>
        // More colons than one are an address of IPv6, which URLs write in brackets.
        /^(?<host>\[.*\]|[^:]*)(?::(?<port>\d+))?$/.exec(entry.toLowerCase())?.groups ?? { host: `[${entry.toLowerCase()}]` },
    )
  const excepted = ({ hostname, port, protocol }: URL): boolean =>
    none.some(entry => {
      const host = (entry.host ?? '').replace(/^\*?\./, '')
      if (entry.port !== undefined && entry.port !== (port || (protocol === 'https:' ? '443' : '80'))) return false
      return host === '*' || host === hostname || hostname.endsWith(`.${host}`)
    })
  return {
    passwords: Object.values(proxies).flatMap(proxy => {
      const url = proxy === '' ? undefined : proxyUrl(proxy)
      return url === undefined || url.password === '' ? [] : [credentialsOf(url)!, decoded(url.password)]
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

const OPTIONS: http.AgentOptions = { keepAlive: true, maxFreeSockets: 4096, scheduling: 'lifo' }
const direct = { 'http:': new http.Agent(OPTIONS), 'https:': new https.Agent(OPTIONS) }

/** The proxy does not tunnel; it may still fetch pages without TLS itself. */
export class NoTunnel extends Error {
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

function proxyAuthorization(proxy: URL): Record<string, string> {
  const credentials = credentialsOf(proxy)
  return credentials === null ? {} : { 'proxy-authorization': `Basic ${basic(credentials)}` }
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

/** From now on a proxy that opens no tunnels is asked for the pages of servers without TLS instead. */
export function askForPages(proxy: URL): void {
  agentsOf(proxy).fetches = true
}

/** How a URL is reached: the module that asks, and the options of the connection, which is kept open for the next. */
export function route(
  target: URL,
  proxy: URL | undefined,
): readonly [client: typeof http | typeof https, options: http.RequestOptions] {
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
