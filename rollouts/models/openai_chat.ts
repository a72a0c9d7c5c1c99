/**
 * Chat Completions, the protocol that OpenAI and every compatible server speaks (vLLM, llama.cpp, Ollama, OpenRouter …).
 * Translates messages and answers; a client sends them. What a server adds to its messages and calls (`reasoning_content`,
 * `extra_content`, `reasoning_details` …) is kept and sent back to it: some insist.
 */
import type { ToolSchema } from '../../envs/core/tool.ts'
import type { Message, ToolCall } from '../messages.ts'
import type { Reply } from '../player.ts'
import type { OpenAiClient } from './clients.ts'
import { argumentsText, callList, type DialectRules, type Heard, rest, type Speaker, speaking } from './dialect.ts'
import type { Forms } from './forms.ts'
import { isSaid, type Json, list, object, string, text } from './json.ts'
import { MalformedReply, type Model, type ModelRequest } from './model.ts'
import { argumentsJson, NOTHING_SAID, wireMessages, withIds } from './wire.ts'

export interface OpenAiOptions extends Speaker {
  readonly client: OpenAiClient
  /** Whether it is OpenAI's own URL, which names some fields differently from the rest. */
  readonly own: boolean
}

/** What a server said besides the protocol: fields of the message, and of each call in order. */
interface ChatState {
  readonly message?: Json
  readonly calls?: readonly (Json | null)[]
}

export function openAiChat(options: OpenAiOptions): Model {
  return speaking(chat(options), options.client.chat, options)
}

const chat = ({ model, own }: OpenAiOptions): DialectRules => ({
  optional: [
    'temperature',
    'top_p',
    'top_k',
    'seed',
    'reasoning_effort',
    'parallel_tool_calls',
    'prompt_cache_key',
    'stream_options',
  ],
  build(request, forms) {
    const { messages, tools, sampling, parallel, session } = request
    const limit = (own && !forms.has('max_tokens')) || forms.has('max_completion_tokens') ? 'max_completion_tokens' : 'max_tokens'
    return {
      model,
      messages: wireMessages(messages, forms, new Set(tools.map(({ name }) => name))).map(message => chatMessage(message, forms)),
      ...(tools.length > 0 && {
        tools: tools.map(chatTool),
        // Left out where several calls are welcome: that is the default.
        parallel_tool_calls: parallel ? undefined : false,
      }),
      [limit]: sampling.max_tokens,
      temperature: sampling.temperature,
      top_p: sampling.top_p,
      top_k: sampling.top_k,
      seed: sampling.seed,
      reasoning_effort: sampling.reasoning_effort,
      prompt_cache_key: own ? session : undefined,
      stream_options: forms.has('streaming') ? { include_usage: true } : undefined,
    }
  },
  own: request => [...new Set(statesOf(request).flatMap(namesOf))],
  hear,
  assemble,
  length: ({ messages }) => JSON.stringify(messages).length,
})

function statesOf({ messages }: ModelRequest): readonly ChatState[] {
  return messages.flatMap(message => (message.role === 'assistant' ? (stateOf(message.provider_state) ?? []) : []))
}

function namesOf({ message = {}, calls = [] }: ChatState): string[] {
  return [message, ...calls].flatMap(fields => Object.keys(fields ?? {})).flatMap(name => (name === 'function' ? [] : name))
}

/** Another dialect's state is a list, which has neither field. */
function stateOf(state: unknown): ChatState | undefined {
  return (state ?? undefined) as ChatState | undefined
}

function chatMessage(message: Message, forms: Forms): object {
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content: message.content }
    case 'tool': {
      const { tool_call_id, content, name } = message
      return { role: 'tool', tool_call_id, ...(forms.has('result_names') && { name }), content }
    }
    case 'assistant': {
      const { content, tool_calls = [] } = message
      const state = stateOf(message.provider_state)
      const taken = (fields: Json | null | undefined): Json =>
        Object.fromEntries(Object.entries(fields ?? {}).filter(([name]) => forms.takes(name)))
      const own = taken(state?.message)
      if (tool_calls.length === 0) return { ...own, role: 'assistant', content: content || NOTHING_SAID }
      const nothing = forms.has('content_words') ? NOTHING_SAID : forms.has('content_empty') ? '' : null
      return {
        ...own,
        role: 'assistant',
        content: content === '' ? nothing : content,
        tool_calls: tool_calls.map(({ id, name, arguments: written }, i) => {
          const { function: inner, ...more } = taken(state?.calls?.[i])
          return { ...more, id, type: 'function', function: { ...object(inner), name, arguments: argumentsJson(written) } }
        }),
      }
    }
  }
}

