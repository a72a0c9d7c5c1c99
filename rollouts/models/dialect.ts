/**
 * What the three dialects share: how a request is sent in the form that its endpoint wants, and one tolerant reading of what comes
 * back. Every field of every answer may be missing, null, of another type, or nested without end: what can be read is read, what
 * a model did wrong is play, what a server did wrong is a failure. Knows no socket and no economy.
 */
import type { ToolCall } from '../messages.ts'
import type { Reply, Usage } from '../player.ts'
import { type Forms, httpErrorIn } from './forms.ts'
import { isDeep, isSaid, type Json, list, object, parsed, shallow, string, wellFormed } from './json.ts'
import { MalformedReply, type Model, type ModelAnswer, type ModelRequest } from './model.ts'
import { codesOf, said, statusOf } from './server_errors.ts'
import { HttpError } from './transport.ts'
import { type Counts, soundUsage } from './usage.ts'

export type Finish = Reply['finish_reason']

/** What a server's reason to stop comes to: a reply, a call that could not be read, or no reply at all. */
type Meaning = Finish | 'unreadable_call' | 'failed'

/** All reasons to stop that are known, of every dialect and server, in lower case. What is not listed is told as unknown. */
const MEANINGS: Readonly<Record<Meaning, readonly string[]>> = {
  stop: [
    'stop',
    'end_turn',
    'stop_sequence',
    'complete',
    'completed',
    'eos',
    'eos_token',
    'end',
    'done',
    'finished',
    'pause_turn',
    'finish_reason_stop',
  ],
  tool_calls: ['tool_calls', 'tool_call', 'tool_use', 'function_call', 'function_calls'],
  length: [
    'length',
    'max_tokens',
    'max_output_tokens',
    'max_completion_tokens',
    'model_context_window_exceeded',
    'model_length',
    'max_length',
    'token_limit',
    'context_length',
    'context_length_exceeded',
    'incomplete',
  ],
  refusal: [
    'content_filter',
    'content_filtered',
    'refusal',
    'safety',
    'sensitive',
    'blocklist',
    'prohibited_content',
    'spii',
    'recitation',
    'image_safety',
    'language',
    'guardrail_intervened',
    'moderation',
    'blocked',
    'error_toxic',
  ],
  unreadable_call: [
    'malformed_function_call',
    'malformed_tool_call',
    'malformed_tool_use',
    'unexpected_tool_call',
    'invalid_tool_call',
    'invalid_tool_calls',
    'too_many_tool_calls',
    'malformed_model_output',
  ],
  failed: [
    'error',
    'failed',
    'abort',
    'aborted',
    'cancelled',
    'canceled',
    'insufficient_system_resource',
    'network_error',
    'server_error',
    'internal_error',
    'internal_server_error',
    'timeout',
    'overloaded',
    'upstream_error',
    'engine_error',
    'missing_thought_signature',
  ],
}
const BY_REASON = new Map(Object.entries(MEANINGS).flatMap(([meaning, words]) => words.map(word => [word, meaning as Meaning])))

/** What a dialect reads of one answer. */
export interface Heard {
  readonly content: string
  readonly reasoning: string
  readonly calls: readonly ToolCall[]
  /** Why the server says it stopped, as it wrote it; anything. */
  readonly reason: unknown
  /** Whether the answer says itself that the model refused. */
  readonly refused?: boolean
  /** What stands beside the answer where a call could not be read. */
  readonly remark?: unknown
  readonly state?: unknown
  readonly tokens?: Pick<Reply, 'prompt_token_ids' | 'token_ids' | 'logprobs'>
  readonly counts: Counts
}

/** One of the three protocols. */
export interface DialectRules {
  /** Fields that a request can do without. */
  readonly optional: readonly string[]
  build(request: ModelRequest, forms: Forms): Json
  /** Fields of the server's own that a request sends back. */
  own(request: ModelRequest): readonly string[]
  /** Reads an answer. Throws `MalformedReply` for one that is none. */
  hear(answer: Json): Heard
  /** The answer that the events of a stream add up to; undefined where they add up to none, because it broke off, say. */
  assemble(events: readonly Json[], isDone: boolean): Json | undefined
  /** Characters of what a request says. */
  length(body: Json): number
}

export type Post = (body: Json, session: string, signal: AbortSignal) => Promise<unknown>

/** What every adapter is made with. */
export interface Speaker {
  readonly model: string
  /** Further fields of the request, sent as they are. */
  readonly extraBody: Json
  readonly forms: Forms
}

/** A model that is asked in one dialect. */
export function speaking(rules: DialectRules, post: Post, { model: asked, extraBody, forms }: Speaker): Model {
  const optional = rules.optional.filter(field => !Object.hasOwn(extraBody, field))
  return {
    async complete(request) {
      const { session, signal } = request
      const build = (): Json => {
        const body = { ...rules.build(request, forms), ...extraBody }
        return forms.has('streaming') ? { ...body, stream: true } : body
      }
      const own = (): readonly string[] => rules.own(request)
      return forms.send(build, { optional, own }, async body => {
        const length = (): number => rules.length(body)
        let answer: unknown
        try {
          answer = await post(body, session, signal)
        } catch (error) {
          return playIn(error, asked, length)
        }
        return read(rules, answer, asked, length)
      })
    },
  }
}

