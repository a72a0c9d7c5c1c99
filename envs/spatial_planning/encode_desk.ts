/** A market of shares as numbers, and the orders that are slots. Knows no land and no vote. */
import { feature, flag, slot } from '../core/encoding.ts'
import type { SpatialConfig } from './config.ts'
import { CASH, type Features, PRICE, type Slots, type View } from './encode_view.ts'
import type { MarketView, Observation } from './observe.ts'
import { type Condition, SHARES } from './roster.ts'

/** Prices of orders, in private signals. */
const PRICES = { below: 0.97, at: 1, above: 1.03 } as const

/** The market of a condition, or the only one. */
const marketAt = ({ markets }: Observation, condition: Condition | null): MarketView | undefined =>
  condition === null ? (markets.no_project ?? markets.project) : markets[condition]

const suffix = (condition: Condition | null): string => (condition === null ? '' : `_${condition}`)

/** The best price of somebody else. */
const bestOf = (orders: MarketView['bids']): number | undefined => orders.find(({ mine }) => !mine)?.price

export function deskFeatures(condition: Condition | null): Features {
  const of = (value: (market: MarketView) => number) => (v: View) => {
    const market = marketAt(v.observation, condition)
    return market === undefined ? 0 : value(market)
  }
  /** A price as a distance from the private signal, in shares of it. */
  const near = (price: number | null | undefined, { privateSignal }: MarketView): number =>
    price === null || price === undefined || privateSignal <= 0 ? 0 : price / privateSignal - 1
  const end = suffix(condition)
  const where = condition === null ? 'the market' : `the market of ${condition}`
  return [
    flag(`open${end}`, `1 while ${where} is open`, v => marketAt(v.observation, condition) !== undefined),
    feature(
      `signal${end}`,
      [0, 10],
      'own private signal of what a share is worth / 10,000',
      of(({ privateSignal }) => privateSignal / PRICE),
    ),
    feature(
      `public_signal${end}`,
      [-1, 1],
      'distance of the public signal from it',
      of(market => near(market.publicSignal, market)),
    ),
    feature(
      `best_bid${end}`,
      [-1, 1],
      'distance of the best bid of others from it; 0 without one',
      of(market => near(bestOf(market.bids), market)),
    ),
    feature(
      `has_bid${end}`,
      [0, 1],
      '1 where somebody else bids',
      of(({ bids }) => Number(bestOf(bids) !== undefined)),
    ),
    feature(
      `best_ask${end}`,
      [-1, 1],
      'distance of the lowest ask of others from it; 0 without one',
      of(market => near(bestOf(market.asks), market)),
    ),
    feature(
      `has_ask${end}`,
      [0, 1],
      '1 where somebody else asks',
      of(({ asks }) => Number(bestOf(asks) !== undefined)),
    ),
    feature(
      `median${end}`,
      [-1, 1],
      'distance of the median of the last seven prices from it; 0 without one',
      of(market => near(market.median, market)),
    ),
    feature(
      `traded${end}`,
      [0, 1],
      'trades so far / 50',
      of(({ traded }) => traded / 50),
    ),
    feature(
      `cash${end}`,
      [0, 10],
      'own free cash / 100,000',
      of(({ freeCash }) => freeCash / CASH),
    ),
    feature(
      `shares${end}`,
      [0, 1],
      'own free shares, of 100',
      of(({ freeShares }) => freeShares / SHARES),
    ),
    feature(
      `own_bids${end}`,
      [0, 1],
      'own bids in the book, of 10',
      of(({ bids }) => bids.filter(({ mine }) => mine).length / 10),
    ),
    feature(
      `own_asks${end}`,
      [0, 1],
      'own asks in the book, of 10',
      of(({ asks }) => asks.filter(({ mine }) => mine).length / 10),
    ),
  ]
}

export function deskSlots(condition: Condition | null, { brief = false }: SpatialConfig): Slots {
  const end = suffix(condition)
  const where = condition === null ? {} : { market: condition }
  const words = condition === null ? '' : ` in the market of ${condition}`
  const within = (legal: (market: MarketView) => boolean) => (v: View) => {
    const market = marketAt(v.observation, condition)
    return market !== undefined && legal(market)
  }
  const given = (args: (market: MarketView) => object | undefined) => (v: View) => {
    const market = marketAt(v.observation, condition)
    const own = market && args(market)
    return own && { ...own, ...where }
  }
  const priceOf = ({ privateSignal }: MarketView, factor: number): number => Math.round(privateSignal * factor)
  const affords = (factor: number) => (market: MarketView) => priceOf(market, factor) <= market.freeCash
  const holds = ({ freeShares }: MarketView): boolean => freeShares > 0
  const order = (side: 'bid' | 'ask', factor: number) => (market: MarketView) => ({ side, price: priceOf(market, factor) })
  return [
    ...Object.entries(PRICES).flatMap(([name, factor]) => [
      slot<View>(
        `bid_${name}_signal${end}`,
        'place_limit_order',
        `bids ${factor} of its private signal for a share${words}`,
        within(affords(factor)),
        given(order('bid', factor)),
      ),
      slot<View>(
        `ask_${name}_signal${end}`,
        'place_limit_order',
        `asks ${factor} of its private signal for a share${words}`,
        within(holds),
        given(order('ask', factor)),
      ),
    ]),
    {
      name: `quote${end}`,
      tools: ['place_limit_order', 'place_limit_order'],
      meaning: `bids below and asks above its private signal${words}`,
      legal: within(market => affords(PRICES.below)(market) && holds(market)),
      args: v => {
        const both = [given(order('bid', PRICES.below))(v), given(order('ask', PRICES.above))(v)]
        return both[0] === undefined || both[1] === undefined ? undefined : [both[0], both[1]]
      },
    },
    slot(
      `buy_now${end}`,
      'trade_now',
      `buys a share at the lowest ask${words}`,
      within(({ asks, freeCash }) => (bestOf(asks) ?? Number.POSITIVE_INFINITY) <= freeCash),
      given(() => ({ side: 'buy' })),
    ),
    slot(
      `sell_now${end}`,
      'trade_now',
      `sells a share at the highest bid${words}`,
      within(market => holds(market) && bestOf(market.bids) !== undefined),
      given(() => ({ side: 'sell' })),
    ),
    // A market of one turn has nothing to take back.
    ...(brief ? [] : (['bids', 'asks'] as const)).map(side => {
      const own = (market: MarketView) => market[side].find(({ mine }) => mine)
      return slot<View>(
        `cancel_${side.slice(0, -1)}${end}`,
        'cancel_order',
        `takes its best ${side.slice(0, -1)} off the book${words}`,
        within(market => own(market) !== undefined),
        given(market => {
          const found = own(market)
          return found && { order_id: found.id }
        }),
      )
    }),
  ]
}
