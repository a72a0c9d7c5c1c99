/** Compute cores: the sealed-bid sale of turn 1, and the dividends their owners get from the fees. */
import { stream } from '../core/random.ts'
import { earn } from './ledger.ts'
import { coreName, type Event, now, rowOf, type State } from './state.ts'

type Emit = (event: Event) => void
type Bid = Extract<Event, { type: 'bid_placed' }>

/** Whether cores can be bid for in the turn that is being decided. */
export function auctionOpen(state: State): boolean {
  return state.config.core_auction && now(state) === 1
}

/** Sells each core to its highest bid of this turn, paid in full and destroyed; a seeded draw decides among equal ones. */
export function sellCores(draft: State, events: readonly Event[], emit: Emit): void {
  if (!auctionOpen(draft)) return
  const best = new Map<number, Bid[]>()
  for (const event of events) {
    if (event.type !== 'bid_placed') continue
    const highest = best.get(event.core)?.[0]?.amount ?? 0
    if (event.amount > highest) best.set(event.core, [event])
    else if (event.amount === highest) best.get(event.core)!.push(event)
  }
  const owners = [...draft.coreOwners]
  for (const core of [...best.keys()].sort((a, b) => a - b)) {
    const { agent, amount } = stream(draft.seed, 'auction', core).pick(best.get(core)!)
    draft.balance[rowOf(draft, agent)]! -= amount
    owners[core] = agent
    emit({ type: 'core_sold', core, agent, price: amount })
  }
  draft.coreOwners = owners
}

/** Splits the turn's fees equally over the cores: an owner gets its core's part, rounded down; everything else is destroyed. */
export function payDividends(draft: State, fees: number, emit: Emit): void {
  const perCore = Math.floor(fees / draft.coreOwners.length)
  if (perCore === 0 || draft.coreOwners.every(owner => owner === null)) return
  for (const owner of draft.coreOwners) if (owner !== null) earn(draft, rowOf(draft, owner), perCore, emit)
  emit({ type: 'dividends_paid', per_core: perCore, owners: draft.coreOwners })
}

/** The core of that name; -1 where there is none. */
export function coreOf(state: State, name: string): number {
  const core = Number(name.slice('core_'.length))
  return core in state.coreOwners && coreName(core) === name ? core : -1
}
