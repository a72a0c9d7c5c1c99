/** What intervals, p-values and distributions have to hold for whatever data: closed forms, symmetries, ties, and no dependence on order. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { betaQuantile, tQuantile, tTwoSided } from '../../evals/distributions.ts'
import { benjaminiHochberg, cluster, clusteredMean, type Estimate, holm, type IntervalOptions } from '../../evals/stats.ts'

/** Whether two figures agree to so many parts in one. */
const near = (found: number, expected: number, parts = 1e-11): void =>
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(parts * Math.max(Math.abs(expected), 1e-300))

const level = fc.double({ min: 0.001, max: 0.999, noNaN: true })
const size = fc.double({ min: -3, max: 4, noNaN: true }).map(power => 10 ** power)

describe('distributions', () => {
  test("Student's t of one, two and four degrees of freedom has closed forms", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 50, noNaN: true }), t => {
        near(tTwoSided(t, 1), (2 / Math.PI) * Math.atan(1 / t))
        // 1 − t/√(2 + t²) and its like without the digits that such a difference loses.
        const two = Math.sqrt(2 + t * t)
        near(tTwoSided(t, 2), 2 / (two * (two + t)))
        const cosine = 1 / Math.sqrt(1 + (t * t) / 4)
        const sine = (t / 2) * cosine
        near(tTwoSided(t, 4), 1 - sine * (1 + cosine ** 2 / 2), 1e-13 / tTwoSided(t, 4))
        near(tTwoSided(-t, 4), tTwoSided(t, 4))
      }),
    )
  })

  test('a quantile is where the probability is, and those of both tails mirror each other', () => {
    fc.assert(
      fc.property(level, size, (p, df) => {
        const t = tQuantile(p, df)
        if (Math.abs(t) < 1e100) near(tTwoSided(t, df), 2 * Math.min(p, 1 - p), 1e-9)
        expect(Math.sign(t)).toBe(Math.sign(p - 0.5))
      }),
    )
    near(tQuantile(0.025, 7), -tQuantile(0.975, 7))
  })

  test('the beta distribution with one parameter of 1 has closed forms, whatever the other, and mirrors', () => {
    fc.assert(
      fc.property(level, size, fc.double({ min: 0.5, max: 200, noNaN: true }), (p, a, b) => {
        near(betaQuantile(p, a, 1), p ** (1 / a), 1e-11 * Math.max(1, 1 / a))
        near(betaQuantile(p, 1, a), -Math.expm1(Math.log1p(-p) / a), 1e-11 * Math.max(1, 1 / a))
        const [there, back] = [betaQuantile(p, a + 0.5, b), betaQuantile(1 - p, b, a + 0.5)]
        expect(there).toBeCloseTo(1 - back, 11)
      }),
      { numRuns: 40 },
    )
  })

  test('of whole numbers it is the chance of as many successes at least', () => {
    // I_x(a, b) = Σ_{j ≥ a} C(a+b−1, j) x^j (1−x)^(a+b−1−j).
    fc.assert(
      fc.property(level, fc.integer({ min: 1, max: 25 }), fc.integer({ min: 1, max: 25 }), (p, a, b) => {
        const x = betaQuantile(p, a, b)
        const tries = a + b - 1
        let sum = 0
        let ways = 1
        for (let j = 0; j <= tries; j++) {
          if (j >= a) sum += ways * x ** j * (1 - x) ** (tries - j)
          ways = (ways * (tries - j)) / (j + 1)
        }
        near(sum, p, 1e-11)
      }),
      { numRuns: 40 },
    )
  })

  test.each([Number.NaN, 0, -1])('%d degrees of freedom, parameters and levels are refused', wrong => {
    expect(() => tTwoSided(1, wrong)).toThrow(`expected df > 0, got ${wrong}`)
    expect(() => tQuantile(0.9, wrong)).toThrow(RangeError)
    expect(() => betaQuantile(0.5, wrong, 1)).toThrow(RangeError)
    expect(() => betaQuantile(0.5, 1, wrong)).toThrow(RangeError)
    for (const p of [wrong, 1, 2]) {
      expect(() => tQuantile(p, 3)).toThrow(RangeError)
      expect(() => betaQuantile(p, 1, 1)).toThrow(RangeError)
    }
  })
})

