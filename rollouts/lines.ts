/**
 * What a rollout adds to the files of its run, as plain data that can be posted between threads and machines: neither the run's
 * folder nor its name is in it. Knows rollouts; writes nothing.
 */
import type { AgentId } from '../envs/core/tool.ts'
import { conductOf } from './conduct.ts'
import type { Transcript } from './messages.ts'
import type { CallRow } from './player.ts'
import { linesOf } from './record.ts'
import { NO_PLAY, playsOf, resultFigures } from './result_rows.ts'
import { type FailedRollout, type Rollout, sourceOf } from './rollout.ts'
import type { ErrorRow, FailedLines, FinishedLines } from './rows.ts'
import { tracedEpisode } from './trace_rows.ts'
import { transcribe } from './transcript.ts'

/** What a finished rollout adds. `calls` are its model calls as they were recorded, those that were made again included. */
export function rolloutLines(rollout: Rollout, calls: readonly CallRow[] = []): FinishedLines {
  const { spec, log, transcripts } = rollout
  const untold = spec.evaluated.filter(agent => transcripts[agent] === undefined)
  const told: Record<AgentId, Transcript> = {
    ...transcripts,
    ...(untold.length > 0 && transcribe(spec.env, log, untold, agent => sourceOf(spec.lineup[agent]!))),
  }
  const seats = spec.env.seats(log.header.config)
  const plays = playsOf(log, Object.keys(spec.env.tools(log.header.config)))
  return linesOf({
    figures: seats
      .filter(({ agent }) => spec.evaluated.includes(agent))
      .map(seat => resultFigures(rollout, seat, plays.get(seat.agent) ?? NO_PLAY, told[seat.agent]!.source)),
    trace: tracedEpisode(rollout, seats, plays, told),
    log,
    calls,
    conduct: conductOf(spec.env, log, spec.evaluated),
  })
}

/** A line of calls.jsonl, the reply last: a reader of figures stops there. */
export function callLine({ key, reply, ...row }: CallRow): string {
  return JSON.stringify({ key, ...row, reply } satisfies CallRow)
}

/** What a failed rollout adds. `calls` are those of its model calls that the run's store has not recorded. */
export function failedLines(failed: FailedRollout, calls: readonly CallRow[] = []): FailedLines {
  return { ok: false, key: failed.key, error: errorRow(failed), calls: calls.map(callLine) }
}

function errorRow({ key, spec, agent, t, error, timing }: FailedRollout): Omit<ErrorRow, 'attempt'> {
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
