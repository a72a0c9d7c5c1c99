/** Answered calls as they lie in Redis until their rollout is filed. Knows their form; knows no Redis. */
import type { CallRow } from '../rollouts/player.ts'

/** How a recorded call begins in Redis that lies in the run's folder already, and one that does not. */
export const FILED = 'f'
export const NEW = 'n'

/** The recorded calls that the run's folder does not have, in order. */
export function newCalls(values: readonly string[]): CallRow[] {
  return recordedCalls(values.filter(value => value.startsWith(NEW)))
}

/** Recorded calls as they lie in Redis, in order. */
export function recordedCalls(values: readonly string[]): CallRow[] {
  return values.map(value => JSON.parse(value.slice(1)) as CallRow).sort((a, b) => a.call - b.call)
}
