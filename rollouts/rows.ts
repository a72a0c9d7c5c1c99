/**
 * What a rollout looks like in the files of a run: a row of results.jsonl per evaluated seat (the field names of
 * Verifiers' saved evaluations), an episode of traces.jsonl with a trace per seat (those of its v1 traces), a line of
 * steps.jsonl, a row of errors.jsonl. Knows shapes; writes nothing.
 */
import type { AnyEnvironment, AnyTypes, Scores, Seat } from '../envs/core/environment.ts'
import type { EpisodeLog } from '../envs/core/log.ts'
import { digest } from '../envs/core/plain.ts'
import type { AgentId, ToolSchema } from '../envs/core/tool.ts'
import type { Message, ToolCall, Transcript } from './messages.ts'
import type { Usage } from './player.ts'
import {
  type CallFigures,
  configDigest,
  type FailedRollout,
  groupKey,
  type Rollout,
  type Span,
  sourceOf,
  type Timing,
  taskKey,
} from './rollout.ts'
import { transcribe } from './transcript.ts'

/** A message as Verifiers saves it: each tool call is a JSON string of `{id, name, arguments}`. */
export type SavedMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | {
      readonly role: 'assistant'
      readonly content: string
      readonly reasoning_content?: string
      readonly tool_calls?: readonly string[]
    }
  | { readonly role: 'tool'; readonly tool_call_id: string; readonly content: string }

/** A tool as Verifiers saves it. */
export interface ToolDefinition extends ToolSchema {
  readonly strict: boolean
}

/** What of a seat's play is no score and no metric. */
export interface RolloutInfo {
  readonly episode_id: string
  /** What the repeats of this rollout share. */
  readonly group_id: string
  readonly env: string
  readonly version: number
  readonly config_digest: string
  readonly seed: number
  readonly repeat: number
  readonly scenario?: string
  readonly seat: AgentId
  readonly role: string
  readonly player: string
  /** The seats of this rollout that have a row, in seat order. */
  readonly evaluated: readonly AgentId[]
  readonly steps: number
  readonly scores: Scores
  /** Calls by tool, refused ones included; names that are no tool count as `unknown_tool`. */
  readonly calls: Readonly<Record<string, number>>
  /** Refused calls by code. */
  readonly refused: Readonly<Record<string, number>>
  /** Messages without a call. */
  readonly silent: number
  /** USD; null where a call's price is not known, absent where no model was called. */
  readonly cost?: number | null
  readonly transcript: Transcript['source']
}

/** Tokens of a seat over a rollout; `final_*` are those of its last call. */
export interface TokenUsage {
  readonly input_tokens: number
  readonly output_tokens: number
  readonly final_input_tokens: number
  readonly final_output_tokens: number
}

/** A row of results.jsonl without its messages; every metric also stands at the top level under its own name. */
export interface ResultFigures {
  readonly key: string
  readonly example_id: number
  readonly reward: number
  readonly error: null
  readonly is_completed: boolean
  readonly is_truncated: boolean
  readonly stop_condition: string
  /**
   * The parts of the score, the economy's metrics, `num_turns`, `num_calls`, `num_refused`, and a model player's counters as
   * `model_…`; what is undefined is left out.
   */
  readonly metrics: Readonly<Record<string, number>>
  readonly info: RolloutInfo
  readonly timing: Timing
  readonly token_usage?: TokenUsage
}

/** A row of results.jsonl. */
export interface ResultRow extends ResultFigures {
  /** The messages before the player's first. */
  readonly prompt: readonly SavedMessage[]
  readonly completion: readonly SavedMessage[]
  readonly tool_defs: readonly ToolDefinition[]
}

/** What stands first among a result row's long fields: a reader of figures stops there. */
export const MESSAGES_FIELD = ',"prompt":['

export interface TraceNode {
  /** The node before it; absent at the root. */
  readonly parent?: number
  readonly message: Message
  readonly sampled: boolean
  readonly token_ids?: readonly number[]
  /** 1 for a token the player sampled. */
  readonly mask?: readonly number[]
  readonly logprobs?: readonly number[]
}

export interface TraceCall {
  /** The node of the answer. */
  readonly node?: number
  readonly model: string
  readonly finish_reason: string
  /** `prompt_tokens` excludes what was read from a cache. */
  readonly usage: {
    readonly prompt_tokens: number
    readonly completion_tokens: number
    readonly cached_input_tokens: number
    readonly reasoning_tokens?: number
    readonly cost?: number
  }
  /** Seconds. */
  readonly time: number
}

export interface Task {
  readonly type: string
  readonly key: string
  readonly data: Readonly<Record<string, unknown>>
  /** SHA-256 of `data` with sorted keys. */
  readonly hash: string
}

/** One seat of an episode. A scripted seat that was not evaluated has no nodes: `transcribe` makes them from steps.jsonl. */
export interface Trace {
  readonly version: 1
  readonly id: string
  readonly task: Task
  readonly agent: { readonly name: AgentId; readonly trainable: boolean; readonly config: Readonly<Record<string, unknown>> }
  readonly tools: readonly ToolDefinition[]
  readonly nodes: readonly TraceNode[]
  readonly calls: readonly TraceCall[]
  readonly rewards: Readonly<Record<string, { readonly score: number; readonly weight: number }>>
  readonly metrics: Readonly<Record<string, number>>
  readonly info: Readonly<Record<string, unknown>>
  readonly is_completed: boolean
  readonly ok: boolean
  readonly stop_condition: string
  readonly errors: readonly never[]
  readonly timing: {
    readonly start: number
    readonly setup: Span
    readonly agent: { readonly start: number; readonly end: number; readonly model: { readonly duration: number } }
    readonly scoring: Span
  }
}

