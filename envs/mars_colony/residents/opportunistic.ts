/** Lets others build and asks them to; helps its friends alone, and then keeps its word. */
import { BOND_EDGES } from '../parameters.ts'
import { NOTHING, type Resident } from './resident.ts'

export const opportunistic: Resident = {
  builds: () => false,
  accepts: ({ bond }) => bond > BOND_EDGES.working,
  keeps: () => true,
  initiative: ({ self, step, mostReputable }) => (step % 5 === self % 5 ? { ask: mostReputable() } : NOTHING),
}
