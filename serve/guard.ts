/**
 * Who may ask, and how much: the token, the host and origin of a request, the size and depth of a body. Knows HTTP; knows no
 * protocol above it.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { short } from '../envs/core/plain.ts'
import { isLoopback } from '../rollouts/loopback.ts'
import { isDeep } from '../rollouts/models/json.ts'
import { ServeError } from './errors.ts'

/** Paths that say nothing of a game: a balancer asks them, and has no token. */
const OPEN_PATHS = /^(?:\/[a-z0-9_]+)?\/(?:health|ready)$/

export interface GuardOptions {
  readonly host: string
  readonly token?: string
}

/**
 * Lets through who has the token, by `Authorization: Bearer` or `X-API-Key`. Without a token on a loopback server: who names it by a
 * name of this machine and comes from no page of another origin, since a page in a browser reaches a loopback server too.
 */
export function guard({ host, token }: GuardOptions): MiddlewareHandler {
  const expected = token === undefined ? undefined : digest(token)
  return async (c, next) => {
    if (expected !== undefined) {
      if (!OPEN_PATHS.test(c.req.path)) checkToken(c.req.header('authorization'), c.req.header('x-api-key'), expected)
    } else if (isLoopback(host)) checkSite(c.req.header('host'), c.req.header('origin'))
    await next()
  }
}

/** Digests are of one length, so that comparing them takes the same time whatever was sent. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

function checkToken(authorization: string | undefined, key: string | undefined, expected: Buffer): void {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? key
  if (given === undefined || !timingSafeEqual(digest(given), expected))
    throw new ServeError(
      'unauthorized',
      `Expected the server's token as 'Authorization: Bearer TOKEN' or 'X-API-Key: TOKEN', got ${given === undefined ? 'none' : 'another'}.`,
    )
}

function checkSite(host: string | undefined, origin: string | undefined): void {
  if (host === undefined || !isLoopback(host))
    throw new ServeError('forbidden', `Host: expected localhost or 127.0.0.1, got ${short(host ?? null)}.`)
  if (origin !== undefined && origin.replace(/^https?:\/\//i, '') !== host)
    throw new ServeError('forbidden', `Origin: expected this server's own, or none, got ${short(origin)}.`)
}

/** Levels of a message at most. */
const MAX_DEPTH = 64

/** A message that a client sent. A ServeError `bad_json` where it is no JSON, or nested deeper than 64 levels. */
export function parseMessage(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ServeError('bad_json', `Expected JSON: ${(error as Error).message.slice(0, 200)}.`)
  }
  if (isDeep(value, MAX_DEPTH)) throw new ServeError('bad_json', `Expected JSON of at most ${MAX_DEPTH} levels.`)
  return value
}
