/** The three dialects through the real SDKs, against the local provider. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Message } from '../../../rollouts/messages.ts'
import { anthropic } from '../../../rollouts/models/anthropic.ts'
import { anthropicClient, openAiClient } from '../../../rollouts/models/clients.ts'
import { parseEndpoint } from '../../../rollouts/models/endpoint.ts'
import type { Dialect, FakeProvider, FakeProviderOptions } from '../../../rollouts/models/fake/index.ts'
import { startFakeProvider } from '../../../rollouts/models/fake/index.ts'
import { Forms } from '../../../rollouts/models/forms.ts'
import type { Model, ModelRequest } from '../../../rollouts/models/model.ts'
import { openAiChat } from '../../../rollouts/models/openai_chat.ts'
import { openAiResponses } from '../../../rollouts/models/openai_responses.ts'

const DIALECTS: readonly Dialect[] = ['chat', 'responses', 'messages']

let provider: FakeProvider | undefined
afterEach(() => provider?.close())

interface Settings {
  readonly extraBody?: Record<string, unknown>
  readonly forms?: Forms
  readonly env?: Record<string, string>
  readonly key?: string
  readonly url?: (url: string) => string
}

/** What is sent of `{ temperature, top_p, top_k, seed, max_tokens, reasoning_effort }`, by dialect; Chat Completions alone has a seed. */
const SAMPLED: Readonly<Record<Dialect, Readonly<Record<string, unknown>>>> = {
  chat: { temperature: 0.25, top_p: 0.75, top_k: 7, seed: 11, max_tokens: 77, reasoning_effort: 'low' },
  responses: { temperature: 0.25, top_p: 0.75, top_k: 7, max_output_tokens: 77, reasoning: { effort: 'low' } },
  messages: { temperature: 0.25, top_p: 0.75, top_k: 7, max_tokens: 77, output_config: { effort: 'low' } },
}

/** The same usage as each dialect tells it: OpenAI's prompts hold what was read from the cache and written to it, Anthropic's do not. */
const COUNTED: Readonly<Record<Dialect, object>> = {
  chat: {
    prompt_tokens: 160,
    prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 20 },
    completion_tokens: 30,
    completion_tokens_details: { reasoning_tokens: 10 },
    total_tokens: 190,
  },
  responses: {
    input_tokens: 160,
    input_tokens_details: { cached_tokens: 40, cache_write_tokens: 20 },
    output_tokens: 30,
    output_tokens_details: { reasoning_tokens: 10 },
    total_tokens: 190,
  },
  messages: {
    input_tokens: 100,
    cache_read_input_tokens: 40,
    cache_creation_input_tokens: 20,
    output_tokens: 30,
    output_tokens_details: { thinking_tokens: 10 },
  },
}

/** A model of that dialect at a provider with these options. */
async function modelAt(dialect: Dialect, options: FakeProviderOptions, settings: Settings = {}): Promise<Model> {
  const { extraBody = {}, forms = new Forms(), env = {}, key = 'none', url = same => same } = settings
  provider = await startFakeProvider(options)
  const endpoint = parseEndpoint(`${dialect === 'messages' ? 'anthropic' : 'openai'}:m@${url(provider.url)}`)
  const rest = { model: endpoint.model, extraBody, forms }
  if (dialect === 'messages') return anthropic({ ...rest, client: anthropicClient(endpoint, key, env) })
  const client = openAiClient(endpoint, key, env)
  return dialect === 'chat' ? openAiChat({ ...rest, client, own: false }) : openAiResponses({ ...rest, client, own: false })
}

const SELL = {
  name: 'sell',
  description: 'Sells.',
  parameters: { type: 'object', properties: { quantity: { type: 'integer' } }, required: ['quantity'] },
}
const START: readonly Message[] = [
  { role: 'system', content: 'You trade.' },
  { role: 'user', content: 'Turn 0.' },
]

function request(messages: readonly Message[], more: Partial<ModelRequest> = {}): ModelRequest {
  return { messages, tools: [SELL], sampling: {}, parallel: true, session: 's', signal: new AbortController().signal, ...more }
}

/** The conversation after a reply, with each call answered and the next observation. */
function goOn(messages: readonly Message[], reply: Awaited<ReturnType<Model['complete']>>['reply']): Message[] {
  const { content, reasoning_content, tool_calls, provider_state } = reply
  return [
    ...messages,
    {
      role: 'assistant',
      content,
      ...(reasoning_content !== undefined && { reasoning_content }),
      ...(tool_calls.length > 0 && { tool_calls }),
      ...(provider_state !== undefined && { provider_state }),
    },
    ...tool_calls.map(({ id, name }): Message => ({ role: 'tool', tool_call_id: id, name, content: `${name} done` })),
    { role: 'user', content: 'Turn 1.' },
  ]
}

