/** What is heard: every place in which an answer of each dialect may say something, and what stands there instead of an answer. */
import { describe, expect, test } from 'vitest'
import { classify } from '../../../rollouts/models/failure.ts'
import type { Dialect } from '../../../rollouts/models/fake/index.ts'
import { HttpError } from '../../../rollouts/models/transport.ts'
import { heard } from './memory.ts'

const reply = async (dialect: Dialect, answer: unknown) => (await heard(dialect, answer)).reply
const SOLD = { id: 'a', name: 'sell', arguments: '{"q":1}' }
const silent = { content: '', tool_calls: [], finish_reason: 'stop' }
const saying = (content: string, more: object = {}) => ({ ...silent, content, ...more })
const selling = (more: object = {}) => ({ content: '', tool_calls: [SOLD], finish_reason: 'tool_calls', ...more })

/** An answer of Chat Completions with this message. */
const message = (said: object, more: object = {}) => ({ choices: [{ index: 0, finish_reason: 'stop', message: said, ...more }] })
const call = { id: 'a', type: 'function', function: { name: 'sell', arguments: '{"q":1}' } }

describe('an answer of Chat Completions', () => {
  const parts = (...content: object[]) => message({ content })
  test.each<[string, answer: object, expected: object]>([
    ['words', message({ content: 'Hm.' }), saying('Hm.')],
    ['a choice of words, as of completions', { choices: [{ text: 'Hm.', finish_reason: 'stop' }] }, saying('Hm.')],
    ['words beside a message', message({ content: 'Hm.' }, { text: 'No.' }), saying('Hm.')],
    ['a choice that is not in a list', { choices: message({ content: 'Hm.' }).choices[0]! }, saying('Hm.')],
    ['a choice of nothing before one of words', { choices: [{ message: {} }, { message: { content: 'Hm.' } }] }, saying('Hm.')],
    [
      'two choices of words, of which the first is told',
      { choices: [{ message: { content: 'A.' } }, { message: { content: 'B.' } }] },
      saying('A.'),
    ],
    [
      'words in one choice and a call in another',
      {
        choices: [
          { message: { role: 'assistant', content: '' } },
          { message: { content: 'B.' } },
          { message: { tool_calls: [call] } },
        ],
      },
      selling({ content: 'B.' }),
    ],
    ['a refusal', message({ content: null, refusal: 'No.' }), saying('No.', { finish_reason: 'refusal' })],
    ['a refusal beside words', message({ content: 'Hm.', refusal: 'No.' }), saying('Hm.', { finish_reason: 'refusal' })],
    ['no refusal', message({ content: 'Hm.', refusal: '' }), saying('Hm.')],
    ['words in parts', parts({ type: 'text', text: 'H' }, { text: 'm.' }), saying('Hm.')],
    [
      'reasoning',
      message({ content: 'Hm.', reasoning: 'r' }),
      saying('Hm.', { reasoning_content: 'r', provider_state: { message: { reasoning: 'r' } } }),
    ],
    [
      'reasoning content',
      message({ content: 'Hm.', reasoning_content: 'r' }),
      saying('Hm.', { reasoning_content: 'r', provider_state: { message: { reasoning_content: 'r' } } }),
    ],
    [
      'both, of which one is told',
      message({ content: 'Hm.', reasoning: 'r', reasoning_content: 's' }),
      saying('Hm.', { reasoning_content: 'r', provider_state: { message: { reasoning: 'r', reasoning_content: 's' } } }),
    ],
    [
      'parts of thinking',
      parts(
        { type: 'thinking', thinking: [{ type: 'text', text: 'a' }] },
        { type: 'reasoning', reasoning: 'b' },
        { type: 'thought', text: 'c' },
        { type: 'text', text: 'Hm.' },
      ),
      saying('Hm.', { reasoning_content: 'a\nb\nc' }),
    ],
    ['a call', message({ tool_calls: [call] }), selling()],
    [
      'a call with a number as its id',
      message({ tool_calls: [{ ...call, id: 7 }] }),
      selling({ tool_calls: [{ ...SOLD, id: '7' }] }),
    ],
    [
      'a call without an id',
      message({ tool_calls: [{ function: call.function }] }),
      selling({ tool_calls: [{ ...SOLD, id: 'call_0' }] }),
    ],
    [
      'a custom call',
      message({ tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'sell', input: '{"q":1}' } }] }),
      selling(),
    ],
    ['a call without a function', message({ tool_calls: [{ id: 'a', name: 'sell', arguments: '{"q":1}' }] }), selling()],
    [
      'a call with parameters',
      message({ tool_calls: [{ id: 'a', function: { name: 'sell', parameters: { q: 1 } } }] }),
      selling(),
    ],
    ['a call alone', message({ tool_calls: call }), selling()],
    ['a call alone, without a function', message({ tool_calls: { id: 'a', name: 'sell', arguments: '{"q":1}' } }), selling()],
    ['calls by their index', message({ tool_calls: { 0: call, 1: {} } }), selling()],
    ['calls of nothing', message({ content: 'Hm.', tool_calls: {} }), saying('Hm.')],
    ['a function call', message({ function_call: call.function }), selling({ tool_calls: [{ ...SOLD, id: 'call_0' }] })],
    ['a function call beside calls', message({ tool_calls: [call], function_call: { name: 'wait' } }), selling()],
    ['no function call', message({ content: 'Hm.', function_call: {} }), saying('Hm.')],
    ['parsed arguments', message({ tool_calls: [{ ...call, function: { name: 'sell', arguments: { q: 1 } } }] }), selling()],
    [
      'no arguments',
      message({ tool_calls: [{ ...call, function: { name: 'sell' } }] }),
      selling({ tool_calls: [{ ...SOLD, arguments: '' }] }),
    ],
    [
      'null for arguments',
      message({ tool_calls: [{ ...call, function: { name: 'sell', arguments: null } }] }),
      selling({ tool_calls: [{ ...SOLD, arguments: '' }] }),
    ],
    [
      'a number for arguments',
      message({ tool_calls: [{ ...call, function: { name: 'sell', arguments: 7 } }] }),
      selling({ tool_calls: [{ ...SOLD, arguments: '7' }] }),
    ],
    [
      'the reason of its own server',
      message({ content: 'Hm.' }, { finish_reason: null, native_finish_reason: 'length' }),
      saying('Hm.', { finish_reason: 'length' }),
    ],
    ['both reasons', message({ content: 'Hm.' }, { finish_reason: 'stop', native_finish_reason: 'length' }), saying('Hm.')],
    [
      'fields of its server in message, call and function',
      message({
        content: '',
        name: 'x',
        audio: { id: 1 },
        extra: 1,
        tool_calls: [
          { ...call, index: 0, more: 2, function: { ...call.function, deep: 3 } },
          { ...call, id: 'b' },
        ],
      }),
      selling({
        tool_calls: [SOLD, { ...SOLD, id: 'b' }],
        provider_state: { message: { extra: 1 }, calls: [{ more: 2, function: { deep: 3 } }, null] },
      }),
    ],
    [
      'a field of its server in a call alone',
      message({ tool_calls: [{ ...call, more: 2 }] }),
      selling({ provider_state: { calls: [{ more: 2 }] } }),
    ],
    [
      'a field of its server in a function alone',
      message({ tool_calls: [{ ...call, function: { ...call.function, deep: 3 } }] }),
      selling({ provider_state: { calls: [{ function: { deep: 3 } }] } }),
    ],
  ])('is %s', async (_what, answer, expected) => {
    expect(await reply('chat', answer)).toStrictEqual(expected)
  })

  test.each<[string, answer: object, expected: object]>([
    [
      'ids',
      { prompt_token_ids: [1, 2], choices: [{ token_ids: [3], message: { content: 'x' } }] },
      { prompt_token_ids: [1, 2], token_ids: [3] },
    ],
    [
      'ids in the words of log-probabilities',
      message(
        { content: 'x' },
        {
          logprobs: {
            content: [
              { token: 'token_id:5', logprob: -1 },
              { token: 'token_id:67', logprob: 0 },
            ],
          },
        },
      ),
      { token_ids: [5, 67], logprobs: [-1, 0] },
    ],
    [
      'ids that go before those',
      message({ content: 'x' }, { token_ids: [9], logprobs: { content: [{ token: 'token_id:5', logprob: -1 }] } }),
      { token_ids: [9], logprobs: [-1] },
    ],
    [
      'words of which one is no id',
      message(
        { content: 'x' },
        {
          logprobs: {
            content: [
              { token: 'token_id:5', logprob: -1 },
              { token: 'a token_id:5', logprob: -1 },
            ],
          },
        },
      ),
      { logprobs: [-1, -1] },
    ],
    [
      'an id with something behind it',
      message({ content: 'x' }, { logprobs: { content: [{ token: 'token_id:5x', logprob: -1 }] } }),
      { logprobs: [-1] },
    ],
    [
      'words of which one has no probability',
      message({ content: 'x' }, { logprobs: { content: [{ token: 'a', logprob: -1 }, { token: 'b' }] } }),
      {},
    ],
    [
      'nothing',
      { prompt_token_ids: [], choices: [{ token_ids: [1, 'x'], message: { content: 'x' }, logprobs: { content: [] } }] },
      {},
    ],
  ])('tells of its tokens %s', async (_what, answer, expected) => {
    expect(await reply('chat', answer)).toStrictEqual(saying('x', expected))
  })

  test.each<[string, object, object]>([
    ['in the names of the newest protocol', { input_tokens: 9, output_tokens: 7 }, { input_uncached: 9, output: 7 }],
    [
      'the older names going first',
      { input_tokens: 1, prompt_tokens: 9, output_tokens: 1, completion_tokens: 7 },
      { input_uncached: 9, output: 7 },
    ],
    [
      'with what was read from the cache, as DeepSeek says it',
      { prompt_tokens: 9, completion_tokens: 7, prompt_cache_hit_tokens: 4 },
      { input_uncached: 5, input_cached_read: 4 },
    ],
    [
      'with what was read from the cache, said twice',
      { prompt_tokens: 9, completion_tokens: 7, prompt_cache_hit_tokens: 4, prompt_tokens_details: { cached_tokens: 3 } },
      { input_uncached: 6, input_cached_read: 3 },
    ],
  ])('counts %s', async (_what, usage, expected) => {
    expect((await heard('chat', { ...message({ content: 'x' }), usage })).usage).toMatchObject(expected)
  })
})

