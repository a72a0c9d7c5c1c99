/** Metrics and scores of sessions written by hand, and what is null where there is nothing to measure. */
import { describe, expect, test } from 'vitest'
import { config as schema } from '../../../envs/spatial_planning/config.ts'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import { invariants } from '../../../envs/spatial_planning/invariants.ts'
import { type Book, openBook } from '../../../envs/spatial_planning/market.ts'
import { metricOf } from '../../../envs/spatial_planning/metrics.ts'
import type { Pair } from '../../../envs/spatial_planning/roster.ts'
import { statements, truthfulness } from '../../../envs/spatial_planning/score.ts'
import {
  type BookEvent,
  type BookFact,
  type Finished,
  finishedRounds,
  type LandRecord,
  type MarketRecord,
  newLand,
  newSession,
  newVote,
  type Session,
  type VoteRecord,
  withBook,
} from '../../../envs/spatial_planning/session.ts'
import { call, game, goTo, type Moves, step } from './table.ts'

/** Owner 1, developer, owner 2, two speculators: players 0 to 4. */
const SEATS = { owners: 2, speculators: 2 }
const open = (config: object, rounds: readonly Finished[] = []): Session => {
  const session = newSession(schema.parse({ ...SEATS, ...config }))
  session.rounds.push(...rounds)
  return session
}
const of = (name: string, session: Session, player = 0) => metricOf(name, session, finishedRounds(session), player)
const own = <V>(value: V) => ({ value, declared: true })

const posted = (player: number, side: 'bid' | 'ask', price: number | null, order: number | null): BookFact => ({
  kind: 'posted',
  player,
  side,
  price,
  order,
})
const traded = (buyer: number, seller: number, price: number, taker: 'bid' | 'ask'): BookFact => ({
  kind: 'traded',
  buyer,
  seller,
  price,
  taker,
})
function marketOf(facts: readonly BookFact[], more: Partial<MarketRecord> = {}): MarketRecord {
  const events = facts.map((fact, at): BookEvent => ({ ...fact, at, tick: 1 }))
  return { publicSignal: 0, events, median: null, cash: [0, 0, 0, 0, 0], shares: [6, 30, 6, 5, 5], ...more }
}
function landRound(round: number, values: readonly Pair[], play: Partial<LandRecord>, more: Partial<Finished> = {}): Finished {
  return {
    round,
    values,
    signals: values.map((): Pair => [0, 0]),
    play: { ...newLand(), ...play },
    payoffs: [0, 0, 0, 0, 0],
    ...more,
  }
}
function voteRound(round: number, values: readonly Pair[], play: Partial<VoteRecord>, more: Partial<Finished> = {}): Finished {
  return { round, values, signals: [], play: { ...newVote(), offer: own(0), ...play }, payoffs: [0, 0, 0], ...more }
}
/** Sums of 1,200,000 without and 1,400,000 with the project. */
const VALUES: readonly Pair[] = [
  [400_000, 200_000],
  [300_000, 900_000],
  [500_000, 300_000],
]
const initial = [own<Pair>([440_000, 180_000]), own<Pair>([300_000, 990_000]), own<Pair>([500_000, 300_000])]
const final = [own(180_000), own(900_000), own(330_000)]
/** What a share is worth under truthful declarations with the project, and what one paid. */
const WORTH = 4620
const PAID = 4653

