/** What the numbers of a player's observation say, and what its slots call, on observations made by hand. */
import { describe, expect, test } from 'vitest'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import type { AnyEnvironment } from '../../../index.ts'
import { reading } from '../../economies/meanings.ts'

const env = spatialPlanning as unknown as AnyEnvironment
const market = reading(env, 'harberger', 'owner_1')
const buyer = reading(env, 'futarchy', 'speculator_1')
const vote = reading(env, 'voting', 'developer')

/** Worth 300,000 without and 250,000 with the project. */
const land = { values: [300_000, 250_000], low: [200_000, 100_000], high: [400_000, 500_000], cap: [800_000, 1_000_000] }
const order = (price: number, mine: boolean) => ({ price, mine, id: mine ? 1 : null })
const DESK = {
  privateSignal: 5000,
  publicSignal: 5500,
  freeCash: 30_000,
  cash: 40_000,
  freeShares: 4,
  shares: 6,
  bids: [order(4900, true), order(4500, false), order(4000, true)],
  asks: [order(6000, false)],
  trades: [],
  traded: 10,
  median: 4000,
}
const open = { markets: { no_project: DESK } }
const declared = (plot: string, without: number, percentile: number) => ({
  plot,
  declared: [without, 1],
  percentile: [percentile, 90],
})
const sale = {
  declarations: [declared('owner_1', 210_000, 40), declared('developer', 150_000, 5), declared('owner_2', 220_000, 60)],
  finals: null,
  shared: { chosen: null },
}

describe('a feature', () => {
  test.each([
    ['round', { shared: { round: 3, rounds: 5 } }, 0.4],
    ['practice', { shared: { practice: true } }, 1],
    ['practice', { shared: { practice: false } }, 0],
    ['turn', { shared: { turn: 4, turns: 9 } }, 1 / 3],
    ['turn', { shared: { turn: null, turns: null } }, 0],
    ['phase_market', { shared: { phase: 'market' } }, 1],
    ['phase_market', { shared: { phase: 'declaration' } }, 0],
    ['is_owner', { role: 'owner' }, 1],
    ['is_owner', { role: 'developer' }, 0],
    ['value_no_project', { land }, 0.5],
    ['value_project', { land }, 0.375],
    ['value_project', { land: null }, 0],
    ['stake', { land, role: 'owner' }, 0.05],
    ['stake', { land, role: 'developer' }, 0],
    ['chosen', { shared: { chosen: 'project' } }, 1],
    ['chosen', { shared: { chosen: 'no_project' } }, -1],
    ['chosen', { shared: { chosen: null } }, 0],
    ['leading', { shared: { leading: 'project' } }, 1],
    ['leading', { shared: { leading: 'no_project' } }, -1],
    ['declared_no_project', { land, declared: [250_000, 1] }, 0.25],
    ['declared_no_project', { land, declared: null }, 0],
    ['tax_initial', { shared: { taxes: { initial: 1, final: 33 } } }, 0.01],
    ['tax_final', { shared: { taxes: { initial: 1, final: 33 } } }, 0.33],
    ['buyers', { boughtPlot: { buyers: 3, result: -1 } }, 0.5],
    ['deals', { deals: [{ profit: 40_000 }, { profit: -15_000 }] }, 0.25],
    ['shares_held', { holdings: { cash: 1, shares: 12 } }, 0.12],
    ['open', open, 1],
    ['open', { markets: {} }, 0],
    ['signal', open, 0.5],
    ['public_signal', open, 0.1],
    ['best_bid', open, -0.1],
    ['has_bid', open, 1],
    ['has_bid', { markets: { no_project: { ...DESK, bids: [order(4900, true)] } } }, 0],
    ['best_ask', open, 0.2],
    ['has_ask', open, 1],
    ['has_ask', { markets: { no_project: { ...DESK, asks: [] } } }, 0],
    ['median', open, -0.2],
    ['median', { markets: { no_project: { ...DESK, median: null } } }, 0],
    ['traded', open, 0.2],
    ['cash', open, 0.3],
    ['shares', open, 0.04],
    ['own_bids', open, 0.2],
    ['own_asks', open, 0],
  ])('%s of %j is %f', (name, fields, expected) => {
    expect(market.feature(name, fields)).toBeCloseTo(expected, 6)
  })

  test.each([
    ['plot_1_no_project_percentile', sale, 0.05],
    ['plot_1_no_project_developer', sale, 1],
    ['plot_2_no_project_developer', sale, 0],
    ['plot_3_no_project_percentile', sale, 0.6],
    ['plot_2_no_project_gain', { ...sale, inspected: [{ plot: 'owner_1', values: [290_000, 1] }] }, 0.8],
    ['plot_2_no_project_gain', sale, 0],
    ['plot_1_no_project_percentile', { ...sale, shared: { chosen: 'project' } }, 0],
    ['plot_1_project_percentile', { ...sale, shared: { chosen: 'project' } }, 0.9],
  ])('of plots on sale, the lowest percentile first: %s of %j is %f', (name, fields, expected) => {
    expect(buyer.feature(name, fields)).toBeCloseTo(expected, 6)
  })

  test('of appraisals of one’s own plot counts who published, and places their mean in the range', () => {
    const owner = reading(env, 'harberger_speculator_train', 'owner_1')
    const said = (plot: string, without: number) => ({ speculator: 'speculator_1', plot, values: [without, 250_000] })
    const appraisals = [said('owner_1', 300_000), said('owner_2', 999_999), said('owner_1', 340_000)]
    expect(owner.feature('appraisals', { land, appraisals })).toBeGreaterThan(0)
    expect(owner.feature('appraisals', { land, appraisals })).toBe(
      2 * owner.feature('appraisals', { land, appraisals: [appraisals[0]] }),
    )
    expect(owner.feature('appraisals', { land })).toBe(0)
    expect(owner.feature('appraised_no_project', { land, appraisals })).toBeCloseTo((320_000 - 200_000) / 200_000, 6)
  })

  test.each([
    ['offer', { shared: { offer: 30_000 } }, 0.3],
    ['offer', { shared: { offer: null } }, 0],
    ['request', { request: 20_000 }, 0.2],
    ['request_2', { requests: [10_000, 40_000] }, 0.4],
    ['messages', { messages: [] }, 0],
  ])('with a vote, %s of %j is %f', (name, fields, expected) => {
    expect(vote.feature(name, fields)).toBeCloseTo(expected, 6)
  })
})

