/** The same seed and the same decisions give the same rewards, scores and texts on every way into every economy. */
import { describe, expect, test } from 'vitest'
import { callRoutes } from './http.ts'
import type { Played } from './route_game.ts'
import { economies, episodeRoute, gameOf, routes } from './routes.ts'

function same({ rewards, ...played }: Played, { rewards: given, ...rest }: Played): void {
  expect(played).toEqual(rest)
  // A route adds up what was earned over several steps in its own order.
  expect(rewards.length).toBe(given.length)
  for (const [i, reward] of rewards.entries()) expect(reward).toBeCloseTo(given[i]!, 12)
}

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
    same(await play(game, decisions), await expected)
  })

  // What carries calls one by one says nothing of tokens, so that nothing is billed.
  const bare = decisions.map(({ calls }) => ({ calls }))
  const unbilled = episodeRoute(game, bare)
  test.each(Object.entries(callRoutes))('%s', async (_route, play) => {
    same(await play(game, bare), await unbilled)
  })
})
