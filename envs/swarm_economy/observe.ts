/**
 * What an agent sees, and the text a model reads: sections in one order, `none` where one is empty. The sections of the
 * later versions are documented, the layout is ours. Other agents' words appear as quotations only (`quote.ts`).
 */
import { horizon, terms } from './config.ts'
import { percent, signed, transferWords } from './format.ts'
import { canTake, debtsOf, recordOf, tooLate } from './loans.ts'
import { quote } from './quote.ts'
import {
  type Agent,
  agentOf,
  type Credit,
  type Debt,
  type HeldProblem,
  type Loan,
  type Observation,
  type Offer,
  type OpenTask,
  type Proposal,
  RECENT,
  RECENT_WITH_LOANS,
  type Shared,
  type State,
  type Task,
} from './state.ts'
import { described, problemAt } from './tasks.ts'
import { pendingOf } from './trades.ts'

/** Posts of the feed that are shown, and where there is more else to read. */
const FEED = 5
const FEED_WITH_LOANS = 3
/** A note is made of an agent that has claimed at least this many tasks more than it has handed in work for. */
const UNFINISHED = 2

export function shared(state: State): Shared {
  const { config, step, agents, posts, levers, loans } = state
  return {
    step,
    steps: horizon(config),
    epoch: Math.min(config.epochs, Math.floor(step / config.steps_per_epoch) + 1),
    epochs: config.epochs,
    rules: { ...levers, freeze_below: config.freeze_below },
    full: config.observation_detail === 'full',
    explainTrades: config.explain_trades,
    agents: agents.map(agent => ({
      agent: agent.id,
      reputation: agent.reputation,
      resources: agent.resources,
      status: statusOf(agent),
      ...(loans !== undefined && { canTake: canTake(state, agent.id) }),
      ...(config.public_record === true && { record: recordOf(state, agent.id) }),
    })),
    ...(loans !== undefined && { lending: { possible: !tooLate(state), limit: terms(config).loan_limit } }),
    tasks: state.tasks.flatMap(task => (task.status === 'open' ? [openTask(state, task)] : [])),
    feed: posts
      .slice(loans === undefined ? -FEED : -FEED_WITH_LOANS)
      .reverse()
      .map(({ id, author, votes, text, reply }) => ({ post: id, author, votes, text, reply })),
    lastTask: state.tasks.length,
    lastPost: posts.length,
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
    task: self.task === null ? null : heldTask(state, state.tasks[self.task - 1]!),
    incoming,
    outgoing,
    voted: shared.feed.flatMap(({ post }) => (state.posts[post - 1]!.voters.includes(agent) ? [post] : [])),
    answers: known.flatMap(({ agent: other, made, accepted }) => (made > 0 ? [{ agent: other, made, accepted }] : [])),
    offers: known.flatMap(({ agent: other, received, asking }) => (received > 0 ? [{ agent: other, received, asking }] : [])),
    ...(state.loans !== undefined && { credit: creditOf(state, agent) }),
  }
}

function creditOf(state: State, agent: string): Credit {
  const debt = ({ id, owed, due, status }: Loan, other: string): Debt => ({
    loan: id,
    agent: other,
    owed,
    due: due + 1,
    overdue: status === 'overdue',
  })
  return {
    owes: debtsOf(state, agent, 'taker').map(loan => debt(loan, loan.lender)),
    owed: debtsOf(state, agent, 'lender').map(loan => debt(loan, loan.taker)),
    given: state.agents.flatMap(({ id }) => {
      const record = recordOf(state, id, agent)
      return record.repaid + record.broken > 0 ? [{ agent: id, ...record }] : []
    }),
  }
}

function statusOf({ frozenFor }: Agent): 'active' | 'frozen' {
  return frozenFor === null ? 'active' : 'frozen'
}

function openTask(state: State, task: Task): OpenTask {
  const { id, bounty, level } = task
  return { task: id, ...described(state, task), bounty, ...(level !== undefined && { level }) }
}

function heldTask(state: State, task: Task): OpenTask {
  const open = openTask(state, task)
  if (task.level === undefined) return open
  const { family, questions, pages } = problemAt(state, task)
  return { ...open, problem: { family, questions, pages: pages.slice(0, task.seen!), pageCount: pages.length } }
}

function offer({ id, transfer, text }: Proposal, agent: string): Offer {
  return { proposal: id, agent, transfer, text }
}

