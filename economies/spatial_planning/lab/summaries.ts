/** What a round came to for one player, as the laboratory's server tells it at the end of each round. */
import { isLand } from '../../../envs/spatial_planning/roster.ts'
import type { Finished, Session } from '../../../envs/spatial_planning/session.ts'
import { speculationResult, taxOn } from '../../../envs/spatial_planning/settlement.ts'
import { labelled } from './game_phases.ts'
import type { Participant } from './participants.ts'

/** What everybody's cash is taken from in the server's own account of a market, whatever it was: owners begin with as much. */
const CASH_BASE = 60_000

/** What the server notes as profit, round by round: plots after each purchase, and the market. It pays by other sums. */
export function profitsOf(session: Session, round: Finished, who: Participant): object[] {
  const { play, values } = round
  if (play.kind === 'vote') return []
  const { config } = session
  const condition = play.chosen!
  const entry = (phase: number, amount: number, plot: number): object => ({
    phase,
    amount,
    context: { type: 'speculation', property: { id: plot + 1, name: null }, condition },
  })
  const market = play.markets[condition]
  const shares = market?.shares[who.player] ?? config.shares[who.role]
  const cash = market?.cash[who.player] ?? config.cash[who.role]
  const income = {
    phase: 9,
    amount: Math.round(shares * play.sharePrice! + cash - CASH_BASE),
    context: { type: 'tax-income', condition },
  }
  if (!isLand(who.role)) {
    const own = [...play.deals, ...play.finalDeals].filter(({ speculator }) => speculator === who.player)
    return [...own.map(({ profit, plot }) => entry(4, profit, plot)), income]
  }
  const value = values[who.player]![condition]
  const first = play.initial[who.player]!.value[condition]
  const second = play.final[who.player]!.value
  return [
    entry(4, value - taxOn(first, config.initial_tax) + speculationResult(play.deals, who.player), who.player),
    entry(9, value - taxOn(second, config.final_tax) + speculationResult(play.finalDeals, who.player), who.player),
    income,
  ]
}

/** Field by field what the server writes; a land holder has declarations, a speculator none. */
export function summaryOf(
  { config }: Session,
  { round, values, play, payoffs }: Finished,
  { player, role }: Participant,
  participants: readonly Participant[],
): Readonly<Record<string, unknown>> {
  const condition = play.chosen!
  const value = values[player]?.[condition]
  if (play.kind === 'vote') {
    const compensation = payoffs[player]! - value!
    return {
      round,
      condition,
      value,
      tally: play.votes.filter(vote => vote?.value === (condition === 0 ? 'no_project' : 'project')).length,
      compensation: role === 'owner' && condition === 0 ? null : compensation,
      profit: payoffs[player]!,
    }
  }
  const market = play.markets[condition]
  const holds = isLand(role)
  const [first, second] = holds ? [play.initial[player]!.value[condition], play.final[player]!.value] : [0, 0]
  return {
    round,
    condition,
    ...(holds && { value, firstDeclaration: first, firstTaxes: taxOn(first, config.initial_tax) }),
    firstRepurchase: speculationResult(play.deals, player),
    snipes: play.finalDeals
      .filter(({ speculator, plot }) => speculator === player || plot === player)
      .map(({ speculator, plot, profit }) => ({
        player: labelled(participants[speculator]!),
        target: labelled(participants[plot]!),
        profit,
      })),
    market: {
      balance: market?.cash[player] ?? config.cash[role],
      shares: market?.shares[player] ?? config.shares[role],
      price: play.sharePrice,
    },
    ...(holds && { secondDeclaration: second, secondTaxes: taxOn(second, config.final_tax) }),
    secondRepurchase: speculationResult(play.finalDeals, player),
  }
}
