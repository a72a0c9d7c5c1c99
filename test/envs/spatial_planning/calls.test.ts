/** The rules by what a configuration has, the text line by line, what a call is answered, and what may be called. */
import { describe, expect, test } from 'vitest'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import type { Observation } from '../../../envs/spatial_planning/observe.ts'
import { conditionWords, list } from '../../../envs/spatial_planning/words.ts'
import { call, declare, events, type Game, game, goTo, step, turnOf } from './table.ts'

const small = { owners: 2, speculators: 2, session: 4, rounds: 1, ticks: 3 }
const watch = { readers: 'all', fee: 500, checked: 0.5, fine: 700 }

describe('the rules', () => {
  const rules = (config: object, agent = 'owner_1') => spatialPlanning.rules(spatialPlanning.config.parse(config), agent)
  const futarchy = { treatment: 'futarchy' }
  const voting = { treatment: 'voting' }
  const pledged = (pledges: object) => ({ ...voting, pledges: { audited: 1, fine: 0.5, ...pledges } })
  const appraised = (appraisals: object) => ({ inspect: 2, appraisals: { ...watch, ...appraisals } })
  test.each<[what: string, words: RegExp, has: object, lacks: object]>([
    ['sums of declarations', /It is decided by what the land holders declare/, {}, futarchy],
    ['prices', /It is decided by the prices of two markets/, futarchy, {}],
    ['votes', /It is decided by a vote of the owners/, voting, {}],
    ['who has no land', /Without land: speculator_1, speculator_2, /, {}, voting],
    ['practice', /a practice round, which does not count, and then 5 paid rounds/, { practice: true }, {}],
    ['one round', /There are 1 paid round\./, { rounds: 1 }, {}],
    [
      'free draws',
      /independently and every value of the range equally likely/,
      { values: 'independent' },
      { values: 'stratified' },
    ],
    ['strata', /once from each of 5 equal parts of its range/, { values: 'matched' }, {}],
    ['plots that are shown', /shown those of 3 plots/, { inspect: 3 }, { inspect: 0 }],
    [
      'the larger sum',
      /The condition with the larger sum of declarations is chosen; equal sums choose the project\./,
      {},
      futarchy,
    ],
    ['a tie of sums to no project', /equal sums choose no project/, { tie: 'no_project' }, { tie: 'project' }],
    ['nothing decided yet', /Nothing is decided yet\./, futarchy, {}],
    ['the first tax', /7 % of the declaration for the chosen condition/, { initial_tax: 7 }, {}],
    [
      'declarations that all see',
      /Everybody sees the declarations for the chosen condition/,
      {},
      { declarations: 'speculators' },
    ],
    [
      'declarations that few see',
      /The speculators see the declarations for both conditions/,
      { ...futarchy, declarations: 'speculators' },
      futarchy,
    ],
    ['purchases that are void', /purchases under the condition that is not chosen are void/, futarchy, {}],
    ['a fee of purchases', /Each purchase also costs its buyer 900 points/, { purchase_fee: 900 }, { purchase_fee: 0 }],
    [
      'a fee of what is not void',
      /Each purchase that is not void also costs its buyer 900/,
      { ...futarchy, purchase_fee: 900 },
      { purchase_fee: 900 },
    ],
    ['when it is settled', /It is settled at once\./, {}, futarchy],
    ['when it is settled later', /It is settled when the condition has been chosen\./, futarchy, {}],
    ['two markets', /in two markets at once: one without the project, one with it/, futarchy, {}],
    [
      'a tie of medians',
      /equal medians choose no project, and without any trade the project is chosen/,
      futarchy,
      { ...futarchy, tie: 'project' },
    ],
    [
      'a tie of medians to the project',
      /equal medians, or no trade at all, choose the project/,
      { ...futarchy, tie: 'project' },
      futarchy,
    ],
    [
      'a tie of medians to no project',
      /equal medians, or no trade at all, choose no project/,
      { ...futarchy, tie: 'no_project' },
      futarchy,
    ],
    ['the last tax', /40 % of it is paid as tax/, { final_tax: 40 }, {}],
    ['what a share pays', /that is 0\.4 % of the sum of all final declarations/, { final_tax: 40 }, {}],
    ['signals of both conditions', /\(the public signal\), for each condition/, futarchy, {}],
    ['noise', /about 5 % of the average/, {}, { signal_width: 20 }],
    ['more noise', /about 20 % of the average/, { signal_width: 20 }, {}],
    ['turns', /lasts 270 seconds in 9 turns of each player/, {}, { ticks: 1, brief: true }],
    ['one turn', /in 1 turn of each player/, { ticks: 1 }, {}],
    ['a brief turn', /Each player has one turn, of up to 3 actions/, { ticks: 1, brief: true }, { ticks: 1 }],
    ['appraisals', /0\. Appraisal\. Each speculator may publish, for all to read/, appraised({}), {}],
    ['appraisals for few', /publish, for the speculators to read/, appraised({ readers: 'speculators' }), appraised({})],
    ['a fee of appraisals', /, for 500 points apiece\./, appraised({}), appraised({ fee: 0 })],
    [
      'checks',
      /With a chance of 50 % a speculator is checked.*pays 700 points for each plot/,
      appraised({}),
      appraised({ checked: 0 }),
    ],
    ['no checks', /Nobody checks whether they are true/, appraised({ fine: 0 }), appraised({})],
    ['appraisals that nobody checks', /Nobody checks whether they are true/, appraised({ checked: 0 }), appraised({})],
    ['messages', /In 3 turns, .*every player may send one message/, voting, { ...voting, chat_before: 1 }],
    ['an offer that is paid', /the same for every owner, paid by him to each/, voting, pledged({})],
    ['a promise', /the same for every owner, which he promises to pay to each/, pledged({}), voting],
    ['payment', /6\. Payment\./, pledged({}), voting],
    [
      'audits',
      /found with a chance of 100 %; he then pays what is missing, and a fine of 0\.5 times as much/,
      pledged({}),
      pledged({ audited: 0 }),
    ],
    ['no audits', /Nobody makes him pay more\./, pledged({ audited: 0 }), pledged({})],
    ['a tie of votes', /also built if there are as many for it as against it/, voting, { ...voting, tie: 'no_project' }],
    [
      'a tie of votes to no project',
      /not built if there are as many for it as against it/,
      { ...voting, tie: 'no_project' },
      { ...voting, tie: 'project' },
    ],
    ['what to begin with', /you have 60,000 points of cash and 6 tax shares\./, {}, voting],
    ['what to begin with in either', /60,000 points of cash and 6 tax shares, in each of the two\./, futarchy, {}],
    ['what counts', /, all under the chosen condition\./, futarchy, {}],
    ['turns of calls', /in the market up to 3 calls are one turn/, {}, voting],
    ['single calls', /one call is one decision\. A call that breaks/, voting, {}],
  ])('say of %s what there is, and nothing where there is none', (_what, words, has, lacks) => {
    expect(rules(has)).toMatch(words)
    expect(rules(lacks)).not.toMatch(words)
  })

  test.each<[agent: string, config: object, words: string]>([
    [
      'owner_1',
      {},
      'the real value of your land, less both taxes, less or plus what speculators gained or lost on your plot, plus your cash',
    ],
    ['speculator_1', {}, 'your results from both speculations, plus your cash'],
    ['speculator_1', appraised({}), 'your results from both speculations, plus what your appraisals brought, plus your cash'],
    ['owner_1', appraised({}), 'gained or lost on your plot, plus your cash'],
    ['owner_1', voting, 'plus the compensation if the project is built'],
    ['developer', voting, 'less the compensation to every owner if the project is built'],
    ['developer', voting, 'plus 500,000 points, at 50,000 points a euro, and 5 euros'],
    ['speculator_1', {}, 'plus 400,000 points, at 20,000 points a euro'],
    ['speculator_2', {}, 'You are speculator_2, in the role of speculator'],
  ])('tell %s of %j what it earns', (agent, config, words) => expect(rules(config, agent)).toContain(words))
})