describe.each(DIALECTS)('%s', dialect => {
  test('a conversation with calls, reasoning and text goes there and back', async () => {
    const model = await modelAt(dialect, {
      script: ({ turn }) => ({
        reasoning: `thought ${turn}`,
        content: `turn ${turn}`,
        calls: [
          { name: 'sell', arguments: { quantity: turn + 1 } },
          { name: 'sell', arguments: { quantity: 9 } },
        ],
      }),
    })
    const first = await model.complete(request(START))
    expect(first.model).toBe('m')
    expect(first.reply).toMatchObject({
      content: 'turn 0',
      reasoning_content: 'thought 0',
      finish_reason: 'tool_calls',
      tool_calls: [
        { id: 'call_0_0', name: 'sell', arguments: '{"quantity":1}' },
        { id: 'call_0_1', name: 'sell', arguments: '{"quantity":9}' },
      ],
    })
    const second = await model.complete(request(goOn(START, first.reply)))
    expect(second.reply.content).toBe('turn 1')

    // What the provider read is what was said: it refuses a history that is not well-formed.
    const [, read] = provider!.requests
    expect(read!.tools).toEqual([SELL])
    expect(read!.session).toBe('s')
    expect(read!.messages).toEqual([
      ...START,
      { role: 'assistant', content: 'turn 0', tool_calls: first.reply.tool_calls },
      { role: 'tool', tool_call_id: 'call_0_0', name: '', content: 'sell done' },
      { role: 'tool', tool_call_id: 'call_0_1', name: '', content: 'sell done' },
      { role: 'user', content: 'Turn 1.' },
    ])
  })

  test('token counts mean the same as in every other dialect', async () => {
    const model = await modelAt(dialect, { script: () => ({ reasoning: 'x'.repeat(40), content: 'y'.repeat(80) }) })
    const first = await model.complete(request(START))
    const { usage } = await model.complete(request(goOn(START, first.reply)))
    const prompt = START.map(message => Math.ceil(JSON.stringify(message).length / 4))
    expect(first.usage).toEqual({
      input_uncached: prompt[0]! + prompt[1]!,
      input_cached_read: 0,
      input_cache_write: 0,
      output: 30,
      output_reasoning: 10,
    })
    // What stood before the first answer is read from the cache the second time, and counted once.
    const all = provider!.requests[1]!.messages.reduce((sum, message) => sum + Math.ceil(JSON.stringify(message).length / 4), 0)
    expect(usage.input_cached_read).toBe(prompt[0]! + prompt[1]!)
    expect(usage.input_uncached).toBe(all - usage.input_cached_read)
  })

  test.each([
    ['an answer cut off by its length', { content: 'Let me', finish: 'length' }, { finish_reason: 'length', content: 'Let me' }],
    ['a refusal', { content: 'No.', finish: 'refusal' }, { finish_reason: 'refusal', content: 'No.' }],
    ['an empty answer', {}, { finish_reason: 'stop', content: '', tool_calls: [] }],
  ] as const)('%s is an answer, and the conversation goes on after it', async (_name, said, expected) => {
    const model = await modelAt(dialect, { script: ({ turn }) => (turn === 0 ? said : { content: 'on' }) })
    const { reply } = await model.complete(request(START))
    expect(reply).toMatchObject(expected)
    expect((await model.complete(request(goOn(START, reply)))).reply.content).toBe('on')
  })

  test('arguments that are no JSON come back as they were written and go into history wrapped', async () => {
    const model = await modelAt(dialect, {
      script: ({ turn }) => (turn === 0 ? { calls: [{ name: 'sell', arguments: '{"quantity": ' }] } : { content: 'on' }),
    })
    const { reply } = await model.complete(request(START))
    expect(reply.tool_calls[0]!.arguments).toBe('{"quantity": ')
    await model.complete(request(goOn(START, reply)))
    const sent = provider!.requests[1]!.messages.flatMap(message =>
      message.role === 'assistant' ? (message.tool_calls ?? []) : [],
    )
    expect(JSON.parse(sent[0]!.arguments)).toEqual({ unparsed: '{"quantity": ' })
  })

  test('every count of a server is one of ours: new, read from the cache, written to it, said, thought', async () => {
    const respond = (_request: unknown, usual: object) => ({ body: { ...usual, usage: COUNTED[dialect] } })
    const model = await modelAt(dialect, { script: () => ({ content: 'yes' }), respond })
    expect((await model.complete(request(START))).usage).toEqual({
      input_uncached: 100,
      input_cached_read: 40,
      input_cache_write: 20,
      output: 30,
      output_reasoning: 10,
    })
  })

  test('every option of sampling is sent under the dialect’s own name, and none that is not set', async () => {
    const model = await modelAt(dialect, { script: () => ({ content: 'yes' }) })
    const sampling = { temperature: 0.25, top_p: 0.75, top_k: 7, seed: 11, max_tokens: 77, reasoning_effort: 'low' }
    await model.complete(request(START, { sampling }))
    await model.complete(request(START))
    const [set, unset] = provider!.requests.map(({ body }) => body)
    for (const [option, value] of Object.entries(SAMPLED[dialect])) {
      expect([option, set![option]]).toEqual([option, value])
      if (!(dialect === 'messages' && option === 'max_tokens')) expect(unset).not.toHaveProperty(option)
    }
  })

  test('a sampling option that the model refuses is left out, then and from then on', async () => {
    const forms = new Forms()
    const model = await modelAt(dialect, { script: () => ({ content: 'yes' }), refuses: ['temperature', 'top_p'] }, { forms })
    const sampling = { temperature: 0.5, top_p: 0.9, max_tokens: 77 }
    expect((await model.complete(request(START, { sampling }))).reply.content).toBe('yes')
    await model.complete(request(START, { sampling }))
    expect(forms.dropped).toEqual(['temperature', 'top_p'])
    expect(provider!.counts).toEqual({ 400: 2, ok: 2 })
    const sent = provider!.requests.at(-1)!.body
    expect(sent.max_tokens ?? sent.max_output_tokens).toBe(77)
  })

  test('an option that the user wrote into the body is not left out', async () => {
    const model = await modelAt(
      dialect,
      { script: () => ({ content: 'yes' }), refuses: ['temperature'] },
      { extraBody: { temperature: 1 } },
    )
    await expect(model.complete(request(START))).rejects.toMatchObject({ status: 400 })
  })

  test('one call a message is asked for where the economy carries out one', async () => {
    const model = await modelAt(dialect, { script: () => ({ content: 'yes' }) })
    await model.complete(request(START, { parallel: false }))
    const { body } = provider!.requests[0]!
    if (dialect === 'messages') expect(body.tool_choice).toEqual({ type: 'auto', disable_parallel_tool_use: true })
    else expect(body.parallel_tool_calls).toBe(false)
  })

  test('the key goes into the header, and what the SDK would read from the environment stays out', async () => {
    const name = dialect === 'messages' ? 'ANTHROPIC_CUSTOM_HEADERS' : 'OPENAI_CUSTOM_HEADERS'
    const before = process.env[name]
    process.env[name] = 'Authorization: Bearer sk-of-somebody-else\nX-Org: secret'
    try {
      const model = await modelAt(
        dialect,
        { script: () => ({ content: 'yes' }), key: 'sk-right' },
        { key: 'sk-right', env: { [name]: process.env[name]! } },
      )
      expect((await model.complete(request(START))).reply.content).toBe('yes')
      expect(provider!.requests[0]!.headers['x-org']).toBeUndefined()
    } finally {
      if (before === undefined) delete process.env[name]
      else process.env[name] = before
    }
  })

  test('a base URL with and without a slash at its end is the same', async () => {
    const model = await modelAt(dialect, { script: () => ({ content: 'yes' }) }, { url: url => `${url}/` })
    expect((await model.complete(request(START))).reply.content).toBe('yes')
  })
})

