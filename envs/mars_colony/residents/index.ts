/** The residents by type, and what they do in a step of the agentic mode. */
import { stream } from '../../core/random.ts'
import type { ResidentType } from '../config.ts'
import { BOND_UNIT, COLONISTS } from '../parameters.ts'
import { ask, mayOffer, pledge, trusts } from '../pledges.ts'
import type { Member, Shift } from '../state.ts'
import { lowestNeed, pairIndex, pickPartner } from '../substrate.ts'
import { talk } from '../talk.ts'
import { deceptive } from './deceptive.ts'
import { honest } from './honest.ts'
import { opportunistic } from './opportunistic.ts'
import type { Resident, Tip } from './resident.ts'
import { rule } from './rule.ts'

const RESIDENTS: Readonly<Record<ResidentType, Resident>> = { rule, honest, opportunistic, deceptive }

/** What residents say: their tone is what counts. */
const GREETING = 'Good to have you on this crew. Let me know when you need a hand.'

/** The resident who moves this colonist; undefined where a player does. */
export function residentOf({ type }: Member): Resident | undefined {
  return type === 'player' ? undefined : RESIDENTS[type]
}

/** Whether resident i accepts a request for help. */
export function acceptsAsk(shift: Shift, resident: Resident, i: number, asker: number): boolean {
  const { config, society, colony } = shift
  return resident.accepts({
    trusts: trusts(shift, i, asker),
    ill: society.fortunes[i]!.ill,
    bond: colony.bond[pairIndex(i, asker)]!,
    favour: config.favour_bond * BOND_UNIT,
    lowestNeed: lowestNeed(colony.need, i),
  })
}

/** Whether colonist i is a resident who means to keep its word in this shift. */
export function keepsWord({ draft, storm }: Shift, i: number): boolean {
  const member = draft.members[i]!
  return residentOf(member)?.keeps(member, storm) === true
}

/** What colonist i says of the next shift's field to who asks; a player says what it says in a talk of its own. */
export function tells(shift: Shift, i: number, asker: number): Tip {
  const { config, draft, society, colony } = shift
  return (
    residentOf(draft.members[i]!)?.tells({
      trusts: trusts(shift, i, asker),
      bond: colony.bond[pairIndex(i, asker)]!,
      favour: config.favour_bond * BOND_UNIT,
      reputation: draft.members[asker]!.reputation,
      replies: society.fortunes[i]!.replies,
    }) ?? 'nothing'
  )
}

/** What every resident does of its own accord, in colonist order. */
export function takeInitiative(shift: Shift): void {
  const { draft, colony } = shift
  for (const [i, member] of draft.members.entries()) {
    const resident = residentOf(member)
    if (resident === undefined) continue
    const wanted = resident.initiative({
      self: i,
      dealings: member,
      step: draft.step,
      anyone: () => pickPartner(i, stream(draft.seed, 'bot', i, draft.step).float()),
      bestBonded: () => bestOther(i, j => colony.bond[pairIndex(i, j)]!),
      mostReputable: () => bestOther(i, j => draft.members[j]!.reputation),
    })
    if (wanted.pledge !== undefined && mayOffer(shift, i)) pledge(shift, i, wanted.pledge)
    if (wanted.talk !== undefined) talk(shift, i, wanted.talk, 'warm', GREETING)
    if (wanted.ask !== undefined && mayOffer(shift, i)) ask(shift, i, wanted.ask)
  }
}

/** The other colonist of the highest value, the first of equals. */
function bestOther(i: number, value: (j: number) => number): number {
  let best = i === 0 ? 1 : 0
  for (let j = best + 1; j < COLONISTS; j++) if (j !== i && value(j) > value(best)) best = j
  return best
}
