/**
 * What the encoding of an observation looks at: others ranked by reputation, offers by payment, contracts by deadline, each as far as
 * they are told apart. Knows neither features nor slots.
 */
import { type FeatureRule, ranked, type SlotRule } from '../core/encoding.ts'
import type { AgentId } from '../core/tool.ts'
import type { Market } from './config.ts'
import { waiting } from './observe.ts'
import type { Contract, Observation, Shared } from './state.ts'

/** How many are told apart: other agents, offers to it, contracts it has to deliver on or to judge, cores. */
export const OTHERS = 6
export const OFFERS = 3
export const DUTIES = 2
export const CORES = 4

export interface Other {
  readonly agent: AgentId
  readonly row: number
}

export interface View {
  readonly observation: Observation
  readonly balance: number
  readonly others: readonly Other[]
  readonly standing: Standing
  readonly offers: readonly Readonly<Contract>[]
  readonly deliveries: readonly Readonly<Contract>[]
  readonly rulings: readonly Readonly<Contract>[]
  readonly own: readonly Readonly<Contract>[]
}

/** What follows from what everybody sees: computed once for all of them, who may be many. */
interface Standing {
  /** The best reputed, by one more than are told apart: whoever looks is left out. */
  readonly best: readonly Other[]
  readonly rows: ReadonlyMap<AgentId, number>
  /** The first number that each said last turn. */
  readonly said: ReadonlyMap<AgentId, number>
  /** How many cores each owns. */
  readonly cores: ReadonlyMap<AgentId, number>
  /** Share of agents that mined last turn. */
  readonly miners: number
}
const standings = new WeakMap<Shared, Standing>()

function standingOf(shared: Shared): Standing {
  let found = standings.get(shared)
  if (found === undefined) {
    const { agents, reputations, speeches, coreOwners, did } = shared
    const everybody = agents.map((agent, row) => ({ agent, row }))
    const best = ranked(everybody, ({ row }) => reputations[row]!).slice(0, OTHERS + 1)
    const said = new Map<AgentId, number>()
    for (const { agent, text } of speeches) {
      const number = /\d{1,9}/.exec(text)?.[0]
      if (number !== undefined) said.set(agent, Number(number))
    }
    const cores = new Map<AgentId, number>()
    for (const owner of coreOwners) if (owner !== null) cores.set(owner, (cores.get(owner) ?? 0) + 1)
    const rows = new Map(agents.map((agent, row) => [agent, row]))
    const miners = did.filter(tool => tool === 'mine').length / agents.length
    found = { best, rows, said, cores, miners }
    standings.set(shared, found)
  }
  return found
}

export function view(observation: Observation): View {
  const { shared, index, contracts } = observation
  const standing = standingOf(shared)
  const idle = contracts.length === 0
  const soonest = (list: Readonly<Contract>[]) => ranked(list, ({ deadline }) => -deadline)
  return {
    observation,
    balance: shared.balances[index]!,
    standing,
    others: standing.best.filter(({ row }) => row !== index).slice(0, OTHERS),
    offers: idle ? [] : ranked(waiting(observation, 'counterparty', 'proposed'), ({ payment }) => payment),
    deliveries: idle ? [] : soonest(waiting(observation, 'counterparty', 'accepted')),
    rulings: idle ? [] : soonest(waiting(observation, 'arbitrator', 'delivered')),
    own: contracts.map(id => shared.openContracts[id]!).filter(({ proposer }) => proposer === observation.agent),
  }
}

export type Features = readonly FeatureRule<View>[]
export type Slots = readonly SlotRule<View>[]

/** The effort that delivering costs it, or anybody on average where it is told none. */
export const effortOf = ({ observation }: View, { effort }: Pick<Market, 'effort'>): number => observation.effort ?? effort