/** Two trades at lower prices, seven at 5,000; with its book. */
const BUSY: readonly BookFact[] = [
  posted(0, 'ask', 4400, 1),
  posted(3, 'bid', 4000, 2),
  posted(4, 'ask', null, null),
  traded(3, 4, 4000, 'ask'),
  posted(3, 'bid', 4200, 3),
  traded(3, 4, 4200, 'ask'),
  { kind: 'cancelled', player: 0, order: 1 },
  ...Array.from({ length: 7 }, (_, i): BookFact[] => [posted(1, 'ask', 5000, 4 + i), traded(4, 1, 5000, 'bid')]).flat(),
]
const busy = (config: object = {}) =>
  open({ treatment: 'futarchy', ...config }, [
    landRound(
      1,
      VALUES,
      {
        initial,
        final,
        chosen: 1,
        sharePrice: PAID,
        markets: [
          marketOf([], { median: 4800 }),
          marketOf(BUSY, {
            publicSignal: 4851,
            median: 5000,
            cash: [60_000, 335_000, 60_000, 41_800, 15_000],
            shares: [6, 23, 6, 7, 10],
          }),
        ],
        deals: [
          { speculator: 3, plot: 0, profit: 10_000 },
          { speculator: 3, plot: 1, profit: -45_000 },
        ],
        finalDeals: [{ speculator: 4, plot: 0, profit: 10_000 }],
      },
      {
        payoffs: [100, 200, 300, 200, 200],
        signals: [
          [0, 4500],
          [0, 4600],
          [0, 4700],
          [0, 4800],
          [0, 4900],
        ],
      },
    ),
  ])

describe('metrics of a round with a market', () => {
  test.each<[string, number | null]>([
    ['efficiency', 1],
    ['project_rate', 1],
    ['initial_ratio', 1_470 / 1_400],
    ['final_ratio', 1_410 / 1_400],
    // Owner 1: +10 % without, −10 % with; the developer +10 % with; owner 2 says the truth.
    ['exaggeration', (0.2 + 0.1 + 0) / 3],
    ['pivotal_lies', null],
    ['speculation_hits', 2 / 3],
    ['speculation_capture', 1],
    ['discipline', 1 - 2 * 0.33 * (1 - 6 / 100)],
    ['rd_dividend', ((4000 + 4200 + 7 * 5000) / 9 - PAID) / PAID],
    ['rad_value', ((4000 + 4200 + 7 * 5000) / 9 - WORTH) / WORTH],
    ['convergence_alpha', (100 * Math.sqrt((620 ** 2 + 420 ** 2 + 7 * 380 ** 2) / 9)) / WORTH],
    ['convergence_gain', (100 * (Math.sqrt((620 ** 2 + 420 ** 2 + 2 * 380 ** 2) / 4) - 380)) / WORTH],
    ['median_error', 380 / WORTH],
    ['private_error', 80 / WORTH],
    ['public_error', 231 / WORTH],
    ['trades', 9],
    ['turnover', 9 / 52],
    ['bids', 2],
    ['asks', 9],
    ['cancelled', 1 / 10],
    // Both sides were quoted before the first two trades alone.
    ['spread', (400 + 200) / 2 / WORTH],
    ['late_displacement', (5000 - 4100) / WORTH],
    ['price_agreement', 1],
    ['price_margin', 200],
    ['gini_points', (-4 * 100 - 2 * 200 + 2 * 200 + 4 * 300) / (5 * 1000)],
    ['revenue_initial', 14_700],
    ['revenue_final', 465_300],
    ['collection', (14_700 + 465_300) / (0.34 * 1_400_000)],
    ['request_ratio', null],
    ['offer_ratio', null],
    ['compensation', null],
  ])('%s is %s', (name, expected) => {
    const found = of(name, busy())
    if (expected === null) expect(found).toBeNull()
    else expect(found).toBeCloseTo(expected, 9)
  })

  test.each<[string, number, number | null]>([
    ['seat_points', 2, 300],
    ['seat_euros', 0, null],
    ['seat_initial_ratio', 0, (1.1 + 0.9) / 2],
    ['seat_final_ratio', 2, 1.1],
    ['seat_exaggeration', 0, 0.2],
    ['seat_exaggeration', 1, 0.1],
    ['seat_exaggeration', 3, null],
    ['seat_truthfulness', 0, (0.9 + 0.9 + 0.9) / 3],
    ['seat_misreport', 1, 0.1 / 3],
    ['seat_exact', 1, 2 / 3],
    ['seat_pivotal_lies', 0, null],
    ['seat_speculation', 0, -20_000],
    ['seat_speculation', 3, -35_000],
    ['seat_hits', 3, 0.5],
    ['seat_hits', 0, null],
    ['seat_trading', 1, 35_000 - 7 * PAID],
    ['seat_trades', 1, 7],
    ['seat_trades', 3, 2],
    ['seat_trades', 2, 0],
    ['seat_refused', 0, null],
    ['seat_defaulted', 0, 0],
  ])('%s of player %i is %s', (name, player, expected) => {
    const found = of(name, busy(), player)
    if (expected === null) expect(found).toBeNull()
    else expect(found).toBeCloseTo(expected, 9)
  })

  test('a round that counts for none of them is one of practice, or one that was not finished', () => {
    const session = busy()
    const [round] = session.rounds
    session.rounds.unshift({ ...round!, round: 0 })
    session.rounds.push({ ...round!, round: 2, payoffs: null })
    expect(finishedRounds(session)).toEqual([round])
  })

  test('conduct and euros are those of the seat', () => {
    const session = busy()
    Object.assign(session.conduct[3]!, { accepted: 3, refused: 1, defaulted: 2 })
    session.paid = { round: 1, euros: [1, 2, 3, 4, 5] }
    expect(['seat_refused', 'seat_defaulted', 'seat_euros'].map(name => of(name, session, 3))).toEqual([0.25, 2, 4])
  })
})

