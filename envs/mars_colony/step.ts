/** One step: the calls of every actor through the gate, then the shift, then how everybody stands. */
import type { Decisions, Step } from '../core/environment.ts'
import { namedTool, Outcome, perform, tooManyCalls } from '../core/outcome.ts'
import type { AgentId } from '../core/tool.ts'
import type { MarsTypes } from './observe.ts'
import { offered, withheld } from './offered.ts'
import { scoreOf } from './score.ts'
import { runShift } from './shift.ts'
import { COLONIST_IDS, draftOf, type MarsEvent, type MarsState, type Member, type Standing } from './state.ts'
import { MAX_CALLS, tools } from './tools.ts'

export function step(state: MarsState, decisions: Decisions): Step<MarsTypes> {
  const draft = draftOf(state)
  const outcome = new Outcome<MarsTypes>()
  const declared = tools(draft.config)
  for (const [agent, { calls }] of Object.entries(decisions)) {
    const open = offered(draft, agent)
    for (const [n, call] of calls.entries()) {
      if (n < MAX_CALLS) perform(outcome, declared, open, draft, agent, call, tool => withheld(draft, agent, tool))
      else outcome.refuse(agent, namedTool(call), tooManyCalls(MAX_CALLS))
    }
  }
  runShift(draft, outcome.emit)
  draft.step++
  outcome.emit(shiftEnded(draft))
  const { events, results, refused } = outcome
  const done = draft.step >= draft.config.max_steps && 'truncated'
  return { state: draft, rewards: rewardsOf(state, draft), events, results, refused, done }
}

const NO_REWARDS: Readonly<Record<AgentId, number>> = Object.freeze(Object.fromEntries(COLONIST_IDS.map(agent => [agent, 0])))

function rewardsOf(before: MarsState, { config, members }: MarsState): Readonly<Record<AgentId, number>> {
  if (config.mode === 'two-layer') return NO_REWARDS
  const rewards: Record<AgentId, number> = {}
  for (const [i, agent] of COLONIST_IDS.entries())
    rewards[agent] = scoreOf(config, members[i]!).reward - scoreOf(config, before.members[i]!).reward
  return rewards
}

function shiftEnded({ config, colony, ledger, members }: MarsState): MarsEvent {
  const { tick, need, bond, progress, done_at, workers, count, breach_ticks } = colony
  return {
    type: 'shift_ended',
    colony: {
      tick,
      need: need.slice(),
      bond: bond.slice(),
      progress: progress.slice(),
      done_at: done_at.slice(),
      workers: workers.slice(),
      count: count.slice(),
      breach_ticks,
    },
    dialogue: { calls: ledger.calls, spent_micro_usd: ledger.spent_micro_usd, refused: ledger.refused },
    standings: config.mode === 'two-layer' ? [] : members.map(standingOf),
  }
}

function standingOf(member: Member): Standing {
  const { credits, reputation, bad_ticks, talks, good_talks, visits, good_visits, kept, broken } = member
  return { credits, reputation, bad_ticks, talks, good_talks, visits, good_visits, kept, broken }
}
