/**
 * OpenEnv (package `openenv` 0.10): an economy as an environment of one seat, over WebSocket, HTTP and MCP; every other seat is
 * played here. A step is one message of a model. Knows routes and frames.
 */
import { z } from 'zod'
import { TableError } from '../envs/core/table.ts'
import { after } from './after.ts'
import { ServeError } from './errors.ts'
import { parseMessage } from './guard.ts'
import { RPC, rpc } from './openenv_mcp.ts'
import { openApi, schemas } from './openenv_schema.ts'
import { type Held, HeldSessions, OpenEnvSession, type StepResult } from './openenv_session.ts'
import { body, bodyOf, checked, type Port, route } from './routes.ts'
import type { Session } from './sessions.ts'
import { CLOSE, type Peer, type Talk } from './socket.ts'

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
