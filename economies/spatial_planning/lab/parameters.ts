/** The parameters of a game as the laboratory's server has them. */
import { RANGES } from '../../../envs/spatial_planning/roster.ts'
import type { Session } from '../../../envs/spatial_planning/session.ts'
import { LAB_CONDITIONS } from './participants.ts'

/** A parameter that the server has and nothing enforces. */
export const CASH_FOR_SNIPING = 250_000

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

/** What the project B would be worth that nobody plays, and that stands in the third slot of values. */
export const PROJECT_B = { owner: 150_000, developer: 1_750_000 } as const

/** Parameters that the server's table holds and this economy has no use for: what the recorded example games have there. */
const UNUSED: Readonly<Record<string, number>> = {
  owner_no_project_fixed: 425_000,
  owner_project_a_fixed: 275_000,
  owner_project_b_low: 100_000,
  owner_project_b_fixed: PROJECT_B.owner,
  owner_project_b_high: 200_000,
  developer_no_project_fixed: 350_000,
  developer_project_a_fixed: 1_150_000,
  developer_project_b_low: 1_500_000,
  developer_project_b_fixed: PROJECT_B.developer,
  developer_project_b_high: 2_000_000,
  max_lot_purchases: 3,
  cash_for_snipers: CASH_FOR_SNIPING,
  minutes_for_trading: 10,
  minutes_for_sniping: 2,
  seconds_for_deliberation: 30,
}

/** The parameters as the server gives them out: numbers and truth values, and no round to pay, which a replay alone is told. */
export function typedParameters(session: Session): Readonly<Record<string, string | number | boolean>> {
  const typed = labParameters(session).map(({ key, type, value }) => [
    key,
    type === 'string' ? value : type === 'boolean' ? value === 'true' : Number(value),
  ])
  return { ...Object.fromEntries(typed), simulation_reward_round: undefined, total_players: session.roster.agents.length }
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
