/**
 * What servers and models do that no protocol says, one case a behaviour, through the real SDKs against a strict local server: each
 * says whether the rollout is scored, what errors.jsonl and its message hold, and what the next request looks like.
 */
import { describe, expect, test } from 'vitest'
import { list, object } from '../../../rollouts/models/json.ts'
import { body, type Case, call, called, callsSent, check, choice, first, message, refuse, sell, spoken } from './servers.ts'

const DEEP = (open: string, close: string): string => `${open.repeat(20_000)}${close.repeat(20_000)}`
const deep = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)
const empty = { role: 'assistant', content: '' }
/** The usual answer with the status of an error in between. */
const once = (status: number, answer: unknown, headers: Record<string, string> = {}) => first(refuse(status, answer, headers))
/** Refuses every request that looks like this. */
const unless =
  (ok: (body: Readonly<Record<string, unknown>>) => boolean, status: number, answer: unknown): NonNullable<Case['server']> =>
  (_usual, _before, request) =>
    ok(request.body) ? undefined : { status, body: answer }
const roles = (sent: Readonly<Record<string, unknown>>): string =>
  list(sent.messages)
    .map(({ role }) => String(role)[0])
    .join('')

const finish: Case[] = [
  ...['error', 'insufficient_system_resource', 'abort', 'network_error'].map(reason => ({
    name: `stops with '${reason}': an outage, tried again`,
    server: first(choice({ finish_reason: reason, message: empty })),
    requests: 3,
    counts: { unknown_finish_reasons: 0, no_tool_call: 0 },
  })),
  {
    name: "stops with 'error' and says which in the choice, for good",
    server: choice({ finish_reason: 'error', error: { code: 502, message: 'Upstream is gone' }, message: empty }),
    error: { code: 'server_error', says: /502 server_error after 3 attempts \(Upstream is gone\)/ },
    requests: 3,
  },
  {
    name: 'stops with a reason that nobody knows: counted, and told',
    server: choice({ finish_reason: 'zorp' }),
    reply: { finish_word: 'zorp', finish_reason: 'tool_calls' },
    counts: { unknown_finish_reasons: 2 },
  },
  {
    name: 'stops with a reason that is no text',
    server: choice({ finish_reason: { why: 7 } }),
    reply: { finish_word: '{"why":7}' },
    counts: { unknown_finish_reasons: 2 },
  },
  {
    name: 'stops in capitals',
    server: choice({ finish_reason: 'TOOL_CALL' }),
    reply: { finish_reason: 'tool_calls' },
    counts: { unknown_finish_reasons: 0 },
  },
  {
    name: 'says no reason to stop',
    server: choice({ finish_reason: null }),
    counts: { unknown_finish_reasons: 0, no_tool_call: 0 },
  },
  {
    name: 'stops with `eos`',
    server: choice({ finish_reason: 'eos' }),
    reply: { finish_reason: 'tool_calls' },
    counts: { unknown_finish_reasons: 0 },
  },
  {
    name: 'stops with `malformed_function_call`: a malformed call of the model, told in words',
    server: first(choice({ finish_reason: 'malformed_function_call', message: { role: 'assistant', content: null } })),
    reply: { unreadable_call: { name: '' }, tool_calls: [] },
    counts: { malformed_arguments: 1, repairs: 1, no_tool_call: 0 },
    requests: 3,
    wire: (_last, all) => expect(String(list(all[1]!.messages).at(-1)!.content)).toContain('Your tool call could not be read'),
  },
  {
    name: 'stops with `UNEXPECTED_TOOL_CALL` behind the name of a filter',
    server: first(choice({ finish_reason: 'function_call_filter: UNEXPECTED_TOOL_CALL', message: empty })),
    counts: { malformed_arguments: 1 },
    requests: 3,
  },
  {
    name: 'stops for safety: a refusal of the model',
    server: choice({ finish_reason: 'SAFETY', message: empty }),
    reply: { finish_reason: 'refusal' },
    counts: { refusals: 2, no_tool_call: 2 },
  },
  {
    name: 'is cut off inside its reasoning: silence that is told as cut off',
    server: choice({ finish_reason: 'length', message: { ...empty, reasoning_content: 'Let me th' } }),
    reply: { finish_reason: 'length', reasoning_content: 'Let me th' },
    counts: { length_stops: 2, no_tool_call: 2 },
    wire: last => expect(String(list(last.messages).at(-1)!.content)).toContain('cut off by its length'),
  },
  {
    name: 'stops with a word nobody knows in Messages',
    dialect: 'messages',
    server: body({ stop_reason: 'bored' }),
    reply: { finish_word: 'bored' },
    counts: { unknown_finish_reasons: 2 },
  },
  {
    name: 'fails inside a response with status 200',
    dialect: 'responses',
    server: first(body({ status: 'failed', error: { code: 'rate_limit_exceeded', message: 'Slow down' }, output: [] })),
    requests: 3,
  },
  {
    name: 'a response that was cancelled',
    dialect: 'responses',
    server: body({ status: 'cancelled' }),
    error: { code: 'server_error', says: /it stopped with 'cancelled'/ },
    requests: 3,
  },
]

const unsupported = (name: string, message = `Unsupported parameter: '${name}' is not supported with this model.`) => ({
  error: { message, type: 'invalid_request_error', param: name, code: 'unsupported_parameter' },
})
const temperature = { options: { sampling: { temperature: 0.5 } } } as const
const withoutIt = (field: string) => (last: Readonly<Record<string, unknown>>) => expect(last).not.toHaveProperty(field)
const has = (field: string) => (last: Readonly<Record<string, unknown>>) => expect(last).toHaveProperty(field)

