/**
 * Tasks: how they appear, are claimed, worked on and lapse. Numbers per epoch and what a submission pays are documented,
 * bounties are pinned down by published payoffs, claims and lapses are reconstructed.
 */
import { stream } from '../core/random.ts'
import type { AgentId } from '../core/tool.ts'
import { terms } from './config.ts'
import { label, payoffOf, reputationOf } from './label.ts'
import { type Problem, problemOf } from './problems.ts'
import {
  type Agent,
  agentOf,
  changeReputation,
  changeResources,
  type Emit,
  LIFE,
  START_REPUTATION,
  type State,
  type SwarmEvent,
  type Task,
} from './state.ts'
import { TEMPLATES, type Template } from './templates.ts'

/** What a bounty is multiplied by at levels 1 to 3. */
const LEVEL_PAY = [0.75, 1, 1.25]
/** The most that reputation makes of a word that is trusted. */
export const TRUSTED_AT_MOST = 1.25

/**
 * New tasks of the epoch that starts now: 2 or 3 as published, in a sparse scenario 1. Their stream is named by the epoch, so that
 * nothing an agent does moves them.
 */
export function spawn(draft: State): Task[] {
  const { steps_per_epoch, extreme, bounty_low, bounty_high, tasks_low = 2, tasks_high = 3, work_rule } = draft.config
  const random = stream(draft.seed, 'tasks', draft.step / steps_per_epoch)
  const usual = random.int(tasks_low, Math.max(tasks_low, tasks_high))
  const tasks = Array.from({ length: extreme === 'sparse' ? 1 : usual }, (_, i): Task => {
    const template = random.int(0, TEMPLATES.length - 1)
    const bounty = Number((random.uniform(bounty_low, bounty_high) * draft.levers.bounty_multiplier).toFixed(1))
    const task: Task = { id: draft.tasks.length + i + 1, template, bounty, status: 'open', by: null, since: 0, lapsed: null }
    if (work_rule !== 'problems') return task
    const { level_low, level_high } = terms(draft.config)
    const level = random.int(level_low, Math.max(level_low, level_high))
    return { ...task, bounty: Number((bounty * LEVEL_PAY[level - 1]!).toFixed(1)), level, seen: 0 }
  })
  draft.tasks.push(...tasks)
  return tasks
}

export function claim(draft: State, by: AgentId, id: number, emit: Emit): void {
  const task = draft.tasks[id - 1]!
  // The first page of a problem lies open to whoever claims it.
  const seen = task.level === undefined ? {} : { seen: 1 }
  draft.tasks[id - 1] = { ...task, ...seen, status: 'claimed', by, since: draft.step }
  agentOf(draft, by).task = id
  emit({ type: 'task_claimed', agent: by, task: id })
}

/** What a task says of itself before anybody claims it. */
export function described(state: Pick<State, 'seed' | 'config'>, task: Task): Template {
  if (task.level === undefined) return TEMPLATES[task.template]!
  return { title: problemAt(state, task).title, difficulty: task.level / LEVEL_PAY.length, description: '' }
}

/** The problem of a task that is one. */
export function problemAt({ seed, config }: Pick<State, 'seed' | 'config'>, { id, level }: Task): Problem {
  return problemOf(seed, id, level!, terms(config).figures)
}

/** The holder of a problem sees its next page; gives the number of it. */
export function workOn(draft: State, by: AgentId, id: number, emit: Emit): number {
  const task = draft.tasks[id - 1]!
  const page = task.seen! + 1
  draft.tasks[id - 1] = { ...task, seen: page }
  emit({ type: 'worked_on', agent: by, task: id, page })
  return page
}

/** What answers of which so many are right and so many vouched for come to as work. */
export function answered(
  task: Task,
  right: number,
  vouched: number,
): Pick<Submitted, 'p' | 'questions' | 'right' | 'vouched' | 'pages'> {
  const questions = task.level! + 1
  return { p: label((2 * right) / questions - 1), questions, right, vouched, pages: task.seen! }
}

export type Submitted = Extract<SwarmEvent, { type: 'work_submitted' }>

/**
 * Settles a claimed task at once: bounty · (2p − 1) as payoff and as resources, 5 · (p − 0.5) of reputation. A share of a
 * problem's bounty, and the reputation, are paid on the worker's word instead.
 */
export function submit(
  draft: State,
  by: AgentId,
  id: number,
  work: Omit<Submitted, 'type' | 'agent' | 'task' | 'payoff' | 'reputation'>,
  emit: Emit,
): Submitted {
  const task = draft.tasks[id - 1]!
  const agent = agentOf(draft, by)
  draft.tasks[id - 1] = { ...task, status: 'completed' }
  agent.task = null
  agent.interactions++
  const word = work.questions === undefined ? work.p : work.vouched! / work.questions
  const payoff = work.questions === undefined ? payoffOf(task.bounty, work.p) : wagesOf(draft, agent, task.bounty, work.p, word)
  changeResources(agent, payoff)
  const reputation = changeReputation(agent, reputationOf(word))
  const submitted: Submitted = { type: 'work_submitted', agent: by, task: id, ...work, payoff, reputation }
  emit(submitted)
  return submitted
}

function wagesOf({ config }: State, { reputation }: Agent, bounty: number, p: number, word: number): number {
  const { word_share, word_trust } = terms(config)
  const trust = word_trust === true ? Math.min(TRUSTED_AT_MOST, reputation / START_REPUTATION) : 1
  return (1 - word_share) * payoffOf(bounty, p) + word_share * bounty * word * trust
}

/** Reopens what was claimed too long ago: after 5 steps, and one more for each level of a problem. */
export function lapseClaims(draft: State, emit: Emit): void {
  for (const agent of draft.agents) {
    if (agent.task === null) continue
    const task: Task = draft.tasks[agent.task - 1]!
    if (draft.step - task.since < LIFE + (task.level ?? 0)) continue
    const seen = task.level === undefined ? {} : { seen: 0 }
    draft.tasks[task.id - 1] = { ...task, ...seen, status: 'open', by: null, lapsed: agent.id }
    agent.task = null
    emit({ type: 'claim_lapsed', agent: agent.id, task: task.id })
  }
}
