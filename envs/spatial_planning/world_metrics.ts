/** The metrics of the whole session: what was decided, what was true, and what the declarations and the market made of it. */
import { meanOrNull, median, ratio, share, sum } from '../core/sums.ts'
import {
  alpha,
  counted,
  defined,
  eurosIn,
  exaggeration,
  gap,
  gini,
  isPivotal,
  landRounds,
  lateAndEarly,
  type MetricRule,
  medianPairs,
  mispricing,
  paidWorth,
  perRound,
  purchases,
  realised,
  totals,
  truthfulWorth,
  underDeclared,
  voteRounds,
} from './metric_scope.ts'
import { SHARES } from './roster.ts'
import { withBook } from './session.ts'
import { taxOn } from './settlement.ts'

export const WORLD: Readonly<Record<string, MetricRule>> = {
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