describe('an answer of Responses', () => {
  const said = (...content: unknown[]) => ({ type: 'message', role: 'assistant', content })
  const text = { type: 'output_text', text: 'Hm.' }
  const item = { type: 'function_call', id: 'fc', call_id: 'a', name: 'sell', arguments: '{"q":1}', status: 'completed' }
  const thought = { type: 'reasoning', id: 'rs', summary: [{ type: 'summary_text', text: 's' }] }
  test.each<[string, answer: object, expected: object]>([
    ['words', { output: [said(text, { text: ' Yes.' })] }, saying('Hm. Yes.')],
    ['two messages', { output: [said(text), said(text)] }, saying('Hm.Hm.')],
    ['words beside which others stand', { output: [said(text)], output_text: 'No.' }, saying('Hm.')],
    ['words alone', { output: [], output_text: 'Hm.' }, saying('Hm.')],
    ['a call beside words alone', { output: [item], output_text: 'Hm.' }, selling()],
    [
      'a call without an id for its result',
      { output: [{ ...item, call_id: '' }] },
      selling({ tool_calls: [{ ...SOLD, id: 'fc' }] }),
    ],
    [
      'a call without any',
      { output: [{ type: 'function_call', name: 'sell', arguments: '{"q":1}' }] },
      selling({ tool_calls: [{ ...SOLD, id: 'call_0' }] }),
    ],
    ['a custom call', { output: [{ type: 'custom_tool_call', call_id: 'a', name: 'sell', input: '{"q":1}' }] }, selling()],
    [
      'a call of neither kind',
      { output: [{ ...item, type: 'web_search_call' }] },
      { ...silent, provider_state: [{ ...item, type: 'web_search_call' }] },
    ],
    [
      'a refusal',
      { status: 'completed', output: [said({ type: 'refusal', refusal: 'N' }, { type: 'refusal', refusal: 'o.' })] },
      saying('No.', { finish_reason: 'refusal' }),
    ],
    ['reasoning that cannot be sent back', { output: [thought, said(text)] }, saying('Hm.', { reasoning_content: 's' })],
    [
      'reasoning that can',
      { output: [{ ...thought, content: [{ text: 'c' }], encrypted_content: 'x' }, said(text)] },
      saying('Hm.', {
        reasoning_content: 'c\ns',
        provider_state: [{ ...thought, content: [{ text: 'c' }], encrypted_content: 'x' }, said(text)],
      }),
    ],
    [
      'a call with a field of its server',
      { output: [{ ...item, more: 1 }] },
      selling({ provider_state: [{ ...item, more: 1 }] }),
    ],
    [
      'a message with a field of its server',
      { output: [{ ...said(text), more: 1 }, {}] },
      saying('Hm.', { provider_state: [{ ...said(text), more: 1 }] }),
    ],
    ['a message in a phase', { output: [{ ...said(text), id: 'x', status: 'completed', phase: 'final' }] }, saying('Hm.')],
    ['all that was asked for', { status: 'completed', incomplete_details: {}, output: [said(text)] }, saying('Hm.')],
  ])('is %s', async (_what, answer, expected) => {
    expect(await reply('responses', answer)).toStrictEqual(expected)
  })

  test('counts in either names', async () => {
    const of = async (usage: object) => (await heard('responses', { output: [said(text)], usage })).usage
    expect(await of({ input_tokens: 9, prompt_tokens: 1, output_tokens: 7, completion_tokens: 1 })).toMatchObject({
      input_uncached: 9,
      output: 7,
    })
    expect(await of({ prompt_tokens: 9, completion_tokens: 7 })).toMatchObject({ input_uncached: 9, output: 7 })
  })
})

