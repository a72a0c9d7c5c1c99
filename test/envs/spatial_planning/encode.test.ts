/** What the numbers of a player's observation say, and what its slots call, on observations made by hand. */
import { describe, expect, test } from 'vitest'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import type { AnyEnvironment } from '../../../index.ts'
import { reading } from '../../economies/meanings.ts'

type Fields = Readonly<Record<string, unknown>>

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

describe('slots of a market', () => {
  const trader = { markets: { no_project: DESK } }
  const at = (more: object) => ({ markets: { no_project: { ...DESK, ...more } } })
  const limit = (side: string, price: number) => ({ tool: 'place_limit_order', args: { side, price } })
  const now = (side: string) => ({ tool: 'trade_now', args: { side } })
  const cancelled = [{ tool: 'cancel_order', args: { order_id: 1 } }]
  test.each<[string, Fields, boolean, readonly object[]]>([
    ['bid_below_signal', trader, true, [limit('bid', 4850)]],
    ['bid_at_signal', trader, true, [limit('bid', 5000)]],
    ['bid_above_signal', trader, true, [limit('bid', 5150)]],
    ['bid_at_signal', at({ freeCash: 5000 }), true, [limit('bid', 5000)]],
    ['bid_at_signal', at({ freeCash: 4999 }), false, [limit('bid', 5000)]],
    ['bid_at_signal', { markets: {} }, false, []],
    ['ask_below_signal', trader, true, [limit('ask', 4850)]],
    ['ask_above_signal', at({ freeShares: 1 }), true, [limit('ask', 5150)]],
    ['ask_above_signal', at({ freeShares: 0 }), false, [limit('ask', 5150)]],
    ['quote', trader, true, [limit('bid', 4850), limit('ask', 5150)]],
    ['quote', at({ freeShares: 0 }), false, [limit('bid', 4850), limit('ask', 5150)]],
    ['quote', at({ freeCash: 4849 }), false, [limit('bid', 4850), limit('ask', 5150)]],
    ['quote', { markets: {} }, false, []],
    ['buy_now', at({ freeCash: 6000 }), true, [now('buy')]],
    ['buy_now', at({ freeCash: 5999 }), false, [now('buy')]],
    ['buy_now', at({ asks: [order(10, true)] }), false, [now('buy')]],
    ['sell_now', trader, true, [now('sell')]],
    ['sell_now', at({ freeShares: 0 }), false, [now('sell')]],
    ['sell_now', at({ bids: [order(4900, true)] }), false, [now('sell')]],
    ['cancel_bid', trader, true, cancelled],
    ['cancel_bid', at({ bids: [order(4500, false)] }), false, []],
    ['cancel_ask', trader, false, []],
    ['cancel_ask', at({ asks: [order(6000, true)] }), true, cancelled],
  ])('%s of %j is legal: %s', (name, fields, legal, calls) => {
    expect(market.slot(name, fields)).toEqual({ legal, calls })
  })

  test('name the market where there are two, and look at that one alone', () => {
    const two = {
      markets: { no_project: DESK, project: { ...DESK, privateSignal: 8000, freeShares: 0, asks: [order(7000, true)] } },
    }
    const named = (name: string) => buyer.slot(name, two)
    expect(named('bid_at_signal_project')).toEqual({
      legal: true,
      calls: [{ tool: 'place_limit_order', args: { side: 'bid', price: 8000, market: 'project' } }],
    })
    expect(named('ask_at_signal_no_project')).toEqual({
      legal: true,
      calls: [{ tool: 'place_limit_order', args: { side: 'ask', price: 5000, market: 'no_project' } }],
    })
    expect(named('ask_at_signal_project').legal).toBe(false)
    expect(named('cancel_ask_project')).toEqual({
      legal: true,
      calls: [{ tool: 'cancel_order', args: { order_id: 1, market: 'project' } }],
    })
    expect([buyer.feature('signal_project', two), buyer.feature('signal_no_project', two)]).toEqual([
      expect.closeTo(0.8, 6),
      expect.closeTo(0.5, 6),
    ])
    expect(buyer.feature('open_project', { markets: { no_project: DESK } })).toBe(0)
    expect(market.feature('open', { markets: { project: DESK } })).toBe(1)
  })

  test('of one turn have nothing to take back', () => {
    expect(reading(env, 'harberger_train', 'owner_1').slots.filter(name => name.startsWith('cancel'))).toEqual([])
    expect(market.slots.filter(name => name.startsWith('cancel'))).toEqual(['cancel_bid', 'cancel_ask'])
  })

  test('a signal of nothing is no measure of prices', () => {
    expect(market.feature('best_bid', at({ privateSignal: 0 }))).toBe(0)
    expect(market.feature('public_signal', at({ privateSignal: -5 }))).toBe(0)
  })
})