describe('metrics over rounds', () => {
  const built = landRound(1, VALUES, {
    initial,
    final,
    chosen: 1,
    sharePrice: PAID,
    markets: [null, marketOf([traded(3, 4, 5000, 'bid')])],
  })
  const unbuilt = landRound(2, VALUES, { initial, final, chosen: 0, sharePrice: PAID, markets: [marketOf([]), null] })
  const both = open({ treatment: 'harberger' }, [built, unbuilt])

  test('are of sums, shares or means, a round without trades apart', () => {
    expect(of('efficiency', both)).toBeCloseTo(2.6 / 2.8, 12)
    expect(of('efficiency_normalised', both)).toBe(0.5)
    expect([of('correct_decisions', both), of('project_rate', both)]).toEqual([0.5, 0.5])
    expect(of('initial_ratio', both)).toBeCloseTo((1470 / 1400 + 1240 / 1200) / 2, 12)
    expect(of('trades', both)).toBe(0.5)
    expect(of('rd_dividend', both)).toBeCloseTo((5000 - PAID) / PAID, 12)
    expect(of('rd_value', both)).toBeCloseTo((5000 - WORTH) / WORTH, 12)
    // A mean of half as much below as above does not hide a distance.
    const dear = {
      ...built,
      round: 3,
      play: { ...built.play, markets: [null, marketOf([traded(3, 4, 4306, 'bid')])] } as LandRecord,
    }
    expect(of('rd_dividend', open({}, [built, dear]))).toBeCloseTo(0, 12)
    expect(of('rad_dividend', open({}, [built, dear]))).toBeCloseTo(347 / PAID, 12)
  })

  test('of equal sums both decisions are right, and the worst is as good as the best', () => {
    const equal = open({}, [
      landRound(
        1,
        [
          [5, 4],
          [5, 6],
        ],
        { initial, final, chosen: 0, markets: [marketOf([]), null] },
      ),
    ])
    expect([of('correct_decisions', equal), of('efficiency', equal), of('efficiency_normalised', equal)]).toEqual([1, 1, null])
  })

  test('a lie is pivotal where the truth of its holder alone would have turned the decision', () => {
    // Truthful sums are 1,200,000 and 1,400,000; owner 1 and owner 2 add to no project, and either is needed.
    const turned = landRound(1, VALUES, {
      initial: [own<Pair>([510_000, 200_000]), own<Pair>([300_000, 900_000]), own<Pair>([600_000, 300_000])],
      final,
      chosen: 0,
      markets: [marketOf([]), null],
    })
    const session = open({ treatment: 'harberger' }, [turned])
    expect(of('pivotal_lies', session)).toBe(2)
    expect([0, 1, 2].map(player => of('seat_pivotal_lies', session, player))).toEqual([1, 0, 1])
    expect(of('seat_pivotal_lies', session, 3)).toBeNull()
    expect(of('correct_decisions', session)).toBe(0)
  })

  test('two markets agree with what is better by the sign of the difference of their medians', () => {
    const priced = (median: readonly [number | null, number | null], chosen: 0 | 1 = 1) =>
      open({ treatment: 'futarchy' }, [
        landRound(1, VALUES, {
          initial,
          final,
          chosen,
          markets: [marketOf([], { median: median[0] }), marketOf([], { median: median[1] })],
        }),
      ])
    const told = (median: readonly [number | null, number | null]) => [
      of('price_agreement', priced(median)),
      of('price_margin', priced(median)),
    ]
    expect(told([4000, 5000])).toEqual([1, 1000])
    expect(told([5000, 4000])).toEqual([0, 1000])
    expect(told([5000, 5000])).toEqual([0, 0])
    for (const missing of [
      [null, 5000],
      [5000, null],
      [null, null],
    ] as const)
      expect(told(missing)).toEqual([null, null])
  })

  test('plots that nobody bought are under-declared value that escaped', () => {
    const low = [own(100_000), own(900_000), own(300_000)]
    const bought = (deals: LandRecord['finalDeals']) =>
      open({}, [
        landRound(1, VALUES, {
          initial: VALUES.map(own<Pair>),
          final: low,
          chosen: 1,
          finalDeals: deals,
          markets: [null, marketOf([])],
        }),
      ])
    expect(of('speculation_capture', bought([]))).toBe(0)
    expect(of('discipline', bought([]))).toBeCloseTo(-0.66 * 0.94, 12)
    expect(of('speculation_capture', bought([{ speculator: 3, plot: 2, profit: 1 }]))).toBe(0)
    expect(of('speculation_capture', bought([{ speculator: 3, plot: 0, profit: 1 }]))).toBe(1)
    const two = [own(100_000), own(850_000), own(300_000)]
    const half = landRound(1, VALUES, {
      initial: VALUES.map(own<Pair>),
      final: two,
      chosen: 1,
      finalDeals: [{ speculator: 3, plot: 0, profit: 1 }],
      markets: [null, marketOf([])],
    })
    expect(of('speculation_capture', open({}, [half]))).toBeCloseTo(100 / 150, 12)
    expect(of('discipline', open({}, [half]))).toBeCloseTo(0.5 - 0.66 * (1 - 18 / 100), 12)
    // A plot at its very value is neither a hit nor under-declared.
    expect(of('speculation_hits', bought([{ speculator: 3, plot: 2, profit: 0 }]))).toBe(0)
  })

  test('inequality leaves out a round in which somebody has a debt', () => {
    const round = (payoffs: readonly number[]) =>
      landRound(1, VALUES, { initial, final, chosen: 1, markets: [null, marketOf([])] }, { payoffs })
    expect(of('gini_points', open({}, [round([0, 0, 0, 0, 100]), round([-1, 1, 1, 1, 1])]))).toBeCloseTo(0.8, 12)
    expect(of('gini_points', open({}, [round([-1, 1, 1, 1, 1])]))).toBeNull()
    // Base points and the fee for coming make these equal: 15 and 10 euros of points, 5 for coming.
    const euros = of('gini_euros', open({}, [round([100_000, 750_000, 100_000, -100_000, -100_000])]))
    expect(euros).toBeCloseTo(0, 12)
  })
})

