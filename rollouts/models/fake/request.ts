/** A request as the fake provider tells it to whoever answers. */
import type { Random } from '../../../envs/core/random.ts'
import type { Dialect, ReadRequest } from './dialects.ts'

/** What a script is told of a request. */
export interface FakeRequest extends ReadRequest {
  readonly dialect: Dialect
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** The conversation's name, as the X-Session-ID header gives it; empty where there is none. */
  readonly session: string
  /** Assistant messages so far: 0 for the first request of a conversation. */
  readonly turn: number
  /** Earlier requests of the same conversation that said the same. */
  readonly attempt: number
  /** Randomness that depends on what was said: the same conversation, the same numbers. */
  readonly random: Random
}
