/** What is learnt from a refusal: another form, an option less, or nothing, which is then the mistake of who asked. */
import { expect, test } from 'vitest'
import { Forms, parseForms } from '../../../rollouts/models/forms.ts'
import { HttpError } from '../../../rollouts/models/transport.ts'

const call = { id: 'call_0_0', type: 'function', function: { name: 'sell', arguments: '{}' } }
const BODY = {
  model: 'm',
  max_tokens: 50,
  temperature: 1.7,
  top_k: 5,
  parallel_tool_calls: false,
  messages: [
    { role: 'system', content: 'x' },
    { role: 'user', content: 'x' },
    { role: 'assistant', content: null, tool_calls: [call], reasoning_content: 'hm' },
    { role: 'tool', tool_call_id: 'call_0_0', content: 'x' },
    { role: 'user', content: 'x' },
  ],
}
const optional = ['temperature', 'top_k', 'parallel_tool_calls']

/** What a server that says this once is sent then. */
async function learnt(
  answer: unknown,
  status = 400,
  forms = new Forms(),
  body: Readonly<Record<string, unknown>> = BODY,
): Promise<readonly string[] | 'refused'> {
  let told = false
  const sent = forms.send(
    () => body,
    { optional, own: () => (forms.takes('reasoning_content') ? ['reasoning_content'] : []) },
    async () => {
      if (told) return 'answer'
      told = true
      throw new HttpError(status, new Headers(), answer)
    },
  )
  const failed = await sent.then(
    () => false,
    () => true,
  )
  return failed ? 'refused' : [...forms.adaptations, ...forms.dropped.map(name => `-${name}`)]
}

test.each<[string, string | string[]]>([
  // Other forms.
  [
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    ['max_completion_tokens'],
  ],
  ['body.max_tokens: Extra inputs are not permitted', ['max_completion_tokens']],
  ['max_tokens is too large: 50. This model supports at most 16 completion tokens', 'refused'],
  ["Unexpected role 'user' after role 'tool'", ['user_in_result']],
  ["Expected 'assistant' role after 'tool', but got 'user'", ['user_in_result']],
  ['A tool message cannot be followed by a user message', ['user_in_result']],
  ['Conversation roles must alternate user/assistant/user/assistant/...', ['user_in_result']],
  ['Invalid message order: tool -> user', ['user_in_result']],
  ['System role not supported', ['system_as_user']],
  ["messages.0.role: Input should be 'user' or 'assistant'", ['system_as_user']],
  ["role 'system' is not allowed here", ['system_as_user']],
  ['Only user and assistant roles are supported!', ['system_as_user']],
  ["Invalid value for 'content': expected a string, got null.", ['content_empty']],
  ["Invalid 'content': 'content' objects must have a 'type' field that is either 'text' or 'image_url'.", ['content_empty']],
  ['stream must be set to true', ['streaming']],
  ['Non-streaming requests are not supported by this endpoint', ['streaming']],
  ['parameter.enable_thinking must be set to false for non-streaming calls', ['streaming']],
  ['Tool call id was call_0_0 but must be a-z, A-Z, 0-9, with a length of 9.', ['short_ids']],
  ["Invalid 'messages[2].tool_calls[0].id': string too long. Expected a string with maximum length 8.", ['short_ids']],
  ["messages.2: property 'reasoning_content' is unsupported", ['without:reasoning_content']],
  ['Invalid field: reasoning_content', ['without:reasoning_content']],
  ['reasoning_content is missing in assistant tool call message at index 2', 'refused'],
  // Options less.
  ["property 'parallel_tool_calls' is unsupported", ['-parallel_tool_calls']],
  ["openai does not support parameters: ['top_k'], for model=m", ['-top_k']],
  [
    "Unsupported value: 'temperature' does not support 1.7 with this model. Only the default (1) value is supported.",
    ['-temperature'],
  ],
  ['`temperature` is deprecated for this model.', ['-temperature']],
  ['Unknown parameter: topK', ['-top_k']],
  // Values, and what is nobody's wish.
  ['temperature: Input should be less than or equal to 1', 'refused'],
  ['temperature 1.7 is not supported; it must be ≤ 1', 'refused'],
  ['temperature 1.7 is not allowed', 'refused'],
  ['`temperature` and `top_p` cannot both be specified for this model', 'refused'],
  ['something about temperature went wrong', 'refused'],
  ['Function tools with temperature are not supported in /v1/chat/completions. Use /v1/responses.', 'refused'],
  ['the moon is in the wrong house', 'refused'],
])('%s → %j', async (message, expected) => {
  expect(await learnt({ error: { message } })).toEqual(expected)
})

