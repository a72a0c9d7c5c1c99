/** The evaluated seats of a finished run, as own metrics and judges get them. Knows the files of a run; computes nothing. */
import { join } from 'node:path'
import type { AnyEnvironment, AnyTypes } from '../../envs/core/environment.ts'
import type { EpisodeLog } from '../../envs/core/log.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import { RunError } from '../../rollouts/errors.ts'
import { type Line, lines } from '../../rollouts/jsonl.ts'
import type { Message } from '../../rollouts/messages.ts'
import { keyOf } from '../../rollouts/read_rows.ts'
import type { ResultFigures, TracedEpisode } from '../../rollouts/rows.ts'
import { FILES, isOlder, RunReader, readFigures, readSteps } from '../../rollouts/store.ts'

/** A message, and whether the player wrote it. */
export interface SeatMessage {
  readonly message: Message
  readonly sampled: boolean
}

/** One evaluated seat of a finished rollout. */
export interface PlayedSeat {
  /** The rollout's key. */
  readonly key: string
  readonly agent: AgentId
  readonly env: AnyEnvironment
  readonly log: EpisodeLog<AnyTypes>
  /** Its row of results without messages. */
  readonly result: ResultFigures
  /** What the seat was told and said, in order; a bot's are those that a model in its place would have seen and sent. Read when asked for. */
  readonly messages: readonly SeatMessage[]
}

/** The evaluated seats of every finished rollout of a run, in its order. `env` is the run's. */
export function* playedSeats(folder: string, env: AnyEnvironment): Generator<PlayedSeat> {
  for (const { key, rows, log, trace } of rollouts(folder)) {
    let episode: TracedEpisode | undefined
    for (const result of rows) {
      const { seat } = result.info
      yield {
        key,
        agent: seat,
        env,
        log,
        result,
        get messages() {
          episode ??= trace()
          const own = episode.traces.find(({ agent }) => agent.name === seat)
          return own?.nodes.map(({ message, sampled }) => ({ message, sampled })) ?? []
        },
      }
    }
  }
}

interface SeatedRollout {
  readonly key: string
  readonly rows: readonly ResultFigures[]
  readonly log: EpisodeLog<AnyTypes>
  readonly trace: () => TracedEpisode
}

function* rollouts(folder: string): Generator<SeatedRollout> {
  if (isOlder(folder)) return yield* olderRollouts(folder)
  const reader = new RunReader(folder)
  try {
    for (const stored of reader.rollouts()) {
      const { key, ...log } = stored.log
      yield { key, rows: stored.figures, log, trace: () => stored.trace }
    }
  } finally {
    reader.close()
  }
}

function* olderRollouts(folder: string): Generator<SeatedRollout> {
  const results = readFigures(folder)
  const traces = lines(join(folder, FILES.traces))
  let row = results.next()
  // The three files are written in one order; a kill may leave more in the first two than was finished.
  for (const { key, ...log } of readSteps(folder)) {
    while (!row.done && row.value.key !== key) row = results.next()
    const trace = lineOf(traces, key)
    if (row.done || trace === undefined)
      throw new RunError(`${folder}: ${FILES.results} and ${FILES.traces} do not go with ${FILES.steps} at ${key}.`)
    const rows: ResultFigures[] = []
    for (; !row.done && row.value.key === key; row = results.next()) rows.push(row.value)
    yield { key, rows, log, trace: () => JSON.parse(trace.toString()) as TracedEpisode }
  }
}

function lineOf(traces: Generator<Line>, key: string): Buffer | undefined {
  for (let next = traces.next(); !next.done; next = traces.next())
    if (keyOf('traces', next.value) === key) return next.value.bytes
  return undefined
}
