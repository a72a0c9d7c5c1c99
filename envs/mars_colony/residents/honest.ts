/** Helps those of good repute when it can afford to, keeps its word, promises and talks now and then. */
import { NEED_UNIT } from '../parameters.ts'
import type { Resident } from './resident.ts'

export const honest: Resident = {
  builds: () => true,
  accepts: ({ reputation, lowestNeed }) => reputation >= 40 && lowestNeed >= 40 * NEED_UNIT,
  keeps: () => true,
  initiative: ({ self, step, anyone, bestBonded }) => ({
    ...(step % 10 === self ? { pledge: anyone() } : {}),
    ...(step % 20 === self ? { talk: bestBonded() } : {}),
  }),
}
