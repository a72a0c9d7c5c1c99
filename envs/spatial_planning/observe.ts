/**
 * What a player sees, as data. Who sees what follows the laboratory's screens: land holders always see their own real values,
 * speculators none that the configuration does not show them; sealed decisions are shown to nobody before all are in; the book is
 * anonymous. The words of it are `render.ts`'s.
 */
import { deepFreeze } from '../core/plain.ts'
import type { AgentId } from '../core/tool.ts'
import { type Book, median7, type Order, reservedCash, reservedShares } from './market.ts'
import { phaseRule, sweepsOf } from './phases.ts'
import {
  CONDITIONS,
  type Cond,
  type Condition,
  capOf,
  endsOf,
  indexOf,
  isLand,
  MARKET_SECONDS,
  type Pair,
  PLOTS,
  type Plot,
  percentile,
  type Role,
  rangeOf,
  rosterOf,
  type Treatment,
} from './roster.ts'
import { decideByMedian, publicSignal, speculationResult } from './settlement.ts'
import type { LandPlay, Phase, RoundAccount, SpatialState, VotePlay } from './state.ts'
import { inspectedPlots } from './stimuli.ts'

/** What everybody may see. */
export interface Shared {
  readonly treatment: Treatment
  /** 0 is the practice round. */
  readonly round: number
  readonly practice: boolean
  /** Paid rounds of the session. */
  readonly rounds: number
  readonly phase: Phase
  /** The turn each player has in a market or conversation, from 1; null where all decide at once. */
  readonly turn: number | null
  readonly turns: number | null
  /** What is left of the laboratory's 270 seconds of market. */
  readonly secondsLeft: number | null
  readonly plots: readonly Plot[]
  /** Percent. */
  readonly taxes: { readonly initial: number; readonly final: number }
  /** The condition that was chosen; null until it is. */
  readonly chosen: Condition | null
  /** What a share would pay if the initial declarations were final; null where not told. */
  readonly publicSignal: readonly [number | null, number | null]
  /** Futarchy, while the markets are open: the condition their prices would choose now. */
  readonly leading: Condition | null
  /** Voting: the developer's offer to every owner; null until it is made. */
  readonly offer: number | null
  /** True where nothing is told twice; absent otherwise. */
  readonly brief?: true
  /** True where an offer is a promise, and what is paid is decided later; absent where it is simply paid. */
  readonly pledged?: true
}

/** What a speculator says a plot is worth; whether it is true only its holder knows, and whoever was shown the plot. */
export interface AppraisalView {
  readonly speculator: AgentId
  readonly plot: Plot
  readonly values: Pair
}

export interface DeclarationView {
  readonly plot: Plot
  /** Points per condition; null where not shown. */
  readonly declared: readonly [number | null, number | null]
  /** Place in the range; told to speculators. */
  readonly percentile: readonly [number | null, number | null]
}

export interface OrderView {
  readonly price: number
  readonly mine: boolean
  /** The order's number where it is one's own. */
  readonly id: number | null
  /** Whose it is; absent, as on the laboratory's screens, unless a server's own names are asked for. */
  readonly player?: AgentId
}

export interface TradeView {
  readonly price: number
  readonly turn: number
  readonly mine: 'bought' | 'sold' | null
  /** Who traded; absent as `OrderView.player` is. */
  readonly buyer?: AgentId
  readonly seller?: AgentId
}

/** One market as its player sees it. */
export interface MarketView {
  readonly publicSignal: number
  readonly privateSignal: number
  readonly cash: number
  readonly freeCash: number
  readonly shares: number
  readonly freeShares: number
  /** Best first. */
  readonly bids: readonly OrderView[]
  readonly asks: readonly OrderView[]
  /** The last trades, oldest first. */
  readonly trades: readonly TradeView[]
  /** Trades so far. */
  readonly traded: number
  /** Median of the last seven prices. */
  readonly median: number | null
}