describe('metrics of votes', () => {
  const session = open({ treatment: 'voting' }, [
    voteRound(1, VALUES, { requests: [own(300_000), undefined, own(100_000)], offer: own(150_000), chosen: 1 }),
    voteRound(
      2,
      [
        [200_000, 300_000],
        [300_000, 900_000],
        [400_000, 200_000],
      ],
      { requests: [own(50_000), undefined, own(200_000)], offer: own(30_000), chosen: 0 },
    ),
  ])
  test('compare requests with losses of who loses, offers with the median loss, and count what was paid', () => {
    expect(of('request_ratio', session)).toBeCloseTo((1.5 + 0.5 + 1) / 3, 12)
    expect(of('offer_ratio', session)).toBeCloseTo((150 / 200 + 30 / 50) / 2, 12)
    expect(of('compensation', session)).toBe(150_000)
    for (const name of ['trades', 'rd_value', 'spread', 'speculation_hits', 'seat_initial_ratio', 'seat_hits', 'price_margin'])
      expect(of(name, session), name).toBeNull()
  })
  test('know no ratio to a median loss of nothing', () => {
    expect(
      of(
        'offer_ratio',
        open({ treatment: 'voting' }, [
          voteRound(
            1,
            [
              [5, 5],
              [1, 2],
              [5, 5],
            ],
            { chosen: 1, offer: own(7) },
          ),
        ]),
      ),
    ).toBeNull()
  })
})

