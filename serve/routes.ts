/** What the routes of all protocols do alike. Knows HTTP; knows no protocol. */
import type { Context, Hono } from 'hono'
import type { z } from 'zod'
import { explain } from '../envs/core/tool.ts'
import { ServeError } from './errors.ts'
import { parseMessage } from './guard.ts'
import type { Host } from './host.ts'
import type { Sockets } from './socket.ts'

/** What routes are added to. */
export interface Port {
  readonly app: Hono
  readonly host: Host
  readonly sockets: Sockets
}

type Handler = (c: Context, env: string) => Response | Promise<Response>

/** Adds a route of an economy: below its id, and at the root for the root's. */
export function route({ app, host }: Port, method: 'GET' | 'POST', path: string, handle: Handler): void {
  app.on(method, path, c => handle(c, host.envOf(undefined)))
  app.on(method, `/:env${path}`, c => handle(c, host.envOf(c.req.param('env'))))
}

/** What a client sent, checked. A ServeError `bad_request` names the first wrong fields. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new ServeError('bad_request', `${explain(parsed.error)}.`)
  return parsed.data
}

/** The body of a request as JSON; an empty one is an empty object. */
export async function body(c: Context): Promise<unknown> {
  const text = await c.req.text()
  return text.trim() === '' ? {} : parseMessage(text)
}

/** The body, checked. */
export async function bodyOf<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  return checked(schema, await body(c))
}
