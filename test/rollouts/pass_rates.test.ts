/** pass@k and pass^k against exact binomial coefficients, and against the chance they estimate. */
import { expect, test } from 'vitest'
import { passAllK, passAtK } from '../../rollouts/pass_rates.ts'

// [n, c, k, at least one, all]: 1 − C(n−c, k)/C(n, k) and C(c, k)/C(n, k) with Python's math.comb.
test.each([
  [10, 3, 1, 0.3, 0.3],
  [10, 3, 5, 0.9166666666666666, 0],
  [4, 2, 2, 0.8333333333333334, 0.16666666666666666],
  [4, 0, 3, 0, 0],
  [4, 4, 4, 1, 1],
  [200, 15, 10, 0.5499888541799736, 1.3375793611132142e-13],
  [5, 1, 5, 1, 0],
])('%d tries with %d successes at k = %d', (n, c, k, any, all) => {
  expect(passAtK(n, c, k)).toBeCloseTo(any, 12)
  expect(passAllK(n, c, k)).toBeCloseTo(all, 15)
})

test('more tries asked for than made is not answered', () => {
  expect(passAtK(3, 1, 4)).toBeNull()
  expect(passAllK(3, 1, 4)).toBeNull()
})

test('the estimators are unbiased: over all outcomes of n tries they average to the chance itself', () => {
  const [n, k, chance] = [6, 3, 0.35]
  let any = 0
  let all = 0
  for (let outcome = 0; outcome < 2 ** n; outcome++) {
    const c = outcome.toString(2).split('1').length - 1
    const weight = chance ** c * (1 - chance) ** (n - c)
    any += weight * passAtK(n, c, k)!
    all += weight * passAllK(n, c, k)!
  }
  expect(any).toBeCloseTo(1 - (1 - chance) ** k, 12)
  expect(all).toBeCloseTo(chance ** k, 12)
})
