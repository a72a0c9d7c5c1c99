/** What there is to see of a step: who trades with whom, reputations, tasks, posts, audits. Knows state and events. */
import { horizon } from '../../envs/swarm_economy/config.ts'
import type { State, SwarmEvent, SwarmTypes } from '../../envs/swarm_economy/state.ts'
import { described } from '../../envs/swarm_economy/tasks.ts'
import { figure, spread } from '../figures.ts'
import type { Bars, Cells, Feed, Lines, Moment, Network, NetworkLink, Picture, Told, Tone } from '../picture.ts'
import { feedOf, playerOf } from '../picture.ts'

export function picture(moment: Moment<SwarmTypes>): Picture {
  const { state } = moment
  return {
    title: `swarm_economy: step ${state.step} of ${horizon(state.config)}`,
    panels: [
      trades(moment),
      reputations(moment),
      course(moment),
      tasks(state),
      posts(state),
      feedOf('Last step', moment.events, TOLD),
    ],
  }
}

/** What was concluded so far by pair, what is on offer now, and where trades are loans what is owed. */
function trades({ log, t, state }: Moment<SwarmTypes>): Network {
  const concluded = new Map<string, { from: string; to: string; count: number }>()
  for (const { events } of log.steps.slice(0, t))
    for (const event of events) {
      if (event.type !== 'trade_accepted') continue
      const key = `${event.from} ${event.agent}`
      const pair = concluded.get(key)
      if (pair === undefined) concluded.set(key, { from: event.from, to: event.agent, count: 1 })
      else pair.count++
    }
  const often = spread([...concluded.values()].map(({ count }) => count))
  const rich = spread(state.agents.map(({ resources }) => resources))
  return {
    kind: 'network',
    title: 'Who trades with whom',
    note: 'from who offered to who accepted, the wider the more often; dashed on offer; red a loan that is overdue; the larger, the richer; grey frozen',
    nodes: state.agents.map(({ id, resources, frozenFor }) => ({
      id,
      label: id,
      text: figure(resources, 1),
      size: rich(resources),
      tone: frozenFor === null ? 'plain' : 'quiet',
    })),
    links: [
      ...[...concluded.values()].map(
        ({ from, to, count }): NetworkLink => ({
          from,
          to,
          weight: often(count),
          tone: 'accent',
          label: String(count),
        }),
      ),
      ...state.pending.map((number): NetworkLink => {
        const { from, to, transfer } = state.proposals[number - 1]!
        return { from, to, weight: 0.2, tone: 'plain', label: `offers ${figure(transfer, 1)}`, dashed: true }
      }),
      ...(state.loans ?? []).flatMap(({ status, taker, lender, owed }): NetworkLink[] =>
        status === 'open' || status === 'overdue'
          ? [{ from: taker, to: lender, weight: 0.4, tone: status === 'open' ? 'good' : 'bad', label: `owes ${figure(owed, 1)}` }]
          : [],
      ),
    ],
  }
}

function reputations({ log, state }: Moment<SwarmTypes>): Bars {
  return {
    kind: 'bars',
    title: 'Reputation',
    note: 'from 0 to 100; below the line an agent is frozen',
    parts: [{ name: 'reputation', tone: 'accent' }],
    low: 0,
    high: 100,
    marks: [{ at: state.config.freeze_below, name: 'frozen' }],
    rows: state.agents.map(({ id, type, reputation, frozenFor }) => ({
      label: id,
      values: [reputation],
      text: [
        figure(reputation, 1),
        ...(type === 'player' ? [playerOf(log, id)] : [type]),
        ...(frozenFor === null ? [] : ['frozen']),
      ].join(' · '),
    })),
  }
}

function course({ log, t, state }: Moment<SwarmTypes>): Lines {
  const points = state.agents.map((): (readonly [number, number])[] => [])
  for (const { events } of log.steps.slice(0, t))
    for (const event of events)
      if (event.type === 'step_ended')
        for (const [i, reputation] of event.reputation.entries()) points[i]!.push([event.step, reputation])
  return {
    kind: 'lines',
    title: 'Reputations over the steps',
    x: 'step',
    from: 0,
    to: 100,
    series: state.agents.map(({ id }, i) => ({ name: id, points: points[i]!, strong: i === 0 })),
  }
}

