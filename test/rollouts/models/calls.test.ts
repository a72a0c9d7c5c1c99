/** One call with all around it: what its row says, what it costs, what it is refused for, and what a line tells of those under way. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { RunStopped } from '../../../rollouts/errors.ts'
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from '../../../rollouts/models/fake/index.ts'
import { Models, type ModelsOptions } from '../../../rollouts/models/index.ts'
import type { Clock } from '../../../rollouts/models/retry.ts'
import { ProviderError } from '../../../rollouts/player.ts'

let provider: FakeProvider | undefined
afterEach(() => provider?.close())

const ONCE = { maxRetries: 0 }
const SAID = [{ role: 'user', content: 'Who won?' }] as const
const PLACE = { key: 'k', agent: 'judge' }

/** A model that is asked outside a game at a provider like this. */
async function asking(fake: Partial<FakeProviderOptions>, options: ModelsOptions = {}, brackets = '') {
  await provider?.close()
  provider = await startFakeProvider({ script: () => ({ content: 'yes' }), ...fake })
  const models = new Models({ retry: ONCE, ...options })
  const asker = models.asker(`openai:m@${provider.url}${brackets}`)
  return { models, asker, ask: () => asker.ask(SAID, PLACE) }
}

/** What it fails with where the server answers this. */
async function failure(status: number, body: unknown, options: ModelsOptions = {}) {
  const { ask } = await asking({ respond: () => ({ status, body }) }, options)
  const error = await ask().then(
    row => expect.unreachable(JSON.stringify(row)),
    thrown => thrown,
  )
  expect(error).toBeInstanceOf(ProviderError)
  return error as ProviderError
}

