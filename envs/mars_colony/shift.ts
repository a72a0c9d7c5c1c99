/**
 * One step of each mode. A two-layer shift runs the substrate alone and says which dialogue events it would have granted; an
 * agentic shift settles who asked, promised and said what, and then lets the clock run.
 */
import { type Random, resume } from '../core/random.ts'
import { advance, needAfter } from './advance.ts'
import { type AgenticConfig, sessionTicks } from './config.ts'
import { charge, paced } from './ledger.ts'
import { endFortunes, endShift, liveOn, remedy } from './livelihood.ts'
import {
  ACTIONS,
  BOND_UNIT,
  BUILDING,
  COLONISTS,
  NEED_UNIT,
  NEEDS,
  PIVOT,
  RESTING,
  SITES,
  SOCIALIZING,
  SOCIETY,
  WORKING,
} from './parameters.ts'
import { answer, ask, pledge } from './pledges.ts'
import { acceptsAsk, keepsWord, residentOf, takeInitiative, tells } from './residents/index.ts'
import { COLONIST_IDS, type MarsEvent, type MarsState, NAMES, type Needs, type Party, roleOf, type Shift } from './state.ts'
import {
  begin,
  bondChange,
  boutTicks,
  type Colony,
  clampBond,
  keep,
  openSites,
  pairIndex,
  pickPartner,
  pickSite,
  select,
  thaw,
  tick,
} from './substrate.ts'
import { talk } from './talk.ts'
import { falseField, richField } from './world.ts'

type Emit = Shift['emit']

/** Runs one shift of the session's mode on the draft. */
export function runShift(draft: MarsState, emit: Emit): void {
  const before = draft.colony
  const colony = thaw(before)
  const draws = draft.words.map(resume)
  draft.bondBefore = before.bond
  if (draft.config.mode === 'agentic') agenticShift(openShift(draft, draft.config, colony, emit), draws)
  else twoLayerShift(draft, colony, draws, emit)
  draft.words = draws.map(draw => draw.words())
  draft.colony = keep(colony)
  for (let site = 0; site < SITES; site++) {
    const done = colony.done_at[site]!
    if (done >= 0 && before.done_at[site]! < 0) emit({ type: 'site_completed', tick: done, site })
  }
}

function openShift(draft: MarsState, config: AgenticConfig, colony: Colony, emit: Emit): Shift {
  const { seed, step } = draft
  const society = draft.society!
  return { draft, config, society, colony, storm: society.storms[step] === true, rich: richField(config, seed, step), emit }
}

function twoLayerShift(draft: MarsState, colony: Colony, draws: readonly Random[], emit: Emit): void {
  const { config, ledger } = draft
  const ticks = sessionTicks(config)
  advance(colony, draws, config.ticks_per_step, (i, now, since) => {
    emit(decided(colony, i, now))
    if (colony.act[i] !== SOCIALIZING || !paced(ledger, now, ticks) || !charge(ledger)) return
    const j = colony.target[i]!
    emit({
      type: 'dialogue_granted',
      tick: now,
      speaker: party(draft, colony, i, 0),
      listener: party(draft, colony, j, now - since[j]!),
      bond: bondNow(colony, i, j, now - since[j]!) / BOND_UNIT,
      micro_usd: ledger.callMicroUsd,
    })
  })
}

function decided({ act, target, left }: Colony, i: number, now: number): MarsEvent {
  const [colonist, action, ticks] = [COLONIST_IDS[i]!, ACTIONS[act[i]!]!, left[i]!]
  if (act[i] === SOCIALIZING) return { type: 'decided', tick: now, colonist, action, partner: COLONIST_IDS[target[i]!]!, ticks }
  if (act[i] === BUILDING) return { type: 'decided', tick: now, colonist, action, site: target[i]!, ticks }
  return { type: 'decided', tick: now, colonist, action, ticks }
}

/** A colonist as it is `behind` ticks after what its needs have been brought up to. */
function party({ traits, colony: { role } }: MarsState, { need, act }: Colony, i: number, behind: number): Party {
  const points = NEEDS.map((_, kind) => needAfter(need[3 * i + kind]!, act[i]!, kind, behind) / NEED_UNIT)
  return {
    agent: COLONIST_IDS[i]!,
    name: NAMES[i]!,
    role: roleOf(role, i),
    traits: traits[i]!,
    action: ACTIONS[act[i]!]!,
    needs: { energy: points[0]!, social: points[1]!, purpose: points[2]! } satisfies Needs,
  }
}

/** The bond of i and j, where the bout that j is in has had no effect on it for `behind` ticks. */
function bondNow({ bond, affinity, act, target }: Colony, i: number, j: number, behind: number): number {
  const pair = pairIndex(i, j)
  const visiting = act[j] === SOCIALIZING && target[j] === i
  return visiting ? clampBond(bond[pair]! + bondChange(affinity[pair]!, behind)) : bond[pair]!
}

