/** The order of play, what silence stands for, and what is refused with what would have worked. */
import { describe, expect, test } from 'vitest'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import { reset } from '../../../envs/spatial_planning/phases.ts'
import { rosterOf } from '../../../envs/spatial_planning/roster.ts'
import { call, declare, events, type Game, game, goTo, step, turnOf } from './table.ts'

const quick = { session: 1, ticks: 2, rounds: 1 }
const agents = (table: Game) => rosterOf(table.config).agents

describe('the order of play', () => {
  test('sealed phases ask their roles at once; a market asks one player a step, everybody once a turn', () => {
    const table = game({ ...quick, treatment: 'harberger' })
    const asked: string[][] = []
    while (!table.over) {
      asked.push([...table.actors()])
      step(table)
    }
    const land = ['owner_1', 'developer', 'owner_2', 'owner_3', 'owner_4', 'owner_5']
    const speculators = agents(table).slice(6)
    expect(asked).toHaveLength(4 + 2 * 12)
    expect([asked[0], asked[1], asked.at(-2), asked.at(-1)]).toEqual([land, speculators, land, speculators])
    for (const turn of [asked.slice(2, 14), asked.slice(14, 26)]) {
      expect(turn.every(step => step.length === 1)).toBe(true)
      expect(turn.flat().sort()).toEqual([...agents(table)].sort())
    }
    expect(asked.slice(2, 14)).not.toEqual(asked.slice(14, 26))
  })

  test('a session has the calls that its length is given with', () => {
    const count = (config: object) => {
      const table = game({ session: 1, practice: true, ...config })
      while (!table.over) step(table)
      return table.log.steps.reduce((sum, { decisions }) => sum + Object.keys(decisions).length, 0)
    }
    expect([4, 9, 18].map(ticks => count({ ticks }))).toEqual([432, 792, 1440])
    expect(count({ treatment: 'futarchy' })).toBe(792)
    expect(count({ treatment: 'voting' })).toBe(6 * 41)
  })

  test('the arrival orders of a seed are the same under either market treatment', () => {
    const orders = (treatment: string) => {
      const table = goTo(game({ ...quick, treatment }, 3), 'market')
      const order: string[] = []
      while (table.state.phase === 'market') {
        order.push(...table.actors())
        step(table)
      }
      return order
    }
    expect(orders('harberger')).toEqual(orders('futarchy'))
  })

  test('the paid round is drawn by the seed from the paid rounds', () => {
    const drawn = Array.from({ length: 40 }, (_, seed) => {
      const table = game({ treatment: 'voting', rounds: 3, practice: true, chat_before: 0, chat_after: 0 }, seed)
      while (!table.over) step(table)
      return events(table, 'session_paid')[0]!.round
    })
    expect([...new Set(drawn)].sort()).toEqual([1, 2, 3])
  })

  test('a round without conversation begins with the requests', () => {
    expect(reset(spatialPlanning.config.parse({ treatment: 'voting', chat_before: 0 }), 0).phase).toBe('request')
  })
})

describe('silence', () => {
  test('stands for the lower ends of the ranges, told apart from a declaration of them', () => {
    const table = game({ ...quick, treatment: 'harberger' })
    step(table, declare({ owner_1: [350_000, 150_000] }))
    const declared = events(table, 'declared')
    expect(declared.find(({ agent }) => agent === 'owner_1')).toMatchObject({ no_project: 350_000, declared: true })
    expect(declared.find(({ agent }) => agent === 'developer')).toMatchObject({
      no_project: 200_000,
      project: 500_000,
      declared: false,
    })
    goTo(table, 'final_speculation')
    expect(events(table, 'declared_final')[1]).toMatchObject({ agent: 'developer', value: 200_000, declared: false })
  })
  test('buys nothing, asks nothing, offers nothing, and abstains', () => {
    const table = game({ ...quick, treatment: 'harberger' })
    while (!table.over) step(table)
    expect(
      events(table, 'plots_selected').every(
        ({ no_project, project, declared }) => !declared && no_project.length + project.length === 0,
      ),
    ).toBe(true)
    const vote = game({ ...quick, treatment: 'voting' })
    while (!vote.over) step(vote)
    expect(events(vote, 'compensation_requested')[0]).toMatchObject({ amount: 0, declared: false })
    expect(events(vote, 'compensation_offered')[0]).toMatchObject({ amount: 0, declared: false })
    expect(events(vote, 'voted').map(({ choice }) => choice)).toEqual(Array(5).fill('abstain'))
  })
  test('is who is not named in the decisions of a step, as who sends no call', () => {
    const table = game({ ...quick, treatment: 'harberger' })
    const nobody = Object.fromEntries(table.actors().map(agent => [agent, { calls: [] }]))
    expect(spatialPlanning.step(table.state, {})).toEqual(spatialPlanning.step(table.state, nobody))
  })
  test('a market that nobody trades in gives the project in futarchy', () => {
    const table = game({ ...quick, treatment: 'futarchy' })
    while (!table.over) step(table)
    expect(events(table, 'condition_chosen')[0]).toEqual({
      type: 'condition_chosen',
      condition: 'project',
      no_project: null,
      project: null,
    })
  })
})

