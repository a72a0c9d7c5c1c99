import { describe, expect, test } from 'vitest'
import { stream } from '../../envs/core/random.ts'
import {
  benjaminiHochberg,
  cluster,
  clusteredMean,
  clusteredShare,
  holm,
  pairedDifference,
  quantileOfSorted,
} from '../../evals/stats.ts'
import { bradleyTerry, type PairPoints, strengths } from '../../evals/strengths.ts'
import type { Clustered } from '../../rollouts/column.ts'
import { naive, normal } from './draws.ts'

describe('means clustered by scenario', () => {
  const values = [1.2, 0.8, 1.1, 2.3, 2.9, 0.4, 0.6, 0.5, 0.1, 1.9, 3.2, 2.8, 3]
  const scenarios = ['a', 'a', 'a', 'b', 'b', 'c', 'c', 'c', 'c', 'd', 'e', 'e', 'e']

  test('standard error and interval are those of statsmodels', () => {
    // statsmodels 0.15.0: OLS(values, ones).fit(cov_type='cluster', cov_kwds={'groups': scenarios}, use_t=True)
    const estimate = clusteredMean(cluster(values, scenarios), { method: 't' })!
    expect(estimate).toMatchObject({ n: 13, clusters: 5, method: 't' })
    expect(estimate.value).toBeCloseTo(1.6, 12)
    expect(estimate.se).toBeCloseTo(0.59372956, 8)
    expect(estimate.low).toBeCloseTo(-0.04845754, 8)
    expect(estimate.high).toBeCloseTo(3.24845754, 8)
  })

  test('with one value a scenario it is the ordinary t interval', () => {
    // statsmodels 0.15.0: OLS(values, ones).fit()
    const estimate = clusteredMean(naive(values), { method: 't' })!
    expect(estimate.se).toBeCloseTo(0.31194181, 8)
    expect(estimate.low).toBeCloseTo(0.92033718, 8)
    expect(estimate.high).toBeCloseTo(2.27966282, 8)
  })

  test('no value gives nothing, one scenario gives a mean and no interval, equal scenarios an interval of no width', () => {
    expect(clusteredMean({ sums: [0, 0], counts: [0, 0] })).toBeUndefined()
    expect(clusteredMean(cluster([1, 3], ['a', 'a']))).toEqual({
      value: 2,
      n: 2,
      clusters: 1,
      se: null,
      low: null,
      high: null,
      method: 't',
    })
    expect(clusteredMean(cluster([2, 2, 2], ['a', 'b', 'c']))).toMatchObject({ se: 0, low: 2, high: 2, method: 't' })
  })

  test('a scenario without a value is not a scenario', () => {
    const whole = clusteredMean({ sums: [3, 0, 5], counts: [2, 0, 1] })
    expect(whole).toEqual(clusteredMean({ sums: [3, 5], counts: [2, 1] }))
  })
})

describe('the bootstrap', () => {
  test('the bootstrap depends on its seed and on nothing else', () => {
    const data = naive([1, 2, 2, 3, 9, 40, 4, 1])
    expect(clusteredMean(data, { seed: 7 })).toEqual(clusteredMean(data, { seed: 7 }))
    expect(clusteredMean(data, { seed: 7 })).not.toEqual(clusteredMean(data, { seed: 8 }))
    expect(clusteredMean(data)!.method).toBe('bootstrap')
  })

  test('values that differ by rounding alone are not skewed', () => {
    const rounded = [0.3, 0.3, 0.3, 0.3, 0.1 + 0.2]
    expect(clusteredMean(naive(rounded))).toMatchObject({ method: 't', value: expect.closeTo(0.3, 12) })
  })

  test('a rare success among few scenarios has no bootstrap spread to speak of and falls back to t', () => {
    const rare = clusteredMean(naive([0, 0, 0, 0, 0, 0, 0, 1]), { method: 'bootstrap' })!
    expect(rare.method).toBe('t')
    expect(Number.isFinite(rare.low!)).toBe(true)
  })
})

