/**
 * Promises to build, what is paid for them, and requests for help, in the agentic mode. Ours. A pledge holds for the shift it is
 * made in.
 */
import { BOND_UNIT, SOCIETY } from './parameters.ts'
import { type Ask, COLONIST_IDS, type PledgeOutcome, type Shift } from './state.ts'
import { openSites, pairIndex } from './substrate.ts'
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

/** Whether resident i takes colonist j at its word. */
export function trusts({ config, draft, society, colony }: Shift, i: number, j: number): boolean {
  const { governance, trust_bond } = config
  if (governance.memory && ((society.fortunes[i]!.wronged >> j) & 1) === 1) return false
  if (governance.trust && draft.members[j]!.reputation < SOCIETY.trustedFrom) return false
  return colony.bond[pairIndex(i, j)]! >= trust_bond * BOND_UNIT
}

/**
 * A promise to build in this shift; a second one is not made. Where promises are paid for, who is promised pays the advance:
 * a resident to whom it trusts, anybody to whom it asked for help. A player's promise that nobody pays for is declined; residents
 * promise each other, and players, for nothing as well.
 */
export function pledge(shift: Shift, from: number, to: number, answering = -1): void {
  if (!mayPledge(shift, from)) return
  const { draft, config, society } = shift
  const [promiser, promisee] = [draft.members[from]!, draft.members[to]!]
  const asked = answering >= 0
  const willing = asked || (promisee.type !== 'player' && trusts(shift, to, from))
  const paid = config.advance > 0 && willing && promisee.credits >= config.advance ? config.advance : 0
  if (config.advance > 0 && paid === 0 && (asked || promiser.type === 'player')) {
    society.declined.push({ from, to })
    shift.emit({ type: 'pledge_declined', from: COLONIST_IDS[from]!, to: COLONIST_IDS[to]! })
    return
  }
  society.fortunes[from]!.paid = paid
  promiser.credits += paid
  promisee.credits -= paid
  promiser.pledge = to
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

const BOND = { kept: SOCIETY.bond.kept, broken: SOCIETY.bond.broken, void: 0 }

/** By colonist, whether whom it promised labour in this shift promised it labour, too. */
export function mutualPledges({ draft: { members } }: Shift): boolean[] {
  return members.map(({ pledge }, i) => pledge >= 0 && members[pledge]!.pledge === i)
}

/**
 * Settles colonist i's pledge at the end of the shift. `openBefore` and `closed` are how many sites were unfinished at its
 * start and how many of them were completed in it. Two who promise each other only swap their labour: `mutual`.
 */
export function settle(shift: Shift, i: number, openBefore: number, closed: number, mutual: boolean): void {
  const { draft, config, society, emit } = shift
  const member = draft.members[i]!
  const fortune = society.fortunes[i]!
  const { pledge: to, built } = member
  if (to < 0) return
  const kept = built >= SOCIETY.pledgeTicks || (built > 0 && closed > 0)
  const outcome: PledgeOutcome = openBefore === 0 ? 'void' : kept ? 'kept' : 'broken'
  if (outcome !== 'void') member[outcome]++
  member.pledge = -1
  const { paid } = fortune
  fortune.paid = 0
  if (outcome === 'kept') {
    member.reputation += SOCIETY.reputation.kept
    if (paid > 0) draft.members[to]!.credits += config.harvest * (mutual ? config.mutual_harvest : 1) * yieldOf(shift, i, to)
  } else if (outcome === 'broken') {
    member.reputation += config.broken_reputation
    society.fortunes[to]!.wronged |= 1 << i
  } else {
    member.credits -= paid
    draft.members[to]!.credits += paid
  }
  sway(shift, i, to, BOND[outcome])
  draft.settled.push({ from: i, to, outcome, built })
  emit({ type: 'pledge_settled', from: COLONIST_IDS[i]!, to: COLONIST_IDS[to]!, outcome, built })
}

/** What their bond makes of the harvest of a kept promise: 1 at a bond of 0, between a half and twice. */
function yieldOf({ config, colony }: Shift, i: number, j: number): number {
  const bond = colony.bond[pairIndex(i, j)]! / BOND_UNIT
  return Math.max(0.5, Math.min(2, 1 + (config.bond_yield * bond) / 100))
}