const said = (content: unknown, id = 'call_0_0') => ({ role: 'assistant', content, tool_calls: [{ ...call, id }] })
const result = { role: 'tool', tool_call_id: 'call_0_0', content: 'x' }
const told = (...messages: object[]) => ({ messages: [{ role: 'user', content: 'x' }, ...messages] })
const tools = [{ type: 'function', function: { name: 'sell' } }]
const input = (...items: object[]) => ({ input: [{ role: 'user', content: 'x' }, ...items] })

// Each form by what it is about: the words that ask for it, a request that they are about, and one that is in that form already.
test.each<[form: string, words: string, about: object, already: object]>([
  ['content_empty', 'Missing required field: content', told(said(null), result), told(said('x'), result)],
  ['content_empty', 'null value at messages[1].content', told(said(null), result), told(said(''), result)],
  ['content_empty', 'messages.1.content: none is not an allowed value', told(said(null), result), told(said('x'), result)],
  ['content_words', 'messages: text content blocks must be non-empty', told(said(''), result), told(said('x'), result)],
  ['content_words', 'content: String should have at least 1 character', told(said(''), result), told(said('x'), result)],
  ['content_words', 'empty message content', told(said(''), result), told(said('x'), result)],
  ['max_tokens', "Unknown field 'max_completion_tokens'", { max_completion_tokens: 5 }, { max_tokens: 5, system: 'x' }],
  ['max_completion_tokens', 'Unrecognized argument: max_tokens', { max_tokens: 5 }, { max_output_tokens: 5 }],
  [
    'user_in_result',
    'Expected last role User or Tool',
    told(said('x'), result, { role: 'user', content: 'x' }),
    told(said('x'), result),
  ],
  [
    'system_as_user',
    'Instructions are not supported by this model',
    { instructions: 'x', ...input() },
    { instructions: '', ...input() },
  ],
  ['system_as_user', 'unsupported role: system', { messages: [{ role: 'system', content: 'x' }] }, told()],
  ['streaming', 'This model only supports streaming', told(), { ...told(), stream: true }],
  ['streaming', 'please enable the stream parameter', told(), { ...told(), stream: true }],
  ['short_ids', 'Duplicate tool_call ids', told(said('x'), result), told(said('x', '000000001'), result)],
  [
    'short_ids',
    "Invalid 'input[1].call_id': tool call id must match",
    input({ type: 'function_call', call_id: 'a' }),
    input({ type: 'function_call', call_id: '000000001' }),
  ],
  [
    'short_ids',
    'tool_use ids must be unique',
    told({ role: 'assistant', content: [{ type: 'tool_use', id: 'a' }] }),
    told({ role: 'assistant', content: [{ type: 'text', id: 'a' }] }),
  ],
  ['plain_names', 'unknown tool in history', told(said('x'), result), { ...told(said('x'), result), tools }],
  [
    'plain_names',
    'tool sell is not declared',
    told(said('x'), result),
    { ...told(said('x'), result), tools: [{ name: 'sell' }] },
  ],
  ['result_names', 'tool message: name is required', told(said('x'), result), told(said('x'), { ...result, name: 'sell' })],
])("%s is taken up for '%s', once, and only by a request that it changes", async (form, words, about, already) => {
  const wants = { error: { message: words } }
  expect(await learnt(wants, 400, new Forms(), about as never)).toEqual([form])
  expect(await learnt(wants, 400, new Forms(), already as never)).toBe('refused')
  expect(await learnt(wants, 400, new Forms(parseForms([form])), about as never)).toBe('refused')
})

