/** What holds across every step of a session. */
import type { Environment } from '../core/environment.ts'
import type { MarsTypes } from './observe.ts'
import { BOND_CAP, NEED_CAP, SOCIETY } from './parameters.ts'

/** The first of the values outside [low, high], in words. */
function outside(what: string, values: readonly number[], low: number, high: number): string | undefined {
  const index = values.findIndex(value => !(value >= low && value <= high))
  return index < 0 ? undefined : `${what} ${index} is ${values[index]}, outside ${low} to ${high}`
}

export const invariants: NonNullable<Environment<MarsTypes>['invariants']> = {
  needs: (_before, { colony }) => outside('need', colony.need, 0, NEED_CAP),
  bonds: (_before, { colony }) => outside('bond', colony.bond, -BOND_CAP, BOND_CAP),
  talk: (_before, { swayed }) => outside('the talk total of pair', swayed, -SOCIETY.bond.limit, SOCIETY.bond.limit),
  reputation: (_before, { members }) =>
    outside(
      'the reputation of colonist',
      members.map(({ reputation }) => reputation),
      0,
      SOCIETY.reputation.max,
    ),
  ledger: (_before, { ledger }) => {
    const { calls, maxCalls, spent_micro_usd, callMicroUsd, ceilingMicroUsd } = ledger
    if (calls > maxCalls) return `${calls} dialogue events of ${maxCalls}`
    if (spent_micro_usd !== calls * callMicroUsd || spent_micro_usd > ceilingMicroUsd)
      return `${spent_micro_usd} micro-dollars for ${calls} events under a ceiling of ${ceilingMicroUsd}`
    return undefined
  },
  clock: (before, after) =>
    after.step === before.step + 1 && after.colony.tick === before.colony.tick + before.config.ticks_per_step
      ? undefined
      : `from tick ${before.colony.tick} to ${after.colony.tick} in one step of ${before.config.ticks_per_step}`,
  time_is_spent: (_before, { colony }) => {
    const spent = colony.count.reduce((sum, ticks) => sum + ticks, 0)
    return spent === colony.tick * colony.act.length ? undefined : `${spent} colonist-ticks spent in ${colony.tick} ticks`
  },
  labour_stays: (before, after) => {
    const lost = after.colony.progress.findIndex((labour, site) => labour < before.colony.progress[site]!)
    return lost < 0 ? undefined : `site ${lost} lost labour`
  },
  pledges_are_settled: (_before, { members }) => {
    const open = members.findIndex(({ pledge, plan }) => pledge >= 0 || plan !== null)
    return open < 0 ? undefined : `colonist ${open} has a pledge or a plan left over`
  },
}
