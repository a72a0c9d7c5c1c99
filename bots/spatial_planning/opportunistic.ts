/**
 * Self-interested within the rules: shades its declarations, declares in the end what pays best given how often its plot is bought,
 * buys what looks cheap, and makes a market, follows a trend or trades on value by its seat.
 */
import type { Observation } from '../../envs/spatial_planning/observe.ts'
import { indexOf, percentile, type Range, type Role, rangeOf, rosterOf, SHARES } from '../../envs/spatial_planning/roster.ts'
import { signalWidth } from '../../envs/spatial_planning/stimuli.ts'
import {
  type Context,
  carryingOffer,
  character,
  declaredAt,
  firstDeal,
  type Habits,
  isBargain,
  isSureGain,
  lossOf,
  preferred,
  purchaseCost,
  rationalVote,
} from './common.ts'
import { type Desk, fairValue, valueTurn } from './desk.ts'
import { decidingDeclaration, Forecast, type Pull } from './forecast.ts'
import { credibility, isExposed, PLAUSIBLE, Trust } from './trust.ts'

const clip = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** How often each speculator may buy a plot in a round: in both speculations. */
const CHANCES = 2

/** What an opportunist has learnt of the others, from his own rounds. */
export class Experience {
  /** Dividends paid to private signals, halved into the past: how far below the truth final declarations are. */
  discount = 0.97
  /** Purchases of the own plot in finished rounds. */
  purchases = 0
  /** Percentile, as a share, below which a declaration looks cheap. */
  threshold = 0.3
  /** Finished rounds that were looked at. */
  rounds = 0
  #last = -1
  #signals: Observation['signals'] = [null, null]

  notice({ history, signals }: Observation): void {
    for (const { round, chosen, account } of history) {
      if (round <= this.#last || account.kind !== 'land') continue
      this.#last = round
      this.rounds++
      const signal = this.#signals[indexOf(chosen)]
      if (signal !== null) this.discount = this.discount / 2 + clip(account.sharePrice / signal, 0.5, 1.1) / 2
      this.purchases += (account.initialBuyers ?? 0) + (account.finalBuyers ?? 0)
      this.threshold = clip(this.threshold + 0.05 * Math.sign(account.initialDeals + account.finalDeals), 0.1, 0.6)
    }
    if (signals.some(signal => signal !== null)) this.#signals = signals
  }
}

/**
 * The final declaration of 51 between the lower end and the truth that costs least: its tax, less the part that comes back as
 * dividend, plus half the difference where the plot is bought. The chance that one speculator buys falls with the square of the
 * declaration's place in its range; `caution` scales what experience suggests. A plot whose first buyers know a floor of its
 * value is bought below it.
 */
export function thriftyDeclaration(
  seen: Observation,
  { config }: Context,
  { purchases, rounds }: Experience,
  caution = 1,
): number {
  const chosen = indexOf(seen.shared.chosen!)
  const { values, low } = seen.land!
  const value = values[chosen]
  // Who knows what it is worth buys at once.
  if (isExposed(seen)) return value
  const initial = seen.declared![chosen]
  const { buyers } = seen.boughtPlot!
  const floor = buyers > 0 && value > initial ? initial + (value - initial) / buyers : 0
  const chances = config.speculators * CHANCES * rounds
  const eager = clip((2 + purchases) / (4 + chances), 0.05, 0.95) * caution
  const taxKept = (config.final_tax / 100) * (1 - seen.holdings!.shares / SHARES)
  const range = rangeOf(seen.agent, chosen)
  let best = value
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i <= 50; i++) {
    const declared = low[chosen] + ((value - low[chosen]) * i) / 50
    const bought = declared < floor ? 1 : anyBuys(eager, declared, range, config.speculators)
    const cost = taxKept * declared + (bought * (value - declared)) / 2
    if (cost < least) {
      least = cost
      best = declared
    }
  }
  return Math.round(best)
}

/** The chance that at least one of the speculators buys at that declaration. */
function anyBuys(eager: number, declared: number, range: Range, speculators: number): number {
  const one = eager * (1 - percentile(declared, range) / 100) ** 2
  return 1 - (1 - one) ** speculators
}

/** How it pulls at a decision. */
const PULL: Pull = { liked: 0.8, other: 0.8, safety: 2, most: 2 }

