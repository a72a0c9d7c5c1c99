/** What is sent: the whole body of a request, in each dialect and in each form that a server may want instead. */
import { describe, expect, test } from 'vitest'
import type { Message } from '../../../rollouts/messages.ts'
import type { Dialect } from '../../../rollouts/models/fake/index.ts'
import { type Form, Forms } from '../../../rollouts/models/forms.ts'
import { argumentsJson, argumentsOf, wireName, withIds } from '../../../rollouts/models/wire.ts'
import { sentFor } from './memory.ts'

const SELL = { name: 'sell', description: 'Sells.', parameters: { type: 'object', properties: {} } }
const user = (content: string): Message => ({ role: 'user', content })
const rules = (content: string): Message => ({ role: 'system', content })
const result = (id: string, content: string, name = 'sell'): Message => ({ role: 'tool', tool_call_id: id, name, content })
const called = (id: string, name = 'sell', written = '{}') => ({ id, name, arguments: written })
const said = (content: string, ...calls: ReturnType<typeof called>[]): Message => ({
  role: 'assistant',
  content,
  ...(calls.length > 0 && { tool_calls: calls }),
})
const withState = (message: Message, provider_state: unknown): Message => ({ ...message, provider_state }) as Message
const forms = (...names: Form[]) => new Forms(names)

const words = (text: string) => ({ type: 'text', text })
const toolUse = (id: string, name = 'sell', input: unknown = {}) => ({ type: 'tool_use', id, name, input })
const toolResult = (id: string, content: string) => ({ type: 'tool_result', tool_use_id: id, content })
const chatCall = (id: string, name = 'sell', written = '{}') => ({ id, type: 'function', function: { name, arguments: written } })
const itemCall = (id: string, name = 'sell', written = '{}') => ({ type: 'function_call', call_id: id, name, arguments: written })

const ALL = { temperature: 0, top_p: 0.5, top_k: 7, seed: 0, max_tokens: 50, reasoning_effort: 'low' }
const FIXED: Readonly<Record<Dialect, object>> = {
  chat: { model: 'm' },
  responses: { model: 'm', store: false, include: ['reasoning.encrypted_content'] },
  messages: { model: 'm', max_tokens: 4096, cache_control: { type: 'ephemeral' } },
}