const STATUS: Readonly<Record<State['tasks'][number]['status'], Tone>> = { open: 'plain', claimed: 'accent', completed: 'good' }
/** What fits: the newest. */
const SHOWN = 6

function tasks(state: State): Cells {
  return {
    kind: 'cells',
    title: 'Tasks',
    note: state.tasks.length > SHOWN ? `the newest ${SHOWN} of ${state.tasks.length}` : 'all so far',
    cells: state.tasks.slice(-SHOWN).map(task => ({
      title: `task ${task.id}: ${task.status}`,
      lines: [described(state, task).title, `bounty ${figure(task.bounty, 1)}`, task.by ?? 'nobody'],
      tone: STATUS[task.status],
    })),
  }
}

function posts({ posts: all }: State): Feed {
  return {
    kind: 'feed',
    title: 'Posts',
    note: all.length > SHOWN ? `the newest ${SHOWN} of ${all.length}, the newest first` : 'the newest first',
    items: all
      .slice(-SHOWN)
      .reverse()
      .map(({ author, text, votes, reply }) => ({
        who: author,
        text: `${text} (${votes > 0 ? '+' : ''}${figure(votes)})${reply === null ? '' : ` ${reply.author} replied: ${reply.text}`}`,
        tone: votes > 0 ? 'good' : votes < 0 ? 'bad' : 'plain',
      })),
  }
}

const TOLD: Told<SwarmEvent> = {
  epoch_started: ({ epoch }) => ['world', `epoch ${epoch} begins`, 'quiet'],
  task_claimed: ({ agent, task }) => [agent, `claimed task ${task}`, 'plain'],
  claim_lapsed: ({ agent, task }) => [agent, `let task ${task} lapse`, 'bad'],
  work_submitted: ({ agent, task, payoff, p }) => [
    agent,
    `submitted task ${task}: payoff ${figure(payoff, 2)}`,
    p > 0.5 ? 'good' : 'bad',
  ],
  audited: ({ agent, task, passed }) => [
    'audit',
    `${agent}'s task ${task} ${passed ? 'passed' : 'failed'}`,
    passed ? 'good' : 'bad',
  ],
  posted: ({ agent, post }) => [agent, `wrote post ${post}`, 'plain'],
  replied: ({ agent, post, author }) => [agent, `replied to post ${post} of ${author}`, 'plain'],
  voted: ({ agent, post, author, direction }) => [agent, `voted post ${post} of ${author} ${direction}`, 'plain'],
  trade_proposed: ({ agent, to, transfer }) => [agent, `offered ${to} ${figure(transfer, 1)}`, 'plain'],
  trade_accepted: ({ agent, from, paid }) => [agent, `accepted ${from}'s offer: ${figure(paid, 1)} moved`, 'accent'],
  trade_rejected: ({ agent, from }) => [agent, `rejected ${from}'s offer`, 'quiet'],
  loan_repaid: ({ agent, to, paid }) => [agent, `repaid ${to} ${figure(paid, 1)}`, 'good'],
  loan_overdue: ({ agent, to }) => [agent, `did not repay ${to} in time`, 'bad'],
  loan_collected: ({ agent, paid, fine }) => [
    'audit',
    `collected ${figure(paid, 1)} from ${agent}, fine ${figure(fine, 1)}`,
    'bad',
  ],
  frozen: ({ agent }) => [agent, 'is frozen', 'bad'],
  unfrozen: ({ agent }) => [agent, 'is active again', 'good'],
  passed: ({ agent, reason }) => [agent, `passed (${reason})`, 'quiet'],
  call_refused: ({ agent, tool, code }) => [agent, `${tool} refused: ${code}`, 'bad'],
}