describe('intervals of scores between two bounds', () => {
  // The formula of docs/statistics.md by SciPy 1.17.1 (stats.beta.ppf, stats.t.ppf, stats.norm.ppf), written down a second time in Python.
  test.each([
    ['not skewed', 0, 1, [0.2, 0.4, 0.5, 0.6, 0.8, 0.55, 0.35, 0.65, 0.45], '001122333', 0.2693251398558579, 0.7306748601441422],
    ['piled on the upper', 0, 1, [1, 1, 1, 1, 1, 0.1, 1, 0.9, 1, 1], '0123456789', 0.5070385911460145, 0.9987686362459017],
    [
      'piled on the lower',
      -1,
      1,
      [-1, -1, -1, -0.9, -1, 0.8, -1, -1, -0.7, -1],
      '0123456789',
      -0.9950922410805286,
      -0.024183902483905118,
    ],
    ['near the lower', 0, 100, [3, 4, 3.5, 4, 3, 4, 9, 3.2], '01234567', 0.22507191084874573, 18.165903393165085],
    ['near the upper', 0, 100, [91, 92, 90.5, 92, 91.5, 70, 90, 91], '01234567', 66.84198304926987, 98.16873707878293],
    ['away from both', 0, 100, [41, 42, 41, 41, 48], '01234', 36.00013317060453, 49.40066740564358],
    [
      'of unequal scenarios',
      0,
      1,
      [0.5, 0.6, 0.55, 0.9, 0.5, 0.52, 0.6, 0.58],
      '00012334',
      0.3055473559204126,
      0.840819888137897,
    ],
  ] as const)('%s', (_, low, high, values, ids, from, to) => {
    const estimate = clusteredMean(cluster(values, [...ids]), { range: { low, high } })!
    near(estimate.low!, from, 1e-9)
    near(estimate.high!, to, 1e-9)
    expect(estimate.method).toBe('beta')
  })
})

