/** Players in the laboratory's terms: numbers, tags, role codes, payment. */
import type { Cond, Payment, Role } from '../../../envs/spatial_planning/roster.ts'
import type { Session } from '../../../envs/spatial_planning/session.ts'
import { eurosOf } from '../../../envs/spatial_planning/settlement.ts'

/** The laboratory's role codes. */
export const ROLE_CODES: Readonly<Record<Role, number>> = { speculator: 1, developer: 2, owner: 3 }

export const RULESETS = { harberger: 'Harberger', futarchy: 'Futarchy', voting: 'Voting' } as const

/** The laboratory's conditions. A third slot, a project B that is not played, survives in its lists. */
export const LAB_CONDITIONS = [
  { name: 'No Project', id: 0, parameter: 'no_project', key: 'noProject' },
  { name: 'Project', id: 1, parameter: 'project_a', key: 'projectA' },
] as const
export const BOTH: readonly Cond[] = [0, 1]

export interface Participant {
  /** Index among the players; a land holder's is that of the plot. */
  readonly player: number
  /** From 1, in the order of joining. */
  readonly number: number
  readonly tag: string
  readonly role: Role
  readonly code: number
  readonly payment: Payment
  /** Two letters that stand for the person at the cash desk. */
  readonly token: string
}

export function participantsOf({ roster, payment, tokens }: Session): Participant[] {
  return roster.agents.map((_, player) => {
    const role = roster.roles[player]!
    return {
      player,
      number: player + 1,
      tag: roster.tags[player]!,
      role,
      code: ROLE_CODES[role],
      payment: payment[role],
      token: tokens?.[player] ?? `A${String.fromCharCode(65 + player)}`,
    }
  })
}

/** What the laboratory calls `exchange`: euros a point, six decimals. */
export function exchangeRate({ pointsPerEuro }: Payment): number {
  return Math.round(1e6 / pointsPerEuro) / 1e6
}

/** Euros of a round if it is the paid one, show-up fee included. */
export function rewardIn({ showUpFee }: Session, payoff: number, payment: Payment): number {
  return eurosOf(payoff, payment, showUpFee)
}

/** The plots in the order of the sheets: owner 1 to 5, then the developer; null where a session has fewer. */
export function plotOrder({ roster }: Session): readonly (number | null)[] {
  return ['owner_1', 'owner_2', 'owner_3', 'owner_4', 'owner_5', 'developer'].map(plot => roster.index[plot] ?? null)
}
