/**
 * Observations and actions as numbers, for learners without language. Counterparts are ranked by reputation, open tasks by
 * bounty for a step of work. Reads observations alone; what an answer is worth it computes from the pages that are seen.
 */
import {
  defineEncoding,
  type Encoding,
  type FeatureRule,
  feature,
  flag,
  ranked,
  ranks,
  type SlotRule,
  slot,
} from '../core/encoding.ts'
import { stream } from '../core/random.ts'
import { compose } from './compose.ts'
import { horizon, type SwarmConfig, terms } from './config.ts'
import { LEAST_LOAN } from './loans.ts'
import { solve } from './problems.ts'
import { botCount } from './scenarios.ts'
import type { Debt, Observation, Offer, OpenTask, SwarmTypes } from './state.ts'
import { lendable } from './tools.ts'

/** Others and open tasks that are told apart; who ranks below is not seen. */
const OTHERS = 5
const TASKS = 3
/** Loans are offered and asked for in these shares of the greatest. */
const LOANS = { small: 0.4, medium: 0.7, large: 1 } as const
/** Transfers of a trade that is no loan: given, and asked for. */
const TRANSFERS = { give_20: 20, give_5: 5, ask_5: -5, ask_15: -15 } as const
/** Resources, payoffs and bounties count in these. */
const HUNDRED = 100

type Agent = Observation['shared']['agents'][number]

interface Other extends Agent {
  readonly incoming?: Offer
  readonly outgoing?: Offer
  /** What it is owed by this agent, and owes it. */
  readonly owes?: Debt
  readonly owed?: Debt
  readonly repaid: number
  readonly broken: number
  readonly made: number
  readonly accepted: number
  readonly asking: number
}

interface View {
  readonly observation: Observation
  readonly others: readonly Other[]
  readonly tasks: readonly OpenTask[]
  /** Posts of others in the feed, newest first. */
  readonly foreign: Observation['shared']['feed']
  /** The newest that has no vote of its own. */
  readonly unvoted?: number
}

function view(observation: Observation): View {
  const { shared, agent, voted } = observation
  const others = ranked(
    shared.agents.filter(other => other.agent !== agent),
    other => other.reputation,
  )
  const foreign = shared.feed.filter(({ author }) => author !== agent)
  const unvoted = foreign.find(({ post }) => !voted.includes(post))?.post
  return {
    observation,
    others: others.slice(0, OTHERS).map(other => dealingsWith(observation, other)),
    tasks: ranked(shared.tasks, payOf).slice(0, TASKS),
    foreign,
    ...(unvoted !== undefined && { unvoted }),
  }
}

function dealingsWith(observation: Observation, other: Agent): Other {
  const of = <Entry extends { readonly agent: string }>(entries: readonly Entry[] = []): Entry | undefined =>
    entries.find(({ agent }) => agent === other.agent)
  const { incoming, outgoing, answers, offers, credit } = observation
  const [received, sent, owes, owed] = [of(incoming), of(outgoing), of(credit?.owes), of(credit?.owed)]
  return {
    ...other,
    ...(received && { incoming: received }),
    ...(sent && { outgoing: sent }),
    ...(owes && { owes }),
    ...(owed && { owed }),
    repaid: of(credit?.given)?.repaid ?? 0,
    broken: of(credit?.given)?.broken ?? 0,
    made: of(answers)?.made ?? 0,
    accepted: of(answers)?.accepted ?? 0,
    asking: of(offers)?.asking ?? 0,
  }
}

/** Bounty for each step that a task takes: to claim it, to read every further page of a problem, to hand it in. */
function payOf({ bounty, level = 0 }: OpenTask): number {
  return bounty / (level + 2)
}

const encodings = new Map<string, Encoding<SwarmTypes>>()
const known = new WeakMap<SwarmConfig, Encoding<SwarmTypes>>()