// Other ways to word it.
const WORDED: Readonly<Record<string, readonly string[]>> = {
  max_completion_tokens: [
    'max_tokens not supported',
    'max_tokens is unrecognized',
    'max_tokens is not permitted',
    'max_tokens, of all options, is not allowed',
    'unknown: max_tokens',
    'Unexpected field max_tokens',
    'unrecognised option max_tokens',
  ],
  user_in_result: [
    'A user may not follow a tool result',
    'what follows the tool',
    'nothing between this and the tool',
    'cannot speak after tool',
    'a tool cannot be followed by this',
    'a tool must not be directly followed by it',
    "a tool message, here, can't be immediately followed by it",
    'tool to user',
    '"tool" → "user"',
    'tool->user',
    'roles should alternate',
    'wrong role sequence',
    'messages order',
    'the roles order',
    'Expected last role Tool',
  ],
  system_as_user: [
    'System messages in this place of a request are not allowed',
    "system prompts aren't supported",
    'system cannot be, and will not be accepted',
    'system: unsupported',
    'unknown role: system',
    'Invalid: system',
    'Unexpected first role, which is system',
    'no support: it does not support the role system',
    'Developer instruction is not enabled',
    'only supports user and assistant',
    "only 'user', and 'model'",
    'only user and assistant',
    "only support 'user' and 'assistant'",
    'role must be user or assistant',
    "the role of messages should be 'user', and 'model'",
    'only these two roles are supported',
    'Only one role is accepted',
    'Only that role is allowed',
  ],
  content_empty: [
    'content is null',
    'content: none',
    'content was nil',
    'content: not a string',
    'content is required',
    'content cannot be that',
    "content can't be that",
    'content of an invalid type',
    'content should be nonnull',
    'content must not be that',
    'content: a non-null value',
    'content: object must have a type',
    'null for content',
    'missing content',
  ],
  content_words: [
    'content must be nonempty',
    'content is blank',
    'content: non-empty',
    'content with at least 1 letter',
    'content: minlength',
    'content: min_length',
    'content is too short',
    'content is whitespace',
    'blank content',
    'an empty message content',
  ],
  streaming: [
    'stream must be true',
    'the stream parameter should be enabled',
    'stream, this time, has to be set to true',
    'only answers by stream',
    'please stream',
    'non-stream is off',
    'nonstream is off',
    'stream only',
    'stream mode is required',
    'models require stream',
    'it requires stream',
    'enable the stream',
    'got stream=false',
    'got stream : false',
    'set the option stream to be true',
    'set stream true',
  ],
  short_ids: [
    'call id must match',
    'tooluse id: length',
    'tool use ids should be short',
    "'tool_calls'[10].id: too long",
    'function_call: id of an invalid kind',
    'call ids, all of them, are expected',
    'invalid toolcall id',
    'malformed value of a tool call id',
    'duplicate tool_use, id',
  ],
  plain_names: [
    'tool name must match',
    'functions[0].name: wrong pattern',
    'tools, of which one has a name that is unknown',
    'a function name is too long',
    'undeclared function',
    'unavailable tool',
    'tool x not in the request',
    'the tool is not available',
  ],
  result_names: [
    'function_response.name',
    'tool result: name is missing',
    'a tool of that role has an empty name, which is empty',
    'tool response without its name, which is required',
    'missing name of a tool',
    "missing the field 'name' of that tool",
  ],
  'without:reasoning_content': [
    'reasoning_content is odd',
    'reasoning-content is odd',
    'reasoningContent is odd',
    'reasoning content?',
  ],
  '-temperature': [
    'temperature is unsupported',
    'temperature is not_supported',
    "it doesn't support temperature",
    "it won't accept temperature",
    "it can't allow temperature",
    'temperature is not permitted',
    'temperature must not be allowed',
    'temperature is not accepted',
    'temperature is not available',
    'temperature is not enabled',
    'temperature is not valid for m',
    'temperature is not recognised',
    'temperature is not a recognized field',
    'temperature is not valid field',
    'temperature is not a valid parameter',
    'unknown name temperature',
    'unknown key: temperature',
    'unrecognized temperature',
    'unexpected keyword temperature',
    'unexpected property temperature',
    'extra input temperature',
    'extra inputs: temperature',
    'extra field temperature',
    'extra fields: temperature',
    'extra key temperature',
    'extra_forbidden: temperature',
    'extraneous temperature',
    'additionalProperties: temperature',
    'additional property temperature',
    'cannot find field temperature',
    'temperature is deprecated',
    'no such field: temperature',
    'invalid parameter name temperature',
  ],
  refused: [
    'the temperature of the room',
    'temperatures are unsupported',
    'supported values of temperature: unsupported',
    'temperature: allowed values are not allowed',
    'temperature is not allowed, must be one of 1',
    'temperature is not allowed, must be between them',
    'temperature is not allowed, at most one: must be at most one',
    'temperature is not allowed, less than or equal to it',
    'temperature is not allowed out of range',
    'temperature is not allowed: too high',
    'temperature is not allowed: too small',
    'temperature is not allowed, cannot both',
    'temperature is not allowed, >1',
    'temperature is not allowed, <= 1',
    'temperature is not allowed, ≥ 1',
    'temperature is not allowed as 1.7',
    'temperature is not supported by the Responses API',
    'temperature is not supported, see /v1/responses',
    'reasoning_content is missing',
    'it lacks reasoning_content',
    'reasoning_content is absent',
    'reasoning_content must be passed',
    'reasoning_content is required',
    'the streams of Babylon',
    'contented',
    'my_content is null',
    'stream_options must be sent',
    'only stream_options',
  ],
}
test.each(Object.entries(WORDED).flatMap(([form, all]) => all.map(words => [form, words] as const)))(
  '%s for: %s',
  async (form, words) => {
    expect(await learnt({ error: { message: words } })).toEqual(form === 'refused' ? form : [form])
  },
)

