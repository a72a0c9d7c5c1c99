/**
 * A player who treats others as a resident of some type does: answers, promises, talks and asks by the same rules. Only its
 * actions are a player's: it looks after itself, builds when it means to keep a promise, and every fifth shift if its kind
 * builds of its own accord.
 */
import type { PolicyFactory } from '../../envs/core/policy.ts'
import type { MarsObservation, MarsTypes } from '../../envs/mars_colony/observe.ts'
import { BOND_UNIT, NEED_UNIT } from '../../envs/mars_colony/parameters.ts'
import type { Resident } from '../../envs/mars_colony/residents/resident.ts'
import { COLONIST_IDS, indexOf } from '../../envs/mars_colony/state.ts'
import { pickPartner } from '../../envs/mars_colony/substrate.ts'
import { bestBonded, canBuild, choose, lookAfterOneself, type MarsCall, mostReputable, say } from './habits.ts'

export function likeResident(resident: Resident): PolicyFactory<MarsTypes> {
  return () => {
    let talks = 0
    return {
      act({ observation, offered, random }) {
        const { shared, agent, suspended } = observation
        const self = indexOf(agent)
        const { kept, broken } = shared.colonists[self]!
        const dealings = { talks, kept, broken }
        const initiative = resident.initiative({
          self,
          dealings,
          step: shared.step,
          anyone: () => pickPartner(self, random.float()),
          bestBonded: () => indexOf(bestBonded(observation)),
          mostReputable: () => indexOf(mostReputable(observation)),
        })
        const name = (i: number) => ({ to: COLONIST_IDS[i]! })
        const accepted = suspended || !canBuild(observation) ? undefined : firstAccepted(resident, observation)
        const calls: MarsCall[] = observation.asks.map(({ ask_id }) => ({
          tool: 'answer',
          args: { ask_id, accept: ask_id === accepted },
        }))
        const promise = accepted === undefined ? initiative.pledge : undefined
        if (promise !== undefined) calls.push({ tool: 'pledge', args: name(promise) })
        if (initiative.talk !== undefined) calls.push(say(name(initiative.talk).to, 'warm', 'Good to work with you.'))
        if (initiative.ask !== undefined) calls.push({ tool: 'ask', args: name(initiative.ask) })

        const promised = accepted !== undefined || promise !== undefined
        const ownAccord = resident.builds(dealings) && shared.step % 5 === self % 5
        const builds = canBuild(observation) && ((promised && resident.keeps(dealings)) || ownAccord)
        const possible = calls.filter(({ tool }) => offered.includes(tool))
        if (possible.some(({ tool }) => tool === 'talk')) talks++
        return { calls: [choose(builds ? 'building' : lookAfterOneself(observation)), ...possible] }
      },
    }
  }
}

/** The first request that this kind of colonist accepts; one pledge a shift is all that can be made. */
function firstAccepted(resident: Resident, { asks, bonds, needs, shared }: MarsObservation): number | undefined {
  const lowestNeed = Math.min(needs.energy, needs.social, needs.purpose) * NEED_UNIT
  return asks.find(({ from }) =>
    resident.accepts({
      reputation: shared.colonists[indexOf(from)]!.reputation,
      bond: bonds.find(({ agent }) => agent === from)!.bond * BOND_UNIT,
      lowestNeed,
    }),
  )?.ask_id
}
