/**
 * Learners that call tools about as often as published models did: the rules are the same for all, the numbers stand in a
 * table. They were set so that the counts of calls match; what a model then earned is the economy's doing.
 */
import type { Decision } from '../../envs/core/environment.ts'
import { call, PASS, type PolicyFactory } from '../../envs/core/policy.ts'
import type { Random } from '../../envs/core/random.ts'
import type { Wanted } from '../../envs/swarm_economy/compose.ts'
import type { Observation, SwarmTypes } from '../../envs/swarm_economy/index.ts'
import { claimRichest, foreignPosts, offerBest, PASS_TURN, POST, type SwarmTurn, submitWork } from './moves.ts'

type Idle = 'stale' | 'post' | 'pass' | 'vote' | 'reply' | 'propose'
const IDLE: readonly Idle[] = ['stale', 'post', 'pass', 'vote', 'reply', 'propose']

export interface Manner {
  /** Of the model it is like, and where. */
  readonly like: string
  /** Probability of answering an incoming proposal, and of accepting it then, given its transfer. */
  readonly answers: number
  readonly accepts: (transfer: number) => number
  /** Probability of claiming where a task is open. */
  readonly claims: number
  /** Probability of falling silent in an idle step after the first submission. */
  readonly silence: number
  /** Weights of what it does in an idle step, in the order of `IDLE`. */
  readonly idle: readonly number[]
  /** Whether it posts at most once an epoch and passes otherwise. */
  readonly postsOnce: boolean
  /** What stands in for a vote or a reply where there is no post of another agent. */
  readonly insteadOfFeed: 'pass' | 'post'
  readonly offers: readonly [low: number, high: number]
  readonly work: (random: Random) => Wanted
}

/** Weights of one to six keywords in GPT-4.1-mini's first run. */
const KEYWORD_WEIGHTS = [2, 3, 3, 2, 1, 1]

export const MANNERS = {
  mini_v01: {
    like: 'GPT-4.1-mini in v0.1',
    answers: 0.5,
    accepts: () => 0.03,
    claims: 0.66,
    silence: 0.076,
    idle: [0.42, 0.19, 0.357, 0.025, 0, 0.008],
    postsOnce: true,
    insteadOfFeed: 'pass',
    offers: [5, 15],
    work: random => ({ length: random.int(180, 420), keywords: random.weighted(KEYWORD_WEIGHTS) + 1 }),
  },
  mini_v01_fixed: {
    like: 'GPT-4.1-mini in v0.1-fixed',
    answers: 0.5,
    accepts: () => 0.03,
    claims: 0.76,
    silence: 0,
    idle: [0.4, 0.19, 0.35, 0.03, 0.003, 0.027],
    postsOnce: true,
    insteadOfFeed: 'pass',
    offers: [5, 15],
    work: random => ({ length: random.int(180, 420) }),
  },
  nano_v01_fixed: {
    like: 'GPT-5-nano in v0.1-fixed',
    answers: 0.55,
    accepts: () => 0.4,
    claims: 0.97,
    silence: 0,
    idle: [0.4, 0.14, 0.18, 0.05, 0.004, 0.17],
    postsOnce: false,
    insteadOfFeed: 'pass',
    offers: [0, 8],
    work: random => ({ length: random.int(40, 160) }),
  },
  qwen_v02: {
    like: 'Qwen3-30B-Thinking, untrained, in v0.2',
    answers: 0.36,
    accepts: transfer => (transfer >= 0 ? 0.9 : 0.15),
    claims: 0.7,
    silence: 0,
    idle: [0.21, 0.11, 0.013, 0.125, 0.325, 0.22],
    postsOnce: false,
    insteadOfFeed: 'post',
    offers: [3, 15],
    work: random => ({ length: random.int(250, 900), relevance: random.uniform(0.4, 1) }),
  },
  mini_v02: {
    like: 'GPT-4.1-mini in v0.2',
    answers: 0.2,
    accepts: () => 0.2,
    claims: 0.66,
    silence: 0,
    idle: [0.44, 0.42, 0.12, 0.005, 0.005, 0.01],
    postsOnce: false,
    insteadOfFeed: 'pass',
    offers: [5, 15],
    work: random => ({ length: random.int(120, 300), relevance: random.uniform(0.05, 0.6) }),
  },
} as const satisfies Record<string, Manner>

export function calibrated(manner: Manner): PolicyFactory<SwarmTypes> {
  return () => {
    let submitted = false
    let postedIn = 0
    return {
      act(turn) {
        const { observation, random } = turn
        if (observation.task !== null) {
          submitted = true
          return submitWork(turn, manner.work(random))!
        }
        const offer = observation.incoming[0]
        if (offer !== undefined && random.chance(manner.answers)) {
          const tool = random.chance(manner.accepts(offer.transfer)) ? 'accept_proposal' : 'reject_proposal'
          return call(tool, { proposal_id: offer.proposal })
        }
        const claim = claimRichest(observation)
        if (claim !== undefined && random.chance(manner.claims)) return claim
        if (submitted && random.chance(manner.silence)) return PASS
        const idle = IDLE[random.weighted(manner.idle)]!
        if (idle === 'post' && manner.postsOnce) {
          const { epoch } = observation.shared
          if (postedIn === epoch) return PASS_TURN
          postedIn = epoch
        }
        return whenIdle(idle, turn, manner) ?? (manner.insteadOfFeed === 'post' ? POST : PASS_TURN)
      },
    }
  }
}

/** What an idle step comes to; undefined where there is no post to vote on or to answer. */
function whenIdle(idle: Idle, { observation, random }: SwarmTurn, { offers }: Manner): Decision | undefined {
  switch (idle) {
    case 'stale':
      return claimTaken(observation, random)
    case 'post':
      return POST
    case 'pass':
      return PASS_TURN
    case 'vote': {
      const post = foreignPosts(observation).find(other => !observation.voted.includes(other.post))
      return post && call('vote', { post_id: post.post, direction: 'up' })
    }
    case 'reply': {
      const post = foreignPosts(observation)[0]
      return post && call('reply', { post_id: post.post, content: 'Thank you, that is useful to know.' })
    }
    case 'propose':
      return offerBest(observation, random.int(...offers), () => random.uniform(0, 8)) ?? PASS_TURN
  }
}

/** A claim of a task that is not open any more: one of the published models' commonest mistakes. */
function claimTaken({ shared }: Observation, random: Random): Decision {
  const open = new Set(shared.tasks.map(({ task }) => task))
  const gone = Array.from({ length: shared.lastTask }, (_, i) => i + 1).filter(task => !open.has(task))
  return call('claim_task', { task_id: gone.length > 0 ? random.pick(gone) : shared.lastTask + 1 })
}
