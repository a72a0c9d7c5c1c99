/** Failing calls: what is tried again, when, how long, and what is said at the end. Time is the test's own. */
import { describe, expect, test, vi } from 'vitest'
import { classify } from '../../../rollouts/models/failure.ts'
import { Limiters } from '../../../rollouts/models/limiter.ts'
import { MalformedReply } from '../../../rollouts/models/model.ts'
import { type Clock, RETRY, type RetryPolicy, systemClock, withRetries } from '../../../rollouts/models/retry.ts'
import { retryAfter } from '../../../rollouts/models/server_errors.ts'
import { ProviderError } from '../../../rollouts/player.ts'

/** A clock that jumps to whatever is waited for next. */
function jumpingClock(random: () => number = () => 0.5): Clock & { readonly waits: number[] } {
  let now = 1_000_000
  const waits: number[] = []
  return {
    waits,
    now: () => now,
    random,
    after(ms, callback) {
      let cancelled = false
      // A time box is cancelled by the attempt; only what nobody cancels passes.
      setImmediate(() => {
        if (cancelled) return
        now += ms
        waits.push(ms)
        callback()
      })
      return () => {
        cancelled = true
      }
    },
  }
}

const status = (code: number, headers: Record<string, string> = {}, error: object = {}) =>
  Object.assign(new Error(`${code}`), { status: code, headers: new Headers(headers), error })

function signals() {
  const { signal } = new AbortController()
  return { abandon: signal, stop: signal }
}

/** Runs attempts that fail with these errors in order and then answer. */
async function run(
  errors: readonly unknown[],
  policy: Partial<RetryPolicy> = {},
  { clock = jumpingClock(), answeredBefore = true, leftMs = Number.POSITIVE_INFINITY } = {},
) {
  const limiters = new Limiters(64)
  let attempts = 0
  const done = withRetries(
    async () => {
      const error = errors[attempts++]
      if (error !== undefined) throw error
      return 'answer'
    },
    {
      policy: { ...RETRY, ...policy },
      clock,
      limiter: limiters.of('m'),
      ...signals(),
      leftMs,
      answeredBefore: () => answeredBefore,
      enter: async () => () => {},
      told: () => {},
      fail: ({ code, status: got }, tries, fatal) =>
        Object.assign(new ProviderError(code, { code, status: got, attempts: tries }), { fatal }),
    },
  )
  const result = await done.catch((error: unknown) => error)
  return { result, attempts, waits: clock.waits, state: limiters.of('m').state }
}

describe('waiting', () => {
  test.each([
    ['retry-after-ms', { 'retry-after-ms': '1500', 'retry-after': '9' }, 1500],
    ['seconds', { 'retry-after': '2.5' }, 2500],
    ['a date', { 'retry-after': new Date(1_000_000 + 7000).toUTCString() }, 7000],
    ['a date in the past', { 'retry-after': new Date(0).toUTCString() }, 0],
    ['nonsense', { 'retry-after': 'soon' }, null],
    ['nothing', {}, null],
  ])('Retry-After as %s is understood', (_name, headers, expected) => {
    expect(retryAfter(new Headers(headers as Record<string, string>), 1_000_000)).toBe(expected)
  })

  test('the server is granted the wait it asks for, up to a cap', async () => {
    const { result, waits } = await run([status(429, { 'retry-after': '3' }), status(429, { 'retry-after': '86400' })], {
      retryAfterCapMs: 60_000,
    })
    expect(result).toMatchObject({ value: 'answer', retries: 2 })
    expect(waits).toEqual([3000, 60_000])
  })

  test('without a wish of the server the wait is uniform under a bound that doubles to a cap', async () => {
    const errors = Array.from({ length: 5 }, () => status(500))
    const whole = await run(errors, { backoffMs: 1000, backoffCapMs: 4000 }, { clock: jumpingClock(() => 1) })
    expect(whole.waits).toEqual([1000, 2000, 4000, 4000, 4000])
    const none = await run(errors, {}, { clock: jumpingClock(() => 0) })
    expect(none.waits).toEqual([0, 0, 0, 0, 0])
  })
})