describe('an answer of Messages', () => {
  const text = { type: 'text', text: 'Hm.' }
  const use = { type: 'tool_use', id: 'a', name: 'sell', input: { q: 1 } }
  const thinking = (words: string) => ({ type: 'thinking', thinking: words, signature: 's' })
  test.each<[string, content: unknown, expected: object]>([
    ['words', [text, { ...text, text: ' Yes.' }], saying('Hm. Yes.')],
    ['words alone', 'Hm.', saying('Hm.')],
    ['nothing', [], silent],
    ['blocks of nothing', [{}, text], saying('Hm.')],
    ['a call', [text, use], selling({ content: 'Hm.' })],
    ['a call without an id', [{ ...use, id: null }], selling({ tool_calls: [{ ...SOLD, id: 'call_0' }] })],
    ['a call that says who called', [{ ...use, caller: { type: 'direct' } }], selling()],
    ['words with citations', [{ ...text, citations: [{ a: 1 }] }], saying('Hm.')],
    [
      'thinking, which goes back as it came but for blank words',
      [thinking('a'), { type: 'text', text: ' ' }, thinking('b'), text],
      saying('Hm.', { content: ' Hm.', reasoning_content: 'a\nb', provider_state: [thinking('a'), thinking('b'), text] }),
    ],
    ['a call with a field of its server', [{ ...use, more: 1 }], selling({ provider_state: [{ ...use, more: 1 }] })],
    ['words with a field of its server', [{ ...text, more: 1 }], saying('Hm.', { provider_state: [{ ...text, more: 1 }] })],
    [
      'a block that nobody knows',
      [text, { type: 'note', a: 1 }],
      saying('Hm.', { provider_state: [text, { type: 'note', a: 1 }] }),
    ],
    ['a block without a type', [text, { a: 1 }], saying('Hm.')],
  ])('is %s', async (_what, content, expected) => {
    expect(await reply('messages', { content, stop_reason: 'end_turn' })).toStrictEqual(expected)
  })
})

