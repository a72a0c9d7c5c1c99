/** The same answer whole and in the pieces that each protocol's reference shows, where it breaks off, and what may stand beside it. */
import { describe, expect, test } from 'vitest'
import type { Message } from '../../../rollouts/messages.ts'
import { classify } from '../../../rollouts/models/failure.ts'
import type { Dialect } from '../../../rollouts/models/fake/index.ts'
import { heard } from './memory.ts'

type Event = Readonly<Record<string, unknown>>

interface Streamed {
  readonly whole: object
  readonly events: readonly Event[]
  /** How many of the events have to be there before the answer can be believed. */
  readonly enough: number
  /** What ends the stream besides. */
  readonly done?: string
}

const call = (id: string, quantity: number) => ({
  id,
  type: 'function',
  function: { name: 'sell', arguments: `{"quantity":${quantity}}` },
})
const piece = (delta: object, more: object = {}) => ({
  id: 'c',
  model: 'm-1',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
})
const CHAT: Streamed = {
  whole: {
    model: 'm-1',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: 'I sell.',
          reasoning_content: 'hm, hm',
          tool_calls: [call('a', 1), call('b', 22)],
        },
        finish_reason: 'tool_calls',
      },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16, completion_tokens_details: { reasoning_tokens: 3 } },
  },
  events: [
    piece({ role: 'assistant', content: '', reasoning_content: null }),
    piece({ reasoning_content: 'hm, ' }),
    piece({ reasoning_content: 'hm' }),
    piece({ content: 'I ' }),
    piece({ content: 'sell.' }),
    piece({ tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'sell', arguments: '' } }] }),
    piece({ tool_calls: [{ index: 0, function: { arguments: '{"quan' } }] }),
    piece({ tool_calls: [{ index: 0, function: { arguments: 'tity":1}' } }] }),
    piece({ tool_calls: [{ index: 1, id: 'b', type: 'function', function: { name: 'sell', arguments: '{"quantity":2' } }] }),
    piece({ tool_calls: [{ index: 1, function: { arguments: '2}' } }] }),
    piece({}, { finish_reason: 'tool_calls' }),
    {
      id: 'c',
      model: 'm-1',
      choices: [],
      usage: { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16, completion_tokens_details: { reasoning_tokens: 3 } },
    },
  ],
  enough: 11,
  done: '[DONE]',
}

const MESSAGES: Streamed = {
  whole: {
    type: 'message',
    role: 'assistant',
    model: 'm-1',
    content: [
      { type: 'thinking', thinking: 'hm, hm', signature: 'sig' },
      { type: 'text', text: 'I sell.' },
      { type: 'tool_use', id: 'a', name: 'sell', input: { quantity: 1 } },
      { type: 'tool_use', id: 'b', name: 'wait', input: {} },
    ],
    stop_reason: 'tool_use',
    usage: { input_tokens: 9, cache_read_input_tokens: 4, cache_creation_input_tokens: 2, output_tokens: 7 },
  },
  events: [
    {
      type: 'message_start',
      message: {
        type: 'message',
        role: 'assistant',
        model: 'm-1',
        content: [],
        stop_reason: null,
        usage: { input_tokens: 9, cache_read_input_tokens: 4, cache_creation_input_tokens: 2, output_tokens: 1 },
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
    { type: 'ping' },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm, ' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'sig' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'I ' } },
    { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'sell.' } },
    { type: 'content_block_stop', index: 1 },
    { type: 'content_block_start', index: 2, content_block: { type: 'tool_use', id: 'a', name: 'sell', input: {} } },
    { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '' } },
    { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"quan' } },
    { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: 'tity": 1}' } },
    { type: 'content_block_stop', index: 2 },
    { type: 'content_block_start', index: 3, content_block: { type: 'tool_use', id: 'b', name: 'wait', input: {} } },
    { type: 'content_block_stop', index: 3 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 7 } },
    { type: 'message_stop' },
  ],
  enough: 19,
}

const ITEMS = [
  { type: 'reasoning', id: 'rs', summary: [{ type: 'summary_text', text: 'hm, hm' }], encrypted_content: 'x' },
  { type: 'message', id: 'ms', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'I sell.' }] },
  { type: 'function_call', id: 'fc', call_id: 'a', name: 'sell', arguments: '{"quantity":1}', status: 'completed' },
]
const RESPONSE = {
  model: 'm-1',
  status: 'completed',
  output: ITEMS,
  usage: { input_tokens: 9, output_tokens: 7, total_tokens: 16, output_tokens_details: { reasoning_tokens: 3 } },
}
const RESPONSES: Streamed = {
  whole: RESPONSE,
  events: [
    { type: 'response.created', response: { ...RESPONSE, status: 'in_progress', output: [], usage: null } },
    { type: 'response.in_progress', response: { ...RESPONSE, status: 'in_progress', output: [], usage: null } },
    ...ITEMS.flatMap((item, output_index) => [
      { type: 'response.output_item.added', output_index, item: { ...item, status: 'in_progress', arguments: '', content: [] } },
      { type: 'response.output_text.delta', output_index, delta: 'I sell.' },
      { type: 'response.output_item.done', output_index, item },
    ]),
    { type: 'response.completed', response: RESPONSE },
  ],
  enough: 12,
}