describe('intervals of bounded scores', () => {
  const share = { low: 0, high: 1, ends: true } as const

  test.each([
    [9, 10, 0.5549838829718047, 0.9974714214555382],
    [18, 20, 0.6830172859809177, 0.9876514728297052],
    [3, 12, 0.05486064452799272, 0.5718584618781892],
    [10, 10, 0.6915028921812392, 1],
  ])('%d of %d without repeats have the interval of Clopper and Pearson', (hits, n, low, high) => {
    // statsmodels 0.15.0: proportion_confint(hits, n, method='beta')
    const estimate = clusteredMean(naive(Array.from({ length: n }, (_, i) => Number(i < hits))), { range: share })!
    expect(estimate).toMatchObject({ method: 'beta', low: expect.closeTo(low, 10), high: expect.closeTo(high, 10) })
  })

  test('repeats of a scenario count for as many as their spread says', () => {
    // statsmodels 0.15.0 and SciPy 1.17.1: OLS(values, ones).fit(cov_type='cluster', cov_kwds={'groups': scenarios}, use_t=True) for se;
    // n = m(1 − m)/se² · 6/5 · (t.ppf(.975, 23)/t.ppf(.975, 5))², then beta.ppf(.025, mn, n − mn + 1), beta.ppf(.975, mn + 1, n − mn).
    const values = [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1]
    const estimate = clusteredShare(
      cluster(
        values,
        values.map((_, i) => Math.floor(i / 4)),
      ),
      { ends: true },
    )!
    expect(estimate.se).toBeCloseTo(0.11931517552730302, 12)
    expect(estimate.low).toBeCloseTo(0.4136362985584669, 10)
    expect(estimate.high).toBeCloseTo(0.976346540801621, 10)
  })

  test('where all scenarios lie on one bound, each counts as one try, whatever its repeats', () => {
    const all = clusteredMean({ sums: [4, 4, 4, 4, 4], counts: [4, 4, 4, 4, 4] }, { range: { low: 0, high: 1 } })
    expect(all).toMatchObject({ value: 1, low: expect.closeTo(0.025 ** (1 / 5), 12), high: 1 })
    const none = clusteredMean(naive([-1, -1, -1]), { range: { low: -1, high: 1 } })
    expect(none).toMatchObject({ value: -1, low: -1, high: expect.closeTo(2 * (1 - 0.025 ** (1 / 3)) - 1, 12) })
  })

  test('values that keep away from both bounds leave an interval of their own size, however wide their range', () => {
    const few = naive([41, 42, 41, 41, 48])
    const { low, high } = clusteredMean(few, { range: { low: 0, high: 100 } })!
    const t = clusteredMean(few, { method: 't' })!
    expect(high! - low!).toBeLessThan(2 * (t.high! - t.low!))
    // Piled on a bound they may hide anything.
    const piled = clusteredMean(naive([0, 1, 0, 0, 7]), { range: { low: 0, high: 100 } })!
    expect(piled.high! - piled.low!).toBeGreaterThan(2 * (high! - low!))
  })

  test('far from the bounds, with many scenarios and little skew, it is the t interval', () => {
    const random = stream(6, 'coverage')
    const data = naive(Array.from({ length: 200 }, () => 0.5 + 0.02 * normal(random)))
    const [t, bounded] = [clusteredMean(data, { method: 't' })!, clusteredMean(data, { range: { low: 0, high: 1 } })!]
    expect(bounded.low).toBeCloseTo(t.low!, 4)
    expect(bounded.high).toBeCloseTo(t.high!, 4)
  })

  test('no interval leaves a range, by whatever method', () => {
    const low = { low: 0, high: null }
    const counts = naive([0, 0, 0, 1, 0, 9, 0, 2])
    expect(clusteredMean(counts, { method: 't' })!.low).toBeLessThan(0)
    for (const method of ['t', 'bootstrap', 'auto'] as const)
      expect(clusteredMean(counts, { method, range: low })!.low).toBeGreaterThanOrEqual(0)
  })
})