describe('thinking in what is said', () => {
  test.each<[string, content: string, thought: string | undefined]>([
    ['<think>a</think>b', 'b', 'a'],
    [' \n<THINK> a </THINK>\n b ', 'b', 'a'],
    ['<thinking>a\nb</thinking>c', 'c', 'a\nb'],
    ['<thought>a</thought>b', 'b', 'a'],
    ['<reasoning>a</reasoning>b', 'b', 'a'],
    ['[THINK]a[/THINK]b', 'b', 'a'],
    ['[THINK]a\nb[/THINK]c', 'c', 'a\nb'],
    ['<think>a</thinking>b</think>c', 'c', 'a</thinking>b'],
    ['<think>a', '', 'a'],
    ['[THINK]a', '', 'a'],
    ['<think></think>b', 'b', undefined],
    ['a</think>b', 'b', 'a'],
    ['a</THINK> b</think>c', 'b</think>c', 'a'],
    ['a <think>b</think> c', 'c', 'a <think>b'],
    ['x<think>', 'x<think>', undefined],
    ['<thinks>a</thinks>', '<thinks>a</thinks>', undefined],
    ['a [THINK]b[/THINK]', 'a [THINK]b[/THINK]', undefined],
    [' b ', ' b ', undefined],
  ])('%j', async (said, content, thought) => {
    const { reasoning_content, ...rest } = await reply('chat', message({ content: said }))
    expect([rest.content, reasoning_content]).toEqual([content, thought])
  })

  test('is not told twice', async () => {
    expect(
      await reply('messages', {
        content: [
          { type: 'thinking', thinking: 'r', signature: '' },
          { type: 'text', text: '<think>a</think>b' },
        ],
      }),
    ).toMatchObject({ content: 'b', reasoning_content: 'r' })
  })
})

describe('the model of an answer', () => {
  test.each([
    ['n', 'n'],
    ['', 'm'],
    [undefined, 'm'],
    [7, 'm'],
  ])('%j is %s', async (model, expected) => {
    expect((await heard('chat', { ...message({ content: 'x' }), model })).model).toBe(expected)
  })
})