function chatTool({ name, description, parameters }: ToolSchema): object {
  return { type: 'function', function: { name, description, parameters } }
}

/** The fields of the protocol; what OpenAI's own servers add for display and refuse to be sent is among them. */
const OF_MESSAGE = new Set([
  'role',
  'content',
  'tool_calls',
  'function_call',
  'refusal',
  'annotations',
  'audio',
  'name',
  'prefix',
])
const OF_FUNCTION = new Set(['name', 'arguments', 'input', 'parameters'])
const OF_CALL = new Set(['id', 'type', 'function', 'custom', 'index', ...OF_FUNCTION])

function hear({ choices, usage, prompt_token_ids, ...top }: Json): Heard {
  const all = list(choices).length > 0 ? list(choices) : list([choices]).filter(isSaid)
  const spoken = all.filter(({ message }) => isSaid(message))
  // Some servers put what is said and what is called into choices of their own.
  const choice =
    spoken.find(({ message }) => callsOf(object(message)).length > 0) ??
    spoken[0] ??
    all.find(({ text: words }) => typeof words === 'string')
  if (choice === undefined)
    throw new MalformedReply(`expected choices with a message, got ${JSON.stringify({ choices, ...top })}`)
  const message = choice.message === undefined ? { content: choice.text } : object(choice.message)
  const words = object((spoken.find(({ message: other }) => contentOf(object(other)) !== '') ?? choice).message ?? message)
  const refused = string(message.refusal) !== ''
  const called = callsOf(message)
  const counts = object(usage)
  return {
    content: refused && contentOf(words) === '' ? string(message.refusal) : contentOf(words),
    // vLLM and OpenRouter say `reasoning`, DeepSeek, llama.cpp and older vLLM `reasoning_content`.
    reasoning: text(message.reasoning) || text(message.reasoning_content) || thinkingOf(words.content),
    calls: withIds(called.map(readCall)),
    reason: choice.finish_reason ?? choice.native_finish_reason,
    refused,
    remark: choice.finish_message ?? choice.message,
    ...(stateIn(message, called) ?? {}),
    tokens: tokensOfChoice(choice, prompt_token_ids),
    counts: {
      input: counts.prompt_tokens ?? counts.input_tokens,
      cachedRead: object(counts.prompt_tokens_details).cached_tokens ?? counts.prompt_cache_hit_tokens,
      cacheWrite: object(counts.prompt_tokens_details).cache_write_tokens,
      inputHoldsCache: true,
      output: counts.completion_tokens ?? counts.output_tokens,
      reasoning: object(counts.completion_tokens_details).reasoning_tokens,
      total: counts.total_tokens,
    },
  }
}

/** The calls of a message, in any form they were ever written in. */
function callsOf({ tool_calls, function_call }: Json): readonly Json[] {
  const calls = callList(tool_calls)
  return calls.length > 0 || !isSaid(function_call) ? calls : [{ function: function_call }]
}

function readCall(call: Json): ToolCall {
  const inner = object(call.function ?? call.custom ?? call)
  return {
    id: typeof call.id === 'number' ? String(call.id) : string(call.id),
    name: string(inner.name),
    arguments: argumentsText(inner.arguments ?? inner.input ?? inner.parameters),
  }
}

const THINKS = new Set(['thinking', 'reasoning', 'thought', 'reasoning_text'])

function contentOf({ content }: Json): string {
  if (!Array.isArray(content)) return text(content)
  return text(list(content).filter(({ type }) => !THINKS.has(string(type))))
}

/** The thinking among the parts of a content. */
function thinkingOf(content: unknown): string {
  return list(content)
    .filter(({ type }) => THINKS.has(string(type)))
    .map(part => text(part.thinking) || text(part.reasoning) || text(part.text))
    .join('\n')
}