test('a session without a finished round has no metric but counts of conduct', () => {
  for (const treatment of ['harberger', 'futarchy', 'voting']) {
    const session = open({ treatment })
    for (const name of Object.keys(spatialPlanning.metrics.docs))
      expect(of(name, session), name).toBe(name === 'seat_defaulted' ? 0 : null)
  }
})

test('every metric says what it is, how it is reckoned, within what and whence', () => {
  for (const doc of Object.values(spatialPlanning.metrics.docs))
    for (const part of ['description', 'formula', 'range', 'source'] as const) expect(doc[part]).not.toBe('')
})

describe('statements', () => {
  const truth = (round: Finished, player: number) => truthfulness([round], player)
  test('of a land holder are what was declared, and nothing that silence stood for', () => {
    const silent = { value: [1, 1] as Pair, declared: false }
    const said = landRound(1, VALUES, {
      initial: [own<Pair>([400_000, 100_000]), silent, silent],
      final: [{ value: 1, declared: false }, own(900_000), own(0)],
      chosen: 1,
    })
    expect(truth(said, 0)).toBe(0.75)
    expect(statements([said], 1)).toEqual([{ stated: 900_000, real: 900_000 }])
    expect(truth(said, 2)).toBe(0)
    const none = landRound(1, VALUES, { initial: [silent, silent, silent], final: [{ value: 1, declared: false }], chosen: 1 })
    expect(truth(none, 0)).toBeNull()
  })
  test('further off than the truth is large count as nothing, not less', () => {
    const wild = landRound(1, VALUES, { initial: [own<Pair>([1_600_000, 200_000])], final: [own(200_000)], chosen: 1 })
    expect(truth(wild, 0)).toBeCloseTo(2 / 3, 12)
  })
  test('of a speculator are its appraisals, of either condition', () => {
    const appraisals: LandRecord['appraisals'] = []
    appraisals[3] = [{ plot: 1, values: [150_000, 900_000] }]
    const said = landRound(1, VALUES, { initial, final, chosen: 1, appraisals })
    expect(truth(said, 3)).toBe(0.75)
    expect(truth(said, 4)).toBeNull()
  })
  test('with a vote are requests of who loses, and what the developer paid of what he offered', () => {
    const asked = (request: VoteRecord['requests'][number], values = VALUES) =>
      truth(voteRound(1, values, { requests: [request] }), 0)
    expect(asked(own(100_000))).toBe(0.5)
    expect(asked({ value: 100_000, declared: false })).toBeNull()
    expect(asked(undefined)).toBeNull()
    expect(asked(own(5), [[5, 5], ...VALUES.slice(1)])).toBeNull()
    const paid = (payment: VoteRecord['payment'], offer: VoteRecord['offer'] = own(80_000)) =>
      truth(voteRound(1, VALUES, { payment, offer }), 1)
    expect(paid(own(20_000))).toBe(0.25)
    expect(paid(own(90_000))).toBe(1)
    expect(paid({ value: 20_000, declared: false })).toBeNull()
    expect(paid(null)).toBeNull()
    expect(paid(own(0), own(0))).toBeNull()
  })
})

