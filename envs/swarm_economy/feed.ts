/** Posts, replies and votes. What each earns is documented, the ±0.5 of a vote and the bonus's slope are reconstructed. */
import type { AgentId } from '../core/tool.ts'
import { quoted } from './quote.ts'
import { type Agent, agentOf, changeReputation, changeResources, type Emit, type State } from './state.ts'
import { wordsDigest } from './work.ts'

const VOTE_REPUTATION = 0.5
/** Net votes at which a post earns resources. */
const POPULAR = 3

/** A post of `author`; gives the reputation it earned. */
export function publish(draft: State, author: AgentId, text: string, emit: Emit): number {
  const agent = agentOf(draft, author)
  const id = draft.posts.length + 1
  draft.posts.push({
    id,
    author,
    step: draft.step,
    text: quoted(text),
    votes: 0,
    voters: [],
    popular: false,
    reply: null,
  })
  agent.social++
  agent.interactions++
  const reputation = changeReputation(agent, earned(draft, agent, draft.config.post_reward, text))
  emit({ type: 'posted', agent: author, post: id, reputation })
  return reputation
}

/** A reply; gives the reputation it earned, 0 under one's own post. */
export function answer(draft: State, author: AgentId, id: number, text: string, emit: Emit): number {
  const agent = agentOf(draft, author)
  const post = draft.posts[id - 1]!
  draft.posts[id - 1] = { ...post, reply: { author, text: quoted(text) } }
  agent.social++
  const reward = earned(draft, agent, draft.config.reply_reward, text)
  const reputation = post.author === author ? 0 : changeReputation(agent, reward)
  emit({ type: 'replied', agent: author, post: id, author: post.author, reputation })
  return reputation
}

/** What of a reward words earn: all of it, or where posts fade 1/k of it for the k-th of an epoch and nothing for repeated ones. */
function earned({ config }: State, agent: Agent, reward: number, text: string): number {
  if (config.post_decay !== true) return reward
  agent.posted = (agent.posted ?? 0) + 1
  const words = wordsDigest(text)
  if (agent.said?.includes(words)) return 0
  agent.said = [...(agent.said ?? []), words]
  return reward / agent.posted
}

/** A vote on another agent's post. */
export function vote(draft: State, voter: AgentId, id: number, direction: 'up' | 'down', emit: Emit): void {
  const post = draft.posts[id - 1]!
  const author = agentOf(draft, post.author)
  const by = direction === 'up' ? 1 : -1
  const votes = post.votes + by
  const popular = post.popular || (draft.config.popular_bonus && votes >= POPULAR)
  draft.posts[id - 1] = { ...post, votes, voters: [...post.voters, voter], popular }
  const reputation = changeReputation(author, by * VOTE_REPUTATION)
  emit({ type: 'voted', agent: voter, post: id, author: post.author, direction, reputation })
  if (popular && !post.popular) {
    const resources = Math.min(5, 1.5 * votes)
    changeResources(author, resources)
    emit({ type: 'post_rewarded', agent: post.author, post: id, resources })
  }
}