function stateIn(message: Json, calls: readonly Json[]): { readonly state: ChatState } | undefined {
  const fields = rest(message, OF_MESSAGE)
  const ofCalls = calls.map(call => {
    const inner = rest(object(call.function), OF_FUNCTION)
    const outer = rest(call, OF_CALL)
    return outer === undefined && inner === undefined ? null : { ...outer, ...(inner !== undefined && { function: inner }) }
  })
  const some = ofCalls.some(call => call !== null)
  if (fields === undefined && !some) return undefined
  return { state: { ...(fields !== undefined && { message: fields }), ...(some && { calls: ofCalls }) } }
}

/** The answer that the chunks of a stream add up to. */
function assemble(events: readonly Json[], isDone: boolean): Json | undefined {
  const chunks = events.filter(({ choices, usage }) => Array.isArray(choices) || isSaid(usage))
  if (chunks.length === 0) return undefined
  const message: Record<string, unknown> = {}
  const calls: Record<string, unknown>[] = []
  const choice: Record<string, unknown> = {}
  let top: Json = {}
  for (const chunk of chunks) {
    top = { ...top, ...Object.fromEntries(Object.entries(chunk).filter(([, value]) => value !== null)) }
    for (const { delta, message: whole, ...more } of list(chunk.choices)) {
      // A second choice is another answer; the first is told.
      if (typeof more.index === 'number' && more.index > 0 && isSaid(message)) continue
      for (const [name, value] of Object.entries(more)) if (value !== null) choice[name] = value
      const { tool_calls, ...fields } = object(delta ?? whole)
      for (const [name, value] of Object.entries(fields))
        if (value !== null) message[name] = name === 'role' ? value : joined(message[name], value)
      for (const [i, call] of callList(tool_calls).entries()) addCall(calls, call, i)
    }
  }
  if (!isDone && !isSaid(choice.finish_reason)) return undefined
  return { ...top, choices: [{ ...choice, message: { ...message, ...(calls.length > 0 && { tool_calls: calls }) } }] }
}

/** Pieces of text are put together, lists too; of anything else the last counts. */
function joined(before: unknown, more: unknown): unknown {
  if (typeof before === 'string' && typeof more === 'string') return before + more
  if (Array.isArray(before) && Array.isArray(more)) return [...before, ...more]
  return more
}

function addCall(calls: Record<string, unknown>[], piece: Json, i: number): void {
  const at = typeof piece.index === 'number' && piece.index >= 0 ? piece.index : i
  const started = calls.find(({ index }) => index === at)
  // Servers that give every call the index 0 begin a new one with a new id.
  const isNew = started === undefined || (string(piece.id) !== '' && string(started.id) !== '' && piece.id !== started.id)
  if (isNew && started !== undefined) started.index = -1
  const call = isNew ? { index: at } : started!
  if (isNew) calls.push(call)
  const { function: inner, index: _, ...fields } = piece
  for (const [name, value] of Object.entries(fields)) if (isSaid(value)) (call as Record<string, unknown>)[name] = value
  const { name, arguments: written, ...more } = object(inner)
  const known = object((call as Json).function)
  ;(call as Record<string, unknown>).function = {
    ...known,
    ...more,
    // Some servers repeat the whole name in every piece.
    name: string(known.name) === string(name) ? string(name) : string(known.name) + string(name),
    arguments:
      typeof written === 'string' || written === undefined || written === null
        ? string(known.arguments) + string(written)
        : written,
  }
}

/** Token ids and log-probabilities, where the server was asked for them (vLLM: `return_token_ids`, `logprobs`). */
function tokensOfChoice(choice: Json, promptIds: unknown): Partial<Reply> {
  const tokens = list(object(choice.logprobs).content)
  const named = tokens.map(({ token }) => /^token_id:(\d+)$/.exec(String(token))?.[1])
  const ids =
    numbers(choice.token_ids) ?? (named.length > 0 && named.every(id => id !== undefined) ? named.map(Number) : undefined)
  const prompt = numbers(promptIds)
  const logprobs = numbers(tokens.map(({ logprob }) => logprob))
  return {
    ...(prompt !== undefined && { prompt_token_ids: prompt }),
    ...(ids !== undefined && { token_ids: ids }),
    ...(logprobs !== undefined && { logprobs }),
  }
}

function numbers(value: unknown): number[] | undefined {
  return Array.isArray(value) && value.length > 0 && value.every(item => typeof item === 'number') ? value : undefined
}
