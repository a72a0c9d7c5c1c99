/**
 * What a player is to the runner: a name, facts for the metadata, and a policy factory per rollout with a place for
 * evidence. Bots, people and models implement it; the runner cannot tell them apart. Knows no provider and no file.
 */
import type { AnyTypes } from '../envs/core/environment.ts'
import type { AnyPolicyFactory, Policy } from '../envs/core/policy.ts'
import type { AgentId } from '../envs/core/tool.ts'
import type { ToolCall, Transcript } from './messages.ts'

/** Tokens of one call, the same for every provider. Integers ≥ 0. */
export interface Usage {
  /** Prompt tokens neither read from nor written to a cache. */
  readonly input_uncached: number
  readonly input_cached_read: number
  readonly input_cache_write: number
  /** Completion tokens, reasoning included. */
  readonly output: number
  /** The part of `output` that was reasoning; null where the provider reports no split. */
  readonly output_reasoning: number | null
  /** True where the server reported nothing and the counts are a quarter of the characters. */
  readonly estimated?: true
  /** True where what the server counted could not be and was made up for: see `soundUsage`. */
  readonly repaired?: true
}

/** What a model answered, whole. */
export interface Reply {
  readonly content: string
  readonly reasoning_content?: string
  readonly tool_calls: readonly ToolCall[]
  readonly finish_reason: 'stop' | 'tool_calls' | 'length' | 'refusal'
  /** The server's own word for why it stopped, where that is none of those known. */
  readonly finish_word?: string
  /** A tool call that the server could not read, and told as an error or in a finish reason: what is known of it. */
  readonly unreadable_call?: { readonly name: string; readonly arguments: string }
  /** What the server answered, where it told a refusal or a call that it could not read as an HTTP error. */
  readonly told_as_error?: string
  readonly provider_state?: unknown
  readonly prompt_token_ids?: readonly number[]
  readonly token_ids?: readonly number[]
  readonly logprobs?: readonly number[]
}

/** One row of calls.jsonl: one model call that was answered. */
export interface CallRow {
  /** The rollout's key. */
  readonly key: string
  readonly agent: AgentId
  /** The step it was made in. */
  readonly t: number
  /** Counts the seat's calls over the rollout, from 0. */
  readonly call: number
  /** The player string, credentials redacted. */
  readonly player: string
  /** The model id that the server named, or the one asked for. */
  readonly model: string
  /** SHA-256 of the request's messages, tools and sampling options: what a resume compares before it replays the reply. */
  readonly request: string
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly usage: Usage
  readonly latency_ms: number
  /** Failed attempts before this answer. */
  readonly retries: number
  /** USD; null where no price is known. */
  readonly cost: number | null
  /** Answered from the response cache. */
  readonly cached?: boolean
  /** Options that the endpoint has refused as such and that were not sent. */
  readonly dropped?: readonly string[]
  /** Second forms in which the request was sent, because the endpoint refused the first or they were chosen (`forms.ts`). */
  readonly adaptations?: readonly string[]
  readonly reply: Reply
}

/** A failed attempt at a model call. */
export interface RetryRow {
  /** The rollout's key. */
  readonly key: string
  readonly agent: AgentId
  /** The player string, credentials redacted. */
  readonly player: string
  /** The error's class to count, such as `rate_limited`. */
  readonly code: string
  /** Of HTTP; null where no answer came. */
  readonly status: number | null
  /** Milliseconds that the attempt took. */
  readonly latency_ms: number
  /** Milliseconds until the next attempt; null where there is none and the call has failed. */
  readonly wait_ms: number | null
}

/** Where a player leaves evidence of one rollout, and finds what an interrupted run left. */
export interface RolloutContext {
  readonly key: string
  readonly signal: AbortSignal
  /** Answers that an interrupted run of this rollout recorded, in order per seat: replayed before anything is asked again. */
  readonly recorded: readonly CallRow[]
  /** Keeps one row for calls.jsonl; where it gives a promise, the next call waits for it. */
  record(row: CallRow): unknown
  /** Hears of every failed attempt at a model call; absent where nobody listens. */
  readonly retried?: (row: RetryRow) => void
}

/** What begins the package's own players, models apart. */
export const PLAYER_WORDS = ['bot', 'random', 'human', 'policy'] as const

/** What a word must be that is to begin other players' names; undefined where this one may. */
export function whyNoPlayerWord(word: string): string | undefined {
  if (/^[a-z][a-z0-9_-]*$/.test(word) && !PLAYER_WORDS.some(own => own === word)) return undefined
  return `expected a name of lower-case letters, digits, _ and - that is none of ${PLAYER_WORDS.join(', ')}`
}

export interface Player {
  /** The canonical player string with its treatment, credentials redacted: what headers and files say, and which player it is. */
  readonly name: string
  /** What tables call it, where somebody said so. */
  readonly label?: string
  /** `policy`: one that a server plays. */
  readonly kind: 'bot' | 'model' | 'human' | 'policy'
  /** Facts for metadata.json: model, base URL (redacted), sampling, history, persona, prompt digest. */
  readonly details: Readonly<Record<string, unknown>>
  /** Only one game of it can be played at a time, as at a terminal; others wait for their turn. */
  readonly alone?: true
  /** Resolves once who plays is there, where that takes time: nothing of the rollout is asked before. */
  arrive?(context: Pick<RolloutContext, 'key' | 'signal'>): Promise<void>
  /** The policies of one rollout. */
  policies(context: RolloutContext): AnyPolicyFactory
}

/** Where people sit, at a terminal or in front of pages: what plays the seats of `human`. */
export type People = Pick<Player, 'details' | 'alone' | 'arrive' | 'policies'>

/** A policy that kept what it was told and said; where a policy does not, the runner writes what a model would have seen. */
export interface TranscribedPolicy extends Policy<AnyTypes> {
  transcript(): Transcript
  /** What happened between the player and its model, counted (`calls`, `malformed_arguments`, …): joins the rollout's metrics. */
  counters?(): Readonly<Record<string, number>>
}

/**
 * The provider failed for good (retries used up, time box, bad request): the episode is given up, goes to errors.jsonl and
 * is never scored. Its message is one line that says what to do.
 */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
  /**
   * A snake_case class to count: `rate_limited`, `server_error`, `timeout`, `connection`, `malformed_reply` (retried before
   * they end here), `auth`, `quota`, `not_found`, `bad_request`, `context_length`, `redirect` (never retried).
   */
  readonly code: string
  readonly status: number | null
  /** Attempts made. */
  readonly attempts: number
  /** Every other rollout with this player would fail the same way (no key, no such model, nobody at that URL): the rest is left. */
  readonly fatal: boolean
  constructor(
    message: string,
    fields: { readonly code: string; readonly status: number | null; readonly attempts: number; readonly fatal?: boolean },
  ) {
    super(message)
    this.code = fields.code
    this.status = fields.status
    this.attempts = fields.attempts
    this.fatal = fields.fatal ?? false
  }
}
