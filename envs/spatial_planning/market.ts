/**
 * The order book of tax shares: unit orders, price–time priority, trades at the resting order's price. Cash and shares are
 * taken out of the purse when an order is posted and come back when it is cancelled, so an order is always funded and nothing
 * can be sold short. Knows players by index and nothing about land.
 *
 * Rules: `IBEX-TUDelft/IBEX-game_server`, `api/logics/harberger/phases/6.js`. Ours: a buyer's order "at any price" is held
 * against free cash (the server forgets what its own bids have reserved); a book that `overdraws` plays its records as it did.
 */
import { median } from '../core/sums.ts'
import type { Refusal } from '../core/tool.ts'

export type Side = 'bid' | 'ask'

/** One share wanted or offered. */
export interface Order {
  /** Counts the resting orders of this book from 1. */
  readonly id: number
  readonly player: number
  /** Points. */
  readonly price: number
}

export interface Trade {
  readonly price: number
  readonly buyer: number
  readonly seller: number
  readonly tick: number
  /** The side that came second. */
  readonly taker: Side
}

/** One condition's market. Orders and trades are never changed, only added and removed. */
export interface Book {
  /** Best first: the highest bid, the lowest ask; among equals the oldest. */
  bids: Order[]
  asks: Order[]
  nextId: number
  /** Points per player that no bid holds. */
  cash: number[]
  /** Shares per player that no ask holds. */
  shares: number[]
  /** The last TAPE trades, oldest first. */
  tape: Trade[]
  /** Trades so far. */
  traded: number
  /**
   * As on the laboratory's server: what one's own bids have reserved does not stop an order at any price, which can leave those
   * bids without cover; who meets one is refused, and it stays. Free cash is below zero then.
   */
  overdraws?: true
}

/** Trades that the tape keeps. */
export const TAPE = 20
/** Trades that the median looks at. */
export const MEDIAN_OF = 7

export function openBook(cash: readonly number[], shares: readonly number[]): Book {
  return { bids: [], asks: [], nextId: 1, cash: [...cash], shares: [...shares], tape: [], traded: 0 }
}

export function copyBook(book: Book): Book {
  return {
    ...book,
    bids: book.bids.slice(),
    asks: book.asks.slice(),
    cash: book.cash.slice(),
    shares: book.shares.slice(),
    tape: book.tape.slice(),
  }
}

/** Resting orders of that side, best first. */
export function resting(book: Book, side: Side): Order[] {
  return side === 'bid' ? book.bids : book.asks
}

/** The best order of that side that somebody else posted: nobody trades with himself. */
function bestFor(book: Book, side: Side, player: number): Order | undefined {
  return resting(book, side).find(order => order.player !== player)
}

/** Whether an order of `price` on `side` would trade with a resting one at `other`. */
function crosses(side: Side, price: number, other: number): boolean {
  return side === 'bid' ? other <= price : other >= price
}

const opposite = (side: Side): Side => (side === 'bid' ? 'ask' : 'bid')

/** Why a limit order cannot be posted, or undefined. */
export function refusePost(book: Book, player: number, side: Side, price: number): Refusal | undefined {
  const best = bestFor(book, opposite(side), player)
  const met = best !== undefined && crosses(side, price, best.price) ? refuseUncovered(book, side, best) : undefined
  return (side === 'bid' ? refuseCost(book, player, price) : refuseSale(book, player)) ?? met
}

/** Why nothing can be sold to a bid that its player's cash does not cover; bids are covered unless a book overdraws. */
function refuseUncovered(book: Book, side: Side, best: Order): Refusal | undefined {
  if (side === 'bid' || book.overdraws === undefined) return undefined
  const cash = book.cash[best.player]! + reservedCash(book, best.player)
  if (cash >= best.price) return undefined
  return { code: 'uncovered_bid', message: `The best bid is ${best.price}, and whoever made it has ${cash}.` }
}

function refuseCost(book: Book, player: number, price: number): Refusal | undefined {
  const free = book.cash[player]!
  if (price <= free) return undefined
  const reserved = reservedCash(book, player)
  return {
    code: 'no_balance_available',
    message: `${price} points are more than your free cash of ${free}${reserved > 0 ? ` (your bids hold ${reserved}; cancel one to free it)` : ''}. The most you can pay now is ${free}.`,
  }
}