describe('a call that could not be read', () => {
  const unreadable = (more: object, said: object = { content: null }) =>
    message(said, { finish_reason: 'malformed_function_call', ...more })
  test.each<[string, answer: object, expected: object]>([
    ['said in its words', unreadable({}, { content: 'print(sell(1))' }), { name: 'print', arguments: 'print(sell(1))' }],
    [
      'said in a remark',
      unreadable({ finish_message: '<function=sell.now>{"q": 1' }),
      { name: 'sell.now', arguments: '<function=sell.now>{"q": 1' },
    ],
    ['said beside other words', unreadable({ finish_message: 'x' }, { content: 'y' }), { name: '', arguments: 'y' }],
    [
      'said in a message that is words',
      { choices: [{ finish_reason: 'malformed_function_call', message: 'sell {' }] },
      { name: 'sell', arguments: 'sell {' },
    ],
    ['told by its name alone', unreadable({}), { name: '', arguments: 'malformed_function_call' }],
    [
      'that is whole',
      unreadable({}, { content: '{"name": "sell", "q": 1}' }),
      { name: 'sell', arguments: '(unreadable) {"name": "sell", "q": 1}' },
    ],
  ])('%s is kept as it was written, with its name where one stands there', async (_what, answer, expected) => {
    expect((await reply('chat', answer)).unreadable_call).toEqual(expected)
  })

  /** What becomes of an error. */
  const refused = (status: number, body: unknown) =>
    heard('chat', Promise.reject(new HttpError(status, new Headers(), body))).then(
      ({ reply: { finish_reason, unreadable_call, told_as_error } }) => ({ finish_reason, unreadable_call, told_as_error }),
      error => classify(error, false, 0).code,
    )

  test.each<[string, body: unknown, name: string, written: string]>([
    [
      'as Groq does',
      { error: { message: 'Failed to call a function.', failed_generation: '<function=sell>{"q"' } },
      'sell',
      '<function=sell>{"q"',
    ],
    ['as Groq does, elsewhere', { message: 'x', code: 'tool_use_failed', failed_generation: 'sell{' }, 'sell', 'sell{'],
    [
      'as Groq does, in text',
      JSON.stringify({ error: { code: 'tool_use_failed', failed_generation: 'sell {' } }),
      'sell',
      'sell {',
    ],
    [
      'as Ollama does',
      { error: 'error parsing tool call: raw=\'{"name": "sell", \', err=unexpected end' },
      'sell',
      '{"name": "sell", ',
    ],
    ['as Ollama does, without an end', { error: "error parsing tool call: raw='sell('" }, 'sell', 'sell('],
    [
      'as llama.cpp does',
      { error: { message: 'Failed to parse tool call arguments as JSON: x' } },
      '',
      'Failed to parse tool call arguments as JSON: x',
    ],
    ['by the name of its tool', { error: "error parsing tool call 'sell'" }, 'sell', "error parsing tool call 'sell'"],
    [
      'by what was called',
      { error: "tool call validation failed: attempted to call tool 'a.b-c'" },
      'a.b-c',
      "tool call validation failed: attempted to call tool 'a.b-c'",
    ],
    ['of a function', { error: 'failed to parse function call' }, '', 'failed to parse function call'],
    ['of an input', { error: 'Failed to parse input at pos 7' }, '', 'Failed to parse input at pos 7'],
    ['of arguments', { error: 'failed to parse arguments of the call' }, '', 'failed to parse arguments of the call'],
    ['as not valid', { error: 'tool call validation failed for tool sell' }, 'sell', 'tool call validation failed for tool sell'],
    ['as invalid JSON', { error: 'Invalid tool call JSON' }, '', 'Invalid tool call JSON'],
    ['as malformed arguments', { error: 'malformed function_call arguments' }, '', 'malformed function_call arguments'],
    ['as generated wrong', { error: 'Invalid toolcall generated' }, '', 'Invalid toolcall generated'],
    ['as could not', { error: 'could not parse the tool call' }, '', 'could not parse the tool call'],
    ['as could not, briefly', { error: 'Could not parse tool call' }, '', 'Could not parse tool call'],
    ['by its parser', { error: 'tool call parsing: no end' }, '', 'tool call parsing: no end'],
  ])('and is told as an error %s is a call all the same', async (_how, body, name, written) => {
    for (const status of [400, 500])
      expect(await refused(status, body)).toEqual({
        finish_reason: 'stop',
        unreadable_call: { name, arguments: written },
        told_as_error: expect.stringMatching(new RegExp(`^${status} .`)),
      })
    // Who may not ask, or too often, is told that.
    expect([await refused(401, body), await refused(429, body)]).toEqual(['auth', 'rate_limited'])
  })

  // What servers say of a prompt or an answer that a filter did not let through.
  test.each([
    'content_filter',
    'ContentFilter',
    'Content policy violation',
    'content-management policy',
    'requires moderation',
    'Your input was flagged',
    'rejected by the safety system',
    'did not pass our safety check',
    'blocked by safety guidelines',
    'blocked by a safety filter',
    'for safety reasons',
    'against our usage policy',
    'against our usage policies',
    'see the usage guidelines',
    'may contain inappropriate content',
    'data_inspection_failed',
    'DataInspectionFailed',
    'Content Exists Risk',
    'the request is high risk',
    'PROHIBITED_CONTENT',
    'prohibited content',
    'Responsible AI policies',
    'the content violates a rule',
    'Guardrail intervened',
    'sensitive content',
    'sensitive words',
    'sensitive word',
    'sensitive information',
    '内容不安全',
    '包含敏感信息',
  ])("'%s' is a refusal of that message", async words => {
    expect(await refused(400, { error: { message: words } })).toEqual({
      finish_reason: 'refusal',
      unreadable_call: undefined,
      told_as_error: `400 ${words}`,
    })
    // A server that broke refused nothing.
    expect(await refused(500, { error: { message: words } })).toBe('server_error')
    expect(await refused(499, { error: { message: words } })).toMatchObject({ finish_reason: 'refusal' })
  })

  test('is no other error', async () => {
    for (const words of ['content is too long', 'a safety net', 'the tool was called', 'sensitive'])
      expect(await refused(400, { error: { message: words } })).toBe('bad_request')
  })
})

