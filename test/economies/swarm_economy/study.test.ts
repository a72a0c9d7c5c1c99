/** The study: the published table is consistent, rows stand where they should, and a changed rule falls out of a band. */
import { beforeAll, describe, expect, test } from 'vitest'
import { data } from '../../../economies/swarm_economy/published.ts'
import { rollout } from '../../../economies/swarm_economy/sample.ts'
import { swarmStudy } from '../../../economies/swarm_economy/study.ts'
import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'
import { PROFILES } from '../../../envs/swarm_economy/profiles.ts'
import type { StudyResult } from '../../../evals/study.ts'

const study = (options: Record<string, string | number>): Promise<StudyResult> =>
  swarmStudy.run({ options, signal: new AbortController().signal, progress: () => {} })

describe('the published table', () => {
  test('has composites that are the weighted sums of their parts', () => {
    let checked = 0
    const compose = (profile: string, weight: number | undefined, part: (name: string) => number | null | undefined): void => {
      const { payoff_weight, reputation_weight, quality_weight, diversity_weight } = PROFILES[profile as keyof typeof PROFILES]
      const terms = [
        [payoff_weight, part('payoff')],
        [weight ?? reputation_weight, part('reputation')],
        [quality_weight, part('quality')],
        [diversity_weight, part('diversity')],
      ] as const
      const reward = part('reward')
      if (reward == null || terms.some(([w, value]) => w !== 0 && value == null)) return
      checked++
      expect(Math.abs(reward - terms.reduce((sum, [w, value]) => sum + w * (value ?? 0), 0))).toBeLessThan(0.002)
    }
    for (const { profile, scores } of data.published) compose(profile, undefined, name => scores[name]?.mean)
    for (const { profile, fields, steps, reputation_weight } of data.curves)
      for (const values of steps) compose(profile, reputation_weight, name => values[fields.indexOf(name)])
    expect(checked).toBeGreaterThan(45)
  })

  test('names a source and a number of rollouts for every row', () => {
    for (const { source, n } of [...data.published, ...data.curves]) {
      expect(n).toBeGreaterThan(0)
      for (const key of source) expect(data.sources[key]).toBeDefined()
    }
  })
})