test('a value is told from an option by what was sent, whole', async () => {
  const of = (message: string, body: object) => learnt({ error: { message } }, 400, new Forms(), { ...BODY, ...body })
  expect(await of('temperature is not allowed as 1.75', {})).toEqual(['-temperature'])
  expect(await of('temperature is not allowed as -1.7', {})).toEqual(['-temperature'])
  expect(await of('temperature is not allowed as 1', { temperature: 1 })).toBe('refused')
  expect(await of('temperature is not allowed as 1.', { temperature: 1 })).toBe('refused')
  expect(await of('temperature is not allowed in v1', { temperature: 1 })).toEqual(['-temperature'])
  expect(await of('parallel_tool_calls is not allowed as false', {})).toEqual(['-parallel_tool_calls'])
  expect(await of('temperature is not allowed as hot', { temperature: 'hot' })).toBe('refused')
})

test.each([400, 404, 405, 406, 415, 422, 500, 501])('a %d may say how a request is to be spelled', async status => {
  expect(await learnt({ error: { message: 'System role not supported' } }, status)).toEqual(['system_as_user'])
})

test.each([402, 403, 409, 413, 502, 503])('a %d says nothing of the kind', async status => {
  expect(await learnt({ error: { message: 'System role not supported' } }, status)).toBe('refused')
})

test('a parameter is named without words for it, by the code of the error', async () => {
  expect(await learnt({ error: { message: 'No.', param: 'top_k', code: 'unsupported_parameter' } })).toEqual(['-top_k'])
})

test('a wrong key and a limit are no wish for another form', async () => {
  expect(await learnt({ error: { message: 'System role not supported' } }, 401)).toBe('refused')
  expect(await learnt({ error: { message: 'System role not supported' } }, 429)).toBe('refused')
})

test('two names of one limit that are both refused end in the refusal', async () => {
  let tries = 0
  const forms = new Forms()
  const build = () => (forms.has('max_completion_tokens') ? { max_completion_tokens: 5 } : { max_tokens: 5 })
  const sent = forms.send(build, { optional: [], own: () => [] }, async () => {
    tries++
    throw new HttpError(400, new Headers(), 'max_tokens and max_completion_tokens are not supported')
  })
  await expect(sent).rejects.toMatchObject({ status: 400 })
  expect(tries).toBeLessThanOrEqual(3)
})

test('what one request learnt, one that was under way the same time need not', async () => {
  const forms = new Forms()
  let sent = 0
  const ask = () =>
    forms.send(
      () => ({ temperature: 1 }),
      { optional: ['temperature'], own: () => [] },
      async body => {
        sent++
        await Promise.resolve()
        if ('temperature' in body) throw new HttpError(400, new Headers(), 'unknown parameter: temperature')
        return body
      },
    )
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([{}, {}, {}])
  expect(sent).toBe(6)
})

test('a form that there is none of is named with those there are', () => {
  expect(parseForms(['streaming', 'streaming'])).toEqual(['streaming'])
  expect(() => parseForms(['streamin'])).toThrow(
    /--adapt: no adaptation 'streamin'\. There are max_completion_tokens, .*Did you mean 'streaming'\?/,
  )
})
