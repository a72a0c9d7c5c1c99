/** Episodes with their traces: the messages and calls of every seat. Knows rollouts; writes nothing. */
import type { Seat } from '../envs/core/environment.ts'
import { digest } from '../envs/core/plain.ts'
import type { AgentId } from '../envs/core/tool.ts'
import type { Transcript } from './messages.ts'
import type { Usage } from './player.ts'
import { figures, NO_PLAY, type Play, toolDefinition } from './result_rows.ts'
import { type CallFigures, groupKey, type Rollout, taskKey } from './rollout.ts'
import type { Task, Trace, TraceCall, TracedEpisode, TraceNode } from './rows.ts'

/** A finished rollout with a trace of each seat that a player takes, in seat order; a seat without a transcript has no nodes. */
export function tracedEpisode(
  rollout: Rollout,
  seats: readonly Seat[],
  plays: ReadonlyMap<AgentId, Play>,
  transcripts: Readonly<Record<AgentId, Transcript>>,
): TracedEpisode {
  const { key, spec } = rollout
  const { env, config, seed, example, scenario } = spec
  const data = {
    idx: example,
    name: taskKey(spec),
    env: env.id,
    version: env.version,
    config,
    seed,
    ...(scenario !== undefined && { scenario }),
  }
  const task: Task = { type: env.id, key: taskKey(spec), data, hash: digest(data) }
  return {
    id: key,
    env: { id: env.id, name: env.id },
    task,
    group: { id: groupKey(spec) },
    // Which run it is of, whoever reads it knows.
    run: { type: 'eval', id: '', name: '' },
    ok: true,
    errors: [],
    traces: seats
      .filter(({ agent }) => spec.lineup[agent] !== undefined)
      .map(seat => trace(rollout, seat, task, plays.get(seat.agent) ?? NO_PLAY, transcripts[seat.agent])),
  }
}

function trace(rollout: Rollout, { agent, role }: Seat, task: Task, play: Play, transcript: Transcript | undefined): Trace {
  const { key, spec, log, scores, timing } = rollout
  const player = spec.lineup[agent]!
  const nodes = transcript === undefined ? [] : traceNodes(transcript)
  const nodeOf = new Map(transcript?.messages.flatMap(({ call }, node) => (call === undefined ? [] : [[call, node] as const])))
  const { start_time, setup, generation, scoring, model } = timing
  return {
    version: 1,
    id: `${key}/${agent}`,
    task,
    agent: {
      name: agent,
      trainable: spec.evaluated.includes(agent),
      config: { player: player.name, kind: player.kind, role, ...player.details },
    },
    tools: transcript?.tools.map(toolDefinition) ?? [],
    nodes,
    calls: rollout.calls.filter(call => call.agent === agent).map(call => traceCall(call, nodeOf.get(call.call))),
    rewards: { reward: { score: scores[agent]!.reward, weight: 1 } },
    metrics: figures(rollout, agent, play),
    info: { repeat: spec.repeat, source: transcript?.source ?? 'scripted' },
    is_completed: true,
    ok: true,
    stop_condition: log.stop ?? 'running',
    errors: [],
    timing: {
      start: start_time,
      setup,
      agent: { start: generation.start, end: generation.end, model: { duration: model.duration } },
      scoring,
    },
  }
}

/**
 * The messages as a chain. Token ids are given where the server returned them: an answer's on its own node, a prompt's
 * new ones on the node before it, as long as each prompt extends what was said before.
 */
export function traceNodes({ messages }: Transcript): TraceNode[] {
  const nodes: { -readonly [K in keyof TraceNode]: TraceNode[K] }[] = []
  let said: readonly number[] | undefined = []
  for (const [i, { message, sampled, prompt_token_ids, token_ids, logprobs }] of messages.entries()) {
    nodes.push({ ...(i > 0 && { parent: i - 1 }), message, sampled })
    if (!sampled || token_ids === undefined) continue
    nodes[i] = { ...nodes[i]!, token_ids, mask: token_ids.map(() => 1), ...(logprobs !== undefined && { logprobs }) }
    const before = said
    if (before === undefined || prompt_token_ids === undefined || !before.every((id, at) => id === prompt_token_ids[at])) {
      said = undefined
      continue
    }
    const fresh = prompt_token_ids.slice(before.length)
    if (i > 0) nodes[i - 1] = { ...nodes[i - 1]!, token_ids: fresh, mask: fresh.map(() => 0) }
    said = [...prompt_token_ids, ...token_ids]
  }
  return nodes
}

function traceCall(call: CallFigures, node: number | undefined): TraceCall {
  const { usage, cost } = call
  return {
    ...(node !== undefined && { node }),
    model: call.model,
    finish_reason: call.finish_reason,
    usage: {
      prompt_tokens: promptTokens(usage),
      completion_tokens: usage.output,
      cached_input_tokens: usage.input_cached_read,
      ...(usage.output_reasoning !== null && { reasoning_tokens: usage.output_reasoning }),
      ...(cost !== null && { cost }),
    },
    time: call.latency_ms / 1000,
  }
}

function promptTokens({ input_uncached, input_cache_write }: Usage): number {
  return input_uncached + input_cache_write
}
