/**
 * Hosted games over HTTP and WebSocket: the pages, and a socket for each that is open. Lets in who has a link, from a page of its own,
 * and not too often. Knows addresses and limits; what is shown and done is the games'.
 */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer, type WebSocketServerLike } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { type Context, Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { WebSocketServer } from 'ws'
import { UserError } from '../envs/core/errors.ts'
import { isLoopback } from '../rollouts/loopback.ts'
import { CLOSE, type Peer, Sockets, type Talk } from '../serve/socket.ts'
import type { HostedGames } from './games.ts'
import { Limits, type Rate } from './limits.ts'
import type { Answer } from './messages.ts'
import { PAGE_POLICY, pageFiles, pageHtml } from './page/assets.ts'
import { readTexts, type Texts } from './page/texts.ts'
import { answerMonitor, answerSeat } from './receive.ts'
import type { HostedSeat } from './seat.ts'

export interface HostServerOptions {
  readonly games: HostedGames
  /** What to listen on; 127.0.0.1 by default. */
  readonly host?: string
  /** 0 for any free port; 8080 by default. */
  readonly port?: number
  /** What people open, where that is not the server itself: a proxy's `https://…`. Needed where other machines are let in. */
  readonly publicUrl?: string
  /** Let people of other machines come without TLS. */
  readonly insecure?: boolean
  /** The sentences of the pages; English by default. */
  readonly texts?: Texts
  /** What the monitor says of where the runs lie. */
  readonly out?: string
  /** Told of errors that are bugs; pages are told that the server failed, and nothing of them. */
  readonly onBug?: (error: unknown) => void
}

/** A server that listens. */
export interface RunningHost {
  /** What people open, such as `http://127.0.0.1:8080`; the paths of links follow. */
  readonly url: string
  readonly port: number
  /** Closes the sockets with 1001 and ends. */
  close(): Promise<void>
}

/** Bytes of a message at most. */
const MOST_BYTES = 1 << 18
/** Messages of all pages of a link; requests that name a link; and those that name one that leads nowhere, by address. */
const MESSAGES: Rate = { burst: 60, perSecond: 20 }
const REQUESTS: Rate = { burst: 60, perSecond: 5 }
const WRONG: Rate = { burst: 20, perSecond: 0.2 }
/** Messages that came too fast after which a page is closed. */
const PATIENCE = 200
/** Pages of one seat at most. */
const MOST_PAGES = 4
/** Milliseconds between two views of a monitor at least. */
const MONITOR_MS = 250
/** Milliseconds that a request may take to arrive. */
const REQUEST_MS = 30_000

/** Ours: no such link; the seat was opened in too many windows. */
const [NO_LINK, ELSEWHERE] = [4404, 4409]

/** Starts a server. A UserError where the options do not fit or the port cannot be had. */
export async function startHost(options: HostServerOptions): Promise<RunningHost> {
  const { host = '127.0.0.1', port = 8080 } = options
  const site = siteOf(options)
  const sockets = new Sockets()
  const app = appOf(options, site, sockets)
  const upgrades = new WebSocketServer({ noServer: true, maxPayload: MOST_BYTES, perMessageDeflate: false })
  const server = createAdaptorServer({
    fetch: app.fetch,
    hostname: host,
    overrideGlobalObjects: false,
    serverOptions: { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
    websocket: { server: upgrades as unknown as WebSocketServerLike },
  }) as Server
  await new Promise<void>((listening, reject) => {
    server.once('error', ({ message }) =>
      reject(new UserError(`Port ${port} of ${host} cannot be had: ${message}. Choose another with --port, or 0 for any.`)),
    )
    server.listen(port, host, listening)
  })
  const bound = server.address() as AddressInfo
  const own = `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`
  return {
    url: site?.url ?? own,
    port: bound.port,
    close() {
      sockets.close('the server is stopping')
      return new Promise(closed => {
        const late = setTimeout(() => {
          sockets.end()
          server.closeAllConnections()
        }, 1000)
        server.close(() => {
          clearTimeout(late)
          closed()
        })
        server.closeIdleConnections()
      })
    },
  }
}

/** The address that people open. */
interface Site {
  readonly url: string
  readonly host: string
}

function siteOf({ host = '127.0.0.1', port = 8080, publicUrl, insecure = false }: HostServerOptions): Site | undefined {
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UserError(`--port: expected an integer from 0 to 65535, got ${port}.`)
  if (publicUrl === undefined) {
    if (isLoopback(host)) return undefined
    throw new UserError(
      `Hosting on ${host} lets other machines in: say with --public-url what people open, https://… of a proxy that ends TLS, or http://… with --insecure where the network is trusted.`,
    )
  }
  const url = urlOf(publicUrl)
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '')
    throw new UserError(
      `--public-url: expected an address such as https://lab.example.org/games, got '${publicUrl.slice(0, 200)}'.`,
    )
  if (url.protocol === 'http:' && !isLoopback(url.host) && !insecure)
    throw new UserError(
      '--public-url: links over http:// can be read on their way; use https://, or --insecure where the network is trusted.',
    )
  return { url: url.href.replace(/\/$/, ''), host: url.host }
}

function appOf(options: HostServerOptions, site: Site | undefined, sockets: Sockets): Hono {
  const { games, host = '127.0.0.1', texts = readTexts(), out = null, onBug = () => {} } = options
  const { clock, title } = games.rules
  const now = (): number => clock.now()
  const [requests, wrong, messages] = [REQUESTS, WRONG, MESSAGES].map(rate => new Limits(rate, now)) as [Limits, Limits, Limits]
  const app = new Hono()
  app.use(secureHeaders({ contentSecurityPolicy: PAGE_POLICY, referrerPolicy: 'no-referrer' }))
  app.use(async (c, next) => {
    c.header('Cache-Control', 'no-store')
    // A name that leads here reaches a loopback server too.
    const asked = c.req.header('host') ?? ''
    if (isLoopback(host) && !isLoopback(asked) && asked !== site?.host)
      return c.text(`Host: expected ${site?.host ?? '127.0.0.1 or localhost'}, got ${asked.slice(0, 80)}`, 403)
    await next()
  })
  app.onError((error, c) => {
    onBug(error)
    return c.text('The server failed at this request; its log says how.', 500)
  })
  app.notFound(c => c.text('Nothing is here.', 404))

  /** Refuses who asks too often; undefined where all is well. `found` is false where the link leads nowhere. */
  const tooOften = (c: Context, token: string, found: boolean): Response | undefined => {
    const limits = found ? requests : wrong
    const seconds = limits.take(found ? token : addressOf(c))
    if (seconds === 0) return undefined
    c.header('Retry-After', String(seconds))
    return c.text(`Too many requests; try again in ${seconds} s.`, 429)
  }
  const page = (kind: 'seat' | 'monitor') => (c: Context) => {
    const token = c.req.param('token')!
    const found = kind === 'seat' ? games.seat(token) !== undefined : games.isMonitor(token)
    const refused = tooOften(c, token, found)
    if (refused !== undefined) return refused
    return found ? c.html(pageHtml(kind, { title, texts })) : c.text('No such link. Ask the experimenter for yours.', 404)
  }
  const socket = (kind: 'seat' | 'monitor') => (c: Context) => {
    const origin = c.req.header('origin')
    if (origin !== undefined && !isOwn(origin, c.req.header('host') ?? '', site))
      return c.text(`Origin: expected this server's own, got ${origin.slice(0, 80)}`, 403)
    const token = c.req.param('token')!
    const seat = kind === 'seat' ? games.seat(token) : undefined
    const found = seat !== undefined || (kind === 'monitor' && games.isMonitor(token))
    const refused = tooOften(c, token, found)
    if (refused !== undefined) return refused
    if (!found) return sockets.accept(c, nowhere)
    return sockets.accept(c, peer => {
      const limited = limiter(messages, token, peer)
      const safely = guard(peer, onBug)
      const talk = safely(() =>
        seat === undefined ? monitorTalk(games, peer, limited, out, safely) : seatTalk(seat, peer, limited, safely),
      )
      return talk ?? SILENT
    })
  }
  for (const kind of ['seat', 'monitor'] as const) {
    app.get(`/${kind}/:token`, page(kind))
    app.get(`/${kind}/:token/socket`, socket(kind))
  }
  app.get('/texts.json', c => c.json(texts))
  for (const [name, { type, text }] of pageFiles()) app.get(`/${name}`, c => c.body(text, 200, { 'Content-Type': type }))
  return app
}

/** Whose wrong links are counted together: an address, which is kept nowhere but here and for no longer than it counts. */
function addressOf(c: Context): string {
  return getConnInfo(c).remote.address ?? ''
}

/** Whether a socket's page is one of this server, or of the address that people open. */
function isOwn(origin: string, host: string, site: Site | undefined): boolean {
  const from = urlOf(origin)
  return from !== undefined && (from.host === host || (site !== undefined && from.origin === new URL(site.url).origin))
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}

/** Says nothing. */
const SILENT: Talk = { receive: () => [], closed: () => {} }

/** A page whose link leads nowhere is told so and tries no more. */
function nowhere(peer: Peer): Talk {
  peer.close(NO_LINK, 'no such link')
  return SILENT
}

/** Does what is asked; undefined where that failed, which is a bug of ours. */
type Safely = <Result>(work: () => Result) => Result | undefined

/** A bug in what one page is shown or answered closes that page's socket and nothing else; the page comes again. */
function guard(peer: Peer, onBug: (error: unknown) => void): Safely {
  return work => {
    try {
      return work()
    } catch (error) {
      onBug(error)
      peer.close(CLOSE.failed, 'the server failed')
      return undefined
    }
  }
}

/** Sends what `show` gives, at most once for all that changes in one turn of the event loop. */
function shower(peer: Peer, show: () => object, safely: Safely, later: (send: () => void) => void): () => void {
  let due = false
  return () => {
    if (due) return
    due = true
    later(() => {
      due = false
      safely(() => peer.send(JSON.stringify(show())))
    })
  }
}

/** The pages of each seat, the oldest first. */
const pages = new WeakMap<object, Peer[]>()

function seatTalk(seat: HostedSeat, peer: Peer, limited: Limited, safely: Safely): Talk {
  const open = pages.get(seat) ?? []
  pages.set(seat, open)
  open.push(peer)
  if (open.length > MOST_PAGES) open.shift()!.close(ELSEWHERE, 'opened elsewhere')
  const show = shower(peer, () => seat.view(), safely, setImmediate)
  const detach = seat.attach(show)
  show()
  return {
    receive: text => safely(() => [JSON.stringify(limited(text) ?? answerSeat(text, message => seat.receive(message)))]) ?? [],
    closed() {
      const at = open.indexOf(peer)
      if (at >= 0) open.splice(at, 1)
      detach()
    },
  }
}

function monitorTalk(games: HostedGames, peer: Peer, limited: Limited, out: string | null, safely: Safely): Talk {
  let timer: NodeJS.Timeout | undefined
  let sent = Number.NEGATIVE_INFINITY
  const show = shower(
    peer,
    () => games.view(out),
    safely,
    send => {
      timer = setTimeout(
        () => {
          sent = performance.now()
          send()
        },
        Math.max(0, sent + MONITOR_MS - performance.now()),
      )
    },
  )
  const detach = games.watch(show)
  show()
  return {
    receive: text =>
      safely(() => [JSON.stringify(limited(text) ?? answerMonitor(text, message => games.command(message)))]) ?? [],
    closed() {
      clearTimeout(timer)
      detach()
    },
  }
}

/** What is answered to a page that sends too fast; undefined where it does not. */
type Limited = (text: string) => Answer | undefined

/** One that goes on sending too fast is closed. */
function limiter(messages: Limits, token: string, peer: Peer): Limited {
  let patience = PATIENCE
  return text => {
    const seconds = messages.take(token)
    if (seconds === 0) return undefined
    if (--patience < 0) peer.close(CLOSE.policy, 'too many messages')
    const id = Number(/"id" ?: ?(\d{1,15})/.exec(text)?.[1] ?? Number.NaN)
    return {
      type: 'answer',
      id: Number.isSafeInteger(id) ? id : null,
      ok: false,
      code: 'too_fast',
      texts: [`Too many messages; try again in ${seconds} s.`],
    }
  }
}