describe('paired differences', () => {
  // "Student" 1908, The Probable Error of a Mean: hours of sleep gained with two drugs, ten patients.
  const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2]
  const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

  test("Student's sleep data give the published t test", () => {
    // R's t.test(extra ~ group, data = sleep, paired = TRUE); SciPy 1.17.1 stats.ttest_rel gives the same.
    const paired = pairedDifference(naive(first), naive(second), { method: 't' })!
    expect(paired.value).toBeCloseTo(-1.58, 12)
    expect(paired.value / paired.se!).toBeCloseTo(-4.062127683382037, 10)
    expect(paired.p).toBeCloseTo(0.002832890197384273, 12)
    expect(paired.low).toBeCloseTo(-2.459885763276983, 10)
    expect(paired.high).toBeCloseTo(-0.7001142367230175, 10)
  })

  test('only scenarios that both played count, and repeats of one scenario count as one', () => {
    const a = { sums: [2, 10, 7], counts: [2, 1, 1] }
    const b = { sums: [0, 8], counts: [1, 4] }
    expect(pairedDifference(a, b)).toMatchObject({ value: 4.5, clusters: 2 })
    expect(pairedDifference(a, { sums: [0], counts: [0] })).toBeUndefined()
  })

  test('identical players differ by nothing with p = 1; a constant gap has the p of the sign test', () => {
    expect(pairedDifference(naive(first), naive(first))).toMatchObject({ value: 0, se: 0, p: 1 })
    const gap = naive([2, 3, 4, 5, 6].map(x => x + 1))
    // SciPy 1.17.1: stats.binomtest(5, 5, 0.5).pvalue
    expect(pairedDifference(gap, naive([2, 3, 4, 5, 6]))).toMatchObject({ value: 1, low: 1, high: 1, p: 0.0625 })
  })

  /** Scenarios that both won, only the first, only the second, neither. */
  const outcomes = (both: number, first: number, second: number, neither: number) => {
    const rows = [
      ...Array(both).fill([1, 1]),
      ...Array(first).fill([1, 0]),
      ...Array(second).fill([0, 1]),
      ...Array(neither).fill([0, 0]),
    ]
    return [naive(rows.map(([a]) => a)), naive(rows.map(([, b]) => b))] as const
  }

  // Newcombe's formula on the exact intervals of SciPy 1.17.1, stats.binomtest(won, of).proportion_ci().
  test.each([
    {
      counts: [8, 2, 0, 10],
      low: -0.07696809210046626,
      high: 0.2660291812728468,
      what: 'a positive correlation is corrected for continuity',
    },
    { counts: [1, 6, 2, 3], low: -0.17206710735597086, high: 0.7056142416102243, what: 'a negative one is not' },
    {
      counts: [5, 4, 0, 1],
      low: -0.06578028575931799,
      high: 0.7277435454641046,
      what: 'one of less than the correction counts as none',
    },
    {
      counts: [20, 0, 0, 0],
      low: -0.16843347098308548,
      high: 0.16843347098308548,
      what: 'who always win are not known to be alike',
    },
    { counts: [0, 4, 0, 0], low: 0.14812776281723827, high: 1, what: 'nor is a difference of 1 in four scenarios one of 1' },
  ])('of wins: $what', ({ counts, low, high }) => {
    const [a, b] = outcomes(...(counts as [number, number, number, number]))
    const difference = pairedDifference(a, b, { range: { low: 0, high: 1, ends: true } })!
    expect(difference.low).toBeCloseTo(low, 10)
    expect(difference.high).toBeCloseTo(high, 10)
    const turned = pairedDifference(b, a, { range: { low: 0, high: 1, ends: true } })!
    expect([turned.low, turned.high]).toEqual([expect.closeTo(-high, 10), expect.closeTo(-low, 10)])
  })

  test('values that may lie between the bounds are no wins, though all of them lie on one', () => {
    const [a, b] = outcomes(8, 2, 0, 10)
    const between = pairedDifference(a, b, { range: { low: 0, high: 1 } })!
    // No continuity to correct for: they go together more closely, and what sets them apart is known better.
    expect(between.low).toBeGreaterThan(-0.0769)
    expect(between.high).toBeLessThan(0.266)
  })

  test('a range that is stretched or moved stretches the interval and leaves p', () => {
    const [first, second] = [
      [0.2, 0.9, 1, 0.4, 1, 0.7],
      [0.1, 0.3, 1, 0.5, 0.8, 0.6],
    ] as [number[], number[]]
    const plain = pairedDifference(naive(first), naive(second), { range: { low: 0, high: 1 } })!
    const [a, b] = [first, second].map(values => naive(values.map(x => 30 * x - 5))) as [Clustered, Clustered]
    const wide = pairedDifference(a, b, { range: { low: -5, high: 25 } })!
    expect(wide.low).toBeCloseTo(30 * plain.low!, 9)
    expect(wide.high).toBeCloseTo(30 * plain.high!, 9)
    expect(wide.p).toBeCloseTo(plain.p!, 12)
  })

  test('of values with bounds of their own each side keeps within its own, and nothing is known of one without', () => {
    const [a, b] = [naive([0.1, 0, 0.9]), naive([-5, -5, -5])]
    const [own, other] = [
      { low: 0, high: 1 },
      { low: -5, high: 5 },
    ]
    const difference = pairedDifference(a, b, { range: own, second: other })!
    const [left, right] = [clusteredMean(a, { range: own })!, clusteredMean(b, { range: other })!]
    expect(difference.method).toBe('beta')
    // Values that are all alike correlate with nothing: the distances of both means to their ends add up as squares.
    const { value } = difference
    expect(difference.low).toBeCloseTo(value - Math.hypot(left.value - left.low!, right.high! - right.value), 12)
    expect(difference.high).toBeCloseTo(value + Math.hypot(left.high! - left.value, right.value - right.low!), 12)
    expect(pairedDifference(a, b, { range: own, second: { low: null, high: null } })!.method).toBe('t')
    // A single value is no range between bounds: the spread of the other is all there is.
    const nothing = naive([0, 0, 0])
    expect(pairedDifference(a, nothing, { range: own, second: { low: 0, high: 0 } })).toMatchObject({ method: 't', low: 0 })
    expect(clusteredMean(nothing, { range: { low: 0, high: 0 } })).toMatchObject({ value: 0, low: 0, high: 0 })
  })

  test('without bounds the interval excludes no difference where p is under 0.05 and nowhere else, however skewed', () => {
    const random = stream(3, 'agreement')
    const excludes = { yes: 0, no: 0 }
    for (let set = 0; set < 60; set++) {
      const skewed = Array.from({ length: 6 }, () => 3 * random.float() ** 6 - 0.2)
      const { low, high, p, method } = pairedDifference(naive(skewed), naive(skewed.map(() => 0)))!
      expect(method).toBe('t')
      expect(low! > 0 || high! < 0).toBe(p! < 0.05)
      excludes[p! < 0.05 ? 'yes' : 'no']++
    }
    expect(Math.min(excludes.yes, excludes.no)).toBeGreaterThan(0)
  })

  test('players who share the luck of scenarios are told apart better than others', () => {
    const luck = [0.15, 0.9, 0.35, 0.6, 0.75, 0.25, 0.5, 0.85]
    const better = naive(luck.map((x, g) => x + (g % 2 === 0 ? 0.06 : 0.04)))
    const range = { low: 0, high: 1 }
    const width = ({ low, high }: { low: number | null; high: number | null }) => high! - low!
    const paired = width(pairedDifference(better, naive(luck), { range })!)
    const shuffled = width(pairedDifference(better, naive([...luck.slice(3), ...luck.slice(0, 3)]), { range })!)
    expect(paired).toBeLessThan(shuffled / 4)
  })

  test('a few events in a wide range leave an interval of their own size, which holds what p calls likely', () => {
    const events = (count: number) => naive(Array.from({ length: 200 }, (_, g) => Number(g < count)))
    const { value, low, high } = pairedDifference(events(12), events(8), { range: { low: 0, high: 45 } })!
    expect(value).toBeCloseTo(0.02, 12)
    expect(low).toBeGreaterThan(-0.1)
    expect(high).toBeLessThan(0.15)
  })

  test('a difference of bounded scores stays within what such scores can differ by', () => {
    const [best, worst] = [naive([1, 1, 0.9, 1]), naive([0, 0, 0, 0])]
    expect(pairedDifference(best, worst, { range: { low: 0, high: 1 } })!.high).toBeLessThanOrEqual(1)
    // By t too.
    const far = pairedDifference(naive([1, 0.2, 1, 1]), worst, { method: 't', range: { low: 0, high: 1 } })!
    expect(far.high).toBe(1)
    expect(pairedDifference(naive([0.5, 3]), naive([0.4, 0]), { method: 't', range: { low: 0, high: null } })!.low).toBeLessThan(
      0,
    )
  })
})