export interface MessageView {
  readonly from: AgentId
  readonly to: readonly AgentId[]
  readonly text: string
}

export interface HistoryView {
  readonly round: number
  readonly chosen: Condition
  readonly account: RoundAccount
}

export interface Observation {
  readonly shared: Shared
  readonly agent: AgentId
  readonly role: Role
  /** Own land: real values, the public range they come from and the most that may be declared; null for speculators. */
  readonly land: { readonly values: Pair; readonly low: Pair; readonly high: Pair; readonly cap: Pair } | null
  /** Own initial declaration once made. */
  readonly declared: Pair | null
  /** All initial declarations; null until told, or where only speculators are told. */
  readonly declarations: readonly DeclarationView[] | null
  /** How many bought the own plot in the first speculation and what that brought (below zero: cost); null until told. */
  readonly boughtPlot: { readonly buyers: number; readonly result: number; readonly by?: readonly AgentId[] } | null
  /** What a speculator was shown of the real values of some plots; absent where the configuration shows nobody anything. */
  readonly inspected?: readonly { readonly plot: Plot; readonly values: Pair }[]
  /** What speculators published, as far as one reads it; absent where nobody appraises. */
  readonly appraisals?: readonly AppraisalView[]
  /** A speculator's own purchases of the first speculation; null until told. */
  readonly deals: readonly { readonly plot: Plot; readonly profit: number }[] | null
  readonly markets: { readonly [C in Condition]?: MarketView }
  /** Own cash and shares after the market, under the chosen condition. */
  readonly holdings: { readonly cash: number; readonly shares: number } | null
  /** Own private signals; null where not told. */
  readonly signals: readonly [number | null, number | null]
  /** All final declarations (percentiles told to speculators); null until told. */
  readonly finals: readonly { readonly plot: Plot; readonly declared: number; readonly percentile: number | null }[] | null
  /** Voting: an owner's own request; null until made. */
  readonly request: number | null
  /** Voting, the developer: all requests, lowest first; null until told. */
  readonly requests: readonly number[] | null
  /** Messages of this round that one sent or received. */
  readonly messages: readonly MessageView[]
  /** Own results of the finished paid rounds; of the practice round until the first paid one is over, instead of a screen of its own. */
  readonly history: readonly HistoryView[]
}

/** Phases in which the initial declarations lie open, and those in which the first speculation does. */
const DECLARED: readonly Phase[] = ['speculation', 'market', 'final_declaration', 'final_speculation']
const SIGNALLED: readonly Phase[] = ['market', 'final_declaration', 'final_speculation']

export function shared(state: SpatialState): Shared {
  const { config, phase, play, sweep } = state
  const { plots } = rosterOf(config)
  const turns = phaseRule(state)?.play === 'turns' ? sweepsOf(config, phase) : null
  const chosen = play.kind === 'land' && play.chosen !== null ? CONDITIONS[play.chosen] : null
  return {
    treatment: config.treatment,
    round: state.round,
    practice: state.round === 0,
    rounds: config.rounds,
    phase,
    turn: turns && sweep,
    turns,
    secondsLeft: phase === 'market' ? Math.round(MARKET_SECONDS * (1 - (sweep - 1) / config.ticks)) : null,
    plots,
    taxes: { initial: config.initial_tax, final: config.final_tax },
    chosen,
    publicSignal: play.kind === 'land' && SIGNALLED.includes(phase) ? publicSignals(play, config.final_tax) : NOT_TOLD,
    leading: play.kind === 'land' && phase === 'market' ? leading(play, state) : null,
    offer: play.kind === 'vote' ? (play.offer?.value ?? null) : null,
    ...(config.brief === true && { brief: true as const }),
    ...(config.pledges !== undefined && { pledged: true as const }),
  }
}