describe('slots of speculation', () => {
  const plots = reading(env, 'harberger', 'speculator_1')
  const chosen = { ...sale, shared: { chosen: 'no_project' } }
  const inspected = [
    { plot: 'owner_1', values: [290_000, 1] },
    { plot: 'developer', values: [150_000, 1] },
    { plot: 'owner_2', values: [100_000, 5] },
  ]
  test('buy what is shown to be worth more than declared, and nothing that is worth as much', () => {
    expect(plots.slot('buy_shown', { ...chosen, inspected })).toEqual({
      legal: true,
      calls: [{ tool: 'buy_plots', args: { plots: ['owner_1'] } }],
    })
    expect(plots.slot('buy_shown', chosen)).toEqual({ legal: true, calls: [{ tool: 'buy_plots', args: { plots: [] } }] })
    for (const name of ['buy_shown', 'buy_lowest_0', 'buy_lowest_1']) {
      expect(plots.slot(name, sale).legal, name).toBe(false)
      expect(plots.slot(name, { ...sale, declarations: null, shared: { chosen: 'project' } }).legal, name).toBe(false)
    }
    expect(plots.slot('buy_lowest_3', chosen).legal).toBe(true)
    expect(plots.slot('buy_lowest_4', chosen).legal).toBe(false)
  })

  test('go by final declarations once there are some', () => {
    const finals = [
      { plot: 'owner_2', declared: 90_000, percentile: 3 },
      { plot: 'owner_1', declared: 300_000, percentile: 1 },
    ]
    expect(plots.slot('buy_lowest_1', { ...chosen, finals }).calls).toEqual([{ tool: 'buy_plots', args: { plots: ['owner_1'] } }])
    expect(plots.slot('buy_shown', { ...chosen, finals, inspected }).calls).toEqual([
      { tool: 'buy_plots', args: { plots: ['owner_2'] } },
    ])
    const untold = [{ plot: 'owner_2', declared: 90_000, percentile: null }]
    expect(plots.slot('buy_lowest_0', { ...chosen, finals: untold }).legal).toBe(false)
  })

  test('buy under each condition for itself', () => {
    const conditional = (name: string, fields: Fields = { ...sale, inspected }) => buyer.slot(name, fields)
    const buys = (without: string[], withProject: string[]) => [
      { tool: 'buy_plots_conditional', args: { if_no_project: without, if_project: withProject } },
    ]
    const both = {
      ...sale,
      declarations: [declared('owner_1', 210_000, 40), { plot: 'developer', declared: [150_000, 1], percentile: [5, 95] }],
      inspected,
    }
    expect(conditional('buy_lowest_1_if_no_project_1_if_project', both)).toEqual({
      legal: true,
      calls: buys(['developer'], ['owner_1']),
    })
    expect(conditional('buy_lowest_0_if_no_project_2_if_project', both)).toEqual({
      legal: true,
      calls: buys([], ['owner_1', 'developer']),
    })
    expect(conditional('buy_shown_conditional')).toEqual({ legal: true, calls: buys(['owner_1'], ['owner_2']) })
    expect(conditional('buy_shown_conditional', { ...sale, declarations: null }).legal).toBe(false)
    expect(conditional('buy_lowest_0_if_no_project_0_if_project', { ...sale, shared: { chosen: 'project' } }).legal).toBe(false)
  })
})

describe('where speculators publish appraisals', () => {
  const game = reading(env, 'harberger_train', 'speculator_1')
  const inspected = [{ plot: 'owner_1', values: [410_000, 210_000] }]
  const published = (without: number, project: number) => [
    { tool: 'publish_appraisals', args: { appraisals: [{ plot: 'owner_1', no_project: without, project }] } },
  ]
  test.each([
    ['appraise_nothing', [{ tool: 'publish_appraisals', args: { appraisals: [] } }]],
    ['appraise_truth', published(410_000, 210_000)],
    ['appraise_low', published(350_000, 150_000)],
    ['appraise_high', published(600_000, 350_000)],
  ])('%s', (name, calls) => expect(game.slot(name, { inspected })).toEqual({ legal: true, calls }))

  test('a plot on sale has the mean of what others said beside what it is shown to be', () => {
    const said = (speculator: string, without: number) => ({ speculator, plot: 'owner_1', values: [without, 1] })
    const fields = {
      ...sale,
      inspected,
      appraisals: [said('speculator_1', 999_999), said('speculator_2', 220_000), said('speculator_3', 240_000)],
    }
    expect(game.feature('plot_2_no_project_appraised', fields)).toBeCloseTo(0.2, 6)
    expect(game.feature('plot_2_no_project_gain', fields)).toBeCloseTo(2, 6)
    expect(game.feature('plot_1_no_project_appraised', fields)).toBe(0)
    expect(game.feature('phase_appraisal', { shared: { phase: 'appraisal' } })).toBe(1)
  })

  test('has neither slot nor number where nobody publishes', () => {
    expect(market.slots.filter(name => name.startsWith('appraise'))).toEqual([])
    expect(market.feature('appraisals', {})).toBeUndefined()
  })
})

