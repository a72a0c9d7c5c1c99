/** The HTTP side of the laboratory's server. Its `status` field is always true, so the code of an answer is what counts. */
import { UserError } from '../../envs/core/errors.ts'
import { systemClock } from '../../rollouts/models/retry.ts'
import type { ServerClock } from './server_clock.ts'

const TIMEOUT_MS = 10_000

/** The server answered, but not what was asked for. */
export class HttpFault extends Error {
  override readonly name = 'HttpFault'
  readonly status: number
  constructor(status: number, path: string) {
    super(`the server answers ${status} to ${path}`)
    this.status = status
  }
}

/** What the server says of a game that is on. */
export interface StartedGame {
  readonly id: number
  readonly type: string
  /** Seats that were taken; the next to join gets the number after. */
  readonly assignedPlayers: number
}

export class Http {
  readonly #base: string
  readonly #clock: ServerClock

  constructor(url: string, clock: ServerClock) {
    this.#base = `${url.replace(/\/+$/, '')}/api/v1`
    this.#clock = clock
  }

  /** The game; a UserError where the server has none of that number. */
  async started(game: number, signal: AbortSignal): Promise<StartedGame> {
    const games = (await this.#get('/games/started', signal)) as readonly StartedGame[]
    const found = games.find(({ id }) => id === game)
    if (found === undefined)
      throw new UserError(
        `The server has no running game ${game}. Running: ${games.map(({ id, type }) => `${id} (${type})`).join(', ') || 'none'}.`,
      )
    return found
  }

  /**
   * The game's parameters, and nothing else of the document they are in: in the middle of a game it holds every real value, which
   * nobody at a seat may know.
   */
  async parameters(game: number, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    const { parameters } = (await this.#get(`/games/data?game_id=${game}`, signal)) as { parameters?: Record<string, unknown> }
    if (parameters === undefined) throw new UserError(`The server gives no parameters of game ${game}.`)
    return parameters
  }

  /** Everything that the server has of a game that is over, without the strings that would take its seats. */
  async data(game: number, signal: AbortSignal): Promise<unknown> {
    const document = (await this.#get(`/games/data?game_id=${game}`, signal)) as { players?: { recovery?: unknown }[] }
    for (const player of document.players ?? []) delete player.recovery
    return document
  }

  /** How things stand for the holder of a seat; undefined where the server knows no such holder. */
  async snapshot(game: number, recovery: string, signal: AbortSignal): Promise<unknown> {
    const { found, gameData } = (await this.#get(
      `/games/status?id=${game}&recovery=${encodeURIComponent(recovery)}`,
      signal,
    )) as {
      found?: boolean
      gameData?: unknown
    }
    return found === true ? gameData : undefined
  }

  /** Makes a game and starts it; its number. */
  async create(login: { readonly username: string; readonly password: string }, gameParameters: unknown, signal: AbortSignal) {
    const made = (await this.#ask('/games/create-for-llm', signal, { ...login, gameParameters })) as { id?: unknown }
    if (typeof made?.id !== 'number') throw new UserError('The server made no game: it gave no number.')
    return made.id
  }

  #get(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#ask(path, signal)
  }

  async #ask(path: string, signal: AbortSignal, body?: object): Promise<unknown> {
    const asked = systemClock.now()
    const response = await fetch(this.#base + path, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      ...(body !== undefined && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
    const date = Date.parse(response.headers.get('date') ?? '')
    if (Number.isFinite(date)) this.#clock.note(asked, systemClock.now(), date)
    const text = await response.text()
    if (!response.ok) throw new HttpFault(response.status, path.replace(/recovery=[^&]*/, 'recovery=…'))
    return (JSON.parse(text) as { data?: unknown }).data
  }
}
