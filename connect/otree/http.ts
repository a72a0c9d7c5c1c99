/** Requests to an oTree server, each once, none following redirects; every one is written down. Knows no page. */
import { setTimeout as after } from 'node:timers/promises'
import WebSocket from 'ws'
import { UserError } from '../../envs/core/errors.ts'
import type { Wire } from '../adapter.ts'
import { reconnecting } from '../backoff.ts'

/** Milliseconds that one request may take. */
const TIMEOUT = 30_000

export interface Answer {
  readonly status: number
  /** The path and query of a redirect. */
  readonly location: string | null
  readonly body: string
  /** Whether the form came back with errors. */
  readonly redisplayed: boolean
}

/** The server does not answer as it should: a request that got a 500, a page that is none. */
export class ServerError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** One client of a server: its cookies are its own. */
export class Browser {
  readonly #origin: string
  readonly #wire: Wire
  readonly #cookies = new Map<string, string>()

  constructor(origin: string, wire: Wire) {
    this.#origin = origin
    this.#wire = wire
  }

  /** One request. Rejects where the network fails. */
  async request(method: 'GET' | 'POST', path: string, signal: AbortSignal, form?: URLSearchParams): Promise<Answer> {
    const url = new URL(path, this.#origin)
    this.#wire('out', { http: method, path, ...(form !== undefined && { body: form.toString() }) })
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
      headers: { ...(cookie !== '' && { cookie }) },
      ...(form !== undefined && { body: form }),
    })
    for (const set of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(set) ?? []
      if (name !== undefined) this.#cookies.set(name, value!)
    }
    const body = await response.text()
    const to = response.headers.get('location')
    const target = to === null ? null : new URL(to, url)
    if (target !== null && target.origin !== url.origin)
      throw new ServerError(
        response.status,
        `${path} leads to another server, ${target.origin}; only ${url.origin} was asked for`,
      )
    const location = target === null ? null : `${target.pathname}${target.search}`
    this.#wire('in', { http: response.status, path, ...(location !== null && { location }), ...(body !== '' && { body }) })
    const redisplayed = response.headers.get('oTree-Redisplay-With-Errors') === '1'
    return { status: response.status, location, body, redisplayed }
  }

  /** Goes where the server sends us: the page and its path. Tried until the server answers; a refusal (4xx) is thrown. */
  async visit(
    path: string,
    signal: AbortSignal,
    onLost?: (why: string) => void,
  ): Promise<{ readonly path: string; readonly body: string; readonly at: number }> {
    let at = path
    for (let hops = 0; hops < 50; hops++) {
      const answer = await reconnecting(
        async () => {
          const got = await this.request('GET', at, signal)
          if (got.status >= 400)
            throw new ServerError(got.status, `${got.status} at ${at.split('?', 1)[0]}: ${got.body.slice(0, 200)}`)
          return got
        },
        {
          signal,
          isLasting: error => error instanceof ServerError && error.status < 500,
          onLost: (error, waitMs) => onLost?.(`${reasonOf(error)}; again in ${Math.round(waitMs)} ms`),
        },
      )
      if (answer.location === null) return { path: at, body: answer.body, at: Date.now() }
      at = answer.location
    }
    throw new ServerError(310, `${path} leads in circles`)
  }

  /**
   * A socket that is opened again whenever it closes, until `close`. `onMessage` gets what was JSON; `onOpen` hears of every opening.
   */
  socket(path: string, handlers: SocketHandlers): Socket {
    const url = new URL(path, this.#origin)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const given = new AbortController()
    let live: WebSocket | undefined
    const once = (): Promise<void> =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(url, { handshakeTimeout: TIMEOUT })
        const stop = (): void => socket.close()
        given.signal.addEventListener('abort', stop, { once: true })
        socket.on('open', () => {
          live = socket
          this.#wire('out', { socket: path, opened: true })
          handlers.onOpen?.()
        })
        socket.on('message', data => {
          const text = data.toString()
          this.#wire('in', { socket: path, body: text })
          try {
            handlers.onMessage(JSON.parse(text))
          } catch (error) {
            if (!(error instanceof SyntaxError)) throw error
          }
        })
        socket.on('error', reject)
        socket.on('close', () => {
          live = undefined
          given.signal.removeEventListener('abort', stop)
          if (given.signal.aborted) resolve()
          else reject(new Error('the socket closed'))
        })
      })
    reconnecting(once, {
      signal: given.signal,
      onLost: (error, waitMs) => handlers.onLost?.(`${reasonOf(error)}; again in ${Math.round(waitMs)} ms`),
    }).catch(() => {})
    return {
      send: data => {
        if (live?.readyState !== WebSocket.OPEN) return false
        const text = JSON.stringify(data)
        this.#wire('out', { socket: path, body: text })
        live.send(text)
        return true
      },
      ready: async (ms, signal) => {
        for (let waited = 0; live?.readyState !== WebSocket.OPEN && waited < ms; waited += 20)
          await after(20, undefined, { signal })
        return live?.readyState === WebSocket.OPEN
      },
      close: () => given.abort(),
    }
  }
}

export interface SocketHandlers {
  readonly onMessage: (message: unknown) => void
  readonly onOpen?: () => void
  readonly onLost?: (why: string) => void
}

export interface Socket {
  /** Whether it was handed to a socket that is open. */
  send(data: unknown): boolean
  /** Whether it is open, after so many milliseconds at most. */
  ready(ms: number, signal: AbortSignal): Promise<boolean>
  close(): void
}

/** What a person is told where no request gets through. */
export function unreachable(origin: string, error: unknown): UserError {
  return new UserError(`No oTree server answers at ${origin} (${reasonOf(error)}). Check that it runs.`)
}

/** Why a request failed, in a few words: fetch puts the reason into a cause. */
export function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } }
  return cause?.code ?? cause?.message ?? message
}