describe('intervals', () => {
  const RANGE = { low: 0, high: 1 }
  const HOW: readonly IntervalOptions[] = [{ method: 't' }, { method: 'bootstrap', seed: 3 }, {}, { range: RANGE }]
  /** Rollouts of scenarios, one scenario at least with two values. */
  const values = fc.array(
    fc.tuple(
      fc.nat(5),
      fc.nat(16).map(part => part / 16),
    ),
    {
      minLength: 3,
      maxLength: 14,
    },
  )
  const of = (rows: readonly (readonly [number, number])[], how: IntervalOptions): Estimate =>
    clusteredMean(
      cluster(
        rows.map(([, value]) => value),
        rows.map(([id]) => id),
      ),
      how,
    )!
  const close = (found: number | null, expected: number | null) =>
    expected === null ? expect(found).toBeNull() : expect(found).toBeCloseTo(expected, 8)
  const alike = (found: Estimate, low: number | null, high: number | null): void => {
    close(found.low, low)
    close(found.high, high)
  }

  test('hold their mean, and depend on no order but where chance resamples', () => {
    fc.assert(
      fc.property(values, rows => {
        for (const how of HOW) {
          const found = of(rows, how)
          expect(found.n).toBe(rows.length)
          expect(found.clusters).toBe(new Set(rows.map(([id]) => id)).size)
          expect(found.value).toBeCloseTo(rows.reduce((sum, [, value]) => sum + value, 0) / rows.length, 10)
          if (found.low === null || found.high === null) {
            expect([found.clusters, found.se, found.low, found.high]).toEqual([1, null, null, null])
            continue
          }
          expect(found.low).toBeLessThanOrEqual(found.value + 1e-12)
          expect(found.high).toBeGreaterThanOrEqual(found.value - 1e-12)
          if (how.method === 't' || how.range !== undefined) {
            const turned = of(rows.toReversed(), how)
            alike(turned, found.low, found.high)
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  test('of values turned upside down are turned upside down, and of moved and stretched ones are moved and stretched', () => {
    fc.assert(
      fc.property(values, rows => {
        const changed = (change: (value: number) => number) => rows.map(([id, value]) => [id, change(value)] as const)
        for (const how of HOW) {
          const { low, high, se, method } = of(rows, how)
          const bounded = how.range !== undefined
          const mirrored = of(
            changed(value => (bounded ? 1 : 0) - value),
            how,
          )
          alike(mirrored, high === null ? null : (bounded ? 1 : 0) - high, low === null ? null : (bounded ? 1 : 0) - low)
          const wide = of(
            changed(value => 4 * value - 2),
            bounded ? { range: { low: -2, high: 2 } } : how,
          )
          alike(wide, low === null ? null : 4 * low - 2, high === null ? null : 4 * high - 2)
          close(wide.se, se === null ? null : 4 * se)
          expect(wide.method).toBe(method)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('of 0 and 1 written as the ends of another range are those of that range', () => {
    const hits = [1, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0].map((hit, i) => [Math.floor(i / 3), hit] as const)
    const { low, high } = of(hits, { range: { low: 0, high: 1, ends: true } })
    for (const [least, most] of [
      [-1, 1],
      [0, 45],
      [10, 10.5],
    ] as const) {
      const moved = hits.map(([id, hit]) => [id, hit === 1 ? most : least] as const)
      alike(
        of(moved, { range: { low: least, high: most, ends: true } }),
        least + (most - least) * low!,
        least + (most - least) * high!,
      )
    }
  })

  test('a range with one bound cuts there alone', () => {
    const rows = [0, 0, 0, 1, 0, 9].map((value, id) => [id, value] as const)
    const free = of(rows, { method: 't' })
    expect(free.low).toBeLessThan(0)
    expect(of(rows, { method: 't', range: { low: 0, high: null } })).toEqual({ ...free, low: 0 })
    expect(of(rows, { method: 't', range: { low: null, high: 3 } })).toEqual({ ...free, high: 3 })
    expect(of(rows, { range: { low: null, high: 100 } }).method).not.toBe('beta')
  })

  test('repeats of 0 and 1 never count as more than there are, and as one a scenario where they all agree in it', () => {
    const share = { range: { low: 0, high: 1, ends: true } } as const
    const apart = of(
      [1, 0, 1, 1, 0, 1, 1, 1].map((value, id) => [id, value]),
      share,
    )
    // Within each scenario the repeats disagree as much as they can: the spread between scenarios is far below that of tries.
    const within = of(
      [1, 0, 1, 1, 1, 0, 1, 1].map((value, i) => [Math.floor(i / 4), value]),
      share,
    )
    expect(within.low).toBeCloseTo(apart.low!, 12)
    expect(within.high).toBeCloseTo(apart.high!, 12)
    const together = of(
      [1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1].map((value, i) => [Math.floor(i / 2), value]),
      share,
    )
    expect(together.low).toBeLessThan(apart.low! + 0.02)
  })
})

describe('p-values of many tests', () => {
  const ps = fc.array(fc.option(fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 12 })
  test.each([
    ['Holm', holm, (p: number, n: number) => Math.min(1, n * p)],
    ['Benjamini and Hochberg', benjaminiHochberg, (p: number) => p],
  ] as const)(
    '%s: never lowered, at most 1, in the order of the raw ones, ties alike, and whatever their order',
    (_, adjust, least) => {
      fc.assert(
        fc.property(ps, raw => {
          const adjusted = adjust(raw)
          const known = raw.flatMap((p, i) => (p === null ? [] : [[p, adjusted[i]!] as const])).sort(([a], [b]) => a - b)
          expect(adjusted.map(q => q === null)).toEqual(raw.map(p => p === null))
          for (const [i, [p, q]] of known.entries()) {
            expect(q).toBeGreaterThanOrEqual(p * (1 - 1e-12))
            expect(q).toBeLessThanOrEqual(1)
            if (i === 0) continue
            const [before, of] = known[i - 1]!
            expect(q).toBeGreaterThanOrEqual(of)
            if (before === p) expect(q).toBe(of)
          }
          expect(adjust(raw.toReversed())).toEqual(adjusted.toReversed())
          const [first] = known
          if (first !== undefined) expect(first[1]).toBeGreaterThanOrEqual(least(first[0], known.length) * (1 - 1e-12))
        }),
      )
      expect(adjust([])).toEqual([])
      expect(adjust([null])).toEqual([null])
      expect(adjust([0.03])).toEqual([0.03])
    },
  )
})
