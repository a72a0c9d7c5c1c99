/**
 * The one shape of messages inside the package. Adapters translate it to each provider's, exports to each file format.
 * Knows no provider and no economy.
 */
import type { ToolSchema } from '../envs/core/tool.ts'

/** One tool call of an assistant message. `arguments` is the text as it was written, which need not be JSON. */
export interface ToolCall {
  readonly id: string
  readonly name: string
  readonly arguments: string
}

export type Message =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | {
      readonly role: 'assistant'
      readonly content: string
      readonly reasoning_content?: string
      readonly tool_calls?: readonly ToolCall[]
      /** What the provider wants back unchanged: signed thinking blocks, encrypted reasoning items. */
      readonly provider_state?: unknown
    }
  | { readonly role: 'tool'; readonly tool_call_id: string; readonly name: string; readonly content: string }

/** A message with its place in the episode. */
export interface TranscriptMessage {
  readonly message: Message
  /** The step of the episode it belongs to. */
  readonly t: number
  /** Written by the player (true) or told to it (false). */
  readonly sampled: boolean
  /** For a model's answer: the sequence number of its row in calls.jsonl among the rollout's calls of this seat. */
  readonly call?: number
  /** Only as the server returned them; never made by tokenising text. */
  readonly prompt_token_ids?: readonly number[]
  readonly token_ids?: readonly number[]
  readonly logprobs?: readonly number[]
}

/** Everything one seat was told and said over an episode, in order. */
export interface Transcript {
  /** `scripted`: the messages a model in that seat would have seen and sent. */
  readonly source: 'model' | 'scripted' | 'human'
  readonly tools: readonly ToolSchema[]
  readonly messages: readonly TranscriptMessage[]
}