describe('in the place of an answer', () => {
  const failed = async (answer: unknown) => {
    const error = await heard('chat', answer).then(
      said => expect.unreachable(JSON.stringify(said)),
      thrown => thrown,
    )
    const { code, status, message } = classify(error, false, 0)
    return [code, status, message]
  }
  const none = (words: string) => ['malformed_reply', null, expect.stringContaining(words)]

  test.each<[string, answer: unknown, expected: unknown]>([
    ['words', 'upstream connect error', none('upstream connect error')],
    ['a page', '<html><title>Sorry</title></html>', none('a web page: Sorry')],
    ['a text in quotes', '"hello"', none('hello')],
    ['nothing', '', none('""')],
    ['nothing at all', undefined, none('nothing')],
    ['null', null, none('null')],
    ['a number', 7, none('7')],
    ['a list', [1, 2], none('[1,2]')],
    ['an empty list', [], none('[]')],
    ['a list of errors and others', [{ error: 'x' }, 7], none('x')],
    ['an object of nothing', {}, none('choices')],
    ['a message that is no text', { message: { a: 1 } }, none('choices')],
    ['an error of a 200', { error: { message: 'gone' } }, ['server_error', 500, 'gone']],
    ['an error that is a word', { error: 'overloaded' }, ['rate_limited', 500, 'overloaded']],
    [
      'an error beside a choice of nothing',
      { ...message({}), error: { message: 'gone', code: 503 } },
      ['server_error', 503, 'gone'],
    ],
    [
      'an error beside a choice that ended nobody knows how',
      { ...message({ content: 'x' }, { finish_reason: 'zorp' }), error: { message: 'gone' } },
      ['server_error', 500, 'gone'],
    ],
    [
      'a response that failed',
      { type: 'response.failed', response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'slow' } } },
      ['rate_limited', 429, 'slow · rate_limit_exceeded'],
    ],
    ['one that failed without saying why', { status: 'failed', output: [] }, ['server_error', 500, 'HTTP 500']],
    ['a detail', { detail: 'gone' }, ['server_error', 500, 'gone']],
    ['a message', { message: 'gone' }, ['server_error', 500, 'gone']],
    ['what says it is an error', { object: 'error', choices: [], message: 'gone' }, ['server_error', 500, 'gone']],
  ])('%s stands for what it says', async (_what, answer, expected) => {
    expect(await failed(answer)).toEqual(expected)
  })

  test.each(['stop', 'tool_calls', 'length', 'content_filter', 'eos'])(
    'an error beside an answer that ended with %s is late',
    async end => {
      const answer = message({ content: 'x' }, { finish_reason: end, error: { message: 'late' } })
      expect((await reply('chat', answer)).content).toBe('x')
      expect(
        (await reply('chat', { ...message({ content: 'x' }, { finish_reason: end }), error: { message: 'late' } })).content,
      ).toBe('x')
    },
  )

  test.each<[string, object]>([
    ['chat', { ...message({ content: 'x' }), detail: 'd', message: 'm' }],
    ['responses', { output: [{ type: 'message', content: 'x' }], detail: 'd', message: 'm' }],
    ['messages', { content: 'x', detail: 'd', message: 'm' }],
    ['messages', { type: 'message', content: 'x', detail: 'd', message: 'm' }],
  ])('nothing does that only stands beside one, in %s', async (dialect, answer) => {
    expect((await reply(dialect as Dialect, answer)).content).toBe('x')
  })

  test.each<[string, string]>([
    ['as text', JSON.stringify(message({ content: 'x' }))],
    ['as a stream after remarks and blanks', `: hi\r\n\r\n \n: there\n\ndata:${JSON.stringify(message({ content: 'x' }))}\n\n`],
    ['as a stream that begins with a name', `event: x\ndata: ${JSON.stringify(message({ content: 'x' }))}\n\n`],
    ['as a stream that begins with an id', `id: 1\ndata: ${JSON.stringify(message({ content: 'x' }))}\n\n`],
    ['as a stream that begins with a wish', `retry: 1\n\ndata: ${JSON.stringify(message({ content: 'x' }))}\n\n`],
    [
      'as a stream among what is no object',
      `data: 7\n\ndata: [1]\n\ndata: null\n\ndata: {\n\ndata: ${JSON.stringify(message({ content: 'x' }))}\n\n`,
    ],
    ['over several lines', `data: {"choices": [{"finish_reason": "stop",\ndata: "message": {"content": "x"}}]}\n\n`],
    ['to the mark of its end', 'data: {"choices":[{"delta":{"content":"x"}}]}\n\ndata:[DONE]\n\n'],
    [
      'to the mark of its end, after other lines',
      'data: {"choices":[{"delta":{"content":"x"}}]}\n\nevent: done\ndata: [DONE]\n\n',
    ],
  ])('%s is an answer', async (_how, answer) => {
    expect((await reply('chat', answer)).content).toBe('x')
  })

  test.each<[string, string]>([
    ['that does not end', 'data: {"choices":[{"delta":{"content":"x"}}]}\n\n'],
    ['of which the end is said in words', 'data: {"choices":[{"delta":{"content":"data: [DONE]"}}]}\n\n'],
    ['of nothing but its end', 'data: [DONE]\n\n'],
  ])('a stream %s is none', async (_how, answer) => {
    expect(await failed(answer)).toEqual(none('broke off'))
  })
})

