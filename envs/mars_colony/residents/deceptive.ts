/** Builds trust with its first dealings, then promises everybody everything, builds nothing and lets others build. */
import type { Member } from '../state.ts'
import { NOTHING, type Resident } from './resident.ts'

/** Dealings (talks and settled pledges) after which it drops the mask. */
const TRUST = 5

function trusted({ talks, kept, broken }: Member): boolean {
  return talks + kept + broken >= TRUST
}

export const deceptive: Resident = {
  builds: member => !trusted(member),
  accepts: () => true,
  keeps: member => !trusted(member),
  initiative({ self, member, step, anyone, mostReputable }) {
    if (step % 3 === self % 3) return { pledge: anyone() }
    if (!trusted(member)) return { talk: anyone() }
    return step % 3 === (self + 1) % 3 ? { ask: mostReputable() } : NOTHING
  },
}