describe('futarchy', () => {
  test('the dearer market decides, and the other’s cash and shares are void', () => {
    const table = goTo(game({ ...quick, ticks: 3, treatment: 'futarchy' }), 'market')
    step(turnOf(table, 'owner_1'), { owner_1: [call('place_limit_order', { side: 'ask', price: 9000, market: 'no_project' })] })
    step(turnOf(table, 'owner_2'), { owner_2: [call('trade_now', { side: 'buy', market: 'no_project' })] })
    goTo(table, 'final_declaration')
    expect(events(table, 'condition_chosen')[0]).toMatchObject({ condition: 'no_project', no_project: 9000, project: null })
    expect(table.observe('owner_1').holdings).toEqual({ cash: 69_000, shares: 5 })
    const other = goTo(game({ ...quick, ticks: 3, treatment: 'futarchy' }), 'market')
    step(turnOf(other, 'owner_1'), {
      owner_1: [
        call('place_limit_order', { side: 'ask', price: 9000, market: 'no_project' }),
        call('place_limit_order', { side: 'ask', price: 9500, market: 'project' }),
      ],
    })
    step(turnOf(other, 'owner_2'), {
      owner_2: [call('trade_now', { side: 'buy', market: 'no_project' }), call('trade_now', { side: 'buy', market: 'project' })],
    })
    goTo(other, 'final_declaration')
    expect(other.shared().chosen).toBe('project')
    expect(other.observe('owner_1').holdings).toEqual({ cash: 69_500, shares: 5 })
  })
})

/** One call of one agent in a phase; what he is told. */
function tell(config: object, phase: Parameters<typeof goTo>[1], agent: string, ...calls: ReturnType<typeof call>[]) {
  const table = goTo(game({ ...quick, ...config }), phase)
  if (phase === 'market' || phase === 'deliberation') turnOf(table, agent)
  const gate = calls.map(one => table.check(agent, one))
  const record = step(table, { [agent]: calls })
  return { gate, results: record.results[agent] ?? [], codes: record.refused.map(({ code }) => code), table }
}