export function render(observation: Observation): string {
  const { shared, agent, outcome, reputation, resources, payoff, status, task, incoming } = observation
  const { rules } = shared
  const { credit } = observation
  // Where there is more to read, what is empty is left out.
  const section = credit === undefined ? always : whereAny
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
            `${other.agent}  reputation ${other.reputation.toFixed(1)}  resources ${other.resources.toFixed(1)}  ${other.status}${standing(other)}`,
        ),
    ),
    ...section('Open tasks', shared.tasks.map(taskLine)),
    ...section('Your claimed task', task === null ? [] : [taskLine(task), ...problemLines(task.problem)]),
    ...(credit === undefined ? [] : creditLines(credit)),
    ...section(
      'Incoming proposals',
      incoming.map(({ proposal, agent: from, text, transfer }) => {
        const verbs = credit === undefined ? ['would pay', 'would receive'] : ['would lend', 'would borrow']
        const meaning = shared.explainTrades ? ` (${transferWords(verbs[transfer < 0 ? 0 : 1]!, transfer)})` : ''
        return `#${proposal} from ${from}: ${quote(text)} offered_transfer ${transfer.toFixed(1)}${meaning}`
      }),
    ),
    ...section(
      `Feed (newest ${credit === undefined ? FEED : FEED_WITH_LOANS})`,
      shared.feed.flatMap(({ post, author, votes, text, reply }) => [
        `#${post} ${author} (${votes > 0 ? '+' : ''}${votes}): ${quote(text)}`,
        ...(reply === null ? [] : [`  reply of ${reply.author}: ${quote(reply.text)}`]),
      ]),
    ),
  ]
  return (shared.full ? [...lines, ...further(observation, section)] : lines).join('\n')
}

/** The sections of the later versions. */
function further({ shared, agent, outgoing, answers, offers, credit }: Observation, section: Section): string[] {
  return [
    ...section(
      'Your outgoing proposals',
      outgoing.map(
        ({ proposal, agent: to, transfer }) => `Trade #${proposal} to ${to}, offered_transfer ${transfer.toFixed(1)}, waiting`,
      ),
    ),
    ...section(`Recent events (${credit === undefined ? RECENT : RECENT_WITH_LOANS})`, shared.recent),
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

type Section = (title: string, lines: readonly string[]) => string[]

const always: Section = (title, lines) => [`${title}:`, ...(lines.length === 0 ? ['none'] : lines).map(line => `  ${line}`)]

const whereAny: Section = (title, lines) => (lines.length === 0 ? [] : always(title, lines))

/** What can be lent to an agent, and how it has repaid. */
function standing({ canTake, record }: Shared['agents'][number]): string {
  return [
    ...(canTake === undefined ? [] : [`  can borrow ${canTake}x`]),
    ...(record === undefined ? [] : [`  repaid ${record.repaid}, broke ${record.broken}`]),
  ].join('')
}

function taskLine({ task, title, bounty, difficulty, description, level }: OpenTask): string {
  const said = level === undefined ? `difficulty ${difficulty.toFixed(1)} | ${description}` : `level ${level}`
  return `#${task} ${title} | bounty ${bounty.toFixed(1)} | ${said}`
}

function problemLines(problem: HeldProblem | undefined): string[] {
  if (problem === undefined) return []
  const { pages, questions, pageCount } = problem
  const unseen = pageCount - pages.length
  return [
    ...pages.map(({ title, columns, rows }) => `${title} (${columns.join(' ')}): ${rows.map(row => row.join(' ')).join('; ')}`),
    ...(unseen === 0 ? [] : [`${unseen} more ${unseen === 1 ? 'page' : 'pages'}: work_on shows the next`]),
    ...questions.map(({ text }, i) => `Q${i + 1}: ${text}`),
  ]
}

function creditLines({ owes, owed, given }: Credit): string[] {
  const line =
    (whose: string) =>
    ({ loan, agent, owed: sum, due, overdue }: Debt) =>
      `loan #${loan}: ${whose} ${agent} ${sum.toFixed(1)}, ${overdue ? 'OVERDUE' : `due by step ${due}`}`
  return [
    ...whereAny('Loans', [...owes.map(line('you owe')), ...owed.map(line('owed to you by'))]),
    ...whereAny(
      'Loans you gave',
      given.map(({ agent, repaid, broken }) => `${agent} repaid ${repaid}, broke ${broken}`),
    ),
  ]
}
