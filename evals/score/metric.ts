/** A metric of one's own: what it is, and what makes it another one. Knows no file. */
import type { MetricDoc } from '../../envs/core/environment.ts'
import { UserError } from '../../envs/core/errors.ts'
import { digest, short } from '../../envs/core/plain.ts'
import type { PlayedSeat } from './seats.ts'

/** A number about one seat's play, computed from a finished rollout without playing it again. */
export interface Metric extends MetricDoc {
  /** Raised whenever the same rollout would get another number; 1 by default. */
  readonly version?: number
  /** The number; null where it is not defined. It must depend on the seat alone. */
  of(seat: PlayedSeat): number | null
}

/** What tells this metric from an earlier one of its name: its description, its version, and its function as it is written. */
export function metricDigest(name: string, metric: Metric): string {
  const { description, formula, range, source, version = 1 } = metric
  return digest([name, description, formula, range, source, version, String(metric.of)])
}

/** The metric's number. A UserError names the rollout where it throws, or gives what is no number. */
export function scoreOf(name: string, metric: Metric, seat: PlayedSeat): number | null {
  const where = `Metric ${name}, ${seat.agent} of ${seat.key}`
  let value: unknown
  try {
    value = metric.of(seat)
  } catch (error) {
    throw new UserError(`${where}: ${blame(error)}`, { cause: error })
  }
  if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value
  throw new UserError(
    `${where}: expected a finite number or null, got ${value instanceof Promise ? 'a promise' : typeof value === 'number' ? value : short(value)}.`,
  )
}

/** What somebody's own code threw and where, on one line. */
export function blame(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${short(error)}`
  const [, place] = /\n\s+at (?:.*\()?(?:file:\/\/)?([^()\n]+:\d+:\d+)\)?/.exec(error.stack ?? '') ?? []
  return `${error.name}: ${error.message.split('\n', 1)[0]}${place === undefined ? '' : ` (${place})`}`
}
