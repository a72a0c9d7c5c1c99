/** A log read back is the round as it was played; and what a step changes is a copy. */
import { describe, expect, test } from 'vitest'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import type { Observation } from '../../../envs/spatial_planning/observe.ts'
import { type LandRecord, sessionOf, type VoteRecord } from '../../../envs/spatial_planning/session.ts'
import { copyPlay, landOf, voteOf } from '../../../envs/spatial_planning/state.ts'
import { call, declare, type Game, game, goTo, step, turnOf } from './table.ts'

const small = { owners: 2, speculators: 2, session: 4, rounds: 1, ticks: 3 }

/** A round in which somebody does something in every phase. */
function land(config: object = {}): Game {
  const table = game({ ...small, inspect: 1, appraisals: { readers: 'all', fee: 1, checked: 0, fine: 0 }, ...config })
  const [{ plot, values }] = table.observe('speculator_1').inspected as unknown as [{ plot: string; values: [number, number] }]
  step(table, { speculator_1: [call('publish_appraisals', { appraisals: [{ plot, no_project: values[0], project: 7 }] })] })
  step(table, declare({ owner_1: [387_000, 316_000], developer: [197_000, 1_096_000] }))
  step(table, { speculator_2: [call('buy_plots', { plots: ['developer', 'owner_2'] })] })
  step(turnOf(table, 'owner_1'), {
    owner_1: [call('place_limit_order', { side: 'ask', price: 8100 }), call('place_limit_order', { side: 'bid', price: 5 })],
  })
  step(turnOf(table, 'speculator_1'), { speculator_1: [call('trade_now', { side: 'buy' })] })
  goTo(table, 'final_declaration')
  step(table, { owner_1: [call('declare_final', { value: 324_000 })] })
  return table
}
const vote = (): Game => {
  const table = game({ ...small, treatment: 'voting', pledges: { audited: 0, fine: 0 } })
  step(turnOf(table, 'owner_1'), { owner_1: [call('send_message', { to: ['developer'], text: 'hello' })] })
  goTo(table, 'request')
  step(table, { owner_1: [call('request_compensation', { amount: 90_000 })] })
  step(table, { developer: [call('offer_compensation', { amount: 80_000 })] })
  step(turnOf(goTo(table, 'reply'), 'developer'), {
    developer: [call('send_message', { to: ['owner_1', 'owner_2'], text: 'take it' })],
  })
  goTo(table, 'vote')
  step(table, { owner_1: [call('vote', { choice: 'project' })] })
  return table
}