describe('giving up', () => {
  test.each([
    ['rate limits', status(429), 'rate_limited'],
    ['an overloaded provider', status(529), 'rate_limited'],
    ['server errors', status(503), 'server_error'],
    ['cut-off bodies', Object.assign(new Error('aborted'), { code: 'ECONNRESET' }), 'connection'],
    ['answers that are none', new MalformedReply('no choices'), 'malformed_reply'],
    ['half a JSON', new SyntaxError('Unexpected end'), 'malformed_reply'],
  ])('%s are tried again, then given up as a ProviderError of that class', async (_name, error, code) => {
    const { result, attempts } = await run([error, error, error, error], { maxRetries: 2 })
    expect(attempts).toBe(3)
    expect(result).toBeInstanceOf(ProviderError)
    expect(result).toMatchObject({ code, attempts: 3, fatal: false })
    expect((await run([error, error], { maxRetries: 2 })).result).toMatchObject({ value: 'answer', retries: 2 })
  })

  test.each([
    ['a wrong key', status(401), 'auth', true],
    [
      'an empty account',
      status(429, {}, { error: { code: 'insufficient_quota', message: 'You exceeded your current quota' } }),
      'quota',
      true,
    ],
    ['an unknown model', status(404), 'not_found', false],
    ['a request that is refused', status(400), 'bad_request', false],
    [
      'a prompt that is too long',
      status(400, {}, { message: "This model's maximum context length is 4096 tokens" }),
      'context_length',
      false,
    ],
  ])('%s is not tried again', async (_name, error, code, fatal) => {
    const { result, attempts } = await run([error])
    expect(attempts).toBe(1)
    expect(result).toMatchObject({ code, fatal })
    // Refused at the very first call, it would meet every rollout.
    expect((await run([error], {}, { answeredBefore: false })).result).toMatchObject({ code, fatal: true })
  })

  test('nobody at a URL that never answered is no outage; at one that did, it is', async () => {
    const refused = Object.assign(new Error('Connection error.'), {
      cause: Object.assign(new AggregateError([]), { errors: [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })] }),
    })
    const never = await run([refused], {}, { answeredBefore: false })
    expect([never.attempts, never.result]).toMatchObject([1, { code: 'connection', fatal: true }])
    expect((await run([refused])).result).toMatchObject({ value: 'answer', retries: 1 })
  })

  test('what no provider does is a bug and is thrown on as it is', async () => {
    const bug = new TypeError('x is not a function')
    expect(() => classify(bug, false, 0)).toThrow(bug)
    expect((await run([bug])).result).toBe(bug)
  })
})

