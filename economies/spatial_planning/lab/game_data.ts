/**
 * The document that the laboratory's server gives out as `/games/data`: the game, its players and, by round and phase, what was
 * decided and what came of it. Shape: `IBEX-TUDelft/IBEX-game_server`, `api/controllers/gameController.js` and `api/logics/`.
 * What only a running server has (numbers of its tables, dates, fancy names of people and lots) is null.
 */
import { isLand, RANGES } from '../../../envs/spatial_planning/roster.ts'
import { type Finished, type LandRecord, type Session, settledRounds } from '../../../envs/spatial_planning/session.ts'
import { finalDeclaration, phases, realValues, three, wallets } from './game_phases.ts'
import { CASH_FOR_SNIPING, typedParameters } from './parameters.ts'
import { BOTH, exchangeRate, LAB_CONDITIONS, type Participant, participantsOf, RULESETS, rewardIn } from './participants.ts'
import { profitsOf, summaryOf } from './summaries.ts'
import type { GameFacts } from './wide_sheet.ts'

export function gameData(session: Session, facts: GameFacts): object {
  const participants = participantsOf(session)
  const { config } = session
  const settled = settledRounds(session)
  const last = settled.at(-1)
  const holders = participants.filter(({ role }) => isLand(role))
  const rounds = settled.map(({ round }) => ({ id: null, number: round, phase: lastPhase(session), gameId: null }))
  return {
    id: null,
    title: facts.session,
    createdAt: null,
    updatedAt: null,
    endedAt: null,
    parameters: typedParameters(session),
    players: participants.map(who => ({
      id: null,
      name: null,
      recovery: null,
      game_id: null,
      number: who.number,
      balance: config.cash[who.role],
      shares: config.shares[who.role],
      role: who.code,
      cashForSniping: CASH_FOR_SNIPING,
      paymentToken: who.token,
      summaries: settled.map(round => summaryOf(session, round, who, participants)),
      tag: who.tag,
      ...(last === undefined ? {} : lastOf(session, last, who)),
      ready: false,
      ...(config.treatment !== 'voting' && { profit: settled.flatMap(round => profitsOf(session, round, who)) }),
    })),
    assignedPlayers: participants.length,
    rounds,
    currentRound: rounds.at(-1) ?? null,
    dataset: facts.dataset,
    type: RULESETS[config.treatment],
    properties: last === undefined ? [] : holders.map(who => property(last, who)),
    conditions: LAB_CONDITIONS,
    // Found by their index: without a practice round the first entry stands empty.
    results: Array.from({ length: (last?.round ?? -1) + 1 }, (_, i) => {
      const round = settled.find(({ round }) => round === i)
      return { round: i, phase: round === undefined ? [] : phases(session, round, participants).map(emptyAsNull) }
    }),
    currentPhase: null,
    startTime: facts.session,
    boundaries: Object.fromEntries(
      (['developer', 'owner'] as const).map(role => [
        role,
        Object.fromEntries(
          LAB_CONDITIONS.map(({ id, key }) => [key, { low: RANGES[role][id].low, high: RANGES[role][id].high }]),
        ),
      ]),
    ),
    ...(last !== undefined && worldOf(session, last, holders)),
    rewardRound: session.paid?.round ?? null,
    rewards: rewards(session, participants),
    ruleset: RULESETS[config.treatment],
  }
}

/** The laboratory's number of the phase that shows the results. */
export const lastPhase = ({ config }: Pick<Session, 'config'>): number => (config.treatment === 'voting' ? 7 : 9)

/** A phase in which nothing is kept is null there. */
function emptyAsNull(phase: object): object | null {
  return Object.keys(phase).length === 0 ? null : phase
}

/** A lot as the last round left it. */
function property(round: Finished, who: Participant): object {
  const { play } = round
  return {
    id: who.number,
    owner: who.number,
    name: null,
    v: realValues(round, who),
    ...(play.kind === 'land' && { d: finalDeclaration(play, who), speculators: speculatorsOf(play, who) }),
  }
}

/** Who wanted a lot after the market, under the chosen condition. */
function speculatorsOf(play: LandRecord, { player: plot }: Participant): number[][] {
  const numbers = play.finalSelected.flatMap((made, player) => (made?.plots[play.chosen!].includes(plot) ? [player + 1] : []))
  return [0, 1, 2].map(condition => (condition === play.chosen ? numbers : []))
}

/** What the server still holds of the last round of a player. */
function lastOf(session: Session, round: Finished, who: Participant): object {
  const { play } = round
  const own = isLand(who.role) ? { property: property(round, who) } : {}
  if (play.kind === 'vote')
    return { ...own, compensationRequests: null, compensationDecisions: null, submittedCompensationOffers: false }
  return {
    S: three(round.signals[who.player]!, 0),
    ...own,
    wallet: wallets(session, play, who),
    ...(isLand(who.role) ? {} : { doneSpeculating: play.finalSelected[who.player]?.declared ?? false }),
  }
}

/** What the server still holds of the last round of the game. */
function worldOf(session: Session, { play }: Finished, holders: readonly Participant[]): object {
  if (play.kind === 'vote') {
    const { declared, value } = play.offer!
    return { compensationOffers: declared ? [null, value] : null, winningCondition: play.chosen }
  }
  return {
    D: declaredSums(play, holders),
    publicSignal: three([play.markets[0]?.publicSignal ?? 0, play.markets[1]?.publicSignal ?? 0], 0),
    ...(session.config.treatment === 'futarchy' && { quotations: [0, 0, 0] }),
    winningCondition: play.chosen,
  }
}

/** Sums of the second declarations by condition. */
function declaredSums(play: LandRecord, holders: readonly Participant[]): number[] {
  const declared = holders.map(who => finalDeclaration(play, who))
  return BOTH.map(condition => declared.reduce((sum, values) => sum + values[condition]!, 0))
}

export interface Reward {
  readonly number: number
  readonly round: number
  readonly reward: number
  readonly basePoints: number
  readonly showupFee: number
  readonly gameFee: number
  readonly profit: number
  readonly points: number
  readonly factor: number
  readonly exchange: number
  readonly paymentToken: string
}

/** What each player is paid; null while nobody is. */
export function rewards(session: Session, participants: readonly Participant[]): Reward[] | null {
  const { paid } = session
  if (paid === null) return null
  const round = session.rounds.find(played => played.round === paid.round)!
  return participants.map(({ player, number, payment, token }) => {
    const profit = round.payoffs![player]!
    const reward = rewardIn(session, profit, payment)
    return {
      number,
      round: paid.round,
      reward,
      basePoints: payment.basePoints,
      showupFee: session.showUpFee,
      gameFee: Math.round((reward - session.showUpFee) * 100) / 100,
      profit,
      points: payment.basePoints + profit,
      factor: payment.pointsPerEuro,
      exchange: exchangeRate(payment),
      paymentToken: token,
    }
  })
}
