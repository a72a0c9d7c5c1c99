/** The provider that can be told to fail does what it is told, in three dialects, and is as strict as a real one. */
import { afterEach, describe, expect, test } from 'vitest'
import { stream } from '../../../envs/core/random.ts'
import { classify } from '../../../rollouts/models/failure.ts'
import { QUIRKS, type QuirkName } from '../../../rollouts/models/fake/index.ts'
import { quirksOf } from '../../../rollouts/models/fake/quirks.ts'
import { HttpError } from '../../../rollouts/models/transport.ts'
import { argumentsOf } from '../../../rollouts/models/wire.ts'
import {
  type FakeProvider,
  type FakeProviderOptions,
  fromTranscript,
  MODEL_FAULTS,
  randomCalls,
  startFakeProvider,
} from '../../../testing.ts'
import { heard, usual } from './memory.ts'

let provider: FakeProvider | undefined
afterEach(async () => {
  await provider?.close()
  provider = undefined
})

const TOOL = {
  name: 'sell',
  description: 'Sells.',
  parameters: {
    type: 'object',
    properties: { quantity: { type: 'integer', minimum: 1, maximum: 5 }, to: { enum: ['a', 'b'] }, note: { type: 'string' } },
    required: ['quantity', 'to'],
  },
}

/** A first request in the chat dialect. */
const hello = (text = 'Turn 0.') => ({
  model: 'm',
  messages: [{ role: 'user', content: text }],
  tools: [{ type: 'function', function: TOOL }],
})

async function start(options: Partial<FakeProviderOptions> = {}): Promise<(body: object, path?: string) => Promise<Response>> {
  provider = await startFakeProvider({ script: randomCalls, ...options })
  const { url } = provider
  return (body, path = '/chat/completions') =>
    fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
}

const callOf = async (response: Response) =>
  ((await response.json()) as { choices: { message: { tool_calls?: { function: { arguments: string } }[] } }[] }).choices[0]!
    .message.tool_calls?.[0]?.function

describe('a random model', () => {
  test('says the same to the same conversation, whenever it is asked, and calls within the schema', async () => {
    const post = await start()
    const texts = Array.from({ length: 12 }, (_, i) => `Turn ${i}.`)
    const first = await Promise.all(texts.map(async text => callOf(await post(hello(text)))))
    const second = await Promise.all([...texts].reverse().map(async text => callOf(await post(hello(text)))))
    expect(second.reverse()).toEqual(first)
    expect(new Set(first.map(call => call!.arguments)).size).toBeGreaterThan(3)
    for (const call of first) {
      const args = JSON.parse(call!.arguments)
      expect(Object.keys(args)).toEqual(['quantity', 'to'])
      expect([1, 2, 3, 4, 5]).toContain(args.quantity)
      expect(['a', 'b']).toContain(args.to)
    }
  })

  test('keeps to the tools it may call now', async () => {
    const post = await start()
    expect(await callOf(await post(hello('Turn 0.\n\nYou may call now: wait.')))).toBeUndefined()
  })
})

describe('faults of the provider', () => {
  test.each([
    ['retry-after-ms', '1500'],
    ['retry-after', '1.5'],
  ] as const)('a rate limit says in %s how long to wait', async (retryAfterHeader, value) => {
    const post = await start({ fault: () => 'rate_limit', retryAfterMs: 1500, retryAfterHeader })
    const response = await post(hello())
    expect([response.status, response.headers.get(retryAfterHeader)]).toEqual([429, value])
  })

  test('a server error, an answer cut off, and one without a choice', async () => {
    const faults = ['server_error', 'cut_off', 'empty_choice'] as const
    let next = 0
    const post = await start({ fault: () => faults[next++] })
    expect((await post(hello())).status).toBe(500)
    await expect(post(hello()).then(response => response.text())).rejects.toThrow('terminated')
    expect(await (await post(hello())).json()).toMatchObject({ choices: [] })
    expect(provider!.counts).toEqual({ server_error: 1, cut_off: 1, empty_choice: 1 })
  })

  test('at a rate: drawn from what was said, and anew when the same is asked again', async () => {
    const post = await start({ rates: { server_error: 0.5 }, seed: 3 })
    const statuses = async (text: string) => {
      const seen: number[] = []
      for (let i = 0; i < 8; i++) seen.push((await post(hello(text))).status)
      return seen
    }
    const [a, b] = [await statuses('Turn 0.'), await statuses('Turn 1.')]
    expect(new Set([...a, ...b])).toEqual(new Set([200, 500]))
    expect(a).not.toEqual(b)
    await provider!.close()
    const again = await start({ rates: { server_error: 0.5 }, seed: 3 })
    expect((await again(hello('Turn 1.'))).status).toBe(b[0])
  })
})