describe('a call', () => {
  test('is a row of who was asked what, what was answered, and what it took', async () => {
    const prices = () => ({ m: { input: 100, output: 1000 } })
    const { asker, ask, models } = await asking({}, { prices }, '[temperature=0.5]')
    const row = await ask()
    const name = `openai:m@${provider!.url}[temperature=0.5]`
    expect(row).toStrictEqual({
      ...PLACE,
      t: 0,
      call: 0,
      player: name,
      model: 'm',
      request: asker.request(SAID),
      // {"role":"user","content":"Who won?"} has 36 characters.
      prompt_tokens: 9,
      completion_tokens: 1,
      usage: { input_uncached: 9, input_cached_read: 0, input_cache_write: 0, output: 1, output_reasoning: 0 },
      latency_ms: expect.any(Number),
      retries: 0,
      cost: (9 * 100 + 1000) / 1e6,
      reply: { content: 'yes', tool_calls: [], finish_reason: 'stop' },
    })
    expect(Number.isInteger(row.latency_ms)).toBe(true)
    const { body, session } = provider!.requests[0]!
    expect(body).toEqual({ model: 'm', messages: SAID, temperature: 0.5 })
    expect(session).toMatch(/^[0-9a-f]{32}$/)
    expect([asker.name, asker.price]).toEqual([name, { input: 100, output: 1000 }])
    expect(asker.details).toEqual({
      model: 'm',
      base_url: provider!.url,
      protocol: 'chat',
      sampling: { temperature: 0.5 },
      extra_body: {},
    })
    // Without a ceiling nothing is counted towards one.
    expect(models.spent).toEqual({ tokens: 0, cost: 0 })
    await asker.ask(SAID, { ...PLACE, agent: 'other' })
    expect(provider!.requests[1]!.session).not.toBe(session)
  })

  test('without a known price has no cost, and tells what was left out and what was sent otherwise', async () => {
    const { ask } = await asking({ refuses: ['top_k'], quirks: ['gemma_system'] }, { sampling: { top_k: 5 } })
    expect(await ask()).toMatchObject({ cost: null, dropped: ['top_k'] })
    const system = new Models({ retry: ONCE }).asker(`openai:m@${provider!.url}`)
    expect(await system.ask([{ role: 'system', content: 'Judge.' }, ...SAID], PLACE)).toMatchObject({
      adaptations: ['system_as_user'],
    })
  })

  test('is answered by the cache, where there is one, for nothing', async () => {
    const cache = mkdtempSync(join(tmpdir(), 'agoragym-'))
    onTestFinished(() => rmSync(cache, { recursive: true, force: true }))
    const { ask, asker } = await asking({}, { cache, prices: () => ({ m: { input: 1, output: 1 } }) })
    const first = await ask()
    const again = await ask()
    expect(provider!.requests).toHaveLength(1)
    expect(again).toStrictEqual({ ...first, latency_ms: 0, cost: 0, cached: true })
    // Another question, seat or rollout is another call.
    await asker.ask([...SAID, ...SAID], PLACE)
    await asker.ask(SAID, { ...PLACE, agent: 'other' })
    await asker.ask(SAID, { ...PLACE, key: 'l' })
    expect(provider!.requests).toHaveLength(4)
  })

  test('under a ceiling asks for no more than so much, and what it used is counted', async () => {
    const price = { m: { input: 100, output: 1000 } }
    const { ask, models } = await asking({}, { maxTokens: 5000, prices: () => price })
    await ask()
    expect(provider!.requests[0]!.body.max_tokens).toBe(4096)
    expect(models.spent).toEqual({ tokens: 10, cost: (9 * 100 + 1000) / 1e6 })
    const given = await asking({}, { maxTokens: 5000, sampling: { max_tokens: 7 } })
    await given.ask()
    expect(provider!.requests[0]!.body.max_tokens).toBe(7)
    expect(given.models.spent).toEqual({ tokens: 10, cost: 0 })
  })

  test('that failed counts for nothing, unless it may have been billed', async () => {
    const refused = await asking(
      { respond: () => ({ status: 400, body: 'no' }) },
      { maxTokens: 5000, sampling: { max_tokens: 7 } },
    )
    await expect(refused.ask()).rejects.toThrow(ProviderError)
    expect(refused.models.spent.tokens).toBe(0)
    const unread = await asking({ respond: () => ({ body: 'no' }) }, { maxTokens: 5000, sampling: { max_tokens: 7 } })
    await expect(unread.ask()).rejects.toThrow(ProviderError)
    expect(unread.models.spent.tokens).toBe(Buffer.byteLength(JSON.stringify(SAID)) + 7)
  })

  test('that the ceiling has no room for is not made', async () => {
    const { ask } = await asking({}, { maxTokens: 40, sampling: { max_tokens: 7 } })
    await expect(ask()).rejects.toThrow(RunStopped)
    const free = await asking(
      {},
      { maxCost: 0.001, prices: () => ({ m: { input: 1, output: 1000 } }), sampling: { max_tokens: 7 } },
    )
    await expect(free.ask()).rejects.toThrow('--max-cost')
    expect(provider!.requests).toEqual([])
  })

  test('is not made once all is to end', async () => {
    const stop = new AbortController()
    const { ask } = await asking({}, { stop: stop.signal })
    await ask()
    stop.abort()
    await expect(ask()).rejects.toThrow(RunStopped)
    const late = await asking({}, { stop: stop.signal })
    await expect(late.ask()).rejects.toThrow('Interrupted')
    expect(provider!.requests).toEqual([])
  })

  test.each(['persona=naive', 'instructions=Be fair.', 'history=none', 'no_tool_call=pass'])('outside a game has no %s', text => {
    const [field] = text.split('=')
    expect(() => new Models().asker(`openai:m[${text}]`)).toThrow(`${field} means nothing outside a game`)
  })

  test('whose answer names its model at length is told shortened, and in one line', async () => {
    const { ask } = await asking({ respond: (_request, usual) => ({ body: { ...usual, model: `a\n${'m'.repeat(300)}` } }) })
    const { model } = await ask()
    expect(model).toMatch(/^a m+/)
    expect(model.length).toBeLessThanOrEqual(200)
    const odd = await asking({
      respond: (_request, usual) => ({
        body: { ...usual, choices: [{ finish_reason: `z ${'x'.repeat(99)}`, message: { content: 'x' } }] },
      }),
    })
    const { reply } = await odd.ask()
    expect(reply.finish_word).toMatch(/^z x+/)
    expect(reply.finish_word!.length).toBeLessThanOrEqual(64)
    expect(reply.told_as_error).toBeUndefined()
    const flagged = await asking({ respond: () => ({ status: 400, body: `flagged\n${'x'.repeat(999)}` }) })
    const told = (await flagged.ask()).reply.told_as_error!
    expect(told).toMatch(/^400 flagged x+/)
    expect(told.length).toBeLessThanOrEqual(300)
  })
})

