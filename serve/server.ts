/**
 * One port for every protocol: starts, answers for its own health, refuses what is wrong with a request itself, and stops without
 * leaving anybody waiting. Knows HTTP; what is played, and in which protocol's words, is told elsewhere.
 */
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createAdaptorServer, type WebSocketServerLike } from '@hono/node-server'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { WebSocketServer } from 'ws'
import { nearest, UserError } from '../envs/core/errors.ts'
import { TableError } from '../envs/core/table.ts'
import { isLoopback } from '../rollouts/loopback.ts'
import { packageVersion } from '../rollouts/versions.ts'
import { ServeError, statusOf } from './errors.ts'
import { guard } from './guard.ts'
import { Host, type HostOptions } from './host.ts'
import { type Figure, prometheusText } from './metrics.ts'
import { protocols } from './protocols.ts'
import { Sockets } from './socket.ts'

export interface ServeOptions extends HostOptions {
  /** What to listen on; loopback by default. */
  readonly host?: string
  /** 0 for any free port; 8000 by default. */
  readonly port?: number
  /** What clients must present. Without one only loopback is served, unless `insecure`. */
  readonly token?: string
  /** Serve other machines without a token. */
  readonly insecure?: boolean
  /** Bytes of a request or message at most; 1 MiB by default. */
  readonly maxRequestBytes?: number
  /** Seconds that requests under way are given when the server stops; 8 by default. */
  readonly grace?: number
}

/** A server that listens. */
export interface RunningServer {
  /** Such as `http://127.0.0.1:8000`. */
  readonly url: string
  readonly port: number
  /** Opens no session, lets what is under way end within the grace, closes sockets with 1001 and ends. */
  close(): Promise<void>
}

/** Milliseconds that a request may take to arrive. */
const REQUEST_MS = 30_000
/** Longer than balancers keep a connection, so that it is they who close one. */
const KEEP_ALIVE_MS = 75_000
const MEBIBYTE = 1 << 20

