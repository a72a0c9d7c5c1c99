/**
 * Token counts, the same for every provider, and what is made of them: sums, inference units, estimates where a server
 * counted nothing. The three dialects disagree on one thing that matters: OpenAI's prompt tokens include what was read from
 * the cache, Anthropic's do not.
 */
import type { Units } from '../../envs/core/environment.ts'
import type { Reply, Usage } from '../player.ts'

/** Characters a token is taken to have where nobody counted: the usual figure for English text. */
const CHARACTERS_PER_TOKEN = 4

export const NO_USAGE: Usage = { input_uncached: 0, input_cached_read: 0, input_cache_write: 0, output: 0, output_reasoning: 0 }

interface OpenAiCounts {
  readonly input?: unknown
  readonly inputDetails?: { readonly cached_tokens?: unknown; readonly cache_write_tokens?: unknown } | null | undefined
  readonly output?: unknown
  readonly outputDetails?: { readonly reasoning_tokens?: unknown } | null | undefined
}

/** From OpenAI's counts, where the prompt includes cached tokens; undefined where the server counted nothing. */
export function openAiUsage({ input, inputDetails, output, outputDetails }: OpenAiCounts): Usage | undefined {
  if (typeof input !== 'number' || typeof output !== 'number') return undefined
  const read = count(inputDetails?.cached_tokens)
  const written = count(inputDetails?.cache_write_tokens)
  return {
    input_uncached: Math.max(0, input - read - written),
    input_cached_read: read,
    input_cache_write: written,
    output,
    output_reasoning: typeof outputDetails?.reasoning_tokens === 'number' ? outputDetails.reasoning_tokens : null,
  }
}

interface AnthropicCounts {
  readonly input_tokens?: unknown
  readonly cache_read_input_tokens?: unknown
  readonly cache_creation_input_tokens?: unknown
  readonly output_tokens?: unknown
  readonly output_tokens_details?: { readonly thinking_tokens?: unknown } | null
}

/** From Anthropic's counts, where the input excludes cached tokens; undefined where the server counted nothing. */
export function anthropicUsage(counts: AnthropicCounts | undefined): Usage | undefined {
  if (typeof counts?.input_tokens !== 'number' || typeof counts.output_tokens !== 'number') return undefined
  const thinking = counts.output_tokens_details?.thinking_tokens
  return {
    input_uncached: counts.input_tokens,
    input_cached_read: count(counts.cache_read_input_tokens),
    input_cache_write: count(counts.cache_creation_input_tokens),
    output: counts.output_tokens,
    output_reasoning: typeof thinking === 'number' ? thinking : null,
  }
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

/** What a call may have used where the server does not say, from the lengths of its texts; marked as an estimate. */
export function estimatedUsage(promptCharacters: number, reply: Reply): Usage {
  const said = reply.tool_calls.reduce((sum, call) => sum + call.name.length + call.arguments.length, reply.content.length)
  return {
    input_uncached: tokensOf(promptCharacters),
    input_cached_read: 0,
    input_cache_write: 0,
    output: tokensOf(said) + tokensOf(reply.reasoning_content?.length ?? 0),
    output_reasoning: null,
    estimated: true,
  }
}

/** Tokens that so many characters are taken to be. */
export function tokensOf(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN)
}

export function promptTokens({ input_uncached, input_cached_read, input_cache_write }: Usage): number {
  return input_uncached + input_cached_read + input_cache_write
}

/**
 * Inference units of one message, summed over the calls it took. Where a provider reports no reasoning split, thinking is
 * estimated from the thinking text, and the source says so.
 */
export function unitsOf(calls: readonly { readonly usage: Usage; readonly reply: Reply }[]): Units {
  let thinking = 0
  let output = 0
  let source: Units['source'] = 'reported'
  for (const { usage, reply } of calls) {
    const reasoning = usage.output_reasoning ?? Math.min(usage.output, tokensOf(reply.reasoning_content?.length ?? 0))
    if (usage.output_reasoning === null) source = 'estimated'
    thinking += reasoning
    output += Math.max(0, usage.output - reasoning)
  }
  return { thinking, output, source }
}
