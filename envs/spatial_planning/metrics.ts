/**
 * Numbers of a session and of one seat, from the log alone. Practice and unfinished rounds do not count. The same table measures
 * a whole session, a single round, or a session read from the laboratory's files.
 */

import type { MetricDoc, Metrics } from '../core/environment.ts'
import { meanOrNull, median, sum } from '../core/sums.ts'
import { type Cond, isLand, type Pair, SHARES } from './roster.ts'
import { statements, truthfulness } from './score.ts'
import {
  type Finished,
  finishedRounds,
  type LandRecord,
  type MarketRecord,
  type Session,
  sessionOf,
  tradePrices,
  type VoteRecord,
  withBook,
} from './session.ts'
import { decideBySum, eurosOf, speculationResult, taxOn } from './settlement.ts'
import type { SpatialTypes } from './state.ts'
import { sharePerPoint, total } from './stimuli.ts'

/** What a metric looks at. */
interface Scope {
  readonly session: Session
  readonly rounds: readonly Finished[]
  readonly player: number
}

interface MetricRule extends MetricDoc {
  of(scope: Scope): number | null
}

const ratio = (above: number, below: number): number | null => (below === 0 ? null : above / below)
const share = <V>(items: readonly V[], holds: (item: V) => boolean): number | null =>
  ratio(items.filter(holds).length, items.length)
const defined = <V>(items: readonly (V | null | undefined)[]): V[] =>
  items.filter((item): item is V => item !== null && item !== undefined)

/** A finished round with declarations and a market, with what is asked of it again and again. */
interface LandRound {
  readonly round: Finished
  readonly play: LandRecord
  readonly chosen: Cond
  readonly market: MarketRecord
  readonly prices: readonly number[]
  readonly values: readonly number[]
  readonly initial: readonly number[]
  readonly final: readonly number[]
}

function landRounds({ rounds }: Scope): LandRound[] {
  return rounds.flatMap(round => {
    const { play, values } = round
    if (play.kind !== 'land') return []
    const chosen = play.chosen!
    const market = play.markets[chosen]!
    return [
      {
        round,
        play,
        chosen,
        market,
        prices: tradePrices(market),
        values: values.map(value => value[chosen]),
        initial: play.initial.map(made => made.value[chosen]),
        final: play.final.map(made => made.value),
      },
    ]
  })
}

function voteRounds({ rounds }: Scope): { readonly round: Finished; readonly play: VoteRecord }[] {
  return rounds.flatMap(round => (round.play.kind === 'vote' ? [{ round, play: round.play }] : []))
}

const totals = ({ values }: Finished): Pair => [total(values, 0), total(values, 1)]
const realised = (round: Finished): number => totals(round)[round.play.chosen!]

/** Mean of a number per round over the rounds where it is defined. */
const perRound = (scope: Scope, of: (round: LandRound) => number | null): number | null =>
  meanOrNull(defined(landRounds(scope).map(of)))

/** (mean price − fundamental) per round with a trade, and the mean fundamental: Stöckl, Huber & Kirchler's measures, rounds as periods. */
function mispricing(scope: Scope, worth: (round: LandRound) => number, size: (gap: number) => number): number | null {
  const traded = landRounds(scope).filter(({ prices }) => prices.length > 0)
  const gaps = traded.map(round => size(meanOrNull(round.prices)! - worth(round)))
  const level = meanOrNull(traded.map(worth))
  return level === null ? null : ratio(meanOrNull(gaps)!, Math.abs(level))
}

const truthfulWorth =
  ({ session }: Scope) =>
  ({ values }: LandRound): number =>
    sharePerPoint(session.config.final_tax) * sum(values)
const paidWorth = ({ play }: LandRound): number => play.sharePrice!

/** Whether exchanging a holder's initial declaration for his real values would have turned the decision by sums. */
function isPivotal({ session }: Scope, { round, play, chosen }: LandRound, plot: number): boolean {
  const honest = play.initial.map((made, i) => (i === plot ? round.values[i]! : made.value))
  return decideBySum([total(honest, 0), total(honest, 1)], session.config.tie) !== chosen
}

