/**
 * OpenAI's Responses, used without state on the server: nothing is stored there, reasoning comes back encrypted and is sent
 * along again. Translates messages and answers; a client sends them.
 */
import type { Message } from '../messages.ts'
import { argumentsText, type DialectRules, type Heard, rest, speaking } from './dialect.ts'
import { isSaid, type Json, list, object, string, text } from './json.ts'
import { MalformedReply, type Model } from './model.ts'
import type { OpenAiOptions } from './openai_chat.ts'
import { argumentsJson, NOTHING_SAID, rulesOf, wireMessages, withIds } from './wire.ts'

export function openAiResponses(options: OpenAiOptions): Model {
  return speaking(responses(options), options.client.responses, options)
}

const responses = ({ model, own }: OpenAiOptions): DialectRules => ({
  optional: ['temperature', 'top_p', 'top_k', 'reasoning', 'parallel_tool_calls', 'prompt_cache_key', 'include', 'store'],
  build({ messages, tools, sampling, parallel, session }, forms) {
    const sent = wireMessages(messages, forms, new Set(tools.map(({ name }) => name)))
    return {
      model,
      instructions: rulesOf(sent),
      input: sent.flatMap(inputItems),
      ...(tools.length > 0 && {
        tools: tools.map(({ name, description, parameters }) => ({
          type: 'function',
          name,
          description,
          parameters,
          strict: false,
        })),
        parallel_tool_calls: parallel ? undefined : false,
      }),
      max_output_tokens: sampling.max_tokens,
      temperature: sampling.temperature,
      top_p: sampling.top_p,
      top_k: sampling.top_k,
      reasoning: sampling.reasoning_effort === undefined ? undefined : { effort: sampling.reasoning_effort },
      store: false,
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: own ? session : undefined,
    }
  },
  own: () => [],
  hear,
  assemble: (events, isDone) => {
    const last = events.findLast(({ type, response }) => isSaid(response) && ENDS.has(string(type)))
    const items = events.filter(({ type, item }) => type === 'response.output_item.done' && isSaid(item)).map(({ item }) => item)
    if (last === undefined && (!isDone || items.length === 0)) return undefined
    const whole = object(last?.response)
    return { ...whole, output: list(whole.output).length > 0 ? whole.output : items }
  },
  length: ({ input, instructions }) => JSON.stringify(input).length + string(instructions).length,
})

function inputItems(message: Message): readonly object[] {
  switch (message.role) {
    case 'system':
      return []
    case 'user':
      return [{ role: 'user', content: message.content }]
    case 'tool':
      return [{ type: 'function_call_output', call_id: message.tool_call_id, output: message.content }]
    case 'assistant': {
      const { content, tool_calls = [], provider_state } = message
      const calls = tool_calls.map(({ id, name, arguments: written }) => ({
        type: 'function_call',
        call_id: id,
        name,
        arguments: argumentsJson(written),
      }))
      if (!Array.isArray(provider_state))
        return [
          ...(content === '' && calls.length > 0 ? [] : [{ role: 'assistant', content: content || NOTHING_SAID }]),
          ...calls,
        ]
      // As it came, but for what a model may have made up.
      let next = 0
      return (provider_state as Json[]).map(item => (isCall(item) ? { ...item, ...calls[next++] } : item))
    }
  }
}

/** The events that end a stream. */
const ENDS = new Set(['response.completed', 'response.incomplete', 'response.failed', 'response.cancelled'])

const isCall = ({ type }: Json): boolean => type === 'function_call' || type === 'custom_tool_call'

/** The fields of the items that a plain translation says as well. */
const PLAIN: Readonly<Record<string, ReadonlySet<string>>> = {
  message: new Set(['type', 'id', 'role', 'status', 'content', 'phase']),
  function_call: new Set(['type', 'id', 'call_id', 'name', 'arguments', 'status']),
  custom_tool_call: new Set(['type', 'id', 'call_id', 'name', 'input', 'status']),
}

function hear({ output, status, incomplete_details, usage, output_text }: Json): Heard {
  if (!Array.isArray(output) && typeof output !== 'string') throw new MalformedReply('expected a list of output items')
  if (status === 'queued' || status === 'in_progress') throw new MalformedReply(`the response is ${status}`)
  const items = typeof output === 'string' ? [{ type: 'message', content: output }] : list(output)
  const messages = items.filter(({ type, role }) => type === 'message' || (type === undefined && role === 'assistant'))
  const parts = messages.flatMap(({ content }) => (typeof content === 'string' ? [{ text: content }] : list(content)))
  const refusal = parts.filter(({ type }) => type === 'refusal').map(({ refusal: words }) => string(words))
  const calls = items.filter(isCall)
  const counts = object(usage)
  const words = [...parts.map(part => string(part.text)), ...refusal].join('')
  return {
    content: words === '' && calls.length === 0 ? string(output_text) : words,
    reasoning: items
      .filter(({ type }) => type === 'reasoning')
      .flatMap(({ content, summary }) => [...list(content), ...list(summary)])
      .map(part => text(part.text))
      .join('\n'),
    calls: withIds(
      calls.map(item => ({
        id: string(item.call_id) || string(item.id),
        name: string(item.name),
        arguments: argumentsText(item.arguments ?? item.input),
      })),
    ),
    reason: reasonOf(status, incomplete_details),
    refused: refusal.length > 0,
    ...stateOf(items),
    counts: {
      input: counts.input_tokens ?? counts.prompt_tokens,
      cachedRead: object(counts.input_tokens_details).cached_tokens,
      cacheWrite: object(counts.input_tokens_details).cache_write_tokens,
      inputHoldsCache: true,
      output: counts.output_tokens ?? counts.completion_tokens,
      reasoning: object(counts.output_tokens_details).reasoning_tokens,
      total: counts.total_tokens,
    },
  }
}

/** Why it is incomplete, where it is; its status otherwise. */
function reasonOf(status: unknown, details: unknown): unknown {
  const { reason } = object(details)
  return isSaid(reason) ? reason : status
}

/**
 * The output items as they must come back in the next request. Reasoning that did not come encrypted cannot: the server kept
 * nothing that it could be looked up in. Where there is none, and nothing that a plain translation leaves out, that says the same.
 */
function stateOf(items: readonly Json[]): { readonly state?: readonly Json[] } {
  const kept = items.filter(item => isSaid(item) && (item.type !== 'reasoning' || string(item.encrypted_content) !== ''))
  const isMore = (item: Json): boolean => {
    const known = PLAIN[string(item.type)]
    return known === undefined || rest(item, known) !== undefined
  }
  return kept.some(isMore) ? { state: kept } : {}
}
