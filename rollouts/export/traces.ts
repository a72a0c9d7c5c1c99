/**
 * Verifiers' v1 episodes: everything about a rollout on one line, a trace a seat. What its record has no field for (who
 * plays, in which role) stands in a trace's `info`. A scripted seat that was not evaluated has no messages.
 */
import { groupBy } from '../../envs/core/grouped.ts'
import { keyParts } from '../rollout.ts'
import type { ErrorRow, Trace, TraceCall, TracedEpisode, TraceNode } from '../rows.ts'
import type { Row } from './columns.ts'
import type { Format } from './format.ts'
import { type PlayInfo, playInfo } from './play.ts'
import type { StoredRollout } from './reader.ts'

const FILE = 'traces.jsonl'

export const traces: Format = {
  id: 'traces',
  describe: 'an episode a line with a trace a seat, as Verifiers v1 and prime-rl record them',
  pays: 'none',
  failed: true,
  files: () => [
    {
      path: FILE,
      columns: {
        id: 'string',
        env: 'json',
        task: 'json',
        group: 'json',
        run: 'json',
        ok: 'bool',
        errors: 'list<json>',
        traces: 'list<json>',
      },
    },
  ],
  open: ({ estimator }) => ({
    task({ plays, failed }, sink) {
      for (const [rollout, seated] of groupBy(plays, play => play.rollout)) {
        const infos = new Map(seated.map(play => [play.agent, playInfo(play, estimator)]))
        sink.row(
          FILE,
          episodeRow(rollout.episode(), trace => infos.get(trace.agent.name)),
        )
      }
      for (const rollout of failed) sink.row(FILE, failedEpisode(rollout, rollout.error()))
    },
  }),
}

/** The episode in the v1 record's own fields; `infoOf` gives what the export knows of an evaluated seat. */
export function episodeRow(episode: TracedEpisode, infoOf: (trace: Trace) => PlayInfo | undefined): Row {
  return {
    ...episode,
    traces: episode.traces.map(trace => {
      const { model, sampling, ...config } = trace.agent.config
      return {
        ...trace,
        agent: {
          name: trace.agent.name,
          trainable: trace.agent.trainable,
          config: { ...(typeof model === 'string' && { model }), ...(sampling !== undefined && { sampling }) },
        },
        nodes: trace.nodes.map(recordNode),
        calls: trace.calls.map(recordCall),
        info: { ...config, ...trace.info, ...infoOf(trace) },
      }
    }),
  }
}

/** The record holds a provider's state as a list of items. */
function recordNode(node: TraceNode): TraceNode {
  const { message } = node
  if (message.role !== 'assistant' || message.provider_state === undefined || Array.isArray(message.provider_state)) return node
  return { ...node, message: { ...message, provider_state: [message.provider_state] } }
}

/** How long a call took is known, when it began is not: its span is counted from 0. The record knows no refusal. */
function recordCall({ time, finish_reason, ...call }: TraceCall): object {
  return {
    ...call,
    finish_reason: finish_reason === 'refusal' ? 'stop' : finish_reason,
    time: { start: 0, end: time },
  }
}

function failedEpisode({ key, run }: StoredRollout, error: ErrorRow): Row {
  const { group, task } = keyParts(key)
  const env = run.metadata?.env_id ?? ''
  return {
    id: key,
    env: { id: env, name: env },
    task: { type: env, key: task, data: { idx: error.example_id, name: task, env, seed: error.seed } },
    group: { id: group },
    run: { type: 'eval', id: run.name, name: run.name },
    ok: false,
    errors: [{ type: error.code, message: error.message, ...(error.status !== null && { status_code: error.status }) }],
    traces: [],
  }
}
