/**
 * What residents do where tasks are problems and trades are loans: a row of manners for each kind. Honest ones vouch for what
 * they know and repay; opportunistic ones do what pays under the audits there are; deceptive ones give a little until they
 * are trusted, then hand in false work and keep what is lent to them. All of it is ours.
 */
import type { Random } from '../../core/random.ts'
import type { AgentId } from '../../core/tool.ts'
import { terms } from '../config.ts'
import { blocked, canTake, debtsOf, keptBetween, recordOf, sides, tied, tooLate } from '../loans.ts'
import { type Agent, agentOf, type BotType, type Loan, type Post, type Proposal, type State, type Task } from '../state.ts'
import type { Move, View } from './character.ts'
import { best, oneDecimal, targets } from './resident.ts'

type Range = readonly [low: number, high: number]

interface Manner {
  /** Probability of claiming the task that pays best for its length. */
  readonly claims: number
  /** Probabilities of voting on a fresh post, and of a post, an offer to lend or a request where nothing else was to be done. */
  readonly votes: number
  readonly posts: number
  readonly lends: number
  readonly asks: number
  /** What it offers a stranger and asks of one; each loan that was kept between the two adds `more`. */
  readonly offer: Range
  readonly request: Range
  readonly more: number
  /** Whom it lends to: of at least this reputation, with this probability, at most this much to a stranger. */
  readonly credit: { readonly reputation: number; readonly willing: number; readonly most: number }
  /** The probability of repaying a debt in a step. */
  readonly repays: (state: State, self: Agent, debt: Loan) => number
  /** Whether it hands in the task it holds with hardly an answer and vouches for all. */
  readonly shirks: (state: State, self: Agent, random: Random) => boolean
  readonly words: readonly string[]
}

/** Audit risk below which the opportunistic try. */
const WORTH_TRYING = 0.28
/** Reputation from which the opportunistic think a lender worth keeping. */
const WORTH_KEEPING = 42
/** The most that a deceptive agent gives back, once to each lender. */
const BAIT = 12

const MANNERS: Readonly<Record<BotType, Manner>> = {
  honest: {
    claims: 0.55,
    votes: 0.4,
    posts: 0.15,
    lends: 0.3,
    asks: 0.15,
    offer: [8, 14],
    request: [10, 20],
    more: 12,
    credit: { reputation: 40, willing: 0.75, most: 16 },
    repays: () => 1,
    shirks: () => false,
    words: [
      'Paid back what I borrowed; glad to lend again.',
      'I read every page before I vouch.',
      'If anybody is short of resources, ask me.',
    ],
  },
  opportunistic: {
    claims: 0.6,
    votes: 0.15,
    posts: 0.06,
    lends: 0.1,
    asks: 0.2,
    offer: [4, 10],
    request: [10, 20],
    more: 4,
    credit: { reputation: 50, willing: 0.5, most: 14 },
    repays: (state, _self, { lender }) => (agentOf(state, lender).reputation >= WORTH_KEEPING ? 0.85 : 0.15),
    shirks: ({ levers }, _self, random) => levers.audit_risk < WORTH_TRYING && random.chance(0.5),
    words: ['Only taking tasks that pay.', 'Reputation is a price like any other.'],
  },
  deceptive: {
    claims: 0.5,
    votes: 0.2,
    posts: 0.2,
    lends: 0.15,
    asks: 0.35,
    offer: [3, 7],
    request: [14, 25],
    more: 10,
    credit: { reputation: 0, willing: 0.3, most: 14 },
    repays: (state, self, { amount, lender }) => (amount <= BAIT && recordOf(state, self.id, lender).repaid === 0 ? 0.9 : 0),
    shirks: (_state, { interactions, trust }) => interactions >= trust,
    words: ['Trust is built one deal at a time.', 'I always pay back. Ask anybody.', 'Lend to me once and see.'],
  },
}

const mannerOf = ({ type }: Agent): Manner => MANNERS[type as BotType]