describe('many comparisons', () => {
  test('Holm raises p-values as statsmodels does', () => {
    // statsmodels 0.15.0 multipletests(ps, method='holm') on the 15 p-values of Benjamini & Hochberg 1995, §4.1.
    const ps = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1]
    const expected = [0.0015, 0.0056, 0.0247, 0.114, 0.2211, 0.278, 0.278, 0.278, 0.3213, 1, 1, 1, 1, 1, 1]
    for (const [i, p] of holm(ps).entries()) expect(p).toBeCloseTo(expected[i]!, 12)
  })

  test('Benjamini and Hochberg raise them as SciPy does', () => {
    // SciPy 1.17.1 stats.false_discovery_control(ps) on the same; statsmodels' multipletests(ps, method='fdr_bh') gives the same.
    const ps = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1]
    const expected = [
      0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.06385714285714286, 0.06385714285714286, 0.0645, 0.0765, 0.486,
      0.5811818181818182, 0.714875, 0.7532307692307693, 0.8132142857142857, 1,
    ]
    for (const [i, q] of benjaminiHochberg(ps).entries()) expect(q).toBeCloseTo(expected[i]!, 12)
    expect(benjaminiHochberg([0.04, null, 0.01])).toEqual([0.04, null, 0.02])
  })

  test('the order of the p-values does not matter and missing ones are left out', () => {
    expect(holm([0.04, null, 0.01])).toEqual([0.04, null, 0.02])
    expect(holm([])).toEqual([])
  })
})

