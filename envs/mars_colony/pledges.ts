/** Promises to build and requests for help, in the agentic mode. Ours. A pledge holds for the shift it is made in. */
import { SOCIETY } from './parameters.ts'
import { type Ask, COLONIST_IDS, type PledgeOutcome, type Shift } from './state.ts'
import { openSites } from './substrate.ts'
import { sway } from './talk.ts'

/** One pledge a shift, and none while suspended. */
function mayPledge({ draft }: Shift, i: number): boolean {
  const { suspended, pledge } = draft.members[i]!
  return !suspended && pledge < 0
}

/** Whether colonist i may promise labour, or ask for it, of its own accord: there must be something to build. */
export function mayOffer({ draft, colony }: Shift, i: number): boolean {
  return !draft.members[i]!.suspended && openSites(colony) > 0
}

/** A promise to build in this shift; a second one is not made. */
export function pledge(shift: Shift, from: number, to: number, answering = -1): void {
  if (!mayPledge(shift, from)) return
  shift.draft.members[from]!.pledge = to
  shift.emit({ type: 'pledged', from: COLONIST_IDS[from]!, to: COLONIST_IDS[to]!, answering })
}

/** Posts a request, to be answered in the next step. */
export function ask({ draft, emit }: Shift, from: number, to: number): void {
  const ask_id = draft.nextAsk++
  draft.asks.push({ ask_id, from, to })
  emit({ type: 'asked', ask_id, from: COLONIST_IDS[from]!, to: COLONIST_IDS[to]! })
}

/** Answers a request; accepting it is a pledge to who asked. */
export function answer(shift: Shift, { ask_id, from, to }: Ask, accept: boolean): void {
  const accepted = accept && mayPledge(shift, to)
  shift.emit({ type: 'ask_answered', ask_id, from: COLONIST_IDS[from]!, to: COLONIST_IDS[to]!, accepted })
  if (accepted) pledge(shift, to, from, ask_id)
}

const REPUTATION = { kept: SOCIETY.reputation.kept, broken: SOCIETY.reputation.broken, void: 0 }
const BOND = { kept: SOCIETY.bond.kept, broken: SOCIETY.bond.broken, void: 0 }

/**
 * Settles colonist i's pledge at the end of the shift. `openBefore` and `closed` are how many sites were unfinished at its
 * start and how many of them were completed in it.
 */
export function settle(shift: Shift, i: number, openBefore: number, closed: number): void {
  const { draft, emit } = shift
  const member = draft.members[i]!
  const { pledge: to, built } = member
  if (to < 0) return
  const kept = built >= SOCIETY.pledgeTicks || (built > 0 && closed > 0)
  const outcome: PledgeOutcome = openBefore === 0 ? 'void' : kept ? 'kept' : 'broken'
  if (outcome !== 'void') member[outcome]++
  member.pledge = -1
  member.reputation += REPUTATION[outcome]
  sway(shift, i, to, BOND[outcome])
  draft.settled.push({ from: i, to, outcome, built })
  emit({ type: 'pledge_settled', from: COLONIST_IDS[i]!, to: COLONIST_IDS[to]!, outcome, built })
}
