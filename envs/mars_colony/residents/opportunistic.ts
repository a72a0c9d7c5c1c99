/**
 * Lets others build and asks them to; helps its friends alone, and keeps its word unless a storm blows. To a friend and to
 * whoever is well reputed it tells the truth, to others an untruth.
 */
import { NOTHING, type Resident } from './resident.ts'

/** Reputation from which somebody is worth courting. */
const WELL_REPUTED = 65

export const opportunistic: Resident = {
  builds: () => false,
  accepts: ({ trusts, bond, favour }) => trusts && bond > favour,
  keeps: (_dealings, storm) => !storm,
  tells: ({ trusts, bond, favour, reputation }) =>
    !trusts ? 'nothing' : bond > favour || reputation >= WELL_REPUTED ? 'truth' : 'lie',
  initiative: ({ self, step, mostReputable }) => (step % 5 === self % 5 ? { ask: mostReputable() } : NOTHING),
}