describe('Bradley–Terry', () => {
  test('the 1987 American League gives the published abilities', () => {
    // Games won, Agresti, Categorical Data Analysis, 2nd ed. 2002, Table 10.10: Milwaukee, Detroit, Toronto, New York, Boston,
    // Cleveland, Baltimore; abilities against Baltimore by statsmodels 0.15.0 GLM(Binomial), printed there as 1.58 … 0.68.
    const won = [
      [0, 7, 9, 7, 7, 9, 11],
      [6, 0, 7, 5, 11, 9, 9],
      [4, 6, 0, 7, 7, 8, 12],
      [6, 8, 6, 0, 6, 7, 10],
      [6, 2, 6, 7, 0, 7, 12],
      [4, 4, 5, 6, 6, 0, 6],
      [2, 4, 1, 3, 1, 7, 0],
    ]
    const { strength, group } = bradleyTerry(won)
    const expected = [1.58135588, 1.43640843, 1.29448512, 1.24761785, 1.10769771, 0.68385277, 0]
    for (const [i, value] of strength.entries()) expect(value! - strength[6]!).toBeCloseTo(expected[i]!, 7)
    expect(new Set(group)).toEqual(new Set([0]))
  })

  test('two players: the log odds of the points', () => {
    const { strength } = bradleyTerry([
      [0, 7.5],
      [2.5, 0],
    ])
    expect(strength[0]! - strength[1]!).toBeCloseTo(Math.log(3), 12)
  })

  test('players who never met and players who never lost are not put on one scale', () => {
    // 0 and 1 share games; 2 beat both every time; 3 met nobody.
    const { strength, group } = bradleyTerry([
      [0, 3, 0, 0],
      [1, 0, 0, 0],
      [4, 4, 0, 0],
      [0, 0, 0, 0],
    ])
    expect(group).toEqual([0, 0, 1, 2])
    expect(strength[2]).toBeNull()
    expect(strength[3]).toBeNull()
    expect(strength[0]! - strength[1]!).toBeCloseTo(Math.log(3), 10)
  })

  test('intervals come from resampled scenarios and hold the true strengths', () => {
    const truth = [0.6, 0, -0.6]
    const random = stream(5, 'games')
    const games: PairPoints[] = []
    for (let scenario = 0; scenario < 150; scenario++) {
      for (const [i, j] of [
        [0, 1],
        [0, 2],
        [1, 2],
      ] as const) {
        const pi = Number(random.chance(1 / (1 + Math.exp(truth[j]! - truth[i]!))))
        games.push({ cluster: scenario, i, j, pi, pj: 1 - pi })
      }
    }
    const found = strengths(games, 3, { resamples: 200 })
    for (const [i, { low, high, strength }] of found.entries()) {
      expect(low).toBeLessThan(strength!)
      expect(strength).toBeLessThan(high!)
      expect(low).toBeLessThan(truth[i]!)
      expect(truth[i]).toBeLessThan(high!)
    }
    expect(found).toEqual(strengths(games, 3, { resamples: 200 }))
  })

  test('one scenario gives strengths without intervals', () => {
    const [winner, loser] = strengths([{ cluster: 0, i: 0, j: 1, pi: 2, pj: 1 }], 2)
    expect(winner!.strength! - loser!.strength!).toBeCloseTo(Math.log(2), 12)
    expect(winner).toMatchObject({ low: null, high: null })
    // However often they met in it: what belongs to one scenario is drawn together.
    const games = Array.from({ length: 8 }, (): PairPoints => ({ cluster: 0, i: 0, j: 1, pi: 2, pj: 1 }))
    for (const one of strengths(games, 2)) expect(one).toMatchObject({ low: null, high: null })
  })

  test('where a third of the resamples fixes no strengths there are no intervals', () => {
    // Of three scenarios the last player wins one: it is not drawn in 8 of 27 resamples, and alone in 1. The others meet in all of them.
    const games = [0, 1, 2].flatMap((cluster): PairPoints[] => [
      { cluster, i: 0, j: 1, pi: 2, pj: 1 },
      { cluster, i: 0, j: 2, pi: Number(cluster > 0), pj: Number(cluster === 0) },
    ])
    for (const one of strengths(games, 3)) expect(one).toMatchObject({ group: 0, low: null, high: null })
  })
})

test('quantiles are linear between values', () => {
  expect(quantileOfSorted([1, 2, 3, 4], 0.5)).toBe(2.5)
  expect(quantileOfSorted([1, 2, 3, 4], 0.25)).toBe(1.75)
  expect(quantileOfSorted([5], 0.9)).toBe(5)
})

test('values that are nearly all alike leave an interval of their own size, not one that rounding blew up', () => {
  // Seventeen equal sums of tenths and three lower ones: many resamples hold nothing but equal values.
  const values = Array.from({ length: 20 }, (_, i) => (i % 7 === 3 ? 0.6 : 0.1 + 0.2 + 0.35))
  const estimate = clusteredMean(cluster(values, [...values.keys()]), { method: 'bootstrap' })!
  expect(estimate.low).toBeGreaterThan(0.5)
  expect(estimate.high).toBeLessThan(0.75)
})
