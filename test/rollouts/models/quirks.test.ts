/** What real servers do, as the fake provider does it: each quirk on the wire, what becomes of it, and how quirks are chosen. */
import { expect, test } from 'vitest'
import { classify } from '../../../rollouts/models/failure.ts'
import { type FakeReply, QUIRKS, QUIRKY_SERVERS, type QuirkName, startFakeProvider } from '../../../rollouts/models/fake/index.ts'
import { quirksOf } from '../../../rollouts/models/fake/quirks.ts'
import { HttpError } from '../../../rollouts/models/transport.ts'
import { argumentsOf } from '../../../rollouts/models/wire.ts'
import { heard, usual } from './memory.ts'

const all = Object.entries(QUIRKS)

test('quirks are named with the server they were met at and what becomes of them, and reports by repository and number', () => {
  for (const [name, { server, met, answer, reports, dialects, refuses, spoils }] of all) {
    expect(name).toMatch(/^[a-z_]+$/)
    for (const words of [server, met, answer]) expect(words).not.toBe('')
    for (const report of reports) expect(report).toMatch(/^[\w.-]+(\/[\w.-]+)?#\d+$/)
    expect(dialects.length).toBeGreaterThan(0)
    expect((refuses ?? spoils) === undefined).toBe(false)
  }
  expect(all.length).toBeGreaterThan(35)
  // The others stand for what is known of a kind of server.
  expect(all.flatMap(([name, { reports }]) => (reports.length === 0 ? [name] : []))).toEqual([
    'groq_fields',
    'legacy_call',
    'second_choice',
    'double_encoded',
    'upper_case_finish',
    'strange_status',
    'deep_arguments',
    'anthropic_overloaded',
    'null_output',
  ])
  for (const server of QUIRKY_SERVERS) expect(quirksOf([server]).length).toBeGreaterThan(1)
})

test.each(
  all.flatMap(([name, { spoils, dialects, play }]) =>
    spoils === undefined ? [] : dialects.map(dialect => [name, dialect, play, spoils] as const),
  ),
)(
  '%s changes an answer of %s; unless it is play (%s), what is called stays, or the call is made again',
  async (_name, dialect, play, spoils) => {
    const { written, request } = usual(dialect)
    const { status = 200, headers, body } = spoils(written.body, { ...request, dialect, session: 's', turn: 0 } as never)
    expect(JSON.stringify(body)).not.toBe(JSON.stringify(written.body))
    const failed = new HttpError(status, new Headers(headers), body)
    const answer = await (status === 200 ? heard(dialect, body) : heard(dialect, Promise.reject(failed))).catch(
      (error: Error) => error,
    )
    if (answer instanceof Error) {
      expect(classify(answer, false, 0)).toMatchObject({ retry: true })
      return
    }
    const { tool_calls, unreadable_call, finish_reason } = answer.reply
    const sold = tool_calls.map(({ name, arguments: written }) => [name, argumentsOf(written)])
    if (!play) expect(sold).toEqual([['sell', { quantity: 1 }]])
    else
      expect(
        JSON.stringify(sold) !== '[["sell",{"quantity":1}]]' || unreadable_call !== undefined || finish_reason === 'refusal',
      ).toBe(true)
  },
)

// What each failure is told as, and how long the server asks to be left alone.
test.each([
  ['mistral_error', 'rate_limited', 5],
  ['gemini_quota', 'rate_limited', 5],
  ['openrouter_error', 'server_error', null],
  ['openrouter_choice', 'server_error', null],
  ['deepseek_resource', 'server_error', null],
  ['vllm_abort', 'server_error', null],
  ['fastapi_error', 'server_error', null],
  ['html_error', 'server_error', null],
  ['strange_status', 'server_error', null],
  ['anthropic_overloaded', 'rate_limited', null],
  ['null_output', 'malformed_reply', null],
] as const)('%s is told as %s, and waits %s', async (name, code, retryAfterMs) => {
  const { spoils, dialects } = QUIRKS[name]
  const dialect = dialects[0]!
  const { written, request } = usual(dialect)
  const { status = 200, headers, body } = spoils!(written.body, { ...request, dialect, session: 's', turn: 0 } as never)
  const failed = new HttpError(status, new Headers(headers), body)
  const error = await (status === 200 ? heard(dialect, body) : heard(dialect, Promise.reject(failed))).catch(each => each)
  expect(classify(error, false, 0)).toMatchObject({ code, retryAfterMs })
})

test('quirks are chosen by name or by server; one that there is none of is named with those there are', () => {
  const of = (...names: string[]) => quirksOf(names as QuirkName[])
  expect(of('mistral')).toEqual(all.flatMap(([name, quirk]) => (name.startsWith('mistral_') ? [quirk] : [])))
  expect(of('null_content')).toEqual([QUIRKS.null_content])
  expect(() => of('mistrall')).toThrow(/no quirk 'mistrall'; there are mistral_ids, .*, and the servers .*mistral/)
})

const CALL = { id: 'call_0_0', type: 'function', function: { name: 'sell', arguments: '{"quantity":1}' } }
const SAID = { role: 'assistant', content: 'I sell.', refusal: null, tool_calls: [CALL] }
const WORDS = { role: 'assistant', content: 'I wait.', refusal: null }

/** The status, the media type and the body with which a server of these quirks answers, by default to a first request. */
async function asked(
  quirks: readonly string[],
  reply: FakeReply = { content: 'I sell.', calls: [{ name: 'sell', arguments: { quantity: 1 } }] },
  sent: object = { messages: [{ role: 'user', content: 'Turn 0.' }] },
  path = 'chat/completions',
) {
  const provider = await startFakeProvider({ script: () => reply, quirks: quirks as QuirkName[] })
  try {
    const answer = await fetch(`${provider.url}/${path}`, { method: 'POST', body: JSON.stringify({ model: 'm', ...sent }) })
    // As it came, a byte order mark included.
    const body = Buffer.from(await answer.arrayBuffer()).toString()
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: /^[[{]/.test(body) ? JSON.parse(body) : body,
      counts: provider.counts,
    }
  } finally {
    await provider.close()
  }
}

// A quirk changes what it is about and nothing besides: the choices of an answer that sells, and of one that says words only.
const sold = (message: object, finish_reason = 'tool_calls') => [{ index: 0, finish_reason, message }]
const waits = (message: object, finish_reason = 'stop') => [{ index: 0, finish_reason, message }]
test.each<[QuirkName, calling: object[], talking: object[]]>([
  [
    'mistral_thinking',
    sold({
      ...SAID,
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
        { type: 'text', text: 'I sell.' },
      ],
    }),
    waits({
      ...WORDS,
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
        { type: 'text', text: 'I wait.' },
      ],
    }),
  ],
  [
    'gemini_signatures',
    sold({ ...SAID, tool_calls: [{ ...CALL, extra_content: { google: { thought_signature: 'c2ln' } } }] }),
    waits(WORDS),
  ],
  [
    'gemini_malformed',
    sold({ role: 'assistant', content: null }, 'malformed_function_call'),
    waits({ role: 'assistant', content: null }, 'malformed_function_call'),
  ],
  ['groq_fields', sold({ ...SAID, reasoning: 'hm' }), waits({ ...WORDS, reasoning: 'hm' })],
  [
    'deepseek_resource',
    sold({ role: 'assistant', content: '' }, 'insufficient_system_resource'),
    waits({ role: 'assistant', content: '' }, 'insufficient_system_resource'),
  ],
  ['deepseek_reasoning', sold({ ...SAID, reasoning_content: 'hm' }), waits({ ...WORDS, reasoning_content: 'hm' })],
  [
    'openrouter_choice',
    [{ ...sold({ role: 'assistant', content: '' }, 'error')[0], error: { code: 502, message: 'Upstream error' } }],
    [{ ...sold({ role: 'assistant', content: '' }, 'error')[0], error: { code: 502, message: 'Upstream error' } }],
  ],
  ['ollama_shape', sold({ ...SAID, tool_calls: [{ function: { name: 'sell', arguments: { quantity: 1 } } }] }), waits(WORDS)],
  ['llama_cpp_ids', sold({ ...SAID, tool_calls: [{ ...CALL, id: 'call_0' }] }), waits(WORDS)],
  ['vllm_abort', sold(SAID, 'abort'), waits(WORDS, 'abort')],
  [
    'vllm_names',
    sold({ ...SAID, tool_calls: [{ ...CALL, function: { ...CALL.function, name: 'sell<|channel|>commentary' } }] }),
    waits(WORDS),
  ],
  [
    'lm_studio_text',
    sold({ role: 'assistant', content: '<tool_call>{"name": "sell", "arguments": {"quantity":1}}</tool_call>' }, 'stop'),
    waits({ role: 'assistant', content: '<tool_call>{"name": "", "arguments": }</tool_call>' }),
  ],
  ['qwen_thinking', sold({ ...SAID, content: 'hm</think>I sell.' }), waits({ ...WORDS, content: 'hm</think>I wait.' })],
  [
    'legacy_call',
    sold({ role: 'assistant', content: 'I sell.', refusal: null, function_call: CALL.function }, 'function_call'),
    waits(WORDS, 'function_call'),
  ],
  [
    'second_choice',
    [
      ...sold({ role: 'assistant', content: 'I sell.', refusal: null }, 'stop'),
      { index: 1, finish_reason: 'tool_calls', message: { role: 'assistant', content: null, tool_calls: [CALL] } },
    ],
    [...waits(WORDS), { index: 1, finish_reason: 'stop', message: { role: 'assistant', content: null } }],
  ],
  [
    'double_encoded',
    sold({ ...SAID, tool_calls: [{ ...CALL, function: { name: 'sell', arguments: '"{\\"quantity\\":1}"' } }] }),
    waits(WORDS),
  ],
  ['upper_case_finish', sold(SAID, 'TOOL_CALLS'), waits(WORDS, 'STOP')],
  ['half_surrogate', sold({ ...SAID, content: 'I sell.\ud83d' }), waits({ ...WORDS, content: 'I wait.\ud83d' })],
])('%s is on the wire what its users met, and nothing besides', async (name, calling, talking) => {
  const usually = (await asked([])).body
  const { status, headers, body, counts } = await asked([name])
  expect([status, headers['content-type'], counts]).toEqual([200, 'application/json', { 'quirk 200': 1 }])
  const { usage, ...rest } = usually
  expect(body).toEqual({ ...rest, ...(name !== 'ollama_shape' && { usage }), choices: calling })
  expect((await asked([name], { content: 'I wait.' })).body.choices).toEqual(talking)
})