/** Overstatement of the preferred condition less that of the other: owners prefer no project, the developer the project. */
function exaggeration({ session }: Scope, { round, play }: LandRound, plot: number): number {
  const over = (condition: Cond): number => play.initial[plot]!.value[condition] / round.values[plot]![condition] - 1
  return session.roster.roles[plot] === 'developer' ? over(1) - over(0) : over(0) - over(1)
}

/** Purchases of either stage as they were settled, with what was declared and what it was worth. */
function purchases(
  scope: Scope,
): { readonly buyer: number; readonly plot: number; readonly declared: number; readonly value: number }[] {
  return landRounds(scope).flatMap(({ play, values, initial, final }) =>
    [play.deals, play.finalDeals].flatMap((deals, stage) =>
      deals.map(({ speculator, plot }) => ({
        buyer: speculator,
        plot,
        declared: (stage === 0 ? initial : final)[plot]!,
        value: values[plot]!,
      })),
    ),
  )
}

/** Plots declared below their value in either stage, with whether somebody bought them. */
function underDeclared(
  scope: Scope,
): { readonly gap: number; readonly bought: boolean; readonly final: boolean; readonly shares: number }[] {
  return landRounds(scope).flatMap(({ play, values, initial, final, market }) =>
    [initial, final].flatMap((declarations, stage) =>
      declarations.flatMap((declared, plot) =>
        declared < values[plot]!
          ? [
              {
                gap: values[plot]! - declared,
                bought: (stage === 0 ? play.deals : play.finalDeals).some(deal => deal.plot === plot),
                final: stage === 1,
                shares: market.shares[plot]!,
              },
            ]
          : [],
      ),
    ),
  )
}

/** Gini coefficient of non-negative numbers; null where one is negative or all are zero. */
export function gini(values: readonly number[]): number | null {
  if (values.some(value => value < 0)) return null
  const sorted = [...values].sort((a, b) => a - b)
  const n = sorted.length
  return ratio(sum(sorted.map((value, i) => (2 * (i + 1) - n - 1) * value)), n * sum(sorted))
}

/** How the events of the chosen condition's market count up. */
const counted = (scope: Scope, holds: (event: MarketRecord['events'][number]) => boolean): number | null =>
  perRound(scope, ({ market }) => market.events.filter(holds).length)

/** Prices of a market's last seven trades, and those before. */
function lateAndEarly(prices: readonly number[]): readonly [late: readonly number[], early: readonly number[]] {
  return [prices.slice(-7), prices.slice(0, -7)]
}