describe('a request', () => {
  test('of one message holds that, and what its protocol cannot do without', async () => {
    expect(await sentFor('chat')).toEqual({ ...FIXED.chat, messages: [user('Turn 0.')] })
    expect(await sentFor('responses')).toEqual({ ...FIXED.responses, input: [user('Turn 0.')] })
    expect(await sentFor('messages')).toEqual({
      ...FIXED.messages,
      messages: [{ role: 'user', content: [words('Turn 0.')] }],
    })
  })

  test('of everything holds everything under its name', async () => {
    const messages = [rules('You trade.'), rules('Be brief.'), user('Turn 0.')]
    const request = { messages, tools: [SELL], parallel: false, sampling: ALL }
    expect(await sentFor('chat', request)).toEqual({
      ...FIXED.chat,
      messages,
      tools: [{ type: 'function', function: SELL }],
      parallel_tool_calls: false,
      ...ALL,
    })
    expect(await sentFor('responses', request)).toEqual({
      ...FIXED.responses,
      instructions: 'You trade.\n\nBe brief.',
      input: [user('Turn 0.')],
      tools: [{ type: 'function', ...SELL, strict: false }],
      parallel_tool_calls: false,
      max_output_tokens: 50,
      temperature: 0,
      top_p: 0.5,
      top_k: 7,
      reasoning: { effort: 'low' },
    })
    expect(await sentFor('messages', request)).toEqual({
      ...FIXED.messages,
      system: 'You trade.\n\nBe brief.',
      messages: [{ role: 'user', content: [words('Turn 0.')] }],
      tools: [{ name: 'sell', description: 'Sells.', input_schema: SELL.parameters }],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      max_tokens: 50,
      temperature: 0,
      top_p: 0.5,
      top_k: 7,
      output_config: { effort: 'low' },
    })
  })

  test.each(['chat', 'responses', 'messages'] as const)(
    'in %s says nothing of several calls where they are welcome or there is no tool, and leaves the last word to the user',
    async dialect => {
      const welcome = await sentFor(dialect, { tools: [SELL] })
      const none = await sentFor(dialect, { parallel: false })
      for (const field of ['parallel_tool_calls', 'tool_choice']) {
        expect(welcome).not.toHaveProperty(field)
        expect(none).not.toHaveProperty(field)
      }
      expect(none).not.toHaveProperty('tools')
      const extraBody = { model: 'other', temperature: 1, more: { a: [1] } }
      expect(await sentFor(dialect, { sampling: { temperature: 0 } }, { extraBody })).toMatchObject(extraBody)
    },
  )

  test('at OpenAI’s own URL names the conversation, and the limit as it is called there', async () => {
    const own = { own: true }
    const sampling = { max_tokens: 50 }
    expect(await sentFor('chat', { sampling }, own)).toEqual({
      ...FIXED.chat,
      messages: [user('Turn 0.')],
      max_completion_tokens: 50,
      prompt_cache_key: 's',
    })
    expect(await sentFor('responses', {}, own)).toEqual({
      ...FIXED.responses,
      input: [user('Turn 0.')],
      prompt_cache_key: 's',
    })
    expect(await sentFor('chat', { sampling }, { ...own, forms: forms('max_tokens') })).toMatchObject(sampling)
    const renamed = await sentFor('chat', { sampling }, { forms: forms('max_completion_tokens') })
    expect(renamed).toEqual({ ...FIXED.chat, messages: [user('Turn 0.')], max_completion_tokens: 50 })
  })

  test('asks for a stream where the endpoint wants one, and where an answer of Messages may take long', async () => {
    const streaming = { forms: forms('streaming') }
    expect(await sentFor('chat', {}, streaming)).toMatchObject({ stream: true, stream_options: { include_usage: true } })
    for (const dialect of ['responses', 'messages'] as const) {
      expect((await sentFor(dialect, {}, streaming)).stream).toBe(true)
      expect(await sentFor(dialect)).not.toHaveProperty('stream')
    }
    expect((await sentFor('messages', { sampling: { max_tokens: 21_001 } })).stream).toBe(true)
    expect(await sentFor('messages', { sampling: { max_tokens: 21_000 } })).not.toHaveProperty('stream')
  })
})

