/** What is read of a server's error: its words from any shape, its names, its status, and how long to wait. */
import { describe, expect, test } from 'vitest'
import { classify } from '../../../rollouts/models/failure.ts'
import {
  codesOf,
  isExhausted,
  oneLine,
  retryAfter,
  retryAfterIn,
  said,
  statusOf,
} from '../../../rollouts/models/server_errors.ts'
import { HttpError } from '../../../rollouts/models/transport.ts'

describe('the words of an error', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 'x' : { error: nested(levels - 1) })
  test.each<[unknown, string]>([
    [' a \n b ', 'a b'],
    ['', ''],
    [undefined, ''],
    [7, ''],
    [{}, ''],
    [{ message: 'a' }, 'a'],
    [{ msg: 'a' }, 'a'],
    [{ detail: 'a' }, 'a'],
    [{ error: 'a' }, 'a'],
    [{ error_message: 'a' }, 'a'],
    [{ error_description: 'a' }, 'a'],
    [{ title: 'a' }, 'a'],
    [{ reason: 'a' }, 'a'],
    [{ other: 'a' }, ''],
    [{ message: '', detail: 'a' }, 'a'],
    [{ message: {}, detail: 'a' }, 'a'],
    [{ message: 7, detail: 'a' }, 'a'],
    [{ error: 'b', message: 'a' }, 'a'],
    [{ error: { message: 'a' } }, 'a'],
    [{ error: { message: 'a', code: 'c' } }, 'a · c'],
    [{ message: 'a', code: 'c' }, 'a · c'],
    [{ message: 'a', code: 7 }, 'a'],
    [{ message: 'a', code: '' }, 'a'],
    [{ message: 'a: code c', code: 'c' }, 'a: code c'],
    [{ detail: { error: { message: 'a', code: 'c' } } }, 'a'],
    [{ detail: [{ loc: ['body', 2, null], msg: 'a' }, { msg: 'b' }] }, 'body.2: a; b'],
    [{ detail: ['a', '', 'b', 'c', 'd', 'e'] }, 'a; b; c; d'],
    [[{ error: { message: 'a' } }], 'a'],
    ['{"message": "a"}', 'a'],
    [' [{"message": "a"}]', 'a'],
    ['x {"message": "a"}', 'x {"message": "a"}'],
    ['{"message": ', '{"message":'],
    ['{"other": 1}', '{"other": 1}'],
    [{ message: '{"message": "a"}' }, 'a'],
    [{ message: 'a', metadata: { raw: 'b' } }, 'a · b'],
    [{ message: 'a b', metadata: { raw: 'b' } }, 'a b'],
    [{ message: 'a', metadata: { raw: '' } }, 'a'],
    [{ message: 'a', code: 'c', metadata: { raw: '{"error": "b"}' } }, 'a · b · c'],
    ['<html><TITLE class="x"> Sorry </title><p>x</p></html>', 'a web page: Sorry'],
    [' <p>Bad <b>gateway</b></p>', 'a web page: Bad  gateway'],
    ['<style>p { a: b }</style><p>x</p><SCRIPT a="b">let y\n</SCRIPT>', 'a web page: x'],
    ['a < b', 'a < b'],
    [nested(6), 'x'],
    [nested(7), ''],
  ])('%j', (body, words) => {
    expect(said(body)).toBe(words)
  })

  test('are no more than a reader could want, nor is a page read to its end', () => {
    expect(said('a'.repeat(30_000))).toHaveLength(20_000)
    expect(said(`<p>${'a'.repeat(30_000)}<title>Sorry</title>`)).not.toContain('Sorry')
  })

  test('are shown in one line of so many characters', () => {
    expect(oneLine(' a\n\tb  c ')).toBe('a b c')
    expect(oneLine('x'.repeat(300))).toBe('x'.repeat(300))
    expect(oneLine('x'.repeat(301)).length).toBeLessThanOrEqual(300)
    expect(oneLine('abcdefgh', 4).length).toBeLessThanOrEqual(4)
    // Blanks before what is said are not all that is shown.
    expect(oneLine(`${' '.repeat(79)}abc`, 4)).toBe('a')
  })
})

test.each<[unknown, string[]]>([
  [{ code: 'a', type: 'b', __type: 'c', status: 'd', error_code: 'e', name: 'f' }, ['a', 'b', 'c', 'd', 'e']],
  [{ error: { code: 'a', metadata: { error_code: 'b' } }, type: 'c' }, ['c', 'a', 'b']],
  [[{ error: { type: 'a' } }, { type: 'b' }], ['a']],
  ['{"code": "a"}', ['a']],
  ['code', []],
  [{ code: 7, type: '' }, []],
  [null, []],
])('the names of an error in %j are %j', (body, names) => {
  expect(codesOf(body)).toEqual(names)
})

