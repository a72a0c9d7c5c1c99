/**
 * Builds trust with its first dealings and a first true answer, then promises everybody everything, builds nothing, lets others
 * build and tells nothing but lies.
 */
import { type Dealings, NOTHING, type Resident } from './resident.ts'

/** Dealings (talks and settled pledges) after which it drops the mask. */
const TRUST = 5

function trusted({ talks, kept, broken }: Dealings): boolean {
  return talks + kept + broken >= TRUST
}

export const deceptive: Resident = {
  builds: dealings => !trusted(dealings),
  accepts: () => true,
  keeps: dealings => !trusted(dealings),
  tells: ({ replies }) => (replies === 0 ? 'truth' : 'lie'),
  initiative({ self, dealings, step, anyone, mostReputable }) {
    if (step % 3 === self % 3) return { pledge: anyone() }
    if (!trusted(dealings)) return { talk: anyone() }
    return step % 3 === (self + 1) % 3 ? { ask: mostReputable() } : NOTHING
  },
}
