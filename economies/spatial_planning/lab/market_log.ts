/**
 * The laboratory's market log of a round: every order, trade and cancellation with the book before it. Headings as in
 * `IBEX-TUDelft/IBEX-game_server`, `my-app/src/services/HarbergerFutarchyService.js`. Times are seconds of the 270 that a market
 * lasts, at the beginning of the turn: there is no clock here.
 */
import { type Cond, MARKET_SECONDS } from '../../../envs/spatial_planning/roster.ts'
import { type BookEvent, type BookState, type Finished, type Session, withBook } from '../../../envs/spatial_planning/session.ts'
import { BOTH, LAB_CONDITIONS } from './participants.ts'
import { type Cell, type Column, type Sheet, sheet } from './sheet.ts'

/** The laboratory's number of the trading phase. */
export const MARKET_PHASE = 6

/** One line of a market log. Players by index. */
export interface MarketLine {
  /** Of the order it is about, where one came to rest. */
  readonly id: number | null
  /** Seconds since the market opened. */
  readonly seconds: number
  readonly actor: number | null
  readonly action: string
  readonly quantity: number | null
  readonly price: number | 'any' | null
  readonly buyer: number | null
  readonly seller: number | null
  readonly before: BookState | null
}

const SYSTEM = { id: null, actor: null, quantity: null, price: null, buyer: null, seller: null, before: null }

/** The log of one condition's market; without a line where none opened. */
export function marketLines({ config }: Session, { play }: Finished, condition: Cond): MarketLine[] {
  const market = play.kind === 'land' ? play.markets[condition] : null
  if (market === null) return []
  const orders = new Map<number, { readonly side: 'bid' | 'ask'; readonly price: number }>()
  const lines = [...withBook(market)].map(([event, before]) => {
    if (event.kind === 'posted' && event.order !== null) orders.set(event.order, { side: event.side, price: event.price! })
    return { seconds: Math.round((MARKET_SECONDS * (event.tick - 1)) / config.ticks), before, ...told(event, orders) }
  })
  return [
    { ...SYSTEM, seconds: 0, action: 'market-started' },
    ...lines,
    { ...SYSTEM, seconds: MARKET_SECONDS, action: 'market-ended' },
  ]
}

function told(
  event: BookEvent,
  orders: ReadonlyMap<number, { readonly side: 'bid' | 'ask'; readonly price: number }>,
): Omit<MarketLine, 'seconds' | 'before'> {
  const nobody = { buyer: null, seller: null, quantity: 1 }
  switch (event.kind) {
    case 'posted':
      return {
        ...nobody,
        id: event.order,
        actor: event.player,
        action: event.side === 'bid' ? 'added Buy' : 'added Sell',
        price: event.price ?? 'any',
      }
    case 'traded': {
      const { buyer, seller, price, taker } = event
      const bought = taker === 'bid'
      return { id: null, actor: bought ? buyer : seller, action: bought ? 'Buy' : 'Sell', quantity: 1, price, buyer, seller }
    }
    case 'cancelled': {
      const { side, price } = orders.get(event.order)!
      return {
        ...nobody,
        id: event.order,
        actor: event.player,
        action: side === 'bid' ? 'Cancel Buy Order' : 'Cancel Sell Order',
        price,
      }
    }
  }
}

/** The book as the laboratory writes it: prices in the order of arrival. */
export function bookText({ bids, asks }: BookState): string {
  return JSON.stringify({ bids, asks })
}

/** `00:01:30` */
export function clock(seconds: number): string {
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map(part => String(part).padStart(2, '0'))
    .join(':')
}

interface Line {
  readonly session: Session
  readonly line: MarketLine
  readonly condition: Cond
}

const tag = (session: Session, player: number | null, nobody: string): Cell =>
  player === null ? nobody : session.roster.tags[player]!

const COLUMNS: readonly Column<Line>[] = [
  ['Time', ({ line }) => clock(line.seconds)],
  ['Phase', () => MARKET_PHASE],
  ['Actor', ({ session, line }) => tag(session, line.actor, 'n/a')],
  ['Action', ({ line }) => line.action],
  ['Quantity', ({ line }) => line.quantity],
  ['Price', ({ line }) => line.price],
  ['Buyer', ({ session, line }) => tag(session, line.buyer, '')],
  ['Seller', ({ session, line }) => tag(session, line.seller, '')],
  ['Best Bid', ({ line }) => line.before?.bid ?? null],
  ['Best Ask', ({ line }) => line.before?.ask ?? null],
  ['Book', ({ line }) => (line.before === null ? null : bookText(line.before))],
]
const CONDITION: Column<Line> = ['Condition', ({ condition }) => LAB_CONDITIONS[condition].name]

/** One sheet of the market log; with two markets one below the other, named in a last column. */
export function marketLog(session: Session, round: Finished): Sheet {
  const rows = BOTH.flatMap(condition => marketLines(session, round, condition).map(line => ({ session, line, condition })))
  return sheet(session.config.treatment === 'futarchy' ? [...COLUMNS, CONDITION] : COLUMNS, rows)
}
