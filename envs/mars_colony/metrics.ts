/** What a session's log says: the publication's tables of the colony, and one colonist's play. */
import type { MetricDoc, Metrics } from '../core/environment.ts'
import type { EpisodeLog } from '../core/log.ts'
import { eventsOf } from '../core/log.ts'
import type { AgentId } from '../core/tool.ts'
import type { MarsTypes } from './observe.ts'
import { ACTIONS, BOND_EDGES, BOND_UNIT, BREACH, COLONISTS, DIALOGUE, NEED_UNIT, PAIRS, SITES } from './parameters.ts'
import { lastShift } from './score.ts'
import { indexOf } from './state.ts'

const PUBLICATION = 'Chuba 2026, a Mars colony simulation study'
const EDGE = BOND_EDGES.working / BOND_UNIT
const STRONG = BOND_EDGES.strong / BOND_UNIT

/** Pairs by final bond; the four categories are all of them. */
const CATEGORIES: Readonly<Record<string, { readonly words: string; readonly range: string; holds(bond: number): boolean }>> = {
  strong_friendships: { words: 'strong friendships', range: `bond > ${STRONG}`, holds: bond => bond > BOND_EDGES.strong },
  working_relationships: {
    words: 'working relationships',
    range: `${EDGE} < bond ≤ ${STRONG}`,
    holds: bond => bond > BOND_EDGES.working && bond <= BOND_EDGES.strong,
  },
  neutral_pairs: {
    words: 'neutral pairs',
    range: `−${EDGE} ≤ bond ≤ ${EDGE}`,
    holds: bond => Math.abs(bond) <= BOND_EDGES.working,
  },
  tensions: { words: 'tensions', range: `bond < −${EDGE}`, holds: bond => bond < -BOND_EDGES.working },
}

const shareName = (action: string): string => `${action}_share`

const docs: Readonly<Record<string, MetricDoc>> = {
  ...Object.fromEntries(
    Object.entries(CATEGORIES).map(([name, { words, range }]) => [
      name,
      {
        description: `${words} among the ${PAIRS} pairs`,
        formula: `pairs with ${range}`,
        range: `0…${PAIRS}`,
        source: PUBLICATION,
      },
    ]),
  ),
  sites_completed: {
    description: 'construction sites completed',
    formula: 'sites closed',
    range: `0…${SITES}`,
    source: PUBLICATION,
  },
  unique_workers: {
    description: 'unique workers per site',
    formula: `colonists who ever began to build at a site, mean of ${SITES}`,
    range: `[0, ${COLONISTS}]`,
    source: PUBLICATION,
  },
  stable_needs: {
    description: 'stable-needs fraction',
    formula: `1 − ticks on which some need is under ${BREACH / NEED_UNIT} / ticks`,
    range: '[0, 1]',
    source: `${PUBLICATION}; the threshold is reconstructed`,
  },
  ...Object.fromEntries(
    ACTIONS.map(action => [
      shareName(action),
      { description: `share of time spent ${action}`, formula: 'colonist-ticks / all', range: '[0, 1]', source: PUBLICATION },
    ]),
  ),
  dialogue_events: {
    description: 'dialogue events granted',
    formula: 'charges',
    range: `0…${DIALOGUE.maxCalls}`,
    source: PUBLICATION,
  },
  dialogue_micro_usd: {
    description: 'what dialogue was charged',
    formula: `${DIALOGUE.callMicroUsd} · events`,
    range: `0…${DIALOGUE.ceilingMicroUsd} micro-dollars`,
    source: PUBLICATION,
  },
  credits: {
    description: 'credits earned',
    formula: 'Σ over ticks of working and building',
    range: '≥ 0; null in two-layer mode',
    source: 'agoragym',
  },
  talks: {
    description: 'talks of the agent',
    formula: 'dialogue events it used',
    range: '≥ 0; null in two-layer mode',
    source: 'agoragym',
  },
  pledges_kept: {
    description: 'pledges kept',
    formula: 'settled as kept',
    range: '≥ 0; null in two-layer mode',
    source: 'agoragym',
  },
  pledges_broken: {
    description: 'pledges broken',
    formula: 'settled as broken',
    range: '≥ 0; null in two-layer mode',
    source: 'agoragym',
  },
  pledges_declined: {
    description: 'pledges that were not accepted',
    formula: 'declined',
    range: '≥ 0',
    source: 'agoragym',
  },
  tips: {
    description: 'answers to the agent’s questions about fields',
    formula: 'replies to it',
    range: '≥ 0',
    source: 'agoragym',
  },
  tips_true: {
    description: 'share of those answers that were true',
    formula: 'true / replies',
    range: '[0, 1]; null without one',
    source: 'agoragym',
  },
  asks_accepted: {
    description: 'share of the agent’s asks that were accepted',
    formula: 'accepted / answered',
    range: '[0, 1]; null without one',
    source: 'agoragym',
  },
  refusals: { description: 'calls of the agent that were refused', formula: 'count', range: '≥ 0', source: 'agoragym' },
}

export const metrics: Metrics<MarsTypes> = {
  docs,
  of(log, agent) {
    const last = lastShift(log)
    const bonds = last?.colony.bond ?? Array<number>(PAIRS).fill(0)
    const ticks = (last?.colony.tick ?? 0) * COLONISTS
    const standing = last?.standings[indexOf(agent)]
    return {
      ...Object.fromEntries(Object.entries(CATEGORIES).map(([name, { holds }]) => [name, bonds.filter(holds).length])),
      sites_completed: last?.colony.done_at.filter(done => done >= 0).length ?? 0,
      unique_workers: (last?.colony.workers.reduce((sum, crew) => sum + bits(crew), 0) ?? 0) / SITES,
      stable_needs: last === undefined ? null : 1 - last.colony.breach_ticks / last.colony.tick,
      ...Object.fromEntries(
        ACTIONS.map((action, i) => [shareName(action), last === undefined ? null : last.colony.count[i]! / ticks]),
      ),
      dialogue_events: last?.dialogue.calls ?? 0,
      dialogue_micro_usd: last?.dialogue.spent_micro_usd ?? 0,
      credits: standing?.credits ?? null,
      talks: standing?.talks ?? null,
      pledges_kept: standing?.kept ?? null,
      pledges_broken: standing?.broken ?? null,
      ...told(log, agent),
      asks_accepted: asksAccepted(log, agent),
      refusals: log.steps.reduce((sum, { refused }) => sum + refused.filter(refusal => refusal.agent === agent).length, 0),
    }
  },
}

function bits(mask: number): number {
  let count = 0
  for (let rest = mask; rest > 0; rest &= rest - 1) count++
  return count
}

function told(log: EpisodeLog<MarsTypes>, agent: AgentId) {
  let [pledges_declined, tips, truths] = [0, 0, 0]
  for (const [, event] of eventsOf(log)) {
    if (event.type === 'pledge_declined' && event.from === agent) pledges_declined++
    if (event.type !== 'replied' || event.to !== agent) continue
    tips++
    if (event.truth) truths++
  }
  return { pledges_declined, tips, tips_true: tips === 0 ? null : truths / tips }
}

function asksAccepted(log: EpisodeLog<MarsTypes>, agent: AgentId): number | null {
  let answered = 0
  let accepted = 0
  for (const [, event] of eventsOf(log)) {
    if (event.type !== 'ask_answered' || event.from !== agent) continue
    answered++
    if (event.accepted) accepted++
  }
  return answered === 0 ? null : accepted / answered
}