describe('a slot', () => {
  const gain = { role: 'developer', land: { ...land, values: [100_000, 600_000] } }
  test.each([
    [market, 'declare_true_true', { land }, [{ tool: 'declare', args: { no_project: 300_000, project: 250_000 } }]],
    [market, 'declare_under_over', { land }, [{ tool: 'declare', args: { no_project: 240_000, project: 300_000 } }]],
    [market, 'declare_low_cap', { land }, [{ tool: 'declare', args: { no_project: 200_000, project: 1_000_000 } }]],
    [vote, 'offer_all', gain, [{ tool: 'offer_compensation', args: { amount: 100_000 } }]],
    [vote, 'offer_request_2', { requests: [10_000, 40_000] }, [{ tool: 'offer_compensation', args: { amount: 40_000 } }]],
    [vote, 'vote_no_project', {}, [{ tool: 'vote', args: { choice: 'no_project' } }]],
  ])('%# %s of %j', (game, name, fields, calls) => {
    expect(game.slot(name, fields)).toEqual({ legal: true, calls })
  })

  test('buys as many plots as it says, the lowest percentile first, and none is a choice too', () => {
    const plots = reading(env, 'harberger', 'speculator_1')
    const names = plots.slots.filter(name => name.startsWith('buy_'))
    expect(names.length).toBeGreaterThan(6)
    const fields = { ...sale, shared: { chosen: 'no_project' } }
    const bought = names.map(name => (plots.slot(name, fields).calls[0]?.args as { plots?: string[] } | undefined)?.plots)
    expect(bought.slice(0, 4)).toEqual([[], ['developer'], ['developer', 'owner_1'], ['developer', 'owner_1', 'owner_2']])
  })

  test('declares in the end once a condition is chosen, of that condition, and for who holds land alone', () => {
    const final = (chosen: string | null, fields: object = { land }) =>
      market.slot('declare_final_true', { ...fields, shared: { chosen } })
    expect(final('project')).toEqual({ legal: true, calls: [{ tool: 'declare_final', args: { value: 250_000 } }] })
    expect(final('no_project')).toEqual({ legal: true, calls: [{ tool: 'declare_final', args: { value: 300_000 } }] })
    expect(final(null).legal).toBe(false)
    expect(final('project', { land: null }).legal).toBe(false)
  })

  test('declares every level without and every level with the project, in all combinations', () => {
    const levels = market.slots.flatMap(name => /^declare_final_(\w+)$/.exec(name)?.[1] ?? [])
    expect(levels.length).toBeGreaterThan(3)
    const pairs = market.slots.filter(name => /^declare_(?!final)/.test(name))
    expect(new Set(pairs)).toEqual(new Set(levels.flatMap(without => levels.map(with_ => `declare_${without}_${with_}`))))
  })

  test('offers nothing that nobody asked for', () => {
    expect(vote.slot('offer_request_2', { requests: [10_000] }).legal).toBe(false)
  })
})
