/**
 * What an agent sees, and the text a model reads: sections in one order, `none` where one is empty. The sections of the
 * later versions are documented, the layout is ours. Other agents' words appear as quotations only (`quote.ts`).
 */
import { horizon } from './config.ts'
import { percent, signed, transferWords } from './format.ts'
import { quote } from './quote.ts'
import {
  type Agent,
  agentOf,
  type Observation,
  type Offer,
  type OpenTask,
  type Proposal,
  RECENT,
  type Shared,
  type State,
  type Task,
} from './state.ts'
import { TEMPLATES } from './templates.ts'
import { pendingOf } from './trades.ts'

/** Posts of the feed that are shown. */
const FEED = 5
/** A note is made of an agent that has claimed at least this many tasks more than it has handed in work for. */
const UNFINISHED = 2

export function shared(state: State): Shared {
  const { config, step, agents, posts, levers } = state
  return {
    step,
    steps: horizon(config),
    epoch: Math.min(config.epochs, Math.floor(step / config.steps_per_epoch) + 1),
    epochs: config.epochs,
    rules: { ...levers, freeze_below: config.freeze_below },
    full: config.observation_detail === 'full',
    explain_trades: config.explain_trades,
    agents: agents.map(agent => ({
      agent: agent.id,
      reputation: agent.reputation,
      resources: agent.resources,
      status: statusOf(agent),
    })),
    tasks: state.tasks.flatMap(task => (task.status === 'open' ? [described(task)] : [])),
    feed: posts
      .slice(-FEED)
      .reverse()
      .map(({ id, author, votes, text, reply }) => ({ post: id, author, votes, text, reply })),
    last_task: state.tasks.length,
    last_post: posts.length,
    recent: state.recent,
    notes: agents.flatMap(({ id, task, tally: { claims, submissions } }) =>
      claims - submissions - (task === null ? 0 : 1) >= UNFINISHED
        ? [`${id} claimed ${claims} tasks, submitted ${submissions}`]
        : [],
    ),
  }
}

export function observe(state: State, agent: string, shared: Shared): Observation {
  const self = agentOf(state, agent)
  const incoming: Offer[] = []
  const outgoing: Offer[] = []
  for (const proposal of pendingOf(state)) {
    if (proposal.to === agent) incoming.push(offer(proposal, proposal.from))
    else if (proposal.from === agent) outgoing.push(offer(proposal, proposal.to))
  }
  const known = state.agents.flatMap(({ id }) => {
    const dealings = self.dealings[id]
    return dealings === undefined ? [] : [{ agent: id, ...dealings }]
  })
  return {
    shared,
    agent,
    reputation: self.reputation,
    resources: self.resources,
    payoff: self.tally.payoff,
    status: statusOf(self),
    outcome: self.outcome,
    task: self.task === null ? null : described(state.tasks[self.task - 1]!),
    incoming,
    outgoing,
    voted: shared.feed.flatMap(({ post }) => (state.posts[post - 1]!.voters.includes(agent) ? [post] : [])),
    answers: known.flatMap(({ agent: other, made, accepted }) => (made > 0 ? [{ agent: other, made, accepted }] : [])),
    offers: known.flatMap(({ agent: other, received, asking }) => (received > 0 ? [{ agent: other, received, asking }] : [])),
  }
}

function statusOf({ frozenFor }: Agent): 'active' | 'frozen' {
  return frozenFor === null ? 'active' : 'frozen'
}

function described({ id, template, bounty }: Task): OpenTask {
  return { task: id, ...TEMPLATES[template]!, bounty }
}

function offer({ id, transfer, text }: Proposal, agent: string): Offer {
  return { proposal: id, agent, transfer, text }
}

export function render(observation: Observation): string {
  const { shared, agent, outcome, reputation, resources, payoff, status, task, incoming } = observation
  const { rules } = shared
  const lines = [
    `Result: ${outcome || 'none'}`,
    `Step ${Math.min(shared.step + 1, shared.steps)} of ${shared.steps} (epoch ${shared.epoch} of ${shared.epochs})`,
    `You: reputation ${reputation.toFixed(1)} | resources ${resources.toFixed(1)} | payoff ${signed(payoff)} | status ${status}`,
    `Rules: tax ${percent(rules.tax_rate)} per step | audit ${percent(rules.audit_risk)} | decay ${percent(1 - rules.decay)} per step | freeze below ${rules.freeze_below}`,
    ...section(
      'Agents',
      shared.agents
        .filter(other => other.agent !== agent)
        .map(
          other =>
            `${other.agent}  reputation ${other.reputation.toFixed(1)}  resources ${other.resources.toFixed(1)}  ${other.status}`,
        ),
    ),
    ...section('Open tasks', shared.tasks.map(taskLine)),
    ...section('Your claimed task', task === null ? [] : [taskLine(task)]),
    ...section(
      'Incoming proposals',
      incoming.map(({ proposal, agent: from, text, transfer }) => {
        const meaning = shared.explain_trades ? ` (${transferWords(transfer < 0 ? 'would pay' : 'would receive', transfer)})` : ''
        return `#${proposal} from ${from}: ${quote(text)} offered_transfer ${transfer.toFixed(1)}${meaning}`
      }),
    ),
    ...section(
      'Feed (newest 5)',
      shared.feed.flatMap(({ post, author, votes, text, reply }) => [
        `#${post} ${author} (${votes > 0 ? '+' : ''}${votes}): ${quote(text)}`,
        ...(reply === null ? [] : [`  reply of ${reply.author}: ${quote(reply.text)}`]),
      ]),
    ),
  ]
  return (shared.full ? [...lines, ...further(observation)] : lines).join('\n')
}

/** The sections of the later versions. */
function further({ shared, agent, outgoing, answers, offers }: Observation): string[] {
  return [
    ...section(
      'Your outgoing proposals',
      outgoing.map(
        ({ proposal, agent: to, transfer }) => `Trade #${proposal} to ${to}, offered_transfer ${transfer.toFixed(1)}, waiting`,
      ),
    ),
    ...section(`Recent events (${RECENT})`, shared.recent),
    ...section(
      'Proposal history',
      answers.map(({ agent: other, made, accepted }) => `${other} accepted ${accepted} of ${made} of your proposals`),
    ),
    ...section('Behaviour notes', [
      ...shared.notes.filter(note => !note.startsWith(`${agent} `)),
      ...offers.flatMap(({ agent: other, received, asking }) =>
        asking > 0 ? [`${other} asked you for payment in ${asking} of ${received} proposals`] : [],
      ),
    ]),
  ]
}

function section(title: string, lines: readonly string[]): string[] {
  return [`${title}:`, ...(lines.length === 0 ? ['none'] : lines).map(line => `  ${line}`)]
}

function taskLine({ task, title, bounty, difficulty, description }: OpenTask): string {
  return `#${task} ${title} | bounty ${bounty.toFixed(1)} | difficulty ${difficulty.toFixed(1)} | ${description}`
}
