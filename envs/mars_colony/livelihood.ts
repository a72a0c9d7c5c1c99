/** Credits, reputation and survival in the agentic mode. Ours. */
import { ACTIONS, BREACH, BUILDING, COLONISTS, RESTING, SOCIALIZING, SOCIETY, WORKING } from './parameters.ts'
import { settle } from './pledges.ts'
import { COLONIST_IDS, type Shift } from './state.ts'
import { lowestNeed, openSites } from './substrate.ts'

const { floor, span } = SOCIETY.productivity
const { recovered } = SOCIETY.collapse
/** Credits of a tick of each action, at full productivity, before site bonus and reputation. */
const EARNINGS = ACTIONS.map((_, action) =>
  action === WORKING ? SOCIETY.credits.perTick : action === BUILDING ? SOCIETY.credits.perTick * SOCIETY.credits.building : 0,
)

/** 0 … 1: how well a colonist works whose lowest need this is, in 0.001 points. */
export function productivity(lowest: number): number {
  return Math.max(0, Math.min(1, (lowest - floor) / span))
}

/** What completed sites make everybody's credits worth. */
export function siteBonus(completed: number): number {
  return 1 + SOCIETY.credits.siteBonus * completed
}

/** After a tick: credits by that tick's needs and sites, the ticks built, bad ticks, and the rule of collapse. */
export function liveOn({ draft: { members }, colony, emit }: Shift): void {
  const { need, act, left, done_at } = colony
  const bonus = siteBonus(done_at.length - openSites(colony))
  const [building, breach] = [BUILDING, BREACH]
  for (let i = 0; i < act.length; i++) {
    const member = members[i]!
    const lowest = lowestNeed(need, i)
    const earnings = EARNINGS[act[i]!]!
    if (earnings > 0 && !member.collapsed)
      member.credits += earnings * productivity(lowest) * bonus * (0.5 + member.reputation / 100)
    if (act[i] === building) member.built++
    if (lowest < breach || member.suspended) member.bad_ticks++
    const changes = member.collapsed ? lowest >= recovered : lowest === 0
    if (!changes) continue
    member.collapsed = !member.collapsed
    left[i] = 0
    emit({ type: member.collapsed ? 'collapsed' : 'recovered', tick: colony.tick - 1, colonist: COLONIST_IDS[i]! })
  }
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
