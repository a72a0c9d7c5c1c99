/** What holds across every step, checked by the conformance suite. */
import type { Environment } from '../core/environment.ts'
import { type Book, reservedCash, reservedShares } from './market.ts'
import { rosterOf } from './roster.ts'
import { sourcesOf } from './settlement.ts'
import type { LandPlay, SpatialState } from './state.ts'
import type { SpatialTypes } from './types.ts'

/** Prices may be decimals, so that sums of points are off by their rounding; shares and orders are exact. */
const CLOSE = 1e-6

export const invariants: NonNullable<Environment<SpatialTypes>['invariants']> = {
  /** A round that was settled in this step: payoffs come from land, taxes, dividends and cash, and from nothing else. */
  accounting(before, after) {
    const round = after.history[before.history.length]
    if (round === undefined) return undefined
    const values = before.stimulus.values.map(value => value[round.chosen])
    const payoffs = round.accounts.reduce((sum, { payoff }) => sum + payoff, 0)
    const paidOut = round.accounts.reduce(
      (sum, account) => sum + (account.kind === 'vote' ? -(account.fine ?? 0) : (account.fees ?? 0)),
      0,
    )
    const land = before.play.kind === 'vote' ? values.reduce((a, b) => a + b, 0) : landSources(before, before.play, values)
    const sources = land + paidOut
    return Math.abs(payoffs - sources) <= CLOSE
      ? undefined
      : `round ${round.round}: payoffs add up to ${payoffs}, their sources to ${sources}`
  },

  /** No order, share or point is lost in a book, and no two players' orders lie there that would trade. */
  book(_before, after) {
    if (after.play.kind !== 'land') return undefined
    return after.play.books.map(book => (book === null ? undefined : broken(book, after))).find(found => found !== undefined)
  },
}

function landSources({ config }: SpatialState, play: LandPlay, values: readonly number[]): number {
  const book = play.books[play.chosen!]!
  return sourcesOf({
    values,
    initial: play.initial.map(made => made!.value[play.chosen!]),
    final: play.final.map(made => made!.value),
    cash: book.cash,
    shares: book.shares,
    initial_tax: config.initial_tax,
    final_tax: config.final_tax,
  })
}

function broken(book: Book, { config }: SpatialState): string | undefined {
  const { roles } = rosterOf(config)
  const players = [...roles.keys()]
  const sum = (of: (player: number) => number): number => players.reduce((total, player) => total + of(player), 0)
  const cash = sum(player => book.cash[player]! + reservedCash(book, player))
  const shares = sum(player => book.shares[player]! + reservedShares(book, player))
  if (Math.abs(cash - sum(player => config.cash[roles[player]!])) > CLOSE) return `${cash} points are in the market`
  if (shares !== sum(player => config.shares[roles[player]!])) return `${shares} shares are in the market`
  if (book.cash.some(free => free < 0) || book.shares.some(free => free < 0)) return 'somebody borrows'
  for (const [side, orders] of [
    ['bids', book.bids],
    ['asks', book.asks],
  ] as const) {
    for (const [i, order] of orders.entries()) {
      const next = orders[i + 1]
      if (next === undefined) continue
      const ordered = side === 'bids' ? order.price >= next.price : order.price <= next.price
      if (!ordered || (order.price === next.price && order.id > next.id)) return `${side} are out of order at ${next.id}`
    }
  }
  const crossing = book.bids.find(bid => book.asks.some(ask => ask.player !== bid.player && ask.price <= bid.price))
  return crossing === undefined ? undefined : `bid ${crossing.id} should have traded`
}
