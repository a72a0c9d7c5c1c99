/**
 * Calls one of the nine first tools uniformly, on something uniform among what it sees, and also where there is nothing of
 * the kind (only a reply becomes a pass then): what chance is worth. Not `random_legal`, which calls nothing that is refused.
 */
import { call, type PolicyFactory } from '../../envs/core/policy.ts'
import { compose } from '../../envs/swarm_economy/compose.ts'
import type { SwarmTypes } from '../../envs/swarm_economy/index.ts'
import { TOOL_NAMES } from '../../envs/swarm_economy/state.ts'
import { foreignPosts, PASS_TURN, POST } from './moves.ts'

const TOOLS = TOOL_NAMES.filter(tool => tool !== 'cancel_proposal')

export const uniformCalls: PolicyFactory<SwarmTypes> = () => ({
  act({ observation, random }) {
    const { shared, agent, incoming, task } = observation
    const tool = random.pick(TOOLS)
    const posts = foreignPosts(observation)
    /** A number among those seen, or one that nothing has. */
    const among = (ids: readonly number[]): number => (ids.length > 0 ? random.pick(ids) : 0)
    switch (tool) {
      case 'post':
        return POST
      case 'reply':
        if (posts.length === 0) return PASS_TURN
        return call(tool, { post_id: random.pick(posts).post, content: 'I read this and agree with a part of it.' })
      case 'vote':
        return call(tool, { post_id: among(posts.map(({ post }) => post)), direction: random.pick(['up', 'down']) })
      case 'propose_trade': {
        const others = shared.agents.filter(other => other.agent !== agent)
        if (others.length === 0) return PASS_TURN
        const offered = Number(random.uniform(-10, 10).toFixed(1))
        return call(tool, {
          counterparty_id: random.pick(others).agent,
          content: 'Would this suit you?',
          offered_transfer: offered,
        })
      }
      case 'accept_proposal':
      case 'reject_proposal':
        return call(tool, { proposal_id: among(incoming.map(({ proposal }) => proposal)) })
      case 'claim_task':
        return call(tool, { task_id: among(shared.tasks.map(open => open.task)) })
      case 'submit_work': {
        if (task?.problem !== undefined || (task === null && shared.lending !== undefined)) {
          const questions = task?.problem?.questions ?? []
          const answers = questions.map(({ about }) => random.pick(about))
          return call(tool, { task_id: task?.task ?? shared.lastTask, answers, vouched: random.int(0, questions.length) })
        }
        if (task === null) return call(tool, { task_id: shared.lastTask, content: 'Nothing was claimed.' })
        const wanted = { length: random.int(10, 200), relevance: random.uniform(0, 0.5) }
        return call(tool, { task_id: task.task, content: compose(wanted, task, random) })
      }
      case 'pass_turn':
        return PASS_TURN
    }
  },
})
