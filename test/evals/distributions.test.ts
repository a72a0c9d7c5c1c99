import { describe, expect, test } from 'vitest'
import { betaQuantile, tQuantile, tTwoSided } from '../../evals/distributions.ts'

/** [p, df, quantile] from SciPy 1.17.1, `scipy.stats.t.ppf(p, df)`. */
const QUANTILES = [
  [0.975, 1, 12.706204736174694],
  [0.975, 2, 4.302652729749462],
  [0.975, 3, 3.1824463052837078],
  [0.975, 19, 2.0930240544083087],
  [0.975, 4.5, 2.6589123472044034],
  [0.999, 3, 10.214531852407383],
  [0.975, 1000, 1.9623390808264083],
  [0.975, 1_000_000, 1.959966356814107],
  [0.6, 7, 0.2631668613520229],
  [0.025, 19, -2.09302405440831],
  [0.5, 4, 0],
] as const

/** [t, df, p] from SciPy 1.17.1, `2 * scipy.stats.t.sf(abs(t), df)`. */
const P_VALUES = [
  [0, 5, 1],
  [0.001, 2, 0.9992928933955901],
  [0.5, 1, 0.7048327646991335],
  [2.1, 19, 0.04931439824327345],
  [3, 49.5, 0.004218609580489935],
  [5, 3, 0.015392438073302294],
  [-8, 30, 6.265822475700759e-9],
  [40, 10, 2.2808577430857535e-12],
  [1.96, 1_000_000, 0.04999606758526985],
] as const

/** [p, a, b, quantile] from SciPy 1.17.1, `scipy.stats.beta.ppf(p, a, b)`. */
const BETA_QUANTILES = [
  [0.025, 0.5, 0.5, 0.001541333133436012],
  [0.975, 3, 18, 0.31698271401908235],
  [0.025, 2.5, 17.5, 0.022531952331801632],
  [0.975, 1, 20, 0.1684334709830853],
  [0.025, 200.25, 12.5, 0.9060197440473896],
  [0.5, 5000, 3, 0.9994654377957026],
  [0.975, 0.01, 2, 0.030293696456451923],
  [0.025, 9000, 9100, 0.48995410643920917],
] as const

test.each(BETA_QUANTILES)("the %d quantile of Beta(%d, %d) is SciPy's", (p, a, b, expected) => {
  expect(Math.abs(betaQuantile(p, a, b) / expected - 1)).toBeLessThan(1e-10)
})

test('a quantile of the beta distribution outside (0, 1), and parameters at or below 0, are refused', () => {
  expect(() => betaQuantile(0, 1, 1)).toThrow('expected p in (0, 1), got 0')
  expect(() => betaQuantile(0.5, 0, 1)).toThrow('expected a, b > 0, got 0, 1')
})

describe("Student's t", () => {
  test.each(QUANTILES)("the %d quantile with %d degrees of freedom is SciPy's", (p, df, expected) => {
    expect(Math.abs(tQuantile(p, df) - expected)).toBeLessThanOrEqual(1e-11 * Math.max(1, Math.abs(expected)))
  })

  test.each(P_VALUES)("the two-sided p of t = %d with %d degrees of freedom is SciPy's", (t, df, expected) => {
    expect(Math.abs(tTwoSided(t, df) / expected - 1)).toBeLessThan(1e-10)
  })

  test('a quantile outside (0, 1) and degrees of freedom at or below 0 are refused', () => {
    expect(() => tQuantile(1, 3)).toThrow('expected p in (0, 1), got 1')
    expect(() => tTwoSided(1, 0)).toThrow('expected df > 0, got 0')
  })
})