const STREAMS: Readonly<Record<Dialect, Streamed>> = { chat: CHAT, messages: MESSAGES, responses: RESPONSES }

/** Events as they are sent: how a line ends, and what stands around the data, is the server's affair. */
const sent = (events: readonly Event[], done: string | undefined, end = '\n', named = false): string =>
  [...events.map(event => [event.type, JSON.stringify(event)] as const), ...(done === undefined ? [] : [['done', done] as const])]
    .map(
      ([type, data], i) =>
        `${named ? `: keep-alive${end}event: ${String(type)}${end}id: ${i}${end}` : ''}data: ${data}${end}${end}`,
    )
    .join('')

const broken = async (dialect: Dialect, stream: string) =>
  classify(
    await heard(dialect, stream).then(
      answer => expect.unreachable(JSON.stringify(answer)),
      thrown => thrown,
    ),
    false,
    0,
  )

describe.each(Object.entries(STREAMS) as [Dialect, Streamed][])('%s', (dialect, { whole, events, enough, done }) => {
  test('an answer in pieces is the answer whole, however its lines end', async () => {
    const answer = await heard(dialect, whole)
    expect(answer).toMatchObject({
      model: 'm-1',
      reply: { content: 'I sell.', reasoning_content: 'hm, hm', finish_reason: 'tool_calls' },
      usage: { input_uncached: 9, output: 7 },
    })
    expect(answer.reply.tool_calls[0]).toEqual({ id: 'a', name: 'sell', arguments: '{"quantity":1}' })
    for (const end of ['\n', '\r\n', '\r'])
      for (const named of [false, true]) expect(await heard(dialect, sent(events, done, end, named))).toEqual(answer)
  })

  test('broken off before its end it is none: nothing is played of half an answer', async () => {
    for (let many = 1; many < enough; many++)
      expect(await broken(dialect, sent(events.slice(0, many), undefined))).toMatchObject({
        code: 'malformed_reply',
        retry: true,
        billed: true,
      })
    const { reply } = await heard(dialect, sent(events.slice(0, enough), undefined))
    expect(reply).toEqual((await heard(dialect, whole)).reply)
  })

  test('an error among its events is that error, wherever it stands', async () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    for (const at of [0, 3, events.length - 1])
      expect(await broken(dialect, sent(events.toSpliced(at, 0, error), done))).toMatchObject({
        code: 'rate_limited',
        status: 529,
      })
  })
})

test.each(['thinking', 'reasoning', 'thought', 'reasoning_text'])('a part of the content that is %s is not said', async type => {
  const content = [
    { type, text: 'hm' },
    { type: 'text', text: 'I sell.' },
  ]
  const { reply } = await heard('chat', {
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
  })
  expect(reply).toEqual({ content: 'I sell.', reasoning_content: 'hm', tool_calls: [], finish_reason: 'stop' })
  // What a server does not tell is not there: no token ids, no state.
  expect(Object.keys(reply).sort()).toEqual(['content', 'finish_reason', 'reasoning_content', 'tool_calls'])
})

test('what a later piece leaves null stays as it was said', async () => {
  const last = {
    model: null,
    choices: [{ index: 0, delta: { content: null, tool_calls: null }, finish_reason: null }],
    usage: null,
  }
  expect(await heard('chat', sent([...CHAT.events, last], CHAT.done))).toEqual(await heard('chat', CHAT.whole))
})

describe.each(Object.keys(STREAMS) as Dialect[])('in the history of %s', dialect => {
  /** What is sent of an assistant's message. */
  const sentOf = async (said: Partial<Extract<Message, { role: 'assistant' }>>): Promise<string> => {
    let body = ''
    const before: Message = { role: 'user', content: 'Turn 0.' }
    const history: Message[] = [before, { role: 'assistant', content: '', ...said }, { role: 'user', content: 'Turn 1.' }]
    await heard(dialect, STREAMS[dialect].whole, history, each => (body = JSON.stringify(each)))
    return body
  }
  const calling = [{ id: 'a', name: 'sell', arguments: '{"quantity":1}' }]

  test('what was said is said, and silence has words, unless something was called', async () => {
    expect(await sentOf({ content: 'I wait.' })).toContain('I wait.')
    expect(await sentOf({ content: 'I wait.' })).not.toContain('(no answer)')
    expect(await sentOf({})).toContain('(no answer)')
    expect(await sentOf({ tool_calls: calling })).not.toContain('(no answer)')
    const both = await sentOf({ content: 'I sell now.', tool_calls: calling })
    for (const part of ['I sell now.', 'sell', 'quantity']) expect(both).toContain(part)
  })

  test('the state of another dialect is left where it is', async () => {
    for (const provider_state of [[], [null], 7, 'x', null])
      expect(
        await sentOf({ content: 'I wait.', provider_state: dialect === 'chat' ? provider_state : { message: { a: 1 } } }),
      ).toContain('I wait.')
  })
})

