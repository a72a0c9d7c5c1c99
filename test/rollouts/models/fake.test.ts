/** The provider that can be told to fail does what it is told, in three dialects, and is as strict as a real one. */
import { afterEach, describe, expect, test } from 'vitest'
import { stream } from '../../../envs/core/random.ts'
import {
  type FakeProvider,
  type FakeProviderOptions,
  type FakeReply,
  fromTranscript,
  type MODEL_FAULTS,
  type RawAnswer,
  randomCalls,
  startFakeProvider,
} from '../../../testing.ts'

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

async function start(
  options: Partial<FakeProviderOptions> = {},
): Promise<(body: object, path?: string, session?: string) => Promise<Response>> {
  await provider?.close()
  provider = await startFakeProvider({ script: randomCalls, ...options })
  const { url } = provider
  return (body, path = '/chat/completions', session = '') =>
    fetch(`${url}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...(session !== '' && { 'x-session-id': session }) },
    })
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

  test('keeps to the tools that the last thing it was told says it may call now', () => {
    const tools = ['sell', 'wait', 'value'].map(name => ({ name, description: '', parameters: {} }))
    /** What is called in twelve conversations that end like this. */
    const called = (...texts: string[]) => {
      const messages = texts.map(content => ({ role: 'user', content }))
      const calls = Array.from({ length: 12 }, (_, i) =>
        randomCalls({ messages, tools, random: stream(i, 'tools') } as never)
          .calls?.map(({ name }) => name)
          .join(),
      )
      return [...new Set(calls)].sort()
    }
    expect(called('Go.')).toEqual(['sell', 'value', 'wait'])
    expect(called('You may call now: wait, sell.')).toEqual(['sell', 'wait'])
    expect(called('You may call now: wait.', 'Go.')).toEqual(['sell', 'value', 'wait'])
    expect(called('You may call now: wait. Or not?')).toEqual(['sell', 'value', 'wait'])
    expect(called('You may call now: steal.')).toEqual([undefined])
    const silent = randomCalls({ messages: [{ role: 'assistant', content: 'x' }], tools: [] } as never)
    expect(silent).toEqual({ content: expect.stringMatching(/./) })
  })
})

describe('who is answered', () => {
  const ask = (path: string, headers: Record<string, string> = {}, body: object = hello()) =>
    fetch(`${provider!.url}${path}`, { method: 'POST', body: JSON.stringify(body), headers })

  test('nobody who asks for what there is not', async () => {
    await start()
    const response = await ask('/embeddings')
    expect([response.status, await response.json()]).toEqual([
      404,
      { error: { message: expect.stringContaining('/v1/embeddings'), type: 'fake_error', code: 404 } },
    ])
  })

  test('whoever has the key, in the header of either protocol; the list of models is for all', async () => {
    await start({ key: 'k-1', models: ['m', 'n'], script: () => ({}) })
    for (const headers of [{ authorization: 'Bearer k-1' }, { authorization: 'k-1' }, { 'x-api-key': 'k-1' }])
      expect((await ask('/chat/completions', headers as never)).status).toBe(200)
    for (const [headers, wrong] of [
      [{}, ''],
      [{ authorization: 'Bearer k-2' }, 'k-2'],
      [{ authorization: 'Basic Bearer k-1' }, 'Basic Bearer k-1'],
      [{ 'x-api-key': 'k-3', authorization: 'Bearer k-1' }, 'k-3'],
    ] as const) {
      const response = await ask('/messages', headers as never)
      expect([response.status, await response.json()]).toEqual([
        401,
        { type: 'error', error: { type: 'fake_error', message: expect.stringMatching(new RegExp(`: ${wrong}$`)) } },
      ])
    }
    const listed = await fetch(`${provider!.url}/models`)
    expect([listed.status, await listed.json()]).toEqual([
      200,
      {
        object: 'list',
        data: [
          { id: 'm', object: 'model' },
          { id: 'n', object: 'model' },
        ],
      },
    ])
    expect(provider!.counts).toEqual({ ok: 4, 401: 4 })
    await start()
    expect(await (await fetch(`${provider!.url}/models`)).json()).toEqual({ object: 'list', data: [] })
  })

  test('whoever asks a model that is known, and no field that is refused', async () => {
    await start({ models: ['m', 'n'], refuses: ['seed', 'top_k'], script: () => ({}) })
    const status = async (more: object) => {
      const response = await ask('/chat/completions', {}, { ...hello(), ...more })
      return [response.status, response.ok ? '' : ((await response.json()) as { error: { message: string } }).error.message]
    }
    expect(await status({})).toEqual([200, ''])
    expect(await status({ model: 'n' })).toEqual([200, ''])
    expect(await status({ model: 'o' })).toEqual([404, expect.stringContaining("'o'")])
    expect(await status({ top_k: null })).toEqual([400, expect.stringContaining("'top_k'")])
    expect(provider!.counts).toEqual({ ok: 2, 404: 1, 400: 1 })
  })

  test('as the caller says who it is, how often it has asked, and as chance has it for what was said', async () => {
    const drawn: number[] = []
    const script = ({ random }: { random: { float(): number } }) => {
      drawn.push(random.float())
      return {}
    }
    await start({ script: script as never, seed: 5 })
    await ask('/chat/completions')
    expect(provider!.requests[0]!.session).toBe('')
    drawn.length = 0
    for (const [session, text] of ['a x', 'a x', 'b x', 'a y', 'a x'].map(each => each.split(' ')))
      await ask('/chat/completions', { 'X-Session-ID': session! }, hello(text))
    const seen = provider!.requests.slice(1)
    expect(seen.map(({ session }) => session)).toEqual(['a', 'a', 'b', 'a', 'a'])
    expect(seen[0]!.headers).toMatchObject({ 'x-session-id': 'a' })
    // However often it is looked at.
    for (let i = 0; i < 2; i++) expect(seen.map(({ attempt }) => attempt)).toEqual([0, 1, 0, 0, 2])
    expect(drawn.map(n => drawn.indexOf(n))).toEqual([0, 0, 0, 3, 0])
    await start({ script: script as never, seed: 6, keep: false })
    await ask('/chat/completions', {}, hello('x'))
    expect(new Set(drawn).size).toBe(3)
    expect(provider!.requests).toEqual([])
  })

  test('at once or after a while, and all together are counted', async () => {
    const post = await start({ script: () => ({}), latencyMs: 1, fault: ({ turn }) => (turn === 1 ? 'hung' : undefined) })
    for (const text of ['a', 'b', 'c']) expect((await post(hello(text))).status).toBe(200)
    expect(provider!.peak).toBe(1)
    const history = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
      { role: 'user', content: 'c' },
    ]
    const hung = [1, 2, 3].map(() =>
      post({ model: 'm', messages: history }).then(
        () => 'answered',
        () => 'closed',
      ),
    )
    while (provider!.counts.hung !== 3) await new Promise(setImmediate)
    await post(hello('d'))
    expect(provider!.peak).toBe(4)
    // Whoever waits is sent away.
    await provider!.close()
    expect(await Promise.all(hung)).toEqual(['closed', 'closed', 'closed'])
  })

  test('on the port that was chosen', async () => {
    await start()
    const { url } = provider!
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/)
    await start({ port: Number(new URL(url).port) })
    expect(provider!.url).toBe(url)
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
    expect(await response.json()).toEqual({ error: { message: expect.stringMatching(/./), type: 'fake_error', code: 429 } })
    expect(provider!.counts).toEqual({ rate_limit: 1 })
  })

  test('a rate limit says as a date how long to wait, or not at all', async () => {
    const hour = 3_600_000
    const post = await start({ fault: () => 'rate_limit', retryAfterMs: hour, retryAfterHeader: 'date' })
    const before = Date.now()
    const { headers } = await post(hello())
    const until = Date.parse(headers.get('retry-after')!)
    // A date has no more than seconds.
    expect(until).toBeGreaterThan(before + hour - 1000)
    expect(until).toBeLessThanOrEqual(Date.now() + hour)
    const at = await start({ fault: () => 'rate_limit' })
    expect((await at(hello())).headers.get('retry-after-ms')).toBe('0')
  })

  test('a server error, an answer cut off, and one without a choice', async () => {
    const faults = ['server_error', 'cut_off', 'empty_choice'] as const
    let next = 0
    const post = await start({ fault: () => faults[next++] })
    const failed = await post(hello())
    expect([failed.status, await failed.json()]).toEqual([
      500,
      { error: { message: expect.stringMatching(/./), type: 'fake_error', code: 500 } },
    ])
    const cut = await post(hello())
    expect([cut.status, cut.headers.get('content-type')]).toEqual([200, 'application/json'])
    let came = ''
    const reading = async () => {
      for await (const piece of cut.body!) came += Buffer.from(piece).toString()
    }
    await expect(reading()).rejects.toThrow('terminated')
    expect(came.length).toBe(Math.floor(Number(cut.headers.get('content-length')) / 2))
    expect(came).toMatch(/^\{"id":"chatcmpl-fake"/)
    const empty = await post(hello())
    expect([empty.status, await empty.json()]).toEqual([200, { id: 'fake', model: 'm', choices: [] }])
    expect(provider!.counts).toEqual({ server_error: 1, cut_off: 1, empty_choice: 1 })
  })

  test('at a rate: drawn from what was said, and anew when the same is asked again', async () => {
    const post = await start({ rates: { server_error: 0.5 }, seed: 3 })
    const statuses = async (text: string, ask = post, session = '') => {
      const seen: number[] = []
      for (let i = 0; i < 8; i++) seen.push((await ask(hello(text), undefined, session)).status)
      return seen
    }
    const [a, b] = [await statuses('Turn 0.'), await statuses('Turn 1.')]
    expect(new Set([...a, ...b])).toEqual(new Set([200, 500]))
    expect(a).not.toEqual(b)
    expect(await statuses('Turn 0.', post, 'other')).not.toEqual(a)
    const again = await start({ rates: { server_error: 0.5 }, seed: 3 })
    expect((await again(hello('Turn 1.'))).status).toBe(b[0])
    const other = await start({ rates: { server_error: 0.5 }, seed: 4 })
    expect(await statuses('Turn 0.', other)).not.toEqual(a)
  })

  test('rates add up, and a fault that was asked for goes before them', async () => {
    const outcomes = async (options: Partial<FakeProviderOptions>) => {
      const post = await start({ script: () => ({ content: 'yes' }), ...options })
      for (let i = 0; i < 9; i++) await post(hello(`Turn ${i}.`))
      return provider!.counts
    }
    const both = await outcomes({ rates: { rate_limit: 0.5, server_error: 0.5 } })
    expect(both).toEqual({ rate_limit: expect.any(Number), server_error: expect.any(Number) })
    expect(both.rate_limit! + both.server_error!).toBe(9)
    const some = await outcomes({ rates: { empty_choice: 0.5, refusal: 1 } })
    expect(some).toEqual({ empty_choice: expect.any(Number), refusal: 9 - some.empty_choice! })
    expect(await outcomes({ rates: {} })).toEqual({ ok: 9 })
    expect(await outcomes({ rates: { server_error: 1 }, fault: () => 'length' })).toEqual({ length: 9 })
  })
})

describe('faults of the model', () => {
  const calls = [
    { name: 'sell', arguments: { quantity: 1 } },
    { name: 'wait', arguments: {} },
  ]
  const said = (written: readonly string[]) =>
    calls.map(({ name }, i) => ({ id: `call_0_${i}`, type: 'function', function: { name, arguments: written[i] } }))
  const silent = { content: null, refusal: null }

  test.each<[(typeof MODEL_FAULTS)[number], string, object]>([
    ['malformed_arguments', 'tool_calls', { content: 'I sell.', tool_calls: said(['{"quantity":1', '{']) }],
    ['wrong_arguments', 'tool_calls', { content: 'I sell.', tool_calls: said(['{"surprise":true}', '{"surprise":true}']) }],
    ['empty_reply', 'stop', silent],
    ['refusal', 'content_filter', { content: null, refusal: expect.stringMatching(/./) }],
    ['length', 'length', { content: expect.stringMatching(/./) }],
  ])('%s is an answer all the same', async (fault, finish_reason, message) => {
    const post = await start({ fault: () => fault, script: () => ({ content: 'I sell.', calls }) })
    const response = await post(hello())
    expect(response.status).toBe(200)
    const { choices } = (await response.json()) as { choices: object[] }
    expect(choices).toEqual([{ index: 0, finish_reason, message: { role: 'assistant', refusal: null, ...message } }])
    expect(provider!.counts).toEqual({ [fault]: 1 })
  })

  test.each(['malformed_arguments', 'wrong_arguments'] as const)('%s spoils nothing where nothing is called', async fault => {
    const post = await start({ fault: () => fault, script: () => ({ content: 'I wait.' }) })
    const { choices } = (await (await post(hello())).json()) as { choices: object[] }
    expect(choices).toEqual([
      { index: 0, finish_reason: 'stop', message: { role: 'assistant', refusal: null, content: 'I wait.' } },
    ])
  })

  test('at a rate they belong to what was said, however often it is asked', async () => {
    const post = await start({ rates: { empty_reply: 0.5 } })
    const silent: boolean[] = []
    for (const text of 'abcdefgh') {
      const seen = new Set<boolean>()
      for (let i = 0; i < 3; i++) seen.add((await callOf(await post(hello(text)))) === undefined)
      expect(seen.size).toBe(1)
      silent.push(...seen)
    }
    expect(new Set(silent).size).toBe(2)
  })
})

describe('what is sent instead', () => {
  test('is sent as it is, with the media type it looks like, unless another is named', async () => {
    const bodies: RawAnswer[] = [
      { body: 'plain' },
      { body: ' {"a"' },
      { body: '[1' },
      { body: { a: '\u{1f33e}' } },
      { body: 'a[b', status: 418, headers: { 'x-more': '7' } },
      { body: '{}', headers: { 'content-type': 'text/html' } },
    ]
    let next = 0
    const post = await start({ respond: () => bodies[next++] })
    const answers = []
    for (const _ of bodies) {
      const response = await post(hello())
      const { headers, status } = response
      answers.push([
        status,
        headers.get('content-type'),
        headers.get('content-length'),
        headers.get('x-more'),
        await response.text(),
      ])
    }
    expect(answers).toEqual([
      [200, 'text/plain', '5', null, 'plain'],
      [200, 'application/json', '5', null, ' {"a"'],
      [200, 'application/json', '2', null, '[1'],
      [200, 'application/json', '12', null, '{"a":"\u{1f33e}"}'],
      [418, 'text/plain', '3', '7', 'a[b'],
      [200, 'text/html', '2', null, '{}'],
    ])
    expect((await post(hello())).status).toBe(200)
    expect(provider!.counts).toEqual({ 'quirk 200': 5, 'quirk 418': 1, ok: 1 })
  })

  test('a quirk, as often as its rate says: anew when the same is asked again, but for what is play', async () => {
    const rated = async (quirks: FakeProviderOptions['quirks'], more: Partial<FakeProviderOptions> = {}) => {
      const post = await start({ script: () => ({ content: 'yes' }), quirks: quirks!, ...more })
      const seen: string[] = []
      for (const text of 'abcd') {
        let three = ''
        for (let i = 0; i < 3; i++)
          three += (await post(hello(text))).headers.get('content-type') === 'application/json' ? '.' : 'x'
        seen.push(three)
      }
      return seen
    }
    const always = new Array(4).fill('xxx')
    const never = new Array(4).fill('...')
    expect(await rated(['text_type'])).toEqual(always)
    expect(await rated(['text_type'], { quirkRate: 0 })).toEqual(never)
    const half = await rated(['text_type'], { quirkRate: 0.5 })
    expect(half.some(three => three !== 'xxx' && three !== '...')).toBe(true)
    expect(await rated(['text_type'], { quirkRate: 0.5 })).toEqual(half)
    expect(await rated(['text_type'], { quirkRate: 0.5, seed: 1 })).not.toEqual(half)
    // What a script's author says goes before it.
    expect(await rated(['text_type'], { respond: () => ({ body: {} }) })).toEqual(never)
    // One quirk an answer, of all that there are.
    const either = await rated(['text_type', 'fastapi_error'])
    expect(new Set(either)).toEqual(new Set(['xxx', '...']))
    // Play belongs to what was said.
    const post = await start({ script: () => ({ content: 'yes' }), quirks: ['openrouter_moderation'], quirkRate: 0.5 })
    const flagged: string[] = []
    for (const text of 'abcdefgh') {
      const seen = new Set<number>()
      for (let i = 0; i < 2; i++) seen.add((await post(hello(text))).status)
      flagged.push([...seen].join())
    }
    expect(new Set(flagged)).toEqual(new Set(['200', '403']))
  })
})

/** A call as it stands in the history of Chat Completions, and of Messages. */
const call = (id = 'c1', name = 'sell', written: unknown = '{}') => ({
  id,
  type: 'function',
  function: { name, arguments: written },
})
const use = { type: 'tool_use', id: 'c1', name: 'sell', input: { quantity: 1 } }
const user = (content: unknown = 'x') => ({ role: 'user', content })
const result = (id = 'c1') => ({ role: 'tool', tool_call_id: id, content: 'Sold.' })
const chat = (...messages: object[]) => ['/chat/completions', { messages }] as const
const calling = (...calls: object[]) => chat({ role: 'assistant', tool_calls: calls }, ...calls.map(() => result()), user())
const responses = (...input: object[]) => ['/responses', { input }] as const
const messages = (...said: object[]) => ['/messages', { max_tokens: 9, messages: said }] as const
const blocks = (...content: object[]) => messages(user(), { role: 'assistant', content }, user())

describe('a request that is not well-formed is refused like a strict provider would', () => {
  test.each<[string, readonly [string, object], RegExp]>([
    ['a call without an answer', chat({ role: 'assistant', tool_calls: [call('a'), call('b')] }, result('a'), user()), /: b$/],
    ['an answer without a call', chat(result('c9')), /'c9'/],
    ['a second answer', chat({ role: 'assistant', tool_calls: [call()] }, result(), result(), user()), /no open tool call 'c1'/],
    ['arguments that are no JSON', calling(call('c1', 'sell', '{')), /no JSON object: \{$/],
    ['arguments that are a list', calling(call('c1', 'sell', '[]')), /no JSON object: \[\]$/],
    ['arguments that are null', calling(call('c1', 'sell', 'null')), /no JSON object: null$/],
    ['arguments that are a number', calling(call('c1', 'sell', '7')), /no JSON object: 7$/],
    ['a name of other letters', calling(call('c1', 'sell it')), /name of a call .*'sell it'$/],
    ['a name that begins otherwise', calling(call('c1', '.sell')), /name of a call/],
    ['a name that is too long', calling(call('c1', 'x'.repeat(65))), /name of a call/],
    ['no name', calling(call('c1', '')), /name of a call/],
    ['an id of other letters', calling(call('c:1')), /id of a tool call .*'c:1'$/],
    ['an id that is too long', calling(call('x'.repeat(65))), /id of a tool call/],
    ['one id twice', calling(call(), call()), /unique.*'c1' twice/],
    [
      'one id twice, turns apart',
      chat({ role: 'assistant', tool_calls: [call()] }, result(), user(), { role: 'assistant', tool_calls: [call()] }, result()),
      /unique/,
    ],
    ['no message', chat(), /no message/],
    ['an own message at the end', chat({ role: 'assistant', content: 'x' }), /last message/],
    ['a role that there is none of', chat({ role: 'developer', content: 'x' }), /unknown role 'developer'/],
    ['half of a surrogate pair', chat(user('\ud83d')), /surrogate/],
    ['reasoning that nobody stored', responses({ type: 'reasoning', id: 'rs' }, user()), /reasoning item 'rs'/],
    ['an item that there is none of', responses({ type: 'note' }, user()), /input item 'note'/],
    ['an item of a role that there is none of', responses({ role: 'critic', content: 'x' }, user()), /input item 'critic'/],
    ['no maximum', ['/messages', { messages: [user()] }], /max_tokens/],
    ['one role twice', messages(user(), user('y')), /user twice/],
    ['an assistant that begins', messages({ role: 'assistant', content: 'x' }, user()), /assistant twice/],
    ['an empty text', messages(user(' ')), /non-whitespace/],
    [
      'an empty text among others',
      messages(
        user([
          { type: 'text', text: 'x' },
          { type: 'text', text: '' },
        ]),
      ),
      /non-whitespace/,
    ],
    ['an assistant’s message of nothing', blocks(), /final block/],
    [
      'thinking at an end',
      blocks({ type: 'text', text: 'x' }, { type: 'thinking', thinking: 'hm', signature: 'signed:2' }),
      /final/,
    ],
    [
      'a result after other words',
      messages(
        user(),
        { role: 'assistant', content: [use] },
        user([
          { type: 'text', text: 'y' },
          { type: 'tool_result', tool_use_id: 'c1' },
        ]),
      ),
      /tool_result blocks must come first/,
    ],
    [
      'thinking that was changed',
      blocks({ type: 'thinking', thinking: 'hm', signature: 'signed:9' }, { type: 'text', text: 'y' }),
      /invalid signature/,
    ],
  ])('%s', async (_name, [path, body], reason) => {
    const post = await start()
    const response = await post({ model: 'm', ...body }, path)
    expect(response.status).toBe(400)
    const error = { message: expect.stringMatching(reason), type: 'fake_error' }
    expect(await response.json()).toEqual(path === '/messages' ? { type: 'error', error } : { error: { ...error, code: 400 } })
    expect(provider!.counts).toEqual({ 400: 1 })
    // What could not be read did not arrive.
    expect(provider!.requests).toEqual([])
  })

  test('what is no JSON as well; the nearest that is well-formed is answered', async () => {
    const post = await start({ script: () => ({ content: 'yes' }) })
    const { url } = provider!
    for (const body of ['{', 'null', '[]', ''])
      expect((await fetch(`${url}/chat/completions`, { method: 'POST', body })).status).toBe(400)
    const name = 'aZ0_-'.padEnd(64, 'x')
    for (const [path, body] of [
      chat({ role: 'assistant', tool_calls: [call(name, name)] }, result(name), user()),
      chat({ role: 'assistant', tool_calls: [call('a'), call('b')] }, result('b'), result('a'), user('\u{1f33e}')),
      chat(user(), user()),
      responses({ type: 'reasoning', id: 'rs', encrypted_content: 'x' }, { role: 'assistant', content: 'y' }, user()),
      blocks({ type: 'thinking', thinking: 'hm', signature: 'signed:2' }, { type: 'text', text: 'y' }),
    ])
      expect((await post({ model: 'm', ...body }, path)).status).toBe(200)
  })
})

describe('what a request says is read', () => {
  const tools = [
    [
      { type: 'function', function: TOOL },
      { type: 'function', function: { name: 'wait' } },
    ],
    [
      { type: 'function', ...TOOL },
      { type: 'function', name: 'wait' },
    ],
    [{ name: 'sell', description: 'Sells.', input_schema: TOOL.parameters }, { name: 'wait' }],
  ]
  const said = [
    { role: 'system', content: 'You trade.' },
    { role: 'user', content: 'Turn 0.' },
    {
      role: 'assistant',
      content: 'I sell.',
      tool_calls: [
        { id: 'a', name: 'sell', arguments: '{"quantity":1}' },
        { id: 'b', name: 'wait', arguments: '{}' },
      ],
    },
    { role: 'tool', tool_call_id: 'a', name: '', content: 'Sold.' },
    { role: 'tool', tool_call_id: 'b', name: '', content: 'You wait.' },
    { role: 'user', content: 'Turn 1.' },
    { role: 'assistant', content: 'I wait.' },
    { role: 'user', content: 'Turn 2.' },
    { role: 'assistant', content: '', tool_calls: [{ id: 'c', name: 'wait', arguments: '{}' }] },
    { role: 'tool', tool_call_id: 'c', name: '', content: 'You wait.' },
  ]
  const [, , both] = said as { content: string; tool_calls: { id: string; name: string; arguments: string }[] }[]

  test.each<[string, object]>([
    [
      '/chat/completions',
      {
        messages: said.map(({ tool_calls, name: _, ...message }: Record<string, unknown>) => ({
          ...message,
          ...(Array.isArray(tool_calls) && { tool_calls: tool_calls.map(each => call(each.id, each.name, each.arguments)) }),
        })),
        tools: tools[0],
      },
    ],
    [
      '/responses',
      {
        instructions: 'You trade.',
        input: [
          { role: 'user', content: [{ type: 'input_text', text: 'Turn 0.' }] },
          { type: 'reasoning', id: 'rs', encrypted_content: 'x' },
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'I sell.' }] },
          ...both!.tool_calls.map(({ id, name, arguments: written }) => ({
            type: 'function_call',
            call_id: id,
            name,
            arguments: written,
          })),
          { type: 'function_call_output', call_id: 'a', output: 'Sold.' },
          { type: 'function_call_output', call_id: 'b', output: 'You wait.' },
          { role: 'user', content: 'Turn 1.' },
          { role: 'assistant', content: 'I wait.' },
          { role: 'user', content: 'Turn 2.' },
          { type: 'function_call', call_id: 'c', name: 'wait', arguments: '{}' },
          { type: 'function_call_output', call_id: 'c', output: 'You wait.' },
        ],
        tools: tools[1],
      },
    ],
    [
      '/messages',
      {
        max_tokens: 9,
        system: [{ type: 'text', text: 'You trade.' }],
        messages: [
          user('Turn 0.'),
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'hm', signature: 'signed:2' },
              { type: 'text', text: 'I ' },
              { type: 'text', text: 'sell.' },
              { ...use, id: 'a' },
              { type: 'tool_use', id: 'b', name: 'wait', input: {} },
            ],
          },
          user([
            { type: 'tool_result', tool_use_id: 'a', content: 'Sold.' },
            { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'You wait.' }] },
            { type: 'text', text: 'Turn 1.' },
          ]),
          { role: 'assistant', content: 'I wait.' },
          user('Turn 2.'),
          { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'wait', input: {} }] },
          user([{ type: 'tool_result', tool_use_id: 'c', content: 'You wait.' }]),
        ],
        tools: tools[2],
      },
    ],
  ])('in %s, and told to whoever answers', async (path, body) => {
    const post = await start({ script: () => ({ content: 'yes' }) })
    expect((await post({ model: 'm', ...body }, path)).status).toBe(200)
    const [request] = provider!.requests
    expect(request).toMatchObject({
      dialect: { '/chat/completions': 'chat', '/responses': 'responses', '/messages': 'messages' }[path],
      model: 'm',
      stream: false,
      turn: 3,
      attempt: 0,
      body,
      tools: [TOOL, { name: 'wait', description: '', parameters: {} }],
    })
    expect(request!.messages).toEqual(said)
  })

  test('two texts of one user of Messages are two lines, and no system message is none', async () => {
    const post = await start({ script: () => ({}) })
    await post(
      {
        model: 'm',
        max_tokens: 9,
        messages: [
          user([
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ]),
        ],
      },
      '/messages',
    )
    await post({ model: 'm', input: [user('a')] }, '/responses')
    expect(provider!.requests.map(({ messages: read }) => read)).toEqual([[user('a\nb')], [user('a')]])
  })
})

describe('what a script says is written', () => {
  const PATHS = ['/chat/completions', '/responses', '/messages'] as const
  const full: FakeReply = {
    reasoning: 'hm',
    content: 'I sell.',
    calls: [
      { name: 'sell', arguments: { quantity: 1 } },
      { name: 'wait', arguments: '{' },
    ],
  }
  const REPLIES: readonly FakeReply[] = [
    {},
    { content: '' },
    full,
    { ...full, finish: 'length' },
    { content: 'Let me', finish: 'length' },
    { content: 'Never.', finish: 'refusal' },
    { finish: 'refusal' },
  ]
  const calls = [call('call_0_0', 'sell', '{"quantity":1}'), call('call_0_1', 'wait', '{')]
  const items = calls.map(({ id, function: { name, arguments: written } }) => ({
    type: 'function_call',
    id: `fc_${id}`,
    call_id: id,
    name,
    arguments: written,
  }))
  const uses = [
    { type: 'tool_use', id: 'call_0_0', name: 'sell', input: { quantity: 1 } },
    { type: 'tool_use', id: 'call_0_1', name: 'wait', input: '{' },
  ]
  const thinking = { type: 'thinking', thinking: 'hm', signature: 'signed:2' }
  const reasoning = { type: 'reasoning', id: 'rs_fake', summary: [{ type: 'summary_text', text: 'hm' }] }
  const choice = (finish_reason: string, message: object) => [
    { index: 0, finish_reason, message: { role: 'assistant', content: null, refusal: null, ...message } },
  ]
  const item = (part: object) => ({ type: 'message', id: 'msg_fake', role: 'assistant', status: 'completed', content: [part] })
  const words = (text: string) => item({ type: 'output_text', text, annotations: [] })

  const sent = { model: 'm', max_tokens: 9, messages: [user()], input: [user()] }
  const answers = async (body: object, path: string) => {
    let next = 0
    const post = await start({ script: () => REPLIES[next++]! })
    const written: Record<string, unknown>[] = []
    for (const _ of REPLIES) written.push((await (await post(body, path)).json()) as Record<string, unknown>)
    return written
  }

  test('in Chat Completions', async () => {
    const said = { content: 'I sell.', reasoning_content: 'hm', tool_calls: calls }
    const written = await answers(sent, PATHS[0])
    expect(written.map(({ choices }) => choices)).toEqual([
      choice('stop', {}),
      choice('stop', { content: '' }),
      choice('tool_calls', said),
      choice('length', said),
      choice('length', { content: 'Let me' }),
      choice('content_filter', { refusal: 'Never.' }),
      choice('content_filter', { refusal: 'No.' }),
    ])
    const { choices: _, ...rest } = written[2]!
    // {"role":"user","content":"x"} has 29 characters; what is said 7 + 4 + 14 + 4 + 1; what is thought 2: four are a token.
    expect(rest).toEqual({
      id: 'chatcmpl-fake',
      object: 'chat.completion',
      created: 0,
      model: 'm',
      usage: {
        prompt_tokens: 8,
        completion_tokens: 9,
        total_tokens: 17,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 1 },
      },
    })
  })

  test('in Responses', async () => {
    const all = [words('I sell.'), ...items]
    const written = await answers(sent, PATHS[1])
    expect(written.map(({ output }) => output)).toEqual([
      [],
      [words('')],
      [reasoning, ...all],
      [reasoning, ...all],
      [words('Let me')],
      [item({ type: 'refusal', refusal: 'Never.' })],
      [item({ type: 'refusal', refusal: 'No.' })],
    ])
    expect(written.map(({ status, incomplete_details }) => [status, incomplete_details])).toEqual(
      REPLIES.map(({ finish }) => (finish === 'length' ? ['incomplete', { reason: 'max_output_tokens' }] : ['completed', null])),
    )
    const { output: _, status: __, incomplete_details: ___, ...rest } = written[2]!
    expect(rest).toEqual({
      id: 'resp_fake',
      object: 'response',
      created_at: 0,
      model: 'm',
      error: null,
      usage: {
        input_tokens: 8,
        output_tokens: 9,
        total_tokens: 17,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens_details: { reasoning_tokens: 1 },
      },
    })
    // Reasoning comes encrypted to those who ask for it.
    const [, , asked] = await answers({ ...sent, include: ['reasoning.encrypted_content'] }, PATHS[1])
    expect((asked!.output as object[])[0]).toEqual({ ...reasoning, encrypted_content: Buffer.from('hm').toString('base64') })
  })

  test('in Messages', async () => {
    const all = [thinking, { type: 'text', text: 'I sell.' }, ...uses]
    const written = await answers(sent, PATHS[2])
    expect(written.map(({ content, stop_reason }) => [stop_reason, content])).toEqual([
      ['end_turn', []],
      ['end_turn', [{ type: 'text', text: '' }]],
      ['tool_use', all],
      ['max_tokens', all],
      ['max_tokens', [{ type: 'text', text: 'Let me' }]],
      ['refusal', [{ type: 'text', text: 'Never.' }]],
      ['refusal', []],
    ])
    const { content: _, stop_reason: __, ...rest } = written[2]!
    expect(rest).toEqual({
      id: 'msg_fake',
      type: 'message',
      role: 'assistant',
      model: 'm',
      stop_sequence: null,
      usage: {
        input_tokens: 8,
        cache_read_input_tokens: 0,
        cache_creation_input_tokens: 0,
        output_tokens: 9,
        output_tokens_details: { thinking_tokens: 1 },
      },
    })
  })

  test('ids go by the turn, and what stood before the last answer was read from the cache', async () => {
    const post = await start({ script: () => ({ calls: [{ name: 'wait', arguments: {} }] }) })
    const [path, body] = chat(
      user(),
      { role: 'assistant', content: 'I' },
      user('yy'),
      { role: 'assistant', content: 'I' },
      user(),
    )
    const { choices, usage } = (await (await post({ model: 'm', ...body }, path)).json()) as never
    expect((choices as { message: { tool_calls: { id: string }[] } }[])[0]!.message.tool_calls[0]!.id).toBe('call_2_0')
    // 29, 34, 30, 34 and 29 characters.
    expect(usage).toMatchObject({ prompt_tokens: 8 + 9 + 8 + 9 + 8, prompt_tokens_details: { cached_tokens: 8 + 9 + 8 } })
  })

  /** The events of an answer, and the lines around their data. */
  const streamed = async (reply: FakeReply, path: string, more: object = {}) => {
    const post = await start({ script: () => reply })
    const response = await post({ ...sent, stream: true, ...more }, path)
    expect([response.status, response.headers.get('content-type'), provider!.counts]).toEqual([
      200,
      'text/event-stream',
      { ok: 1 },
    ])
    const lines = (await response.text()).split('\n\n')
    expect(lines.at(-1)).toBe('')
    return lines.slice(0, -1).map(line => {
      const [, name, data] = /^(?:event: (\S+)\n)?data: (.*)$/.exec(line)!
      return name === undefined ? (data === '[DONE]' ? data : JSON.parse(data!)) : { named: name, ...JSON.parse(data!) }
    })
  }

  test('as a stream of Chat Completions: a text in two halves, arguments after their names, the counts where they are asked for', async () => {
    const head = { id: 'chatcmpl-fake', object: 'chat.completion.chunk', created: 0, model: 'm' }
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      ...head,
      choices: [{ index: 0, delta, finish_reason }],
    })
    const begun = ({ id, function: { name } }: (typeof calls)[number], index: number) =>
      chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] })
    const more = (index: number, written: string) => chunk({ tool_calls: [{ index, function: { arguments: written } }] })
    const all = [
      chunk({ role: 'assistant' }),
      chunk({ reasoning_content: 'hm' }),
      chunk({ content: 'I s' }),
      chunk({ content: 'ell.' }),
      begun(calls[0]!, 0),
      more(0, '{"quant'),
      more(0, 'ity":1}'),
      begun(calls[1]!, 1),
      more(1, '{'),
      chunk({}, 'tool_calls'),
    ]
    expect(await streamed(full, PATHS[0])).toEqual([...all, '[DONE]'])
    const usage = expect.objectContaining({ prompt_tokens: 8, completion_tokens: 9 })
    expect(await streamed(full, PATHS[0], { stream_options: { include_usage: true } })).toEqual([
      ...all,
      { ...head, choices: [], usage },
      '[DONE]',
    ])
    expect(await streamed({ content: 'Ne', finish: 'refusal' }, PATHS[0])).toEqual([
      chunk({ role: 'assistant' }),
      chunk({ refusal: 'N' }),
      chunk({ refusal: 'e' }),
      chunk({}, 'content_filter'),
      '[DONE]',
    ])
    expect(await streamed({}, PATHS[0])).toEqual([chunk({ role: 'assistant' }), chunk({}, 'stop'), '[DONE]'])
  })

  test('as a stream of Messages: each block begun empty, filled and ended', async () => {
    const head = { id: 'msg_fake', type: 'message', role: 'assistant', model: 'm', stop_sequence: null }
    const usage = {
      input_tokens: 8,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
      output_tokens: 9,
      output_tokens_details: { thinking_tokens: 1 },
    }
    const block = (index: number, content_block: object, ...deltas: object[]) => [
      { type: 'content_block_start', index, content_block },
      ...deltas.map(delta => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]
    const expected = [
      { type: 'message_start', message: { ...head, content: [], stop_reason: null, usage: { ...usage, output_tokens: 0 } } },
      ...block(
        0,
        { type: 'thinking', thinking: '', signature: '' },
        { type: 'thinking_delta', thinking: 'hm' },
        { type: 'signature_delta', signature: 'signed:2' },
      ),
      ...block(1, { type: 'text', text: '' }, { type: 'text_delta', text: 'I sell.' }),
      ...block(2, { ...uses[0], input: {} }, { type: 'input_json_delta', partial_json: '{"quantity":1}' }),
      ...block(3, { ...uses[1], input: {} }, { type: 'input_json_delta', partial_json: '"{"' }),
      { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage },
      { type: 'message_stop' },
    ]
    expect(await streamed(full, PATHS[2])).toEqual(expected.map(event => ({ named: event.type, ...event })))
  })

  test('Responses are never streamed, and nothing is for whoever does not ask', async () => {
    const post = await start({ script: () => full })
    for (const [path, stream] of [
      [PATHS[1], true],
      [PATHS[0], false],
      [PATHS[0], 'yes'],
      [PATHS[2], undefined],
    ] as const) {
      const response = await post({ ...sent, stream }, path)
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(await response.json()).toHaveProperty('usage')
    }
  })

  test('token ids and log-probabilities are told to those who ask for them', async () => {
    const post = await start({ script: () => ({ content: 'ab' }) })
    const told = async (more: object) => {
      const { choices, prompt_token_ids } = (await (await post({ ...sent, ...more })).json()) as Record<string, never>
      const { token_ids, logprobs } = choices![0] as Record<string, unknown>
      return [prompt_token_ids, token_ids, logprobs]
    }
    const probable = {
      content: [
        { token: 'a', logprob: -0.097 },
        { token: 'b', logprob: -0.098 },
      ],
    }
    expect(await told({})).toEqual([undefined, undefined, undefined])
    expect(await told({ return_token_ids: true })).toEqual([[1, 2, 3], [97, 98], undefined])
    expect(await told({ logprobs: true })).toEqual([undefined, undefined, probable])
    const silent = await start({ script: () => ({}) })
    const { choices } = (await (await silent({ ...sent, return_token_ids: true })).json()) as Record<string, never>
    expect((choices![0] as { token_ids: unknown }).token_ids).toEqual([])
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
    far: { type: 'number', minimum: 100, maximum: 1000 },
    high: { type: 'integer', minimum: 100, maximum: 1000 },
    few: { type: 'array', items: { const: 0 }, maxItems: 1 },
    some: { type: 'array', minItems: 3, maxItems: 90 },
    word: { type: 'string' },
    open: { type: 'object', properties: { x: { type: 'boolean' } } },
    odd: { type: 'integer', minimum: '7', maximum: null },
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
    // No further from the least than ten, nor longer than two more.
    far: value => value >= 100 && value < 110,
    high: value => Number.isInteger(value) && value >= 100 && value <= 110,
    few: (value: number[]) => value.length <= 1 && value.every(item => item === 0),
    some: (value: null[]) => [3, 4, 5].includes(value.length) && value.every(item => item === null),
    word: value => value !== '',
    open: (value: object) => Object.keys(value).length === 0,
    odd: value => Number.isInteger(value) && value >= 0 && value <= 10,
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
  expect(kinds('flag')).toEqual(['false', 'true'])
  expect(new Set([...seen.get('many')!].map(value => JSON.parse(value).length))).toEqual(new Set([0, 1, 2]))
  expect(kinds('few')).toEqual(['[0]', '[]'])
  expect(kinds('some')).toHaveLength(3)
  expect(kinds('high')).toHaveLength(11)
  expect(kinds('word').length).toBeGreaterThan(3)
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
  expect(at(1)).toStrictEqual({ content: 'Two.', calls: [] })
  expect(at(2)).toEqual({})
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
