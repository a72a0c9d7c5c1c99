import type { AgentId } from '../envs/core/tool.ts'
import type { Transcript } from './messages.ts'
import { NO_PLAY, resultRow, tally } from './result_rows.ts'
import { type FailedRollout, type Rollout, sourceOf } from './rollout.ts'
import type { FailureRow, RolloutLines, StepsRow } from './rows.ts'
import { tracedEpisode } from './trace_rows.ts'
import { transcribe } from './transcript.ts'
/** The lines of a finished rollout. `run` is the name of the run it belongs to. */
export function rolloutLines(rollout: Rollout, run: string): RolloutLines {
  const { key, spec, log, transcripts } = rollout
  const untold = spec.evaluated.filter(agent => transcripts[agent] === undefined)
  const told: Record<AgentId, Transcript> = {
    ...transcripts,
    ...(untold.length > 0 && transcribe(spec.env, log, untold, agent => sourceOf(spec.lineup[agent]!))),
  }
  const seats = spec.env.seats(log.header.config)
  const plays = tally(log, Object.keys(spec.env.tools(log.header.config)))
  return {
    key,
    example: spec.example,
    results: seats
      .filter(({ agent }) => spec.evaluated.includes(agent))
      .map(seat => JSON.stringify(resultRow(rollout, seat, plays.get(seat.agent) ?? NO_PLAY, told[seat.agent]!))),
    traces: JSON.stringify(tracedEpisode(rollout, seats, plays, told, run)),
    steps: JSON.stringify({ key, ...log } satisfies StepsRow),
  }
}
/** The row of a failed rollout, but for which attempt it was. */
export function failureRow({ key, spec, agent, t, error, timing }: FailedRollout): FailureRow {
  return {
    key,
    example_id: spec.example,
    seed: spec.seed,
    repeat: spec.repeat,
    agent,
    player: spec.lineup[agent]!.name,
    t,
    code: error.code,
    message: error.message,
    status: error.status,
    attempts: error.attempts,
    ...timing,
  }
}