test('every call of an answer is spoilt alike', async () => {
  const calls = ['{"quantity":1}', 'no JSON'].map(written => ({ name: 'sell', arguments: written }))
  const of = async (name: QuirkName) =>
    (await asked([name], { calls })).body.choices[0].message.tool_calls.map(
      ({ id, function: called }: { id?: string; function: Record<string, unknown> }) => [id, called.name, called.arguments],
    )
  expect(await of('llama_cpp_ids')).toEqual(calls.map(({ name, arguments: written }) => ['call_0', name, written]))
  expect(await of('ollama_shape')).toEqual([
    [undefined, 'sell', { quantity: 1 }],
    [undefined, 'sell', 'no JSON'],
  ])
  expect(await of('vllm_names')).toEqual(
    calls.map(({ arguments: written }, i) => [`call_0_${i}`, 'sell<|channel|>commentary', written]),
  )
  const deep = await of('deep_arguments')
  expect(deep.map((call: string[]) => call[2])).toEqual(
    calls.map(() => `{"quantity":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
  )
})

const some = expect.stringMatching(/./)
// What comes in the place of an answer, whatever was to be said.
test.each<[QuirkName, status: number, body: unknown, headers?: object]>([
  ['mistral_error', 429, { object: 'error', message: some, type: 'rate_limited', code: '1300' }, { 'retry-after-ms': '5' }],
  [
    'gemini_quota',
    429,
    [
      {
        error: {
          code: 429,
          message: expect.stringMatching(/current quota.* retry in 0\.005s/),
          status: 'RESOURCE_EXHAUSTED',
          details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '0.005s' }],
        },
      },
    ],
  ],
  [
    'groq_tool_use',
    400,
    {
      error: {
        message: some,
        type: 'invalid_request_error',
        code: 'tool_use_failed',
        failed_generation: '<function=sell>{"quantity":1</function>',
      },
    },
  ],
  [
    'openrouter_error',
    200,
    { error: { code: 502, message: some, metadata: { provider_name: 'x', raw: 'upstream connect error' } } },
  ],
  [
    'openrouter_moderation',
    403,
    { error: { message: expect.stringContaining('flagged'), code: 403, metadata: { reasons: ['violence'] } } },
  ],
  [
    'azure_filter',
    400,
    { error: { message: expect.stringContaining('content management policy'), code: 'content_filter', param: 'prompt' } },
  ],
  ['ollama_parse', 500, { error: expect.stringMatching(/^error parsing tool call: raw='\{"quantity":1\}\]', err=/) }],
  [
    'llama_cpp_parse',
    500,
    {
      error: {
        code: 500,
        message: expect.stringContaining('Failed to parse tool call arguments as JSON'),
        type: 'server_error',
      },
    },
  ],
  ['fastapi_error', 503, { detail: some }],
  ['html_error', 520, expect.stringMatching(/^<html><head><title>.+<\/title><\/head><\/html>$/), { 'content-type': 'text/html' }],
  ['strange_status', 600, some, { 'content-type': 'text/plain' }],
])('%s is a %d with this body', async (name, status, body, headers = {}) => {
  const answer = await asked([name])
  expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/json', ...headers } })
  expect(answer.body).toEqual(body)
})

test('what is spoilt beside the choices, and in other dialects', async () => {
  const usually = (await asked([])).body
  const { prompt_tokens, completion_tokens, total_tokens } = usually.usage
  expect((await asked(['gemini_usage'])).body).toEqual({
    ...usually,
    usage: { prompt_tokens, completion_tokens, total_tokens: total_tokens + 500 },
  })
  expect((await asked(['negative_usage'])).body).toEqual({
    ...usually,
    usage: { ...usually.usage, prompt_tokens: -1, completion_tokens: 12.5, total_tokens: 11.5 },
  })
  const sent = { max_tokens: 9, messages: [{ role: 'user', content: 'Turn 0.' }], input: [{ role: 'user', content: 'Turn 0.' }] }
  for (const path of ['chat/completions', 'responses', 'messages']) {
    const same = (await asked([], undefined, sent, path)).body
    const text = await asked(['text_type'], undefined, sent, path)
    expect([text.headers['content-type'], text.status]).toEqual(['text/plain', 200])
    expect([text.body[0], JSON.parse(text.body.slice(1))]).toEqual(['\ufeff', same])
    expect((await asked(['strange_status'], undefined, sent, path)).status).toBe(600)
    // A quirk of the chat protocol is none of another.
    if (path !== 'chat/completions')
      expect((await asked(['groq', 'upper_case_finish'], undefined, sent, path)).body).toEqual(same)
  }
  expect((await asked(['null_output'], undefined, sent, 'responses')).body).toMatchObject({ object: 'response', output: null })
  expect((await asked(['anthropic_overloaded'], undefined, sent, 'messages')).body).toEqual({
    type: 'error',
    error: { type: 'overloaded_error', message: 'Overloaded' },
  })
})

/** A conversation of one turn with a call of this id and these fields beside it, and what is said after its result. */
const went = (said: object = {}, call: object = {}, ...after: object[]) => ({
  messages: [
    { role: 'user', content: 'Turn 0.' },
    { role: 'assistant', content: '', tool_calls: [{ ...CALL, id: 'abcDEF129', ...call }], ...said },
    { role: 'tool', tool_call_id: (call as { id?: string }).id ?? 'abcDEF129', content: 'Sold.' },
    ...after,
  ],
})
const user = { role: 'user', content: 'Turn 1.' }
const first = { messages: [user] }
const signed = { extra_content: { google: { thought_signature: 'x' } } }
const talked = { messages: [user, { role: 'assistant', content: 'I wait.' }, user] }

// What a server refuses, and the nearest that it takes.
test.each<[QuirkName, refused: object[], taken: object[], status: number, body: unknown]>([
  [
    'mistral_ids',
    [went({}, { id: 'call_0_0' }), went({}, { id: 'abcdefghij' }), went({}, { id: 'abcd-fghi' }), went({}, { id: 'abcdefgh' })],
    [went(), first, talked],
    400,
    { object: 'error', message: some, type: 'invalid_function_call', code: '3280' },
  ],
  [
    'mistral_roles',
    [went({}, {}, user)],
    [went(), went({}, {}, { role: 'assistant', content: 'I wait.' }, user), { messages: [user, user] }],
    400,
    { object: 'error', message: some, type: 'invalid_request_message_order', code: '3230' },
  ],
  [
    'gemini_signatures',
    [went(), went({}, { extra_content: { google: {} } }), went({}, { extra_content: 'x' }), went({ ...signed })],
    [went({}, signed), first, talked],
    400,
    [{ error: { code: 400, message: some, status: 'INVALID_ARGUMENT' } }],
  ],
  [
    'groq_fields',
    [went({ reasoning: 'hm' }), { messages: [user, { role: 'assistant', content: 'I wait.', extra: 1 }, user] }],
    [went(), talked, { messages: [{ ...user, name: 'joe' }] }],
    400,
    { error: { message: expect.stringMatching(/property '(reasoning|extra)' is unsupported/), type: 'invalid_request_error' } },
  ],
  [
    'deepseek_reasoning',
    [went()],
    [went({ reasoning_content: 'hm' }), talked, first],
    400,
    { error: { message: expect.stringContaining('reasoning_content'), type: 'invalid_request_error' } },
  ],
  [
    'qwen_streaming',
    [first, { ...first, stream: false }],
    [{ ...first, stream: true }],
    400,
    { error: { message: expect.stringContaining('stream'), code: 'invalid_parameter_error' } },
  ],
  [
    'gemma_system',
    [{ messages: [{ role: 'system', content: 'You trade.' }, user] }],
    [first, talked],
    400,
    { error: { message: some } },
  ],
  [
    'openai_max_tokens',
    [{ ...first, max_tokens: 5 }],
    [first, { ...first, max_completion_tokens: 5 }],
    400,
    {
      error: {
        message: expect.stringContaining('max_completion_tokens'),
        code: 'unsupported_parameter',
        param: 'max_tokens',
        type: 'invalid_request_error',
      },
    },
  ],
  [
    'openai_temperature',
    [{ ...first, temperature: 0.5 }],
    [first, { ...first, top_p: 0.5 }],
    400,
    { error: { message: expect.stringContaining("'temperature'"), code: 'unsupported_value', param: 'temperature' } },
  ],
  [
    'null_content',
    [went({ content: null })],
    [went({ content: '' }), went({ content: undefined }), first],
    422,
    { error: { message: expect.stringContaining("'content'") } },
  ],
])('%s refuses what its users were refused, and nothing besides', async (name, refused, taken, status, body) => {
  for (const sent of refused) {
    const answer = await asked([name], undefined, sent)
    expect([answer.status, answer.counts]).toEqual([status, { [status]: 1 }])
    expect(answer.body).toEqual(body)
  }
  for (const sent of taken) expect((await asked([name], undefined, sent)).status).toBe(200)
})
