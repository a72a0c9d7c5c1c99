/**
 * The log of an episode: what was decided and what followed. No clock and no uuid, so equal seeds give equal bytes.
 * Knows the shape of a log and how it lies in a file; does not know who writes it.
 */
import type { CallResult, Decisions, Done, EnvTypes, Refused } from './exchange.ts'
import type { AgentId } from './tool.ts'

export interface LogHeader {
  readonly env: string
  readonly version: number
  /** The resolved configuration. */
  readonly config: unknown
  readonly seed: number
  /** Which repeat of the seed: the world is the same in each, only evaluated policies' own streams differ. */
  readonly repeat: number
  /** Who sat where: a player string per seat, `resident` where the economy moved the seat itself. */
  readonly seats: Readonly<Record<AgentId, string>>
}

export interface LogRecord<T extends EnvTypes> {
  /** Steps before this one; the first record has 0. */
  readonly t: number
  readonly decisions: Decisions
  readonly rewards: Readonly<Record<AgentId, number>>
  readonly events: readonly T['Event'][]
  readonly results: Readonly<Record<AgentId, readonly CallResult[]>>
  readonly refused: readonly Refused[]
  readonly done: Done
  readonly stop?: string
}

export interface EpisodeLog<T extends EnvTypes> {
  readonly header: LogHeader
  readonly steps: readonly LogRecord<T>[]
  /** Why the episode ended: the last step's `stop`, or else `horizon` or `terminated`, or the reason given to `Episode.stop`; null while it goes on. */
  readonly stop: string | null
}

/** What stands in `header.seats` where no player sits. */
export const RESIDENT = 'resident'

/** The seats that players took, in the header's order. */
export function playedSeats(header: LogHeader): AgentId[] {
  return Object.keys(header.seats).filter(agent => header.seats[agent] !== RESIDENT)
}

/** The events of a log in order, each with its step. */
export function* eventsOf<T extends EnvTypes>(log: EpisodeLog<T>): Generator<readonly [t: number, event: T['Event']]> {
  for (const { t, events } of log.steps) for (const event of events) yield [t, event]
}
