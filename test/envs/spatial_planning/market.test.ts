/** The book of tax shares: what trades with what at which price, and that nothing is ever lost in it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Book,
  cancel,
  close,
  findOrder,
  median7,
  openBook,
  post,
  refusePost,
  refuseTake,
  reservedCash,
  reservedShares,
  type Side,
  TAPE,
  take,
} from '../../../envs/spatial_planning/market.ts'

const open = () => openBook([1000, 1000, 1000], [2, 2, 2])
const prices = (book: Book) => ({ bids: book.bids.map(order => order.price), asks: book.asks.map(order => order.price) })

describe('matching', () => {
  test('the better price comes first, and among equals the older order', () => {
    const book = open()
    post(book, 0, 'ask', 110, 1)
    post(book, 1, 'ask', 100, 1)
    post(book, 0, 'ask', 100, 1)
    expect(take(book, 2, 'bid', 1)).toMatchObject({ price: 100, seller: 1 })
    expect(take(book, 2, 'bid', 1)).toMatchObject({ price: 100, seller: 0 })
    expect(take(book, 2, 'bid', 1)).toMatchObject({ price: 110, seller: 0 })
  })
  test('a crossing order trades at the price of the order that was there', () => {
    const book = open()
    post(book, 0, 'ask', 90, 1)
    expect(post(book, 1, 'bid', 120, 3)).toEqual({ price: 90, buyer: 1, seller: 0, tick: 3, taker: 'bid' })
    expect(book.cash).toEqual([1090, 910, 1000])
    post(book, 0, 'bid', 95, 1)
    expect(post(book, 2, 'ask', 80, 3)).toMatchObject({ price: 95, buyer: 0, seller: 2, taker: 'ask' })
  })
  test('nobody trades with himself: own crossing orders stay, and the next player’s is met', () => {
    const book = open()
    post(book, 0, 'ask', 90, 1)
    post(book, 1, 'ask', 95, 1)
    expect(post(book, 0, 'bid', 92, 1)).toMatchObject({ id: 3, price: 92 })
    expect(prices(book)).toEqual({ bids: [92], asks: [90, 95] })
    expect(take(book, 0, 'bid', 1)).toMatchObject({ seller: 1, price: 95 })
    expect(refuseTake(book, 0, 'bid', undefined)?.code).toBe('no_counter_offer')
  })
  test('orders that rest are numbered from 1, those that trade at once have no number', () => {
    const book = open()
    expect(post(book, 0, 'bid', 50, 1)).toMatchObject({ id: 1 })
    expect(post(book, 1, 'ask', 50, 1)).not.toHaveProperty('id')
    expect(post(book, 1, 'ask', 60, 1)).toMatchObject({ id: 2 })
  })
  test('a free share may be had for nothing', () => {
    const book = open()
    post(book, 0, 'ask', 0, 1)
    expect(take(book, 1, 'bid', 1).price).toBe(0)
  })
})

describe('what cannot be paid or delivered is refused', () => {
  test('bids hold their cash', () => {
    const book = open()
    post(book, 0, 'bid', 600, 1)
    expect(refusePost(book, 0, 'bid', 400)).toBeUndefined()
    const refusal = refusePost(book, 0, 'bid', 401)
    expect(refusal?.code).toBe('no_balance_available')
    expect(refusal?.message).toContain('The most you can pay now is 400')
  })
  test('an order at any price is held against free cash, not against what bids have reserved', () => {
    const book = open()
    post(book, 0, 'bid', 600, 1)
    post(book, 1, 'ask', 700, 1)
    expect(refuseTake(book, 0, 'bid', undefined)?.code).toBe('no_balance_available')
    // So the bid stays funded, and whoever sells into it is paid.
    expect(take(book, 2, 'ask', 1)).toMatchObject({ buyer: 0, price: 600 })
    expect(book.cash[0]).toBe(400)
  })
  test('asks hold their share: nobody sells short', () => {
    const book = open()
    post(book, 0, 'ask', 10, 1)
    post(book, 0, 'ask', 20, 1)
    expect(refusePost(book, 0, 'ask', 30)?.code).toBe('no_shares_available')
    post(book, 1, 'bid', 5, 1)
    expect(refuseTake(book, 0, 'ask', undefined)?.code).toBe('no_shares_available')
  })
  test('in a book that overdraws, nothing is sold to a bid that is no longer covered; what other bids hold covers it', () => {
    const book: Book = { ...open(), overdraws: true }
    post(book, 0, 'bid', 600, 1)
    post(book, 0, 'bid', 300, 1)
    // 100 free, 900 held: both are covered.
    expect(refusePost(book, 1, 'ask', 600)).toBeUndefined()
    expect(refuseTake(book, 1, 'ask', undefined)).toBeUndefined()
    book.cash[0] = -400
    expect(refusePost(book, 1, 'ask', 600)).toEqual({
      code: 'uncovered_bid',
      message: 'The best bid is 600, and whoever made it has 500.',
    })
    // An ask that meets nothing may stand, and a bid is not asked who would pay.
    expect(refusePost(book, 1, 'ask', 601)).toBeUndefined()
    post(book, 1, 'ask', 700, 1)
    expect(refusePost(book, 2, 'bid', 700)).toBeUndefined()
    book.cash[0] = -300
    expect(refusePost(book, 2, 'ask', 600)).toBeUndefined()
    expect(refusePost({ ...book, cash: [-400, 1000, 1000], overdraws: undefined as never }, 2, 'ask', 600)).toBeUndefined()
  })
  test('a refusal says what is held by whom: bids by their points, asks by their shares', () => {
    const book = open()
    expect(refusePost(book, 0, 'bid', 1001)?.message).toMatch(/free cash of 1000\. The most/)
    post(book, 0, 'bid', 250, 1)
    expect(refusePost(book, 0, 'bid', 751)?.message).toContain('free cash of 750 (your bids hold 250; cancel one to free it)')
    post(book, 1, 'ask', 400, 1)
    post(book, 1, 'ask', 400, 1)
    expect(refusePost(book, 1, 'ask', 500)?.message).toBe(
      'All your 2 shares are in asks of yours. Cancel one to sell it otherwise.',
    )
    const empty = openBook([1000, 1000], [0, 1])
    expect(refusePost(empty, 0, 'ask', 500)?.message).toBe(
      'You hold no share, and nobody may sell what he does not hold. You may bid for one.',
    )
  })
  test('a limit protects against a quote that moved', () => {
    const book = open()
    post(book, 1, 'ask', 100, 1)
    expect(refuseTake(book, 0, 'bid', 99)).toMatchObject({ code: 'limit_not_met' })
    expect(refuseTake(book, 0, 'bid', 100)).toBeUndefined()
    post(book, 1, 'bid', 80, 1)
    expect(refuseTake(book, 0, 'ask', 81)).toMatchObject({ code: 'limit_not_met' })
    expect(refuseTake(book, 0, 'ask', 80)).toBeUndefined()
  })
})

test('a cancelled order gives back what it held, and the bell cancels all', () => {
  const book = open()
  post(book, 0, 'bid', 300, 1)
  post(book, 0, 'ask', 900, 1)
  expect([book.cash[0], book.shares[0]]).toEqual([700, 1])
  const { side, order } = findOrder(book, 1)!
  cancel(book, side, order)
  expect(book.cash[0]).toBe(1000)
  expect(findOrder(book, 1)).toBeUndefined()
  close(book)
  expect(prices(book)).toEqual({ bids: [], asks: [] })
  expect(book.shares[0]).toBe(2)
})

test.each([
  [[], null],
  [[5], 5],
  [[5, 8], 6.5],
  [[5, 8, 1], 5],
  [[5, 8, 1, 9], 6.5],
  [[1, 2, 3, 4, 5], 3],
  [[1, 2, 3, 4, 5, 6], 3.5],
  [[7, 6, 5, 4, 3, 2, 1], 4],
  [[100, 7, 6, 5, 4, 3, 2, 1], 4],
])('the median of the last seven of %j is %s', (made, expected) => {
  const tape = made.map(price => ({ price, buyer: 0, seller: 1, tick: 1, taker: 'bid' as const }))
  expect(median7({ tape })).toBe(expected)
})

test('the tape keeps a bounded number of trades and counts them all', () => {
  const book = openBook([10_000, 10_000], [TAPE + 5, 0])
  for (let i = 0; i < TAPE + 5; i++) {
    post(book, 0, 'ask', i, 1)
    take(book, 1, 'bid', 1)
  }
  expect(book.tape.map(made => made.price)).toEqual(Array.from({ length: TAPE }, (_, i) => i + 5))
  expect(book.traded).toBe(TAPE + 5)
})

/** The same rules in the plainest form: one list of orders, searched and sorted anew each time. */
class NaiveBook {
  orders: { id: number; player: number; side: Side; price: number }[] = []
  trades: { buyer: number; seller: number; price: number }[] = []
  cash: number[]
  shares: number[]
  #next = 1