/** The encoding of a configuration: what it depends on is few. */
export function encode(config: SwarmConfig): Encoding<SwarmTypes> {
  let found = known.get(config)
  if (found === undefined) {
    const { cancel_tool, work_rule, trade_rule, loan_limit } = config
    const key = `${botCount(config)} ${cancel_tool} ${work_rule} ${trade_rule} ${loan_limit} ${horizon(config)}`
    found = encodings.get(key) ?? build(config)
    encodings.set(key, found)
    known.set(config, found)
  }
  return found
}

function build(config: SwarmConfig): Encoding<SwarmTypes> {
  const others = ranks(Math.min(OTHERS, botCount(config)))
  const problems = config.work_rule === 'problems'
  const loans = config.trade_rule === 'loans'
  return defineEncoding<SwarmTypes, View>({
    view,
    pass: 'pass_turn',
    features: [
      ...ownFeatures(problems, loans),
      ...ranks(TASKS).flatMap(rank => taskFeatures(rank, problems)),
      ...others.flatMap(rank => otherFeatures(rank, loans)),
    ],
    slots: [
      ...ranks(TASKS).map(claimSlot),
      ...(problems ? PROBLEM_SLOTS : TEXT_SLOTS),
      ...FEED_SLOTS,
      ...others.flatMap(rank => (loans ? loanSlots(rank, terms(config).loan_limit) : tradeSlots(rank))),
      ...others.flatMap(rank => answerSlots(rank, loans, config.cancel_tool)),
    ],
  })
}

type Features = readonly FeatureRule<View>[]
type Slots = readonly SlotRule<View>[]

function ownFeatures(problems: boolean, loans: boolean): Features {
  const self = ({ observation }: View): Agent => observation.shared.agents.find(({ agent }) => agent === observation.agent)!
  const sum = (debts: readonly Debt[] = []): number => debts.reduce((total, { owed }) => total + owed, 0) / HUNDRED
  return [
    feature(
      'steps_left',
      [0, 1],
      'share of the episode that is left',
      ({ observation: { shared } }) => 1 - shared.step / shared.steps,
    ),
    feature('epoch_left', [0, 1], 'share of the epoch that is left', ({ observation: { shared } }) => {
      const length = shared.steps / shared.epochs
      return 1 - (shared.step % length) / length
    }),
    feature('reputation', [0, 1], 'own reputation / 100', ({ observation }) => observation.reputation / HUNDRED),
    feature('resources', [0, 10], 'own resources / 100', ({ observation }) => observation.resources / HUNDRED),
    feature('payoff', [-10, 10], 'own payoff / 100', ({ observation }) => observation.payoff / HUNDRED),
    flag('frozen', '1 while it can only pass', ({ observation }) => observation.status === 'frozen'),
    feature('tax_rate', [0, 1], 'tax of a step', ({ observation }) => observation.shared.rules.tax_rate),
    feature('audit_risk', [0, 1], 'chance of an audit', ({ observation }) => observation.shared.rules.audit_risk),
    feature(
      'decay',
      [0, 1],
      'share of its reputation that a step takes, times 10',
      ({ observation }) => 10 * (1 - observation.shared.rules.decay),
    ),
    feature(
      'freeze_below',
      [0, 1],
      'reputation / 100 below which agents are frozen',
      ({ observation }) => observation.shared.rules.freeze_below / HUNDRED,
    ),
    feature(
      'held_bounty',
      [0, 1],
      'bounty / 100 of the task it holds; 0 without one',
      ({ observation: { task } }) => (task?.bounty ?? 0) / HUNDRED,
    ),
    ...(problems
      ? [
          feature<View>('pages_left', [0, 1], 'pages of the held task not yet seen, of four', ({ observation: { task } }) =>
            task?.problem === undefined ? 0 : (task.problem.pageCount - task.problem.pages.length) / 4,
          ),
          feature<View>(
            'questions',
            [0, 1],
            'questions of the held task, of four',
            ({ observation: { task } }) => (task?.problem?.questions.length ?? 0) / 4,
          ),
          feature<View>('answerable', [0, 1], 'those that the pages seen so far answer, of four', ({ observation: { task } }) => {
            const seen = task?.problem?.pages.length ?? 0
            return (task?.problem?.questions.filter(({ pages }) => pages <= seen).length ?? 0) / 4
          }),
        ]
      : [
          feature<View>(
            'held_difficulty',
            [0, 1],
            'difficulty of the task it holds; 0 without one',
            ({ observation: { task } }) => task?.difficulty ?? 0,
          ),
        ]),
    feature('own_posts', [0, 1], 'share of the shown feed that it wrote', ({ observation: { shared }, foreign }) =>
      shared.feed.length === 0 ? 0 : 1 - foreign.length / shared.feed.length,
    ),
    ...(loans
      ? [
          flag<View>(
            'lending_possible',
            '1 while a loan would still fall due in time',
            ({ observation }) => observation.shared.lending?.possible === true,
          ),
          feature<View>('can_take', [0, 5], 'loans it can still take in this epoch', v => self(v).canTake ?? 0),
          feature<View>('repaid', [0, 20], 'loans it has repaid, by the public record', v => self(v).record?.repaid ?? 0),
          feature<View>('broken', [0, 20], 'loans it has broken, by the public record', v => self(v).record?.broken ?? 0),
          feature<View>('owes', [0, 10], 'what it owes / 100', ({ observation }) => sum(observation.credit?.owes)),
          feature<View>('is_owed', [0, 10], 'what it is owed / 100', ({ observation }) => sum(observation.credit?.owed)),
        ]
      : []),
  ]
}