const WORLD: Readonly<Record<string, MetricRule>> = {
  efficiency: {
    description: 'allocative efficiency of the decisions',
    formula: 'Σ V_w / Σ max(V_0, V_1) over rounds, V_j the sum of real values under condition j, w the chosen one',
    range: '[0, 1]',
    source: 'Plott & Smith (1978)',
    of: ({ rounds }) => ratio(sum(rounds.map(realised)), sum(rounds.map(round => Math.max(...totals(round))))),
  },
  efficiency_normalised: {
    description: 'efficiency above the worst decisions, without the floor that any decision has',
    formula: '(Σ V_w − Σ min V) / (Σ max V − Σ min V)',
    range: '[0, 1]',
    source: 'agoragym',
    of({ rounds }) {
      const worst = sum(rounds.map(round => Math.min(...totals(round))))
      return ratio(sum(rounds.map(realised)) - worst, sum(rounds.map(round => Math.max(...totals(round)))) - worst)
    },
  },
  correct_decisions: {
    description: 'rounds in which the better condition was chosen; a tie counts',
    formula: 'share of rounds with V_w = max(V_0, V_1)',
    range: '[0, 1]',
    source: 'IBEX game server, column Optimal_Outcome',
    of: ({ rounds }) => share(rounds, round => realised(round) === Math.max(...totals(round))),
  },
  project_rate: {
    description: 'rounds in which the project was built',
    formula: 'share of rounds with w = project',
    range: '[0, 1]',
    source: 'agoragym',
    of: ({ rounds }) => share(rounds, ({ play }) => play.chosen === 1),
  },
  initial_ratio: {
    description: 'initial declarations to real values',
    formula: 'mean over rounds of D1_w / V_w',
    range: '≥ 0; 1 is truthful',
    source: 'agoragym',
    of: scope => perRound(scope, ({ initial, values }) => sum(initial) / sum(values)),
  },
  final_ratio: {
    description: 'final declarations to real values',
    formula: 'mean over rounds of D2 / V_w',
    range: '≥ 0; 1 is truthful',
    source: 'agoragym',
    of: scope => perRound(scope, ({ final, values }) => sum(final) / sum(values)),
  },
  exaggeration: {
    description: 'initial overstatement of the preferred condition less that of the other, all land holders',
    formula: 'mean of (d/v − 1) preferred − (d/v − 1) other',
    range: '> 0 pulls the decision',
    source: 'agoragym',
    of: scope => meanOrNull(landRounds(scope).flatMap(round => round.initial.map((_, plot) => exaggeration(scope, round, plot)))),
  },
  pivotal_lies: {
    description: 'initial declarations per round that alone turned the decision by sums; null outside the Harberger treatment',
    formula: 'holders i per round with w(d) ≠ w(v_i, d_−i)',
    range: '≥ 0',
    source: 'agoragym',
    of: scope =>
      scope.session.config.treatment === 'harberger'
        ? perRound(scope, round => round.initial.filter((_, plot) => isPivotal(scope, round, plot)).length)
        : null,
  },
  speculation_hits: {
    description: 'purchases of plots that were declared below their value',
    formula: 'P(v > d | bought), both stages',
    range: '[0, 1]',
    source: 'agoragym',
    of: scope => share(purchases(scope), ({ value, declared }) => value > declared),
  },
  speculation_capture: {
    description: 'of all under-declared value, the part on plots that somebody bought',
    formula: 'Σ_bought max(0, v − d) / Σ max(0, v − d), both stages',
    range: '[0, 1]',
    source: 'agoragym',
    of(scope) {
      const under = underDeclared(scope)
      return ratio(sum(under.filter(({ bought }) => bought).map(({ gap }) => gap)), sum(under.map(({ gap }) => gap)))
    },
  },
  discipline: {
    description: 'how often a finally under-declared plot was bought, above what makes under-declaring pay',
    formula: 'P(bought | d2 < v) − mean 2·τ2·(1 − s/100), s the shares of its holder',
    range: '[−1, 1]; > 0 makes truth the better choice',
    source: 'agoragym',
    of(scope) {
      const under = underDeclared(scope).filter(({ final }) => final)
      const breakEven = under.map(({ shares }) => 2 * (scope.session.config.final_tax / 100) * (1 - shares / SHARES))
      const bought = share(under, plot => plot.bought)
      return bought === null ? null : bought - meanOrNull(breakEven)!
    },
  },
  rd_dividend: {
    description: 'relative deviation of prices from the dividend paid',
    formula: '(1/R) Σ (P̄_r − κ·D2_r) / |mean κ·D2|, rounds with a trade',
    range: '> 0 is overpriced',
    source: 'Stöckl, Huber & Kirchler (2010), rounds as periods',
    of: scope => mispricing(scope, paidWorth, gap => gap),
  },
  rad_dividend: {
    description: 'relative absolute deviation of prices from the dividend paid',
    formula: '(1/R) Σ |P̄_r − κ·D2_r| / |mean κ·D2|',
    range: '≥ 0',
    source: 'Stöckl, Huber & Kirchler (2010), rounds as periods',
    of: scope => mispricing(scope, paidWorth, Math.abs),
  },
  rd_value: {
    description: 'relative deviation of prices from the dividend of truthful declarations',
    formula: 'as rd_dividend with κ·V_w',
    range: '> 0 is overpriced',
    source: 'Stöckl, Huber & Kirchler (2010), rounds as periods',
    of: scope => mispricing(scope, truthfulWorth(scope), gap => gap),
  },
  rad_value: {
    description: 'relative absolute deviation of prices from the dividend of truthful declarations',
    formula: 'as rad_dividend with κ·V_w',
    range: '≥ 0',
    source: 'Stöckl, Huber & Kirchler (2010), rounds as periods',
    of: scope => mispricing(scope, truthfulWorth(scope), Math.abs),
  },
  convergence_alpha: {
    description: "Smith's coefficient of convergence to the truthful worth of a share",
    formula: 'mean over rounds of 100·√(mean (p − κ·V_w)²) / κ·V_w',
    range: '≥ 0 %',
    source: 'Smith (1962)',
    of: scope => perRound(scope, round => alpha(round.prices, truthfulWorth(scope)(round))),
  },
  convergence_gain: {
    description: 'how much closer the later half of the trades came than the earlier',
    formula: 'mean over rounds of α(first half) − α(second half)',
    range: 'percentage points; > 0 converges',
    source: 'Smith (1962)',
    of: scope =>
      perRound(scope, round => {
        const half = round.prices.length >> 1
        if (half === 0) return null
        const worth = truthfulWorth(scope)(round)
        return alpha(round.prices.slice(0, half), worth)! - alpha(round.prices.slice(half), worth)!
      }),
  },
  median_error: {
    description: 'distance of the closing median from the truthful worth of a share',
    formula: 'mean |median7 − κ·V_w| / κ·V_w',
    range: '≥ 0',
    source: 'after Plott & Sunder (1988)',
    of: scope =>
      perRound(scope, round => {
        const worth = truthfulWorth(scope)(round)
        return round.market.median === null ? null : Math.abs(round.market.median - worth) / worth
      }),
  },
  private_error: {
    description: 'distance of the mean private signal from it',
    formula: 'mean |mean σ − κ·V_w| / κ·V_w',
    range: '≥ 0',
    source: 'after Plott & Sunder (1988)',
    of: scope =>
      perRound(scope, round => {
        const worth = truthfulWorth(scope)(round)
        return Math.abs(meanOrNull(round.round.signals.map(signal => signal[round.chosen]))! - worth) / worth
      }),
  },
  public_error: {
    description: 'distance of the public signal from it',
    formula: 'mean |κ·D1_w − κ·V_w| / κ·V_w',
    range: '≥ 0',
    source: 'after Plott & Sunder (1988)',
    of: scope =>
      perRound(scope, round => {
        const worth = truthfulWorth(scope)(round)
        return Math.abs(round.market.publicSignal - worth) / worth
      }),
  },
  trades: {
    description: 'trades per round under the chosen condition',
    formula: 'mean number of trades',
    range: '≥ 0',
    source: 'agoragym',
    of: scope => perRound(scope, ({ prices }) => prices.length),
  },
  turnover: {
    description: 'trades per share in circulation',
    formula: 'mean trades / Σ shares',
    range: '≥ 0',
    source: 'agoragym',
    of: scope => perRound(scope, ({ prices, market }) => ratio(prices.length, sum(market.shares))),
  },
  bids: {
    description: 'bids submitted per round under the chosen condition, at a limit or at any price',
    formula: 'mean number of bids',
    range: '≥ 0',
    source: 'IBEX game server, column Num_Bids',
    of: scope => counted(scope, event => event.kind === 'posted' && event.side === 'bid'),
  },
  asks: {
    description: 'asks submitted per round under the chosen condition, at a limit or at any price',
    formula: 'mean number of asks',
    range: '≥ 0',
    source: 'IBEX game server, column Num_Asks',
    of: scope => counted(scope, event => event.kind === 'posted' && event.side === 'ask'),
  },
  cancelled: {
    description: 'of the orders that came to rest, the part that was cancelled',
    formula: 'cancellations / resting orders',
    range: '[0, 1]',
    source: 'agoragym',
    of(scope) {
      const events = landRounds(scope).flatMap(({ market }) => market.events)
      return ratio(
        events.filter(({ kind }) => kind === 'cancelled').length,
        events.filter(event => event.kind === 'posted' && event.order !== null).length,
      )
    },
  },
  spread: {
    description: 'best ask less best bid when a trade is made, in parts of the truthful worth of a share',
    formula: 'mean over rounds of mean (ask − bid) / κ·V_w before trades with both sides quoted',
    range: 'any; negative where a player’s own orders cross',
    source: 'agoragym',
    of: scope =>
      perRound(scope, round => {
        const spreads = [...withBook(round.market)].flatMap(([{ kind }, { bid, ask }]) =>
          kind === 'traded' && bid !== null && ask !== null ? [ask - bid] : [],
        )
        const average = meanOrNull(spreads)
        return average === null ? null : average / truthfulWorth(scope)(round)
      }),
  },
  late_displacement: {
    description: 'how far the last seven trades lie from the earlier ones, the mark of a push at the bell',
    formula: 'mean over rounds of (mean of last 7 − mean of earlier) / κ·V_w',
    range: 'any',
    source: 'agoragym',
    of: scope =>
      perRound(scope, round => {
        const [late, early] = lateAndEarly(round.prices).map(meanOrNull)
        return late === null || early === null ? null : (late! - early!) / truthfulWorth(scope)(round)
      }),
  },
  price_agreement: {
    description: 'futarchy: rounds in which the two medians point to the better condition',
    formula: 'share of rounds with both medians where sign(median_1 − median_0) = sign(V_1 − V_0)',
    range: '[0, 1]',
    source: 'agoragym',
    of: scope => share(medianPairs(scope), ({ prices, round }) => Math.sign(prices[1] - prices[0]) === Math.sign(gap(round))),
  },
  price_margin: {
    description: 'futarchy: how far the medians stand apart',
    formula: 'mean |median_1 − median_0|',
    range: '≥ 0 points',
    source: 'agoragym',
    of: scope => meanOrNull(medianPairs(scope).map(({ prices }) => Math.abs(prices[1] - prices[0]))),
  },
  gini_euros: {
    description: 'inequality of what players would be paid',
    formula:
      'mean over rounds of the Gini coefficient of euros, base points and show-up fee included; rounds with a debt left out',
    range: '[0, 1]',
    source: 'Sen (1973)',
    of: scope => meanOrNull(defined(scope.rounds.map(round => gini(eurosIn(scope.session, round))))),
  },
  gini_points: {
    description: 'inequality of points; roles are exchanged at different rates, so compare it within a treatment only',
    formula: 'mean over rounds of the Gini coefficient of payoffs; rounds with a negative one left out',
    range: '[0, 1]',
    source: 'Sen (1973)',
    of: scope => meanOrNull(defined(scope.rounds.map(({ payoffs }) => gini(payoffs)))),
  },
  revenue_initial: {
    description: 'revenue of the initial tax per round',
    formula: 'mean τ1·D1_w',
    range: '≥ 0 points',
    source: 'agoragym',
    of: scope => perRound(scope, ({ initial }) => taxOn(sum(initial), scope.session.config.initial_tax)),
  },
  revenue_final: {
    description: 'revenue of the final tax per round',
    formula: 'mean τ2·D2',
    range: '≥ 0 points',
    source: 'agoragym',
    of: scope => perRound(scope, ({ final }) => taxOn(sum(final), scope.session.config.final_tax)),
  },
  collection: {
    description: 'taxes collected to those of truthful declarations',
    formula: 'mean (τ1·D1_w + τ2·D2) / ((τ1 + τ2)·V_w)',
    range: '≥ 0; 1 is truthful',
    source: 'agoragym',
    of(scope) {
      const { initial_tax, final_tax } = scope.session.config
      return perRound(
        scope,
        ({ initial, final, values }) =>
          (taxOn(sum(initial), initial_tax) + taxOn(sum(final), final_tax)) / taxOn(sum(values), initial_tax + final_tax),
      )
    },
  },
  request_ratio: {
    description: 'voting: what owners ask for to what the project costs them',
    formula: 'mean request / (v_0 − v_1) of owners who lose',
    range: '≥ 0; 1 is truthful',
    source: 'agoragym',
    of: scope =>
      meanOrNull(
        voteRounds(scope).flatMap(({ round, play }) =>
          play.requests.flatMap((request, plot) => {
            const loss = round.values[plot]![0] - round.values[plot]![1]
            return request === undefined || loss <= 0 ? [] : [request.value / loss]
          }),
        ),
      ),
  },
  offer_ratio: {
    description: 'voting: what the developer offers to the median loss of the owners',
    formula: 'mean offer / median (v_0 − v_1)',
    range: '≥ 0',
    source: 'agoragym',
    of: scope =>
      meanOrNull(
        defined(
          voteRounds(scope).map(({ round, play }) => {
            const losses = round.values.flatMap(([noProject, project], plot) =>
              scope.session.roster.roles[plot] === 'owner' ? [noProject - project] : [],
            )
            return ratio(play.offer!.value, median(losses)!)
          }),
        ),
      ),
  },
  compensation: {
    description: 'voting: compensation paid per round',
    formula: 'mean of offer × owners where the project is built, else 0',
    range: '≥ 0 points',
    source: 'agoragym',
    of: scope =>
      meanOrNull(
        voteRounds(scope).map(({ round, play }) => (play.chosen === 1 ? play.offer!.value * (round.values.length - 1) : 0)),
      ),
  },
}