describe('the text', () => {
  const lines = (table: Game, agent: string): string[] => spatialPlanning.render(table.observe(agent)).split('\n')
  const read = (table: Game, agent: string): string => spatialPlanning.render(table.observe(agent))

  test('begins with the round, the phase, the turn and who one is', () => {
    const table = game({ ...small, practice: true })
    expect(lines(table, 'owner_1')[0]).toBe('Practice round, phase declaration. You are owner_1 (owner).')
    goTo(table, 'market', 1)
    expect(lines(table, 'speculator_2')[0]).toBe(
      'Round 1 of 1, phase market, turn 1 of 3 (270 seconds left). You are speculator_2 (speculator).',
    )
    const vote = game({ ...small, treatment: 'voting' })
    expect(lines(vote, 'developer')[0]).toBe('Round 1 of 1, phase deliberation, turn 1 of 3. You are developer (developer).')
  })

  test('tells own land with its range, in brief without', () => {
    const brief = game({ ...small, ticks: 1, brief: true })
    expect(lines(game(small), 'owner_1')).toContain(
      'no project: really worth 399,000 (range 350,000 to 600,000; at most 1,200,000 may be declared)',
    )
    expect(lines(brief, 'owner_1')).toContain('project: really worth 326,000')
    expect(read(game(small), 'speculator_1')).not.toContain('## Your land')
  })

  /** Declarations for no project, a purchase each of two speculators, and the market. */
  function traded(config: object = {}): Game {
    const table = game({ ...small, ...config })
    step(table, declare({ owner_1: [390_000, 210_000], developer: [300_000, 500_000], owner_2: [350_000, 150_000] }))
    step(table, {
      speculator_1: [call('buy_plots', { plots: ['owner_1', 'developer'] })],
      speculator_2: [call('buy_plots', { plots: ['owner_1'] })],
    })
    return table
  }

  test('tells who was bought, by how many and for what, and what one bought oneself', () => {
    const table = traded()
    expect(lines(table, 'owner_1')).toContain('2 bought your plot; that brought you -4,500 points.')
    expect(lines(table, 'owner_2')).toContain('Nobody bought your plot.')
    expect(lines(table, 'speculator_1')).toEqual(
      expect.arrayContaining(['owner_1: 2,250 points for you', 'developer: -47,500 points for you']),
    )
    const idle = goTo(game(small), 'market')
    expect(lines(idle, 'speculator_1')).toContain('You bought nothing.')
    expect(read(game(small), 'speculator_1')).not.toContain('First speculation')
  })

  test('tells declarations with percentiles to who buys, in brief and to holders without', () => {
    expect(lines(goTo(game(small), 'speculation'), 'speculator_1')).toContain('owner_1: no project 350,000 (percentile 0)')
    expect(lines(goTo(game(small), 'speculation'), 'owner_1')).toContain('owner_1: no project 350,000')
    const both = goTo(game({ ...small, treatment: 'futarchy' }), 'speculation')
    expect(lines(both, 'owner_2')).toContain('owner_1: no project 350,000, project 150,000')
    const brief = goTo(game({ ...small, ticks: 1, brief: true }), 'speculation')
    expect(lines(brief, 'speculator_1')).toContain('owner_1: no project 350,000')
    const last = goTo(game(small), 'final_speculation')
    expect(lines(last, 'speculator_1').filter(line => line === 'owner_1: 350,000 (percentile 0)')).toHaveLength(1)
    expect(lines(last, 'owner_1')).toContain('owner_1: 350,000')
  })

  test('tells the book, one’s own orders marked, the trades and the purse', () => {
    const table = traded()
    step(turnOf(table, 'owner_1'), {
      owner_1: [call('place_limit_order', { side: 'ask', price: 8100 }), call('place_limit_order', { side: 'bid', price: 70 })],
    })
    step(turnOf(table, 'speculator_1'), { speculator_1: [call('trade_now', { side: 'buy' })] })
    step(turnOf(table, 'owner_2'), { owner_2: [call('place_limit_order', { side: 'ask', price: 9000 })] })
    expect(lines(table, 'owner_1')).toEqual(
      expect.arrayContaining(
        [
          'You have 68,100 points (68,030 free) and 5 shares (5 free).',
          'Bids, best first (* yours): 70* (order 1)',
          'Asks, best first (* yours): 9,000',
          'Trades so far: 1. Last prices, oldest first: 8,100 (you sold)',
          'Median of the last 7: 8,100',
        ].map(line =>
          line.includes('order 1') ? expect.stringMatching(/^Bids, best first \(\* yours\): 70\* \(order \d\)$/) : line,
        ),
      ),
    )
    expect(lines(table, 'speculator_1')).toContain('Trades so far: 1. Last prices, oldest first: 8,100 (you bought)')
    expect(lines(table, 'speculator_2')).toContain('Trades so far: 1. Last prices, oldest first: 8,100')
    expect(lines(table, 'owner_2')).toContain('You have 60,000 points (60,000 free) and 6 shares (5 free).')
    expect(read(table, 'owner_1')).toContain('## Market: no project\n')
    goTo(table, 'final_declaration')
    expect(read(table, 'owner_1')).toContain('## Your holdings after the market\n68,100 points and 5 shares')
  })

  test('tells an empty book as one, in brief a purse without what is free where all is', () => {
    const table = goTo(game({ ...small, ticks: 1, brief: true }), 'market')
    expect(lines(table, 'owner_1')).toEqual(
      expect.arrayContaining([
        'You have 60,000 points and 6 shares.',
        'Bids, best first (* yours): none',
        'Trades so far: 0. Last prices, oldest first: none',
        'Median of the last 7: none yet',
      ]),
    )
    const agent = table.actors()[0]!
    step(table, { [agent]: [call('place_limit_order', { side: 'bid', price: 5 })] })
    if (table.state.phase === 'market')
      expect(read(table, agent)).toMatch(/You have [\d,]+ points \([\d,]+ free\) and \d+ shares \(\d+ free\)\./)
  })

  test('tells the result of a round part by part, in brief without taxes and cash', () => {
    const account = (config: object) => {
      const table = traded(config)
      goTo(table, 'declaration', 2)
      return [read(table, 'owner_1'), read(table, 'speculator_1')]
    }
    const [owner, speculator] = account({ rounds: 2 })
    expect(owner).toMatch(
      /## Your paid rounds so far\nRound 1 \(no_project\): value 399,000, declared 390,000 then 350,000, taxes 3,900 and 115,500, speculation -4,500 and 0, cash 60,000, 6 shares paying 2,970 each, total 352,920/,
    )
    expect(speculator).toMatch(
      /Round 1 \(no_project\): speculation -45,250 and 0, cash 50,000, 5 shares paying 2,970 each, total 19,600/,
    )
    const [brief] = account({ rounds: 2, ticks: 1, brief: true })
    expect(brief).toContain(
      'value 399,000, declared 390,000 then 350,000, speculation -4,500 and 0, 6 shares paying 2,970 each, total',
    )
    const [, dear] = account({ rounds: 2, purchase_fee: 100 })
    expect(dear).toContain('fees -200, total 19,400')
    expect(speculator).not.toContain('fees')
  })

  test('tells requests, the offer and what was paid of it', () => {
    const table = goTo(game({ ...small, treatment: 'voting', rounds: 2, pledges: { audited: 1, fine: 2 } }), 'request')
    step(table, { owner_1: [call('request_compensation', { amount: 90_000 })] })
    expect(lines(table, 'owner_1')).toContain('You asked for 90,000.')
    expect(lines(table, 'developer')).toContain('The owners ask for: 0, 90,000')
    expect(read(table, 'developer')).not.toContain('You asked for')
    step(table, { developer: [call('offer_compensation', { amount: 80_000 })] })
    expect(lines(table, 'owner_2')).toContain('The developer offers 80,000 to every owner if the project is built.')
    goTo(table, 'vote')
    step(table, { owner_1: [call('vote', { choice: 'project' })] })
    step(table, { developer: [call('pay_compensation', { amount: 30_000 })] })
    expect(read(table, 'developer')).toContain(
      '1 for, 0 against; value 1,102,000, offered 80,000 and paid 30,000 each, compensation -160,000, fine 200,000, total 742,000',
    )
    expect(read(table, 'owner_1')).toContain('offered 80,000 and paid 30,000 each, compensation 80,000, total 406,000')
    expect(events(table, 'shortfall_found')).toEqual([
      { type: 'shortfall_found', agent: 'developer', missing: 50_000, fine: 200_000 },
    ])
  })

  test('ends with what is wanted, in sections with a blank line between them', () => {
    const wanted = (table: Game, agent: string) => lines(table, agent).at(-1)
    expect(wanted(game(small), 'owner_1')).toBe('Declare what your land is worth without and with the project.')
    const over = goTo(game({ ...small, treatment: 'voting' }), 'over')
    expect(wanted(over, 'owner_1')).toBe('The session is over.')
    for (const phase of ['speculation', 'market', 'final_speculation'] as const) {
      const sections = read(goTo(game(small), phase), 'speculator_1').split('\n\n')
      expect(sections.slice(1, -1).every(section => section.startsWith('## '))).toBe(true)
      expect(sections.every(section => !/^##.*$/.test(section) || section.includes('\n'))).toBe(true)
    }
  })

  test('lists and conditions in words', () => {
    expect([list([]), list([], 'nothing'), list(['a', 'b'])]).toEqual(['none', 'nothing', 'a, b'])
    expect([conditionWords(0), conditionWords(1)]).toEqual(['no project', 'project'])
  })
})

describe('a call is answered', () => {
  const told = (table: Game, agent: string, tool: string, args: object): string =>
    step(table, { [agent]: [call(tool, args)] }).results[agent]![0]!.text

  test('by what was declared, bought and traded', () => {
    const table = game({ ...small, treatment: 'harberger', ticks: 6 })
    expect(told(table, 'owner_1', 'declare', { no_project: 390_000, project: 210_000 })).toBe(
      'You declared 390,000 without and 210,000 with the project.',
    )
    expect(told(table, 'speculator_1', 'buy_plots', { plots: ['owner_2', 'owner_1'] })).toBe('You buy: owner_1, owner_2.')
    const ask = told(turnOf(table, 'owner_1'), 'owner_1', 'place_limit_order', { side: 'ask', price: 8100.5 })
    expect(ask).toBe('Your ask at 8,100.5 rests as order 1.')
    expect(told(turnOf(table, 'speculator_1'), 'speculator_1', 'place_limit_order', { side: 'bid', price: 9000 })).toBe(
      'You bought a share at 8,100.5.',
    )
    const last = turnOf(table, 'owner_2')
    expect(told(last, 'owner_2', 'place_limit_order', { side: 'bid', price: 7000 })).toBe('Your bid at 7,000 rests as order 2.')
    expect(told(turnOf(table, 'owner_2'), 'owner_2', 'cancel_order', { order_id: 2 })).toBe('Your bid at 7,000 is cancelled.')
    goTo(table, 'final_declaration')
    expect(told(table, 'owner_1', 'declare_final', { value: 400_000 })).toBe('You declared 400,000.')
    expect(told(table, 'speculator_1', 'buy_plots', { plots: [] })).toBe('You buy: nothing.')
  })

  test('by what was bought under each condition, and in which market', () => {
    const table = goTo(game({ ...small, treatment: 'futarchy' }), 'speculation')
    expect(told(table, 'speculator_1', 'buy_plots_conditional', { if_no_project: ['owner_2'], if_project: [] })).toBe(
      'You buy without the project: owner_2; with it: nothing.',
    )
    expect(told(turnOf(table, 'owner_1'), 'owner_1', 'place_limit_order', { side: 'bid', price: 5, market: 'project' })).toBe(
      'Your bid at 5 rests as order 1.',
    )
    expect(told(turnOf(table, 'speculator_1'), 'speculator_1', 'trade_now', { side: 'sell', market: 'project' })).toBe(
      'You sold a share at 5.',
    )
    expect(events(table, 'traded')).toMatchObject([
      { condition: 'project', buyer: 'owner_1', seller: 'speculator_1', taker: 'ask', price: 5 },
    ])
  })

  test('by what was said, asked, offered, voted and paid', () => {
    const table = game({ ...small, treatment: 'voting', pledges: { audited: 0, fine: 0 } })
    expect(told(turnOf(table, 'owner_1'), 'owner_1', 'send_message', { to: ['developer'], text: 'hello' })).toBe('Sent.')
    expect(told(goTo(table, 'request'), 'owner_1', 'request_compensation', { amount: 90_000 })).toBe('You ask for 90,000.')
    expect(told(table, 'developer', 'offer_compensation', { amount: 80_000 })).toBe('You offer 80,000 to every owner.')
    goTo(table, 'vote')
    const { results } = step(table, {
      owner_1: [call('vote', { choice: 'project' })],
      owner_2: [call('vote', { choice: 'abstain' })],
    })
    expect([results.owner_1![0]!.text, results.owner_2![0]!.text]).toEqual(['You vote for project.', 'You abstain.'])
    expect(told(table, 'developer', 'pay_compensation', { amount: 1000 })).toBe('You pay 1,000 to every owner.')
    const against = goTo(game({ ...small, treatment: 'voting' }), 'vote')
    expect(told(against, 'owner_1', 'vote', { choice: 'no_project' })).toBe('You vote for no project.')
  })

  test('by what was published', () => {
    const table = game({ ...small, inspect: 1, appraisals: watch })
    const { plot } = table.observe('speculator_1').inspected![0]!
    const said = { plot, no_project: 1, project: 1 }
    const { results } = step(table, {
      speculator_1: [call('publish_appraisals', { appraisals: [said] })],
      speculator_2: [call('publish_appraisals', { appraisals: [] })],
    })
    expect([results.speculator_1![0]!.text, results.speculator_2![0]!.text]).toEqual([
      `You appraise: ${plot}.`,
      'You appraise: nothing.',
    ])
    expect(events(table, 'appraised').map(({ declared, appraisals }) => [declared, appraisals])).toEqual([
      [true, [said]],
      [false, []],
    ])
  })

  test('that is refused, by why', () => {
    const over = goTo(game({ ...small, aids: false }), 'over')
    const refused = (table: Game, agent: string, tool: string, args: object = {}) => {
      const checked = table.check(agent, call(tool, args))
      return checked.ok ? undefined : [checked.refusal.code, checked.refusal.message]
    }
    expect(refused(over, 'owner_1', 'declare', { no_project: 1, project: 1 })).toEqual([
      'wrong_phase',
      'The session is over. You may call: nothing now.',
    ])
    const table = game(small)
    expect(refused(table, 'owner_1', 'buy_plots', { plots: [] })).toEqual([
      'wrong_phase',
      'buy_plots cannot be called in the phase declaration. You may call: declare, calculate, note.',
    ])
    expect(refused(table, 'speculator_1', 'declare', { no_project: 1, project: 1 })).toEqual([
      'wrong_role',
      'declare is for owner and developer; you are speculator. You may call: calculate, note.',
    ])
    const market = turnOf(goTo(game(small), 'market'), 'owner_1')
    expect(refused(market, 'owner_2', 'end_turn')).toEqual([
      'not_your_turn',
      "It is another player's turn. You may call: calculate, note.",
    ])
    expect(refused(market, 'owner_1', 'cancel_order', { order_id: 3 })![1]).toBe(
      'You have no order 3 in this book. Your orders: none.',
    )
    const appraisal = game({ ...small, inspect: 1, appraisals: watch })
    const { plot } = appraisal.observe('speculator_1').inspected![0]!
    const publish = (no_project: number, project: number) =>
      refused(appraisal, 'speculator_1', 'publish_appraisals', { appraisals: [{ plot, no_project, project }] })?.[0]
    expect([publish(1_200_001, 0), publish(0, 5_500_001), publish(1_000_000, 700_000)]).toEqual([
      'above_max',
      'above_max',
      undefined,
    ])
  })
})

describe('what may be called', () => {
  const candidates = (table: Game, agent: string, tool: string, fields: object = {}) => {
    const declared = spatialPlanning.tools(table.config)[tool as 'note'] as unknown as {
      candidates(observation: Observation): object[]
    }
    return declared.candidates({ ...table.observe(agent), ...fields })
  }
  const table = game(small)

  test('of declarations: the truth and either end of the ranges', () => {
    expect(candidates(table, 'owner_1', 'declare')).toEqual([
      { no_project: 399_000, project: 326_000 },
      { no_project: 350_000, project: 150_000 },
      { no_project: 600_000, project: 350_000 },
    ])
    expect(candidates(table, 'speculator_1', 'declare')).toEqual([])
    const final = goTo(game(small), 'final_declaration')
    expect(candidates(final, 'owner_1', 'declare_final')).toEqual([{ value: 399_000 }, { value: 350_000 }, { value: 600_000 }])
    expect(candidates(final, 'speculator_1', 'declare_final')).toEqual([])
    expect(candidates(table, 'owner_1', 'declare_final')).toEqual([])
  })

  test('of plots: none, each and all, under either condition or both', () => {
    const plots = ['owner_1', 'developer', 'owner_2']
    const choices = [[], ...plots.map(plot => [plot]), plots]
    expect(candidates(table, 'speculator_1', 'buy_plots')).toEqual(choices.map(each => ({ plots: each })))
    const conditional = candidates(game({ ...small, treatment: 'futarchy' }), 'speculator_1', 'buy_plots_conditional')
    expect(conditional).toHaveLength(15)
    for (const each of choices)
      expect(conditional).toEqual(
        expect.arrayContaining([
          { if_no_project: each, if_project: each },
          { if_no_project: each, if_project: [] },
          { if_no_project: [], if_project: each },
        ]),
      )
  })

  test('of orders: three prices on either side, the best of others, and one’s own to cancel', () => {
    const market = turnOf(goTo(game(small), 'market'), 'owner_1')
    const { privateSignal } = market.observe('owner_1').markets.no_project!
    const at = [0.97, 1, 1.03].map(factor => Math.round(privateSignal * factor))
    const seen = market.observe('owner_1').markets.no_project!
    const with_ = (more: object) => ({ markets: { no_project: { ...seen, ...more } } })
    expect(candidates(market, 'owner_1', 'place_limit_order')).toEqual(
      at.flatMap(price => [
        { side: 'bid', price },
        { side: 'ask', price },
      ]),
    )
    expect(candidates(market, 'owner_1', 'place_limit_order', with_({ freeShares: 0, freeCash: 12.5 }))).toEqual(
      Array(3).fill({ side: 'bid', price: 12 }),
    )
    const rests = (price: number, mine: boolean, id: number | null = null) => ({ price, mine, id })
    const now = (more: object) => candidates(market, 'owner_1', 'trade_now', with_(more))
    expect(now({})).toEqual([])
    expect(now({ asks: [rests(1, true, 1), rests(60_000, false)], bids: [rests(9, false)] })).toEqual([
      { side: 'buy' },
      { side: 'sell' },
    ])
    expect(now({ asks: [rests(60_001, false)], bids: [rests(9, true, 1)] })).toEqual([])
    expect(now({ bids: [rests(9, false)], freeShares: 0 })).toEqual([])
    expect(
      candidates(
        market,
        'owner_1',
        'cancel_order',
        with_({ asks: [rests(5, true, 4), rests(6, false)], bids: [rests(3, true, 2)] }),
      ),
    ).toEqual([{ order_id: 2 }, { order_id: 4 }])
    const two = goTo(game({ ...small, treatment: 'futarchy' }), 'market')
    expect(new Set(candidates(two, 'owner_1', 'place_limit_order').map(each => (each as { market: string }).market))).toEqual(
      new Set(['no_project', 'project']),
    )
    expect(candidates(game(small), 'owner_1', 'place_limit_order')).toEqual([])
  })

  test('of appraisals: nothing, the truth and either end', () => {
    const game_ = game({ ...small, inspect: 1, appraisals: watch })
    const inspected = [{ plot: 'owner_2', values: [400_001, 200_001] }]
    const said = (no_project: number, project: number) => ({ appraisals: [{ plot: 'owner_2', no_project, project }] })
    expect(candidates(game_, 'speculator_1', 'publish_appraisals', { inspected })).toEqual([
      { appraisals: [] },
      said(400_001, 200_001),
      said(350_000, 150_000),
      said(600_000, 350_000),
    ])
  })

  test('of votes: messages to all others, requests, offers, votes and payments', () => {
    const vote = game({ ...small, treatment: 'voting', pledges: { audited: 0, fine: 0 } })
    expect(candidates(vote, 'owner_1', 'send_message')).toMatchObject([{ to: ['developer', 'owner_2'] }])
    expect(candidates(vote, 'owner_1', 'request_compensation')).toEqual([{ amount: 0 }, { amount: 73_000 }, { amount: 600_000 }])
    expect(candidates(vote, 'developer', 'request_compensation')[1]).toEqual({ amount: 0 })
    expect(candidates(vote, 'owner_1', 'request_compensation', { land: null })).toEqual([])
    expect(candidates(vote, 'developer', 'offer_compensation', { requests: [5, 7] })).toEqual([
      { amount: 0 },
      { amount: 5 },
      { amount: 7 },
    ])
    expect(candidates(vote, 'developer', 'offer_compensation')).toEqual([{ amount: 0 }])
    expect(candidates(vote, 'owner_1', 'vote')).toEqual(['project', 'no_project', 'abstain'].map(choice => ({ choice })))
    const paid = (offer: number | null) =>
      candidates(vote, 'developer', 'pay_compensation', { shared: { ...vote.shared(), offer } })
    expect([paid(45_001), paid(null)]).toEqual([
      [{ amount: 45_001 }, { amount: 22_501 }, { amount: 0 }],
      Array(3).fill({ amount: 0 }),
    ])
  })

  test('is what the phase and the configuration have', () => {
    const offered = (config: object, phase: Parameters<typeof goTo>[1], agent: string) =>
      spatialPlanning.offered(goTo(game({ ...small, ...config }), phase).state, agent)
    expect(offered({ aids: false }, 'declaration', 'owner_1')).toEqual(['declare'])
    expect(offered({ aids: false }, 'declaration', 'speculator_1')).toEqual([])
    expect(offered({}, 'declaration', 'speculator_1')).toEqual(['calculate', 'note'])
    expect(offered({ treatment: 'futarchy', aids: false }, 'speculation', 'speculator_1')).toEqual(['buy_plots_conditional'])
    expect(offered({ treatment: 'futarchy', aids: false }, 'final_speculation', 'speculator_1')).toEqual(['buy_plots'])
    const market = (config: object) => {
      const at = goTo(game({ ...small, aids: false, ...config }), 'market')
      return spatialPlanning.offered(at.state, at.actors()[0]!)
    }
    expect(market({})).toEqual(['place_limit_order', 'trade_now', 'cancel_order', 'end_turn'])
    expect(market({ ticks: 1, brief: true })).toEqual(['place_limit_order', 'trade_now'])
    expect(offered({ inspect: 1, appraisals: watch, aids: false }, 'appraisal', 'speculator_1')).toEqual(['publish_appraisals'])
    expect(offered({ treatment: 'voting', aids: false }, 'request', 'developer')).toEqual([])
    expect(Object.keys(spatialPlanning.tools(game({ ...small, inspect: 1, appraisals: watch, aids: false }).config))[0]).toBe(
      'publish_appraisals',
    )
    expect(
      Object.keys(spatialPlanning.tools(game({ treatment: 'voting', pledges: { audited: 0, fine: 0 } }).config)).at(-1),
    ).toBe('pay_compensation')
  })
})

describe('arguments', () => {
  /** Whether a call of these arguments is well formed, whoever makes it and whenever. */
  const wellFormed = (config: object, tool: string, args: object) =>
    (
      spatialPlanning.tools(game({ ...small, ...config }).config)[tool as 'note'] as unknown as {
        args: { safeParse(given: object): { success: boolean } }
      }
    ).args.safeParse(args).success
  const voting = { treatment: 'voting', pledges: { audited: 0, fine: 0 } }
  const both = { treatment: 'futarchy' }
  const shown = { inspect: 1, appraisals: watch }
  const appraisal = (no_project: number, project: number) => ({ plot: 'owner_1', no_project, project })
  const seven = [...Array(6).fill('owner_1'), 'developer']
  test.each<[tool: string, config: object, right: readonly object[], wrong: readonly object[]]>([
    [
      'declare',
      {},
      [{ no_project: 0, project: 5_500_000 }],
      [{ no_project: -1, project: 0 }, { no_project: 0, project: 5_500_001 }, { no_project: 0 }],
    ],
    ['declare_final', {}, [{ value: 0 }, { value: 5_500_000 }], [{ value: -1 }, { value: 5_500_001 }, { value: 0.5 }]],
    ['buy_plots', {}, [{ plots: [] }, { plots: seven.slice(1) }], [{ plots: seven }, { plots: ['nobody'] }, {}]],
    [
      'buy_plots_conditional',
      both,
      [{ if_no_project: [], if_project: ['owner_1'] }],
      [{ if_no_project: [] }, { if_no_project: seven, if_project: [] }],
    ],
    [
      'place_limit_order',
      {},
      [
        { side: 'bid', price: 0 },
        { side: 'ask', price: 10_000_000 },
      ],
      [
        { side: 'bid', price: -0.1 },
        { side: 'ask', price: 10_000_001 },
        { side: 'buy', price: 1 },
      ],
    ],
    [
      'place_limit_order',
      both,
      [{ side: 'bid', price: 1, market: 'project' }],
      [
        { side: 'bid', price: 1 },
        { side: 'bid', price: 1, market: 'both' },
      ],
    ],
    [
      'trade_now',
      {},
      [{ side: 'buy' }, { side: 'sell', limit: 0 }, { side: 'buy', limit: 10_000_000 }],
      [{ side: 'bid' }, { side: 'buy', limit: -1 }, { side: 'buy', limit: 10_000_001 }],
    ],
    ['cancel_order', {}, [{ order_id: 1 }, { order_id: 1_000_000 }], [{ order_id: 0 }, { order_id: 1_000_001 }]],
    ['end_turn', {}, [{}], [{ now: true }]],
    ['note', {}, [{ text: 'x' }, { text: 'x'.repeat(1000) }], [{ text: '' }, { text: 'x'.repeat(1001) }]],
    [
      'calculate',
      {},
      [
        { kind: 'tax', amount: 0 },
        { kind: 'speculation', amount: 100_000_000, value: 0, buyers: 6 },
      ],
      [
        { kind: 'tax', amount: -1 },
        { kind: 'tax', amount: 100_000_001 },
        { kind: 'tax', amount: 1, buyers: 0 },
        { kind: 'tax', amount: 1, buyers: 7 },
        { kind: 'tax', amount: 1, value: -1 },
        { kind: 'luck', amount: 1 },
      ],
    ],
    [
      'publish_appraisals',
      shown,
      [{ appraisals: [] }, { appraisals: [appraisal(0, 0)] }],
      [{ appraisals: [appraisal(-1, 0)] }, { appraisals: [appraisal(0, -1)] }, { appraisals: Array(7).fill(appraisal(0, 0)) }],
    ],
    [
      'send_message',
      voting,
      [{ to: ['owner_1'], text: 'x'.repeat(500) }],
      [
        { to: [], text: 'x' },
        { to: ['owner_1'], text: '' },
        { to: ['owner_1'], text: 'x'.repeat(501) },
        { to: seven.slice(1), text: 'x' },
      ],
    ],
    [
      'request_compensation',
      voting,
      [{ amount: 0 }, { amount: 5_000_000 }],
      [{ amount: -1 }, { amount: 5_000_001 }, { amount: 0.5 }],
    ],
    ['offer_compensation', voting, [{ amount: 0 }, { amount: 5_000_000 }], [{ amount: -1 }, { amount: 5_000_001 }]],
    ['pay_compensation', voting, [{ amount: 0 }, { amount: 5_000_000 }], [{ amount: -1 }, { amount: 5_000_001 }]],
    ['vote', voting, [{ choice: 'abstain' }], [{ choice: 'maybe' }, {}]],
  ])('of %s', (tool, config, right, wrong) => {
    for (const args of right) expect(wellFormed(config, tool, args), JSON.stringify(args)).toBe(true)
    for (const args of wrong) expect(wellFormed(config, tool, args), JSON.stringify(args)).toBe(false)
  })

  test('that are left out of the calculator are the final tax, the project, an owner and one buyer', () => {
    const ask = (args: object) => {
      const checked = game(small).check('speculator_1', call('calculate', args))
      return checked.ok ? checked.answer : checked.refusal.message
    }
    expect(ask({ kind: 'tax', amount: 1000 })).toBe('The final tax on 1,000 at 33 % is 330 points.')
    expect(ask({ kind: 'percentile', amount: 250_000 })).toBe('250,000 is at percentile 50 of 150,000 to 350,000.')
    expect(ask({ kind: 'speculation', amount: 400_000, value: 300_000 })).toBe(
      'Declared 400,000, really 300,000, 1 buying: each buyer gets -50,000 points, the holder 50,000.',
    )
    expect(ask({ kind: 'share_value', amount: 0 })).toBe('At 0 declared in all a share pays 0 points.')
  })
})