describe('a history', () => {
  const HISTORY = [
    rules('You trade.'),
    user('Turn 0.'),
    said('I sell twice.', called('a', 'sell', '{"quantity": 1}'), called('b', 'wait', '')),
    result('a', 'Sold.'),
    result('b', 'You wait.', 'wait'),
    user('Turn 1.'),
    said('', called('c')),
    result('c', 'Sold.'),
    user('Turn 2.'),
    said('I wait.'),
    user('Turn 3.'),
    said(''),
    user('Turn 4.'),
  ]

  test('of Chat Completions is one message each', async () => {
    const { messages } = await sentFor('chat', { messages: HISTORY })
    expect(messages).toEqual([
      rules('You trade.'),
      user('Turn 0.'),
      {
        role: 'assistant',
        content: 'I sell twice.',
        tool_calls: [chatCall('a', 'sell', '{"quantity": 1}'), chatCall('b', 'wait', '{}')],
      },
      { role: 'tool', tool_call_id: 'a', content: 'Sold.' },
      { role: 'tool', tool_call_id: 'b', content: 'You wait.' },
      user('Turn 1.'),
      { role: 'assistant', content: null, tool_calls: [chatCall('c')] },
      { role: 'tool', tool_call_id: 'c', content: 'Sold.' },
      user('Turn 2.'),
      { role: 'assistant', content: 'I wait.' },
      user('Turn 3.'),
      { role: 'assistant', content: '(no answer)' },
      user('Turn 4.'),
    ])
  })

  test('of Responses is items, the rules apart', async () => {
    const { instructions, input } = await sentFor('responses', { messages: HISTORY })
    expect([instructions, input]).toEqual([
      'You trade.',
      [
        user('Turn 0.'),
        { role: 'assistant', content: 'I sell twice.' },
        itemCall('a', 'sell', '{"quantity": 1}'),
        itemCall('b', 'wait', '{}'),
        { type: 'function_call_output', call_id: 'a', output: 'Sold.' },
        { type: 'function_call_output', call_id: 'b', output: 'You wait.' },
        user('Turn 1.'),
        itemCall('c'),
        { type: 'function_call_output', call_id: 'c', output: 'Sold.' },
        user('Turn 2.'),
        { role: 'assistant', content: 'I wait.' },
        user('Turn 3.'),
        { role: 'assistant', content: '(no answer)' },
        user('Turn 4.'),
      ],
    ])
  })

  test('of Messages is user and assistant in turns, results first', async () => {
    const { system, messages } = await sentFor('messages', { messages: HISTORY })
    const at = (role: string, ...content: object[]) => ({ role, content })
    expect([system, messages]).toEqual([
      'You trade.',
      [
        at('user', words('Turn 0.')),
        at('assistant', words('I sell twice.'), toolUse('a', 'sell', { quantity: 1 }), toolUse('b', 'wait')),
        at('user', toolResult('a', 'Sold.'), toolResult('b', 'You wait.'), words('Turn 1.')),
        at('assistant', toolUse('c')),
        at('user', toolResult('c', 'Sold.'), words('Turn 2.')),
        at('assistant', words('I wait.')),
        at('user', words('Turn 3.')),
        at('assistant', words('(no answer)')),
        at('user', words('Turn 4.')),
      ],
    ])
    // What is asked again does not grow.
    const once = HISTORY.slice(0, 6)
    expect(await sentFor('messages', { messages: once })).toEqual(await sentFor('messages', { messages: once }))
    // Blanks say nothing there; beside a call they need no words.
    const blank = await sentFor('messages', { messages: [user('x'), said(' \n', called('a')), result('a', 'y')] })
    expect((blank.messages as { content: object[] }[])[1]!.content).toEqual([toolUse('a')])
  })

  test.each<[string, written: string, text: string, input: unknown]>([
    ['cut off', '{"quantity": ', '{"unparsed":"{\\"quantity\\": "}', { unparsed: '{"quantity": ' }],
    ['a list', '[1]', '{"unparsed":"[1]"}', { unparsed: '[1]' }],
    ['a number', '7', '{"unparsed":"7"}', { unparsed: '7' }],
    ['nothing', ' ', '{}', {}],
    ['null', 'null', '{}', {}],
    ['encoded twice', '"{\\"a\\": 1}"', '{"a":1}', { a: 1 }],
    ['words in quotes', '"sell"', '{"unparsed":"\\"sell\\""}', { unparsed: '"sell"' }],
    ['with blanks before', ' {"a": 1}', ' {"a": 1}', { a: 1 }],
  ])('with arguments that are %s holds an object', async (_what, written, text, input) => {
    const messages = [user('x'), said('', called('a', 'sell', written)), result('a', 'y')]
    expect(argumentsJson(written)).toBe(text)
    const sent = await Promise.all((['chat', 'responses', 'messages'] as const).map(each => sentFor(each, { messages })))
    expect(sent[0]!.messages).toContainEqual({ role: 'assistant', content: null, tool_calls: [chatCall('a', 'sell', text)] })
    expect(sent[1]!.input).toContainEqual(itemCall('a', 'sell', text))
    expect(sent[2]!.messages).toContainEqual({ role: 'assistant', content: [toolUse('a', 'sell', input)] })
  })

  test('with arguments that are nested too deep holds them as words', () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`
    expect(argumentsOf(nested(50))).toHaveProperty('a')
    expect(argumentsOf(nested(5000))).toBeUndefined()
  })

  const state = {
    message: { reasoning_content: 'hm', extra: [1] },
    calls: [null, { extra_content: { a: 1 }, function: { thought_signature: 'x' } }],
  }

  test('holds what a server of Chat Completions added to its messages and calls', async () => {
    const own = [withState(said('', called('a'), called('b')), state), withState(said('Hm.'), { message: { note: 1 } })]
    const messages = [user('x'), own[0]!, result('a', 'y'), result('b', 'z'), own[1]!, user('x')]
    const sent = (await sentFor('chat', { messages })).messages as object[]
    expect([sent[1], sent[4]]).toEqual([
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'hm',
        extra: [1],
        tool_calls: [
          chatCall('a'),
          { ...chatCall('b'), extra_content: { a: 1 }, function: { thought_signature: 'x', name: 'sell', arguments: '{}' } },
        ],
      },
      { role: 'assistant', content: 'Hm.', note: 1 },
    ])
    // What it says itself goes before what it added.
    const rude = withState(said('Hm.', called('a')), {
      message: { role: 'user', content: 'No.' },
      calls: [{ id: 'z', type: 'x' }],
    })
    expect(((await sentFor('chat', { messages: [user('x'), rude, result('a', 'y')] })).messages as object[])[1]).toEqual({
      role: 'assistant',
      content: 'Hm.',
      tool_calls: [chatCall('a')],
    })
  })

  test('holds the items of Responses as they came, but for ids and names that a model made up', async () => {
    const items = [
      { type: 'reasoning', id: 'rs', encrypted_content: 'x', summary: [] },
      { type: 'message', id: 'ms', role: 'assistant', content: [{ type: 'output_text', text: 'I sell.' }] },
      { ...itemCall('a b', 'bad name!', '{"a":1}'), id: 'fc', extra: 1 },
      { type: 'custom_tool_call', id: 'ct', call_id: 'c', name: 'sell', input: '{}' },
    ]
    const message = withState(said('I sell.', called('a b', 'bad name!', '{"a":1}'), called('c')), items)
    const { input } = await sentFor('responses', { messages: [user('x'), message, result('a b', 'y'), result('c', 'z')] })
    expect(input).toEqual([
      user('x'),
      items[0],
      items[1],
      { ...items[2], call_id: 'a_b', name: 'bad_name_' },
      { ...items[3], type: 'function_call', arguments: '{}' },
      { type: 'function_call_output', call_id: 'a_b', output: 'y' },
      { type: 'function_call_output', call_id: 'c', output: 'z' },
    ])
  })

  test('holds the blocks of Messages as they came, and words where they end in none', async () => {
    const thinking = { type: 'thinking', thinking: 'hm', signature: 's' }
    const of = async (state: unknown, ...calls: ReturnType<typeof called>[]) => {
      const messages = [user('x'), withState(said('Hm.', ...calls), state), ...calls.map(({ id }) => result(id, 'y')), user('z')]
      return ((await sentFor('messages', { messages })).messages as { content: object[] }[])[1]!.content
    }
    expect(await of([thinking, words('Hm.')])).toEqual([thinking, words('Hm.')])
    expect(await of([thinking])).toEqual([thinking, words('(no answer)')])
    expect(await of([])).toEqual([words('(no answer)')])
    const uses = [{ ...toolUse('a'), more: 1 }, thinking, toolUse('b')]
    expect(await of(uses, called('a', 'se ll', '{"q":1}'), called('b'))).toEqual([
      { ...toolUse('a', 'se_ll', { q: 1 }), more: 1 },
      thinking,
      toolUse('b'),
    ])
  })
})

describe('in the form that a server wants', () => {
  const HISTORY = [
    rules('You trade.'),
    user('Turn 0.'),
    said('', called('a'), called('b', 'steal')),
    result('a', 'Sold.'),
    result('b', 'No.', 'steal'),
    user('Turn 1.'),
    user('Hurry.'),
    said('', called('a')),
    result('a', 'Sold.'),
  ]
  const sent = async (...names: Form[]) =>
    (await sentFor('chat', { messages: HISTORY, tools: [SELL] }, { forms: forms(...names) })).messages as Record<string, never>[]
  const calls = async (...names: Form[]) =>
    (await sent(...names)).flatMap(({ tool_calls = [] }) =>
      (tool_calls as ReturnType<typeof chatCall>[]).map(({ id, function: { name } }) => `${id} ${name}`),
    )
  const results = async (...names: Form[]) =>
    (await sent(...names)).flatMap(({ role, content: _, ...rest }) => (role === 'tool' ? [Object.values(rest).join(' ')] : []))

  test('ids are unique, and those of its results are the same', async () => {
    expect(await calls()).toEqual(['a sell', 'b steal', 'call_again_2 sell'])
    expect(await results()).toEqual(['a', 'b', 'call_again_2'])
  })

  test('short_ids', async () => {
    expect(await calls('short_ids')).toEqual(['000000001 sell', '000000002 steal', '000000003 sell'])
    expect(await results('short_ids')).toEqual(['000000001', '000000002', '000000003'])
  })

  test('plain_names', async () => {
    expect(await calls('plain_names')).toEqual(['a sell', 'b unknown_tool', 'call_again_2 sell'])
  })

  test('result_names', async () => {
    expect(await results('result_names')).toEqual(['a sell', 'b steal', 'call_again_2 sell'])
  })

  test('content_empty, content_words', async () => {
    const contents = async (...names: Form[]) =>
      (await sent(...names)).flatMap(({ role, content }) => (role === 'assistant' ? [content] : []))
    expect(await contents()).toEqual([null, null])
    expect(await contents('content_empty')).toEqual(['', ''])
    expect(await contents('content_words')).toEqual(['(no answer)', '(no answer)'])
    expect(await contents('content_empty', 'content_words')).toEqual(['(no answer)', '(no answer)'])
  })

  test('user_in_result: what a user says after a result or another user stands at the end of that', async () => {
    const spoken = (await sent('user_in_result')).map(({ role, content }) => [role, content])
    expect(spoken).toEqual([
      ['system', 'You trade.'],
      ['user', 'Turn 0.'],
      ['assistant', null],
      ['tool', 'Sold.'],
      ['tool', 'No.\n\nTurn 1.\n\nHurry.'],
      ['assistant', null],
      ['tool', 'Sold.'],
    ])
  })

  test('system_as_user: the rules stand before what the user says first, or alone', async () => {
    const spoken = (await sent('system_as_user')).map(({ role, content }) => [role, content])
    expect(spoken.slice(0, 2)).toEqual([
      ['user', 'You trade.\n\nTurn 0.'],
      ['assistant', null],
    ])
    expect(spoken).toHaveLength(8)
    const alone = [rules('You trade.'), rules('Be brief.'), said('Hm.')]
    expect((await sentFor('chat', { messages: alone }, { forms: forms('system_as_user') })).messages).toEqual([
      user('You trade.\n\nBe brief.'),
      { role: 'assistant', content: 'Hm.' },
    ])
  })
})

describe('names and ids', () => {
  test.each([
    ['sell', 'sell'],
    ['pass_turn<|channel|>', 'pass_turn_channel_'],
    ['a.b  c', 'a_b_c'],
    ['天气', 'unknown_tool'],
    ['', 'unknown_tool'],
    ['__', 'unknown_tool'],
    ['_x', '_x'],
    ['9lives', '_9lives'],
    ['-x', '_-x'],
    ['x'.repeat(65), 'x'.repeat(64)],
    ['9'.repeat(64), `_${'9'.repeat(63)}`],
  ])('a tool called %j is sent as %j', (name, sent) => {
    expect(wireName(name)).toBe(sent)
  })

  test('an id is sent as servers take it, and is told apart where that makes two the same', async () => {
    const ids = ['a:b', 'a b', 'x'.repeat(41), '', 'call_again_4']
    const messages = [user('x'), said('', ...ids.map(id => called(id))), ...ids.map(id => result(id, id))]
    const [, assistant, ...results] = (await sentFor('chat', { messages })).messages as Record<string, unknown>[]
    const sent = (assistant!.tool_calls as { id: string }[]).map(({ id }) => id)
    expect(sent).toEqual(['a_b', 'call_again_1', 'x'.repeat(40), 'call_again_3', 'call_again_4'])
    expect(results.map(({ tool_call_id }) => tool_call_id)).toEqual(sent)
  })

  test('calls of one answer get an id each', () => {
    const of = (...ids: string[]) => withIds(ids.map(id => called(id))).map(({ id }) => id)
    expect(of('a', 'b')).toEqual(['a', 'b'])
    expect(of('', '')).toEqual(['call_0', 'call_1'])
    expect(of('call_1', '', 'call_1')).toEqual(['call_1', 'call_2', 'call_3'])
    const one = called('a')
    expect(withIds([one])[0]).toBe(one)
  })
})
