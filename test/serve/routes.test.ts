/** The same seed and the same decisions give the same rewards, scores and texts on every way into every economy. */
import { describe, expect, test } from 'vitest'
import { economies, episodeRoute, gameOf, routes } from './routes.ts'

describe.each(economies.list().map(economy => [economy.env.id, economy] as const))('%s', (_id, economy) => {
  const { game, decisions } = gameOf(economy)
  const expected = episodeRoute(game, decisions)

  test('there is something to compare', async () => {
    const { rewards, texts } = await expected
    expect(rewards.length).toBeGreaterThan(3)
    expect(new Set(texts).size).toBe(rewards.length)
    expect(rewards.some(reward => reward !== 0)).toBe(true)
  })

  test.each(Object.entries(routes))('%s', async (_route, play) => {
    const { rewards, texts, scores, stop } = await play(game, decisions)
    const { rewards: given, ...rest } = await expected
    expect({ texts, scores, stop }).toEqual(rest)
    // A route adds up what was earned over several steps in its own order.
    expect(rewards.length).toBe(given.length)
    for (const [i, reward] of rewards.entries()) expect(reward).toBeCloseTo(given[i]!, 12)
  })
})
