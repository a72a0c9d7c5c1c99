/** Moves that several learners make. Knows what an observation holds, no strategy. */
import type { Decision } from '../../envs/core/environment.ts'
import { call, type Turn } from '../../envs/core/policy.ts'
import { compose, type Wanted } from '../../envs/swarm_economy/compose.ts'
import type { Observation, SwarmTypes } from '../../envs/swarm_economy/index.ts'
import { solve } from '../../envs/swarm_economy/problems.ts'
import type { OpenTask } from '../../envs/swarm_economy/state.ts'

export type SwarmTurn = Turn<SwarmTypes>

/** Reads a problem as far as so many pages, then answers what they suffice for and vouches for a share of the rest too. */
export function solveTask({ task, problem }: OpenTask, pages: number, overstates: number): Decision {
  if (problem!.pages.length < Math.min(pages, problem!.pageCount)) return call('work_on')
  const answers = problem!.questions.map(asked => solve(problem!.family, asked, problem!.pages) ?? '')
  const known = answers.filter(answer => answer !== '').length
  const vouched = known + Math.round(overstates * (answers.length - known))
  return call('submit_work', { task_id: task, answers, vouched })
}

/** Submits work for the claimed task, a text as wanted or all that a problem asks; undefined where there is none. */
export function submitWork({ observation: { task }, random }: SwarmTurn, wanted: Wanted): Decision | undefined {
  if (task?.problem !== undefined) return solveTask(task, task.problem.pageCount, 0)
  return task === null ? undefined : call('submit_work', { task_id: task.task, content: compose(wanted, task, random) })
}

/** Claims the open task of the highest bounty; undefined where none is open. */
export function claimRichest({ shared: { tasks } }: Observation): Decision | undefined {
  if (tasks.length === 0) return undefined
  const richest = tasks.reduce((best, task) => (task.bounty > best.bounty ? task : best))
  return call('claim_task', { task_id: richest.task })
}

/** Offers `amount`, as far as resources go, to the active agent of the best reputation; `favour` is added to each. */
export function offerBest(
  { shared, agent, resources }: Observation,
  amount: number,
  favour: () => number = () => 0,
): Decision | undefined {
  const ranked = shared.agents.flatMap(other =>
    other.agent === agent || other.status === 'frozen' ? [] : [{ to: other.agent, standing: other.reputation + favour() }],
  )
  if (ranked.length === 0) return undefined
  const { to } = ranked.reduce((best, other) => (other.standing > best.standing ? other : best))
  // Rounded down to a tenth, so that the offer is affordable.
  const offered = Math.min(amount, Math.floor(resources * 10) / 10)
  return call('propose_trade', { counterparty_id: to, content: 'An advance on good work to come.', offered_transfer: offered })
}

/** Other agents' posts of the feed, newest first. */
export function foreignPosts({ shared, agent }: Observation): Observation['shared']['feed'] {
  return shared.feed.filter(({ author }) => author !== agent)
}

export const PASS_TURN: Decision = call('pass_turn')
export const POST: Decision = call('post', { content: 'I hand in what I claim, and I honour what I agree to.' })

/** What the good workers hand in: 400 characters, half of the keywords, four fifths of the relevance. */
export const GOOD: Wanted = { length: 400, keywords: 3, relevance: 0.8 }
