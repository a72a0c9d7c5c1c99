/**
 * What a language model is to the package: one method. Adapters implement it, each for a protocol; the model policy calls it. Knows no economy and no provider; retries, limits, budgets and caches are wrapped around it (`caller.ts`).
 */
import type { ToolSchema } from '../../envs/core/tool.ts'
import type { Message } from '../messages.ts'
import type { Reply, Usage } from '../player.ts'

/** How a model is asked to sample; what is absent is the provider's default. */
export interface Sampling {
  readonly temperature?: number
  readonly top_p?: number
  readonly top_k?: number
  /** The same in every call; only Chat Completions has one. */
  readonly seed?: number
  /** Completion tokens of one call at most, reasoning included. */
  readonly max_tokens?: number
  /** In the provider's own words: `low`, `medium`, `high` … */
  readonly reasoning_effort?: string
}

export interface ModelRequest {
  readonly messages: readonly Message[]
  readonly tools: readonly ToolSchema[]
  readonly sampling: Sampling
  /** False where the economy carries out one call a message: the provider is asked for one at most. */
  readonly parallel: boolean
  /** Names the conversation, so that a provider can send its calls to the machine that has its prefix cached. */
  readonly session: string
  readonly signal: AbortSignal
}

export interface ModelAnswer {
  readonly reply: Reply
  readonly usage: Usage
  /** The model id that the server named, or the one asked for. */
  readonly model: string
}

export interface Model {
  /** Asks once. Throws what an SDK or the transport throws, or `MalformedReply` for an answer that is none. */
  complete(request: ModelRequest): Promise<ModelAnswer>
}

/** The server answered 200 and not in its own protocol: no choice, no message, a page of HTML. */
export class MalformedReply extends Error {
  override readonly name = 'MalformedReply'
}