function taskFeatures(rank: number, problems: boolean): Features {
  const at = ({ tasks }: View): OpenTask | undefined => tasks[rank - 1]
  const name = `task_${rank}`
  return [
    feature(
      `${name}_bounty`,
      [0, 1],
      `bounty / 100 of open task ${rank}; 0 where there is none`,
      v => (at(v)?.bounty ?? 0) / HUNDRED,
    ),
    problems
      ? feature<View>(`${name}_level`, [0, 3], `its level`, v => at(v)?.level ?? 0)
      : feature<View>(`${name}_difficulty`, [0, 1], `its difficulty`, v => at(v)?.difficulty ?? 0),
  ]
}

function otherFeatures(rank: number, loans: boolean): Features {
  const name = `other_${rank}`
  const of =
    (value: (other: Other, view: View) => number): ((view: View) => number) =>
    v => {
      const other = v.others[rank - 1]
      return other === undefined ? 0 : value(other, v)
    }
  /** The last step counts from 1. */
  const time = (debt: Debt | undefined, { observation: { shared } }: View): number =>
    debt === undefined ? 0 : (debt.due - shared.step) / 10
  return [
    feature(
      `${name}_reputation`,
      [0, 1],
      `reputation / 100 of the other agent of rank ${rank}; all 0 where there is none`,
      of(o => o.reputation / HUNDRED),
    ),
    feature(
      `${name}_resources`,
      [0, 10],
      'its resources / 100',
      of(o => o.resources / HUNDRED),
    ),
    feature(
      `${name}_active`,
      [0, 1],
      '1 unless it is frozen',
      of(o => Number(o.status === 'active')),
    ),
    feature(
      `${name}_offers`,
      [-1, 1],
      'the transfer / 100 of its pending proposal: above 0 it gives',
      of(o => (o.incoming?.transfer ?? 0) / HUNDRED),
    ),
    feature(
      `${name}_offered`,
      [-1, 1],
      'the transfer / 100 of the own pending proposal to it',
      of(o => (o.outgoing?.transfer ?? 0) / HUNDRED),
    ),
    feature(
      `${name}_accepted`,
      [0, 10],
      'own proposals that it accepted',
      of(o => o.accepted),
    ),
    feature(
      `${name}_declined`,
      [0, 10],
      'own proposals that it did not accept',
      of(o => o.made - o.accepted),
    ),
    feature(
      `${name}_asked`,
      [0, 10],
      'proposals of it that asked for payment',
      of(o => o.asking),
    ),
    ...(loans
      ? [
          feature<View>(
            `${name}_can_take`,
            [0, 5],
            'loans it can still take in this epoch',
            of(o => o.canTake ?? 0),
          ),
          feature<View>(
            `${name}_repaid`,
            [0, 20],
            'loans it has repaid, by the public record',
            of(o => o.record?.repaid ?? 0),
          ),
          feature<View>(
            `${name}_broken`,
            [0, 20],
            'loans it has broken, by the public record',
            of(o => o.record?.broken ?? 0),
          ),
          feature<View>(
            `${name}_repaid_you`,
            [0, 10],
            'own loans that it has repaid',
            of(o => o.repaid),
          ),
          feature<View>(
            `${name}_broke_yours`,
            [0, 10],
            'own loans that it has broken',
            of(o => o.broken),
          ),
          feature<View>(
            `${name}_is_owed`,
            [0, 1],
            'what is owed to it / 100',
            of(o => (o.owes?.owed ?? 0) / HUNDRED),
          ),
          feature<View>(
            `${name}_owes`,
            [0, 1],
            'what it owes / 100',
            of(o => (o.owed?.owed ?? 0) / HUNDRED),
          ),
          feature<View>(
            `${name}_due`,
            [-2, 2],
            'tens of steps until the own debt to it is due, below 0 overdue; 0 without one',
            of((o, v) => time(o.owes, v)),
          ),
        ]
      : []),
  ]
}

