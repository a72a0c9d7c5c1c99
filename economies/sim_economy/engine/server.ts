/** The HTTP server of a sim-engine: routes, bodies and their limits, statuses. Knows no rule of the economy. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
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

/** Starts a server. Rejected where the port or the file cannot be had. */
export async function startSimEngine({ port, dbPath, seed = 0, host = '127.0.0.1' }: SimEngineOptions): Promise<SimEngine> {
  const ledger = new Ledger(dbPath)
  const engine = new Engine(ledger, seed)
  const server = createServer((request, response) => {
    receive(request).then(
      body => answer(response, () => respond(engine, request, body)),
      // The client went away in the middle of its body: there is nobody to tell.
      () => response.destroy(),
    )
  })
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, resolve)
    })
  } catch (error) {
    ledger.close()
    throw error
  }
  const { address, port: bound, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => {
          ledger.close()
          resolve()
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

function respond(engine: Engine, { method = '', url = '' }: IncomingMessage, body: Buffer | undefined): object {
  const path = url.split('?', 1)[0]!
  if (!Object.hasOwn(ROUTES, path))
    throw new ProtocolError(404, 'path', `No ${path.slice(0, 64)}; paths: ${Object.keys(ROUTES).join(', ')}.`)
  const methods = ROUTES[path]!
  if (!Object.hasOwn(methods, method))
    throw new ProtocolError(405, 'method', `${path} takes ${Object.keys(methods).join(', ')}, not ${method}.`)
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

/** Sends what `work` gives; a protocol error with its status, anything else it throws (a full disk) as 500. */
function answer(response: ServerResponse, work: () => object): void {
  let status = 200
  let body: object
  try {
    body = work()
  } catch (error) {
    const known = error instanceof ProtocolError
    status = known ? error.status : 500
    body = { ok: false, error: (error as Error).message, field: known ? error.field : null }
  }
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
