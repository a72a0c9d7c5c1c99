/**
 * What a rollout looks like to its readers: a row per evaluated seat (the field names of Verifiers' saved evaluations), an episode
 * with a trace per seat (those of its v1 traces), its log, a row of errors.jsonl. Exports and folders of before have files of
 * these, by whose names they are called here; how a run's own files pack them is in `record.ts`. Knows shapes; writes nothing.
 */
import type { AnyTypes, Scores } from '../envs/core/environment.ts'
import type { EpisodeLog } from '../envs/core/log.ts'
import type { AgentId, ToolSchema } from '../envs/core/tool.ts'
import type { Message, Transcript } from './messages.ts'
import type { Span, Timing } from './rollout.ts'

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

/** A row of results without its messages; every metric also stands at the top level under its own name. */
export interface ResultFigures {
  readonly key: string
  readonly example_id: number
  readonly reward: number
  readonly error: null
  readonly is_completed: boolean
  readonly is_truncated: boolean
  readonly stop_condition: string
  /**
   * The parts of the score, the economy's metrics, `num_turns`, `num_calls`, `num_refused`, and a player's counters as
   * `model_…` or `human_…`; what is undefined is left out.
   */
  readonly metrics: Readonly<Record<string, number>>
  readonly info: RolloutInfo
  readonly timing: Timing
  readonly token_usage?: TokenUsage
}

/** What a row says of how its rollout came out: all but when that was, and what it cost. */
export function outcomeOf({ timing: _, info: { cost: __, ...info }, ...row }: ResultFigures): object {
  return { ...row, info }
}

/** A row of results. */
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

/** One seat of an episode. A scripted seat that was not evaluated has no nodes: `transcribe` makes them from the log. */
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

/** One episode with its traces. */
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

/** The whole log of a finished episode. */
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

/** What a finished rollout adds to a run's files: plain data, to be handed on as it is. */
export interface FinishedLines {
  readonly ok: true
  readonly key: string
  readonly example: number
  /** What it has in common with other rollouts, as JSON by id. */
  readonly shared: readonly (readonly [id: string, text: string])[]
  readonly rollout: string
  readonly figures: string
}

/** What a rollout adds that was given up. */
export interface FailedLines {
  readonly ok: false
  readonly key: string
  /** Which attempt it was, the run's store counts. */
  readonly error: Omit<ErrorRow, 'attempt'>
  readonly calls: readonly string[]
}