describe('faults of the model', () => {
  test.each(MODEL_FAULTS)('%s is an answer all the same', async fault => {
    const post = await start({ fault: () => fault })
    const response = await post(hello())
    expect(response.status).toBe(200)
    const { choices } = (await response.json()) as { choices: { finish_reason: string; message: { content: string | null } }[] }
    expect({ fault, finish: choices[0]!.finish_reason, said: choices[0]!.message.content !== null }).toEqual(
      {
        malformed_arguments: { fault, finish: 'tool_calls', said: true },
        wrong_arguments: { fault, finish: 'tool_calls', said: true },
        empty_reply: { fault, finish: 'stop', said: false },
        refusal: { fault, finish: 'content_filter', said: false },
        length: { fault, finish: 'length', said: true },
      }[fault],
    )
  })

  test('malformed arguments are no JSON, wrong ones are', async () => {
    const malformed = await start({ fault: () => 'malformed_arguments' })
    const written = (await callOf(await malformed(hello())))!.arguments
    expect(() => JSON.parse(written)).toThrow(SyntaxError)
    await provider!.close()
    const wrong = await start({ fault: () => 'wrong_arguments' })
    expect(JSON.parse((await callOf(await wrong(hello())))!.arguments)).toEqual({ surprise: true })
  })

  test('at a rate they belong to what was said, however often it is asked', async () => {
    const post = await start({ rates: { empty_reply: 0.5 } })
    for (const text of ['a', 'b', 'c', 'd']) {
      const seen = new Set<boolean>()
      for (let i = 0; i < 3; i++) seen.add((await callOf(await post(hello(text)))) === undefined)
      expect(seen.size).toBe(1)
    }
  })
})

describe('a request that is not well-formed is refused like a strict provider would', () => {
  const call = { id: 'c1', type: 'function', function: { name: 'sell', arguments: '{}' } }
  const use = { type: 'tool_use', id: 'c1', name: 'sell', input: {} }
  test.each<[string, string, object]>([
    [
      'a call without an answer',
      '/chat/completions',
      {
        messages: [
          { role: 'assistant', tool_calls: [call] },
          { role: 'user', content: 'x' },
        ],
      },
    ],
    ['an answer without a call', '/chat/completions', { messages: [{ role: 'tool', tool_call_id: 'c1', content: 'x' }] }],
    [
      'arguments that are no JSON',
      '/chat/completions',
      { messages: [{ role: 'assistant', tool_calls: [{ ...call, function: { name: 'sell', arguments: '{' } }] }] },
    ],
    ['an own message at the end', '/chat/completions', { messages: [{ role: 'assistant', content: 'x' }] }],
    [
      'reasoning that nobody stored',
      '/responses',
      {
        input: [
          { type: 'reasoning', id: 'rs' },
          { role: 'user', content: 'x' },
        ],
      },
    ],
    ['no maximum', '/messages', { messages: [{ role: 'user', content: 'x' }] }],
    [
      'one role twice',
      '/messages',
      {
        max_tokens: 9,
        messages: [
          { role: 'user', content: 'x' },
          { role: 'user', content: 'y' },
        ],
      },
    ],
    ['an empty text', '/messages', { max_tokens: 9, messages: [{ role: 'user', content: ' ' }] }],
    [
      'a result after other words',
      '/messages',
      {
        max_tokens: 9,
        messages: [
          { role: 'user', content: 'x' },
          { role: 'assistant', content: [use] },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'y' },
              { type: 'tool_result', tool_use_id: 'c1', content: 'z' },
            ],
          },
        ],
      },
    ],
    [
      'thinking that was changed',
      '/messages',
      {
        max_tokens: 9,
        messages: [
          { role: 'user', content: 'x' },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'hm', signature: 'signed:9' },
              { type: 'text', text: 'y' },
            ],
          },
          { role: 'user', content: 'z' },
        ],
      },
    ],
  ])('%s', async (_name, path, body) => {
    const post = await start()
    expect((await post({ model: 'm', ...body }, path)).status).toBe(400)
  })
})