const options: Case[] = [
  {
    name: 'does not support an option: left out, and not claimed in the metadata',
    ...temperature,
    server: unless(sent => !('temperature' in sent), 400, unsupported('temperature')),
    requests: 3,
    wire: withoutIt('temperature'),
    metadata: { sampling_args: {}, dropped_options: { temperature: 2 } },
  },
  {
    name: 'supports the default of an option only',
    ...temperature,
    server: unless(sent => !('temperature' in sent), 400, {
      error: {
        message:
          "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported.",
        code: 'unsupported_value',
      },
    }),
    requests: 3,
    wire: withoutIt('temperature'),
    metadata: { sampling_args: {} },
  },
  {
    name: 'takes no temperature, as its reasoning models do',
    ...temperature,
    quirks: ['openai_temperature'],
    requests: 3,
    wire: withoutIt('temperature'),
  },
  {
    name: 'refuses a value: the mistake of who asked',
    options: { sampling: { temperature: 1.7 } },
    server: refuse(400, {
      error: { message: 'temperature: Input should be less than or equal to 1', type: 'invalid_request_error' },
    }),
    error: { code: 'bad_request', says: /temperature: Input should be less than or equal to 1/ },
    requests: 1,
    wire: has('temperature'),
  },
  {
    name: 'names the values that it does support',
    options: { sampling: { reasoning_effort: 'minimal' } },
    server: refuse(
      400,
      unsupported(
        'reasoning_effort',
        "Unsupported value: 'reasoning_effort' does not support 'minimal'. Supported values are: 'low' and 'high'.",
      ),
    ),
    error: { code: 'bad_request', says: /Supported values are/ },
    requests: 1,
  },
  {
    name: 'refuses later what it has accepted: not left out',
    ...temperature,
    server: (_usual, before) => (before === 0 ? undefined : { status: 400, body: unsupported('temperature') }),
    error: { code: 'bad_request', says: /400 bad_request .*temperature/ },
    requests: 2,
    wire: has('temperature'),
  },
  {
    name: 'spells an option its own way',
    options: { sampling: { top_p: 0.9 } },
    server: unless(sent => !('top_p' in sent), 400, {
      detail: [{ type: 'extra_forbidden', loc: ['body', 'topP'], msg: 'Extra inputs are not permitted' }],
    }),
    requests: 3,
    metadata: { sampling_args: {} },
  },
  {
    name: 'says in a 422 that a field cannot be found',
    options: { sampling: { top_k: 5 } },
    server: unless(sent => !('top_k' in sent), 422, [
      { error: { code: 400, message: 'Invalid JSON payload received. Unknown name "top_k": Cannot find field.' } },
    ]),
    requests: 3,
    metadata: { sampling_args: {}, dropped_options: { top_k: 2 } },
  },
  {
    name: 'takes tools by Responses only: said, and no option left out for it',
    options: { sampling: { reasoning_effort: 'low' } },
    server: refuse(
      400,
      unsupported(
        'reasoning_effort',
        "Function tools with reasoning_effort are not supported for m in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.",
      ),
    ),
    error: { code: 'bad_request', says: /--api responses/ },
    requests: 1,
    wire: has('reasoning_effort'),
  },
  {
    name: 'mentions an option while it fails: not left out for that',
    ...temperature,
    server: once(500, { error: { message: 'worker crashed (temperature=0.5)' } }),
    requests: 3,
    wire: has('temperature'),
  },
  {
    name: 'knows no `parallel_tool_calls`',
    server: unless(sent => !('parallel_tool_calls' in sent), 400, { message: "property 'parallel_tool_calls' is unsupported" }),
    requests: 2,
  },
  {
    name: 'takes no effort in Responses',
    dialect: 'responses',
    options: { sampling: { reasoning_effort: 'low' } },
    server: unless(sent => !('reasoning' in sent), 400, unsupported('reasoning.effort')),
    requests: 3,
    metadata: { sampling_args: {}, dropped_options: { reasoning: 2 } },
  },
  {
    name: 'finds the cache mark unexpected in Messages',
    dialect: 'messages',
    server: unless(sent => !('cache_control' in sent), 400, {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'cache_control: Extra inputs are not permitted' },
    }),
    requests: 3,
    wire: withoutIt('cache_control'),
  },
]

const usageIs = (change: object) => (usual: Readonly<Record<string, unknown>>) => ({ body: { ...usual, usage: change } })
const usage: Case[] = [
  {
    name: 'leaves thinking out of the completion, as the total tells',
    server: usageIs({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 115 }),
    usage: { output: 105, output_reasoning: 100, repaired: true },
  },
  {
    name: 'counts more reasoning than completion',
    server: usageIs({ prompt_tokens: 10, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 50 } }),
    usage: { output: 55, output_reasoning: 50, repaired: true },
  },
  {
    name: 'counts below zero',
    server: usageIs({ prompt_tokens: -10, completion_tokens: -1 }),
    usage: { estimated: true, repaired: true },
  },
  {
    name: 'counts in fractions',
    server: usageIs({ prompt_tokens: 10.5, completion_tokens: 2.25 }),
    usage: { input_uncached: 11, output: 3, repaired: true },
  },
  {
    name: 'counts beyond belief',
    server: usageIs({ prompt_tokens: 2 ** 60, completion_tokens: 7 }),
    usage: { output: 7, repaired: true },
  },
  {
    name: 'counts in words',
    server: usageIs({ prompt_tokens: 'ten', completion_tokens: '7' }),
    usage: { output: 7, repaired: true },
  },
  { name: 'counts nothing', server: body({ usage: undefined }), usage: { estimated: true } },
  { name: 'counts null', server: usageIs({ prompt_tokens: null, completion_tokens: null }), usage: { estimated: true } },
  { name: 'has usage that is a list', server: body({ usage: [1, 2] }), usage: { estimated: true } },
  {
    name: 'reads more from the cache than the prompt has',
    server: usageIs({ prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 90 } }),
    usage: { input_uncached: 10, input_cached_read: 90, repaired: true },
  },
  {
    name: 'counts below zero in Messages',
    dialect: 'messages',
    server: usageIs({ input_tokens: -3, output_tokens: 4.5 }),
    usage: { output: 5, repaired: true },
  },
  {
    name: 'leaves thinking out in Responses',
    dialect: 'responses',
    server: usageIs({ input_tokens: 10, output_tokens: 5, total_tokens: 75 }),
    usage: { output: 65, output_reasoning: 60, repaired: true },
  },
  {
    name: 'counts what no ceiling may trust: the larger reading counts',
    options: { maxTokens: 3000, sampling: { max_tokens: 100 } },
    server: usageIs({ prompt_tokens: 10, completion_tokens: -5, total_tokens: 2900 }),
    usage: { repaired: true },
    requests: 2,
  },
]

