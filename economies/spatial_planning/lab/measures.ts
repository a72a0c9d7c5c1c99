/** What the metrics say of a session, as sheets: of the world by round and over all rounds, and of every seat. */
import { measure, WORLD_METRICS } from '../../../envs/spatial_planning/metrics.ts'
import { finishedRounds, type Session } from '../../../envs/spatial_planning/session.ts'
import { participantsOf } from './participants.ts'
import type { Sheet } from './sheet.ts'

/** A metric of the world is the same whoever's seat is asked. */
const ANYBODY = 0

/** A row a paid round and one for the session, a column a metric. */
export function worldMeasures(session: Session): Sheet {
  const rounds = finishedRounds(session)
  const scopes = [...rounds.map(round => [String(round.round), [round]] as const), ['session', rounds] as const]
  return {
    head: ['round', ...WORLD_METRICS],
    rows: scopes.map(([name, scope]) => {
      const measured = measure(session, scope, ANYBODY)
      return [name, ...WORLD_METRICS.map(metric => measured[metric]!)]
    }),
  }
}

/** A row a seat and paid round, and one a seat for the session. */
export function seatMeasures(session: Session): Sheet {
  const rounds = finishedRounds(session)
  const names = Object.keys(measure(session, rounds, ANYBODY)).filter(metric => !WORLD_METRICS.includes(metric))
  const scopes = [...rounds.map(round => [String(round.round), [round]] as const), ['session', rounds] as const]
  return {
    head: ['players.number', 'players.tag', 'players.role', 'round', ...names],
    rows: participantsOf(session).flatMap(({ player, number, tag, code }) =>
      scopes.map(([name, scope]) => {
        const measured = measure(session, scope, player)
        return [number, tag, code, name, ...names.map(metric => measured[metric]!)]
      }),
    ),
  }
}