function refuseSale(book: Book, player: number): Refusal | undefined {
  if (book.shares[player]! > 0) return undefined
  const offered = reservedShares(book, player)
  return {
    code: 'no_shares_available',
    message:
      offered > 0
        ? `All your ${offered} shares are in asks of yours. Cancel one to sell it otherwise.`
        : 'You hold no share, and nobody may sell what he does not hold. You may bid for one.',
  }
}

/** Points that a player's own bids hold. */
export function reservedCash(book: Book, player: number): number {
  let sum = 0
  for (const order of book.bids) if (order.player === player) sum += order.price
  return sum
}

/** Shares that a player's own asks hold. */
export function reservedShares(book: Book, player: number): number {
  let count = 0
  for (const order of book.asks) if (order.player === player) count++
  return count
}

/**
 * Posts an accepted limit order: it trades with the best crossing order of somebody else, or rests. The trade, or the
 * order that now rests.
 */
export function post(book: Book, player: number, side: Side, price: number, tick: number): Trade | Order {
  const best = bestFor(book, opposite(side), player)
  if (best !== undefined && crosses(side, price, best.price)) return trade(book, player, side, best, tick)
  const order = { id: book.nextId++, player, price }
  if (side === 'bid') book.cash[player]! -= price
  else book.shares[player]! -= 1
  insert(resting(book, side), side, order)
  return order
}

/** Behind every order that is as good or better. */
export function insert(orders: Order[], side: Side, order: Order): void {
  let low = 0
  let high = orders.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (crosses(side, orders[middle]!.price, order.price)) low = middle + 1
    else high = middle
  }
  orders.splice(low, 0, order)
}

/** Why a player cannot buy (bid) or sell (ask) at the best price there is, or undefined. */
export function refuseTake(book: Book, player: number, side: Side, limit: number | undefined): Refusal | undefined {
  const best = bestFor(book, opposite(side), player)
  if (best === undefined) {
    return {
      code: 'no_counter_offer',
      message: `Nobody else ${side === 'bid' ? 'offers a share' : 'bids for a share'} now. You may post a limit order and wait.`,
    }
  }
  if (limit !== undefined && !crosses(side, limit, best.price)) {
    return {
      code: 'limit_not_met',
      message: `The best ${opposite(side)} is ${best.price}, ${side === 'bid' ? 'above' : 'below'} your limit of ${limit}.`,
    }
  }
  if (side === 'ask') return refuseSale(book, player) ?? refuseUncovered(book, side, best)
  return book.overdraws && book.cash[player]! + reservedCash(book, player) >= best.price
    ? undefined
    : refuseCost(book, player, best.price)
}

/** Buys (bid) or sells (ask) one share at the best price of somebody else. */
export function take(book: Book, player: number, side: Side, tick: number): Trade {
  return trade(book, player, side, bestFor(book, opposite(side), player)!, tick)
}

/** One share changes hands at the resting order's price; what the resting order held is what is handed over. */
function trade(book: Book, player: number, side: Side, against: Order, tick: number): Trade {
  remove(resting(book, opposite(side)), against)
  const buyer = side === 'bid' ? player : against.player
  const seller = side === 'bid' ? against.player : player
  if (side === 'bid') book.cash[buyer]! -= against.price
  else book.shares[seller]! -= 1
  book.cash[seller]! += against.price
  book.shares[buyer]! += 1
  const made = { price: against.price, buyer, seller, tick, taker: side }
  book.tape.push(made)
  if (book.tape.length > TAPE) book.tape.shift()
  book.traded++
  return made
}

function remove(orders: Order[], order: Order): void {
  orders.splice(orders.indexOf(order), 1)
}

/** The side and the resting order of that id. */
export function findOrder(book: Book, id: number): { readonly side: Side; readonly order: Order } | undefined {
  for (const side of ['bid', 'ask'] as const) {
    const order = resting(book, side).find(other => other.id === id)
    if (order !== undefined) return { side, order }
  }
  return undefined
}

/** Takes a resting order off the book; what it held goes back to its player. */
export function cancel(book: Book, side: Side, order: Order): void {
  remove(resting(book, side), order)
  if (side === 'bid') book.cash[order.player]! += order.price
  else book.shares[order.player]! += 1
}

/** The bell: every resting order vanishes. */
export function close(book: Book): void {
  for (const side of ['bid', 'ask'] as const) for (const order of [...resting(book, side)]) cancel(book, side, order)
}

/** Median of the last MEDIAN_OF trade prices, or of fewer; null where nothing was traded. */
export function median7(book: Pick<Book, 'tape'>): number | null {
  return median(book.tape.slice(-MEDIAN_OF).map(made => made.price))
}
