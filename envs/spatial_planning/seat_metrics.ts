/**
 * The metrics of a seat: what one player declared, traded, paid and was left with. Each is a formula over the rounds that
 * `metric_scope.ts` reads.
 */
import { meanOrNull, ratio, share } from '../core/sums.ts'
import {
  counted,
  exaggeration,
  isPivotal,
  type LandRound,
  landRounds,
  type MetricRule,
  perRound,
  purchases,
  type Scope,
} from './metric_scope.ts'
import { isLand } from './roster.ts'
import { statements, truthfulness } from './score.ts'
import { speculationResult } from './settlement.ts'

/** Rounds of a land holder; none where the seat holds no land. */
const held = (scope: Scope): LandRound[] => (isLand(scope.session.roster.roles[scope.player]!) ? landRounds(scope) : [])

export const SEAT: Readonly<Record<string, MetricRule>> = {
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