const state: Case[] = [
  {
    name: 'wants thought signatures of calls back',
    quirks: ['gemini_signatures'],
    wire: last => expect(object(object(callsSent(last)[0]!.extra_content).google).thought_signature).toBe('c2ln'),
  },
  {
    name: 'wants reasoning back beside calls',
    quirks: ['deepseek_reasoning'],
    wire: last => expect(spoken(last)[0]!.reasoning_content).toBe('hm'),
  },
  {
    name: 'gives details of its reasoning',
    server: message({ reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }], reasoning: 'hm' }),
    wire: last =>
      expect(spoken(last)[0]).toMatchObject({ reasoning: 'hm', reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }] }),
  },
  {
    name: 'gives fields inside the function of a call',
    server: called({ thought_signature: 'deep' }),
    wire: last => expect(object(callsSent(last)[0]!.function)).toMatchObject({ thought_signature: 'deep', name: 'sell' }),
  },
  {
    name: 'adds nulls and empty lists: nothing to send back',
    server: message({ reasoning: null, annotations: [], audio: null, refusal: null, extra: {} }),
    wire: last => expect(Object.keys(spoken(last)[0]!)).toEqual(['role', 'content', 'tool_calls']),
  },
  {
    name: 'wants reasoning back beside calls, also of a history that was cut',
    options: { history: 1 },
    quirks: ['deepseek_reasoning'],
    wire: last => expect(spoken(last)[0]!.reasoning_content).toBe('hm'),
  },
  {
    name: 'refuses its own field in the history: left out from then on',
    quirks: ['groq_fields'],
    requests: 3,
    wire: last => expect(spoken(last)[0]).not.toHaveProperty('reasoning'),
    metadata: { adaptations: { 'without:reasoning': 1 } },
  },
  {
    name: 'adds a field that is nested without end',
    server: message({ extra_content: { a: deep(3000) } }),
    wire: last => expect(JSON.stringify(spoken(last)[0]!.extra_content)).toContain('nested too deep'),
  },
  {
    name: 'adds a field to a call of Responses',
    dialect: 'responses',
    server: usual => ({
      body: {
        ...usual,
        output: list(usual.output).map(item => ({ ...item, ...(item.type === 'function_call' && { thought_signature: 'sig' }) })),
      },
    }),
    wire: last =>
      expect(list(last.input).find(({ type }) => type === 'function_call')).toMatchObject({
        thought_signature: 'sig',
        name: 'sell',
      }),
  },
  {
    name: 'adds a block of its own to Messages',
    dialect: 'messages',
    server: usual => ({ body: { ...usual, content: [{ type: 'redacted_thinking', data: 'x' }, ...list(usual.content)] } }),
    wire: last => expect(list(list(last.messages)[1]!.content)[0]).toEqual({ type: 'redacted_thinking', data: 'x' }),
  },
]

