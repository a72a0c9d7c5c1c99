/** The HTTP server of a sim-engine: routes, bodies and their limits, statuses. Knows no rule of the economy. */
import { existsSync, realpathSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import type { Duplex } from 'node:stream'
import { short } from '../../../envs/core/plain.ts'
import { FolderLock } from '../../../rollouts/lock.ts'
import { Engine } from './engine.ts'
import { Ledger } from './ledger.ts'
import { ProtocolError } from './protocol.ts'

/** Bytes of a body that are read; a longer one is refused. */
const MAX_BODY = 1024 * 1024

/** Bytes of a refused body that are still taken in, so that the client gets to read why. */
const MAX_DISCARDED = 64 * 1024 * 1024

export interface SimEngineOptions {
  /** 0 for any free port. */
  readonly port: number
  /** The SQLite file, made where it does not exist. */
  readonly dbPath: string
  readonly seed?: number
  /** Loopback by default. */
  readonly host?: string
  /** Milliseconds that a request may take to arrive whole; 30 seconds by default. */
  readonly requestTimeoutMs?: number
  /** Hears of what is answered with 500: a bug, or what the system refused, such as a full disk. */
  readonly onBug?: (error: unknown) => void
}

export interface SimEngine {
  /** Such as `http://127.0.0.1:8000`. */
  readonly url: string
  /** Ends open connections, closes the file. */
  close(): Promise<void>
}

type Handler = (engine: Engine, body: () => unknown) => object

const ROUTES: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  '/config': { GET: engine => engine.config() },
  '/state': { GET: engine => engine.state() },
  '/init': { POST: (engine, body) => engine.init(body()) },
  '/turn': { POST: (engine, body) => engine.turn(body()) },
}

/** Starts a server. Rejected where the port or the file cannot be had, or another engine has the file. */
export async function startSimEngine(options: SimEngineOptions): Promise<SimEngine> {
  const { port, dbPath, seed = 0, host = '127.0.0.1', requestTimeoutMs = 30_000, onBug } = options
  const file = existsSync(dbPath) ? realpathSync(dbPath) : resolve(dbPath)
  const lock = new FolderLock(`${file}.lock`, {
    held: `${dbPath} is used`,
    advice: 'stop that engine, or choose another DB_PATH',
    once: true,
  })
  let ledger: Ledger
  try {
    ledger = new Ledger(dbPath)
  } catch (error) {
    lock.release()
    throw error
  }
  const engine = new Engine(ledger, seed)
  const hosts = LOOPBACK.test(host) ? LOOPBACK : undefined
  const limits = { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs, connectionsCheckingInterval: 250 }
  const server = createServer(limits, (request, response) => {
    receive(request).then(
      body => answer(response, () => respond(engine, request, body, hosts), onBug),
      // The client went away in the middle of its body: there is nobody to tell.
      () => response.destroy(),
    )
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => answerSocket(socket, error.code, requestTimeoutMs))
  try {
    await new Promise<void>((listening, reject) => {
      server.once('error', reject)
      server.listen(port, host, listening)
    })
  } catch (error) {
    ledger.close()
    lock.release()
    throw error
  }
  const { address, port: bound, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: () =>
      new Promise(closed => {
        server.close(() => {
          ledger.close()
          lock.release()
          closed()
        })
        server.closeAllConnections()
      }),
  }
}

/** The whole body; undefined where it is too long. */
function receive(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= MAX_BODY) chunks.push(chunk)
      else chunks.length = 0
      if (size > MAX_DISCARDED) request.destroy()
    })
    request.on('end', () => resolve(size <= MAX_BODY ? Buffer.concat(chunks) : undefined))
    request.on('error', reject)
    request.on('close', () => reject(new Error('closed')))
  })
}

/** Names of this machine in a Host header, or as what a server listens on. */
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)(?::\d+)?$/i

function respond(
  engine: Engine,
  { method = '', url = '', headers }: IncomingMessage,
  body: Buffer | undefined,
  hosts: RegExp | undefined,
): object {
  // A page in a browser of this machine reaches a loopback server too, under a name of its own and without JSON's type.
  if (hosts?.test(headers.host ?? '') === false)
    throw new ProtocolError(403, 'host', `Host: expected localhost or 127.0.0.1, got ${short(headers.host ?? null)}.`)
  const path = url.split('?', 1)[0]!
  if (!Object.hasOwn(ROUTES, path))
    throw new ProtocolError(404, 'path', `No ${path.slice(0, 64)}; paths: ${Object.keys(ROUTES).join(', ')}.`)
  const methods = ROUTES[path]!
  if (!Object.hasOwn(methods, method))
    throw new ProtocolError(405, 'method', `${path} takes ${Object.keys(methods).join(', ')}, not ${method}.`)
  if (method === 'POST' && !/^application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? ''))
    throw new ProtocolError(
      415,
      'content-type',
      `content-type: expected application/json, got ${short(headers['content-type'] ?? null)}.`,
    )
  if (body === undefined) throw new ProtocolError(413, 'body', `A body may have ${MAX_BODY} bytes at most.`)
  return methods[method]!(engine, () => json(body))
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw new ProtocolError(400, 'body', `Not JSON: ${(error as Error).message.slice(0, 200)}`)
  }
}

/** Answers who sent no whole request: in time, or at all as HTTP asks. */
function answerSocket(socket: Duplex, code: string | undefined, timeoutMs: number): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const [status, error] =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ['408 Request Timeout', `The request did not arrive within ${timeoutMs / 1000} s.`]
      : code === 'HPE_HEADER_OVERFLOW'
        ? ['431 Request Header Fields Too Large', 'The headers are too long.']
        : ['400 Bad Request', 'This is no HTTP request.']
  const text = JSON.stringify({ ok: false, error, field: null })
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  )
}

/** Sends what `work` gives; a protocol error with its status, anything else it throws (a full disk) as 500. */
function answer(response: ServerResponse, work: () => object, onBug: SimEngineOptions['onBug']): void {
  let status = 200
  let body: object
  try {
    body = work()
  } catch (error) {
    const known = error instanceof ProtocolError
    if (!known) onBug?.(error)
    status = known ? error.status : 500
    body = { ok: false, error: (error as Error).message, field: known ? error.field : null }
  }
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
