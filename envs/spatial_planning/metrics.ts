/**
 * Numbers of a session and of one seat, from the log alone. Practice and unfinished rounds do not count. The same table measures
 * a whole session, a single round, or a session read from the laboratory's files.
 */
import type { Metrics } from '../core/environment.ts'
import type { MetricRule } from './metric_scope.ts'
import { SEAT } from './seat_metrics.ts'
import { type Finished, finishedRounds, type Session, sessionOf } from './session.ts'
import type { SpatialTypes } from './types.ts'
import { WORLD } from './world_metrics.ts'

export const WORLD_METRICS: readonly string[] = Object.keys(WORLD)
const RULES: Readonly<Record<string, MetricRule>> = { ...WORLD, ...SEAT }

/** Every metric of some finished rounds of a session, with one player's. */
export function measure(session: Session, rounds: readonly Finished[], player: number): Record<string, number | null> {
  const scope = { session, rounds, player }
  return Object.fromEntries(Object.entries(RULES).map(([name, rule]) => [name, rule.of(scope)]))
}

/** One metric of some finished rounds of a session. Throws where there is none of that name. */
export function metricOf(name: string, session: Session, rounds: readonly Finished[], player: number): number | null {
  const rule = RULES[name]
  if (rule === undefined) throw new RangeError(`metricOf: expected one of ${Object.keys(RULES).join(', ')}, got ${name}`)
  return rule.of({ session, rounds, player })
}

export const metrics: Metrics<SpatialTypes> = {
  docs: Object.fromEntries(
    Object.entries(RULES).map(([name, { description, formula, range, source }]) => [
      name,
      { description, formula, range, source },
    ]),
  ),
  of(log, agent) {
    const session = sessionOf(log)
    return measure(session, finishedRounds(session), session.roster.index[agent]!)
  },
}
