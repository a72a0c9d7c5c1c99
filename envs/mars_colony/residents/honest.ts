/** Helps whom it trusts when it can afford to, keeps its word, tells the truth, promises and talks now and then. */
import { NEED_UNIT } from '../parameters.ts'
import type { Resident } from './resident.ts'

export const honest: Resident = {
  builds: () => true,
  accepts: ({ trusts, ill, lowestNeed }) => trusts && !ill && lowestNeed >= 40 * NEED_UNIT,
  keeps: () => true,
  tells: ({ trusts }) => (trusts ? 'truth' : 'nothing'),
  initiative: ({ self, step, anyone, bestBonded }) => ({
    ...(step % 10 === self ? { pledge: anyone() } : {}),
    ...(step % 20 === self ? { talk: bestBonded() } : {}),
  }),
}