describe('a stream of Chat Completions', () => {
  const events = (...all: object[]) => `${all.map(event => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`
  const delta = (said: object, more: object = {}) => ({ choices: [{ index: 0, delta: said, ...more }] })
  const piece = (more: object, called: object = {}) => delta({ tool_calls: [{ ...more, function: called }] })
  test.each<[string, stream: string, expected: object]>([
    ['whole messages in the place of pieces', events(message({ content: 'Hm.' })), saying('Hm.')],
    [
      'a second answer that is not told',
      events(delta({ content: 'A.' }), { choices: [{ index: 1, delta: { content: 'B.' } }] }),
      saying('A.'),
    ],
    ['a second answer alone', events({ choices: [{ index: 1, delta: { content: 'B.' } }] }), saying('B.')],
    [
      'a role in every piece',
      events(delta({ role: 'assistant', content: 'H' }), delta({ role: 'assistant', content: 'm.' })),
      saying('Hm.'),
    ],
    [
      'lists in pieces',
      events(delta({ content: 'x', notes: [1] }), delta({ notes: [2] })),
      saying('x', { provider_state: { message: { notes: [1, 2] } } }),
    ],
    [
      'other values, of which the last counts',
      events(delta({ content: 'x', note: 1 }), delta({ note: 2 })),
      saying('x', { provider_state: { message: { note: 2 } } }),
    ],
    [
      'ids and names in every piece',
      events(
        piece({ index: 0, id: 'a' }, { name: 'sell', arguments: '{"q"' }),
        piece({ index: 0, id: 'a' }, { name: 'sell', arguments: ':1}' }),
      ),
      selling(),
    ],
    [
      'a name in pieces',
      events(piece({ index: 0, id: 'a' }, { name: 'se' }), piece({ index: 0 }, { name: 'll', arguments: '{"q":1}' })),
      selling(),
    ],
    ['calls without an index', events(piece({ id: 'a' }, { name: 'sell' }), piece({}, { arguments: '{"q":1}' })), selling()],
    [
      'calls of an index below zero',
      events(piece({ index: -1, id: 'a' }, { name: 'sell' }), piece({ index: -1 }, { arguments: '{"q":1}' })),
      selling(),
    ],
    [
      'two calls of one index, told apart by their ids',
      events(
        piece({ index: 0, id: 'a' }, { name: 'sell', arguments: '{"q":1}' }),
        piece({ index: 0, id: 'b' }, { name: 'wait', arguments: '{' }),
        piece({ index: 0, id: '' }, { arguments: '}' }),
      ),
      selling({ tool_calls: [SOLD, { id: 'b', name: 'wait', arguments: '{}' }] }),
    ],
    [
      'two calls whose pieces come in turns',
      events(
        delta({
          tool_calls: [
            { index: 0, id: 'a', function: { name: 'sell' } },
            { index: 1, id: 'b', function: { name: 'wait' } },
          ],
        }),
        delta({
          tool_calls: [
            { index: 1, function: { arguments: '{}' } },
            { index: 0, function: { arguments: '{"q":1}' } },
          ],
        }),
      ),
      selling({ tool_calls: [SOLD, { id: 'b', name: 'wait', arguments: '{}' }] }),
    ],
    [
      'an id that comes late',
      events(piece({ index: 0 }, { name: 'sell' }), piece({ index: 0, id: 'a' }, { arguments: '{"q":1}' })),
      selling(),
    ],
    [
      'arguments that are parsed',
      events(piece({ index: 0, id: 'a' }, { name: 'sell', arguments: null }), piece({ index: 0 }, { arguments: { q: 1 } })),
      selling(),
    ],
    [
      'fields of a server in its pieces',
      events(
        piece({ index: 0, id: 'a', extra: 1 }, { name: 'sell', sig: 'x' }),
        piece({ index: 0, extra: null }, { arguments: '{"q":1}' }),
      ),
      selling({ provider_state: { calls: [{ extra: 1, function: { sig: 'x' } }] } }),
    ],
  ])('holds %s', async (_what, stream, expected) => {
    expect(await reply('chat', stream)).toStrictEqual(expected)
  })

  test('holds its counts and its model wherever they stand', async () => {
    const counts = { prompt_tokens: 9, completion_tokens: 7 }
    const stream = events(
      { ...delta({ content: 'x' }), model: 'n', usage: null },
      { usage: counts },
      { ...delta({}), usage: null, model: null },
    )
    expect(await heard('chat', stream)).toMatchObject({ model: 'n', usage: { input_uncached: 9, output: 7 } })
    // What is neither a choice nor a count says nothing.
    expect(await heard('chat', events({ model: 'o' }, { ...delta({ content: 'x' }) }))).toMatchObject({ model: 'm' })
  })
})