/** Reads an answer of whatever shape. Whatever goes wrong with it is the answer's fault. */
function read(rules: DialectRules, answer: unknown, asked: string, length: () => number): ModelAnswer {
  try {
    const whole = wellFormed(shallow(wholeAnswer(rules, answer)))
    const failed = failureIn(whole)
    if (failed !== undefined) throw failed
    if (typeof whole !== 'object' || whole === null || Array.isArray(whole))
      throw new MalformedReply(`expected an object, got ${said(whole) || JSON.stringify(whole) || 'nothing'}`)
    const heard = rules.hear(whole as Json)
    const { model } = whole as Json
    return answered(heard, typeof model === 'string' && model !== '' ? model : asked, length)
  } catch (error) {
    if (error instanceof HttpError) return playIn(error, asked, length)
    if (error instanceof MalformedReply) throw error
    throw new MalformedReply(`it could not be read: ${(error as Error).message}`)
  }
}

/** The answer as data: some servers send JSON as text, or a stream that nobody asked for. */
function wholeAnswer(rules: DialectRules, answer: unknown): unknown {
  if (typeof answer !== 'string') return answer
  const json = parsed(answer)
  if (json !== undefined && typeof json !== 'string') return json
  if (!/^(?:\s|:[^\r\n]*[\r\n])*(?:event|data|id|retry):/.test(answer)) return answer
  const events = eventsOf(answer)
  const failed = events.find(event => failureIn(event) !== undefined)
  const whole = failed ?? rules.assemble(events, /(?:^|[\r\n])data: ?\[DONE\]/.test(answer))
  if (whole === undefined) throw new MalformedReply('the stream broke off before its end')
  return whole
}

/** The events of a stream, by their data; what is no JSON object is left out. */
function eventsOf(stream: string): Json[] {
  return stream.split(/\r\n\r\n|\n\n|\r\r/).flatMap(block => {
    const lines = block.split(/\r\n|\n|\r/).flatMap(line => /^data: ?(.*)/s.exec(line)?.[1] ?? [])
    const event = lines.length === 0 ? undefined : shallow(parsed(lines.join('\n')))
    return typeof event === 'object' && event !== null && !Array.isArray(event) ? [event as Json] : []
  })
}

/**
 * An error inside an answer: in the place of the answer, in its status, or beside a choice that did not come to an end. It
 * counts as an answer with the status that it names.
 */
function failureIn(answer: unknown): HttpError | undefined {
  if (Array.isArray(answer) && answer.length > 0 && answer.every(item => isSaid(object(item).error))) return failureIn(answer[0])
  const at = object(answer)
  const inner = object(at.response)
  const choice = object(list(at.choices)[0])
  const isDone = ['stop', 'tool_calls', 'length', 'refusal'].includes(meaningOf(choice.finish_reason) ?? '')
  if (isSaid(choice.error) && !isDone) return thrown(choice.error, answer)
  if (isSaid(at.error) && !(isDone && isSaid(choice.message))) return thrown(at.error, answer)
  if (at.type === 'error') return thrown(at, answer)
  if (at.status === 'failed' || inner.status === 'failed') return thrown(isSaid(at.error) ? at.error : inner.error, answer)
  // vLLM's, FastAPI's and gateways' errors with the status of success.
  if (at.object === 'error' || (isSaid(at.detail) && !isAnswer(at))) return thrown(at, answer)
  if (isSaid(at.message) && typeof at.message === 'string' && !isAnswer(at)) return thrown(at, answer)
  return undefined
}

const isAnswer = (at: Json): boolean => 'choices' in at || 'output' in at || 'content' in at || 'type' in at

function thrown(error: unknown, body: unknown): HttpError {
  return new HttpError(statusOf(error), new Headers(), typeof error === 'object' && isSaid(error) ? { error } : body)
}

function meaningOf(reason: unknown): Meaning | undefined {
  const word = string(reason).trim().toLowerCase().replaceAll('-', '_').replaceAll(' ', '_')
  // Gateways write `function_call_filter: MALFORMED_FUNCTION_CALL`.
  return BY_REASON.get(word) ?? BY_REASON.get(word.split(/:_?/).at(-1)!)
}

function answered(heard: Heard, model: string, length: () => number): ModelAnswer {
  const { content: words, reasoning: thought, calls, reason, refused = false, remark, state, tokens, counts } = heard
  const { content, reasoning } = withoutThinking(words, thought)
  const meaning = meaningOf(reason)
  if (meaning === 'failed') throw new HttpError(500, new Headers(), `it stopped with '${string(reason)}'`)
  const unreadable = meaning === 'unreadable_call' && calls.length === 0
  const reply: Reply = {
    content,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    tool_calls: calls,
    finish_reason: finishOf(refused ? 'refusal' : meaning, calls),
    ...(meaning === undefined && isSaid(reason) && { finish_word: string(reason) || JSON.stringify(reason) }),
    ...(unreadable && { unreadable_call: unreadableCall(content || string(remark) || said(remark) || string(reason)) }),
    ...(state !== undefined && { provider_state: state }),
    ...tokens,
  }
  return { reply, usage: soundUsage(counts, { prompt: length, reply }), model }
}

