/**
 * Players of the presets in which tasks are problems and trades are loans: one order of reasons for all, and a row of manners
 * for each. They read what an observation holds, and solve what its pages suffice for.
 */
import type { Decision } from '../../envs/core/environment.ts'
import { call, type PolicyFactory } from '../../envs/core/policy.ts'
import type { Observation, SwarmTypes } from '../../envs/swarm_economy/index.ts'
import type { Debt, OpenTask } from '../../envs/swarm_economy/state.ts'
import { foreignPosts, PASS_TURN, solveTask } from './moves.ts'

type Other = Observation['shared']['agents'][number]

export interface Manner {
  /** Share of a task's further pages that it reads, and of the questions it could not answer that it vouches for all the same. */
  readonly reads: number
  readonly overstates: number
  /** What it lends to an agent of which it knows nothing itself, and to one that has repaid it; 0: nothing. */
  readonly lends: (observation: Observation, to: Other) => number
  readonly trusts: number
  /** The least loan it takes when offered, and what it asks of who has repaid it so many loans; 0: never. */
  readonly takes: number
  readonly asks: (repaid: number) => number
  /** What of its debts it repays. */
  readonly repays: (observation: Observation, debt: Debt) => boolean
  /** Posts an epoch. */
  readonly posts: number
}

/** The longest time between a step and the last in which a loan is worth asking for. */
export const stepsLeft = ({ shared }: Observation): number => shared.steps - shared.step

export function citizen(mannerOf: (observation: Observation) => Manner): PolicyFactory<SwarmTypes> {
  return () => {
    let posted = { epoch: 0, count: 0 }
    return {
      act({ observation, offered }): Decision {
        if (!offered.includes('post')) return PASS_TURN
        const manner = mannerOf(observation)
        const post = (): Decision | undefined => {
          const { epoch, step } = observation.shared
          if (posted.epoch !== epoch) posted = { epoch, count: 0 }
          if (posted.count >= manner.posts) return undefined
          posted = { epoch, count: posted.count + 1 }
          return call('post', { content: wordsOf(observation, step) })
        }
        return (
          repay(observation, manner) ??
          answer(observation, manner) ??
          trade(observation, manner) ??
          work(observation, manner) ??
          claim(observation, manner) ??
          post() ??
          vote(observation) ??
          PASS_TURN
        )
      },
    }
  }
}

const WORDS = ['handed in what I claimed', 'looking for fair partners', 'read every page', 'kept the books', 'open to a loan']

function wordsOf({ reputation }: Observation, step: number): string {
  return `Step ${step}: ${WORDS[step % WORDS.length]}, reputation ${reputation.toFixed(0)}.`
}

/** Repays at once: the sooner a loan is settled, the sooner there can be another. */
function repay(observation: Observation, { repays }: Manner): Decision | undefined {
  const { credit, resources } = observation
  const due = credit?.owes.find(debt => debt.owed <= resources && repays(observation, debt))
  return due && call('repay', { loan_id: due.loan })
}

/** Whether a loan between it and another can be made now. */
function free(observation: Observation, other: Other, lending: boolean): boolean {
  const { shared, agent, credit, outgoing } = observation
  if (other.agent === agent || other.status === 'frozen' || shared.lending?.possible !== true || credit === undefined)
    return false
  const taker = lending ? other : shared.agents.find(one => one.agent === agent)!
  const between = [...credit.owes, ...credit.owed].some(debt => debt.agent === other.agent)
  return (taker.canTake ?? 0) > 0 && !between && !outgoing.some(offer => offer.agent === other.agent)
}

/** What it would lend an agent: nothing to one that failed it, more to one that has repaid it. */
function creditFor(observation: Observation, other: Other, { lends, trusts }: Manner): number {
  const known = observation.credit?.given.find(({ agent }) => agent === other.agent)
  if (known !== undefined && known.broken > 0) return 0
  const sum = known !== undefined && known.repaid > 0 ? trusts : lends(observation, other)
  return Math.floor(Math.min(sum, observation.resources, observation.shared.lending?.limit ?? 0))
}

/** Takes the loan it was offered, or grants one it was asked for; leaves open what it does not want. */
function answer(observation: Observation, manner: Manner): Decision | undefined {
  const { incoming, shared } = observation
  for (const { proposal, agent, transfer } of incoming) {
    const other = shared.agents.find(one => one.agent === agent)!
    if (!free({ ...observation, outgoing: [] }, other, transfer < 0)) continue
    const wanted =
      transfer > 0 ? manner.takes > 0 && transfer >= manner.takes : -transfer <= creditFor(observation, other, manner)
    if (wanted) return call('accept_proposal', { proposal_id: proposal })
  }
  return undefined
}

/** The least worth lending. */
const LEAST = 5

/** How many of its loans an agent has repaid. */
function keptBy({ credit }: Observation, other: Other): number {
  return credit?.given.find(({ agent }) => agent === other.agent)?.repaid ?? 0
}

/** Lends to whom it has found reliable, then the most it would lend to anybody, else asks who has not turned it down twice. */
function trade(observation: Observation, manner: Manner): Decision | undefined {
  const { shared, answers } = observation
  const best = shared.agents
    .filter(other => free(observation, other, true))
    .map(other => ({ other, sum: creditFor(observation, other, manner), kept: keptBy(observation, other) }))
    .filter(({ sum }) => sum >= LEAST)
    .sort((one, two) => two.kept - one.kept || two.sum - one.sum || two.other.reputation - one.other.reputation)[0]
  if (best !== undefined)
    return call('propose_trade', {
      counterparty_id: best.other.agent,
      content: 'A loan, to be repaid in time.',
      offered_transfer: best.sum,
    })
  const lender = shared.agents
    .map(other => ({ other, sum: manner.asks(keptBy(observation, other)) }))
    .filter(({ other, sum }) => sum > 0 && free(observation, other, false) && other.resources >= sum)
    .filter(({ other }) => !answers.some(({ agent, made, accepted }) => agent === other.agent && made - accepted >= 2))
    .sort((one, two) => two.sum - one.sum || two.other.reputation - one.other.reputation)[0]
  return (
    lender &&
    call('propose_trade', {
      counterparty_id: lender.other.agent,
      content: 'A loan? I pay back in time.',
      offered_transfer: -lender.sum,
    })
  )
}

function pagesOf({ level = 0 }: OpenTask, { reads }: Manner): number {
  return 1 + Math.round(reads * level)
}

function work({ task }: Observation, manner: Manner): Decision | undefined {
  if (task?.problem === undefined) return undefined
  return solveTask(task, pagesOf(task, manner), manner.overstates)
}

/** Claims the task that pays best for the steps it takes, of those that can still be finished. */
function claim(observation: Observation, manner: Manner): Decision | undefined {
  const steps = (task: OpenTask): number => 1 + pagesOf(task, manner)
  const open = observation.shared.tasks.filter(task => steps(task) <= stepsLeft(observation))
  if (open.length === 0) return undefined
  const best = open.reduce((one, other) => (other.bounty / steps(other) > one.bounty / steps(one) ? other : one))
  return call('claim_task', { task_id: best.task })
}

/** Votes up, or down who has failed it. */
function vote(observation: Observation): Decision | undefined {
  const post = foreignPosts(observation).find(other => !observation.voted.includes(other.post))
  if (post === undefined) return undefined
  const failed = observation.credit?.given.some(({ agent, broken }) => agent === post.author && broken > 0) === true
  return call('vote', { post_id: post.post, direction: failed ? 'down' : 'up' })
}