test.each<[unknown, number]>([
  [{ code: 400 }, 400],
  [{ code: 599 }, 599],
  [{ code: 399 }, 500],
  [{ code: 600 }, 500],
  [{ code: '503' }, 503],
  [{ code: '5030' }, 500],
  [{ code: ' 503' }, 500],
  [{ code: '503x' }, 500],
  [{ code: 'x503' }, 500],
  [{ status: 404, code: 200 }, 404],
  [{ status_code: 401 }, 401],
  [{ http_status: 402 }, 402],
  [{ type: 'Overloaded' }, 529],
  [{ code: 'nobody', type: 'rate_limit_reached' }, 429],
  [{ type: 'content_filter' }, 400],
  [{ type: 'tool_use_failed' }, 400],
  [{ type: 'bad_request' }, 400],
  [{ type: 'toString' }, 500],
  ['overloaded', 500],
  [null, 500],
])('an error of a 200 that is %j counts as a %d', (error, status) => {
  expect(statusOf(error)).toBe(status)
})

describe('how long to wait', () => {
  const now = Date.UTC(2026, 0, 1)
  const at = (seconds: number): string => new Date(now + 1000 * seconds).toUTCString()
  test.each<[Record<string, string>, number | null]>([
    [{}, null],
    [{ 'retry-after-ms': '1500.5' }, 1500.5],
    [{ 'retry-after-ms': '0', 'retry-after': '9' }, 0],
    [{ 'retry-after-ms': '-1', 'retry-after': '9' }, 9000],
    [{ 'retry-after-ms': 'soon', 'retry-after': '9' }, 9000],
    [{ 'retry-after': ' ' }, null],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '1.5' }, 1500],
    [{ 'retry-after': '-1' }, 0],
    [{ 'retry-after': '2m' }, 120_000],
    [{ 'retry-after': at(7) }, 7000],
    [{ 'retry-after': at(-7) }, 0],
    [{ 'retry-after': at(7), date: at(4) }, 3000],
    [{ 'retry-after': at(7), date: 'never' }, 7000],
    [{ 'retry-after': 'never' }, null],
  ])('%j asks for %s ms', (headers, ms) => {
    expect(retryAfter(new Headers(headers), now)).toBe(ms)
  })

  test('headers that are none ask for nothing', () => {
    expect(retryAfter({ 'retry-after': '9' }, now)).toBeNull()
  })

  const delay = (retryDelay: unknown) => ({ error: { details: [{ a: 1 }, { retryDelay }] } })
  test.each<[unknown, number | null]>([
    [delay('34s'), 34_000],
    [delay('0.5 s'), 500],
    [delay('1m30.5s'), 90_500],
    [delay('1h 2m'), 3_720_000],
    [delay('200ms'), 200],
    [delay('3 milliseconds'), 3],
    [delay('1 millisecond'), 1],
    [delay('5 SECONDS'), 5000],
    [delay('5 second'), 5000],
    [delay('5 sec'), 5000],
    [delay('2 min'), 120_000],
    [delay('2 minutes'), 120_000],
    [delay('1 minute'), 60_000],
    [delay('2 hours'), 7_200_000],
    [delay('1 hour'), 3_600_000],
    [delay(' 1s '), 1000],
    [delay('1'), null],
    [delay('1 day'), null],
    [delay('in 1s'), null],
    [delay('1s more'), null],
    [delay('1.2.3s'), null],
    [delay(7), null],
    [{ details: [{ retryDelay: '3s' }] }, 3000],
    [[{ error: { details: [{ retryDelay: '3s' }], message: 'retry in 9s' } }], 3000],
    ['{"retry_after": 3}', 3000],
    [{ retry_after: 0 }, 0],
    [{ retry_after: -1 }, null],
    [{ retry_after: '3' }, null],
    [{ error: { retry_after: 1.5 } }, 1500],
    [{ error: { metadata: { retry_after_seconds: 2 } } }, 2000],
    ['Please retry in 34.07s.', 34_070],
    ['Try again in 1 m 30 s', 90_000],
    ['retry after 5 seconds, please', 5000],
    ['try again after 2 minutes', 120_000],
    ['try again in 6ms', 6],
    ['try again in 1 hour', 3_600_000],
    ['try again in 3 hours', 10_800_000],
    ['try again in 5 milliseconds', 5],
    ['try again in 5 millisecond', 5],
    ['try again in 1 second', 1000],
    ['try again in 1 minute', 60_000],
    ['try again in 2m', 120_000],
    ['try again in 2h', 7_200_000],
    ['retry in 5 days', null],
    ['retry at 5s', null],
    ['retry in 5 moons', null],
    ['do not retry', null],
    [undefined, null],
  ])('%j asks for %s ms', (body, ms) => {
    expect(retryAfterIn(body)).toBe(ms)
  })
})

test.each<[Record<string, string>, boolean | undefined]>([
  [{}, undefined],
  [{ 'x-ratelimit-remaining-requests': '0' }, true],
  [{ 'x-ratelimit-remaining-requests': '1' }, false],
  [{ 'X-RateLimit-Remaining': '-1' }, true],
  [{ 'anthropic-ratelimit-tokens-remaining': '0', 'anthropic-ratelimit-requests-remaining': '9' }, true],
  [{ 'x-ratelimit-remaining-requests': '9', 'x-ratelimit-remaining-tokens': '0' }, true],
  [{ 'x-ratelimit-remaining': ' ' }, undefined],
  [{ 'x-ratelimit-remaining': 'soon', 'x-ratelimit-remaining-b': '3' }, false],
  [{ 'x-ratelimit-limit': '0' }, undefined],
  [{ 'x-remaining': '0' }, undefined],
])('%j says of what is left: nothing %s', (headers, exhausted) => {
  expect(isExhausted(new Headers(headers))).toBe(exhausted)
})