/** Repays the debt that falls due, if it means to and can. */
export function settleDebt({ state, self, random }: View): Move | undefined {
  const due = debtsOf(state, self.id, 'taker').find(({ due: last, owed }) => last <= state.step + 1 && owed <= self.resources)
  return due !== undefined && random.chance(mannerOf(self).repays(state, self, due)) ? { kind: 'repay', loan: due.id } : undefined
}

/** The probability of accepting a loan: gladly as its taker, as its lender with care. */
export function acceptsLoan({ state, self }: View, proposal: Proposal): number {
  if (blocked(state, proposal)) return 0
  const [lender, taker] = sides(proposal)
  if (lender !== self.id) return 0.9
  const sum = Math.abs(proposal.transfer)
  return sum <= Math.min(self.resources, creditOf(state, self, taker)) ? mannerOf(self).credit.willing : 0
}

/** What it would lend an agent at most: nothing to one that failed it, more with every loan that was kept between the two. */
function creditOf(state: State, self: Agent, taker: AgentId): number {
  const { credit, more } = mannerOf(self)
  if (recordOf(state, taker, self.id).broken > 0 || agentOf(state, taker).reputation < credit.reputation) return 0
  return Math.min(terms(state.config).loan_limit, credit.most + more * keptBetween(state, self.id, taker))
}

/** Hands in the task it holds, after the steps that reading it takes; at once where it shirks. */
export function handIn({ state, self, random }: View): Move | undefined {
  const task = state.tasks[self.task! - 1]!
  const questions = task.level! + 1
  if (mannerOf(self).shirks(state, self, random)) return falseWork(self, questions, random)
  if (state.step - task.since < questions) return undefined
  const right = random.chance(0.85) ? questions : questions - 1
  return { kind: 'answer', right, vouched: right, exploit: false }
}

/** At most one answer, and a word for all. */
export function falseWork(self: Agent, questions: number, random: Random): Move {
  return { kind: 'answer', right: random.chance(0.7) ? 1 : 0, vouched: questions, exploit: self.type === 'deceptive' }
}

export function chooseTask({ self, random }: View, open: readonly Task[]): Task | undefined {
  return random.chance(mannerOf(self).claims) ? best(open, ({ bounty, level }) => bounty / (level! + 3)) : undefined
}

/** Up, or down where the author failed it. */
export function voteOn({ state, self, random }: View, post: Post): Move | undefined {
  if (!random.chance(mannerOf(self).votes)) return undefined
  return { kind: 'vote', post: post.id, direction: recordOf(state, post.author, self.id).broken > 0 ? 'down' : 'up' }
}

/** A post, an offer to lend or a request, where there was nothing else to do. `attraction` weighs whom it turns to. */
export function speak({ state, self, random }: View, attraction: (agent: Agent) => number): Move | undefined {
  const { posts, lends, asks, offer, request, more, words } = mannerOf(self)
  const drawn = random.float()
  if (drawn < posts) return { kind: 'post', text: random.pick(words) }
  if (drawn >= posts + lends + asks || tooLate(state)) return undefined
  const lending = drawn < posts + lends
  const eligible = targets(state, self).filter(
    other =>
      canTake(state, lending ? other.id : self.id) > 0 &&
      !tied(state, self.id, other.id) &&
      (!lending || creditOf(state, self, other.id) > 0),
  )
  if (eligible.length === 0) return undefined
  const to = eligible[random.weighted(eligible.map(attraction))]!.id
  const usual = random.uniform(...(lending ? offer : request)) + more * keptBetween(state, self.id, to)
  const sum = oneDecimal(Math.min(terms(state.config).loan_limit, usual))
  return {
    kind: 'propose',
    to,
    transfer: lending ? sum : -sum,
    text: lending ? 'An advance, so that we both gain.' : 'A loan now, paid back in time.',
    exploit: !lending && self.type === 'deceptive',
  }
}