function appraisalViews({ config, phase, play }: SpatialState, role: Role): readonly AppraisalView[] {
  if (phase === 'appraisal' || play.kind !== 'land') return []
  if (config.appraisals!.readers === 'speculators' && isLand(role)) return []
  const { agents } = rosterOf(config)
  return play.appraisals!.flatMap((published, player) =>
    (published?.value ?? []).map(({ plot, values: [without, withProject] }) => ({
      speculator: agents[player]!,
      plot: PLOTS[plot]!,
      values: [without, withProject] as const,
    })),
  )
}

const NOT_TOLD: readonly [null, null] = Object.freeze([null, null])

/** Told for the chosen condition, or for both while none is. */
function told<V>(chosen: Cond | null, of: (condition: Cond) => V): [V | null, V | null] {
  return [chosen === 1 ? null : of(0), chosen === 0 ? null : of(1)]
}

function publicSignals(play: LandPlay, final_tax: number): [number | null, number | null] {
  return told(play.chosen, condition =>
    publicSignal(
      play.initial.map(made => made!.value[condition]),
      final_tax,
    ),
  )
}

function leading({ books }: LandPlay, { config }: SpatialState): Condition | null {
  const [noProject, project] = books
  if (noProject === null || project === null) return null
  return CONDITIONS[decideByMedian([median7(noProject), median7(project)], config.tie)]
}

/** What an observation of a vote leaves blank, and one of a round with declarations. */
type OfLand = 'declared' | 'declarations' | 'boughtPlot' | 'deals' | 'markets' | 'holdings' | 'signals' | 'finals'
type OfVote = 'request' | 'requests' | 'messages'

const NO_LAND: Pick<Observation, OfLand> = {
  declared: null,
  declarations: null,
  boughtPlot: null,
  deals: null,
  markets: Object.freeze({}),
  holdings: null,
  signals: NOT_TOLD,
  finals: null,
}
const NO_VOTE: Pick<Observation, OfVote> = {
  request: null,
  requests: null,
  messages: Object.freeze([]) as readonly MessageView[],
}

/** The public limits of every plot. */
const LIMITS: Readonly<Record<Plot, Omit<NonNullable<Observation['land']>, 'values'>>> = deepFreeze(
  Object.fromEntries(
    PLOTS.map(plot => [
      plot,
      {
        low: endsOf(plot, 'low'),
        high: endsOf(plot, 'high'),
        cap: [capOf(plot, 0), capOf(plot, 1)] as Pair,
      },
    ]),
  ) as Record<Plot, Omit<NonNullable<Observation['land']>, 'values'>>,
)

export function observe(state: SpatialState, agent: AgentId, view: Shared): Observation {
  const { config, play, stimulus, history } = state
  const roster = rosterOf(config)
  const player = roster.index[agent]!
  const role = roster.roles[player]!
  const plot = roster.plots[player]
  const own = stimulus.values[player]
  return {
    shared: view,
    agent,
    role,
    land: plot === undefined ? null : { values: [own![0], own![1]], ...LIMITS[plot] },
    ...(config.appraisals !== undefined && { appraisals: appraisalViews(state, role) }),
    ...(config.inspect !== undefined && { inspected: inspectedBy(state, player, role) }),
    history: history.flatMap(({ round, practice, chosen, accounts }) =>
      practice && state.round > 1 ? [] : [{ round, chosen: CONDITIONS[chosen], account: { ...accounts[player]! } }],
    ),
    ...(play.kind === 'vote' ? NO_LAND : seenOfLand(state, play, player, view)),
    ...(play.kind === 'vote' ? seenOfVote(play, player, role, view) : NO_VOTE),
  }
}

function inspectedBy({ config, seed, round, stimulus }: SpatialState, player: number, role: Role) {
  if (isLand(role)) return []
  return inspectedPlots(config, seed, round, player).map(plot => {
    const [without, withProject] = stimulus.values[plot]!
    return { plot: PLOTS[plot]!, values: [without, withProject] as const }
  })
}

