/** Anthropic's Messages. Translates messages and answers; the SDK sends them. */
import type { Message } from '../messages.ts'
import type { Reply } from '../player.ts'
import type { AnthropicClient } from './clients.ts'
import { argumentsJson, argumentsText, list, NOTHING_SAID, type Optional, object, reply, text } from './dialect.ts'
import { MalformedReply, type Model, type ModelAnswer } from './model.ts'
import { anthropicUsage, estimatedUsage } from './usage.ts'

export interface AnthropicOptions {
  readonly model: string
  readonly client: AnthropicClient
  readonly extraBody: Readonly<Record<string, unknown>>
  readonly optional: Optional
}

/** Fields the request can do without. */
const OPTIONAL = ['temperature', 'top_p', 'top_k', 'output_config', 'cache_control', 'tool_choice'] as const

/** The protocol insists on a maximum; this is ours where nobody names one. */
export const DEFAULT_MAX_TOKENS = 4096

/** Above this many tokens an answer may take longer than ten minutes, and is streamed so that the connection is not silent. */
const STREAM_ABOVE = 21_000

export function anthropic({ model, client, extraBody, optional }: AnthropicOptions): Model {
  const canDoWithout = OPTIONAL.filter(field => !Object.hasOwn(extraBody, field))
  return {
    async complete({ messages, tools, sampling, parallel, session, signal }) {
      const maxTokens = sampling.max_tokens ?? DEFAULT_MAX_TOKENS
      const body = {
        model,
        max_tokens: maxTokens,
        system: messages
          .filter(message => message.role === 'system')
          .map(message => message.content)
          .join('\n\n'),
        messages: turns(messages),
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
        ...extraBody,
      }
      const post = maxTokens > STREAM_ABOVE ? client.streamed : client.messages
      const answer = await optional.send(body, canDoWithout, kept => post(kept, session, signal))
      return readMessage(answer, model, () => JSON.stringify(body.messages).length + body.system.length)
    },
  }
}

interface AnthropicTurn {
  readonly role: 'user' | 'assistant'
  readonly content: object[]
}

/** User and assistant in turns; tool results and what the user says next are one message, results first. */
function turns(messages: readonly Message[]): AnthropicTurn[] {
  const merged: AnthropicTurn[] = []
  for (const message of messages) {
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
      const said = Array.isArray(provider_state)
        ? (provider_state as object[])
        : [
            ...(content.trim() === '' ? [] : [{ type: 'text', text: content }]),
            ...tool_calls.map(({ id, name, arguments: written }) => ({
              type: 'tool_use',
              id,
              name,
              input: JSON.parse(argumentsJson(written)) as object,
            })),
          ]
      const last = object(said.at(-1)).type
      return last === 'text' || last === 'tool_use' ? said : [...said, { type: 'text', text: NOTHING_SAID }]
    }
  }
}

const FINISH: Readonly<Record<string, Reply['finish_reason']>> = {
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'refusal',
}

function readMessage(answer: unknown, asked: string, promptCharacters: () => number): ModelAnswer {
  const { content, stop_reason, usage, model } = object(answer)
  if (!Array.isArray(content)) throw new MalformedReply('expected a list of content blocks')
  const parts = list(content)
  const of = (type: string) => parts.filter(part => part.type === type)
  const said = reply({
    content: of('text')
      .map(part => text(part.text))
      .join(''),
    reasoning: of('thinking')
      .map(part => text(part.thinking))
      .join('\n'),
    calls: of('tool_use').map(part => ({ id: text(part.id), name: text(part.name), arguments: argumentsText(part.input) })),
    finish: FINISH[text(stop_reason)] ?? 'stop',
    // Signed thinking must come back unchanged while tools are in use; without any the plain translation says the same.
    rest: parts.some(({ type }) => type === 'thinking' || type === 'redacted_thinking')
      ? { provider_state: parts.filter(({ type, text: words }) => type !== 'text' || text(words).trim() !== '') }
      : {},
  })
  return {
    reply: said,
    usage: anthropicUsage(object(usage)) ?? estimatedUsage(promptCharacters(), said),
    model: typeof model === 'string' && model !== '' ? model : asked,
  }
}