describe('responses', () => {
  test('where the end holds no items, or there is none but the mark of it, those that were done are the answer', async () => {
    const { reply } = await heard('responses', RESPONSE)
    const items = RESPONSES.events.slice(0, -1)
    expect((await heard('responses', sent(items, '[DONE]'))).reply).toEqual(reply)
    const bare = { type: 'response.completed', response: { ...RESPONSE, output: [] } }
    expect((await heard('responses', sent([...items, bare], undefined))).reply).toEqual(reply)
    expect(await broken('responses', sent(items.slice(0, 2), '[DONE]'))).toMatchObject({ code: 'malformed_reply' })
  })

  test.each(['queued', 'in_progress'])('one that is %s is no answer yet', async status => {
    expect(await broken('responses', JSON.stringify({ ...RESPONSE, status }))).toMatchObject({ code: 'malformed_reply' })
  })

  test('items without a type are messages where an assistant says them, and nothing else is', async () => {
    const said = { role: 'assistant', content: 'I sell.' }
    expect((await heard('responses', { output: [said] })).reply.content).toBe('I sell.')
    expect((await heard('responses', { output: [{ ...said, role: 'user' }] })).reply.content).toBe('')
    expect((await heard('responses', { output: [{ ...said, type: 'note' }] })).reply.content).toBe('')
    expect((await heard('responses', { output: 'I sell.' })).reply.content).toBe('I sell.')
    expect((await heard('responses', { output: [], output_text: 'I sell.' })).reply.content).toBe('I sell.')
  })

  test('a custom call has its input for arguments, and a refusal is heard with its words', async () => {
    const custom = { type: 'custom_tool_call', id: 'ct', call_id: 'a', name: 'sell', input: '{"quantity":1}' }
    expect((await heard('responses', { output: [custom] })).reply).toMatchObject({
      tool_calls: [{ id: 'a', name: 'sell', arguments: '{"quantity":1}' }],
    })
    const refused = { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'I will not.' }] }
    expect((await heard('responses', { status: 'completed', output: [refused] })).reply).toMatchObject({
      content: 'I will not.',
      finish_reason: 'refusal',
    })
  })
})

describe('what stands beside an answer', () => {
  const chat = CHAT.whole
  test.each<[string, Dialect, object]>([
    ['a message of a gateway', 'chat', { ...chat, message: 'served by node 7' }],
    ['a detail', 'chat', { ...chat, detail: 'cached' }],
    ['a message', 'responses', { ...RESPONSE, message: 'served by node 7' }],
    ['a detail', 'responses', { ...RESPONSE, detail: 'cached' }],
    ['a message', 'messages', { ...MESSAGES.whole, message: 'served by node 7' }],
    ['a detail', 'messages', { content: [{ type: 'text', text: 'I sell.' }], detail: 'cached' }],
    ['an error that is null', 'chat', { ...chat, error: null }],
    ['an error that is empty', 'responses', { ...RESPONSE, error: {} }],
    ['an error beside a choice that came to its end', 'chat', { ...chat, error: { code: 500, message: 'late' } }],
  ])('%s does not spoil it (%s)', async (_what, dialect, answer) => {
    expect((await heard(dialect, answer)).reply.content).toBe('I sell.')
  })

  const empty = { index: 0, finish_reason: null, message: { role: 'assistant', content: 'I' } }
  test.each<[string, object, string]>([
    ['a message alone', { message: 'The model is loading' }, 'server_error'],
    ['a detail alone', { detail: 'Not authenticated', code: 401 }, 'auth'],
    ['a type that says so', { type: 'error', message: 'gone', code: 503 }, 'server_error'],
    ['an object that says so', { object: 'error', message: 'gone', code: 404 }, 'not_found'],
    ['an error beside a choice without an end', { choices: [empty], error: { code: 429, message: 'slow' } }, 'rate_limited'],
    ['an error in such a choice', { choices: [{ ...empty, error: { code: 503, message: 'gone' } }] }, 'server_error'],
    ['a list of errors', [{ error: { code: 404, message: 'no m' } }], 'not_found'],
  ])('%s in its place is an error', async (_what, answer, code) => {
    expect(await broken('chat', JSON.stringify(answer))).toMatchObject({ code })
  })
})