function seenOfVote(play: VotePlay, player: number, role: Role, { phase }: Shared): Pick<Observation, OfVote> {
  const asked = phase === 'offer' || phase === 'reply' || phase === 'vote' || phase === 'payment'
  return {
    request: play.requests[player]?.value ?? null,
    requests:
      role === 'developer' && asked
        ? play.requests.flatMap(made => (made === null ? [] : [made.value])).sort((a, b) => a - b)
        : null,
    messages: play.messages
      .filter(({ from, to }) => from === player || to.includes(player))
      .map(({ from, to, text }) => ({ from: PLOTS[from]!, to: to.map(reader => PLOTS[reader]!), text })),
  }
}

function seenOfLand(
  { config, phase, stimulus }: SpatialState,
  play: LandPlay,
  player: number,
  view: Shared,
): Pick<Observation, OfLand> {
  const { plots, roles } = rosterOf(config)
  const speculator = !isLand(roles[player]!)
  const seesDeclarations = speculator || config.declarations === 'all'
  const settled = play.deals !== null && SIGNALLED.includes(phase) ? play.deals : null
  const own = play.initial[player]?.value
  const signals = SIGNALLED.includes(phase) ? told(play.chosen, condition => stimulus.signals[player]![condition]) : NOT_TOLD
  const closed = phase === 'final_declaration' || phase === 'final_speculation' ? play.books[play.chosen!] : null
  return {
    declared: own === undefined ? null : [own[0], own[1]],
    declarations:
      seesDeclarations && DECLARED.includes(phase)
        ? plots.map((plot, i) => {
            const declared = told(play.chosen, condition => play.initial[i]!.value[condition])
            return {
              plot,
              declared,
              percentile: speculator
                ? told(play.chosen, condition => percentile(declared[condition]!, rangeOf(plot, condition)))
                : [null, null],
            }
          })
        : null,
    boughtPlot:
      settled === null || speculator
        ? null
        : { buyers: settled.filter(deal => deal.plot === player).length, result: speculationResult(settled, player) },
    deals:
      settled !== null && speculator
        ? settled.filter(deal => deal.speculator === player).map(({ plot, profit }) => ({ plot: PLOTS[plot]!, profit }))
        : null,
    markets: phase === 'market' ? marketViews(play, player, view, signals) : {},
    holdings: closed === null ? null : { cash: closed.cash[player]!, shares: closed.shares[player]! },
    signals,
    finals:
      phase === 'final_speculation' && seesDeclarations
        ? plots.map((plot, i) => {
            const declared = play.final[i]!.value
            return { plot, declared, percentile: speculator ? percentile(declared, rangeOf(plot, play.chosen!)) : null }
          })
        : null,
  }
}

function marketViews(
  play: LandPlay,
  player: number,
  view: Shared,
  signals: readonly [number | null, number | null],
): Observation['markets'] {
  const views: { [C in Condition]?: MarketView } = {}
  for (const condition of CONDITIONS) {
    const i = indexOf(condition)
    const book = play.books[i]
    if (book !== null) views[condition] = marketView(book, player, view.publicSignal[i]!, signals[i]!)
  }
  return views
}

function marketView(book: Book, player: number, publicSignal: number, privateSignal: number): MarketView {
  const order = ({ id, price, player: whose }: Order): OrderView => ({
    price,
    mine: whose === player,
    id: whose === player ? id : null,
  })
  return {
    publicSignal,
    privateSignal,
    cash: book.cash[player]! + reservedCash(book, player),
    freeCash: book.cash[player]!,
    shares: book.shares[player]! + reservedShares(book, player),
    freeShares: book.shares[player]!,
    bids: book.bids.map(order),
    asks: book.asks.map(order),
    trades: book.tape.map(({ price, tick, buyer, seller }) => ({
      price,
      turn: tick,
      mine: buyer === player ? 'bought' : seller === player ? 'sold' : null,
    })),
    traded: book.traded,
    median: median7(book),
  }
}
