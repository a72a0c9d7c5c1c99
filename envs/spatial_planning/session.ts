/**
 * A log read back into rounds: what was dealt, decided, traded and paid, by player index. Scores, metrics and the laboratory's
 * files are functions of it. Reads headers and records, never a state.
 */
import type { EpisodeLog } from '../core/log.ts'
import type { AgentId } from '../core/tool.ts'
import type { SpatialConfig } from './config.ts'
import type { Side } from './market.ts'
import {
  type Cond,
  type Condition,
  indexOf,
  PAYMENT,
  type Pair,
  type Payment,
  type Role,
  type Roster,
  rosterOf,
  SHOW_UP_FEE,
} from './roster.ts'
import type { Deal } from './settlement.ts'
import type { Appraisal, Choice, Declaration, Message, Selection, SpatialEvent } from './state.ts'
import type { SpatialTypes } from './types.ts'

/** What can happen to a book. `price` is null for an order at any price, `order` for one that never came to rest. */
export type BookFact =
  | {
      readonly kind: 'posted'
      readonly player: number
      readonly side: Side
      readonly price: number | null
      readonly order: number | null
    }
  | {
      readonly kind: 'traded'
      readonly buyer: number
      readonly seller: number
      readonly price: number
      readonly taker: Side
    }
  | { readonly kind: 'cancelled'; readonly player: number; readonly order: number }

/** It happened in that turn, as the `at`-th event of the round over both books. */
export type BookEvent = BookFact & { readonly at: number; readonly tick: number }

export interface MarketRecord {
  readonly publicSignal: number
  readonly events: BookEvent[]
  /** Median of the last seven prices at the close. */
  median: number | null
  /** Per player at the close. */
  cash: readonly number[]
  shares: readonly number[]
}

export interface LandRecord {
  readonly kind: 'land'
  /** Per player, of those who published some; empty where nobody appraises. */
  readonly appraisals: (readonly Appraisal[])[]
  /** Per plot. */
  readonly initial: Declaration<Pair>[]
  readonly final: Declaration<number>[]
  /** Per player; land holders have none. */
  readonly selected: (Selection | undefined)[]
  readonly finalSelected: (Selection | undefined)[]
  chosen: Cond | null
  readonly markets: [MarketRecord | null, MarketRecord | null]
  deals: readonly Deal[]
  finalDeals: readonly Deal[]
  /** Points a share paid. */
  sharePrice: number | null
}

export interface VoteRecord {
  readonly kind: 'vote'
  readonly messages: Message[]
  /** Per player; the developer has none. */
  readonly requests: (Declaration<number> | undefined)[]
  offer: Declaration<number> | null
  readonly votes: (Declaration<Choice> | undefined)[]
  /** What the developer paid each owner of his own accord; null where nothing was to be paid, or nobody asked him. */
  payment: Declaration<number> | null
  chosen: Cond | null
}

export interface RoundRecord {
  /** 0 is the practice round. */
  readonly round: number
  /** Per plot. */
  readonly values: readonly Pair[]
  /** Per player; empty in the voting treatment. */
  readonly signals: readonly Pair[]
  readonly play: LandRecord | VoteRecord
  /** Points per player; null while the round is on. */
  payoffs: readonly number[] | null
}

/** How a seat behaved towards the rules. */
export interface Conduct {
  /** Calls carried out, calls refused, and decisions left to the default. */
  accepted: number
  refused: number
  defaulted: number
}

export interface Session {
  readonly config: SpatialConfig
  readonly roster: Roster
  readonly payment: Readonly<Record<Role, Payment>>
  readonly showUpFee: number
  readonly rounds: RoundRecord[]
  /** The round that is paid and each player's euros; null until the end. */
  paid: { readonly round: number; readonly euros: readonly number[] } | null
  /** Per player: letters that stand for it at the cash desk, where a record of the laboratory names them. */
  tokens?: readonly string[]
  /** Per player. */
  readonly conduct: readonly Conduct[]
}

/** A round that was played to its end. */
export interface Finished extends RoundRecord {
  readonly payoffs: readonly number[]
}

export function newSession(
  config: SpatialConfig,
  payment: Readonly<Record<Role, Payment>> = PAYMENT[config.treatment],
  showUpFee = SHOW_UP_FEE,
): Session {
  const roster = rosterOf(config)
  return {
    config,
    roster,
    payment,
    showUpFee,
    rounds: [],
    paid: null,
    conduct: roster.agents.map(() => ({ accepted: 0, refused: 0, defaulted: 0 })),
  }
}

/** The rounds that were played to their end, the practice round among them. */
export function settledRounds({ rounds }: Session): Finished[] {
  return rounds.filter((round): round is Finished => round.payoffs !== null)
}

/** The paid ones among them: what scores and metrics are computed from. */
export function finishedRounds(session: Session): Finished[] {
  return settledRounds(session).filter(({ round }) => round > 0)
}

/** Reads any prefix of a log. */
export function sessionOf(log: EpisodeLog<SpatialTypes>): Session {
  const session = newSession(log.header.config as SpatialConfig)
  for (const { results, events } of log.steps) {
    for (const [agent, told] of Object.entries(results)) {
      const conduct = session.conduct[session.roster.index[agent]!]!
      for (const { ok } of told) conduct[ok ? 'accepted' : 'refused']++
    }
    for (const event of events) read(session, event)
  }
  return session
}

