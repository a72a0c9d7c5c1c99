/** What a server says no with: a code to count, an HTTP status, a line that says what would work. Knows no protocol. */

/** HTTP statuses by code. The codes of games are those of the wire (`docs/wire.md`); the others are the server's own. */
const STATUS: Readonly<Record<string, number>> = {
  bad_json: 400,
  bad_request: 400,
  unknown_env: 404,
  unknown_session: 404,
  not_found: 404,
  method_not_allowed: 405,
  too_large: 413,
  not_reset: 409,
  episode_over: 409,
  not_your_turn: 409,
  unauthorized: 401,
  forbidden: 403,
  capacity: 503,
  draining: 503,
  internal: 500,
}

/** A request that is refused; what is no such error is a bug and told as `internal`. */
export class ServeError extends Error {
  override readonly name = 'ServeError'
  /** snake_case. */
  readonly code: string
  /** Further facts for the client, beside `code`. */
  readonly data: Readonly<Record<string, unknown>>

  constructor(code: string, message: string, data: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.code = code
    this.data = data
  }
}

/** The HTTP status of a code; 422 for whatever is wrong with what was asked (`bad_config`, `bad_seed`, `unknown_seat`, …). */
export function statusOf(code: string): number {
  return STATUS[code] ?? 422
}