  constructor(cash: readonly number[], shares: readonly number[]) {
    this.cash = [...cash]
    this.shares = [...shares]
  }

  #own(player: number, side: Side) {
    return this.orders.filter(order => order.player === player && order.side === side)
  }

  #candidates(player: number, side: Side) {
    const against = this.orders.filter(order => order.side !== side && order.player !== player)
    // Array sorting is stable, so equal prices keep the order of arrival.
    return against.sort((a, b) => (side === 'bid' ? a.price - b.price : b.price - a.price))
  }

  /** `price` undefined: at any price. False where it is refused. */
  order(player: number, side: Side, price: number | undefined): boolean {
    const [best] = this.#candidates(player, side)
    const reserved = this.#own(player, 'bid').reduce((sum, order) => sum + order.price, 0)
    const cost = price ?? best?.price
    if (cost === undefined) return false
    if (side === 'bid' && this.cash[player]! - reserved < cost) return false
    if (side === 'ask' && this.shares[player]! <= this.#own(player, 'ask').length) return false
    if (best !== undefined && (price === undefined || (side === 'bid' ? best.price <= price : best.price >= price))) {
      const [buyer, seller] = side === 'bid' ? [player, best.player] : [best.player, player]
      this.orders = this.orders.filter(order => order !== best)
      this.cash[buyer]! -= best.price
      this.cash[seller]! += best.price
      this.shares[buyer]!++
      this.shares[seller]!--
      this.trades.push({ buyer, seller, price: best.price })
    } else this.orders.push({ id: this.#next++, player, side, price: cost })
    return true
  }

  cancel(player: number, id: number): boolean {
    const order = this.orders.find(resting => resting.id === id && resting.player === player)
    this.orders = this.orders.filter(resting => resting !== order)
    return order !== undefined
  }
}

describe('against the plainest matcher, over random orders, cancels and crossings', () => {
  const player = fc.nat({ max: 3 })
  const side = fc.constantFrom<Side>('bid', 'ask')
  const event = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('limit' as const), player, side, price: fc.integer({ min: 0, max: 40 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('now' as const), player, side }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), player, id: fc.integer({ min: 1, max: 30 }) }) },
  )
  const cash = [100, 60, 0, 1000]
  const shares = [3, 0, 5, 2]

  test('both refuse the same orders, make the same trades and leave the same book', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120 }), events => {
        const book = openBook(cash, shares)
        const naive = new NaiveBook(cash, shares)
        let trades = 0
        for (const what of events) {
          const before = book.traded
          if (what.kind === 'cancel') {
            const found = findOrder(book, what.id)
            const mine = found !== undefined && found.order.player === what.player
            if (mine) cancel(book, found.side, found.order)
            expect(naive.cancel(what.player, what.id)).toBe(mine)
          } else {
            const price = what.kind === 'limit' ? what.price : undefined
            const refused =
              price === undefined
                ? refuseTake(book, what.player, what.side, undefined)
                : refusePost(book, what.player, what.side, price)
            expect(naive.order(what.player, what.side, price)).toBe(refused === undefined)
            if (refused === undefined) {
              if (price === undefined) take(book, what.player, what.side, 1)
              else post(book, what.player, what.side, price, 1)
            }
          }
          trades += book.traded - before
          expect(trades).toBe(naive.trades.length)
          if (book.traded > before) expect(book.tape.at(-1)).toMatchObject(naive.trades.at(-1)!)
          for (const who of [0, 1, 2, 3]) {
            expect(book.cash[who]! + reservedCash(book, who)).toBe(naive.cash[who])
            expect(book.shares[who]! + reservedShares(book, who)).toBe(naive.shares[who])
            expect(Math.min(book.cash[who]!, book.shares[who]!)).toBeGreaterThanOrEqual(0)
          }
          const resting = (which: Side) =>
            naive.orders
              .filter(order => order.side === which)
              .sort((a, b) => (which === 'bid' ? b.price - a.price : a.price - b.price))
              .map(({ id, player: whose, price }) => ({ id, player: whose, price }))
          expect({ bids: book.bids, asks: book.asks }).toEqual({ bids: resting('bid'), asks: resting('ask') })
        }
        close(book)
        expect(book.cash).toEqual(naive.cash)
        expect(book.shares).toEqual(naive.shares)
      }),
      { numRuns: 200, seed: 6 },
    )
  })

  test('with decimal prices no point is lost beyond rounding and no share at all', () => {
    const decimal = fc.record({ player, side, price: fc.double({ min: 0, max: 40, noNaN: true }), now: fc.boolean() })
    fc.assert(
      fc.property(fc.array(decimal, { maxLength: 150 }), events => {
        const book = openBook(cash, shares)
        for (const { player: who, side: which, price, now } of events) {
          if (now && refuseTake(book, who, which, undefined) === undefined) take(book, who, which, 1)
          else if (!now && refusePost(book, who, which, price) === undefined) post(book, who, which, price, 1)
          expect(Math.min(...book.cash)).toBeGreaterThanOrEqual(0)
        }
        close(book)
        expect(Math.abs(book.cash.reduce((a, b) => a + b) - 1160)).toBeLessThan(1e-6)
        expect(book.shares.reduce((a, b) => a + b)).toBe(10)
      }),
      { numRuns: 100, seed: 6 },
    )
  })
})
