/** Rows of results: what a seat's play came to, and the messages as they are saved. Knows rollouts; writes nothing. */
import type { AnyEnvironment, AnyTypes, Seat } from '../envs/core/environment.ts'
import type { EpisodeLog } from '../envs/core/log.ts'
import { sum } from '../envs/core/sums.ts'
import type { AgentId, ToolSchema } from '../envs/core/tool.ts'
import type { Message, ToolCall, Transcript } from './messages.ts'
import { plusKnown } from './models/usage.ts'
import { type CallFigures, configDigest, groupKey, type Rollout } from './rollout.ts'
import type { ResultFigures, SavedMessage, TokenUsage, ToolDefinition } from './rows.ts'

/** The names of metrics that players count of their own affairs, of models and of people. */
export const COUNTED = /^(model|human)_/

/**
 * What the log alone says of a seat's row: every field that no clock, player or server has a part in. Metrics are without those of
 * a player's counters (`COUNTED`).
 */
export function playedRow(env: AnyEnvironment, log: EpisodeLog<AnyTypes>, agent: AgentId) {
  const scores = env.score(log)
  const play = playsOf(log, Object.keys(env.tools(log.header.config))).get(agent) ?? NO_PLAY
  return {
    reward: scores[agent]!.reward,
    stop_condition: log.stop ?? 'running',
    metrics: figures({ scores, metrics: { [agent]: env.metrics.of(log, agent) }, counters: {} }, agent, play),
    info: {
      env: env.id,
      version: env.version,
      config_digest: configDigest(log.header.config as object),
      seed: log.header.seed,
      repeat: log.header.repeat,
      seat: agent,
      player: log.header.seats[agent]!,
      steps: log.steps.length,
      scores: scores[agent]!,
      calls: play.calls,
      refused: play.refused,
      silent: play.silent,
    },
  }
}

/** What a seat did, counted. */
export interface Play {
  turns: number
  silent: number
  calls: Record<string, number>
  refused: Record<string, number>
}
export const NO_PLAY: Play = { turns: 0, silent: 0, calls: {}, refused: {} }

/** What every seat that acted did. */
export function playsOf({ steps }: EpisodeLog<AnyTypes>, tools: readonly string[]): Map<AgentId, Play> {
  const plays = new Map<AgentId, Play>()
  const of = (agent: AgentId): Play => {
    let play = plays.get(agent)
    if (play === undefined) {
      play = { turns: 0, silent: 0, calls: {}, refused: {} }
      plays.set(agent, play)
    }
    return play
  }
  const known = new Set(tools)
  const count = (counts: Record<string, number>, name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1
  }
  for (const { decisions, refused } of steps) {
    for (const [agent, { calls }] of Object.entries(decisions)) {
      const play = of(agent)
      play.turns++
      if (calls.length === 0) play.silent++
      for (const call of calls) count(play.calls, known.has(call?.tool) ? call.tool : 'unknown_tool')
    }
    for (const { agent, code } of refused) count(of(agent).refused, code)
  }
  return plays
}

const total = (counts: Readonly<Record<string, number>>): number => sum(Object.values(counts))

/** The scores' parts, the economy's metrics where they were computed and are defined, and the counts of what the seat did. */
export function figures(
  { scores, metrics, counters, spec }: Pick<Rollout, 'scores' | 'metrics' | 'counters'> & Partial<Pick<Rollout, 'spec'>>,
  agent: AgentId,
  play: Play,
): Record<string, number> {
  const { reward: _, ...parts } = scores[agent]!
  const whose = spec?.lineup[agent]?.kind === 'human' ? 'human' : 'model'
  const defined = Object.entries({ ...parts, ...metrics[agent] }).filter(([, value]) => value !== null) as [string, number][]
  return {
    ...Object.fromEntries(defined),
    num_turns: play.turns,
    num_calls: total(play.calls),
    num_refused: total(play.refused),
    ...Object.fromEntries(Object.entries(counters[agent] ?? {}).map(([name, count]) => [`${whose}_${name}`, count])),
  }
}

/** The row of a seat, but for its messages and tools. */
export function resultFigures(rollout: Rollout, { agent, role }: Seat, play: Play, source: Transcript['source']): ResultFigures {
  const { key, spec, log, truncated, scores, timing } = rollout
  const calls = rollout.calls.filter(row => row.agent === agent)
  const metrics = figures(rollout, agent, play)
  return {
    key,
    example_id: spec.example,
    ...metrics,
    reward: scores[agent]!.reward,
    error: null,
    is_completed: true,
    is_truncated: truncated,
    stop_condition: log.stop ?? 'running',
    metrics,
    info: {
      episode_id: key,
      group_id: groupKey(spec),
      env: spec.env.id,
      version: spec.env.version,
      config_digest: configDigest(spec.config),
      seed: spec.seed,
      repeat: spec.repeat,
      ...(spec.scenario !== undefined && { scenario: spec.scenario }),
      seat: agent,
      role,
      player: log.header.seats[agent]!,
      evaluated: spec.evaluated,
      steps: log.steps.length,
      scores: scores[agent]!,
      calls: play.calls,
      refused: play.refused,
      silent: play.silent,
      ...(calls.length > 0 && { cost: sumCost(calls) }),
      transcript: source,
    },
    timing,
    ...(calls.length > 0 && { token_usage: tokenUsage(calls) }),
  }
}

function tokenUsage(calls: readonly CallFigures[]): TokenUsage {
  const last = calls.at(-1)!
  return {
    input_tokens: sum(calls.map(call => call.prompt_tokens)),
    output_tokens: sum(calls.map(call => call.completion_tokens)),
    final_input_tokens: last.prompt_tokens,
    final_output_tokens: last.completion_tokens,
  }
}

function sumCost(calls: readonly { readonly cost: number | null }[]): number | null {
  return calls.reduce<number | null>((total, { cost }) => plusKnown(total, cost), 0)
}

export function savedMessage(message: Message): SavedMessage {
  switch (message.role) {
    case 'assistant': {
      const { role, content, reasoning_content, tool_calls } = message
      return {
        role,
        content,
        ...(reasoning_content !== undefined && { reasoning_content }),
        ...(tool_calls !== undefined && { tool_calls: tool_calls.map(savedCall) }),
      }
    }
    case 'tool':
      return { role: message.role, tool_call_id: message.tool_call_id, content: message.content }
    default:
      return message
  }
}

function savedCall({ id, name, arguments: text }: ToolCall): string {
  return JSON.stringify({ id, name, arguments: text })
}

export function toolDefinition(tool: ToolSchema): ToolDefinition {
  return { ...tool, strict: false }
}