const ENDS = { requests: 1 } as const
const failures: Case[] = [
  {
    name: 'says `{"object":"error"}`',
    server: refuse(400, { object: 'error', message: 'top_z is no field', code: 400 }),
    error: { code: 'bad_request', says: /top_z is no field/ },
    ...ENDS,
  },
  {
    name: 'says `{"detail"}` as a text',
    server: refuse(422, { detail: 'No such thing' }),
    error: { code: 'bad_request', says: /No such thing/ },
    ...ENDS,
  },
  {
    name: 'says `{"detail"}` as a list',
    server: refuse(422, { detail: [{ loc: ['body', 'messages', 2], msg: 'field required', type: 'missing' }] }),
    error: { code: 'bad_request', says: /body\.messages\.2: field required/ },
    ...ENDS,
  },
  {
    name: 'says a list with one error',
    server: refuse(400, [{ error: { code: 400, message: 'Bad from Gemini', status: 'INVALID_ARGUMENT' } }]),
    error: { code: 'bad_request', says: /Bad from Gemini/ },
    ...ENDS,
  },
  {
    name: 'says `{"message"}`',
    server: refuse(400, { message: 'plain words' }),
    error: { code: 'bad_request', says: /plain words/ },
    ...ENDS,
  },
  {
    name: 'says `{"error": "…"}`',
    server: refuse(400, { error: 'a mere text' }),
    error: { code: 'bad_request', says: /a mere text/ },
    ...ENDS,
  },
  { name: 'says text', server: refuse(400, 'just text'), error: { code: 'bad_request', says: /just text/ }, ...ENDS },
  {
    name: 'says a page of HTML',
    server: refuse(403, '<html><head><title>Just a moment</title></head></html>', { 'content-type': 'text/html' }),
    error: { code: 'auth', says: /403 auth \(a web page: Just a moment\)/ },
    ...ENDS,
  },
  {
    name: 'says what its upstream said',
    server: refuse(400, {
      error: { message: 'Provider returned error', code: 400, metadata: { raw: '{"error":{"message":"the true reason"}}' } },
    }),
    error: { code: 'bad_request', says: /the true reason/ },
    ...ENDS,
  },
  { name: 'says nothing', server: refuse(400, ''), error: { code: 'bad_request', says: /HTTP 400/ }, ...ENDS },
  ...(
    [
      [
        'llama.cpp',
        400,
        {
          error: {
            code: 400,
            message: 'the request exceeds the available context size, try increasing it',
            type: 'exceed_context_size_error',
          },
        },
      ],
      [
        'vLLM',
        400,
        { object: 'error', message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens" },
      ],
      [
        'TGI',
        422,
        {
          error: 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000',
          error_type: 'validation',
        },
      ],
      ['Bedrock', 400, { message: 'Input is too long for requested model.' }],
      [
        'Gemini',
        400,
        [
          {
            error: {
              code: 400,
              message: 'The input token count (1500000) exceeds the maximum number of tokens allowed (1048576).',
            },
          },
        ],
      ],
      [
        'xAI',
        400,
        {
          code: 'Client specified an invalid argument',
          error: "This model's maximum prompt length is 131072 but the request contains 150000 tokens.",
        },
      ],
      ['Cohere', 400, { message: 'too many tokens: total number of tokens in the prompt cannot exceed 4096' }],
      [
        'Anthropic',
        400,
        {
          type: 'error',
          error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
        },
      ],
      ['Jan', 500, { error: { message: 'the context size is exceeded: n_ctx: context window of 8192' } }],
      ['a gateway', 413, 'Payload Too Large'],
    ] as const
  ).map(([server, status, answer]) => ({
    name: `says that the context is too long in the words of ${server}`,
    server: refuse(status, answer),
    error: { code: 'context_length', says: /--history last:N/ },
    ...ENDS,
  })),
  {
    name: 'is out of credit',
    server: refuse(402, { error: { message: 'Insufficient Balance' } }),
    error: { code: 'quota', says: /Top up the account/ },
    ...ENDS,
  },
  {
    name: 'is out of quota for good',
    server: refuse(429, { error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } }),
    error: { code: 'quota', says: /429 quota/ },
    ...ENDS,
  },
  {
    name: 'calls a limit of the minute a quota, with a delay in the body',
    server: first(
      refuse(429, [
        {
          error: {
            code: 429,
            message: 'You exceeded your current quota. Please retry in 0.01s.',
            details: [{ retryDelay: '0.01s' }],
          },
        },
      ]),
    ),
    requests: 3,
  },
  {
    name: 'calls a limit of the minute a quota, with Retry-After',
    server: first(refuse(429, { error: { message: 'quota exceeded' } }, { 'retry-after-ms': '3' })),
    requests: 3,
  },
  {
    name: 'throttles with a 400',
    server: first(refuse(400, { __type: 'ThrottlingException', message: 'Too many requests, please wait before trying again.' })),
    requests: 3,
  },
  {
    name: 'says in a 400 that the key is wrong',
    server: refuse(400, [{ error: { code: 400, message: 'API key not valid. Please pass a valid API key.' } }]),
    error: { code: 'auth', says: /--api-key-var/ },
    ...ENDS,
  },
  {
    name: 'says in a 400 that it does not know the model',
    server: refuse(400, { error: { message: 'Model m does not exist' } }),
    error: { code: 'not_found', says: /knows the model/ },
    ...ENDS,
  },
  {
    name: 'was started without a parser of calls',
    server: refuse(400, {
      object: 'error',
      message: '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
    }),
    error: { code: 'bad_request', says: /vllm serve --enable-auto-tool-choice/ },
    ...ENDS,
  },
  {
    name: 'has a model without tools',
    server: refuse(400, { error: { message: 'registry.ollama.ai/library/m does not support tools' } }),
    error: { code: 'bad_request', says: /must parse tool calls/ },
    ...ENDS,
  },
  {
    name: 'holds an error in a 200: that error',
    server: first(refuse(200, { error: { code: 502, message: 'Provider returned error' } })),
    requests: 3,
  },
  {
    name: 'holds an error in a 200 that is no use trying again',
    server: refuse(200, { error: { code: 401, message: 'No auth credentials found' } }),
    error: { code: 'auth', says: /401 auth/ },
    ...ENDS,
  },
  {
    name: 'holds an error in a 200 by its type alone',
    dialect: 'messages',
    server: first(refuse(200, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })),
    requests: 3,
  },
  {
    name: 'holds an error in a 200 as a text',
    server: refuse(200, { object: 'error', message: 'The engine is dead', code: 500 }),
    error: { code: 'server_error', says: /The engine is dead/ },
    requests: 3,
  },
  {
    name: 'breaks a stream off with an error',
    options: { adaptations: ['streaming'] },
    server: first(
      refuse(
        200,
        'data: {"choices":[{"index":0,"delta":{"content":"I"}}]}\n\ndata: {"error":{"code":503,"message":"gone"}}\n\n',
        { 'content-type': 'text/event-stream' },
      ),
    ),
    requests: 3,
  },
  {
    name: 'redirects: told, and not followed with a key',
    server: refuse(307, '', { location: 'https://elsewhere.example/v1?key=1' }),
    error: {
      code: 'redirect',
      says: /redirects to https:\/\/elsewhere\.example\/v1, which a key is not taken to\)\. Name the URL/,
    },
    ...ENDS,
  },
  { name: 'says its Retry-After in words', server: first(refuse(503, 'busy', { 'retry-after': '10ms' })), requests: 3 },
]

