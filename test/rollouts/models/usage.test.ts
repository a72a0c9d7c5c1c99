/** Token counts, whatever a server or another version wrote. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Models, shippedPrices } from '../../../rollouts/models/index.ts'
import { promptTokens, recordedUsage, soundUsage, unitsOf } from '../../../rollouts/models/usage.ts'
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
