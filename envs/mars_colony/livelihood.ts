/** Credits, reputation and survival in the agentic mode. Ours. */
import { ACTIONS, BREACH, BUILDING, COLONISTS, RESTING, SOCIALIZING, SOCIETY, WALKING, WORKING } from './parameters.ts'
import { mutualPledges, settle } from './pledges.ts'
import { COLONIST_IDS, roleOf, type Shift } from './state.ts'
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

/** Whether a storm is felt in each action. */
const OUTSIDE = ACTIONS.map((_, action) => action === WORKING || action === BUILDING || action === WALKING)

/**
 * After a tick: what a storm takes, credits by that tick's needs, field, weather, health and sites, ticks built and rested, bad
 * ticks, and the rule of collapse.
 */
export function liveOn({ config, society: { fortunes }, storm, rich, draft: { members }, colony, emit }: Shift): void {
  const { need, act, left, done_at } = colony
  const { fields, rich_pay, poor_pay, storm_pay, storm_drain, ill_pay } = config
  const meanPay = (rich_pay + (fields - 1) * poor_pay) / fields
  const weather = storm ? storm_pay : 1
  const bonus = siteBonus(done_at.length - openSites(colony))
  const [building, breach] = [BUILDING, BREACH]
  for (let i = 0; i < act.length; i++) {
    const member = members[i]!
    const fortune = fortunes[i]!
    const lowest = lowestNeed(need, i)
    const earnings = EARNINGS[act[i]!]!
    if (storm && OUTSIDE[act[i]!] && !member.collapsed) need[3 * i] = Math.max(0, need[3 * i]! - storm_drain)
    if (earnings > 0 && !member.collapsed) {
      const standing = config.governance.pay ? 0.5 + member.reputation / 100 : 1
      const land = act[i] !== WORKING ? 1 : fortune.field < 0 ? meanPay : fortune.field === rich ? rich_pay : poor_pay
      member.credits += earnings * productivity(lowest) * bonus * standing * land * weather * (fortune.ill ? ill_pay : 1)
    }
    if (act[i] === RESTING) fortune.rested++
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
  const { draft, config, colony, emit } = shift
  const { start, max, drift, perBuiltTick } = SOCIETY.reputation
  const closed = openBefore - openSites(colony)
  const mutual = mutualPledges(shift)
  for (let i = 0; i < COLONISTS; i++) {
    const member = draft.members[i]!
    member.reputation += drift * (start - member.reputation) + perBuiltTick * member.built
    settle(shift, i, openBefore, closed, mutual[i]!)
    member.reputation = Math.max(0, Math.min(max, member.reputation))
    const suspended =
      config.governance.suspension && member.reputation < (member.suspended ? SOCIETY.suspension.until : SOCIETY.suspension.below)
    if (suspended === member.suspended) continue
    member.suspended = suspended
    colony.left[i] = 0
    emit({ type: suspended ? 'suspended' : 'reinstated', colonist: COLONIST_IDS[i]! })
  }
}

/** After a shift: what each player's colonist learned of its field, who is cured, and who falls ill for the next one. */
export function endFortunes({ draft, society, colony, rich, emit }: Shift): void {
  for (const [i, fortune] of society.fortunes.entries()) {
    fortune.last_field = colony.act[i] === WORKING ? fortune.field : -1
    fortune.last_rich = fortune.last_field === rich
    const withMedic = colony.act[i] === SOCIALIZING && roleOf(colony.role, colony.target[i]!) === 'medic'
    if (fortune.ill && (fortune.rested >= SOCIETY.cureTicks || withMedic)) {
      fortune.ill = false
      emit({ type: 'cured', colonist: COLONIST_IDS[i]! })
    } else if (!fortune.ill && society.illness[i]![draft.step + 1] === true) {
      fortune.ill = true
      emit({ type: 'fell_ill', colonist: COLONIST_IDS[i]! })
    }
  }
}
