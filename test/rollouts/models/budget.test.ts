/** Ceilings, prices and the response cache. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RunStopped } from '../../../rollouts/errors.ts'
import { Budget } from '../../../rollouts/models/budget.ts'
import { ResponseCache } from '../../../rollouts/models/cache.ts'
import { parseEndpoint } from '../../../rollouts/models/endpoint.ts'
import type { ModelAnswer } from '../../../rollouts/models/model.ts'
import { costOf, priceOf, readPrices, shippedPrices, worstCost } from '../../../rollouts/models/prices.ts'
import { NO_USAGE } from '../../../rollouts/models/usage.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agoragym-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a ceiling', () => {
  test('is never passed, whatever the calls turn out to use and in whatever order they end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ worst: fc.nat(40), share: fc.double({ min: 0, max: 1, noNaN: true }), delay: fc.nat(3) }), {
          maxLength: 40,
        }),
        fc.nat(200),
        async (calls, maxTokens) => {
          const budget = new Budget({ maxTokens })
          const ended = await Promise.allSettled(
            calls.map(async ({ worst, share, delay }) => {
              const reservation = await budget.reserve({ tokens: worst, cost: 0 })
              for (let i = 0; i < delay; i++) await Promise.resolve()
              reservation.settle({ tokens: Math.floor(worst * share), cost: 0 })
            }),
          )
          expect(budget.spent.tokens).toBeLessThanOrEqual(maxTokens)
          // Every call ended one way or the other: nobody waits for ever.
          expect(ended).toHaveLength(calls.length)
        },
      ),
    )
  })

  test('lets a call wait that would fit once those in flight use less than they might', async () => {
    const budget = new Budget({ maxCost: 1 })
    const first = await budget.reserve({ tokens: 1, cost: 0.9 })
    let second: unknown = 'waiting'
    const waiting = budget.reserve({ tokens: 1, cost: 0.5 }).then(reservation => {
      second = 'granted'
      return reservation
    })
    await Promise.resolve()
    expect(second).toBe('waiting')
    first.settle({ tokens: 1, cost: 0.1 })
    await waiting
    expect(second).toBe('granted')
  })

  test('says which one it was, and from then on always', async () => {
    const budget = new Budget({ maxCost: 0.5, maxTokens: 1000 })
    ;(await budget.reserve({ tokens: 10, cost: 0.4 })).settle({ tokens: 10, cost: 0.4 })
    const refused = budget.reserve({ tokens: 10, cost: 0.2 })
    await expect(refused).rejects.toThrow(RunStopped)
    await expect(refused).rejects.toThrow('Stopped at --max-cost 0.5: 0.4000 USD are spent')
    await expect(budget.reserve({ tokens: 0, cost: 0 })).rejects.toThrow('--max-cost')
  })
})

test('a ceiling is met to the last token and cent, and without one nothing is limited', async () => {
  expect([new Budget({}).limited, new Budget({ maxCost: 0 }).limited, new Budget({ maxTokens: 0 }).limited]).toEqual([
    false,
    true,
    true,
  ])
  const budget = new Budget({ maxTokens: 10, maxCost: 1 })
  const first = await budget.reserve({ tokens: 6, cost: 0.5 })
  const second = await budget.reserve({ tokens: 4, cost: 0.5 })
  expect(budget.spent).toEqual({ tokens: 0, cost: 0 })
  first.settle({ tokens: 1, cost: 0.25 })
  second.settle({ tokens: 2, cost: 0.25 })
  expect(budget.spent).toEqual({ tokens: 3, cost: 0.5 })
  ;(await budget.reserve({ tokens: 7, cost: 0.5 })).settle({ tokens: 0, cost: 0 })
  const refused = budget.reserve({ tokens: 8, cost: 0 })
  await expect(refused).rejects.toThrow('Stopped at --max-tokens 10: 3 tokens are spent')
  await expect(new Budget({}).reserve({ tokens: 1e12, cost: 1e12 })).resolves.toBeDefined()
})

test('what one call gives back is its own: another’s worst case stays set aside', async () => {
  const budget = new Budget({ maxTokens: 10 })
  const first = await budget.reserve({ tokens: 3, cost: 0 })
  const second = await budget.reserve({ tokens: 6, cost: 0 })
  first.settle({ tokens: 1, cost: 0 })
  let granted = false
  const third = budget.reserve({ tokens: 4, cost: 0 }).then(() => (granted = true))
  await new Promise(setImmediate)
  expect(granted).toBe(false)
  second.settle({ tokens: 5, cost: 0 })
  await third
  expect(granted).toBe(true)
})

test('whoever waits for room is told when there will be none', async () => {
  const budget = new Budget({ maxTokens: 10 })
  const held = await budget.reserve({ tokens: 8, cost: 0 })
  const waiting = [budget.reserve({ tokens: 5, cost: 0 }), budget.reserve({ tokens: 3, cost: 0 })]
  held.settle({ tokens: 8, cost: 0 })
  const ended = await Promise.allSettled(waiting)
  expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

describe('prices', () => {
  const usage = { input_uncached: 1000, input_cached_read: 4000, input_cache_write: 500, output: 100, output_reasoning: 40 }

  test('are per million tokens, each kind at its own', () => {
    expect(costOf(usage, { input: 2, cached_read: 0.5, cache_write: 2.5, output: 8 })).toBeCloseTo(0.00605, 10)
    // What is not named costs what the prompt costs.
    expect(costOf(usage, { input: 2, output: 8 })).toBeCloseTo(0.0118, 10)
    expect(costOf(usage, null)).toBeNull()
    expect(worstCost(1000, 100, { input: 2, output: 8 })).toBeCloseTo(0.0028, 12)
    expect(worstCost(1000, 100, { input: 2, cache_write: 3, output: 8 })).toBeCloseTo(0.0038, 12)
    expect(worstCost(1000, 100, { input: 2, cache_write: 1, output: 8 })).toBeCloseTo(0.0028, 12)
  })

  test('a worst case is never below what such a call can cost', () => {
    for (const price of Object.values(shippedPrices())) {
      expect(worstCost(5500, 100, price)).toBeGreaterThanOrEqual(costOf(usage, price)!)
    }
  })

  test('belong to the providers’ own URLs; a dated snapshot costs what its model does; the rest is not known', () => {
    const prices = shippedPrices()
    const of = (player: string) => priceOf(parseEndpoint(player), prices)
    expect(of('openai:gpt-4.1-mini')).toMatchObject({ input: 0.4, output: 1.6 })
    expect(of('openai:gpt-4.1-mini-2025-04-14')).toEqual(of('openai:gpt-4.1-mini'))
    expect(of('anthropic:claude-haiku-4-5-20251001')).toMatchObject({ input: 1 })
    expect(of('openai:gpt-4.1-mini@http://localhost/v1')).toBeNull()
    expect(of('openai:gpt-9')).toBeNull()
    const dated = {
      'openai:a': { input: 1, output: 1 },
      'openai:a-2025-01-02': { input: 2, output: 2 },
      b: { input: 3, output: 3 },
    }
    const inputOf = (player: string) => priceOf(parseEndpoint(player), dated)?.input
    expect(['a', 'a-2025-01-02', 'a-20250102', 'a-2025-01-03'].map(name => inputOf(`openai:${name}`))).toEqual([1, 2, 1, 1])
    expect(['a-2025-1-2', 'a-202501020', 'a-20250102-x', 'a20250102', 'toString'].map(name => inputOf(`openai:${name}`))).toEqual(
      new Array(5).fill(undefined),
    )
    expect([inputOf('groq:b'), inputOf('openai:b@http://h'), inputOf('openai:b-20250102')]).toEqual([3, 3, undefined])
  })

  test('a user’s file may price any URL by model or by player', () => {
    const path = join(folder, 'prices.json')
    writeFileSync(
      path,
      JSON.stringify({ models: { m: { input: 1, output: 2 }, 'openai:m@http://h/v1': { input: 3, output: 4 } } }),
    )
    const prices = readPrices(path)
    expect(priceOf(parseEndpoint('openai:m@http://h/v1'), prices)).toMatchObject({ input: 3 })
    expect(priceOf(parseEndpoint('anthropic:m@http://other/v1'), prices)).toMatchObject({ input: 1 })
    writeFileSync(path, JSON.stringify({ models: { m: { input: 1, out: 2 } } }))
    expect(() => readPrices(path)).toThrow(/Price file .*models\.m/)
    expect(() => readPrices(join(folder, 'none.json'))).toThrow('Price file')
  })
})

test('the cache gives back what was put under a key, and nothing where the file is torn', async () => {
  const cache = new ResponseCache(join(folder, 'cache'))
  const answer: ModelAnswer = { reply: { content: 'yes', tool_calls: [], finish_reason: 'stop' }, usage: NO_USAGE, model: 'm' }
  const key = 'ab'.repeat(32)
  expect(await cache.get(key)).toBeUndefined()
  await cache.put(key, answer)
  expect(await cache.get(key)).toEqual(answer)
  expect(readdirSync(join(folder, 'cache', 'ab'))).toEqual([`${key}.json`])
  writeFileSync(join(folder, 'cache', 'ab', `${key}.json`), '{"reply": {')
  expect(await cache.get(key)).toBeUndefined()
})