const mistral = (message: string, type = 'invalid_request_message_order') => ({ object: 'error', message, type, code: '3230' })
const stricter: Case[] = [
  {
    name: 'lets no user speak after a tool',
    quirks: ['mistral_roles'],
    requests: 3,
    wire: last =>
      expect([roles(last), String(list(last.messages).at(-1)!.content)]).toEqual([
        'suat',
        expect.stringMatching(/Sold 1[\s\S]*Turn 1/),
      ]),
    metadata: { adaptations: { user_in_result: 1 } },
  },
  {
    name: 'wants roles to alternate, in the words of a template',
    server: unless(sent => !/t(?:u|s)/.test(roles(sent)), 500, {
      error: { message: 'Conversation roles must alternate user/assistant/user/assistant/...' },
    }),
    requests: 3,
    wire: last => expect(roles(last)).toBe('suat'),
  },
  {
    name: 'has no system role',
    quirks: ['gemma_system'],
    requests: 3,
    wire: last =>
      expect([roles(last), String(list(last.messages)[0]!.content)]).toEqual([
        'uatu',
        expect.stringMatching(/You trade grain[\s\S]*Turn 0/),
      ]),
    metadata: { adaptations: { system_as_user: 2 } },
  },
  {
    name: 'has no system role, by a developer instruction',
    server: unless(sent => !roles(sent).includes('s'), 400, [
      { error: { message: 'Developer instruction is not enabled for models/gemma-3-27b-it' } },
    ]),
    requests: 3,
  },
  {
    name: 'takes no null content',
    script: () => ({ calls: sell.calls! }),
    quirks: ['null_content'],
    requests: 3,
    wire: last => expect(spoken(last)[0]!.content).toBe(''),
  },
  {
    name: 'takes neither null nor empty content',
    script: () => ({ calls: sell.calls! }),
    server: (_usual, _before, { body: sent }) =>
      spoken(sent)[0]?.content === null
        ? { status: 400, body: { error: { message: 'content: none is not an allowed value' } } }
        : spoken(sent)[0]?.content === ''
          ? { status: 400, body: { message: 'The content field in the message is empty.' } }
          : undefined,
    requests: 4,
    metadata: { adaptations: { content_empty: 1, content_words: 1 } },
  },
  {
    name: 'has renamed `max_tokens`',
    options: { sampling: { max_tokens: 77 } },
    quirks: ['openai_max_tokens'],
    requests: 3,
    wire: last => expect(last).toMatchObject({ max_completion_tokens: 77 }),
    metadata: { sampling_args: { max_tokens: 77 } },
  },
  {
    name: 'finds `max_tokens` too large: the mistake of who asked',
    options: { sampling: { max_tokens: 99_999 } },
    server: refuse(400, {
      error: {
        message:
          'max_tokens is too large: 99999. This model supports at most 16384 completion tokens, see max_completion_tokens.',
      },
    }),
    error: { code: 'bad_request', says: /too large/ },
    ...ENDS,
  },
  {
    name: 'answers as a stream only',
    quirks: ['qwen_streaming'],
    requests: 3,
    reply: { content: 'I sell.', tool_calls: [{ name: 'sell', arguments: '{"quantity":1}' }] },
    usage: { output_reasoning: 0 },
    wire: last => expect(last).toMatchObject({ stream: true, stream_options: { include_usage: true } }),
  },
  {
    name: 'answers as a stream that nobody asked for',
    server: () => ({
      headers: { 'content-type': 'text/event-stream' },
      body: ': hello\n\ndata: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"sell","arguments":"{\\"quan"}}]}}]}\n\ndata: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"tity\\":1}"}}]},"finish_reason":"tool_calls"}]}\n\ndata: [DONE]\n\n',
    }),
    reply: { tool_calls: [{ name: 'sell', arguments: '{"quantity":1}' }] },
  },
  {
    name: 'breaks a stream off without a word',
    options: { adaptations: ['streaming'] },
    server: first(
      refuse(200, 'data: {"choices":[{"index":0,"delta":{"content":"I"}}]}\n\n', { 'content-type': 'text/event-stream' }),
    ),
    requests: 3,
    reply: { content: 'I sell.' },
  },
  {
    name: 'breaks a stream of Responses off with an error',
    dialect: 'responses',
    server: first(() => ({
      headers: { 'content-type': 'text/event-stream' },
      body: 'event: error\ndata: {"type":"error","code":"server_error","message":"gone"}\n\n',
    })),
    requests: 3,
  },
  {
    name: 'breaks a stream of Messages off',
    dialect: 'messages',
    server: () => ({
      headers: { 'content-type': 'text/event-stream' },
      body: 'data: {"type":"message_start","message":{"content":[]}}\n\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"I"}}\n\n',
    }),
    error: { code: 'malformed_reply', says: /the stream broke off before its end/ },
    requests: 3,
  },
  {
    name: 'says a page of a million unclosed scripts',
    server: refuse(400, '<script'.repeat(1e6), { 'content-type': 'text/html' }),
    error: { code: 'bad_request', says: /a web page/ },
    ...ENDS,
  },
  {
    name: 'repeats name and id in every piece of a stream, and gives every call the index 0',
    server: () => ({
      headers: { 'content-type': 'text/event-stream' },
      body: ['a', 'b']
        .flatMap(id =>
          ['', '{"quantity":', '1}'].map(written => ({ index: 0, id, function: { name: 'sell', arguments: written } })),
        )
        .map(piece => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: [piece] } }] })}\n\n`)
        .concat('data: [DONE]\n\n')
        .join(''),
    }),
    reply: {
      tool_calls: [
        { id: 'a', name: 'sell', arguments: '{"quantity":1}' },
        { id: 'b', name: 'sell', arguments: '{"quantity":1}' },
      ],
    },
  },
  {
    name: 'streams Responses',
    dialect: 'responses',
    server: usual => ({
      headers: { 'content-type': 'text/event-stream' },
      body: `event: response.created\ndata: {"type":"response.created","response":{"output":[]}}\n\nevent: response.completed\ndata: ${JSON.stringify({ type: 'response.completed', response: usual })}\n\n`,
    }),
    reply: { tool_calls: [{ name: 'sell' }] },
  },
  {
    name: 'wants ids of nine letters and digits',
    quirks: ['mistral_ids'],
    requests: 3,
    wire: last => expect(callsSent(last)[0]!.id).toMatch(/^[a-zA-Z0-9]{9}$/),
    metadata: { adaptations: { short_ids: 1 } },
  },
  {
    name: 'was known to want them: chosen beforehand, and asked once',
    options: { adaptations: ['short_ids', 'user_in_result'] },
    quirks: ['mistral_ids', 'mistral_roles'],
    metadata: { player_details: { adaptations: ['short_ids', 'user_in_result'] } },
  },
  {
    name: 'wants the name of the tool in its result',
    server: unless(sent => list(sent.messages).every(({ role, name }) => role !== 'tool' || name !== undefined), 400, [
      { error: { message: 'GenerateContentRequest.contents[2].parts[0].function_response.name: Name cannot be empty.' } },
    ]),
    requests: 3,
    wire: last => expect(list(last.messages).find(({ role }) => role === 'tool')!.name).toBe('sell'),
  },
  {
    name: 'refuses names that it was not told of',
    script: ({ turn }) => (turn === 0 ? { calls: [{ name: 'steal', arguments: {} }] } : sell),
    server: unless(sent => !JSON.stringify(callsSent(sent)).includes('steal'), 400, {
      error: { message: "messages.2.tool_calls.0: undefined tool 'steal'" },
    }),
    requests: 4,
    counts: { unknown_tools: 1 },
    metadata: { adaptations: { plain_names: 2 } },
  },
  {
    name: 'gives ids longer than it takes',
    server: call({ id: 'x'.repeat(90) }),
    wire: last => expect(String(callsSent(last)[0]!.id)).toHaveLength(40),
  },
  {
    name: 'gives the same id in every turn',
    server: call({ id: 'call_0' }),
    script: () => ({ calls: [...sell.calls!, ...sell.calls!] }),
    reply: { tool_calls: [{ id: 'call_0' }, { id: 'call_1' }] },
  },
  {
    name: 'gives ids with colons',
    server: call({ id: 'functions.sell:0' }),
    wire: last =>
      expect([callsSent(last)[0]!.id, list(last.messages).find(({ role }) => role === 'tool')!.tool_call_id]).toEqual([
        'functions_sell_0',
        'functions_sell_0',
      ]),
  },
  { name: 'gives numbers as ids', server: call({ id: 7 }), reply: { tool_calls: [{ id: '7' }] } },
  {
    name: 'has a rule that no second form keeps to',
    server: refuse(400, mistral('the moon is in the wrong house', 'moon')),
    error: { code: 'bad_request', says: /the moon is in the wrong house/ },
    ...ENDS,
  },
]

const steal = (name: string): Case => ({
  name: `the model invents '${name.slice(0, 24)}'`,
  script: ({ turn }) => (turn === 0 ? { calls: [{ name, arguments: {} }] } : sell),
  reply: { tool_calls: [{ name }] },
  counts: { unknown_tools: 1 },
  requests: 3,
  wire: last => {
    for (const sent of callsSent(last)) expect(object(sent.function).name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/)
  },
})
const play: Case[] = [
  ...['pass_turn<|channel|>commentary', '', 'a.b:c d', 'x'.repeat(70), '天气', '9lives'].map(steal),
  {
    ...steal('bad name!'),
    name: 'the model invents a name in Responses',
    dialect: 'responses',
    wire: last => expect(list(last.input).find(({ type }) => type === 'function_call')!.name).toBe('bad_name_'),
  },
  {
    ...steal('bad name!'),
    name: 'the model invents a name in Messages',
    dialect: 'messages',
    wire: last => expect(JSON.stringify(last.messages)).toContain('"name":"bad_name_"'),
  },
  {
    name: 'the model invents a name beside signed thinking, which goes back otherwise as it came',
    dialect: 'messages',
    script: ({ turn }) => (turn === 0 ? { reasoning: 'hm', calls: [{ name: 'bad name!', arguments: {} }] } : sell),
    requests: 3,
    counts: { unknown_tools: 1 },
    wire: last =>
      expect(list(list(last.messages)[1]!.content)).toMatchObject([
        { type: 'thinking', thinking: 'hm' },
        { type: 'tool_use', name: 'bad_name_' },
      ]),
  },
  {
    name: 'a call that cannot be read is a 400 (Groq): a malformed call',
    server: once(400, {
      error: {
        message: "Failed to call a function. See 'failed_generation'.",
        code: 'tool_use_failed',
        failed_generation: '<function=sell>{"quantity": 1</function>',
      },
    }),
    requests: 3,
    reply: { unreadable_call: { name: 'sell' }, told_as_error: expect.stringMatching(/^400 /) },
    counts: { malformed_arguments: 1, repairs: 1 },
  },
  {
    name: 'a call that cannot be read is a 500 (Ollama): a malformed call',
    server: once(500, { error: "error parsing tool call: raw='{\"quantity\": 1}]', err=invalid character ']'" }),
    requests: 3,
    reply: { unreadable_call: { arguments: '{"quantity": 1}]' } },
    counts: { malformed_arguments: 1 },
  },
  {
    name: 'a call that cannot be read is a 500 (llama.cpp): a malformed call',
    server: once(500, { error: { code: 500, message: 'Failed to parse tool call arguments as JSON: parse error at line 1' } }),
    requests: 3,
    counts: { malformed_arguments: 1 },
  },
  {
    name: 'a call that is never read: refused in the end, and the game goes on',
    server: refuse(400, { error: { message: 'x', code: 'tool_use_failed', failed_generation: 'sell{' } }),
    requests: 4,
    counts: { malformed_arguments: 4, repairs: 2 },
  },
  {
    name: 'a flagged prompt is a 403 (OpenRouter): a refusal',
    server: once(403, {
      error: { code: 403, message: 'm requires moderation. Your input was flagged', metadata: { reasons: ['violence'] } },
    }),
    reply: { finish_reason: 'refusal' },
    counts: { refusals: 1, no_tool_call: 1 },
  },
  {
    name: 'a flagged prompt is a 400 (Azure): a refusal',
    server: once(400, {
      error: {
        code: 'content_filter',
        message: 'The response was filtered due to the prompt triggering content management policy.',
      },
    }),
    counts: { refusals: 1 },
  },
  {
    name: 'a flagged prompt is a 400 (DashScope): a refusal',
    server: once(400, { code: 'data_inspection_failed', message: 'Input data may contain inappropriate content.' }),
    counts: { refusals: 1 },
  },
  {
    name: 'an unexplained 403 after answers: that rollout fails, the run goes on',
    server: (_usual, before) => (before === 1 ? { status: 403, body: 'Forbidden' } : undefined),
    error: { code: 'auth', says: /403 auth/ },
    requests: 2,
  },
  {
    name: 'the call is a `function_call`',
    quirks: ['legacy_call'],
    reply: { tool_calls: [{ name: 'sell', arguments: '{"quantity":1}' }] },
    counts: { no_tool_call: 0 },
  },
  {
    name: 'the call stands in a second choice',
    quirks: ['second_choice'],
    reply: { content: 'I sell.', tool_calls: [{ name: 'sell' }] },
    counts: { no_tool_call: 0 },
  },
  {
    name: 'the calls are an object',
    server: message(({ tool_calls }) => ({ tool_calls: list(tool_calls)[0] })),
    reply: { tool_calls: [{ name: 'sell' }] },
  },
  {
    name: 'the calls are an object by index',
    server: message(({ tool_calls }) => ({ tool_calls: { 0: list(tool_calls)[0] } })),
    reply: { tool_calls: [{ name: 'sell' }] },
  },
  {
    name: 'the calls are null, numbers and texts',
    server: message({ tool_calls: [null, 7, 'sell'] }),
    reply: { tool_calls: [] },
    counts: { no_tool_call: 2 },
  },
  {
    name: 'a call has no function',
    server: message({ tool_calls: [{ id: 'a', type: 'function' }] }),
    counts: { unknown_tools: 4 },
    requests: 4,
  },
  {
    name: 'arguments are encoded twice',
    quirks: ['double_encoded'],
    counts: { malformed_arguments: 0 },
    wire: last => expect(object(callsSent(last)[0]!.function).arguments).toBe('{"quantity":1}'),
  },
  {
    name: 'arguments are `null`: none',
    script: () => ({ calls: [{ name: 'wait', arguments: 'null' }] }),
    counts: { malformed_arguments: 0 },
    wire: last => expect(object(callsSent(last)[0]!.function).arguments).toBe('{}'),
  },
  { name: 'arguments are an object', quirks: ['ollama_shape'], counts: { malformed_arguments: 0 }, usage: { estimated: true } },
  {
    name: 'arguments are a list',
    script: () => ({ calls: [{ name: 'wait', arguments: '[1]' }] }),
    requests: 4,
    wire: last => expect(object(callsSent(last)[0]!.function).arguments).toBe('{"unparsed":"[1]"}'),
  },
  {
    name: 'arguments are cut off: the model is told so',
    script: ({ turn }) => (turn === 0 ? { calls: [{ name: 'sell', arguments: '{"quantity": 1, "no' }] } : sell),
    requests: 3,
    counts: { malformed_arguments: 1 },
    wire: (_last, all) =>
      expect(String(list(all[1]!.messages).at(-1)!.content)).toContain(
        'the JSON of the arguments is cut off after 19 characters',
      ),
  },
  {
    name: 'arguments are nested 20,000 deep as a text',
    quirks: ['deep_arguments'],
    counts: { malformed_arguments: 4 },
    requests: 4,
  },
  { name: 'arguments are nested 5,000 deep as an object', server: called({ arguments: { quantity: deep(3000) } }), requests: 4 },
  {
    name: 'thinks in its content',
    server: message({ content: '<think>hm\nhm</think>\n\nI sell.' }),
    reply: { content: 'I sell.', reasoning_content: 'hm\nhm' },
    wire: last => expect(spoken(last)[0]!.content).toBe('I sell.'),
  },
  {
    name: 'thinks in its content, without a beginning',
    quirks: ['qwen_thinking'],
    reply: { content: 'I sell.', reasoning_content: 'hm' },
  },
  {
    name: 'thinks in its content, without an end',
    server: choice({ finish_reason: 'length', message: { role: 'assistant', content: '<think>hm and' } }),
    reply: { content: '', reasoning_content: 'hm and' },
    counts: { length_stops: 2 },
  },
  { name: 'thinks in parts', quirks: ['mistral_thinking'], reply: { content: 'I sell.', reasoning_content: 'hm' } },
  {
    name: 'says its content in parts',
    server: message({ content: [{ type: 'text', text: 'I ' }, { type: 'text', text: 'sell.' }, null, 7] }),
    reply: { content: 'I sell.' },
  },
  { name: 'says a number', server: message({ content: 42 }), reply: { content: '', tool_calls: [{ name: 'sell' }] } },
  {
    name: 'says half of a surrogate pair',
    quirks: ['half_surrogate'],
    reply: { content: 'I sell.\ufffd' },
    wire: last => expect(JSON.stringify(last)).not.toMatch(/\\ud[89a-f]/),
  },
  {
    name: 'writes half of a surrogate pair into arguments',
    script: () => ({ calls: [{ name: 'sell', arguments: '{"quantity":1,"x":"\\ud83d"}' }] }),
    requests: 4,
  },
  { name: 'names itself with half of a pair', server: body({ model: 'm\ud83d' }) },
  { name: 'writes its calls as text', quirks: ['lm_studio_text'], counts: { calls_in_text: 2, no_tool_call: 2 } },
]

const odd: Case[] = [
  ...(['chat', 'responses', 'messages'] as const).flatMap((dialect): Case[] => [
    {
      name: `an answer that is null, in ${dialect}`,
      dialect,
      server: () => ({ body: 'null', headers: { 'content-type': 'application/json' } }),
      error: { code: 'malformed_reply', says: /no answer in the protocol/ },
      requests: 3,
    },
    {
      name: `an answer that is a list, in ${dialect}`,
      dialect,
      server: () => ({ body: [1] }),
      error: { code: 'malformed_reply', says: /no answer in the protocol/ },
      requests: 3,
    },
    {
      name: `an empty answer, in ${dialect}`,
      dialect,
      server: () => ({ body: '' }),
      error: { code: 'malformed_reply', says: /no answer in the protocol/ },
      requests: 3,
    },
    { name: `a status of 600, in ${dialect}`, dialect, server: once(600, 'what?'), requests: 3 },
    {
      name: `an answer nested 20,000 deep, in ${dialect}`,
      dialect,
      server: () => ({ body: DEEP('[', ']'), headers: { 'content-type': 'application/json' } }),
      error: { code: 'malformed_reply', says: /no answer in the protocol/ },
      requests: 3,
    },
    { name: `JSON as text with a byte order mark, in ${dialect}`, dialect, quirks: ['text_type'], counts: { no_tool_call: 0 } },
    { name: `a model that is no text, in ${dialect}`, dialect, server: body({ model: { id: 1 } }) },
  ]),
  {
    name: '`output: null`',
    dialect: 'responses',
    server: body({ output: null }),
    error: { code: 'malformed_reply', says: /expected a list of output items/ },
    requests: 3,
  },
  {
    name: '`output` with nulls in it',
    dialect: 'responses',
    server: usual => ({ body: { ...usual, output: [null, 7, ...list(usual.output)] } }),
    counts: { no_tool_call: 0 },
  },
  {
    name: '`content: null` in Messages',
    dialect: 'messages',
    server: body({ content: null }),
    error: { code: 'malformed_reply', says: /expected a list of content blocks/ },
    requests: 3,
  },
  {
    name: '`content` as a text in Messages',
    dialect: 'messages',
    server: body({ content: 'I say.' }),
    reply: { content: 'I say.' },
    counts: { no_tool_call: 2 },
  },
  {
    name: 'no choices',
    server: body({ choices: [] }),
    error: { code: 'malformed_reply', says: /expected choices with a message/ },
    requests: 3,
  },
  {
    name: 'choices as an object',
    server: usual => ({ body: { ...usual, choices: list(usual.choices)[0] } }),
    counts: { no_tool_call: 0 },
  },
  {
    name: 'a choice without a message',
    server: choice({ message: null }),
    error: { code: 'malformed_reply', says: /expected choices with a message/ },
    requests: 3,
  },
  { name: 'log-probabilities of no numbers', server: choice({ logprobs: { content: [{ token: 1, logprob: 'x' }] } }) },
  {
    name: 'a header of rates that is no number',
    server: first(refuse(429, 'slow', { 'x-ratelimit-remaining': 'soon', 'retry-after': 'soon' })),
    requests: 3,
  },
  {
    name: 'headers of every odd kind',
    server: usual => ({ body: usual, headers: { 'retry-after': '-5', date: 'never', 'content-encoding': 'identity' } }),
  },
  {
    name: 'half an answer',
    server: first(() => ({ body: '{"choices": [{"mess', headers: { 'content-type': 'application/json' } })),
    requests: 3,
  },
]

const KINDS: Readonly<Record<string, readonly Case[]>> = {
  'why it stopped': finish,
  'options that are refused': options,
  'token counts': usage,
  'state that comes back': state,
  'failures in every shape': failures,
  'servers stricter than most': stricter,
  'what a model does': play,
  'answers that are odd': odd,
}

describe.each(Object.entries(KINDS))('%s', (_kind, cases) => {
  test.each(cases.map(one => [one.name, one] as const))('%s', (_name, one) => check(one))
})

test('there are as many cases as it takes', () => {
  const all = Object.values(KINDS).flat()
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  expect(all.length).toBeGreaterThanOrEqual(120)
})