/** A line of traces.jsonl: one episode. */
export interface TracedEpisode {
  /** The rollout's key. */
  readonly id: string
  readonly env: { readonly id: string; readonly name: string }
  readonly task: Task
  readonly group: { readonly id: string }
  readonly run: { readonly type: 'eval' | 'train'; readonly id: string; readonly name: string }
  readonly ok: boolean
  readonly errors: readonly never[]
  readonly traces: readonly Trace[]
}

/** A line of steps.jsonl: the whole log of a finished episode. */
export interface StepsRow extends EpisodeLog<AnyTypes> {
  readonly key: string
}

/** A row of errors.jsonl: one attempt at a rollout that was given up. */
export interface ErrorRow {
  readonly key: string
  /** Counts the attempts at this rollout that failed, from 1. */
  readonly attempt: number
  readonly example_id: number
  readonly seed: number
  readonly repeat: number
  readonly agent: AgentId
  readonly player: string
  /** The step it failed in. */
  readonly t: number
  /** The error's class to count, such as `rate_limited`. */
  readonly code: string
  readonly message: string
  readonly status: number | null
  /** Attempts at the model call that failed. */
  readonly attempts: number
  readonly start_time: number
  readonly total: number
}

/** The lines that a finished rollout adds to the files of the run `run`, without line ends. */
export interface RolloutLines {
  readonly results: readonly string[]
  readonly traces: string
  readonly steps: string
}

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
    results: seats
      .filter(({ agent }) => spec.evaluated.includes(agent))
      .map(seat => JSON.stringify(resultRow(rollout, seat, plays.get(seat.agent) ?? NO_PLAY, told[seat.agent]!))),
    traces: JSON.stringify(tracedEpisode(rollout, seats, plays, told, run)),
    steps: JSON.stringify({ key, ...log } satisfies StepsRow),
  }
}

/** The row of a failed rollout; `attempt` counts from 1. */
export function errorRow({ key, spec, agent, t, error, timing }: FailedRollout, attempt: number): ErrorRow {
  return {
    key,
    attempt,
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

/**
 * What the log alone says of a seat's row: every field that no clock, player or server has a part in. Metrics are without those of
 * a model player's counters.
 */
export function playedRow(env: AnyEnvironment, log: EpisodeLog<AnyTypes>, agent: AgentId) {
  const scores = env.score(log)
  const play = tally(log, Object.keys(env.tools(log.header.config))).get(agent) ?? NO_PLAY
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
interface Play {
  turns: number
  silent: number
  calls: Record<string, number>
  refused: Record<string, number>
}
const NO_PLAY: Play = { turns: 0, silent: 0, calls: {}, refused: {} }

function tally({ steps }: EpisodeLog<AnyTypes>, tools: readonly string[]): Map<AgentId, Play> {
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

const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((sum, n) => sum + n, 0)

/** The scores' parts, the economy's metrics where they were computed and are defined, and the counts of what the seat did. */
function figures(
  { scores, metrics, counters }: Pick<Rollout, 'scores' | 'metrics' | 'counters'>,
  agent: AgentId,
  play: Play,
): Record<string, number> {
  const { reward: _, ...parts } = scores[agent]!
  const defined = Object.entries({ ...parts, ...metrics[agent] }).filter(([, value]) => value !== null) as [string, number][]
  return {
    ...Object.fromEntries(defined),
    num_turns: play.turns,
    num_calls: total(play.calls),
    num_refused: total(play.refused),
    ...Object.fromEntries(Object.entries(counters[agent] ?? {}).map(([name, count]) => [`model_${name}`, count])),
  }
}

function resultRow(rollout: Rollout, { agent, role }: Seat, play: Play, transcript: Transcript): ResultRow {
  const { key, spec, log, truncated, scores, timing } = rollout
  const calls = rollout.calls.filter(row => row.agent === agent)
  const metrics = figures(rollout, agent, play)
  const start = transcript.messages.findIndex(({ sampled }) => sampled)
  const messages = transcript.messages.map(({ message }) => savedMessage(message))
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
      transcript: transcript.source,
    },
    timing,
    ...(calls.length > 0 && { token_usage: tokenUsage(calls) }),
    prompt: start < 0 ? messages : messages.slice(0, start),
    completion: start < 0 ? [] : messages.slice(start),
    tool_defs: transcript.tools.map(toolDefinition),
  }
}

function tokenUsage(calls: readonly CallFigures[]): TokenUsage {
  const last = calls.at(-1)!
  return {
    input_tokens: calls.reduce((sum, call) => sum + call.prompt_tokens, 0),
    output_tokens: calls.reduce((sum, call) => sum + call.completion_tokens, 0),
    final_input_tokens: last.prompt_tokens,
    final_output_tokens: last.completion_tokens,
  }
}

function sumCost(calls: readonly { readonly cost: number | null }[]): number | null {
  return calls.some(({ cost }) => cost === null) ? null : calls.reduce((sum, { cost }) => sum + cost!, 0)
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

function toolDefinition(tool: ToolSchema): ToolDefinition {
  return { ...tool, strict: false }
}

function tracedEpisode(
  rollout: Rollout,
  seats: readonly Seat[],
  plays: ReadonlyMap<AgentId, Play>,
  transcripts: Readonly<Record<AgentId, Transcript>>,
  run: string,
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
    run: { type: 'eval', id: run, name: run },
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