describe('chat', () => {
  test('token ids and log-probabilities are kept where the server returns them', async () => {
    const model = await modelAt(
      'chat',
      { script: () => ({ content: 'ab' }) },
      { extraBody: { return_token_ids: true, logprobs: true } },
    )
    const { reply } = await model.complete(request(START))
    expect(reply).toMatchObject({ prompt_token_ids: [1, 2, 3], token_ids: [97, 98], logprobs: [-0.097, -0.098] })
  })
})

describe('responses', () => {
  test('reasoning that comes back unencrypted is not sent again: nobody keeps what it stands for', async () => {
    const forms = new Forms()
    const script = ({ turn }: { turn: number }) => ({ reasoning: 'hm', calls: [{ name: 'sell', arguments: { quantity: turn } }] })
    const model = await modelAt('responses', { script, refuses: ['include'] }, { forms })
    const { reply } = await model.complete(request(START))
    expect(reply).toMatchObject({ reasoning_content: 'hm' })
    expect(reply.provider_state).toBeUndefined()
    expect((await model.complete(request(goOn(START, reply)))).reply.tool_calls[0]!.arguments).toBe('{"quantity":1}')
    expect(forms.dropped).toEqual(['include'])
  })
})

describe('messages', () => {
  test('a long answer is streamed and reads the same', async () => {
    const script = () => ({ reasoning: 'hm', content: 'long', calls: [{ name: 'sell', arguments: { quantity: 3 } }] })
    const model = await modelAt('messages', { script })
    const short = await model.complete(request(START))
    const long = await model.complete(request(START, { sampling: { max_tokens: 50_000 } }))
    expect(provider!.requests.map(({ stream }) => stream)).toEqual([false, true])
    expect(long).toEqual(short)
  })

  test('the cache breakpoint is at the end of every request', async () => {
    const model = await modelAt('messages', { script: () => ({ content: 'yes' }) })
    await model.complete(request(START))
    expect(provider!.requests[0]!.body.cache_control).toEqual({ type: 'ephemeral' })
  })
})