describe('a log read back', () => {
  test('has each declaration, purchase, appraisal and trade of its round', () => {
    const table = land()
    const played = landOf(table.state)
    const { rounds } = sessionOf(table.log)
    expect(rounds).toHaveLength(1)
    expect(rounds[0]).toMatchObject({
      round: 1,
      values: table.state.stimulus.values,
      signals: table.state.stimulus.signals,
      payoffs: null,
    })
    const read = rounds[0]!.play as LandRecord
    expect(read.initial).toEqual(played.initial)
    expect(read.final).toEqual(played.final)
    expect(read.chosen).toBe(played.chosen)
    expect(read.deals).toEqual(played.deals)
    // Per player; land holders have none.
    expect(Array.from(read.selected, found => found ?? null)).toEqual(played.selected)
    expect(Array.from(read.appraisals, found => found ?? null)).toEqual([null, null, null, played.appraisals![3]!.value])
    expect(read.finalSelected).toEqual([])
    expect(read.sharePrice).toBeNull()
    const [none, market] = read.markets
    const book = played.books[1]!
    expect(none).toBeNull()
    expect(market).toMatchObject({
      publicSignal: table.shared().publicSignal[1],
      median: 8100,
      cash: book.cash,
      shares: book.shares,
    })
    expect(market!.events).toEqual([
      { kind: 'posted', player: 0, side: 'ask', price: 8100, order: 1, at: 0, tick: 1 },
      { kind: 'posted', player: 0, side: 'bid', price: 5, order: 2, at: 1, tick: 1 },
      { kind: 'posted', player: 3, side: 'bid', price: null, order: null, at: 2, tick: expect.any(Number) },
      { kind: 'traded', buyer: 3, seller: 0, price: 8100, taker: 'bid', at: 3, tick: expect.any(Number) },
    ])
    step(table, { speculator_1: [call('buy_plots', { plots: ['owner_1'] })] })
    const [over] = sessionOf(table.log).rounds
    expect((over!.play as LandRecord).finalSelected).toEqual([
      undefined,
      undefined,
      undefined,
      { plots: [[], [0]], declared: true },
      { plots: [[], []], declared: false },
    ])
    expect((over!.play as LandRecord).finalDeals).toEqual([{ speculator: 3, plot: 0, profit: (326_000 - 324_000) / 2 }])
    expect(over!.payoffs).toEqual(table.state.history[0]!.accounts.map(({ payoff }) => payoff))
    expect((over!.play as LandRecord).sharePrice).toBe(0.0033 * (324_000 + 500_000 + 150_000))
  })

  test('has an open market with nothing of its close', () => {
    const table = goTo(game({ ...small, treatment: 'futarchy' }), 'market')
    const { markets } = sessionOf(table.log).rounds[0]!.play as LandRecord
    for (const [condition, publicSignal] of table.shared().publicSignal.entries())
      expect(markets[condition]).toEqual({ publicSignal, events: [], median: null, cash: [], shares: [] })
  })

  test('has each message, request, offer, vote and payment', () => {
    const table = vote()
    step(table, { developer: [call('pay_compensation', { amount: 60_000 })] })
    const session = sessionOf(table.log)
    const read = session.rounds[0]!.play as VoteRecord
    expect(read).toEqual({
      kind: 'vote',
      messages: [
        { phase: 'deliberation', from: 0, to: [1], text: 'hello' },
        { phase: 'reply', from: 1, to: [0, 2], text: 'take it' },
      ],
      requests: [{ value: 90_000, declared: true }, undefined, { value: 0, declared: false }],
      offer: { value: 80_000, declared: true },
      votes: [{ value: 'project', declared: true }, undefined, { value: 'abstain', declared: false }],
      payment: { value: 60_000, declared: true },
      chosen: 1,
    })
    expect(session.rounds[0]!.signals).toEqual([])
    expect(session.paid).toMatchObject({ round: 1 })
    expect(session.paid!.euros).toHaveLength(3)
  })

  test('counts what each seat called, was refused and left to the default', () => {
    const table = game(small)
    step(table, {
      owner_1: [call('declare', { no_project: -1, project: 0 })],
      developer: [call('declare', { no_project: 1, project: 1 })],
    })
    expect(sessionOf(table.log).conduct).toEqual([
      { accepted: 0, refused: 1, defaulted: 1 },
      { accepted: 1, refused: 0, defaulted: 0 },
      { accepted: 0, refused: 0, defaulted: 1 },
      { accepted: 0, refused: 0, defaulted: 0 },
      { accepted: 0, refused: 0, defaulted: 0 },
    ])
    expect(sessionOf(table.log).paid).toBeNull()
  })
})

describe('a copy of a round', () => {
  /** Writes on every list of it, however deep. */
  const spoil = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const inner of Object.values(value)) if (Array.isArray(inner)) inner.push('spoilt')
  }
  test.each(['land', 'vote'] as const)('of a %s is equal, and writing on it changes nothing of the round', kind => {
    const { play } = (kind === 'land' ? land() : vote()).state
    const before = structuredClone(play)
    const copy = copyPlay(play)
    expect(copy).toEqual(before)
    spoil(copy)
    if (copy.kind === 'land') for (const book of copy.books) spoil(book)
    // Deals are replaced whole, never written on.
    const { deals: _deals, ...rest } = { deals: null, ...play }
    const { deals: _before, ...expected } = { deals: null, ...before }
    expect(rest).toEqual(expected)
  })

  test('carries nothing of an option that it is played without', () => {
    const voting = { ...small, treatment: 'voting' }
    expect(game(voting).state.play).not.toHaveProperty('payment')
    expect(game({ ...voting, pledges: { audited: 0, fine: 0 } }).state.play).toHaveProperty('payment', null)
    expect(game(small).state.play).not.toHaveProperty('appraisals')
  })

  test('is asked of the right kind', () => {
    expect(() => voteOf(game(small).state)).toThrow('expected a vote')
    expect(() => landOf(game({ ...small, treatment: 'voting' }).state)).toThrow('expected a round with declarations')
  })
})

