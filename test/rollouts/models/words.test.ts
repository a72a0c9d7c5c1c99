/**
 * The words of servers as their documentation lists them, read without a socket: why an answer ended, what an error means and whether
 * trying again can help, and the same answer in pieces.
 */
import { describe, expect, test } from 'vitest'
import { classify, isUntrusted, nobodyThere } from '../../../rollouts/models/failure.ts'
import type { Dialect } from '../../../rollouts/models/fake/index.ts'
import { HttpError, NoAnswer } from '../../../rollouts/models/transport.ts'
import { heard } from './memory.ts'

const chatAnswer = (finish_reason: unknown, message: object = { role: 'assistant', content: 'I sell.' }) => ({
  choices: [{ index: 0, finish_reason, message }],
})
const messagesAnswer = (stop_reason: unknown) => ({ content: [{ type: 'text', text: 'I sell.' }], stop_reason })

describe('why an answer ended', () => {
  // The reasons that each provider's reference lists.
  const REASONS: readonly [of: string, dialect: Dialect, Readonly<Record<string, string>>][] = [
    ['OpenAI', 'chat', { stop: 'stop', length: 'length', tool_calls: 'stop', function_call: 'stop', content_filter: 'refusal' }],
    [
      'Anthropic',
      'messages',
      {
        end_turn: 'stop',
        stop_sequence: 'stop',
        pause_turn: 'stop',
        tool_use: 'stop',
        max_tokens: 'length',
        model_context_window_exceeded: 'length',
        refusal: 'refusal',
      },
    ],
    [
      'Gemini',
      'chat',
      {
        STOP: 'stop',
        MAX_TOKENS: 'length',
        SAFETY: 'refusal',
        RECITATION: 'refusal',
        LANGUAGE: 'refusal',
        BLOCKLIST: 'refusal',
        PROHIBITED_CONTENT: 'refusal',
        SPII: 'refusal',
        IMAGE_SAFETY: 'refusal',
        MALFORMED_FUNCTION_CALL: 'unreadable',
        UNEXPECTED_TOOL_CALL: 'unreadable',
        TOO_MANY_TOOL_CALLS: 'unreadable',
        MISSING_THOUGHT_SIGNATURE: 'outage',
      },
    ],
    [
      'Cohere',
      'chat',
      {
        COMPLETE: 'stop',
        STOP_SEQUENCE: 'stop',
        TOOL_CALL: 'stop',
        MAX_TOKENS: 'length',
        ERROR_TOXIC: 'refusal',
        ERROR: 'outage',
        TIMEOUT: 'outage',
      },
    ],
    ['Mistral', 'chat', { stop: 'stop', length: 'length', model_length: 'length', tool_calls: 'stop', error: 'outage' }],
    ['DeepSeek', 'chat', { stop: 'stop', content_filter: 'refusal', insufficient_system_resource: 'outage' }],
    ['Z.ai', 'chat', { stop: 'stop', sensitive: 'refusal', network_error: 'outage', model_context_window_exceeded: 'length' }],
    [
      'Bedrock',
      'chat',
      {
        end_turn: 'stop',
        guardrail_intervened: 'refusal',
        content_filtered: 'refusal',
        malformed_model_output: 'unreadable',
        malformed_tool_use: 'unreadable',
      },
    ],
    ['TGI', 'chat', { eos_token: 'stop', stop_sequence: 'stop', length: 'length' }],
    ['Together', 'chat', { eos: 'stop', stop: 'stop', length: 'length', tool_calls: 'stop' }],
    ['vLLM', 'chat', { stop: 'stop', length: 'length', abort: 'outage', error: 'outage' }],
  ]

  const CASES = REASONS.flatMap(([of, dialect, reasons]) =>
    Object.entries(reasons).map(([reason, means]) => [of, reason, dialect, means] as const),
  )
  test.each(CASES)("%s's '%s' is known", async (_of, reason, dialect, means) => {
    const answer = dialect === 'messages' ? messagesAnswer(reason) : chatAnswer(reason)
    if (means === 'outage') {
      const error = await heard(dialect, answer).catch(thrown => thrown)
      expect(classify(error, false, 0)).toMatchObject({ code: 'server_error', retry: true })
      return
    }
    const { reply } = await heard(dialect, answer)
    expect(reply).toMatchObject({ content: 'I sell.', finish_reason: means === 'unreadable' ? 'stop' : means })
    expect(reply.finish_word).toBeUndefined()
    expect(reply.unreadable_call !== undefined).toBe(means === 'unreadable')
  })

  test('a call that came whole counts, whatever the reason says of calls; cut off or refused it is no end by a call', async () => {
    const calling = { role: 'assistant', content: '', tool_calls: [{ id: 'a', function: { name: 'sell', arguments: '{}' } }] }
    const ends = ['stop', 'tool_calls', 'malformed_function_call', 'zorp', 'length', 'content_filter']
    const replies = await Promise.all(ends.map(async end => (await heard('chat', chatAnswer(end, calling))).reply))
    expect(replies.map(({ finish_reason }) => finish_reason)).toEqual([
      'tool_calls',
      'tool_calls',
      'tool_calls',
      'tool_calls',
      'length',
      'refusal',
    ])
    expect(replies.map(({ unreadable_call }) => unreadable_call)).toEqual(ends.map(() => undefined))
  })

  test.each([
    ['completed', undefined, 'stop'],
    ['incomplete', { reason: 'max_output_tokens' }, 'length'],
    ['incomplete', { reason: 'content_filter' }, 'refusal'],
    ['incomplete', undefined, 'length'],
  ])('a response that is %s because of %j', async (status, incomplete_details, means) => {
    const output = [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'I sell.' }] }]
    const { reply } = await heard('responses', { status, incomplete_details, output })
    expect(reply).toMatchObject({ content: 'I sell.', finish_reason: means })
    expect(reply.finish_word).toBeUndefined()
  })
})