describe('time boxes', () => {
  const clock = () => jumpingClock(() => 0)
  const hang = (signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

  async function hanging(leftMs: number, hangs: number) {
    const limiters = new Limiters(1)
    let attempts = 0
    const time = clock()
    const result = await withRetries(signal => (attempts++ < hangs ? hang(signal) : Promise.resolve('answer')), {
      policy: { ...RETRY, timeoutMs: 30_000, maxRetries: 5 },
      clock: time,
      limiter: limiters.of('m'),
      ...signals(),
      leftMs,
      answeredBefore: () => true,
      enter: async () => () => {},
      told: () => {},
      fail: ({ code }, tries) => new ProviderError(code, { code, status: null, attempts: tries }),
    }).catch((error: unknown) => error)
    return { result, attempts, boxes: time.waits.filter(ms => ms > 0), state: limiters.of('m').state }
  }

  test('a hung attempt ends with its box and is tried again', async () => {
    const { result, boxes, state } = await hanging(Number.POSITIVE_INFINITY, 2)
    expect(result).toMatchObject({ value: 'answer', retries: 2, workedMs: 60_000, latencyMs: 0 })
    expect(boxes).toEqual([30_000, 30_000])
    expect(state.inFlight).toBe(0)
  })

  test('the episode’s box ends the attempts of a call, the last one early', async () => {
    const { result, attempts, boxes } = await hanging(70_000, 9)
    expect(result).toMatchObject({ code: 'timeout', attempts: 3 })
    expect(attempts).toBe(3)
    expect(boxes).toEqual([30_000, 30_000, 10_000])
  })

  test('an abandoned call ends at once, with the reason, and gives its place back', async () => {
    const limiters = new Limiters(1)
    const abandon = new AbortController()
    const call = withRetries(hang, {
      policy: RETRY,
      clock: { now: () => 0, random: () => 0, after: () => () => {} },
      limiter: limiters.of('m'),
      abandon: abandon.signal,
      stop: abandon.signal,
      leftMs: Number.POSITIVE_INFINITY,
      answeredBefore: () => true,
      enter: async () => () => {},
      told: () => {},
      fail: () => new ProviderError('never', { code: 'x', status: null, attempts: 0 }),
    })
    setImmediate(() => abandon.abort(new Error('enough')))
    await expect(call).rejects.toThrow('enough')
    expect(limiters.of('m').state).toMatchObject({ inFlight: 0, waiting: 0 })
  })

  test('a stop lets the attempt in flight finish and ends a wait', async () => {
    const limiters = new Limiters(1)
    const stop = new AbortController()
    const outcomes: unknown[] = [status(500), 'answer']
    const around = {
      policy: RETRY,
      clock: { now: () => 0, random: () => 0, after: () => () => {} },
      limiter: limiters.of('m'),
      abandon: new AbortController().signal,
      stop: stop.signal,
      leftMs: Number.POSITIVE_INFINITY,
      answeredBefore: () => true,
      enter: async () => () => {},
      told: () => {},
      fail: () => new ProviderError('never', { code: 'x', status: null, attempts: 0 }),
    }
    const finished = withRetries(async () => {
      stop.abort(new Error('enough'))
      return 'answer'
    }, around)
    expect(await finished).toMatchObject({ value: 'answer' })

    const second = new AbortController()
    const waiting = withRetries(
      async () => {
        setImmediate(() => second.abort(new Error('enough')))
        throw outcomes.shift()
      },
      { ...around, stop: second.signal },
    )
    await expect(waiting).rejects.toThrow('enough')
    expect(outcomes).toHaveLength(1)
  })
})

describe('the clock', () => {
  test('goes on when that of the wall jumps, and a date in Retry-After is measured by the server’s own', () => {
    const before = systemClock.now()
    const jump = vi.spyOn(Date, 'now').mockReturnValue(0)
    try {
      expect(systemClock.now() - before).toBeGreaterThanOrEqual(0)
      expect(systemClock.now() - before).toBeLessThan(60_000)
    } finally {
      jump.mockRestore()
    }
    const at = (ms: number): string => new Date(ms).toUTCString()
    expect(retryAfter(new Headers({ date: at(5_000_000), 'retry-after': at(5_007_000) }), 9_000_000_000)).toBe(7000)
  })
})

describe('what a server asks to wait', () => {
  const body = (message: string, more: object = {}) => ({ error: { message, ...more } })
  test.each<[string, object, number | null]>([
    ['a delay among the details', body('quota', { details: [{ retryDelay: '34s' }] }), 34_000],
    ['words with seconds', body('Please retry in 34.07s.'), 34_070],
    ['words with minutes', body('Please try again in 1m30.5s. Visit …'), 90_500],
    ['words with milliseconds', body('Please try again in 6ms'), 6],
    ['words that are long', body('try again after 2 minutes'), 120_000],
    ['a number', { retry_after: 3 }, 3000],
    ['nothing', body('Slow down'), null],
  ])('%s', (_name, error, expected) => {
    expect(classify(status(429, {}, error), false, 0)).toMatchObject({
      code: expected === null ? 'rate_limited' : expect.any(String),
      retryAfterMs: expected,
    })
  })

  test('is told apart from what its rate headers say is left', () => {
    const left = (value: string) => classify(status(429, { 'x-ratelimit-remaining-requests': value }), false, 0).exhausted
    expect([left('0'), left('12'), left('soon')]).toEqual([true, false, undefined])
  })
})

describe('around each attempt', () => {
  const still = { now: () => 7, random: () => 0.5, after: () => () => {} }
  /** Attempts with everything around them written down; `stop` and `abandon` may be aborted on the way. */
  function around(more: object = {}) {
    const log: unknown[] = []
    const limiters = new Limiters(1)
    const abandon = new AbortController()
    const stop = new AbortController()
    const given = {
      policy: { ...RETRY, maxRetries: 1 },
      clock: jumpingClock() as Clock,
      limiter: limiters.of('m'),
      abandon: abandon.signal,
      stop: stop.signal,
      leftMs: Number.POSITIVE_INFINITY,
      answeredBefore: () => true,
      pace: async () => void log.push('pace'),
      enter: async () => {
        log.push('enter')
        return (tried: object) => void log.push(tried)
      },
      told: (failure: { code: string }, waitMs: number | null, ms: number) => void log.push(['told', failure.code, waitMs, ms]),
      fail: ({ code }: { code: string }, attempts: number) => new ProviderError(code, { code, status: null, attempts }),
      ...more,
    }
    return { log, limiters, abandon, stop, given }
  }

  test('its ceiling and its pace are asked, its outcome told, and the wait until the next', async () => {
    const { log, limiters, given } = around()
    let attempts = 0
    const attempt = async () => {
      log.push(limiters.of('m').state.inFlight)
      if (attempts++ === 0) throw status(500)
      return 'answer'
    }
    expect(await withRetries(attempt, given)).toMatchObject({ value: 'answer', retries: 1 })
    const failure = expect.objectContaining({ code: 'server_error', status: 500, retry: true })
    expect(log).toEqual([
      'enter',
      'pace',
      1,
      { failure, ms: 0 },
      ['told', 'server_error', 500, 0],
      'enter',
      'pace',
      1,
      { value: 'answer', ms: 0 },
    ])
    expect(limiters.of('m').state).toMatchObject({ inFlight: 0, limited: 0 })
  })

  test('the last that fails is told without a wait', async () => {
    const { log, given } = around()
    await expect(withRetries(async () => Promise.reject(status(429)), given)).rejects.toMatchObject({
      code: 'rate_limited',
      attempts: 2,
    })
    expect(log.filter(Array.isArray)).toEqual([
      ['told', 'rate_limited', 500, 0],
      ['told', 'rate_limited', null, 0],
    ])
    expect(given.limiter.state).toMatchObject({ inFlight: 0, limited: 2 })
  })

  test('what is not sent cannot have been billed: neither a wait for a place nor for the pace', async () => {
    const unsent = { ms: 0, failure: expect.objectContaining({ code: 'connection', billed: false, retry: false }) }
    const waiting = around()
    const held = await waiting.limiters.of('m').acquire(waiting.stop.signal)
    const call = withRetries(async () => 'answer', waiting.given)
    call.catch(() => {})
    await new Promise(setImmediate)
    waiting.stop.abort(new Error('over'))
    await expect(call).rejects.toThrow('over')
    expect(waiting.log).toEqual(['enter', unsent])
    held.release('failed')
    expect(waiting.limiters.of('m').state).toMatchObject({ inFlight: 0, waiting: 0 })

    const paced = around({ pace: () => Promise.reject(new Error('no pace')) })
    await expect(withRetries(async () => 'answer', paced.given)).rejects.toThrow('no pace')
    expect(paced.log).toEqual(['enter', unsent])
    expect(paced.limiters.of('m').state.inFlight).toBe(0)
  })

  test('what was sent and given up may have been', async () => {
    const { log, abandon, given } = around({ clock: still })
    const attempt = (signal: AbortSignal) =>
      new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        abandon.abort(new Error('enough'))
      })
    await expect(withRetries(attempt, given)).rejects.toThrow('enough')
    expect(log).toEqual(['enter', 'pace', { ms: 0, failure: expect.objectContaining({ billed: true }) }])
    expect(given.limiter.state.inFlight).toBe(0)
  })

  test('nothing is begun once all is to end, nor past a ceiling', async () => {
    const { log, stop, given } = around()
    stop.abort(new Error('over'))
    await expect(withRetries(async () => 'answer', given)).rejects.toThrow('over')
    expect(log).toEqual([])
    const full = around({ enter: () => Promise.reject(new Error('ceiling')) })
    await expect(withRetries(async () => 'answer', full.given)).rejects.toThrow('ceiling')
    expect(full.limiters.of('m').state).toMatchObject({ inFlight: 0, waiting: 0 })
  })

  test.each<[string, unknown, boolean, boolean]>([
    ['quota', status(402), true, true],
    ['a wrong key', status(401), true, true],
    ['a 403 after answers', status(403), true, false],
    ['a 403 at once', status(403), false, true],
    ['a bad request after answers', status(400), true, false],
    ['a bad request at once', status(400), false, true],
    ['an outage', status(500), true, false],
    ['an outage at once', status(500), false, false],
    ['a connection that broke at once', Object.assign(new Error('x'), { code: 'ECONNRESET' }), false, true],
    ['a connection that broke after answers', Object.assign(new Error('x'), { code: 'ECONNRESET' }), true, false],
  ])('%s would meet every other as well: after answers %s, %s', async (_what, error, answeredBefore, fatal) => {
    expect((await run(new Array(9).fill(error), { maxRetries: 0 }, { answeredBefore })).result).toMatchObject({ fatal })
  })

  test('the system’s own clock calls back once, unless it is called off, and rolls dice', async () => {
    const called: string[] = []
    const off = systemClock.after(0, () => void called.push('off'))
    off()
    await new Promise<void>(resolve => {
      systemClock.after(1, () => {
        called.push('on')
        resolve()
      })
    })
    // A wait of more than a timer can hold is no wait of nothing.
    const long = systemClock.after(2 ** 40, () => void called.push('long'))
    await new Promise<void>(resolve => systemClock.after(5, resolve))
    long()
    expect(called).toEqual(['on'])
    expect(systemClock.random()).toBeLessThan(1)
  })
})
