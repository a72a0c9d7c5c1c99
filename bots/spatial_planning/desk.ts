/**
 * A market turn in the making, and the trading that several bots share. The desk follows the book as it was seen through what has
 * been decided since, so that the actions of one turn fit together; what cannot be paid for or sold is not attempted.
 */
import type { Random } from '../../envs/core/random.ts'
import type { Call } from '../../envs/core/tool.ts'
import type { SpatialConfig } from '../../envs/spatial_planning/config.ts'
import type { MarketView, Observation, OrderView } from '../../envs/spatial_planning/observe.ts'
import { type Condition, indexOf } from '../../envs/spatial_planning/roster.ts'
import { MARKET_CALLS } from '../../envs/spatial_planning/step.ts'

/** An order of one's own that can be cancelled. */
export type OwnOrder = OrderView & { readonly id: number }

export class Desk {
  readonly condition: Condition
  readonly view: MarketView
  readonly random: Random
  /** How far the market has run, from 0 at the first turn to nearly 1 at the last. */
  readonly elapsed: number
  readonly #last: boolean
  #bids: readonly OrderView[]
  #asks: readonly OrderView[]
  #freeCash: number
  #freeShares: number
  /** The turn's calls, of both desks where there are two. */
  readonly #calls: Call[]
  readonly #market: { readonly market?: Condition }

  constructor(condition: Condition, view: MarketView, { shared }: Observation, random: Random, calls: Call[]) {
    this.condition = condition
    this.view = view
    this.random = random
    this.elapsed = (shared.turn! - 1) / shared.turns!
    this.#last = shared.turn === shared.turns
    this.#bids = view.bids
    this.#asks = view.asks
    this.#freeCash = view.freeCash
    this.#freeShares = view.freeShares
    this.#calls = calls
    this.#market = shared.treatment === 'futarchy' ? { market: condition } : {}
  }

  /** Actions that the turn still has. */
  get left(): number {
    return MARKET_CALLS - this.#calls.length
  }

  /** Whether this is the first half of the market, and not its last turn. */
  get isEarly(): boolean {
    return this.elapsed < 0.5 && !this.#last
  }

  get index(): 0 | 1 {
    return indexOf(this.condition)
  }

  /** The best price of somebody else; null where there is none. */
  get bestBid(): number | null {
    return this.#bids.find(order => !order.mine)?.price ?? null
  }

  get bestAsk(): number | null {
    return this.#asks.find(order => !order.mine)?.price ?? null
  }

  /** One's own orders that rest since before this turn. */
  get ownBids(): OwnOrder[] {
    return this.#bids.filter(isOwn)
  }

  get ownAsks(): OwnOrder[] {
    return this.#asks.filter(isOwn)
  }

  /** Whether a bid or an ask of one's own rests now. */
  get quotesBid(): boolean {
    return this.#bids.some(order => order.mine)
  }

  get quotesAsk(): boolean {
    return this.#asks.some(order => order.mine)
  }

  #call(tool: string, args: object): true {
    this.#calls.push({ tool, args: { ...args, ...this.#market } })
    return true
  }

  /** Buys at the best ask of somebody else; false where that cannot be done. */
  buy(): boolean {
    const best = this.#asks.find(order => !order.mine)
    if (best === undefined || best.price > this.#freeCash || this.left === 0) return false
    this.#asks = this.#asks.filter(order => order !== best)
    this.#freeCash -= best.price
    this.#freeShares++
    return this.#call('trade_now', { side: 'buy' })
  }

  /** Sells at the best bid of somebody else. */
  sell(): boolean {
    const best = this.#bids.find(order => !order.mine)
    if (best === undefined || this.#freeShares < 1 || this.left === 0) return false
    this.#bids = this.#bids.filter(order => order !== best)
    this.#freeCash += best.price
    this.#freeShares--
    return this.#call('trade_now', { side: 'sell' })
  }

  /** Posts a bid; where an ask of somebody else meets it, it buys. */
  bid(price: number): boolean {
    if (this.bestAsk !== null && this.bestAsk <= price) return this.buy()
    if (price < 0 || price > this.#freeCash || this.left === 0) return false
    this.#bids = [...this.#bids, { price, mine: true, id: null }]
    this.#freeCash -= price
    return this.#call('place_limit_order', { side: 'bid', price })
  }

  ask(price: number): boolean {
    if (this.bestBid !== null && this.bestBid >= price) return this.sell()
    if (price < 0 || this.#freeShares < 1 || this.left === 0) return false
    this.#asks = [...this.#asks, { price, mine: true, id: null }]
    this.#freeShares--
    return this.#call('place_limit_order', { side: 'ask', price })
  }

  cancel(order: OwnOrder): boolean {
    if (this.left === 0) return false
    if (this.#bids.includes(order)) this.#freeCash += order.price
    else this.#freeShares++
    this.#bids = this.#bids.filter(other => other !== order)
    this.#asks = this.#asks.filter(other => other !== order)
    return this.#call('cancel_order', { order_id: order.id })
  }
}

const isOwn = (order: OrderView): order is OwnOrder => order.id !== null

/**
 * What a share is worth to somebody who trusts the public signal as far as his private one allows: their mean while they lie
 * within the noise of two signals, else the private one. `noise` is half the width of the private signal's noise. The wider it is
 * than the usual 5 %, the more weight the public signal has.
 */
export function fairValue(
  { view: { publicSignal, privateSignal } }: Desk,
  noise: number,
  config: Pick<SpatialConfig, 'signal_width'> = {},
): number {
  if (Math.abs(publicSignal - privateSignal) > 2 * noise) return privateSignal
  const weight = publicWeight(config)
  return weight * publicSignal + (1 - weight) * privateSignal
}

/** What the public signal counts for in the value of a share: a half at the usual width of the private one. */
export function publicWeight({ signal_width = USUAL_WIDTH }: Pick<SpatialConfig, 'signal_width'>): number {
  return signal_width / (USUAL_WIDTH + signal_width)
}
const USUAL_WIDTH = 5

/**
 * The value trader's turn: drop quotes that lie far off, then do one thing: take an offer below the fair value or a bid above it,
 * or quote a side that is not quoted, a little further out.
 */
export function valueTurn(desk: Desk, fair: number): void {
  const half = Math.max(25, 0.005 * fair)
  for (const order of desk.ownBids) if (Math.abs(order.price - (fair - half)) > 3 * half) desk.cancel(order)
  for (const order of desk.ownAsks) if (Math.abs(order.price - (fair + half)) > 3 * half) desk.cancel(order)
  const { bestAsk, bestBid } = desk
  if (bestAsk !== null && bestAsk <= fair - half / 2 && desk.buy()) return
  if (bestBid !== null && bestBid >= fair + half / 2 && desk.sell()) return
  const bidFirst = desk.random.chance(0.5)
  const away = desk.random.uniform(0, half)
  const quoteBid = (): boolean => !desk.quotesBid && desk.bid(Math.round(fair - half - away))
  const quoteAsk = (): boolean => !desk.quotesAsk && desk.ask(Math.round(fair + half + away))
  const [first, second] = bidFirst ? ([quoteBid, quoteAsk] as const) : ([quoteAsk, quoteBid] as const)
  if (!first()) second()
}