describe('wrong calls are refused with what would have worked', () => {
  const harberger = { treatment: 'harberger' }
  const one = (phase: Parameters<typeof goTo>[1], agent: string, tool: string, args: object, config: object = harberger) => {
    const { results, codes } = tell(config, phase, agent, call(tool, args))
    return { code: codes[0], text: results[0]!.text }
  }

  test('a negative declaration, one that is no number, one of half a point', () => {
    for (const no_project of [-1, Number.NaN, 400_000.5, '400000', null]) {
      const { code, text } = one('declaration', 'owner_1', 'declare', { no_project, project: 200_000 })
      expect(code).toBe('bad_arguments')
      expect(text).toContain('no_project')
    }
    expect(one('declaration', 'owner_1', 'declare', { no_project: -1, project: 1 }).text).toContain('>=0')
  })
  test('a declaration above twice the range, by role and condition', () => {
    const cases = [
      ['owner_1', { no_project: 1_200_001, project: 0 }, '0 to 1,200,000'],
      ['owner_1', { no_project: 0, project: 700_001 }, '0 to 700,000'],
      ['developer', { no_project: 1_000_001, project: 0 }, '0 to 1,000,000'],
    ] as const
    for (const [agent, args, would] of cases) {
      const { code, text } = one('declaration', agent, 'declare', args)
      expect(code).toBe('above_max')
      expect(text).toContain(would)
    }
    expect(
      tell(harberger, 'declaration', 'developer', call('declare', { no_project: 1_000_000, project: 5_500_000 })).codes,
    ).toEqual([])
    // Silence chose no project: there the cap is 1,200,000.
    expect(one('final_declaration', 'owner_2', 'declare_final', { value: 1_200_001 })).toMatchObject({ code: 'above_max' })
  })
  test('another’s land cannot be named, nor one’s own bought', () => {
    const { code, text } = one('declaration', 'owner_1', 'declare', { no_project: 1, project: 1, plot: 'owner_2' })
    expect([code, text]).toEqual(['bad_arguments', expect.stringContaining('plot')])
    const table = goTo(game({ ...quick, treatment: 'harberger' }), 'speculation')
    const checked = table.check('owner_1', call('buy_plots', { plots: ['owner_1'] }))
    expect(checked).toMatchObject({ ok: false, refusal: { code: 'wrong_role' } })
    expect(!checked.ok && checked.refusal.message).toContain('buy_plots is for speculator; you are owner')
  })
  test('the wrong phase, and somebody else’s turn', () => {
    expect(one('declaration', 'owner_1', 'declare_final', { value: 1 })).toMatchObject({
      code: 'wrong_phase',
      text: expect.stringContaining('You may call: declare'),
    })
    const table = goTo(game({ ...quick, treatment: 'harberger' }), 'market')
    const idle = agents(table).find(agent => !table.actors().includes(agent))!
    expect(table.check(idle, call('end_turn'))).toMatchObject({ refusal: { code: 'not_your_turn' } })
    while (!table.over) step(table)
    expect(table.check('owner_1', call('end_turn'))).toMatchObject({ refusal: { code: 'wrong_phase' } })
  })
  test('a plot that is not there', () => {
    const small = { treatment: 'harberger', owners: 2, speculators: 1, session: 0 }
    expect(one('speculation', 'speculator_1', 'buy_plots', { plots: ['owner_3'] }, small)).toMatchObject({
      code: 'unknown_plot',
      text: expect.stringContaining('owner_1, developer, owner_2'),
    })
    expect(one('speculation', 'speculator_1', 'buy_plots', { plots: ['city_hall'] }, small).code).toBe('bad_arguments')
  })
  test('an order beyond the budget, in shares and in cash', () => {
    expect(one('market', 'owner_1', 'place_limit_order', { side: 'bid', price: 60_001 })).toMatchObject({
      code: 'no_balance_available',
      text: expect.stringContaining('The most you can pay now is 60000'),
    })
    const asks = Array.from({ length: 3 }, () => call('place_limit_order', { side: 'ask', price: 9000 }))
    const poor = { treatment: 'harberger', shares: { owner: 2, developer: 30, speculator: 5 } }
    const { codes, results } = tell(poor, 'market', 'owner_1', ...asks)
    expect(codes).toEqual(['no_shares_available'])
    expect(results.map(({ ok }) => ok)).toEqual([true, true, false])
  })
  test('a price that is missing or negative, a market too much or too few', () => {
    expect(one('market', 'owner_1', 'place_limit_order', { side: 'bid' })).toMatchObject({ code: 'bad_arguments' })
    expect(one('market', 'owner_1', 'place_limit_order', { side: 'bid', price: -1 }).text).toContain('>=0')
    expect(one('market', 'owner_1', 'place_limit_order', { side: 'bid', price: 1, market: 'project' })).toMatchObject({
      code: 'bad_arguments',
    })
    expect(one('market', 'owner_1', 'place_limit_order', { side: 'bid', price: 1 }, { treatment: 'futarchy' })).toMatchObject({
      code: 'bad_arguments',
      text: expect.stringContaining('market'),
    })
  })
  test('cancelling what is not one’s own tells nothing of whose it is', () => {
    const table = goTo(game({ ...quick, ticks: 3, treatment: 'harberger' }), 'market')
    step(turnOf(table, 'owner_1'), { owner_1: [call('place_limit_order', { side: 'ask', price: 9000 })] })
    turnOf(table, 'owner_2')
    const foreign = table.check('owner_2', call('cancel_order', { order_id: 1 }))
    const none = table.check('owner_2', call('cancel_order', { order_id: 7 }))
    const text = (checked: typeof foreign) => !checked.ok && checked.refusal.message.replace(/\d/, 'N')
    expect(text(foreign)).toBe(text(none))
    expect(foreign).toMatchObject({ refusal: { code: 'order_not_found' } })
  })
  test('more than one call outside the market, more than three in it, any after the end of a turn', () => {
    const twice = tell(
      harberger,
      'declaration',
      'owner_1',
      call('declare', { no_project: 1, project: 1 }),
      call('declare', { no_project: 2, project: 2 }),
    )
    expect(twice.codes).toEqual(['too_many_calls'])
    expect(events(twice.table, 'declared')[0]).toMatchObject({ no_project: 1 })
    const bids = Array.from({ length: 4 }, () => call('place_limit_order', { side: 'bid', price: 1 }))
    expect(tell(harberger, 'market', 'owner_1', ...bids).results.map(({ ok }) => ok)).toEqual([true, true, true, false])
    const ended = tell(harberger, 'market', 'owner_1', call('end_turn'), ...bids.slice(0, 1))
    expect(ended.codes).toEqual(['turn_ended'])
  })
  test('a message to nobody, to oneself or too long', () => {
    const voting = { treatment: 'voting' }
    expect(one('deliberation', 'owner_1', 'send_message', { to: [], text: 'x' }, voting).code).toBe('bad_arguments')
    expect(one('deliberation', 'owner_1', 'send_message', { to: ['owner_1'], text: 'x' }, voting)).toMatchObject({
      code: 'unknown_recipient',
      text: expect.stringContaining('developer, owner_2'),
    })
    expect(one('deliberation', 'owner_1', 'send_message', { to: ['owner_2'], text: 'x'.repeat(501) }, voting).code).toBe(
      'bad_arguments',
    )
  })
  test('an offer below zero or beyond reason', () => {
    for (const amount of [-1, 5_000_001])
      expect(one('offer', 'developer', 'offer_compensation', { amount }, { treatment: 'voting' }).code).toBe('bad_arguments')
  })
})

