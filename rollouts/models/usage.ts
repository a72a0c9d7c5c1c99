/**
 * Token counts, the same for every provider, and what is made of them: sums, inference units, estimates where a server
 * counted nothing. The three dialects disagree on one thing that matters: OpenAI's prompt tokens include what was read from
 * the cache, Anthropic's do not. Servers also miscount: thinking is left out, counts are negative, fractional or absurd. One
 * rule repairs them (`soundUsage`), and a repaired count is marked.
 */
import type { Units } from '../../envs/core/environment.ts'
import type { Reply, Usage } from '../player.ts'
import { object } from './json.ts'

/** Characters a token is taken to have where nobody counted: the usual figure for English text. */
const CHARACTERS_PER_TOKEN = 4

export const NO_USAGE: Usage = { input_uncached: 0, input_cached_read: 0, input_cache_write: 0, output: 0, output_reasoning: 0 }

/** What a server counted, as it wrote it: anything may stand anywhere. */
export interface Counts {
  readonly input?: unknown
  readonly cachedRead?: unknown
  readonly cacheWrite?: unknown
  /** Whether `input` includes what was read from and written to the cache. */
  readonly inputHoldsCache: boolean
  readonly output?: unknown
  readonly reasoning?: unknown
  readonly total?: unknown
}

/** How long a call and its answer were, in characters: what is gone by where nothing was counted. */
export interface Lengths {
  readonly prompt: () => number
  readonly reply: Pick<Reply, 'content' | 'reasoning_content' | 'tool_calls'>
}

/** The most tokens of one call that are believed: no model reads or writes as many. */
const MOST = 1e9

/** A count as an integer; undefined where none can be meant. `exact` is false where it had to be made one. */
function count(value: unknown): { readonly n: number; readonly exact: boolean } | undefined {
  const n = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value
  if (typeof n !== 'number' || !(n >= 0) || n > MOST) return undefined
  return { n: Math.ceil(n), exact: Number.isInteger(value) }
}

/**
 * The usage of a call from what its server counted. Of two readings the larger counts: completion tokens that leave thinking out
 * are made up from the total or from the reasoning tokens, a prompt smaller than its cached part is taken to leave that out,
 * fractions are rounded up. What no count can be (negative, no number, more than a thousand million) is estimated like what is
 * absent.
 */
export function soundUsage(counts: Counts, lengths: Lengths): Usage {
  const [input, read, written, output, reasoning, total] = [
    counts.input,
    counts.cachedRead,
    counts.cacheWrite,
    counts.output,
    counts.reasoning,
    counts.total,
  ].map(count)
  const nothing = input === undefined && output === undefined
  const given = [input, read, written, output, reasoning]
  const asGiven = [counts.input, counts.cachedRead, counts.cacheWrite, counts.output, counts.reasoning]
  let repaired = given.some((known, i) => known?.exact === false || (known === undefined && isThere(asGiven[i])))
  const cachedRead = read?.n ?? 0
  const cacheWrite = written?.n ?? 0
  if (!nothing && (input === undefined || output === undefined)) repaired = true

  const prompt = input?.n ?? tokensOf(lengths.prompt())
  let uncached = prompt
  if (counts.inputHoldsCache && input !== undefined) {
    // A prompt smaller than what was read of it: this server counts as Anthropic does.
    if (prompt < cachedRead + cacheWrite) repaired = true
    else uncached = prompt - cachedRead - cacheWrite
  }
  let completion = output?.n ?? estimatedOutput(lengths.reply)
  let thinking = reasoning?.n ?? null
  if (thinking !== null && thinking > completion) {
    completion += thinking
    repaired = true
  }
  const whole = uncached + cachedRead + cacheWrite
  if (input !== undefined && output !== undefined && total !== undefined && total.n - whole > completion) {
    if (thinking === null) thinking = total.n - whole - completion
    completion = total.n - whole
    repaired = true
  }
  return {
    input_uncached: uncached,
    input_cached_read: cachedRead,
    input_cache_write: cacheWrite,
    output: completion,
    output_reasoning: thinking,
    ...(nothing && { estimated: true as const }),
    ...(repaired && { repaired: true as const }),
  }
}

/** Whether a server wrote something there: null and nothing at all are the same. */
function isThere(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** The usage of a recorded row, whatever wrote it: counts that cannot be are repaired like a server's. */
export function recordedUsage(usage: unknown, reply: Lengths['reply']): Usage {
  const { input_uncached, input_cached_read, input_cache_write, output, output_reasoning, estimated, repaired } = object(usage)
  const sound = soundUsage(
    {
      input: input_uncached,
      cachedRead: input_cached_read,
      cacheWrite: input_cache_write,
      inputHoldsCache: false,
      output,
      reasoning: output_reasoning,
    },
    { prompt: () => 0, reply },
  )
  return {
    ...sound,
    ...(estimated === true && { estimated: true as const }),
    ...(repaired === true && { repaired: true as const }),
  }
}

function estimatedOutput({ content, reasoning_content, tool_calls }: Lengths['reply']): number {
  const said = tool_calls.reduce((sum, call) => sum + call.name.length + call.arguments.length, content.length)
  return tokensOf(said) + tokensOf(reasoning_content?.length ?? 0)
}

/** Tokens that so many characters are taken to be. */
export function tokensOf(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN)
}

/** All tokens of the prompt, those of the cache included. */
export function promptTokens({ input_uncached, input_cached_read, input_cache_write }: Usage): number {
  return input_uncached + input_cached_read + input_cache_write
}

/**
 * Inference units of one message, summed over the calls it took. Where a provider reports no reasoning split, thinking is
 * estimated from the thinking text, and the source says so, as it does where a count was repaired.
 */
export function unitsOf(calls: readonly { readonly usage: Usage; readonly reply: Reply }[]): Units {
  let thinking = 0
  let output = 0
  let source: Units['source'] = 'reported'
  for (const { usage, reply } of calls) {
    const reasoning = usage.output_reasoning ?? Math.min(usage.output, tokensOf(reply.reasoning_content?.length ?? 0))
    if (usage.output_reasoning === null || usage.repaired) source = 'estimated'
    thinking += reasoning
    output += Math.max(0, usage.output - reasoning)
  }
  return { thinking, output, source }
}

/** Two figures together; null where one of them is not known. */
export function plusKnown(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b
}

/** The tokens of two calls together; what one of them does not tell apart is not told apart. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    input_uncached: a.input_uncached + b.input_uncached,
    input_cached_read: a.input_cached_read + b.input_cached_read,
    input_cache_write: a.input_cache_write + b.input_cache_write,
    output: a.output + b.output,
    output_reasoning: plusKnown(a.output_reasoning, b.output_reasoning),
    ...((a.estimated ?? b.estimated) && { estimated: true as const }),
    ...((a.repaired ?? b.repaired) && { repaired: true as const }),
  }
}
