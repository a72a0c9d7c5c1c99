/** What a comparison comes to: the best, by how much, whether it is settled, what went wrong; every figure is the comparison's own. */
import { describe, expect, test } from 'vitest'
import type { Figure } from '../../evals/figures.ts'
import { overviewOf } from '../../evals/overview.ts'
import { compare, dabbler, failing, playToy, seller, sleeper, withFolder } from './toy_runs.ts'

const seeds = [0, 1, 2, 3, 4, 5, 6, 7]

describe('the overview of a comparison', () => {
  test('names the best, and says its difference from the baseline where the baseline is another', () =>
    withFolder(async out => {
      const comparison = compare(await playToy([dabbler, seller, sleeper], { out, seeds }))
      const { rows, verdicts } = overviewOf(comparison)
      const best = comparison.figures
        .filter(({ table, item }) => table === 'scores' && item === 'reward')
        .reduce((high, figure) => (figure.value! > high.value! ? figure : high))
      const [verdict] = verdicts
      expect(verdict).toMatchObject({ best: { player: best.player, reward: best }, scenarios: [8, 8] })
      expect(best.player).not.toBe('dabbler')
      expect(verdict!.by?.difference?.player).toBe(`${best.player} − dabbler`)
      expect(rows.filter(row => row.is_baseline).map(({ player }) => player)).toEqual(['dabbler'])
      // Chosen and not computed: each is one of the comparison's.
      const chosen = [...rows.flatMap(({ reward, difference }) => [reward, difference]), ...verdicts.flatMap(({ why }) => why)]
      for (const figure of chosen) if (figure !== null) expect(comparison.figures).toContain(figure)
    }))

  test('says the runner-up’s difference where the baseline is best', () =>
    withFolder(async out => {
      const comparison = compare(await playToy([seller, dabbler, sleeper], { out, seeds }))
      const [verdict] = overviewOf(comparison).verdicts
      expect(verdict).toMatchObject({ best: { player: 'seller', is_baseline: true } })
      expect(verdict!.by!.difference!.value).toBeLessThan(0)
      expect(verdict!.by!.reward.value).toBeGreaterThan(
        Math.min(...overviewOf(comparison).rows.map(({ reward }) => reward.value!)),
      )
    }))

  test('has nobody to compare one player with, and says what a mean lacks', () =>
    withFolder(async out => {
      const { verdicts, lacking } = overviewOf(compare(await playToy([failing('shaky', [1])], { out, seeds })))
      expect(verdicts[0]).toMatchObject({ best: { player: 'shaky', settled: null }, by: null, why: [] })
      expect(lacking).toEqual([{ setting: 'toy_market default', player: 'shaky', what: 'failed', rollouts: 1 }])
    }))

  test('settles by the corrected p of the asked correction, parts of the score before metrics', () => {
    const figure = (more: Partial<Figure>): Figure =>
      ({
        table: 'differences',
        setting: 's',
        player: 'b − a',
        item: 'reward',
        unit: 'number',
        value: 1,
        n: 9,
        p: 0.01,
        p_adjusted: 0.06,
        q: 0.04,
        ...more,
      }) as Figure
    const figures = [
      figure({ table: 'scores', player: 'a', value: 1 }),
      figure({ table: 'scores', player: 'b', value: 2 }),
      figure({ table: 'scores', player: 'b', item: 'payoff' }),
      figure({}),
      figure({ item: 'zeal', p: 0.001 }),
      figure({ item: 'payoff', p: 0.02 }),
      figure({ item: 'doubtful', q: 0.2 }),
      figure({ player: 'c − a', item: 'elsewhere' }),
    ]
    const comparison = { runs: [], settings: ['s'], sweeps: [], figures, notes: [] }
    expect(overviewOf(comparison).verdicts[0]!.by).toMatchObject({ settled: false })
    const [verdict] = overviewOf(comparison, 'bh').verdicts
    expect(verdict!.by).toMatchObject({ player: 'b', settled: true })
    expect(verdict!.why.map(({ item }) => item)).toEqual(['payoff', 'zeal'])
  })
})
