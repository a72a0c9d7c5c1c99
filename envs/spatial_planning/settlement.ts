/**
 * What a round comes to: the decision, speculation, taxes, dividend, payoffs and euros. Formulas over plain numbers; knows no
 * phase and no agent id.
 *
 * Sources: `IBEX-TUDelft/IBEX-game_server`, `api/logics/harberger/{Harberger.js,phases/{3,4,8}.js}`,
 * `api/logics/futarchy/phases/6.js`, `api/logics/voting/Voting.js`.
 */
import { sum } from '../core/sums.ts'
import type { SpatialConfig } from './config.ts'
import { type Cond, type Pair, type Payment, SHOW_UP_FEE, sharePerPoint } from './roster.ts'

type Tie = SpatialConfig['tie']

const named = (tie: Exclude<Tie, 'laboratory'>): Cond => (tie === 'project' ? 1 : 0)

/** The larger sum of initial declarations decides; the laboratory gives a tie to the project. */
export function decideBySum([noProject, project]: Pair, tie: Tie): Cond {
  if (noProject !== project) return project > noProject ? 1 : 0
  return tie === 'laboratory' ? 1 : named(tie)
}

/**
 * The larger median price decides; a market without a trade, or with a median of 0, does not count. The laboratory gives equal
 * medians to no project and a round without any price to the project.
 */
export function decideByMedian(medians: readonly [number | null, number | null], tie: Tie): Cond {
  const [noProject, project] = medians.map(price => price ?? 0) as [number, number]
  if (noProject !== project) return project > noProject ? 1 : 0
  if (tie !== 'laboratory') return named(tie)
  return project > 0 ? 0 : 1
}

/** Yes votes against no votes, abstentions uncounted; the laboratory gives a tie, also of no vote at all, to the project. */
export function decideByVote(no: number, yes: number, tie: Tie): Cond {
  return decideBySum([no, yes], tie)
}

/** Points of tax on a declaration; `rate` in percent. */
export function taxOn(declaration: number, rate: number): number {
  return (rate * declaration) / 100
}

/** One speculator's result from one plot, in points; below zero where the declaration was above the value. */
export interface Deal {
  readonly speculator: number
  readonly plot: number
  readonly profit: number
}

/**
 * Everybody who selected a plot buys it: each of n buyers gets (value − declaration) / 2n, the holder loses half the difference.
 * `buyers` holds the players per plot.
 */
export function speculate(
  values: readonly number[],
  declarations: readonly number[],
  buyers: readonly (readonly number[])[],
): Deal[] {
  return buyers.flatMap((players, plot) =>
    players.map(speculator => ({
      speculator,
      plot,
      profit: (values[plot]! - declarations[plot]!) / (2 * players.length),
    })),
  )
}

/** What a player gained from his purchases, or lost by those of his plot. */
export function speculationResult(deals: readonly Deal[], player: number): number {
  let sum = 0
  for (const deal of deals) {
    if (deal.speculator === player) sum += deal.profit
    if (deal.plot === player) sum -= deal.profit
  }
  return sum
}

/** Points each share pays: the final tax on all land by a hundred shares. */
export function dividendOf(finalDeclarations: readonly number[], final_tax: number): number {
  // One multiplication and one division: 33 · 1 723 000 / 10 000 is 5 685.9, not 5 685.900000000001.
  return (final_tax * sum(finalDeclarations)) / 10_000
}

/** What the market prices before the final declarations are known: the dividend if the initial ones were final. */
export const publicSignal = dividendOf

/** A land holder's or speculator's payoff of a round, part by part; points. Land holders' parts are null for speculators. */
export interface Account {
  readonly value: number | null
  readonly initial_tax: number | null
  readonly final_tax: number | null
  /** Result of the first and of the second speculation. */
  readonly initialDeals: number
  readonly finalDeals: number
  /** At the end of the market. */
  readonly cash: number
  readonly shares: number
  readonly dividend: number
  /** Paid for appraisals, less fines for wrong ones and what the purchases themselves cost; absent where there is none of it. */
  readonly fees?: number
  readonly payoff: number
}

export interface RoundPlay {
  /** Real values under the chosen condition, per plot. */
  readonly values: readonly number[]
  readonly initial: readonly number[]
  readonly final: readonly number[]
  readonly initialDeals: readonly Deal[]
  readonly finalDeals: readonly Deal[]
  /** Per player, at the end of the chosen condition's market. */
  readonly cash: readonly number[]
  readonly shares: readonly number[]
  /** Percent. */
  readonly initial_tax: number
  readonly final_tax: number
  /** Points per player, beside all that; absent where there are none. */
  readonly fees?: readonly number[]
}

/** The account of every player of a round with taxes and a market. */
export function settle(play: RoundPlay): Account[] {
  const price = dividendOf(play.final, play.final_tax)
  return play.cash.map((cash, player) => {
    const value = play.values[player] ?? null
    const initial_tax = value === null ? null : taxOn(play.initial[player]!, play.initial_tax)
    const final_tax = value === null ? null : taxOn(play.final[player]!, play.final_tax)
    const initialDeals = speculationResult(play.initialDeals, player)
    const finalDeals = speculationResult(play.finalDeals, player)
    const shares = play.shares[player]!
    const dividend = shares * price
    const fees = play.fees?.[player]
    const payoff =
      (value ?? 0) - (initial_tax ?? 0) - (final_tax ?? 0) + initialDeals + finalDeals + cash + dividend + (fees ?? 0)
    const account = { value, initial_tax, final_tax, initialDeals, finalDeals, cash, shares, dividend, payoff }
    return fees === undefined ? account : { ...account, fees }
  })
}

/**
 * Where all payoffs of a round come from: the land, less both taxes, plus the dividend of the shares that somebody holds, plus the
 * cash and the fees. Speculation and trading only move points about.
 */
export function sourcesOf({
  values,
  initial,
  final,
  cash,
  shares,
  initial_tax,
  final_tax,
  fees = [],
}: Omit<RoundPlay, 'initialDeals' | 'finalDeals'>): number {
  return (
    sum(values) -
    taxOn(sum(initial), initial_tax) -
    taxOn(sum(final), final_tax) +
    sum(shares) * sharePerPoint(final_tax) * sum(final) +
    sum(cash) +
    sum(fees)
  )
}

/** Payoff of each land holder in the voting treatment, in points: the compensation passes from the developer to every owner. */
export function settleVote(values: readonly number[], developer: number, chosen: Cond, offer: number): number[] {
  const paid = chosen === 1 ? offer : 0
  return values.map((value, player) => (player === developer ? value - paid * (values.length - 1) : value + paid))
}

/** Euros of the paid round, the show-up fee included, to the cent. */
export function eurosOf(payoff: number, payment: Payment, showUpFee = SHOW_UP_FEE): number {
  return Math.round((gameFee(payoff, payment) + showUpFee) * 100) / 100
}

/** Euros of the paid round without the show-up fee, to the cent. */
export function gameFee(payoff: number, { basePoints, pointsPerEuro }: Payment): number {
  return Math.round(((basePoints + payoff) * 100) / pointsPerEuro) / 100
}