describe('a stream of Messages', () => {
  const events = (...all: object[]) => all.map(event => `data: ${JSON.stringify(event)}\n\n`).join('')
  const stop = { type: 'message_stop' }
  const begin = (block: object, more: object = { index: 0 }) => ({ type: 'content_block_start', ...more, content_block: block })
  const fill = (delta: object, more: object = { index: 0 }) => ({ type: 'content_block_delta', ...more, delta })
  const words = begin({ type: 'text', text: '' })
  const use = begin({ type: 'tool_use', id: 'a', name: 'sell', input: {} })
  test.each<[string, stream: string, expected: object]>([
    ['no beginning', events(words, fill({ type: 'text_delta', text: 'Hm.' }), stop), saying('Hm.')],
    ['nothing but its beginning and end', events({ type: 'message_start', message: {} }, stop), silent],
    [
      'no end but a reason',
      events(words, fill({ text: 'Hm.' }), { type: 'message_delta', delta: { stop_reason: 'max_tokens' } }),
      saying('Hm.', { finish_reason: 'length' }),
    ],
    ['no index', events(begin({ type: 'text', text: 'A' }, {}), stop), silent],
    [
      'a piece without an index, which is of the last block',
      events(words, begin({ type: 'text', text: '' }, { index: 1 }), fill({ text: 'B.' }, {}), fill({ text: 'A.' }), stop),
      saying('A.B.'),
    ],
    ['a piece of no block', events(words, fill({ text: 'x' }, { index: 3 }), fill({ text: 'Hm.' }), stop), saying('Hm.')],
    ['blocks that are left out', events(begin({ type: 'text', text: 'Hm.' }, { index: 2 }), stop), saying('Hm.')],
    [
      'arguments in pieces',
      events(
        use,
        fill({ type: 'input_json_delta', partial_json: '{"q"' }),
        fill({ type: 'input_json_delta', partial_json: ':1}' }),
        stop,
      ),
      selling(),
    ],
    [
      'arguments that are no JSON',
      events(use, fill({ type: 'input_json_delta', partial_json: '{"q"' }), stop),
      selling({ tool_calls: [{ ...SOLD, arguments: '{"q"' }] }),
    ],
    [
      'no arguments',
      events(use, fill({ type: 'input_json_delta', partial_json: '' }), stop),
      selling({ tool_calls: [{ ...SOLD, arguments: '{}' }] }),
    ],
    [
      'other pieces than of arguments',
      events(use, fill({ type: 'note_delta', partial_json: '7' }), stop),
      selling({ tool_calls: [{ ...SOLD, arguments: '{}' }] }),
    ],
    [
      'a signature, of which the last counts',
      events(
        begin({ type: 'thinking', thinking: 'a', signature: 'x' }),
        fill({ type: 'signature_delta', signature: 'y' }),
        fill({ thinking: 'b' }),
        stop,
      ),
      { ...silent, reasoning_content: 'ab', provider_state: [{ type: 'thinking', thinking: 'ab', signature: 'y' }] },
    ],
    [
      'values that are no text, of which the last counts',
      events(begin({ type: 'text', text: 'Hm.', more: [1] }), fill({ more: [2] }), stop),
      saying('Hm.', { provider_state: [{ type: 'text', text: 'Hm.', more: [2] }] }),
    ],
  ])('holds %s', async (_what, stream, expected) => {
    expect(await reply('messages', stream)).toStrictEqual(expected)
  })

  test('counts at its beginning, and at its end again', async () => {
    const start = { type: 'message_start', message: { model: 'n', usage: { input_tokens: 9, output_tokens: 1 } } }
    const end = (output_tokens: number) => ({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { output_tokens },
    })
    expect(await heard('messages', events(start, words, end(3), end(7)))).toMatchObject({
      model: 'n',
      usage: { input_uncached: 9, output: 7 },
    })
    // A reason alone is no answer, nor is the end of one.
    for (const stream of [events(end(1)), events(stop)]) await expect(heard('messages', stream)).rejects.toThrow('broke off')
  })
})
