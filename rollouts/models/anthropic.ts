/** Anthropic's Messages. Translates messages and answers; a client sends them. */
import type { Message } from '../messages.ts'
import type { AnthropicClient } from './clients.ts'
import { argumentsText, type DialectRules, type Heard, rest, type Speaker, speaking } from './dialect.ts'
import { isSaid, type Json, list, object, parsed, string, text } from './json.ts'
import { MalformedReply, type Model } from './model.ts'
import { argumentsOf, NOTHING_SAID, rulesOf, wireMessages, withIds } from './wire.ts'

/** The protocol insists on a maximum; this is ours where nobody names one. */
export const DEFAULT_MAX_TOKENS = 4096

/** Above this many tokens an answer may take longer than ten minutes, and is streamed so that the connection is not silent. */
const STREAM_ABOVE = 21_000

export interface AnthropicOptions extends Speaker {
  readonly client: AnthropicClient
}

export function anthropic(options: AnthropicOptions): Model {
  return speaking(messages(options), options.client.messages, options)
}

const messages = ({ model }: Speaker): DialectRules => ({
  optional: ['temperature', 'top_p', 'top_k', 'output_config', 'cache_control', 'tool_choice'],
  build({ messages: said, tools, sampling, parallel }, forms) {
    const maxTokens = sampling.max_tokens ?? DEFAULT_MAX_TOKENS
    const sent = wireMessages(said, forms, new Set(tools.map(({ name }) => name)))
    return {
      model,
      max_tokens: maxTokens,
      system: rulesOf(sent),
      messages: turns(sent),
      ...(tools.length > 0 && {
        tools: tools.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters })),
        tool_choice: parallel ? undefined : { type: 'auto', disable_parallel_tool_use: true },
      }),
      // Moves along with the end of the conversation by itself: everything before it is read from the cache.
      cache_control: { type: 'ephemeral' },
      temperature: sampling.temperature,
      top_p: sampling.top_p,
      top_k: sampling.top_k,
      output_config: sampling.reasoning_effort === undefined ? undefined : { effort: sampling.reasoning_effort },
      stream: maxTokens > STREAM_ABOVE ? true : undefined,
    }
  },
  own: () => [],
  hear,
  assemble,
  length: ({ messages: sent, system }) => JSON.stringify(sent).length + string(system).length,
})

interface AnthropicTurn {
  readonly role: 'user' | 'assistant'
  readonly content: object[]
}

/** User and assistant in turns; tool results and what the user says next are one message, results first. */
function turns(sent: readonly Message[]): AnthropicTurn[] {
  const merged: AnthropicTurn[] = []
  for (const message of sent) {
    if (message.role === 'system') continue
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const last = merged.at(-1)
    if (last?.role === role) last.content.push(...blocks(message))
    else merged.push({ role, content: [...blocks(message)] })
  }
  return merged
}

const translated = new WeakMap<Message, readonly object[]>()

/** Messages are translated once: an append-only history sends them many times. */
function blocks(message: Message): readonly object[] {
  let known = translated.get(message)
  if (known === undefined) {
    known = translate(message)
    translated.set(message, known)
  }
  return known
}

function translate(message: Message): readonly object[] {
  switch (message.role) {
    case 'system':
    case 'user':
      return [{ type: 'text', text: message.content }]
    case 'tool':
      return [{ type: 'tool_result', tool_use_id: message.tool_call_id, content: message.content }]
    case 'assistant': {
      const { content, tool_calls = [], provider_state } = message
      const calls = tool_calls.map(({ id, name, arguments: written }) => ({
        type: 'tool_use',
        id,
        name,
        input: argumentsOf(written) ?? { unparsed: written },
      }))
      let next = 0
      const said = Array.isArray(provider_state)
        ? // As it came, but for what a model may have made up.
          (provider_state as Json[]).map(block => (block.type === 'tool_use' ? { ...block, ...calls[next++] } : block))
        : [...(content.trim() === '' ? [] : [{ type: 'text', text: content }]), ...calls]
      const last = object(said.at(-1)).type
      return last === 'text' || last === 'tool_use' ? said : [...said, { type: 'text', text: NOTHING_SAID }]
    }
  }
}

/** The fields of the blocks that a plain translation says as well. */
const PLAIN: Readonly<Record<string, ReadonlySet<string>>> = {
  text: new Set(['type', 'text', 'citations']),
  tool_use: new Set(['type', 'id', 'name', 'input', 'caller']),
}

function hear({ content, stop_reason, stop_details, usage, message }: Json): Heard {
  if (!Array.isArray(content) && typeof content !== 'string') throw new MalformedReply('expected a list of content blocks')
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : list(content).filter(isSaid)
  const of = (type: string) => parts.filter(part => part.type === type)
  // Signed thinking must come back unchanged while tools are in use; where nothing but plain blocks stands, those say the same.
  const isMore = (part: Json): boolean => {
    const known = PLAIN[string(part.type)]
    return isSaid(part.type) && (known === undefined || rest(part, known) !== undefined)
  }
  const counts = object(usage)
  return {
    content: of('text')
      .map(part => text(part.text))
      .join(''),
    reasoning: of('thinking')
      .map(part => text(part.thinking))
      .join('\n'),
    calls: withIds(
      of('tool_use').map(part => ({ id: string(part.id), name: string(part.name), arguments: argumentsText(part.input) })),
    ),
    reason: stop_reason,
    remark: stop_details ?? message,
    ...(parts.some(isMore) && { state: parts.filter(({ type, text: words }) => type !== 'text' || text(words).trim() !== '') }),
    counts: {
      input: counts.input_tokens,
      cachedRead: counts.cache_read_input_tokens,
      cacheWrite: counts.cache_creation_input_tokens,
      inputHoldsCache: false,
      output: counts.output_tokens,
      reasoning: object(counts.output_tokens_details).thinking_tokens,
    },
  }
}

/** The message that the events of a stream add up to. */
function assemble(events: readonly Json[]): Json | undefined {
  const start = events.find(({ type }) => type === 'message_start')
  const parts = events.filter(({ type }) => string(type).startsWith('content_block'))
  if (start === undefined && parts.length === 0) return undefined
  const head = object(start?.message)
  const content: Record<string, unknown>[] = []
  const inputs = new Map<number, string>()
  for (const event of parts) {
    const at = typeof event.index === 'number' ? event.index : content.length - 1
    if (event.type === 'content_block_start') content[at] = { ...object(event.content_block) }
    const block = content[at]
    if (event.type !== 'content_block_delta' || block === undefined) continue
    const { type, partial_json, ...fields } = object(event.delta)
    if (type === 'input_json_delta') inputs.set(at, (inputs.get(at) ?? '') + string(partial_json))
    for (const [name, value] of Object.entries(fields))
      block[name] =
        typeof value === 'string' && typeof block[name] === 'string' && name !== 'signature' ? block[name] + value : value
  }
  for (const [at, written] of inputs) if (written !== '') content[at]!.input = parsed(written) ?? written
  const deltas = events.filter(({ type }) => type === 'message_delta')
  const isWhole =
    events.some(({ type }) => type === 'message_stop') || deltas.some(({ delta }) => isSaid(object(delta).stop_reason))
  if (!isWhole) return undefined
  return {
    ...head,
    ...Object.assign({}, ...deltas.map(({ delta }) => object(delta))),
    content: content.filter(isSaid),
    usage: Object.assign({}, object(head.usage), ...deltas.map(({ usage }) => object(usage))),
  }
}
