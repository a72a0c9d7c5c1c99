/**
 * OpenAI's Responses, used without state on the server: nothing is stored there, reasoning comes back encrypted and is sent
 * along again. Translates messages and answers; the SDK sends them.
 */
import type { Message } from '../messages.ts'
import type { Reply } from '../player.ts'
import { argumentsJson, argumentsText, list, NOTHING_SAID, object, reply, text } from './dialect.ts'
import { MalformedReply, type Model, type ModelAnswer } from './model.ts'
import type { OpenAiOptions } from './openai_chat.ts'
import { estimatedUsage, openAiUsage } from './usage.ts'

/** Fields the request can do without. */
const OPTIONAL = ['temperature', 'top_p', 'top_k', 'reasoning', 'parallel_tool_calls', 'prompt_cache_key', 'include'] as const

export function openAiResponses({ model, client, own, extraBody, optional }: OpenAiOptions): Model {
  const canDoWithout = OPTIONAL.filter(field => !Object.hasOwn(extraBody, field))
  return {
    async complete({ messages, tools, sampling, parallel, session, signal }) {
      const body = {
        model,
        instructions: messages
          .filter(message => message.role === 'system')
          .map(message => message.content)
          .join('\n\n'),
        input: messages.flatMap(inputItems),
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
        ...extraBody,
      }
      const answer = await optional.send(body, canDoWithout, kept => client.responses(kept, session, signal))
      return readResponse(answer, model, () => JSON.stringify(body.input).length + body.instructions.length)
    },
  }
}

function inputItems(message: Message): readonly object[] {
  switch (message.role) {
    case 'system':
      return []
    case 'user':
      return [{ role: 'user', content: message.content }]
    case 'tool':
      return [{ type: 'function_call_output', call_id: message.tool_call_id, output: message.content }]
    case 'assistant': {
      if (Array.isArray(message.provider_state)) return message.provider_state as object[]
      const { content, tool_calls = [] } = message
      return [
        ...(content === '' && tool_calls.length > 0 ? [] : [{ role: 'assistant', content: content || NOTHING_SAID }]),
        ...tool_calls.map(({ id, name, arguments: written }) => ({
          type: 'function_call',
          call_id: id,
          name,
          arguments: argumentsJson(written),
        })),
      ]
    }
  }
}

const FINISH: Readonly<Record<string, Reply['finish_reason']>> = { max_output_tokens: 'length', content_filter: 'refusal' }

function readResponse(answer: unknown, asked: string, promptCharacters: () => number): ModelAnswer {
  const { output, status, error, incomplete_details, usage, model } = object(answer)
  if (status === 'failed') throw new MalformedReply(`the response failed: ${text(object(error).message)}`)
  if (!Array.isArray(output)) throw new MalformedReply('expected a list of output items')
  const items = list(output)
  const parts = items.filter(({ type }) => type === 'message').flatMap(({ content }) => list(content))
  const refusal = parts.filter(({ type }) => type === 'refusal').map(({ refusal: words }) => text(words))
  const calls = items.filter(({ type }) => type === 'function_call')
  const said = reply({
    content: [...parts.map(part => text(part.text)), ...refusal].join(''),
    reasoning: items
      .filter(({ type }) => type === 'reasoning')
      .flatMap(({ content, summary }) => [...list(content), ...list(summary)])
      .map(part => text(part.text))
      .join('\n'),
    calls: calls.map(item => ({ id: text(item.call_id), name: text(item.name), arguments: argumentsText(item.arguments) })),
    finish: refusal.length > 0 ? 'refusal' : (FINISH[text(object(incomplete_details).reason)] ?? 'stop'),
    rest: stateOf(items),
  })
  const counts = object(usage)
  return {
    reply: said,
    usage:
      openAiUsage({
        input: counts.input_tokens,
        inputDetails: object(counts.input_tokens_details),
        output: counts.output_tokens,
        outputDetails: object(counts.output_tokens_details),
      }) ?? estimatedUsage(promptCharacters(), said),
    model: typeof model === 'string' && model !== '' ? model : asked,
  }
}

/**
 * The output items as they must come back in the next request. Reasoning that did not come encrypted cannot: the server kept
 * nothing that it could be looked up in. Where there is none, the plain translation says the same.
 */
function stateOf(items: readonly Readonly<Record<string, unknown>>[]): Partial<Reply> {
  const kept = items.filter(({ type, encrypted_content }) => type !== 'reasoning' || typeof encrypted_content === 'string')
  return kept.some(({ type }) => type === 'reasoning') ? { provider_state: kept } : {}
}