describe('a call that fails says in one line what and what to do', () => {
  test.each<[status: number, body: unknown, code: string, advice: RegExp]>([
    [401, 'no', 'auth', /^openai:m@\S+: 401 auth \(no\)\. Name the variable that holds its key with --api-key-var\.$/],
    [402, 'no', 'quota', /Top up the account, then --resume\.$/],
    [404, 'no', 'not_found', /the server knows the model 'm' and that the URL is right/],
    [408, 'no', 'timeout', /Raise --timeout-call \(300 s a call\) or lower -c, then --resume --retry-errors\.$/],
    [429, 'no', 'rate_limited', /Lower -c/],
    [500, 'no', 'server_error', /Go on later with --resume --retry-errors\.$/],
    [200, 'no', 'malformed_reply', /Check that the URL speaks this protocol/],
    [307, 'no', 'redirect', /Name the URL that it redirects to/],
    [413, 'no', 'context_length', /--history last:N/],
    [400, 'no', 'bad_request', /Change what is sent/],
    [400, { message: 'use the Responses API' }, 'bad_request', /--api responses\.$/],
    [400, { message: 'use v1/responses' }, 'bad_request', /Change what is sent/],
    [400, { message: 'see /v1/responses' }, 'bad_request', /--api responses\.$/],
    [400, { message: 'start with --enable-auto-tool-choice' }, 'bad_request', /must parse tool calls/],
    [400, { message: 'start with --tool-call-parser' }, 'bad_request', /must parse tool calls/],
    [500, { message: 'tools param requires --jinja flag' }, 'server_error', /must parse tool calls/],
    [500, { message: 'tools require --jinja' }, 'server_error', /must parse tool calls/],
    [400, { message: 'm does not support tools' }, 'bad_request', /must parse tool calls/],
    [400, { message: 'does not support tool use' }, 'bad_request', /must parse tool calls/],
    [400, { message: 'does not support tool calling' }, 'bad_request', /must parse tool calls/],
    [400, { message: 'does not support function calling' }, 'bad_request', /must parse tool calls/],
    [404, { message: 'No endpoints found that support tool use' }, 'not_found', /must parse tool calls/],
    [400, { message: 'Tools are not supported' }, 'bad_request', /must parse tool calls/],
    [400, { message: 'tool is not supported' }, 'bad_request', /must parse tool calls/],
    [400, { message: 'does not support a toolbox' }, 'bad_request', /Change what is sent/],
  ])('%d with %j is %s', async (status, body, code, advice) => {
    const error = await failure(status, body)
    expect(error).toMatchObject({ code, status: code === 'malformed_reply' ? null : status, attempts: 1 })
    expect(error.message).toMatch(advice)
    expect(error.message).not.toContain('\n')
  })

  test('that it was tried more than once, and which variable holds the key', async () => {
    const retry = { maxRetries: 2, backoffMs: 0 }
    expect((await failure(500, 'no', { retry })).message).toMatch(/: 500 server_error after 3 attempts \(no\)\. Go on later/)
    expect((await failure(200, 'no', { retry })).message).toMatch(/m@\S+: malformed_reply after 3 attempts \(/)
    // What is to be done about a protocol is no advice to who speaks it.
    expect((await failure(400, { message: 'see /v1/responses' }, { api: 'responses' })).message).toContain('Change what is sent')
  })

  test('that nobody is there', async () => {
    const { ask } = await asking({})
    const { url } = provider!
    await provider!.close()
    await expect(ask()).rejects.toMatchObject({
      code: 'connection',
      fatal: true,
      message: expect.stringMatching(
        new RegExp(`ECONNREFUSED.*Check that the server runs and can be reached at ${url}, then --resume\\.$`),
      ),
    })
  })

  test('that there is no time left', async () => {
    const hung = await asking({ fault: () => 'hung' }, { retry: { ...ONCE, timeoutMs: 5 } })
    await expect(hung.ask()).rejects.toThrow(/: timeout \(no answer in time\)\. Raise --timeout-call \(0\.005 s a call\)/)
  })
})

describe('the line about what goes on', () => {
  /** A clock that stands still: what is waited for never comes. */
  const still: Clock = { now: () => 1000, after: () => () => {}, random: () => 0 }
  const until = async (is: () => boolean) => {
    while (!is()) await new Promise(setImmediate)
  }

  test('is empty, then tells calls in flight of how many, those that wait, rate limits, retries and when the next is', async () => {
    const faults = ['hung', 'hung'] as const
    let next = 0
    const { models, ask } = await asking({ fault: () => faults[next++] }, { concurrency: 2, clock: still })
    expect(models.status()).toBe('')
    const pending = [ask(), ask(), ask()]
    for (const each of pending) each.catch(() => {})
    await until(() => provider!.counts.hung === 2)
    expect(models.status()).toBe('openai:m 2/2 (+1)')
  })

  test('tells what failed, and when it is tried again', async () => {
    const wait = (ms: string) => ({ status: 429, headers: { 'retry-after-ms': ms }, body: 'slow' })
    const answers = [wait('2500'), wait('1200'), { status: 500, body: 'no' }]
    let next = 0
    const { models, ask } = await asking(
      { respond: () => answers[next++] },
      { retry: { maxRetries: 1, backoffMs: 0 }, clock: still },
    )
    const asked = async (line: string) => {
      ask().catch(() => {})
      await until(() => models.status().includes(line))
      return models.status()
    }
    expect(await asked('1 retries')).toBe(
      'openai:m 0/10 429×1 · 1 retries, last 429 rate_limited · 1 waiting to retry, next in 3 s',
    )
    expect(await asked('2 retries')).toMatch(/ 429×2 · 2 retries, last 429 rate_limited · 2 waiting to retry, next in 2 s$/)
    // One that goes on at once waits for nothing.
    expect(await asked('3 retries')).toMatch(/ · 3 retries, last 500 server_error · 2 waiting to retry, next in 2 s$/)
  })

  test('tells a failure that has no status, and one that is not tried again is no retry', async () => {
    const { models, ask } = await asking({ respond: () => ({ body: 'no' }) }, { retry: { maxRetries: 1, backoffMs: 0 } })
    await expect(ask()).rejects.toThrow('after 2 attempts')
    expect(models.status()).toBe('openai:m 0/20 · 1 retries, last malformed_reply')
  })
})

describe('the models of a run', () => {
  test('learn what an endpoint wants once, whatever they are made to be', async () => {
    const { models, ask } = await asking({ refuses: ['top_k'] }, { sampling: { top_k: 5 } })
    await ask()
    await models.asker(`openai:m@${provider!.url}[temperature=1]`).ask(SAID, PLACE)
    expect(provider!.counts).toEqual({ 400: 1, ok: 2 })
  })

  test('are found their keys, each its own; a price is asked for under a ceiling on cost', () => {
    const models = new Models({ env: { OPENAI_API_KEY: 'sk-1' } })
    models.asker('openai:m')
    models.prepare()
    models.asker('groq:m')
    expect(() => models.prepare()).toThrow('groq:m needs a key: set GROQ_API_KEY')
    const prices = () => ({ 'openai:m': { input: 1, output: 1 } })
    expect(new Models({ maxCost: 1, prices }).asker('openai:m').price).toEqual({ input: 1, output: 1 })
    expect(() => new Models({ maxCost: 1, prices }).asker('openai:n')).toThrow('--max-cost: no price of openai:n')
    expect(() => new Models({ maxCost: 1 }).asker('openai:m')).toThrow('--max-cost: no price of openai:m')
    expect(new Models({ maxTokens: 1 }).asker('openai:n').price).toBeNull()
  })

  test('are digested by what is asked of whom and how', () => {
    const digest = (text: string, options: ModelsOptions = {}) => new Models(options).asker(text).request(SAID)
    const usual = digest('openai:m@http://a/v1')
    // The same wherever it is served, and under any ceiling.
    expect(digest('openai:m@http://b/v1')).toBe(usual)
    expect(digest('openai:m@http://a/v1', { maxTokens: 9 })).toBe(usual)
    for (const other of [
      digest('openai:n@http://a/v1'),
      digest('openai:m@http://a/v1[temperature=1]'),
      digest('openai:m@http://a/v1[api=responses]'),
      digest('openai:m@http://a/v1[extra_body={"a":1}]'),
      digest('openai:m@http://a/v1', { adaptations: ['streaming'] }),
    ])
      expect(other).not.toBe(usual)
  })
})