function alpha(prices: readonly number[], worth: number): number | null {
  const squares = meanOrNull(prices.map(price => (price - worth) ** 2))
  return squares === null ? null : (100 * Math.sqrt(squares)) / worth
}

const gap = (round: Finished): number => totals(round)[1] - totals(round)[0]

function medianPairs(scope: Scope): { readonly round: Finished; readonly prices: Pair }[] {
  return landRounds(scope).flatMap(({ round, play }) => {
    const [noProject, project] = play.markets.map(market => market?.median ?? null)
    return noProject == null || project == null ? [] : [{ round, prices: [noProject, project] as const }]
  })
}

function eurosIn({ payment, roster, showUpFee }: Session, { payoffs }: Finished): number[] {
  return payoffs.map((payoff, player) => eurosOf(payoff, payment[roster.roles[player]!], showUpFee))
}

/** Rounds of a land holder; none where the seat holds no land. */
const held = (scope: Scope): LandRound[] => (isLand(scope.session.roster.roles[scope.player]!) ? landRounds(scope) : [])

const SEAT: Readonly<Record<string, MetricRule>> = {
  seat_points: {
    description: "the seat's payoff per round",
    formula: 'mean π',
    range: 'points',
    source: 'IBEX game server',
    of: ({ rounds, player }) => meanOrNull(rounds.map(({ payoffs }) => payoffs[player]!)),
  },
  seat_euros: {
    description: 'what the seat is paid, show-up fee included; null before the end',
    formula: 'round((base points + π)·100 / points per euro) / 100 + 5, π of the drawn round',
    range: 'euros',
    source: 'IBEX game server',
    of: ({ session, player }) => session.paid?.euros[player] ?? null,
  },
  seat_initial_ratio: {
    description: "the seat's initial declarations to its real values, both conditions",
    formula: 'mean d1 / v',
    range: '≥ 0; 1 is truthful',
    source: 'agoragym',
    of: scope =>
      meanOrNull(
        held(scope).flatMap(({ round, play }) =>
          [0, 1].map(condition => play.initial[scope.player]!.value[condition]! / round.values[scope.player]![condition]!),
        ),
      ),
  },
  seat_final_ratio: {
    description: "the seat's final declarations to its real values",
    formula: 'mean d2 / v_w',
    range: '≥ 0; 1 is truthful',
    source: 'agoragym',
    of: scope => meanOrNull(held(scope).map(({ final, values }) => final[scope.player]! / values[scope.player]!)),
  },
  seat_truthfulness: {
    description: "how close the seat's own statements came to the truth; its reputation score",
    formula: 'mean max(0, 1 − |stated − real| / real), null without a statement',
    range: '[0, 1]',
    source: 'agoragym',
    of: ({ rounds, player }) => truthfulness(rounds, player),
  },
  seat_misreport: {
    description: "size of the seat's misstatements",
    formula: 'mean |stated − real| / real over own statements',
    range: '≥ 0',
    source: 'agoragym',
    of: ({ rounds, player }) => meanOrNull(statements(rounds, player).map(({ stated, real }) => Math.abs(stated - real) / real)),
  },
  seat_exact: {
    description: "the seat's statements within 1 % of the truth",
    formula: 'share of own statements with |stated − real| ≤ 0.01·real',
    range: '[0, 1]',
    source: 'agoragym',
    of: ({ rounds, player }) => share(statements(rounds, player), ({ stated, real }) => Math.abs(stated - real) <= 0.01 * real),
  },
  seat_exaggeration: {
    description: "the seat's initial overstatement of its preferred condition less that of the other",
    formula: 'mean (d/v − 1) preferred − (d/v − 1) other',
    range: '> 0 pulls the decision',
    source: 'agoragym',
    of: scope => meanOrNull(held(scope).map(round => exaggeration(scope, round, scope.player))),
  },
  seat_pivotal_lies: {
    description: "rounds in which the seat's initial declaration alone turned the decision; null outside the Harberger treatment",
    formula: 'share of rounds with w(d) ≠ w(v_i, d_−i)',
    range: '[0, 1]',
    source: 'agoragym',
    of: scope =>
      scope.session.config.treatment === 'harberger' ? share(held(scope), round => isPivotal(scope, round, scope.player)) : null,
  },
  seat_speculation: {
    description: "the seat's result of both speculations per round: gains of a buyer, losses of a holder",
    formula: 'mean Σ (v − d) / 2n, with the other sign for a holder',
    range: 'points',
    source: 'IBEX game server',
    of: scope =>
      perRound(
        scope,
        ({ play }) => speculationResult(play.deals, scope.player) + speculationResult(play.finalDeals, scope.player),
      ),
  },
  seat_hits: {
    description: "the seat's purchases that were below value",
    formula: 'P(v > d | bought)',
    range: '[0, 1]',
    source: 'agoragym',
    of: scope =>
      share(
        purchases(scope).filter(({ buyer }) => buyer === scope.player),
        ({ value, declared }) => value > declared,
      ),
  },
  seat_trading: {
    description: "the seat's gain from trading per round",
    formula: 'mean (cash − cash_0) + (shares − shares_0)·κ·D2',
    range: 'points',
    source: 'IBEX game server, column Trading_Result',
    of: scope => {
      const { session, player } = scope
      const role = session.roster.roles[player]!
      const { cash, shares } = session.config
      return perRound(
        scope,
        ({ market, play }) => market.cash[player]! - cash[role] + (market.shares[player]! - shares[role]) * play.sharePrice!,
      )
    },
  },
  seat_trades: {
    description: "the seat's trades per round under the chosen condition",
    formula: 'mean number of trades as buyer or seller',
    range: '≥ 0',
    source: 'agoragym',
    of: scope =>
      counted(scope, event => event.kind === 'traded' && (event.buyer === scope.player || event.seller === scope.player)),
  },
  seat_refused: {
    description: "the seat's calls that were refused, the whole session",
    formula: 'refused / (accepted + refused)',
    range: '[0, 1]',
    source: 'agoragym',
    of({ session, player }) {
      const { accepted, refused } = session.conduct[player]!
      return ratio(refused, accepted + refused)
    },
  },
  seat_defaulted: {
    description: 'decisions the seat left to the default, the whole session',
    formula: 'number of decisions',
    range: '≥ 0',
    source: 'agoragym',
    of: ({ session, player }) => session.conduct[player]!.defaulted,
  },
}

export const WORLD_METRICS: readonly string[] = Object.keys(WORLD)
const RULES: Readonly<Record<string, MetricRule>> = { ...WORLD, ...SEAT }

/** Every metric of some finished rounds of a session, with one player's. */
export function measure(session: Session, rounds: readonly Finished[], player: number): Record<string, number | null> {
  const scope = { session, rounds, player }
  return Object.fromEntries(Object.entries(RULES).map(([name, rule]) => [name, rule.of(scope)]))
}

/** One metric of some finished rounds of a session. Throws where there is none of that name. */
export function metricOf(name: string, session: Session, rounds: readonly Finished[], player: number): number | null {
  const rule = RULES[name]
  if (rule === undefined) throw new RangeError(`metricOf: expected one of ${Object.keys(RULES).join(', ')}, got ${name}`)
  return rule.of({ session, rounds, player })
}

export const metrics: Metrics<SpatialTypes> = {
  docs: Object.fromEntries(
    Object.entries(RULES).map(([name, { description, formula, range, source }]) => [
      name,
      { description, formula, range, source },
    ]),
  ),
  of(log, agent) {
    const session = sessionOf(log)
    return measure(session, finishedRounds(session), session.roster.index[agent]!)
  },
}
