/** The seeds' share of the variance of rewards, and what intervals of an audit lie within. */
import { expect, test } from 'vitest'
import { stream } from '../../../envs/core/random.ts'
import { meanOf, seedShare, shareOf } from '../../../evals/audit/sample.ts'

/** Five players of different skill on 200 seeds, with so much luck in every game and so much of it shared by a seed's games. */
function games(luck: number, shared: number): number[][] {
  const random = stream(7, 'sample')
  const draw = (): number => random.float() - 0.5
  const seeds = Array.from({ length: 200 }, () => shared * draw())
  return [0, 0.2, 0.4, 0.6, 0.8].map(skill => seeds.map(seed => skill + seed + luck * draw()))
}

// A sum of squares between seeds would hold a fifth of it, nine per cent of all.
test('the luck of single games is not taken for a difference between seeds', () => {
  expect(seedShare(games(1, 0))).toBeLessThan(0.03)
})

test('what the games of a seed share is found in full', () => {
  // Uniform within ±½ has a variance of 1/12, the five skills one of 0.1.
  const expected = 1 / 12 / (1 / 12 + 1 / 12 + 0.1)
  expect(seedShare(games(1, 1))).toBeCloseTo(expected, 1)
  expect(seedShare(games(0, 1))).toBeCloseTo(1 / 12 / (1 / 12 + 0.1), 1)
})

test('of 24 tries without a hit up to a seventh may be hits, and no mean leaves what its values can be', () => {
  // The p at which 4 hits or more, or 4 or fewer, come in 2.5 % of cases: binomial sums, by bisection.
  const tries = (hits: number) => Array.from({ length: 24 }, (_, i) => (i < hits ? 1 : 0))
  expect(shareOf(tries(0))).toMatchObject({ low: 0, high: expect.closeTo(1 - 0.025 ** (1 / 24), 9) })
  expect(shareOf(tries(4))).toMatchObject({ low: expect.closeTo(0.0473536266, 9), high: expect.closeTo(0.3738417135, 9) })
  expect(meanOf([0.8, 1, 1], { low: 0, high: 1 }).high).toBe(1)
  expect(meanOf([0.8, 1, 1]).high).toBeGreaterThan(1)
})

test('where nothing varies there is no share', () => {
  expect(
    seedShare([
      [1, 1],
      [1, 1],
    ]),
  ).toBeNull()
})
