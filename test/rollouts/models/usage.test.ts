/** Token counts, whatever a server or another version wrote. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Models, shippedPrices } from '../../../rollouts/models/index.ts'
import { addUsage, promptTokens, recordedUsage, soundUsage, tokensOf, unitsOf } from '../../../rollouts/models/usage.ts'
import type { Reply } from '../../../rollouts/player.ts'

const reply: Reply = { content: 'yes', tool_calls: [], finish_reason: 'stop' }
const lengths = { prompt: () => 40, reply }
const anything = fc.oneof(fc.double(), fc.integer(), fc.string(), fc.constantFrom(undefined, null, true, [], {}, 2 ** 60, -0.5))

function isCount(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0
}

describe('counts', () => {
  test('come out as integers that can be added up and billed, whatever went in', () => {
    fc.assert(
      fc.property(anything, anything, anything, anything, anything, anything, fc.boolean(), (...given) => {
        const [input, cachedRead, cacheWrite, output, reasoning, total, inputHoldsCache] = given
        const usage = soundUsage({ input, cachedRead, cacheWrite, output, reasoning, total, inputHoldsCache }, lengths)
        const { thinking, output: units } = unitsOf([{ usage, reply }])
        expect([promptTokens(usage), usage.output, usage.output_reasoning ?? 0, thinking, units].every(isCount)).toBe(true)
        expect(usage.output_reasoning ?? 0).toBeLessThanOrEqual(usage.output)
      }),
    )
  })

  test('that are sound stay as they are, unmarked', () => {
    fc.assert(
      fc.property(fc.tuple(...Array.from({ length: 5 }, () => fc.nat(1000))), ([uncached, read, written, output, thinking]) => {
        const counts = {
          input: uncached! + read! + written!,
          cachedRead: read,
          cacheWrite: written,
          output: output! + thinking!,
          reasoning: thinking,
          inputHoldsCache: true,
        }
        expect(soundUsage({ ...counts, total: counts.input + counts.output }, lengths)).toEqual({
          input_uncached: uncached,
          input_cached_read: read,
          input_cache_write: written,
          output: output! + thinking!,
          output_reasoning: thinking,
        })
        // A server that counts its prompt apart from its cache.
        expect(promptTokens(soundUsage({ ...counts, input: uncached, inputHoldsCache: false }, lengths))).toBe(counts.input)
      }),
    )
  })

  test('of a recorded row are made sound before they are played again', () => {
    const row = { input_uncached: -3, input_cached_read: 1.5, input_cache_write: null, output: Number.NaN, output_reasoning: 7 }
    expect(recordedUsage(row, reply)).toMatchObject({
      input_uncached: 0,
      input_cached_read: 2,
      output: 8,
      output_reasoning: 7,
      repaired: true,
    })
    const sound = {
      input_uncached: 3,
      input_cached_read: 1,
      input_cache_write: 0,
      output: 5,
      output_reasoning: null,
      estimated: true,
    }
    expect(recordedUsage(sound, reply)).toEqual(sound)
  })
})

const call = { id: 'a', name: 'sell', arguments: '{}' }
/** What was counted: new, read, written, said, thought; then what is marked. */
const told = (counts: object, said: Partial<Reply> = {}, holds = true) => {
  const { estimated, repaired, ...usage } = soundUsage(
    { inputHoldsCache: holds, ...counts },
    { prompt: () => 41, reply: { ...reply, ...said } },
  )
  return [...Object.values(usage), ...(estimated ? ['estimated'] : []), ...(repaired ? ['repaired'] : [])]
}

// A prompt of 41 characters is 11 tokens, 'yes' is 1.
test.each<[counts: object, expected: unknown[]]>([
  [{}, [11, 0, 0, 1, null, 'estimated']],
  [{ input: null, output: null, reasoning: null }, [11, 0, 0, 1, null, 'estimated']],
  [{ input: 10, output: 5 }, [10, 0, 0, 5, null]],
  [{ input: 0, output: 0 }, [0, 0, 0, 0, null]],
  [{ input: 10 }, [10, 0, 0, 1, null, 'repaired']],
  [{ output: 5 }, [11, 0, 0, 5, null, 'repaired']],
  [{ input: '10', output: 5 }, [10, 0, 0, 5, null, 'repaired']],
  [{ input: '10.5', output: 5 }, [11, 0, 0, 5, null, 'repaired']],
  [{ input: 'x10', output: 5 }, [11, 0, 0, 5, null, 'repaired']],
  [{ input: '10x', output: 5 }, [11, 0, 0, 5, null, 'repaired']],
  [{ input: '1.', output: 5 }, [11, 0, 0, 5, null, 'repaired']],
  [{ input: -1, output: 5 }, [11, 0, 0, 5, null, 'repaired']],
  [{ input: 9.5, output: 5 }, [10, 0, 0, 5, null, 'repaired']],
  [{ input: 1e9, output: 5 }, [1e9, 0, 0, 5, null]],
  [{ input: 1e9 + 1, output: 5 }, [11, 0, 0, 5, null, 'repaired']],
  [{ input: 10, output: 5, reasoning: -1 }, [10, 0, 0, 5, null, 'repaired']],
  [{ input: 10, output: 5, cachedRead: 'x' }, [10, 0, 0, 5, null, 'repaired']],
  [{ input: 10, output: 5, cacheWrite: 1.5 }, [8, 0, 2, 5, null, 'repaired']],
  [{ input: 10, output: 5, total: 'x' }, [10, 0, 0, 5, null]],
  // What was read from the cache and written to it is part of the prompt; where that is smaller, it is not.
  [{ input: 10, output: 5, cachedRead: 4, cacheWrite: 2 }, [4, 4, 2, 5, null]],
  [{ input: 6, output: 5, cachedRead: 4, cacheWrite: 2 }, [0, 4, 2, 5, null]],
  [{ input: 5, output: 5, cachedRead: 4, cacheWrite: 2 }, [5, 4, 2, 5, null, 'repaired']],
  [{ output: 5, cachedRead: 4 }, [11, 4, 0, 5, null, 'repaired']],
  // Thinking is part of what was said; where that is smaller, it is not.
  [{ input: 10, output: 5, reasoning: 3 }, [10, 0, 0, 5, 3]],
  [{ input: 10, output: 5, reasoning: 5 }, [10, 0, 0, 5, 5]],
  [{ input: 10, output: 5, reasoning: 6 }, [10, 0, 0, 11, 6, 'repaired']],
  // What the total has besides is thinking as well.
  [{ input: 10, output: 5, total: 15 }, [10, 0, 0, 5, null]],
  [{ input: 10, output: 5, total: 14 }, [10, 0, 0, 5, null]],
  [{ input: 10, output: 5, total: 16 }, [10, 0, 0, 6, 1, 'repaired']],
  [{ input: 10, output: 5, reasoning: 2, total: 18 }, [10, 0, 0, 8, 2, 'repaired']],
  [{ input: 10, output: 5, cachedRead: 4, cacheWrite: 2, total: 15 }, [4, 4, 2, 5, null]],
  [{ input: 10, total: 90 }, [10, 0, 0, 1, null, 'repaired']],
  [{ output: 5, total: 90 }, [11, 0, 0, 5, null, 'repaired']],
])('of %j count as %j', (counts, expected) => {
  expect(told(counts)).toEqual(expected)
})

