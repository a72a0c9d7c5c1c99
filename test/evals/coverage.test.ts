/** How often intervals hold the truth, on simulated rollouts of which it is known. */
import { describe, expect, test } from 'vitest'
import { type Random, stream } from '../../envs/core/random.ts'
import { cluster, clusteredMean, pairedDifference } from '../../evals/stats.ts'
import type { Clustered } from '../../rollouts/column.ts'
import { naive, normal } from './draws.ts'

describe('coverage on simulated rollouts of known truth', () => {
  const SETS = 2000
  const SCENARIOS = 20
  const REPEATS = 4
  /** Three binomial standard errors of a rate of 0.95 over that many sets. */
  const slack = (sets: number) => 3 * Math.sqrt((0.95 * 0.05) / sets)

  /** Rollouts of scenarios that are easy or hard for everybody: mean 0, half of the variance between scenarios. */
  function draw(random: Random): { values: number[]; scenarios: number[] } {
    const values: number[] = []
    const scenarios: number[] = []
    for (let s = 0; s < SCENARIOS; s++) {
      const easy = normal(random)
      for (let r = 0; r < REPEATS; r++) {
        values.push(easy + normal(random))
        scenarios.push(s)
      }
    }
    return { values, scenarios }
  }

  test('clustered intervals cover the mean 95 times in 100, naive ones far less, and are wider', () => {
    const random = stream(1, 'coverage')
    let clustered = 0
    let plain = 0
    let widths = 0
    for (let set = 0; set < SETS; set++) {
      const { values, scenarios } = draw(random)
      const a = clusteredMean(cluster(values, scenarios), { method: 't' })!
      const b = clusteredMean(naive(values), { method: 't' })!
      clustered += Number(a.low! <= 0 && 0 <= a.high!)
      plain += Number(b.low! <= 0 && 0 <= b.high!)
      widths += (a.high! - a.low!) / (b.high! - b.low!)
    }
    expect(Math.abs(clustered / SETS - 0.95)).toBeLessThan(slack(SETS))
    expect(plain / SETS).toBeLessThan(0.85)
    // Variance of a scenario mean: 1 + 1/4, against the 2/4 that independence would give.
    expect(widths / SETS).toBeGreaterThan(Math.sqrt(1.25 / 0.5) * 0.95)
  })

  test('where rollouts of a scenario are independent, clustering costs next to nothing', () => {
    const random = stream(2, 'coverage')
    let widths = 0
    for (let set = 0; set < 500; set++) {
      const values = Array.from({ length: SCENARIOS * REPEATS }, () => normal(random))
      const a = clusteredMean(
        cluster(
          values,
          values.map((_, i) => i % SCENARIOS),
        ),
        { method: 't' },
      )!
      const b = clusteredMean(naive(values), { method: 't' })!
      widths += (a.high! - a.low!) / (b.high! - b.low!)
    }
    expect(widths / 500).toBeGreaterThan(0.95)
    expect(widths / 500).toBeLessThan(1.1)
  })

  test('paired differences cover a known effect 95 times in 100 and are narrower than the difference of unpaired means', () => {
    const random = stream(3, 'coverage')
    const effect = 0.3
    let covered = 0
    let narrower = 0
    for (let set = 0; set < SETS; set++) {
      const first: number[] = []
      const second: number[] = []
      const scenarios: number[] = []
      for (let s = 0; s < SCENARIOS; s++) {
        const easy = 2 * normal(random)
        for (let r = 0; r < REPEATS; r++) {
          first.push(easy + effect + normal(random))
          second.push(easy + normal(random))
          scenarios.push(s)
        }
      }
      const [a, b] = [cluster(first, scenarios), cluster(second, scenarios)]
      const paired = pairedDifference(a, b, { method: 't' })!
      covered += Number(paired.low! <= effect && effect <= paired.high!)
      const unpaired = Math.hypot(...[a, b].map(each => clusteredMean(each, { method: 't' })!.se!))
      narrower += Number(paired.se! < unpaired)
    }
    expect(Math.abs(covered / SETS - 0.95)).toBeLessThan(slack(SETS))
    expect(narrower).toBe(SETS)
  })

  test('on skewed values the bootstrap covers more often than t, and is taken unasked', () => {
    const random = stream(4, 'coverage')
    const truth = Math.exp(0.5 * 0.9 ** 2)
    const sets = 400
    let byT = 0
    let byRule = 0
    let taken = 0
    for (let set = 0; set < sets; set++) {
      const data = naive(Array.from({ length: 15 }, () => Math.exp(0.9 * normal(random))))
      const t = clusteredMean(data, { method: 't' })!
      const rule = clusteredMean(data, { seed: set })!
      byT += Number(t.low! <= truth && truth <= t.high!)
      byRule += Number(rule.low! <= truth && truth <= rule.high!)
      taken += Number(rule.method === 'bootstrap')
    }
    expect(byT / sets).toBeLessThan(0.89)
    expect((byRule - byT) / sets).toBeGreaterThan(0.03)
    expect(taken / sets).toBeGreaterThan(0.75)
  })

  test('skewed scores of few scenarios are covered 92 times in 100 at least, where neither t nor the bootstrap does', () => {
    const random = stream(7, 'coverage')
    const sets = 400
    const covered = { t: 0, bootstrap: 0, auto: 0 }
    for (let set = 0; set < sets; set++) {
      const data = naive(Array.from({ length: 10 }, () => (random.chance(0.8) ? 1 : random.float())))
      for (const method of ['t', 'bootstrap', 'auto'] as const) {
        const range = method === 'auto' ? { low: 0, high: 1 } : { low: null, high: null }
        const { low, high } = clusteredMean(data, { method, range, seed: set })!
        covered[method] += Number(low! <= 0.9 && 0.9 <= high!)
      }
    }
    expect(covered.t / sets).toBeLessThan(0.85)
    expect(covered.bootstrap / sets).toBeLessThan(0.85)
    expect(covered.auto / sets).toBeGreaterThan(0.92)
  })

  test('differences of few scenarios are covered 92 times in 100 at least, where neither t nor the bootstrap covers half', () => {
    const random = stream(7, 'coverage of differences')
    const sets = 300
    const covered = { t: 0, bootstrap: 0, auto: 0 }
    for (let set = 0; set < sets; set++) {
      const luck = Array.from({ length: 10 }, () => random.float())
      const [a, b] = [0.99, 0.94].map(needed => naive(luck.map(x => Number(x < needed)))) as [Clustered, Clustered]
      for (const method of ['t', 'bootstrap', 'auto'] as const) {
        const range = method === 'auto' ? ({ low: 0, high: 1, ends: true } as const) : { low: null, high: null }
        const { low, high } = pairedDifference(a, b, { method, range, seed: set })!
        covered[method] += Number(low! <= 0.05 && 0.05 <= high!)
      }
    }
    expect(covered.t / sets).toBeLessThan(0.5)
    expect(covered.bootstrap / sets).toBeLessThan(0.5)
    expect(covered.auto / sets).toBeGreaterThan(0.92)
  })
})
