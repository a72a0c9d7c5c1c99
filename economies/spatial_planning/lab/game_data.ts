/**
 * The document that the laboratory's server gives out as `/games/data`: parameters of the game and, by round and phase, what was
 * decided and what came of it. Shape: `IBEX-TUDelft/IBEX-game_server`, `api/controllers/gameController.js` and `api/logics/`.
 */
import { isLand, type Pair, RANGES } from '../../../envs/spatial_planning/roster.ts'
import type { Finished, LandRecord, Session, VoteRecord } from '../../../envs/spatial_planning/session.ts'
import { type Deal, taxOn } from '../../../envs/spatial_planning/settlement.ts'
import type { Selection } from '../../../envs/spatial_planning/state.ts'
import { sharePerPoint, total } from '../../../envs/spatial_planning/stimuli.ts'
import { bookText, clock, MARKET_PHASE, marketLines } from './market_log.ts'
import { BOTH, exchangeRate, LAB_CONDITIONS, type Participant, participantsOf, RULESETS, rewardIn } from './participants.ts'
import { type GameFacts, settledRounds } from './wide_sheet.ts'

/** A parameter that the server has and nothing enforces. */
const CASH_FOR_SNIPING = 250_000

export function gameData(session: Session, facts: GameFacts): object {
  const participants = participantsOf(session)
  const { config } = session
  const rounds = settledRounds(session)
  return {
    ruleset: RULESETS[config.treatment],
    parameters: Object.fromEntries(labParameters(session).map(({ key, value }) => [key, value])),
    conditions: LAB_CONDITIONS,
    dataset: facts.dataset,
    startTime: facts.session,
    players: participants.map(({ player, number, tag, role, code, token }) => ({
      number,
      tag,
      role: code,
      values: rounds.at(-1)?.values[player] ?? null,
      balance: config.cash[role],
      shares: config.shares[role],
      cashForSniping: CASH_FOR_SNIPING,
      paymentToken: token,
    })),
    // Found by their index: without a practice round the first entry stands empty.
    results: Array.from({ length: (rounds.at(-1)?.round ?? -1) + 1 }, (_, i) => {
      const round = rounds.find(settled => settled.round === i)
      return { round: i, phase: round === undefined ? [] : phases(session, round, participants) }
    }),
    rewardRound: session.paid?.round ?? null,
    rewards: rewards(session, participants),
  }
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

/** Lists have a third slot for a project B that is not played. */
const three = <V>([noProject, project]: readonly [V, V], none: V): [V, V, V] => [noProject, project, none]

function phases(session: Session, round: Finished, participants: readonly Participant[]): object[] {
  return round.play.kind === 'vote'
    ? votePhases(round, round.play, participants)
    : landPhases(session, round, round.play, participants)
}

function landPhases(session: Session, round: Finished, play: LandRecord, participants: readonly Participant[]): object[] {
  const { treatment, initial_tax, final_tax } = session.config
  const chosen = play.chosen!
  const harberger = treatment === 'harberger'
  const holders = participants.filter(({ role }) => isLand(role))
  const declaration = (
    { player, number, code }: Participant,
    { value, declared }: { value: Pair; declared: boolean },
    rate: number,
  ) => ({
    player: number,
    role: code,
    value: three(round.values[player]!, 0),
    declaration: three(value, 0),
    taxes: three([taxOn(value[0], rate), taxOn(value[1], rate)], 0),
    declared,
  })
  const settled = {
    snipes: attempts(play.selected, play.deals, participants),
    snipeOutcomes: outcomes(play.deals, participants),
  }
  const wallet = (player: number, condition: 0 | 1) => {
    const { role } = participants[player]!
    const market = play.markets[condition]
    return {
      balance: market?.cash[player] ?? session.config.cash[role],
      shares: market?.shares[player] ?? session.config.shares[role],
      cashForSniping: CASH_FOR_SNIPING,
    }
  }
  const signals = BOTH.map(condition => play.markets[condition]?.publicSignal ?? 0) as [number, number]
  return [
    {},
    {},
    {
      declarations: holders.map(who => declaration(who, play.initial[who.player]!, initial_tax)),
      expectations: BOTH.map(condition => {
        const share = sharePerPoint(final_tax) * total(round.values, condition)
        return {
          condition,
          expectedShareValue: share,
          players: participants.map(({ player, number, role }) => ({
            number,
            profit: (round.values[player]?.[condition] ?? 0) + session.config.shares[role] * share,
          })),
        }
      }),
    },
    { ...(harberger && { winningCondition: chosen }), snipes: selections(play.selected, participants) },
    harberger ? settled : { snipes: [], snipeOutcomes: [] },
    {
      signals: {
        publicSignal: three(signals, 0),
        privateSignals: round.signals.map(signal => three(signal, 0)),
      },
    },
    {
      log: [...BOTH.map(condition => marketEntries(session, round, condition, participants)), []],
      wallets: participants.map(({ player, number }) => ({
        number,
        wallet: three([wallet(player, 0), wallet(player, 1)], wallet(player, 0)),
      })),
      finalPrices: play.markets.map(market => market?.median ?? null),
      ...(harberger ? { snipes: [], snipeOutcomes: [] } : { winningCondition: chosen, ...settled }),
    },
    {
      declarations: holders.map(who => {
        const { value, declared } = play.final[who.player]!
        return declaration(who, { value: chosen === 0 ? [value, 0] : [0, value], declared }, final_tax)
      }),
    },
    {
      snipes: attempts(play.finalSelected, play.finalDeals, participants),
      snipeOutcomes: outcomes(play.finalDeals, participants),
      finalPrice: play.sharePrice,
      cashForSniping: participants.map(({ number }) => ({ number, cashForSniping: CASH_FOR_SNIPING })),
    },
    {},
  ]
}

const labelled = ({ number, code }: Participant) => ({ number, role: code })

/** What each speculator sent in: plots by the number of their holders, per condition. */
function selections(selected: readonly (Selection | undefined)[], participants: readonly Participant[]): object[] {
  return participants.flatMap(({ player, number }) => {
    const made = selected[player]
    return made?.declared
      ? [{ player: number, snipe: made.plots.map(plots => plots.map(plot => participants[plot]!.number)) }]
      : []
  })
}

/** Every plot that a speculator wanted under either condition, and whether he came to own it. */
function attempts(
  selected: readonly (Selection | undefined)[],
  deals: readonly Deal[],
  participants: readonly Participant[],
): object[] {
  return participants.flatMap(who => {
    const [noProject, project] = selected[who.player]?.plots ?? [[], []]
    return [...new Set([...noProject, ...project])]
      .sort((a, b) => a - b)
      .map(plot => ({
        player: labelled(who),
        target: labelled(participants[plot]!),
        snipes: three([noProject.includes(plot), project.includes(plot)], false),
        executed: deals.some(deal => deal.speculator === who.player && deal.plot === plot),
      }))
  })
}

function outcomes(deals: readonly Deal[], participants: readonly Participant[]): object[] {
  return deals.map(({ speculator, plot, profit }) => ({
    player: labelled(participants[speculator]!),
    target: labelled(participants[plot]!),
    profit,
  }))
}

function marketEntries(session: Session, round: Finished, condition: 0 | 1, participants: readonly Participant[]): object[] {
  const who = (player: number | null) => (player === null ? { number: null, role: null } : labelled(participants[player]!))
  return marketLines(session, round, condition).map(({ id, seconds, actor, action, quantity, price, buyer, seller, before }) => ({
    id,
    time: clock(seconds),
    round: round.round,
    phase: MARKET_PHASE,
    actor: who(actor),
    ...(buyer !== null && seller !== null && { buyer: who(buyer), seller: who(seller) }),
    action,
    quantity,
    price,
    bestBid: before?.bid ?? null,
    bestAsk: before?.ask ?? null,
    book: before === null ? null : bookText(before),
  }))
}

function votePhases({ values }: Finished, play: VoteRecord, participants: readonly Participant[]): object[] {
  const owners = participants.filter(({ role }) => role === 'owner')
  const chats = (phase: 'deliberation' | 'reply') =>
    play.messages
      .filter(message => message.phase === phase)
      .map(({ from, to, text }) => ({
        time: null,
        sender: participants[from]!.number,
        to: to.map(player => participants[player]!.number),
        text,
      }))
  const votes = BOTH.map(
    condition => play.votes.filter(vote => vote?.value === (condition === 0 ? 'no_project' : 'project')).length,
  )
  return [
    {},
    { players: participants.map(({ player, number }) => ({ number, values: three(values[player]!, 0) })) },
    { chatLog: chats('deliberation') },
    {
      compensationRequests: owners.map(({ player, number }) => {
        const { value, declared } = play.requests[player]!
        return { number, compensationRequests: declared ? [null, value] : null }
      }),
    },
    { compensationOffers: play.offer!.declared ? [null, play.offer!.value] : null },
    { chatLog: chats('reply') },
    {
      compensationDecisions: owners.map(({ player, number }) => {
        const { value } = play.votes[player]!
        return { number, compensationDecisions: value === 'abstain' ? null : [value === 'project' ? 1 : 0] }
      }),
    },
    {
      standings: LAB_CONDITIONS.map(({ id }) => ({
        id,
        counter: votes[id]!,
        winner: play.chosen === id,
        value: total(values, id),
        compensation: id === 1 ? play.offer!.value : 0,
      })),
      winningCondition: play.chosen,
    },
  ]
}

export interface LabParameter {
  readonly key: string
  readonly type: 'number' | 'float' | 'boolean' | 'string'
  readonly value: string
}

/** Seconds of the laboratory's phases; they are pauses and deadlines of people. */
const TIMERS = {
  market: { phase_1: 15, phase_2: 90, phase_3: 120, phase_4: 3, phase_5: 3, phase_6: 270, phase_7: 60, phase_8: 90, phase_9: 15 },
  voting: { phase_1: 15, phase_2: 180, phase_3: 120, phase_4: 120, phase_5: 120, phase_6: 60, phase_7: 15 },
} as const

/** Parameters that the server's table holds and this economy has no use for: what the recorded example games have there. */
const UNUSED: Readonly<Record<string, number>> = {
  owner_no_project_fixed: 425_000,
  owner_project_a_fixed: 275_000,
  owner_project_b_low: 100_000,
  owner_project_b_fixed: 150_000,
  owner_project_b_high: 200_000,
  developer_no_project_fixed: 350_000,
  developer_project_a_fixed: 1_150_000,
  developer_project_b_low: 1_500_000,
  developer_project_b_fixed: 1_750_000,
  developer_project_b_high: 2_000_000,
  max_lot_purchases: 3,
  cash_for_snipers: CASH_FOR_SNIPING,
  minutes_for_trading: 10,
  minutes_for_sniping: 2,
  seconds_for_deliberation: 30,
}

/** The game's parameters as the server's table has them: key, type and text. */
export function labParameters({ config, payment, showUpFee, roster, paid }: Session): LabParameter[] {
  const voting = config.treatment === 'voting'
  const range = (role: 'owner' | 'developer') =>
    LAB_CONDITIONS.flatMap(({ id, parameter }) => [
      number(`${role}_${parameter}_low`, RANGES[role][id].low),
      number(`${role}_${parameter}_high`, RANGES[role][id].high),
    ])
  return [
    text('game_type', config.treatment),
    number('session_number', config.session),
    number('round_count', config.rounds),
    { key: 'practice_round', type: 'boolean', value: String(config.practice) },
    number('tax_rate_initial', config.initial_tax),
    number('tax_rate_final', config.final_tax),
    { key: 'generate_signals', type: 'boolean', value: String(config.signals === 'multiplicative') },
    { key: 'signal_low', type: 'float', value: '0.95' },
    { key: 'signal_high', type: 'float', value: '1.05' },
    { key: 'agents_only', type: 'boolean', value: 'false' },
    number('speculators_count', roster.agents.length - roster.plots.length),
    number('speculator_balance', config.cash.speculator),
    number('speculator_shares', config.shares.speculator),
    number('speculators_base_points', payment.speculator.basePoints),
    number('speculators_reward_scale_factor', payment.speculator.pointsPerEuro),
    number('developers_count', 1),
    number('developer_balance', config.cash.developer),
    number('developer_shares', config.shares.developer),
    ...range('developer'),
    number('developers_base_points', payment.developer.basePoints),
    number('developers_reward_scale_factor', payment.developer.pointsPerEuro),
    number('owners_count', config.owners),
    number('owner_balance', config.cash.owner),
    number('owner_shares', config.shares.owner),
    ...range('owner'),
    number('owners_base_points', payment.owner.basePoints),
    number('owners_reward_scale_factor', payment.owner.pointsPerEuro),
    ...Object.entries(UNUSED).map(([key, value]) => number(key, value)),
    ...Object.entries(voting ? TIMERS.voting : TIMERS.market).map(([phase, seconds]) => number(`timer_${phase}`, seconds)),
    number('show_up_fee', showUpFee),
    ...(paid === null ? [] : [number('simulation_reward_round', paid.round)]),
  ]
}

const number = (key: string, value: number): LabParameter => ({ key, type: 'number', value: String(value) })
const text = (key: string, value: string): LabParameter => ({ key, type: 'string', value })