test('what nobody counted goes by its length, thinking and calls included', () => {
  expect([tokensOf(0), tokensOf(1), tokensOf(4), tokensOf(5)]).toEqual([0, 1, 1, 2])
  expect(told({}, { content: '12345', tool_calls: [call, call], reasoning_content: '123' })).toEqual([
    11,
    0,
    0,
    6,
    null,
    'estimated',
  ])
  expect(told({ input: 5, cachedRead: 9, output: 1 }, {}, false)).toEqual([5, 9, 0, 1, null])
})

test('units are thinking and the rest; where nobody counted thinking, its text is what is gone by', () => {
  const usage = (output: number, output_reasoning: number | null, more: object = {}) => ({
    usage: { input_uncached: 9, input_cached_read: 0, input_cache_write: 0, output, output_reasoning, ...more },
    reply: { ...reply, reasoning_content: 'r'.repeat(40) },
  })
  expect(unitsOf([])).toEqual({ thinking: 0, output: 0, source: 'reported' })
  expect(unitsOf([usage(20, 5), usage(7, 7)])).toEqual({ thinking: 12, output: 15, source: 'reported' })
  expect(unitsOf([usage(20, null)])).toEqual({ thinking: 10, output: 10, source: 'estimated' })
  expect(unitsOf([usage(4, null), usage(9, 0)])).toEqual({ thinking: 4, output: 9, source: 'estimated' })
  expect(unitsOf([usage(20, 5, { repaired: true })]).source).toBe('estimated')
  expect(unitsOf([usage(20, 5, { estimated: true })]).source).toBe('reported')
  const { usage: silent } = usage(3, null)
  expect(unitsOf([{ usage: silent, reply }])).toEqual({ thinking: 0, output: 3, source: 'estimated' })
})

test('the tokens of two calls add up, and a mark of one is a mark of both', () => {
  const one = { input_uncached: 1, input_cached_read: 2, input_cache_write: 3, output: 4, output_reasoning: 5 }
  const sum = { input_uncached: 2, input_cached_read: 4, input_cache_write: 6, output: 8, output_reasoning: 10 }
  expect(addUsage(one, one)).toStrictEqual(sum)
  for (const pair of [
    [one, { ...one, output_reasoning: null }],
    [{ ...one, output_reasoning: null }, one],
  ] as const)
    expect(addUsage(pair[0], pair[1])).toStrictEqual({ ...sum, output_reasoning: null })
  for (const mark of ['estimated', 'repaired'])
    for (const pair of [
      [one, { ...one, [mark]: true }],
      [{ ...one, [mark]: true }, one],
    ] as const)
      expect(addUsage(pair[0], pair[1])).toStrictEqual({ ...sum, [mark]: true })
  expect(promptTokens(one)).toBe(6)
})

test('a recorded row keeps its marks', () => {
  const row = { input_uncached: 1, input_cached_read: 2, input_cache_write: 3, output: 4, output_reasoning: 0 }
  expect(recordedUsage(row, reply)).toStrictEqual(row)
  for (const mark of ['estimated', 'repaired']) {
    expect(recordedUsage({ ...row, [mark]: true }, reply)).toStrictEqual({ ...row, [mark]: true })
    expect(recordedUsage({ ...row, [mark]: 'yes' }, reply)).toStrictEqual(row)
  }
  expect(recordedUsage(null, reply)).toMatchObject({ input_uncached: 0, output: 1, estimated: true })
})

test('every model of the price list is asked in a protocol that takes its tools, unless another is chosen', () => {
  const prices = shippedPrices()
  const models = new Models({ prices: () => prices })
  for (const name of Object.keys(prices)) {
    const { details, name: shown } = models.player(name)
    expect([shown, details.protocol]).toEqual([name, name.startsWith('anthropic:') ? 'messages' : 'responses'])
  }
  expect(new Models({ api: 'chat' }).player('openai:gpt-5').details.protocol).toBe('chat')
  expect(new Models().player('openai:m@http://localhost:8000/v1').details.protocol).toBe('chat')
})