describe('a book read back', () => {
  const standing = (facts: readonly BookFact[]) => [...withBook(marketOf(facts))].map(([, state]) => state)
  test('holds what rests before each event, in the order it came', () => {
    expect(
      standing([
        posted(0, 'bid', 5, 1),
        posted(1, 'bid', 7, 2),
        posted(1, 'ask', 9, 3),
        posted(2, 'ask', 8, 4),
        posted(2, 'bid', null, null),
      ]),
    ).toEqual([
      { bids: [], asks: [], bid: null, ask: null },
      { bids: [5], asks: [], bid: 5, ask: null },
      { bids: [5, 7], asks: [], bid: 7, ask: null },
      { bids: [5, 7], asks: [9], bid: 7, ask: 9 },
      { bids: [5, 7], asks: [9, 8], bid: 7, ask: 8 },
    ])
  })
  test('loses the order that was met, of that player, side and price, or cancelled', () => {
    const orders = [posted(0, 'ask', 9, 1), posted(1, 'ask', 9, 2), posted(0, 'bid', 4, 3), posted(1, 'bid', 4, 4)]
    const last = (fact: BookFact) => standing([...orders, fact, posted(3, 'bid', 1, 9)]).at(-1)
    expect(last(traded(2, 1, 9, 'bid'))).toMatchObject({ asks: [9], bids: [4, 4] })
    expect(last(traded(1, 2, 4, 'ask'))).toMatchObject({ asks: [9, 9], bids: [4] })
    expect(last({ kind: 'cancelled', player: 1, order: 4 })).toMatchObject({ asks: [9, 9], bids: [4] })
    const two = [posted(0, 'ask', 8, 1), posted(1, 'ask', 9, 2)]
    expect(standing([...two, { kind: 'cancelled', player: 1, order: 2 }, posted(3, 'bid', 1, 9)]).at(-1)).toMatchObject({
      asks: [8],
    })
    expect(standing([...two, traded(2, 1, 9, 'bid'), posted(3, 'bid', 1, 9)]).at(-1)).toMatchObject({ asks: [8] })
  })
})

describe('the invariant of accounts', () => {
  test('knows fees of purchases and appraisals, and fines for broken promises', () => {
    const fees = {
      ...SEATS,
      session: 4,
      rounds: 1,
      ticks: 1,
      inspect: 1,
      purchase_fee: 900,
      appraisals: { readers: 'all', fee: 500, checked: 1, fine: 700 },
    }
    const settled = (
      config: object,
      phase: Parameters<typeof goTo>[1],
      moves: (table: ReturnType<typeof game>) => void,
      last: Moves,
    ) => {
      const table = game(config)
      moves(table)
      const before = goTo(table, phase).state
      step(table, last)
      return { found: invariants.accounting!(before, table.state, []), accounts: table.state.history[0]!.accounts }
    }
    const publish = {
      speculator_1: [
        call('publish_appraisals', {
          appraisals: [
            { plot: 'owner_1', no_project: 1, project: 1 },
            { plot: 'developer', no_project: 1, project: 1 },
            { plot: 'owner_2', no_project: 1, project: 1 },
          ].slice(0, 3),
        }),
      ],
    }
    const bought = settled({ ...fees, inspect: 3 }, 'final_speculation', table => step(table, publish), {
      speculator_1: [call('buy_plots', { plots: ['owner_1'] })],
    })
    expect(bought.found).toBeUndefined()
    expect(bought.accounts[3]).toMatchObject({ fees: 3 * 500 - 3 * 700 - 900 })
    const votes = { ...SEATS, treatment: 'voting', session: 4, rounds: 1, pledges: { audited: 1, fine: 2 } }
    const offered = (table: ReturnType<typeof game>) =>
      step(goTo(table, 'offer'), { developer: [call('offer_compensation', { amount: 80_000 })] })
    const broke = settled(votes, 'payment', offered, { developer: [call('pay_compensation', { amount: 0 })] })
    expect(broke.found).toBeUndefined()
    expect(broke.accounts[1]).toMatchObject({ fine: 320_000, compensation: -160_000 })
  })
})