describe('what an error means', () => {
  const failed = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    classify(new HttpError(status, new Headers(headers), body), false, 0)
  const openai = (message: string, code: string | null = null, type = 'invalid_request_error') => ({
    error: { message, type, param: null, code },
  })
  const claude = (type: string, message: string) => ({ type: 'error', error: { type, message } })

  // Statuses with words that say no more, as the references of OpenAI, Anthropic and DeepSeek list them; the others by RFC 9110.
  test.each<[number, string, boolean]>([
    [400, 'bad_request', false],
    [401, 'auth', false],
    [402, 'quota', false],
    [403, 'auth', false],
    [404, 'not_found', false],
    [405, 'bad_request', false],
    [407, 'auth', false],
    [408, 'timeout', true],
    [409, 'server_error', true],
    [413, 'context_length', false],
    [418, 'bad_request', false],
    [422, 'bad_request', false],
    [425, 'server_error', true],
    [429, 'rate_limited', true],
    [499, 'server_error', true],
    [500, 'server_error', true],
    [502, 'server_error', true],
    [503, 'server_error', true],
    [504, 'server_error', true],
    [529, 'rate_limited', true],
    [600, 'server_error', true],
  ])('status %d alone is %s, tried again: %s', (status, code, retry) => {
    expect(failed(status, 'No.')).toEqual({ code, status, message: 'No.', retry, retryAfterMs: null, billed: false })
  })

  test.each<[of: string, number, unknown, string]>([
    ['OpenAI', 401, openai('Incorrect API key provided: sk-x. You can find your API key at …', 'invalid_api_key'), 'auth'],
    ['OpenAI', 403, openai('Country, region, or territory not supported', 'unsupported_country_region_territory'), 'auth'],
    ['OpenAI', 404, openai('The model `m` does not exist or you do not have access to it.', 'model_not_found'), 'not_found'],
    ['OpenAI', 400, openai('The requested model m does not exist.', 'model_not_found'), 'not_found'],
    [
      'OpenAI',
      429,
      openai('Rate limit reached for m on tokens per min (TPM): Limit 30000', 'rate_limit_exceeded'),
      'rate_limited',
    ],
    ['OpenAI', 429, openai('You exceeded your current quota, please check your plan', 'insufficient_quota'), 'quota'],
    ['OpenAI', 503, openai('The engine is currently overloaded, please try again later'), 'rate_limited'],
    ['OpenAI', 503, openai('Slow Down'), 'rate_limited'],
    ['OpenAI', 400, openai('Your input exceeds the context window of this model.', 'context_length_exceeded'), 'context_length'],
    ['Anthropic', 400, claude('invalid_request_error', 'Your credit balance is too low to access the API.'), 'quota'],
    ['Anthropic', 401, claude('authentication_error', 'invalid x-api-key'), 'auth'],
    ['Anthropic', 404, claude('not_found_error', 'model: m'), 'not_found'],
    ['Anthropic', 413, claude('request_too_large', 'Request exceeds the maximum size'), 'context_length'],
    [
      'Anthropic',
      429,
      claude('rate_limit_error', 'This request would exceed your rate limit of 40,000 input tokens per minute'),
      'rate_limited',
    ],
    ['Anthropic', 500, claude('api_error', 'Internal server error'), 'server_error'],
    ['Anthropic', 529, claude('overloaded_error', 'Overloaded'), 'rate_limited'],
    [
      'Gemini',
      400,
      [{ error: { code: 400, message: 'Please pass a valid API key: API key expired.', status: 'INVALID_ARGUMENT' } }],
      'auth',
    ],
    [
      'Gemini',
      429,
      [{ error: { code: 429, message: 'Resource has been exhausted (e.g. check quota).', status: 'RESOURCE_EXHAUSTED' } }],
      'rate_limited',
    ],
    ['Gemini', 503, [{ error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }], 'rate_limited'],
    ['DeepSeek', 401, openai('Authentication Fails (no such user)', 'invalid_request_error', 'authentication_error'), 'auth'],
    ['DeepSeek', 402, openai('Insufficient Balance', 'invalid_request_error', 'unknown_error'), 'quota'],
    ['OpenRouter', 402, { error: { code: 402, message: 'This request requires more credits, or fewer max_tokens.' } }, 'quota'],
    ['OpenRouter', 404, { error: { code: 404, message: 'No endpoints found that support tool use.' } }, 'not_found'],
    [
      'Groq',
      413,
      openai(
        'Request too large for model m on tokens per minute (TPM): Limit 6000, Requested 9000',
        'rate_limit_exceeded',
        'tokens',
      ),
      'context_length',
    ],
    [
      'Bedrock',
      400,
      { __type: 'ThrottlingException', message: 'Too many tokens, please wait before trying again.' },
      'rate_limited',
    ],
    [
      'DashScope',
      400,
      { code: 'Arrearage', message: 'Access denied, please make sure your account is in good standing.' },
      'quota',
    ],
    ['Ollama', 404, { error: "model 'm' not found" }, 'not_found'],
    ['Mistral', 401, { message: 'Unauthorized', request_id: 'x' }, 'auth'],
    ['Mistral', 400, { object: 'error', message: 'Invalid model: m', type: 'invalid_model', code: '1500' }, 'not_found'],
    ['Moonshot', 400, openai('Invalid request: Your request exceeded model token limit: 8192', null), 'context_length'],
    ['xAI', 400, { code: 'Client specified an invalid argument', error: 'Incorrect API key provided: x***y.' }, 'auth'],
  ])("%s's %d %j is %s", (_of, status, body, code) => {
    expect(failed(status, body).code).toBe(code)
  })

  // Each way in which some server words it, in a 400; and the statuses with which the same words mean something else.
  const WORDED: Readonly<Record<string, readonly string[]>> = {
    context_length: [
      'context length',
      'the context_window is full',
      'context of greater size',
      'Context limit reached',
      'over the maximum context',
      'max prompt length is 9',
      'maximum model len is 9',
      'the maximum input length',
      'prompt too long',
      'input is too large',
      'the messages are too long',
      'Message was too long',
      'the request too large',
      'Conversation too long',
      'exceed_context_size_error',
      'The input token count of 9 exceeds 8',
      'too many tokens',
      'too many input tokens',
      'inputs tokens + 1 must be <= 9',
      '`inputs` must have less than 9 tokens',
      'Range of input length should be [1, 9]',
      'exceeded model token limit',
      'please reduce the length of the messages',
      'Reduce size of your prompt',
      'reduce length of input',
      'Prompt exceeds max',
      'exceeds the maximum number of tokens',
      'exceed the available context',
      'exceed the maximum length',
      'longer than the maximum',
      '9 tokens are too large for model m',
      'tokens_too large for model m',
    ],
    rate_limited: [
      'rate limit',
      'RateLimit',
      'Too many requests',
      'too many concurrent calls',
      'Throttled',
      '9 tokens per minute',
      'requestsPerSecond',
      'tokens_per_day',
      'requests-per-hour',
      'limit of TPM',
      'your RPD is 9',
      'Slow down',
      'Overloaded',
      'resource exhausted',
      'Resource has been exhausted',
    ],
    quota: [
      'insufficientQuota',
      'insufficient balance',
      'Insufficient  credit',
      'insufficient fund',
      'exceeded your current quota',
      'exceeded the monthly spending limit',
      'exceeded your daily credit',
      'credit balance too low',
      'billing limit',
      'Billing is not active',
      'billing: inactive',
      'out of credits',
      'not enough credits',
      'requires more credits',
      'quota exceeded',
      'Quota has been exhausted',
      'exceeded_current_quota_error',
      'account in arrears',
      'Arrearage',
      'Payment required',
    ],
    auth: [
      'API key invalid',
      'apikey is not valid',
      'access key you gave was incorrect',
      'secret key missing',
      'api-key expired',
      'api_key not found',
      'API key required',
      'invalid api key',
      'incorrect access token',
      'missing your auth credentials',
      'Wrong API secret token',
      'no auth token',
      'Unauthorized',
      'unauthorised',
      'authentication failed',
    ],
    not_found: [
      'model m not found',
      'The model `m` does not exist',
      "model m doesn't exist",
      'model m not exist',
      'model m is unknown',
      'this model is not available',
      'model m is not supported by this endpoint',
      'No such model',
      'unknown model m',
      'Invalid model',
      'model_not_found',
      'm is not a valid model',
    ],
    bad_request: [
      'contextual limits',
      'this context is no concern',
      'maximum of models',
      'a prompt',
      'rpms',
      'atpm',
      'the key to success is not found here',
      'modelling',
      'quota',
      'billing',
      'credits',
    ],
  }
  test.each(Object.entries(WORDED).flatMap(([code, all]) => all.map(words => [words, code] as const)))(
    "'%s' in a 400 is %s",
    (words, code) => {
      expect(failed(400, { error: { message: words } }).code).toBe(code)
    },
  )

  test.each<[string, Readonly<Record<number, string>>]>([
    ['context length', { 401: 'auth', 403: 'auth', 404: 'context_length', 500: 'context_length' }],
    ['rate limit', { 401: 'auth', 404: 'not_found', 403: 'rate_limited', 500: 'rate_limited' }],
    ['out of credits', { 401: 'quota', 499: 'quota', 500: 'server_error' }],
    ['invalid api key', { 299: 'server_error', 499: 'auth', 429: 'rate_limited', 500: 'server_error' }],
    ['no such model', { 299: 'server_error', 499: 'not_found', 500: 'server_error' }],
  ])("'%s' means so with some statuses only: %j", (words, codes) => {
    for (const [status, code] of Object.entries(codes))
      expect([status, failed(Number(status), { error: { message: words } }).code]).toEqual([status, code])
  })

  // The names of errors that stand in a stream or in a 200, where no status says what they are.
  test.each<[string, string, string]>([
    ['invalid_request_error', 'bad_request', 'Anthropic'],
    ['authentication_error', 'auth', 'Anthropic'],
    ['billing_error', 'quota', 'Anthropic'],
    ['permission_error', 'auth', 'Anthropic'],
    ['not_found_error', 'not_found', 'Anthropic'],
    ['request_too_large', 'context_length', 'Anthropic'],
    ['rate_limit_error', 'rate_limited', 'Anthropic'],
    ['timeout_error', 'timeout', 'Anthropic'],
    ['api_error', 'server_error', 'Anthropic'],
    ['overloaded_error', 'rate_limited', 'Anthropic'],
    ['rate_limit_exceeded', 'rate_limited', 'OpenAI'],
    ['insufficient_quota', 'quota', 'OpenAI'],
    ['invalid_api_key', 'auth', 'OpenAI'],
    ['model_not_found', 'not_found', 'OpenAI'],
    ['context_length_exceeded', 'context_length', 'OpenAI'],
    ['invalid_prompt', 'bad_request', 'OpenAI'],
    ['server_error', 'server_error', 'OpenAI'],
    ['UNAVAILABLE', 'server_error', 'Gemini'],
    ['RESOURCE_EXHAUSTED', 'rate_limited', 'Gemini'],
    ['PERMISSION_DENIED', 'auth', 'Gemini'],
    ['INVALID_ARGUMENT', 'bad_request', 'Gemini'],
    ['BadRequestError', 'bad_request', 'vLLM'],
    ['nobody_knows', 'server_error', 'nobody'],
  ])("'%s' in a 200 is %s (%s)", async (type, code) => {
    const inside = { type: 'error', error: { type, message: 'No.' } }
    for (const answer of [inside, `event: error\ndata: ${JSON.stringify(inside)}\n\n`]) {
      const error = await heard('messages', answer).catch(thrown => thrown)
      expect(classify(error, false, 0).code).toBe(code)
    }
  })

  test.each<[unknown, number]>([
    [{ code: 503 }, 503],
    [{ code: '429' }, 429],
    [{ status: 404 }, 404],
    [{ status_code: 401 }, 401],
    [{ http_status: 402 }, 402],
    [{ code: 200 }, 500],
    [{ code: 399, type: 'overloaded' }, 529],
    [{ code: 600 }, 500],
    [{ code: 400 }, 400],
    [{ code: 599 }, 599],
    [{ code: '4290' }, 500],
  ])('%j in a 200 counts as a %d', async (error, status) => {
    const thrown = await heard('chat', { error: { message: 'No.', ...(error as object) } }).catch(each => each)
    expect(classify(thrown, false, 0).status).toBe(status)
  })

  test.each<[string, boolean, boolean, boolean]>([
    // Nobody was reached: nothing can have been billed.
    ['ECONNREFUSED', false, true, false],
    ['ENOTFOUND', false, true, false],
    ['EAI_AGAIN', false, true, false],
    ['EHOSTUNREACH', false, true, false],
    ['ENETUNREACH', false, true, false],
    ['EADDRNOTAVAIL', false, true, false],
    // Certificates, by OpenSSL's names for what is wrong with them.
    ['DEPTH_ZERO_SELF_SIGNED_CERT', false, true, true],
    ['SELF_SIGNED_CERT_IN_CHAIN', false, true, true],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', false, true, true],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', false, true, true],
    ['UNABLE_TO_GET_ISSUER_CERT', false, true, true],
    ['CERT_HAS_EXPIRED', false, true, true],
    ['ERR_TLS_CERT_ALTNAME_INVALID', false, true, true],
    // Somebody was, and may have worked.
    ['ECONNRESET', true, false, false],
    ['EPIPE', true, false, false],
    ['ETIMEDOUT', true, false, false],
  ])('%s: billed %s, nobody there %s, not trusted %s', (code, billed, nobody, untrusted) => {
    const error = Object.assign(new Error('the system said so'), { code })
    for (const thrown of [error, new NoAnswer(error), new Error('fetch failed', { cause: new NoAnswer(error) })]) {
      const failure = classify(thrown, false, 0)
      expect(failure).toMatchObject({
        code: 'connection',
        status: null,
        retry: true,
        billed,
        message: `${code}: the system said so`,
      })
      expect([nobodyThere(failure), isUntrusted(failure)]).toEqual([nobody, untrusted])
    }
    const answered = failed(500, `${code}: no`)
    expect([nobodyThere(answered), isUntrusted(answered)]).toEqual([false, false])
  })
})