test('naming a plot twice buys it once', () => {
  const { table } = tell(
    { treatment: 'harberger' },
    'speculation',
    'speculator_1',
    call('buy_plots', { plots: ['developer', 'owner_1', 'developer'] }),
  )
  expect(events(table, 'plots_selected')[0]).toMatchObject({ no_project: ['owner_1', 'developer'] })
  expect(events(table, 'speculation_settled')[0]!.deals).toHaveLength(2)
})

describe('the calculator and the notebook', () => {
  const ask = (agent: string, args: object, tool = 'calculate') => {
    const checked = goTo(game({ ...quick, treatment: 'harberger' }), 'speculation').check(agent, call(tool, args))
    return checked.ok ? checked.answer : checked.refusal.message
  }
  test('answer at any time without a move, from the own land where there is any', () => {
    expect(ask('owner_1', { kind: 'tax', amount: 400_000, stage: 'initial', condition: 'no_project' })).toBe(
      'The initial tax on 400,000 at 1 % is 4,000 points. A value of 586,000 less this tax is 582,000.',
    )
    expect(ask('owner_1', { kind: 'percentile', amount: 400_000, condition: 'no_project' })).toContain(
      'percentile 20 of 350,000 to 600,000',
    )
    expect(ask('speculator_1', { kind: 'percentile', amount: 950_000, role: 'developer' })).toContain('percentile 20 of 500,000')
    expect(ask('speculator_1', { kind: 'speculation', amount: 400_000, value: 500_000, buyers: 2 })).toContain(
      'each buyer gets 25,000 points, the holder -50,000',
    )
    expect(ask('speculator_1', { kind: 'speculation', amount: 400_000 })).toContain('needs a `value`')
    expect(ask('speculator_1', { kind: 'share_value', amount: 2_000_000 })).toContain('a share pays 6,600 points')
    expect(ask('owner_1', { text: 'bids look thin' }, 'note')).toBe('Noted.')
  })
  test('are no moves', () => {
    const { codes } = tell({ treatment: 'harberger' }, 'declaration', 'owner_1', call('note', { text: 'x' }))
    expect(codes).toEqual(['not_a_move'])
  })
})
