/**
 * Chat Completions, the protocol that OpenAI and every compatible server speaks (vLLM, llama.cpp, Ollama, OpenRouter …).
 * Translates messages and answers; the SDK sends them.
 */
import type { ToolSchema } from '../../envs/core/tool.ts'
import type { Message } from '../messages.ts'
import type { Reply } from '../player.ts'
import type { OpenAiClient } from './clients.ts'
import { argumentsJson, argumentsText, list, NOTHING_SAID, type Optional, object, reply, text } from './dialect.ts'
import { MalformedReply, type Model, type ModelAnswer } from './model.ts'
import { estimatedUsage, openAiUsage } from './usage.ts'

export interface OpenAiOptions {
  readonly model: string
  readonly client: OpenAiClient
  /** Whether it is OpenAI's own URL, which names some fields differently from the rest. */
  readonly own: boolean
  /** Further fields of the request, sent as they are. */
  readonly extraBody: Readonly<Record<string, unknown>>
  readonly optional: Optional
}

/** Fields the request can do without. */
const OPTIONAL = ['temperature', 'top_p', 'top_k', 'seed', 'reasoning_effort', 'parallel_tool_calls', 'prompt_cache_key'] as const

export function openAiChat({ model, client, own, extraBody, optional }: OpenAiOptions): Model {
  const canDoWithout = OPTIONAL.filter(field => !Object.hasOwn(extraBody, field))
  return {
    async complete({ messages, tools, sampling, parallel, session, signal }) {
      const body = {
        model,
        messages: messages.map(chatMessage),
        ...(tools.length > 0 && {
          tools: tools.map(chatTool),
          // Left out where several calls are welcome: that is the default.
          parallel_tool_calls: parallel ? undefined : false,
        }),
        [own ? 'max_completion_tokens' : 'max_tokens']: sampling.max_tokens,
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        top_k: sampling.top_k,
        seed: sampling.seed,
        reasoning_effort: sampling.reasoning_effort,
        prompt_cache_key: own ? session : undefined,
        ...extraBody,
      }
      const answer = await optional.send(body, canDoWithout, kept => client.chat(kept, session, signal))
      return readChat(answer, model, () => JSON.stringify(body.messages).length)
    },
  }
}

function chatMessage(message: Message): object {
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content: message.content }
    case 'tool':
      return { role: 'tool', tool_call_id: message.tool_call_id, content: message.content }
    case 'assistant': {
      const { content, tool_calls = [] } = message
      if (tool_calls.length === 0) return { role: 'assistant', content: content || NOTHING_SAID }
      return {
        role: 'assistant',
        content: content === '' ? null : content,
        tool_calls: tool_calls.map(({ id, name, arguments: written }) => ({
          id,
          type: 'function',
          function: { name, arguments: argumentsJson(written) },
        })),
      }
    }
  }
}

function chatTool({ name, description, parameters }: ToolSchema): object {
  return { type: 'function', function: { name, description, parameters } }
}

const FINISH: Readonly<Record<string, Reply['finish_reason']>> = {
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  length: 'length',
  content_filter: 'refusal',
}

/** `promptCharacters` is asked only where the server counted nothing. */
function readChat(answer: unknown, asked: string, promptCharacters: () => number): ModelAnswer {
  const { choices, usage, model, prompt_token_ids } = object(answer)
  const choice = list(choices)[0]
  if (choice === undefined || typeof choice.message !== 'object' || choice.message === null)
    throw new MalformedReply(`expected choices with a message, got ${shorten(answer)}`)
  const message = object(choice.message)
  const refused = typeof message.refusal === 'string' && message.refusal !== ''
  const said = reply({
    content: refused && !message.content ? (message.refusal as string) : text(message.content),
    // vLLM and OpenRouter say `reasoning`, DeepSeek, llama.cpp and older vLLM `reasoning_content`.
    reasoning: text(message.reasoning) || text(message.reasoning_content),
    calls: list(message.tool_calls).map(({ id, function: called, custom }) => {
      const { name, arguments: written, input } = object(called ?? custom)
      return { id: text(id), name: text(name), arguments: argumentsText(written ?? input) }
    }),
    finish: refused ? 'refusal' : (FINISH[text(choice.finish_reason)] ?? 'stop'),
    rest: tokensOfChoice(choice, prompt_token_ids),
  })
  const counts = object(usage)
  return {
    reply: said,
    usage:
      openAiUsage({
        input: counts.prompt_tokens,
        inputDetails: object(counts.prompt_tokens_details),
        output: counts.completion_tokens,
        outputDetails: object(counts.completion_tokens_details),
      }) ?? estimatedUsage(promptCharacters(), said),
    model: typeof model === 'string' && model !== '' ? model : asked,
  }
}

/** Token ids and log-probabilities, where the server was asked for them (vLLM: `return_token_ids`, `logprobs`). */
function tokensOfChoice(choice: Readonly<Record<string, unknown>>, promptIds: unknown): Partial<Reply> {
  const tokens = list(object(choice.logprobs).content)
  const named = tokens.map(({ token }) => /^token_id:(\d+)$/.exec(String(token))?.[1])
  const ids =
    numbers(choice.token_ids) ?? (named.length > 0 && named.every(id => id !== undefined) ? named.map(Number) : undefined)
  const prompt = numbers(promptIds)
  return {
    ...(prompt !== undefined && { prompt_token_ids: prompt }),
    ...(ids !== undefined && { token_ids: ids }),
    ...(tokens.length > 0 && { logprobs: tokens.map(({ logprob }) => Number(logprob)) }),
  }
}

function numbers(value: unknown): number[] | undefined {
  return Array.isArray(value) && value.length > 0 && value.every(item => typeof item === 'number') ? value : undefined
}

function shorten(value: unknown): string {
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))).slice(0, 120)
}