describe('slots of a vote', () => {
  const owner = reading(env, 'voting', 'owner_1')
  const loses = { role: 'owner', land }
  const sent = (to: readonly string[], text: string) => [{ tool: 'send_message', args: { to, text } }]
  const asks = (amount: number) => [{ tool: 'request_compensation', args: { amount } }]
  test.each<[string, Fields, readonly object[]]>([
    ['request_nothing', loses, asks(0)],
    ['request_half', loses, asks(25_000)],
    ['request_loss', loses, asks(50_000)],
    ['request_more', loses, asks(65_000)],
    ['request_double', loses, asks(100_000)],
    ['request_loss', { role: 'owner', land: { ...land, values: [1, 5] } }, asks(0)],
    [
      'say_truth',
      loses,
      sent(['developer', 'owner_2', 'owner_3', 'owner_4', 'owner_5'], 'The project would cost me 50,000 points.'),
    ],
    [
      'say_exaggeration',
      loses,
      sent(['developer', 'owner_2', 'owner_3', 'owner_4', 'owner_5'], 'The project would cost me 75,000 points.'),
    ],
    ['vote_project', {}, [{ tool: 'vote', args: { choice: 'project' } }]],
    ['vote_abstain', {}, [{ tool: 'vote', args: { choice: 'abstain' } }]],
  ])('%s of %j', (name, fields, calls) => expect(owner.slot(name, fields)).toEqual({ legal: true, calls }))

  test('of the developer say and offer what he can pay each of five owners', () => {
    const gains = { role: 'developer', land: { ...land, values: [100_000, 600_001] } }
    expect(vote.slot('say_truth', gains).calls).toEqual(
      sent(['owner_1', 'owner_2', 'owner_3', 'owner_4', 'owner_5'], 'I can pay every owner at most 100,000 points.'),
    )
    expect(vote.slot('offer_all', gains).calls).toEqual([{ tool: 'offer_compensation', args: { amount: 100_000 } }])
    expect(vote.slot('offer_nothing', gains)).toEqual({
      legal: true,
      calls: [{ tool: 'offer_compensation', args: { amount: 0 } }],
    })
    expect(vote.slot('offer_request_1', { requests: null }).legal).toBe(false)
  })

  test('say nothing where nobody else is there', () => {
    expect(owner.slot('say_truth', { ...loses, shared: { plots: ['owner_1'] } }).legal).toBe(false)
  })

  test('pay parts of what was offered, where an offer is a promise', () => {
    const game = reading(env, 'voting_train', 'developer')
    const paid = (name: string, offer: number | null) => game.slot(name, { shared: { offer } }).calls
    const pays = (amount: number) => [{ tool: 'pay_compensation', args: { amount } }]
    expect([paid('pay_all', 45_001), paid('pay_half', 45_001), paid('pay_nothing', 45_001), paid('pay_all', null)]).toEqual([
      pays(45_001),
      pays(22_501),
      pays(0),
      pays(0),
    ])
    expect(vote.slots.filter(name => name.startsWith('pay'))).toEqual([])
    expect(game.feature('phase_payment', { shared: { phase: 'payment' } })).toBe(1)
  })

  test.each<[string, Fields, number]>([
    [
      'said',
      {
        messages: [
          { from: 'owner_1', text: 'I want 20,000 or 90,000' },
          { from: 'owner_2', text: 'at least 40000' },
        ],
      },
      0.3,
    ],
    [
      'said',
      {
        messages: [
          { from: 'owner_1', text: 'no' },
          { from: 'developer', text: '90,000' },
        ],
      },
      0,
    ],
    ['said', { messages: [] }, 0],
    [
      'messages',
      {
        messages: [
          { from: 'owner_1', text: 'no' },
          { from: 'developer', text: '90,000' },
        ],
      },
      0.1,
    ],
    ['request_1', { requests: null }, 0],
    ['phase_vote', { shared: { phase: 'vote' } }, 1],
  ])('%s of %j is %f', (name, fields, expected) => expect(vote.feature(name, fields)).toBeCloseTo(expected, 6))
})

test('a configuration has one encoding', () => {
  const config = spatialPlanning.config.parse({})
  expect(spatialPlanning.encode!(config)).toBe(spatialPlanning.encode!(config))
})

test('slots say in words what they do', () => {
  const meaning = (config: object, name: string) =>
    spatialPlanning.encode!(spatialPlanning.config.parse(config)).slots.find(slot => slot.name === name)!.meaning
  const voting = { treatment: 'voting' }
  expect(meaning(voting, 'vote_no_project')).toBe('votes no project')
  expect(meaning({ ...voting, pledges: { audited: 1, fine: 0 } }, 'pay_half')).toBe('pays every owner half of what it offered')
  expect(meaning({ ...voting, pledges: { audited: 1, fine: 0 } }, 'pay_nothing')).toBe('pays every owner nothing')
  expect(meaning({ treatment: 'futarchy' }, 'sell_now_project')).toBe('sells a share at the highest bid in the market of project')
  expect(meaning({}, 'sell_now')).toBe('sells a share at the highest bid')
  expect(meaning({}, 'cancel_bid')).toBe('takes its best bid off the book')
  expect(meaning({}, 'bid_below_signal')).toBe('bids 0.97 of its private signal for a share')
  expect(meaning({}, 'declare_low_cap')).toBe(
    'declares the lower end of the range without and the most that may be declared with the project',
  )
})