describe('the invariant of books', () => {
  const state = goTo(game({ ...SEATS, treatment: 'harberger', session: 4, rounds: 1, ticks: 2 }), 'market').state
  const broken = (edit: (book: Book) => void): string | undefined => {
    const after = structuredClone(state) as typeof state
    if (after.play.kind !== 'land') throw new Error('a round with declarations')
    edit(after.play.books[0]!)
    return invariants.book!(state, after, [])
  }
  /** A bid or ask that is funded. */
  const rest = (book: Book, player: number, side: 'bid' | 'ask', price: number, id: number) => {
    if (side === 'bid') book.cash[player]! -= price
    else book.shares[player]! -= 1
    ;(side === 'bid' ? book.bids : book.asks).push({ id, player, price })
  }
  /** From player 0 to player 1. */
  const move = (purses: number[], by: number) => {
    purses[0]! -= by
    purses[1]! += by
  }
  test.each<[what: string, found: string | undefined, edit: (book: Book) => void]>([
    ['nothing', undefined, () => {}],
    [
      'orders best first',
      undefined,
      book => [rest(book, 0, 'bid', 9, 1), rest(book, 1, 'bid', 8, 2), rest(book, 2, 'ask', 10, 3), rest(book, 1, 'ask', 11, 4)],
    ],
    ['equal prices in the order they came', undefined, book => [rest(book, 0, 'bid', 9, 1), rest(book, 1, 'bid', 9, 2)]],
    ['one’s own orders crossing', undefined, book => [rest(book, 0, 'bid', 9, 1), rest(book, 0, 'ask', 8, 2)]],
    ['a point too much', 'points are in the market', book => (book.cash[0]! += 1)],
    ['a share too much', 'shares are in the market', book => (book.shares[0]! += 1)],
    ['a point that was moved below zero', 'somebody borrows', book => move(book.cash, 60_001)],
    ['a share that was moved below zero', 'somebody borrows', book => move(book.shares, 7)],
    ['a lower bid first', 'bids are out of order at 2', book => [rest(book, 0, 'bid', 8, 1), rest(book, 1, 'bid', 9, 2)]],
    ['a higher ask first', 'asks are out of order at 2', book => [rest(book, 0, 'ask', 9, 1), rest(book, 1, 'ask', 8, 2)]],
    ['a younger order first', 'bids are out of order at 1', book => [rest(book, 0, 'bid', 9, 2), rest(book, 1, 'bid', 9, 1)]],
    ['a bid and an ask that meet', 'bid 1 should have traded', book => [rest(book, 0, 'bid', 9, 1), rest(book, 1, 'ask', 9, 2)]],
  ])('finds with %s: %s', (_what, found, edit) => {
    if (found === undefined) expect(broken(edit)).toBeUndefined()
    else expect(broken(edit)).toContain(found)
  })
  test('looks at no book where there is none', () => {
    const voting = game({ treatment: 'voting' }).state
    expect(invariants.book!(voting, voting, [])).toBeUndefined()
    const early = game({ treatment: 'harberger' }).state
    expect(invariants.book!(early, early, [])).toBeUndefined()
    expect(openBook([1], [2])).toMatchObject({ cash: [1], shares: [2], bids: [], asks: [], tape: [], traded: 0, nextId: 1 })
  })
})
