/** OpenEnv's environments as MCP: JSON-RPC 2.0, by which tools are listed and called. Knows no HTTP and no WebSocket. */
import { z } from 'zod'
import { TableError } from '../envs/core/table.ts'
import { explain } from '../envs/core/tool.ts'
import { after } from './after.ts'
import { ServeError } from './errors.ts'
import type { Host } from './host.ts'
import { type Held, type HeldSessions, OpenEnvSession, observation, summary } from './openenv_session.ts'
import type { SeatPlay, Told } from './seat.ts'

/** JSON-RPC 2.0. */
export const RPC = { parse: -32700, invalid: -32600, method: -32601, params: -32602, internal: -32603, server: -32000 } as const
const rpcSchema = z.strictObject({
  jsonrpc: z.literal('2.0'),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).optional(),
  id: z.union([z.string(), z.number(), z.null()]).optional(),
})

/** Answers one JSON-RPC message. Tools are called in the session that a socket speaks for (`own`), or in the one that is named. */
export function rpc(
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