/** Adds one event to the session it belongs to. */
export function read(session: Session, event: SpatialEvent): void {
  const { index, agents, plots } = session.roster
  const player = (agent: AgentId): number => index[agent]!
  const round = session.rounds.at(-1)
  const land = (): LandRecord => round!.play as LandRecord
  const vote = (): VoteRecord => round!.play as VoteRecord
  if ('declared' in event && !event.declared) session.conduct[player(event.agent)]!.defaulted++

  switch (event.type) {
    case 'round_began':
      session.rounds.push({
        round: event.round,
        values: plots.map(plot => event.values[plot]!),
        signals: agents.flatMap(agent => (event.signals[agent] === undefined ? [] : [event.signals[agent]])),
        play: session.config.treatment === 'voting' ? newVote() : newLand(),
        payoffs: null,
      })
      break
    case 'appraised':
      if (event.declared)
        land().appraisals[player(event.agent)] = event.appraisals.map(({ plot, no_project, project }) => ({
          plot: player(plot),
          values: [no_project, project],
        }))
      break
    case 'declared':
      land().initial[player(event.agent)] = { value: [event.no_project, event.project], declared: event.declared }
      break
    case 'plots_selected': {
      const stage = event.stage === 'initial' ? land().selected : land().finalSelected
      stage[player(event.agent)] = { plots: [event.no_project.map(player), event.project.map(player)], declared: event.declared }
      break
    }
    case 'condition_chosen':
      round!.play.chosen = indexOf(event.condition)
      break
    case 'speculation_settled': {
      const deals = event.deals.map(({ speculator, plot, profit }) => ({
        speculator: player(speculator),
        plot: player(plot),
        profit,
      }))
      if (event.stage === 'initial') land().deals = deals
      else land().finalDeals = deals
      break
    }
    case 'market_opened':
      land().markets[indexOf(event.condition)] = {
        publicSignal: event.public_signal,
        events: [],
        median: null,
        cash: [],
        shares: [],
      }
      break
    case 'order_posted': {
      const { agent, side, price, order } = event
      happened(land(), event, { kind: 'posted', player: player(agent), side, price, order })
      break
    }
    case 'traded': {
      const { buyer, seller, price, taker } = event
      happened(land(), event, { kind: 'traded', buyer: player(buyer), seller: player(seller), price, taker })
      break
    }
    case 'order_cancelled':
      happened(land(), event, { kind: 'cancelled', player: player(event.agent), order: event.order })
      break
    case 'market_closed': {
      const market = land().markets[indexOf(event.condition)]!
      market.median = event.median
      market.cash = agents.map(agent => event.cash[agent]!)
      market.shares = agents.map(agent => event.shares[agent]!)
      break
    }
    case 'declared_final':
      land().final[player(event.agent)] = { value: event.value, declared: event.declared }
      break
    case 'message_sent':
      vote().messages.push({ phase: event.phase, from: player(event.from), to: event.to.map(player), text: event.text })
      break
    case 'compensation_requested':
      vote().requests[player(event.agent)] = { value: event.amount, declared: event.declared }
      break
    case 'compensation_offered':
      vote().offer = { value: event.amount, declared: event.declared }
      break
    case 'compensation_paid':
      vote().payment = { value: event.amount, declared: event.declared }
      break
    case 'voted':
      vote().votes[player(event.agent)] = { value: event.choice, declared: event.declared }
      break
    case 'round_settled':
      round!.payoffs = agents.map(agent => event.payoffs[agent]!)
      if (round!.play.kind === 'land') round!.play.sharePrice = event.share_price
      break
    case 'session_paid':
      session.paid = { round: event.round, euros: agents.map(agent => event.euros[agent]!) }
      break
  }
}

function happened({ markets }: LandRecord, { condition, tick }: { condition: Condition; tick: number }, fact: BookFact): void {
  const at = markets.reduce((count, market) => count + (market?.events.length ?? 0), 0)
  markets[indexOf(condition)]!.events.push({ ...fact, at, tick })
}

export function newLand(): LandRecord {
  return {
    kind: 'land',
    appraisals: [],
    initial: [],
    final: [],
    selected: [],
    finalSelected: [],
    chosen: null,
    markets: [null, null],
    deals: [],
    finalDeals: [],
    sharePrice: null,
  }
}

export function newVote(): VoteRecord {
  return { kind: 'vote', messages: [], requests: [], offer: null, votes: [], payment: null, chosen: null }
}

/** Prices of a market's trades in order. */
export function tradePrices({ events }: MarketRecord): number[] {
  return events.flatMap(event => (event.kind === 'traded' ? [event.price] : []))
}

/** A book as it stood before an event: prices in the order the orders came. */
export interface BookState {
  readonly bids: readonly number[]
  readonly asks: readonly number[]
  /** The best bid and the best ask; null where there is none. */
  readonly bid: number | null
  readonly ask: number | null
}

/** Every event of a market with the book before it. */
export function* withBook({ events }: MarketRecord): Generator<readonly [event: BookEvent, before: BookState]> {
  const resting: { readonly order: number; readonly player: number; readonly side: Side; readonly price: number }[] = []
  const prices = (side: Side): number[] => resting.filter(order => order.side === side).map(order => order.price)
  for (const event of events) {
    const bids = prices('bid')
    const asks = prices('ask')
    yield [
      event,
      { bids, asks, bid: bids.length === 0 ? null : Math.max(...bids), ask: asks.length === 0 ? null : Math.min(...asks) },
    ]
    if (event.kind === 'posted') {
      const { order, player, side, price } = event
      if (order !== null && price !== null) resting.push({ order, player, side, price })
    } else if (event.kind === 'cancelled') {
      resting.splice(
        resting.findIndex(({ order }) => order === event.order),
        1,
      )
    } else {
      // The oldest order of the other side at that price and of that player is the one that was met.
      const side = event.taker === 'bid' ? 'ask' : 'bid'
      const whose = event.taker === 'bid' ? event.seller : event.buyer
      resting.splice(
        resting.findIndex(order => order.side === side && order.player === whose && order.price === event.price),
        1,
      )
    }
  }
}