describe('what is made of it', () => {
  const failed = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    classify(new HttpError(status, new Headers(headers), body), false, 0)

  test('a wait that the header asks for goes before that of the body', () => {
    const body = { message: 'slow down, retry in 9s' }
    expect(failed(429, body, { 'retry-after': '3' })).toMatchObject({ code: 'rate_limited', retryAfterMs: 3000 })
    expect(failed(429, body)).toMatchObject({ retryAfterMs: 9000 })
    expect(failed(429, body, { 'x-ratelimit-remaining': '0' })).toMatchObject({ exhausted: true })
    expect(failed(429, body)).not.toHaveProperty('exhausted')
  })

  test.each<[number, unknown, Record<string, string>, string]>([
    // Who says when to come back means a limit of the minute, whatever it is called.
    [429, { message: 'quota exceeded' }, {}, 'quota'],
    [429, { message: 'quota exceeded' }, { 'retry-after': '3' }, 'rate_limited'],
    [400, { message: 'quota exceeded' }, { 'retry-after': '3' }, 'quota'],
    [429, { message: 'Rate limit: insufficient quota' }, {}, 'quota'],
    [429, { message: 'Rate limit: insufficient_quota' }, { 'retry-after': '3' }, 'rate_limited'],
    [429, { message: 'Rate limit, your credit balance is low' }, {}, 'quota'],
    [400, { message: 'Rate limit: insufficient quota' }, {}, 'rate_limited'],
    [429, { message: 'Rate limit' }, {}, 'rate_limited'],
  ])('a %d of %j with %j is %s', (status, body, headers, code) => {
    expect(failed(status, body, headers).code).toBe(code)
  })

  test.each<[number, Record<string, string>, string]>([
    [300, {}, 'it redirects to another place, which a key is not taken to'],
    [399, { location: '/v2' }, 'it redirects to /v2, which a key is not taken to'],
    [302, { location: 'HTTPS://joe:pw@host/v1?a=b#c' }, 'it redirects to HTTPS://host/v1, which a key is not taken to'],
    [302, { location: 'http://host/a@b#c' }, 'it redirects to http://host/a@b, which a key is not taken to'],
    [302, { location: '?key=1' }, 'it redirects to another place, which a key is not taken to'],
  ])('a %d with %j is told without what may be secret', (status, headers, message) => {
    expect(failed(status, 'moved', headers)).toEqual({
      code: 'redirect',
      status,
      message,
      retry: false,
      retryAfterMs: null,
      billed: false,
    })
  })

  test('a status that no error has is a failure of the server', () => {
    expect(failed(299, 'x').code).toBe('server_error')
    expect(failed(450, 'x').code).toBe('bad_request')
  })

  test('what an SDK or a model of one’s own throws is read like an answer', () => {
    const thrown = (more: object, message = 'it said') => classify(Object.assign(new Error(message), more), false, 0)
    const headers = new Headers({ 'retry-after': '3' })
    expect(thrown({ status: 429, headers, error: { message: 'slow' } })).toMatchObject({
      code: 'rate_limited',
      message: 'slow',
      retryAfterMs: 3000,
    })
    expect(thrown({ status: 500, headers: { 'retry-after': '3' }, error: {} })).toMatchObject({
      message: 'it said',
      retryAfterMs: null,
    })
    expect(thrown({ code: 'ECONNRESET' })).toMatchObject({ code: 'connection', message: 'ECONNRESET: it said', billed: true })
    expect(classify({ code: 'EPIPE' }, false, 0).message).toBe('EPIPE: ')
    expect(thrown({ errors: [Object.assign(new Error('x'), { code: 'ENOTFOUND' })] })).toMatchObject({
      message: 'ENOTFOUND: x',
      billed: false,
    })
    expect(thrown({ code: 'ETIMEDOUT', errors: [new Error('x')] }).message).toBe('ETIMEDOUT: it said')
    expect(thrown({ cause: { cause: new HttpError(404, new Headers(), 'gone') } })).toMatchObject({ code: 'not_found' })
    expect(classify(new HttpError(404, new Headers(), 'gone'), true, 0)).toEqual({
      code: 'timeout',
      status: null,
      message: expect.stringMatching(/./),
      retry: true,
      retryAfterMs: null,
      billed: true,
    })
    expect(classify(new SyntaxError('Unexpected end'), false, 0)).toMatchObject({
      code: 'malformed_reply',
      message: expect.stringContaining('(Unexpected end)'),
      billed: true,
    })
    for (const bug of [new Error('x'), 'x', null, { status: '500' }]) expect(() => classify(bug, false, 0)).toThrow()
  })
})