describe('what is told in each phase', () => {
  /** The phases, in order, in which a player's observation says something of it. */
  const told = (table: Game, agent: string, of: (seen: Observation) => unknown): string[] => {
    const phases: string[] = []
    while (!table.over) {
      const value = of(table.observe(agent))
      const phase = table.state.phase
      if (value !== null && value !== undefined && !phases.includes(phase)) phases.push(phase)
      const moves = phase === 'vote' ? { owner_1: [call('vote', { choice: 'project' })] } : {}
      step(table, moves)
    }
    return phases
  }
  const AFTER = ['market', 'final_declaration', 'final_speculation']
  test.each<[what: string, config: object, agent: string, of: (seen: Observation) => unknown, phases: readonly string[]]>([
    ['declarations', {}, 'owner_1', ({ declarations }) => declarations, ['speculation', ...AFTER]],
    ['the own declaration', {}, 'owner_1', ({ declared }) => declared, ['speculation', ...AFTER]],
    ['who bought a plot', {}, 'owner_1', ({ boughtPlot }) => boughtPlot, AFTER],
    ['own purchases', {}, 'speculator_1', ({ deals }) => deals, AFTER],
    ['own purchases, of an owner', {}, 'owner_1', ({ deals }) => deals, []],
    ['final declarations', {}, 'owner_1', ({ finals }) => finals, ['final_speculation']],
    ['holdings', {}, 'owner_1', ({ holdings }) => holdings, ['final_declaration', 'final_speculation']],
    ['the book', {}, 'owner_1', ({ markets }) => markets.no_project ?? markets.project, ['market']],
    ['the condition', {}, 'owner_1', ({ shared }) => shared.chosen, ['speculation', ...AFTER]],
    [
      'the condition of two markets',
      { treatment: 'futarchy' },
      'owner_1',
      ({ shared }) => shared.chosen,
      ['final_declaration', 'final_speculation'],
    ],
    ['seconds', {}, 'owner_1', ({ shared }) => shared.secondsLeft, ['market']],
    ['turns', {}, 'owner_1', ({ shared }) => shared.turn, ['market']],
    [
      'requests',
      { treatment: 'voting', pledges: { audited: 0, fine: 0 } },
      'developer',
      ({ requests }) => requests,
      ['offer', 'reply', 'vote', 'payment'],
    ],
    ['the own request', { treatment: 'voting' }, 'owner_1', ({ request }) => request, ['offer', 'reply', 'vote']],
    ['the offer', { treatment: 'voting' }, 'owner_1', ({ shared }) => shared.offer, ['reply', 'vote']],
    ['turns to speak', { treatment: 'voting' }, 'owner_1', ({ shared }) => shared.turn, ['deliberation', 'reply']],
  ])('%s', (_what, config, agent, of, phases) => expect(told(game({ ...small, ...config }), agent, of)).toEqual(phases))

  test('that an offer is a promise and that turns are brief, where it is so', () => {
    expect(game({ ...small, treatment: 'voting', pledges: { audited: 0, fine: 0 } }).shared()).toMatchObject({ pledged: true })
    expect(game({ ...small, treatment: 'voting' }).shared()).not.toHaveProperty('pledged')
    expect(game({ ...small, ticks: 1, brief: true }).shared()).toMatchObject({ brief: true })
    expect(game({ ...small, ticks: 1 }).shared()).not.toHaveProperty('brief')
    expect(spatialPlanning.shared(game({ ...small, practice: true }).state)).toMatchObject({
      round: 0,
      practice: true,
      rounds: 1,
    })
  })
})