/** Starts a server. A UserError where the options do not fit or the port cannot be had. */
export async function startServer(options: ServeOptions = {}): Promise<RunningServer> {
  const { host: address = '127.0.0.1', port = 8000, token, maxRequestBytes = MEBIBYTE, grace = 8 } = options
  if (token === undefined && options.insecure !== true && !isLoopback(address))
    throw new UserError(
      `Serving on ${address} lets other machines in: give a token (AGORAGYM_TOKEN or --token), or --insecure where the network is trusted.`,
    )
  if (token !== undefined && !/^[\x21-\x7e]{8,}$/.test(token))
    throw new UserError('A token has 8 or more visible ASCII characters and no space; this one has not.')
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UserError(`--port: expected an integer from 0 to 65535, got ${port}.`)
  const host = new Host(options)
  const sockets = new Sockets()
  const app = new Hono()
  let errors = 0
  app.onError((error, c) => {
    errors++
    const { code, message, data } = told(error, host)
    if (code === 'capacity' || code === 'draining') c.header('Retry-After', '5')
    if (code === 'unauthorized') c.header('WWW-Authenticate', 'Bearer')
    return c.json({ detail: message, code, ...data }, statusOf(code) as 400)
  })
  app.notFound(c => {
    const envs = host.economies.ids()
    const [first = ''] = c.req.path.split('/').filter(Boolean)
    const meant = nearest(first, envs)
    return c.json(
      {
        detail: `No ${c.req.method} ${c.req.path.slice(0, 128)} here. Economies: ${envs.join(', ')}.${meant}`,
        code: 'not_found',
      },
      404,
    )
  })
  app.use(guard({ host: address, ...(token !== undefined && { token }) }))
  app.use(
    bodyLimit({
      maxSize: maxRequestBytes,
      onError: () => {
        throw new ServeError('too_large', `A request may have ${maxRequestBytes} bytes at most.`)
      },
    }),
  )

  let stopping = false
  app.get('/health', c => c.json(host.health()))
  app.get('/ready', c => {
    const ready = !stopping && host.sessions.admits
    if (!ready) c.header('Retry-After', '5')
    return c.json({ ready, ...(!ready && { reason: stopping ? 'draining' : 'capacity' }) }, ready ? 200 : 503)
  })
  app.get('/version', c => c.json({ version: packageVersion(), build_sha: null }))
  app.get('/metrics', c => {
    const own: Figure[] = [
      { name: 'agoragym_uptime_seconds', type: 'gauge', help: 'Seconds since the start.', values: () => host.uptime },
      { name: 'agoragym_sockets', type: 'gauge', help: 'Open WebSockets.', values: () => sockets.size },
      { name: 'agoragym_request_errors_total', type: 'counter', help: 'Requests answered with an error.', values: () => errors },
      {
        name: 'process_resident_memory_bytes',
        type: 'gauge',
        help: 'Memory of the process.',
        values: () => process.memoryUsage.rss(),
      },
      {
        name: 'process_cpu_seconds_total',
        type: 'counter',
        help: 'Processor time of the process.',
        values: () => {
          const { user, system } = process.cpuUsage()
          return (user + system) / 1e6
        },
      },
    ]
    return c.text(prometheusText([...host.figures(), ...own]), 200, { 'Content-Type': 'text/plain; version=0.0.4' })
  })
  for (const protocol of protocols) protocol({ app, host, sockets })

  const upgrades = new WebSocketServer({ noServer: true, maxPayload: maxRequestBytes, perMessageDeflate: false })
  const server = createAdaptorServer({
    fetch: app.fetch,
    overrideGlobalObjects: false,
    serverOptions: { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    websocket: { server: upgrades as unknown as WebSocketServerLike },
  }) as Server
  const idle = idleConnections(server, upgrades)
  // Clients keep connections beside those of their sessions; what comes beyond is nobody's honest use.
  server.maxConnections = 4 * host.sessions.max + 64
  await new Promise<void>((listening, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      host.close()
      reject(new UserError(unavailable(address, port, error)))
    })
    server.listen(port, address, listening)
  })
  const bound = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  return {
    url: `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`,
    port: bound.port,
    close() {
      closing ??= new Promise(closed => {
        stopping = true
        host.sessions.refuse()
        const late = setTimeout(() => {
          sockets.end()
          server.closeAllConnections()
        }, grace * 1000)
        server.close(() => {
          clearTimeout(late)
          host.close()
          closed()
        })
        idle.close()
        sockets.close('the server is stopping')
      })
      return closing
    },
  }
}

/**
 * The connections of a server that carry no request. Node itself keeps those open on which none has come yet, as clients open some
 * in advance.
 */
function idleConnections(server: Server, upgrades: WebSocketServer): { close(): void } {
  const idle = new Set<Socket>()
  let closing = false
  const rest = (socket: Socket): void => {
    if (closing) socket.end()
    else idle.add(socket)
  }
  server.on('connection', socket => {
    rest(socket)
    socket.once('close', () => idle.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    idle.delete(socket)
    response.once('close', () => {
      if (!socket.destroyed) rest(socket)
    })
  })
  upgrades.on('connection', (_socket, { socket }) => idle.delete(socket))
  return {
    close() {
      closing = true
      for (const socket of idle) socket.destroy()
    },
  }
}

/** An error as a client is told it: a bug says nothing of itself. */
function told(error: unknown, host: Host): Pick<ServeError, 'code' | 'message' | 'data'> {
  if (error instanceof ServeError) return error
  if (error instanceof TableError) return { code: error.code, message: error.message, data: {} }
  host.onBug(error)
  return { code: 'internal', message: 'The server failed at this request; its log says how.', data: {} }
}

function unavailable(address: string, port: number, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return `Port ${port} of ${address} is taken; choose another with --port, or 0 for any.`
  if (code === 'EACCES') return `Port ${port} needs rights that this process has not; choose one above 1023 with --port.`
  return `Cannot listen on ${address}:${port}: ${message}`
}
