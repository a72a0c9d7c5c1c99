/**
 * What governs every step, in this order: audits, tax, decay of reputation, circuit breaker and appeals. Rates and
 * formulas are documented; the outcome of an audit, the idle factor's size and the order are reconstructed.
 */

import { stream } from '../core/random.ts'
import { mean } from '../core/sums.ts'
import { type Scenario, terms } from './config.ts'
import { clamp } from './label.ts'
import type { Shift } from './options.ts'
import { type Agent, agentOf, changeReputation, changeResources, type Emit, type Levers, type State } from './state.ts'
import type { Submitted } from './tasks.ts'

const AUDIT = { passed: 1, failed: -5, fine: 0.25 }
const TAX_CAP = 0.5
/** Steps an agent stays frozen before it may return, and how far above the threshold it then stands. */
export const APPEAL = { after: 3, above: 5 }
/** The step at which a phase shift takes effect is the first of this epoch, counting from 1. */
const SHIFT_EPOCH = 3

/** The levers a game starts with. */
export function openingLevers({ tax_rate, audit_risk, decay, bounty_multiplier }: Scenario): Levers {
  return { tax_rate, audit_risk, decay, bounty_multiplier }
}

/** The shift that takes effect with the epoch that starts now; changes the levers. */
export function shiftPhase(draft: State): Shift {
  const { phase_shift, steps_per_epoch } = draft.config
  if (draft.step !== (SHIFT_EPOCH - 1) * steps_per_epoch) return 'none'
  const { tax_rate, audit_risk, decay, bounty_multiplier } = draft.levers
  const shifted: Readonly<Record<Shift, Partial<Levers>>> = {
    none: {},
    tax: { tax_rate: Math.min(1, tax_rate * 2) },
    audit: { audit_risk: Math.min(1, audit_risk * 2) },
    decay: { decay: faster(decay, 2) },
    bounty: { bounty_multiplier: bounty_multiplier * 0.5 },
  }
  draft.levers = { ...draft.levers, ...shifted[phase_shift] }
  return phase_shift
}

/** Audits of this step's submissions; each has a stream of its own, so that one more submission changes no other's luck. */
export function audit(draft: State, submitted: readonly Submitted[], emit: Emit): void {
  for (const work of submitted) {
    const { agent: id, task, p } = work
    if (!stream(draft.seed, 'audit', draft.step, id).chance(draft.levers.audit_risk)) continue
    const agent = agentOf(draft, id)
    const { passed, fine, penalty } = verdict(draft.config, work)
    const payoff = passed ? 0 : -fine * draft.tasks[task - 1]!.bounty
    changeResources(agent, payoff)
    const reputation = changeReputation(agent, passed ? AUDIT.passed : penalty)
    emit({ type: 'audited', agent: id, task, p, passed, payoff, reputation })
  }
}

/** What an audit makes of work: `fine` in bounties. Of a problem it compares the worker's word with what is right. */
function verdict(config: Scenario, work: Submitted): { passed: boolean; fine: number; penalty: number } {
  if (work.questions === undefined) return { passed: work.p >= config.audit_fails_below, fine: AUDIT.fine, penalty: AUDIT.failed }
  const { word_share, audit_fine, audit_penalty } = terms(config)
  const overstated = Math.max(0, work.vouched! - work.right!) / work.questions
  return { passed: overstated === 0, fine: (word_share + audit_fine) * overstated, penalty: -audit_penalty }
}

/** Takes everybody's tax, destroys it, and gives what each paid. A frozen agent pays none. */
export function tax(draft: State): number[] {
  const { tax_rate } = draft.levers
  const average = mean(draft.agents.map(({ resources }) => resources))
  return draft.agents.map(agent => {
    if (agent.frozenFor !== null) return 0
    const rate = draft.config.progressive_tax && average > 0 ? tax_rate * (1 + agent.resources / average) : tax_rate
    const paid = Math.min(rate, draft.config.progressive_tax ? TAX_CAP : 1) * agent.resources
    changeResources(agent, -paid)
    return paid
  })
}

/** Lets every reputation decay, faster for players that passed, and gives what each lost as a number ≤ 0. */
export function decay(draft: State, idle: ReadonlySet<Agent>): number[] {
  const usual = draft.levers.decay
  const faded = faster(usual, draft.config.idle_decay_factor)
  return draft.agents.map(agent => changeReputation(agent, agent.reputation * ((idle.has(agent) ? faded : usual) - 1)))
}

/** A decay whose loss is `factor` times as large. */
function faster(decay: number, factor: number): number {
  return clamp(1 - factor * (1 - decay), 0, 1)
}

/** Freezes who is below the threshold; where appeals are heard, brings back who has been frozen long enough. */
export function breakCircuit(draft: State, emit: Emit): void {
  const { freeze_below, appeals } = draft.config
  for (const agent of draft.agents) {
    if (agent.frozenFor === null) {
      if (agent.reputation >= freeze_below) continue
      agent.frozenFor = 0
      emit({ type: 'frozen', agent: agent.id })
      continue
    }
    agent.frozenFor++
    if (!appeals || agent.frozenFor < APPEAL.after) continue
    agent.frozenFor = null
    const reputation = changeReputation(agent, freeze_below + APPEAL.above - agent.reputation)
    emit({ type: 'unfrozen', agent: agent.id, reputation })
  }
}
