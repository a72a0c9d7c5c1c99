/** What metrics of a session look at, and what several of them ask of it. Knows rounds and declarations; names no metric. */
import type { MetricDoc } from '../core/environment.ts'
import { meanOrNull, ratio, sum } from '../core/sums.ts'
import { MEDIAN_OF } from './market.ts'
import type { Cond, Pair } from './roster.ts'
import { sharePerPoint } from './roster.ts'
import { type Finished, type LandRecord, type MarketRecord, type Session, tradePrices, type VoteRecord } from './session.ts'
import { decideBySum, eurosOf } from './settlement.ts'
import { total } from './stimuli.ts'

/** What a metric looks at. */
export interface Scope {
  readonly session: Session
  /** Those that are measured; all finished paid ones of the session, or some. */
  readonly rounds: readonly Finished[]
  /** By index; metrics of the whole session leave it alone. */
  readonly player: number
}

/** A metric and what it is computed by; null where it is not defined on these rounds. */
export interface MetricRule extends MetricDoc {
  of(scope: Scope): number | null
}

export const defined = <V>(items: readonly (V | null | undefined)[]): V[] =>
  items.filter((item): item is V => item !== null && item !== undefined)

/** A finished round with declarations and a market, with what is asked of it again and again. */
export interface LandRound {
  readonly round: Finished
  readonly play: LandRecord
  readonly chosen: Cond
  /** Of the chosen condition. */
  readonly market: MarketRecord
  /** Of its trades, in order. */
  readonly prices: readonly number[]
  /** Under the chosen condition, per plot; points. */
  readonly values: readonly number[]
  readonly initial: readonly number[]
  readonly final: readonly number[]
}

export function landRounds({ rounds }: Scope): LandRound[] {
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

export function voteRounds({ rounds }: Scope): { readonly round: Finished; readonly play: VoteRecord }[] {
  return rounds.flatMap(round => (round.play.kind === 'vote' ? [{ round, play: round.play }] : []))
}

/** V_0 and V_1: points of all land under each condition. */
export const totals = ({ values }: Finished): Pair => [total(values, 0), total(values, 1)]
/** V_w. */
export const realised = (round: Finished): number => totals(round)[round.play.chosen!]

/** Mean of a number per round over the rounds where it is defined. */
export const perRound = (scope: Scope, of: (round: LandRound) => number | null): number | null =>
  meanOrNull(defined(landRounds(scope).map(of)))

/** (mean price − fundamental) per round with a trade, and the mean fundamental: Stöckl, Huber & Kirchler's measures, rounds as periods. */
export function mispricing(scope: Scope, worth: (round: LandRound) => number, size: (gap: number) => number): number | null {
  const traded = landRounds(scope).filter(({ prices }) => prices.length > 0)
  const gaps = traded.map(round => size(meanOrNull(round.prices)! - worth(round)))
  const level = meanOrNull(traded.map(worth))
  return level === null ? null : ratio(meanOrNull(gaps)!, Math.abs(level))
}

/** κ·V_w: points a share would pay if all final declarations were true. */
export const truthfulWorth =
  ({ session }: Scope) =>
  ({ values }: LandRound): number =>
    sharePerPoint(session.config.final_tax) * sum(values)
/** κ·D2: points a share paid. */
export const paidWorth = ({ play }: LandRound): number => play.sharePrice!

/** Whether exchanging a holder's initial declaration for his real values would have turned the decision by sums. */
export function isPivotal({ session }: Scope, { round, play, chosen }: LandRound, plot: number): boolean {
  const honest = play.initial.map((made, i) => (i === plot ? round.values[i]! : made.value))
  return decideBySum([total(honest, 0), total(honest, 1)], session.config.tie) !== chosen
}

/** Overstatement of the preferred condition less that of the other: owners prefer no project, the developer the project. */
export function exaggeration({ session }: Scope, { round, play }: LandRound, plot: number): number {
  const over = (condition: Cond): number => play.initial[plot]!.value[condition] / round.values[plot]![condition] - 1
  return session.roster.roles[plot] === 'developer' ? over(1) - over(0) : over(0) - over(1)
}

/** Purchases of either stage as they were settled, with what was declared and what it was worth. */
export function purchases(
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
export function underDeclared(
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
export const counted = (scope: Scope, holds: (event: MarketRecord['events'][number]) => boolean): number | null =>
  perRound(scope, ({ market }) => market.events.filter(holds).length)

/** Prices of the trades that a market's median looks at, and those before. */
export function lateAndEarly(prices: readonly number[]): readonly [late: readonly number[], early: readonly number[]] {
  return [prices.slice(-MEDIAN_OF), prices.slice(0, -MEDIAN_OF)]
}

/** Smith's (1962) coefficient of convergence to a worth, in percent; null without a trade. */
export function alpha(prices: readonly number[], worth: number): number | null {
  const squares = meanOrNull(prices.map(price => (price - worth) ** 2))
  return squares === null ? null : (100 * Math.sqrt(squares)) / worth
}

/** What the project adds to the worth of all land; points. */
export const gap = (round: Finished): number => totals(round)[1] - totals(round)[0]

/** The rounds of two conditional markets in which both came to a median price. */
export function medianPairs(scope: Scope): { readonly round: Finished; readonly prices: Pair }[] {
  return landRounds(scope).flatMap(({ round, play }) => {
    const [noProject, project] = play.markets.map(market => market?.median ?? null)
    return noProject == null || project == null ? [] : [{ round, prices: [noProject, project] as const }]
  })
}

/** What each player would be paid if that round were drawn. */
export function eurosIn({ payment, roster, showUpFee }: Session, { payoffs }: Finished): number[] {
  return payoffs.map((payoff, player) => eurosOf(payoff, payment[roster.roles[player]!], showUpFee))
}