function claimSlot(rank: number): SlotRule<View> {
  return slot(
    `claim_task_${rank}`,
    'claim_task',
    `claims open task ${rank}`,
    ({ observation, tasks }) => observation.task === null && tasks[rank - 1] !== undefined,
    ({ tasks }) => {
      const task = tasks[rank - 1]
      return task && { task_id: task.task }
    },
  )
}

const holdsTask = ({ observation }: View): boolean => observation.task !== null

/** What the pages that are seen suffice for is answered; a share of the rest is vouched for as well. */
function answers({ observation: { task } }: View, overstates: number): object | undefined {
  const problem = task?.problem
  if (problem === undefined) return undefined
  const given = problem.questions.map(asked => solve(problem.family, asked, problem.pages) ?? '')
  const solved = given.filter(answer => answer !== '').length
  return { task_id: task!.task, answers: given, vouched: solved + Math.round(overstates * (given.length - solved)) }
}

const PROBLEM_SLOTS: Slots = [
  slot(
    'work_on',
    'work_on',
    'reads the next page of the held task',
    ({ observation: { task } }) => task?.problem !== undefined && task.problem.pages.length < task.problem.pageCount,
  ),
  slot('submit_known', 'submit_work', 'answers what the pages seen so far answer, and vouches for that alone', holdsTask, v =>
    answers(v, 0),
  ),
  slot('submit_overstated', 'submit_work', 'the same answers, but vouches for all questions', holdsTask, v => answers(v, 1)),
]

/** Of the length and words that good work has, and a single character. */
const GOOD = { length: 400, keywords: 3, relevance: 0.8 } as const
const CARELESS = { length: 1 } as const

function text({ observation: { task } }: View, wanted: typeof GOOD | typeof CARELESS): object | undefined {
  // The words follow from the task: two tasks are not handed in with the same.
  return task === null ? undefined : { task_id: task.task, content: compose(wanted, task, stream(0, 'encoded_work', task.task)) }
}

const TEXT_SLOTS: Slots = [
  slot('submit_good', 'submit_work', 'hands in 400 characters with words of the task', holdsTask, v => text(v, GOOD)),
  slot('submit_careless', 'submit_work', 'hands in one character', holdsTask, v => text(v, CARELESS)),
]

const OPENINGS = [
  'I hand in what I claim',
  'Reading before answering',
  'Open to fair partners',
  'Keeping the books',
  'Here to stay',
]
const ENDINGS = ['and honour agreements', 'as every week', 'and welcome questions', 'with thanks to all', 'on my own account']

/** Other words in each of 25 steps: repeats earn nothing. */
function post({ observation: { shared } }: View): object {
  const opening = OPENINGS[shared.step % OPENINGS.length]!
  const ending = ENDINGS[Math.floor(shared.step / OPENINGS.length) % ENDINGS.length]!
  return { content: `${opening} ${ending}.` }
}