describe('the study', () => {
  let rows: StudyResult['rows'] = []
  beforeAll(async () => {
    rows = (await study({ rollouts: 4 })).rows
  }, 60_000)
  test('puts ours beside every published row that a learner stands for, every reference policy and every bot type', () => {
    const groups = new Set(rows.map(({ group }) => group))
    for (const { model, profile, like } of data.published)
      expect([...groups].some(group => group.startsWith(`${model}, ${profile}`))).toBe(like !== undefined)
    for (const [bot, profiles] of Object.entries(data.reference.policies))
      for (const profile of Object.keys(profiles)) expect(groups).toContain(`Reference policy bot:${bot}, ${profile}, medium`)
    expect(rows.filter(({ figure }) => figure === 'deceptive extractions').length).toBe(3)
    expect(rows.every(({ ours }) => Number.isFinite(ours))).toBe(true)
  })

  test('judges by the bands that its notes name, and by no wider ones', () => {
    const bands = (kind: string, start: string) => {
      const judged = rows.filter(row => row.kind === kind && row.group.startsWith(start) && row.tolerance !== undefined)
      return Object.fromEntries(judged.map(({ figure, tolerance }) => [figure, tolerance])) as Record<string, number>
    }
    const usual: Readonly<Record<string, number>> = { payoff: 0.1, reputation: 0.04, quality: 0.06, survival: 0 }
    const judged = (start: string) => bands('published', start)
    for (const { model, profile, difficulty, n, scores, calls = {}, like } of data.published) {
      if (like === undefined) continue
      const known = Object.entries({ ...scores, ...calls }).flatMap(([figure, { sd }]): [string, number][] => {
        // Two standard errors of a mean over as many scenarios as were played four times each.
        const errors = sd === undefined || figure === 'turns' ? Number.POSITIVE_INFINITY : (2 * sd) / Math.sqrt(n / 4)
        const band = Math.min(usual[figure] ?? Number.POSITIVE_INFINITY, errors)
        return Number.isFinite(band) ? [[figure, band]] : []
      })
      expect(judged(`${model}, ${profile}, ${difficulty} `)).toEqual(Object.fromEntries(known))
    }
    const first = judged('GPT-4.1-mini, run 1')
    expect(first.reputation).toBeCloseTo(0.0188, 4)
    expect(first.claim_task).toBeCloseTo(1.43, 2)
    const regression = (start: string) => bands('prototype', start)
    expect(Object.values(regression('Reference policy')).every(band => band <= 0.02)).toBe(true)
    expect(Object.values(regression('Calibrated learner')).every(band => band <= 0.015)).toBe(true)
    expect(Object.keys(regression('Calibrated learner')).sort()).toEqual(['payoff', 'quality', 'reputation'])
    expect(new Set(Object.values(regression('Bots beside')))).toEqual(new Set([0.3, 0.1]))
  })

  test('can be asked for one profile, and names those there are', async () => {
    const { rows } = await study({ rollouts: 3, profile: 'v0.1-fixed' })
    expect(rows.every(({ group }) => group.includes('v0.1-fixed'))).toBe(true)
    await expect(study({ profile: 'v9' })).rejects.toThrow('Profiles with figures: v0.1, v0.1-fixed, v0.2')
    await expect(study({ rollouts: 0 })).rejects.toThrow('expected an integer from 1')
  })

  test('can be asked for the figures of one kind and for some learners, and names those there are', async () => {
    const { rows } = await study({ rollouts: 2, kind: 'published', learners: 'mini_v01,qwen_v02' })
    expect(new Set(rows.map(({ group }) => group.replace(/.* beside bot:/, '')))).toEqual(new Set(['mini_v01', 'qwen_v02']))
    expect(new Set(rows.map(({ kind }) => kind))).toEqual(new Set(['published']))
    const prototype = await study({ rollouts: 2, kind: 'prototype', profile: 'v0.1', learners: 'worker' })
    expect(new Set(prototype.rows.map(({ group }) => group.slice(0, 16)))).toEqual(
      new Set(['Reference policy', 'Bots beside bot:']),
    )
    await expect(study({ kind: 'hearsay' })).rejects.toThrow('Kinds: published, prototype')
    await expect(study({ learners: 'worker,nobody' })).rejects.toThrow("no figures of 'nobody'. Learners with figures: pass, ")
  })

  test('stops when it is told to', async () => {
    const stop = new AbortController()
    stop.abort()
    await expect(swarmStudy.run({ options: {}, signal: stop.signal, progress: () => {} })).rejects.toThrow()
  })
})

describe('a changed rule falls outside a band', () => {
  /** The mean of a part over the first rows of the first version's data set. */
  const mean = (bot: string, part: 'payoff' | 'reputation', fields: object): number => {
    const rows = swarmEconomy.scenarios!(swarmEconomy.config.parse({ profile: 'v0.1', ...fields }), 150)
    return rows.reduce((sum, row) => sum + swarmEconomy.score(rollout(bot, row)).learner![part]! / rows.length, 0)
  }
  test.each([
    ['no tax: offers are paid for longer', 'offers_only', 'payoff', 0.01, { tax_rate: 0 }],
    ['the final turn executed: reputation decays once more', 'pass', 'reputation', 0.005, { execute_final_turn: true }],
  ] as const)('%s', (_name, bot, part, band, fields) => {
    const known = data.reference.policies[bot]!['v0.1']![part]
    expect(Math.abs(mean(bot, part, fields) - known)).toBeGreaterThan(band)
    if (bot === 'pass') expect(Math.abs(mean(bot, part, {}) - known)).toBeLessThan(band)
  })
})