function opportunisticHabits(context: Context): Habits {
  const { config, seat } = context
  const experience = new Experience()
  const trust = new Trust()
  const forecast = new Forecast(trust, config)
  const noise = signalWidth(config)
  const cost = purchaseCost(config, 2)
  const style = STYLES[(rosterOf(config).index[seat.agent]! + 1) % STYLES.length]!
  return {
    notice(seen) {
      experience.notice(seen)
      trust.notice(seen)
      forecast.notice(seen)
    },
    appraise: ({ inspected = [] }) => inspected,
    declare(seen) {
      if (seen.appraisals !== undefined && seen.role === 'developer') return decidingDeclaration(seen, 1, forecast, PULL)
      const { values, low, cap } = seen.land!
      const wanted = preferred(seen.role)
      const shade = (condition: 0 | 1): number =>
        condition === wanted
          ? Math.min(cap[condition], Math.round(1.15 * values[condition]))
          : Math.max(low[condition], Math.round(0.95 * values[condition]))
      return [shade(0), shade(1)]
    },
    declareFinal: seen => thriftyDeclaration(seen, context, experience),
    select: (seen, condition, stage) =>
      seen.shared.plots.filter(plot => {
        const declared = declaredAt(seen, plot, condition, stage)
        const range = rangeOf(plot, condition)
        const believed = trust.believed(seen, plot, condition)
        if (believed !== undefined) return isSureGain(seen, plot, condition, stage, { believed, cost })
        if (stage === 'final' && isBargain(plot, trust, config)) return true
        if (stage === 'final' && (firstDeal(seen, plot) ?? 0) < 0) return declared < range.low
        return isSureGain(seen, plot, condition, stage) || percentile(declared, range) / 100 < experience.threshold
      }),
    trade(desk) {
      // Who knows how a decision stands knows where to push.
      if (config.appraisals !== undefined && config.treatment === 'futarchy' && seat.role === 'developer')
        press(desk, desk.index === 1, PUSH)
      else style(desk, fairValue(desk, noise, config) * experience.discount, config.shares[seat.role as Role])
    },
    message: () => undefined,
    request: seen => Math.round(1.3 * lossOf(seen)),
    offer: seen =>
      seen.shared.pledged === true
        ? Math.round(Math.min(PLAUSIBLE, carryingOffer(seen) / credibility(seen)))
        : Math.round(0.85 * carryingOffer(seen)),
    vote: rationalVote,
    // A promise is worth keeping while there is a next one.
    pay: ({ shared }) => (shared.round < shared.rounds ? (shared.offer ?? 0) : 0),
  }
}

/** How far from the private signal it takes a price: to this many times it, or as small a part. */
const PUSH = 1.5

/** With all the actions there are drives the wanted market's price up and the other's down, and leaves a quote at the end of the way. */
export function press(desk: Desk, wanted: boolean, push: number): void {
  const { privateSignal } = desk.view
  const most = Math.round(push * privateSignal)
  const least = Math.round(privateSignal / push)
  if (wanted) {
    while (desk.bestAsk !== null && desk.bestAsk <= most && desk.buy());
    desk.bid(most)
  } else {
    while (desk.bestBid !== null && desk.bestBid >= least && desk.sell());
    desk.ask(least)
  }
}

type Style = (desk: Desk, fair: number, endowment: number) => void

/** By player number: every third makes a market, the next follows the trend, the last trades on value. */
const STYLES: readonly Style[] = [makeMarket, followTrend, valueTurn]

/** A quote is left where it is while it lies this close to where it should be: half of the distance it is put at. */
const STALE = 0.005

/** Quotes both sides 1 % around the mean of value and median, lower the more shares are held; replaces a quote that went stale. */
function makeMarket(desk: Desk, fair: number, endowment: number): void {
  const { median, shares } = desk.view
  const centre = (median === null ? fair : (fair + median) / 2) * (1 - 0.002 * (shares - endowment))
  const bid = Math.round(0.99 * centre)
  const ask = Math.round(1.01 * centre)
  const stale = (price: number, target: number): boolean => Math.abs(price - target) > STALE * centre
  if (!desk.quotesBid) desk.bid(bid)
  if (!desk.quotesAsk) desk.ask(ask)
  for (const order of desk.ownBids) if (stale(order.price, bid) && desk.left > 1 && desk.cancel(order)) desk.bid(bid)
  for (const order of desk.ownAsks) if (stale(order.price, ask) && desk.left > 1 && desk.cancel(order)) desk.ask(ask)
}

/** Buys while prices rise and sells while they fall, not far from value; else trades on value. */
function followTrend(desk: Desk, fair: number): void {
  const [first, , last] = desk.view.trades.slice(-3).map(trade => trade.price)
  const { bestAsk, bestBid } = desk
  if (first !== undefined && last !== undefined) {
    if (last > first && bestAsk !== null && bestAsk <= 1.03 * fair && desk.buy()) return
    if (last < first && bestBid !== null && bestBid >= 0.97 * fair && desk.sell()) return
  }
  valueTurn(desk, fair)
}

export const opportunistic = character(opportunisticHabits)
