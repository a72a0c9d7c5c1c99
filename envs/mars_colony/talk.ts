/**
 * What words do in the agentic mode: a talk is one charged dialogue event whose tone, never its text, moves a bond a little.
 * Ours.
 */
import { charge } from './ledger.ts'
import { BOND_UNIT, SOCIETY } from './parameters.ts'
import { COLONIST_IDS, type Shift, type Tone } from './state.ts'
import { bondChange, type Colony, clampBond, pairIndex } from './substrate.ts'

/** Moves a pair's bond by talk or a pledge, inside the limit of what these may do to it together. The change that came of it, in 0.0001 points. */
export function sway({ draft: { swayed }, colony: { bond } }: Shift, from: number, to: number, change: number): number {
  const { limit } = SOCIETY.bond
  const pair = pairIndex(from, to)
  const before = bond[pair]!
  const allowed = Math.max(-limit, Math.min(limit, swayed[pair]! + change)) - swayed[pair]!
  const after = clampBond(before + allowed)
  bond[pair] = after
  swayed[pair]! += after - before
  return after - before
}

/** What each tone is worth to a pair, in 0.0001 points of bond: warmth backfires where affinity is under the pivot. */
const WORTH: Readonly<Record<Tone, (colony: Colony, pair: number) => number>> = {
  warm: ({ affinity }, pair) => bondChange(affinity[pair]!, SOCIETY.bond.warmTicks),
  neutral: () => 0,
  cold: () => SOCIETY.bond.cold,
}

/** One dialogue event; a question is answered at the end of the shift. Without a quota or a charge nothing is said. */
export function talk(shift: Shift, from: number, to: number, tone: Tone, text: string, question = false): void {
  const { draft, society, colony, emit } = shift
  const speaker = draft.members[from]!
  if (speaker.talksLeft === 0 || !charge(draft.ledger)) return
  const change = sway(shift, from, to, WORTH[tone](colony, pairIndex(from, to)))
  speaker.talksLeft--
  speaker.talks++
  if (tone === 'cold') speaker.reputation = Math.max(0, speaker.reputation + SOCIETY.reputation.cold)
  else if (change >= 0) speaker.good_talks++
  draft.mail.push({ from, to, tone, text })
  if (question) society.questions.push({ from, to })
  emit({
    type: 'talked',
    from: COLONIST_IDS[from]!,
    to: COLONIST_IDS[to]!,
    tone,
    text,
    bond: change / BOND_UNIT,
    micro_usd: draft.ledger.callMicroUsd,
  })
}