const FEED_SLOTS: Slots = [
  slot<View>('post', 'post', 'publishes a line of its own', undefined, post),
  slot(
    'reply',
    'reply',
    'thanks for the newest post of another agent',
    ({ foreign }) => foreign.length > 0,
    v => v.foreign[0] && { post_id: v.foreign[0].post, content: `Thank you. ${(post(v) as { content: string }).content}` },
  ),
  ...(['up', 'down'] as const).map(direction =>
    slot<View>(
      `vote_${direction}`,
      'vote',
      `votes ${direction} the newest post of another agent that it has not voted on`,
      ({ unvoted }) => unvoted !== undefined,
      ({ unvoted }) => (unvoted === undefined ? undefined : { post_id: unvoted, direction }),
    ),
  ),
]

/** Whether a proposal to the other may be made at all. */
function open({ observation }: View, other: Other, transfer: number): boolean {
  return other.status === 'active' && other.outgoing === undefined && transfer <= observation.resources
}

function proposalSlot(
  rank: number,
  name: string,
  meaning: string,
  transfer: number,
  legal: (view: View, other: Other) => boolean,
) {
  return slot<View>(
    `${name}_other_${rank}`,
    'propose_trade',
    meaning,
    v => {
      const other = v.others[rank - 1]
      return other !== undefined && open(v, other, transfer) && legal(v, other)
    },
    ({ others }) => {
      const other = others[rank - 1]
      return (
        other && {
          counterparty_id: other.agent,
          content: transfer > 0 ? 'I offer this.' : 'Can you let me have this?',
          offered_transfer: transfer,
        }
      )
    },
  )
}

function loanSlots(rank: number, limit: number): Slots {
  return Object.entries(LOANS).flatMap(([size, share]) => {
    const sum = Math.max(LEAST_LOAN, Math.floor(share * limit))
    return [
      proposalSlot(rank, `lend_${size}_to`, `offers other ${rank} a loan of ${sum}`, sum, (v, { agent }) =>
        lendable(v.observation, agent, sum),
      ),
      proposalSlot(rank, `borrow_${size}_from`, `asks other ${rank} for a loan of ${sum}`, -sum, (v, { agent }) =>
        lendable(v.observation, agent, -sum),
      ),
    ]
  })
}

function tradeSlots(rank: number): Slots {
  return Object.entries(TRANSFERS).map(([name, transfer]) =>
    proposalSlot(
      rank,
      `${name}_${transfer > 0 ? 'to' : 'from'}`,
      `proposes other ${rank} a transfer of ${transfer}`,
      transfer,
      () => true,
    ),
  )
}

function answerSlots(rank: number, loans: boolean, cancels: boolean): Slots {
  const at = ({ others }: View): Other | undefined => others[rank - 1]
  const proposal = (offer: Offer | undefined): object | undefined => offer && { proposal_id: offer.proposal }
  return [
    slot(
      `accept_other_${rank}`,
      'accept_proposal',
      `accepts the proposal of other ${rank}`,
      v => {
        const offer = at(v)?.incoming
        return offer !== undefined && (!loans || lendable(v.observation, offer.agent, -offer.transfer))
      },
      v => proposal(at(v)?.incoming),
    ),
    slot(
      `reject_other_${rank}`,
      'reject_proposal',
      `rejects the proposal of other ${rank}`,
      v => at(v)?.incoming !== undefined,
      v => proposal(at(v)?.incoming),
    ),
    ...(cancels
      ? [
          slot<View>(
            `cancel_other_${rank}`,
            'cancel_proposal',
            `withdraws the own proposal to other ${rank}`,
            v => at(v)?.outgoing !== undefined,
            v => proposal(at(v)?.outgoing),
          ),
        ]
      : []),
    ...(loans
      ? [
          slot<View>(
            `repay_other_${rank}`,
            'repay',
            `repays the loan of other ${rank}`,
            v => {
              const debt = at(v)?.owes
              return debt !== undefined && debt.owed <= v.observation.resources
            },
            v => {
              const debt = at(v)?.owes
              return debt && { loan_id: debt.loan }
            },
          ),
        ]
      : []),
  ]
}
