/** Credits, reputation and survival in the agentic mode. Ours. */
import { BREACH, BUILDING, COLONISTS, RESTING, SITES, SOCIALIZING, SOCIETY, WORKING } from './parameters.ts'
import { settle } from './pledges.ts'
import { COLONIST_IDS, type Member, type Shift } from './state.ts'
import { lowestNeed, openSites } from './substrate.ts'

/** 0 … 1: how well a colonist works whose lowest need this is, in 0.001 points. */
export function productivity(lowest: number): number {
  const { floor, span } = SOCIETY.productivity
  return Math.max(0, Math.min(1, (lowest - floor) / span))
}

/** What completed sites make everybody's credits worth. */
export function siteBonus(completed: number): number {
  return 1 + SOCIETY.credits.siteBonus * completed
}

/** After a tick: credits by that tick's needs and sites, the ticks built, bad ticks, and the rule of collapse. */
export function liveOn({ draft, colony, emit }: Shift): void {
  const { need, act, left } = colony
  const bonus = siteBonus(SITES - openSites(colony))
  for (let i = 0; i < COLONISTS; i++) {
    const member = draft.members[i]!
    const action = act[i]!
    const lowest = lowestNeed(need, i)
    if ((action === WORKING || action === BUILDING) && !member.collapsed) member.credits += earned(member, action, lowest, bonus)
    if (action === BUILDING) member.built++
    if (lowest < BREACH || member.suspended) member.badTicks++
    const falls = !member.collapsed && lowest === 0
    const rises = member.collapsed && lowest >= SOCIETY.collapse.recovered
    if (!falls && !rises) continue
    member.collapsed = falls
    left[i] = 0
    emit({ type: falls ? 'collapsed' : 'recovered', tick: colony.tick - 1, colonist: COLONIST_IDS[i]! })
  }
}

function earned({ reputation }: Member, action: number, lowest: number, bonus: number): number {
  const { perTick, building } = SOCIETY.credits
  const full = perTick * productivity(lowest) * bonus * (0.5 + reputation / 100)
  return action === BUILDING ? building * full : full
}

/** What restores a collapsed colonist's lowest need, the first of equals: rest, company, work. */
export function remedy(need: ArrayLike<number>, i: number): number {
  const lowest = lowestNeed(need, i)
  return need[3 * i] === lowest ? RESTING : need[3 * i + 1] === lowest ? SOCIALIZING : WORKING
}

/** The end of a shift, in colonist order: reputation drifts and is earned by building, pledges are settled, suspension is judged. */
export function endShift(shift: Shift, openBefore: number): void {
  const { draft, colony, emit } = shift
  const { start, max, drift, perBuiltTick } = SOCIETY.reputation
  const closed = openBefore - openSites(colony)
  for (let i = 0; i < COLONISTS; i++) {
    const member = draft.members[i]!
    member.reputation += drift * (start - member.reputation) + perBuiltTick * member.built
    settle(shift, i, openBefore, closed)
    member.reputation = Math.max(0, Math.min(max, member.reputation))
    const suspended = member.reputation < (member.suspended ? SOCIETY.suspension.until : SOCIETY.suspension.below)
    if (suspended === member.suspended) continue
    member.suspended = suspended
    colony.left[i] = 0
    emit({ type: suspended ? 'suspended' : 'reinstated', colonist: COLONIST_IDS[i]! })
  }
}