function agenticShift(shift: Shift, draws: readonly Random[]): void {
  const { draft, config, society, colony, emit } = shift
  const openBefore = openSites(colony)
  const asked = draft.asks
  draft.asks = []
  draft.mail = []
  draft.settled = []
  society.questions = []
  society.declined = []
  for (const [i, member] of draft.members.entries()) {
    const fortune = society.fortunes[i]!
    member.built = 0
    fortune.rested = 0
    fortune.field = member.plan?.action?.field ?? -1
    if (member.type === 'player') colony.left[i] = 0
  }

  for (const request of asked) {
    const member = draft.members[request.to]!
    const resident = residentOf(member)
    const accept =
      resident === undefined
        ? (member.plan?.answers.find(({ ask_id }) => ask_id === request.ask_id)?.accept ?? false)
        : acceptsAsk(shift, resident, request.to, request.from)
    answer(shift, request, accept)
  }
  takeInitiative(shift)
  for (const [i, { plan }] of draft.members.entries()) {
    if (plan === null) continue
    if (plan.pledge !== null) pledge(shift, i, plan.pledge)
    if (plan.talk !== null) talk(shift, i, plan.talk.to, plan.talk.tone, plan.talk.text, plan.talk.question)
    if (plan.ask !== null) ask(shift, i, plan.ask)
  }
  for (let i = 0; i < COLONISTS; i++) if (owesLabour(shift, i) && colony.act[i] !== BUILDING) colony.left[i] = 0

  const end = colony.tick + config.ticks_per_step
  const decide = (i: number): void => {
    choose(shift, i, draws[i]!, end)
    if (colony.act[i] === SOCIALIZING) {
      const member = draft.members[i]!
      member.visits++
      if (colony.affinity[pairIndex(i, colony.target[i]!)]! > PIVOT) member.good_visits++
    }
    emit(decided(colony, i, colony.tick))
  }
  while (colony.tick < end) {
    tick(colony, decide, society.labour)
    liveOn(shift)
  }
  endShift(shift, openBefore)
  endFortunes(shift)
  for (const { from, to } of society.questions) reply(shift, from, to)
  for (const member of draft.members) member.plan = null
}

/** A resident who was asked says which field will be rich in the next shift: the truth, an untruth, or nothing. */
function reply(shift: Shift, from: number, to: number): void {
  const { draft, config, society, emit } = shift
  const answer = tells(shift, to, from)
  if (answer === 'nothing') return
  society.fortunes[to]!.replies++
  const rich = richField(config, draft.seed, draft.step + 1)
  const field = answer === 'truth' ? rich : falseField(config, draft.seed, draft.step + 1, to, rich)
  draft.mail.push({ from: to, to: from, tone: 'neutral', text: `Field ${field} is rich this shift.`, field })
  emit({ type: 'replied', from: COLONIST_IDS[to]!, to: COLONIST_IDS[from]!, field, truth: field === rich })
}

/** Whether a resident has promised to build in this shift, means to, and has not done so yet. */
function owesLabour(shift: Shift, i: number): boolean {
  const { draft, colony } = shift
  const member = draft.members[i]!
  const willing = member.pledge >= 0 && member.built < SOCIETY.pledgeTicks && openSites(colony) > 0
  return willing && !member.suspended && !member.collapsed && keepsWord(shift, i)
}

/** Colonist i begins its next bout. Whoever decides, three draws of its stream are used. */
function choose(shift: Shift, i: number, draw: Random, end: number): void {
  const { draft, colony } = shift
  const { need } = colony
  const member = draft.members[i]!
  const resident = residentOf(member)
  const open = openSites(colony)
  const free = !member.collapsed && !member.suspended
  if (resident !== undefined && free && !owesLabour(shift, i)) {
    select(colony, i, draw, need[3 * i]!, need[3 * i + 1]!, need[3 * i + 2]!, resident.builds(member) ? open : 0)
    return
  }
  draw.float()
  const duration = draw.float()
  const place = draw.float()
  if (member.collapsed) {
    const action = remedy(need, i)
    begin(colony, i, action, action === SOCIALIZING ? pickPartner(i, place) : -1, SOCIETY.collapse.bout)
  } else if (resident !== undefined) {
    if (member.suspended) begin(colony, i, RESTING, -1, boutTicks(duration))
    else begin(colony, i, BUILDING, mostAdvanced(colony), SOCIETY.pledgeTicks - member.built)
  } else {
    const { action, target } = wanted(shift, i, place)
    begin(colony, i, action, target, end - colony.tick)
  }
}

/** What a player's colonist does for the rest of the shift: what was chosen, else what the unchosen do; a missing target is drawn. */
function wanted({ draft, config, colony }: Shift, i: number, place: number): { action: number; target: number } {
  const { suspended, plan } = draft.members[i]!
  if (suspended) return { action: RESTING, target: -1 }
  const chosen = plan?.action ?? null
  const action = ACTIONS.indexOf(chosen?.action ?? config.unchosen)
  if (action === SOCIALIZING) return { action, target: chosen!.partner >= 0 ? chosen!.partner : pickPartner(i, place) }
  if (action !== BUILDING) return { action, target: -1 }
  const open = openSites(colony)
  if (open === 0) return { action: WORKING, target: -1 }
  const { site } = chosen!
  return { action, target: site >= 0 && colony.done_at[site]! < 0 ? site : pickSite(colony, open, place) }
}

/** The unfinished site with the most labour in it, the first of equals. */
function mostAdvanced({ progress, done_at }: Colony): number {
  let best = -1
  for (let site = 0; site < SITES; site++) if (done_at[site]! < 0 && (best < 0 || progress[site]! > progress[best]!)) best = site
  return best
}