function finishOf(meaning: Meaning | undefined, calls: readonly ToolCall[]): Finish {
  switch (meaning) {
    case 'length':
    case 'refusal':
      return meaning
    default:
      return calls.length > 0 ? 'tool_calls' : 'stop'
  }
}

const THINKING = /^\s*(?:<(think|thinking|thought|reasoning)>([\s\S]*?)(?:<\/\1>|$)|\[THINK\]([\s\S]*?)(?:\[\/THINK\]|$))/i

/** Thinking that a server left in the content, told apart: between tags at its beginning, or before the end of one. */
function withoutThinking(content: string, reasoning: string): { readonly content: string; readonly reasoning: string } {
  const found = THINKING.exec(content)
  const open = found === null ? /([\s\S]*?)<\/think>/i.exec(content) : null
  if (found === null && open === null) return { content, reasoning }
  const thought = (found === null ? open![1]! : (found[2] ?? found[3] ?? '')).trim()
  return {
    content: content.slice((found ?? open)![0].length).trim(),
    reasoning: reasoning === '' ? thought : reasoning,
  }
}

/** What a prompt that was not let through is called; the rollout's refusal, whatever the status. */
const FLAGGED =
  /content[ _-]?(filter|policy|management)|moderation|flagged|safety (system|check|guideline|filter|reason)|usage (policy|policies|guidelines)|inappropriate content|data_?inspection|content exists risk|high risk|prohibited[ _]content|responsible ai|content violates|guardrail|sensitive (content|words?|information)|不安全|敏感/i
/** What servers say that parse a model's calls themselves and could not. */
const UNREADABLE =
  /tool_use_failed|failed_generation|failed to call a function|error parsing tool call|failed to parse (tool|function|input at|arguments)|tool call validation failed|(invalid|malformed) (tool|function)[ _]?call (json|arguments|generated)|could not parse (the )?tool call|tool call parsing/i

/** What a model did that a server told as an error: a reply. Any other error is thrown on. */
function playIn(error: unknown, model: string, length: () => number): ModelAnswer {
  const at = httpErrorIn(error)
  if (at === undefined || at.status < 400 || at.status === 401 || at.status === 429) throw at ?? error
  const message = said(at.body)
  const words = `${message} ${codesOf(at.body).join(' ')}`
  const told = { told_as_error: `${at.status} ${message}` }
  const none = { content: '', tool_calls: [] }
  let reply: Reply
  if (UNREADABLE.test(words)) {
    const written = failedGeneration(at.body) ?? /raw='([\s\S]*?)'(?:, err=|$)/.exec(message)?.[1] ?? message
    reply = { ...none, finish_reason: 'stop', unreadable_call: unreadableCall(written, message), ...told }
  } else if (at.status < 500 && FLAGGED.test(words)) reply = { ...none, finish_reason: 'refusal', ...told }
  else throw at
  const usage: Usage = soundUsage({ inputHoldsCache: true }, { prompt: length, reply })
  return wellFormed({ reply, usage, model })
}

function failedGeneration(body: unknown): string | undefined {
  const at = object(typeof body === 'string' ? parsed(body) : body)
  return [object(at.error).failed_generation, at.failed_generation].find(words => string(words) !== '') as string | undefined
}

/** A call as far as it can be read: its name, where one stands there, and everything that was written. */
function unreadableCall(written: string, message = ''): { readonly name: string; readonly arguments: string } {
  const name =
    /<function=([\w.-]+)/.exec(written)?.[1] ??
    /"name"\s*:\s*"([^"]{1,200})"/.exec(written)?.[1] ??
    /(?:(?:call|for) tool '?|tool call ')([\w.-]+)/.exec(message)?.[1] ??
    /^\s*([a-z_][\w.-]*)\s*[({]/i.exec(written)?.[1] ??
    ''
  // What is whole JSON was refused for something else, and is no call all the same: it is kept as words.
  return { name, arguments: parsed(written) === undefined ? written : `(unreadable) ${written}` }
}

/** The arguments of a call as the text that was written, also where a server sends them parsed. */
export function argumentsText(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : isDeep(value) ? '(nested too deep)' : JSON.stringify(value)
}

/** A list of calls, also where a server sends one alone or by its index. */
export function callList(value: unknown): readonly Json[] {
  if (Array.isArray(value)) return value.filter(item => typeof item === 'object' && item !== null).map(object)
  const at = object(value)
  if (Object.keys(at).length === 0) return []
  return 'function' in at || 'name' in at ? [at] : list(Object.values(at)).filter(item => isSaid(item))
}

/** The fields of an object besides these, as far as something stands there; undefined where none does. */
export function rest(value: Json, known: ReadonlySet<string>): Json | undefined {
  const more = Object.entries(value).filter(([name, inner]) => !known.has(name) && isSaid(inner))
  return more.length === 0 ? undefined : Object.fromEntries(more)
}