describe('quirks', () => {
  const all = Object.entries(QUIRKS)

  test('are named with the server they were met at and what becomes of them, and reports by repository and number', () => {
    for (const [name, { server, met, answer, reports, dialects, refuses, spoils }] of all) {
      expect(name).toMatch(/^[a-z_]+$/)
      for (const words of [server, met, answer]) expect(words).not.toBe('')
      for (const report of reports) expect(report).toMatch(/^[\w.-]+(\/[\w.-]+)?#\d+$/)
      expect(dialects.length).toBeGreaterThan(0)
      expect((refuses ?? spoils) === undefined).toBe(false)
    }
    expect(all.length).toBeGreaterThan(35)
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

  test('are chosen by name or by server; one that there is none of is named with those there are', () => {
    const of = (...names: string[]) => quirksOf(names as QuirkName[])
    expect(of('mistral')).toEqual(all.flatMap(([name, quirk]) => (name.startsWith('mistral_') ? [quirk] : [])))
    expect(of('null_content')).toEqual([QUIRKS.null_content])
    expect(() => of('mistrall')).toThrow(/no quirk 'mistrall'; there are mistral_ids, .*, and the servers .*mistral/)
  })
})

test('a random model keeps within a schema of any kind', async () => {
  const properties = {
    fixed: { const: 'always' },
    nothing: { const: 0 },
    one: { enum: ['a', 'b'] },
    either: { anyOf: [{ type: 'integer', minimum: 7, maximum: 8 }, { type: 'boolean' }] },
    or: { oneOf: [{ const: 1 }, { const: 2 }] },
    list: { type: 'array', items: { type: 'integer', minimum: 3, maximum: 4 }, minItems: 1, maxItems: 2 },
    many: { type: 'array', items: { type: 'boolean' } },
    share: { type: 'number', minimum: 0.5, maximum: 0.75 },
    free: { type: 'number' },
    count: { type: 'integer', minimum: -2 },
    most: { type: 'integer', maximum: 1 },
    flag: { type: 'boolean' },
    short: { type: 'string', maxLength: 3 },
    long: { type: 'string', minLength: 40, maxLength: 50 },
    inner: { type: 'object', properties: { x: { type: 'boolean' }, y: { type: 'boolean' } }, required: ['x'] },
    unknown: { type: 'null' },
  }
  const tool = { name: 'do', description: '', parameters: { type: 'object', properties, required: Object.keys(properties) } }
  const within: Readonly<Record<string, (value: never) => boolean>> = {
    fixed: value => value === 'always',
    nothing: value => value === 0,
    one: value => ['a', 'b'].includes(value),
    either: value => [7, 8, true, false].includes(value),
    or: value => [1, 2].includes(value),
    list: (value: number[]) => [1, 2].includes(value.length) && value.every(item => item === 3 || item === 4),
    many: (value: boolean[]) => value.length <= 2 && value.every(item => typeof item === 'boolean'),
    share: value => value >= 0.5 && value < 0.75,
    free: value => value >= 0 && value < 10,
    count: value => Number.isInteger(value) && value >= -2 && value <= 8,
    most: value => Number.isInteger(value) && value >= 0 && value <= 1,
    flag: value => typeof value === 'boolean',
    short: (value: string) => value.length <= 3,
    long: (value: string) => value.length >= 40 && value.length <= 50,
    inner: (value: object) => Object.keys(value).join() === 'x',
    unknown: value => value === null,
  }
  const seen = new Map<string, Set<string>>()
  const messages = [{ role: 'user', content: 'Go.' }]
  for (let i = 0; i < 60; i++) {
    const { calls } = await randomCalls({ messages, tools: [tool], random: stream(i, 'schema') } as never)
    const found = calls![0]!.arguments as Record<string, never>
    expect(Object.keys(found)).toEqual(Object.keys(properties))
    for (const [name, value] of Object.entries(found)) {
      expect([name, value, within[name]!(value)]).toEqual([name, value, true])
      seen.set(name, (seen.get(name) ?? new Set()).add(JSON.stringify(value)))
    }
  }
  // All that may be is, in the end.
  const kinds = (name: string) => [...seen.get(name)!].sort()
  expect(kinds('either')).toEqual(['7', '8', 'false', 'true'])
  expect(kinds('or')).toEqual(['1', '2'])
  expect(kinds('most')).toEqual(['0', '1'])
  expect(kinds('count')).toHaveLength(11)
  expect(kinds('list')).toHaveLength(6)
  expect(kinds('inner')).toHaveLength(2)
})

test('a recorded conversation is repeated answer by answer, then nothing is said', async () => {
  const script = fromTranscript([
    { message: { role: 'user', content: 'Turn 0.' }, t: 0, sampled: false },
    {
      message: {
        role: 'assistant',
        content: 'One.',
        reasoning_content: 'hm',
        tool_calls: [{ id: 'x', name: 'sell', arguments: '{"quantity":2}' }],
      },
      t: 0,
      sampled: true,
    },
    { message: { role: 'assistant', content: 'Two.' }, t: 1, sampled: true },
  ])
  const at = (turn: number) => script({ turn } as never)
  expect(at(0)).toEqual({ content: 'One.', reasoning: 'hm', calls: [{ name: 'sell', arguments: '{"quantity":2}' }] })
  expect(at(1)).toEqual({ content: 'Two.', calls: [] })
  expect(at(2)).toEqual({})
})

test('a request is of the conversation that its header names, or of none', async () => {
  await start()
  const ask = (headers: Record<string, string>) =>
    fetch(`${provider!.url}/chat/completions`, { method: 'POST', body: JSON.stringify(hello()), headers })
  await ask({})
  await ask({ 'x-session-id': 'game-7' })
  expect(provider!.requests.map(({ session }) => session)).toEqual(['', 'game-7'])
})

test('a script that throws is shown to the one who wrote it', async () => {
  const post = await start({
    script: () => {
      throw new Error('boom')
    },
  })
  const response = await post(hello())
  expect([response.status, await response.text()]).toEqual([400, 'the script threw: boom'])
})
