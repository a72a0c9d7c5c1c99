/**
 * Tasks: how they appear, are claimed, worked on and lapse. Numbers per epoch and what a submission pays are documented,
 * bounties are pinned down by published payoffs, claims and lapses are reconstructed.
 */
import { stream } from '../core/random.ts'
import type { AgentId } from '../core/tool.ts'
import { payoffOf, reputationOf } from './label.ts'
import { agentOf, changeReputation, changeResources, type Emit, LIFE, type State, type SwarmEvent, type Task } from './state.ts'
import { TEMPLATES } from './templates.ts'

/**
 * New tasks of the epoch that starts now: 2 or 3, in a sparse scenario 1. Their stream is named by the epoch, so that
 * nothing an agent does moves them.
 */
export function spawn(draft: State): Task[] {
  const { steps_per_epoch, extreme, bounty_low, bounty_high } = draft.config
  const random = stream(draft.seed, 'tasks', draft.step / steps_per_epoch)
  const usual = random.int(2, 3)
  const tasks = Array.from({ length: extreme === 'sparse' ? 1 : usual }, (_, i): Task => {
    const template = random.int(0, TEMPLATES.length - 1)
    const bounty = Number((random.uniform(bounty_low, bounty_high) * draft.levers.bounty_multiplier).toFixed(1))
    return { id: draft.tasks.length + i + 1, template, bounty, status: 'open', by: null, since: 0, lapsed: null }
  })
  draft.tasks.push(...tasks)
  return tasks
}

export function claim(draft: State, by: AgentId, id: number, emit: Emit): void {
  draft.tasks[id - 1] = { ...draft.tasks[id - 1]!, status: 'claimed', by, since: draft.step }
  agentOf(draft, by).task = id
  emit({ type: 'task_claimed', agent: by, task: id })
}

export type Submitted = Extract<SwarmEvent, { type: 'work_submitted' }>

/** Settles a claimed task at once: bounty · (2p − 1) as payoff and as resources, 5 · (p − 0.5) of reputation. */
export function submit(
  draft: State,
  by: AgentId,
  id: number,
  work: Pick<Submitted, 'p' | 'length' | 'repeated' | 'exploit'>,
  emit: Emit,
): Submitted {
  const task = draft.tasks[id - 1]!
  const agent = agentOf(draft, by)
  draft.tasks[id - 1] = { ...task, status: 'completed' }
  agent.task = null
  agent.interactions++
  const payoff = payoffOf(task.bounty, work.p)
  changeResources(agent, payoff)
  const reputation = changeReputation(agent, reputationOf(work.p))
  const submitted: Submitted = { type: 'work_submitted', agent: by, task: id, ...work, payoff, reputation }
  emit(submitted)
  return submitted
}

/** Reopens what was claimed too long ago. */
export function lapseClaims(draft: State, emit: Emit): void {
  for (const agent of draft.agents) {
    if (agent.task === null) continue
    const task: Task = draft.tasks[agent.task - 1]!
    if (draft.step - task.since < LIFE) continue
    draft.tasks[task.id - 1] = { ...task, status: 'open', by: null, lapsed: agent.id }
    agent.task = null
    emit({ type: 'claim_lapsed', agent: agent.id, task: task.id })
  }
}
