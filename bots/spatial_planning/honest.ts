/**
 * Tells the truth about its land and what it was shown, keeps its promises, trades on what it believes a share to be worth, and buys plots
 * only where it cannot lose, or of holders who understate.
 */
import { indexOf } from '../../envs/spatial_planning/roster.ts'
import { signalWidth } from '../../envs/spatial_planning/stimuli.ts'
import { type Context, carryingOffer, character, type Habits, lossOf, once, rationalVote, sureGains } from './common.ts'
import { fairValue, valueTurn } from './desk.ts'
import { Trust } from './trust.ts'

export function honestHabits({ config, seat }: Context): Habits {
  const noise = signalWidth(config)
  const trust = new Trust()
  return {
    notice: seen => trust.notice(seen),
    appraise: ({ inspected = [] }) => inspected,
    declare: ({ land }) => land!.values,
    declareFinal: ({ land, shared }) => land!.values[indexOf(shared.chosen!)],
    select: (seen, condition, stage) => sureGains(seen, condition, stage, trust, config),
    trade: desk => valueTurn(desk, fairValue(desk, noise, config)),
    message: seen => (seat.role === 'owner' ? once(seen, `The project would cost me ${lossOf(seen)} points.`) : undefined),
    request: lossOf,
    offer: carryingOffer,
    vote: rationalVote,
    pay: ({ shared }) => shared.offer ?? 0,
  }
}

export const honest = character(honestHabits)
