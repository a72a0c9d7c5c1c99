/**
 * The REST interface of an oTree server, which asks for a key: sessions, their participants, their tables. Knows no page and no seat.
 */
import { UserError } from '../../envs/core/errors.ts'
import { short } from '../../envs/core/plain.ts'
import { unreachable } from './http.ts'

/** What the REST interface says of a session. */
export interface SessionFacts {
  readonly code: string
  readonly config_name: string
  readonly num_participants: number
  readonly config: { readonly app_sequence: readonly string[]; readonly real_world_currency_per_point: number }
  readonly REAL_WORLD_CURRENCY_CODE: string
  readonly participants: readonly {
    readonly id_in_session: number
    readonly code: string
    readonly label: string | null
    readonly payoff_in_real_world_currency: number
  }[]
}

/** The server knows no such thing. */
class NotThere extends UserError {}

export class Rest {
  readonly #origin: string
  readonly #key: string

  constructor(origin: string, key: string) {
    this.#origin = origin
    this.#key = key
  }

  get(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#json('GET', path, undefined, signal)
  }

  post(path: string, body: object, signal: AbortSignal): Promise<unknown> {
    return this.#json('POST', path, body, signal)
  }

  /** Whether a session has that code. */
  async knows(code: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.session(code, signal)
      return true
    } catch (error) {
      if (error instanceof NotThere) return false
      throw error
    }
  }

  /** The session that a room plays now. */
  async ofRoom(name: string, signal: AbortSignal): Promise<SessionFacts | undefined> {
    const rooms = (await this.get('rooms', signal)) as readonly { readonly name: string; readonly session_code: string | null }[]
    const code = rooms.find(room => room.name === name)?.session_code
    return code === undefined || code === null ? undefined : this.session(code, signal)
  }

  async session(code: string, signal: AbortSignal): Promise<SessionFacts> {
    return (await this.post(`get_session/${encodeURIComponent(code)}`, {}, signal)) as SessionFacts
  }

  /** A UserError where the server refuses, cannot be reached, or does not know what is asked for. */
  async text(method: 'GET' | 'POST', path: string, body: object | undefined, signal: AbortSignal): Promise<string> {
    let response: Response
    try {
      response = await fetch(new URL(`/api/${path}`, this.#origin), {
        method,
        signal,
        headers: { 'otree-rest-key': this.#key },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
    } catch (error) {
      signal.throwIfAborted()
      throw unreachable(this.#origin, error)
    }
    const text = await response.text()
    if (response.status === 401 || response.status === 403)
      throw new UserError(`${this.#origin}: the REST interface refuses the key in OTREE_REST_KEY (${response.status}).`)
    if (response.status === 404)
      throw new NotThere(`${this.#origin}: the server knows no ${path.replace('get_session/', 'session ')}.`)
    if (!response.ok) throw new UserError(`${this.#origin}: ${response.status} at /api/${path}: ${text.slice(0, 300)}`)
    return text
  }

  async #json(method: 'GET' | 'POST', path: string, body: object | undefined, signal: AbortSignal): Promise<unknown> {
    const text = await this.text(method, path, body, signal)
    try {
      return JSON.parse(text)
    } catch {
      throw new UserError(`${this.#origin} is no oTree server: expected JSON at /api/${path}, got ${short(text)}.`)
    }
  }
}
