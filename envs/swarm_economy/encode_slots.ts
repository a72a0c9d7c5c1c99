/**
 * What a learner without language can do: each slot with the call that it stands for, and when it may be taken. What an answer is
 * worth is computed from the pages that are seen.
 */
import { type SlotRule, slot } from '../core/encoding.ts'
import { stream } from '../core/random.ts'
import { compose } from './compose.ts'
import type { Other, Slots, View } from './encode_view.ts'
import { lendable } from './loan_tools.ts'
import { LEAST_LOAN } from './loans.ts'
import { solve } from './problems.ts'
import type { Offer } from './state.ts'

/** Loans are offered and asked for in these shares of the greatest. */
const LOANS = { small: 0.4, medium: 0.7, large: 1 } as const
/** Transfers of a trade that is no loan: given, and asked for. */
const TRANSFERS = { give_20: 20, give_5: 5, ask_5: -5, ask_15: -15 } as const

export function claimSlot(rank: number): SlotRule<View> {
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

export const PROBLEM_SLOTS: Slots = [
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

export const TEXT_SLOTS: Slots = [
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

export const FEED_SLOTS: Slots = [
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

export function loanSlots(rank: number, limit: number): Slots {
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

export function tradeSlots(rank: number): Slots {
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

export function answerSlots(rank: number, loans: boolean, cancels: boolean): Slots {
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
