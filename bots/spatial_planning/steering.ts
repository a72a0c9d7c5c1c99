/**
 * Players that want one condition whatever it is worth: baselines of a decision that nobody weighs. They declare the most for it
 * and nothing for the other, trade only in its market, and vote for it; in all else they are honest.
 */
import { CONDITIONS, type Cond } from '../../envs/spatial_planning/roster.ts'
import { character } from './common.ts'
import type { Desk } from './desk.ts'
import { honestHabits } from './honest.ts'

function steering(wanted: Cond) {
  return character(context => ({
    ...honestHabits(context),
    declare: ({ land }) => (wanted === 1 ? [0, land!.cap[1]] : [land!.cap[0], 0]),
    trade(desk) {
      if (desk.index === wanted) tradeOnce(desk)
    },
    message: () => undefined,
    vote: () => CONDITIONS[wanted],
  }))
}

/** Makes sure that its market has a price: takes what there is at the private signal, else asks at it. */
function tradeOnce(desk: Desk): void {
  if (desk.view.traded > 0) return
  const price = desk.view.privateSignal
  if (desk.bestAsk === null || !desk.buy()) desk.ask(price)
}

export const alwaysProject = steering(1)
export const neverProject = steering(0)
