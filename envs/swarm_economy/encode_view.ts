/**
 * What the encoding of an observation looks at: counterparts ranked by reputation, open tasks by bounty for a step of work, as far as
 * they are told apart, and the feed. Knows neither features nor slots.
 */
import { type FeatureRule, ranked, type SlotRule } from '../core/encoding.ts'
import type { Debt, Observation, Offer, OpenTask } from './state.ts'

/** Others and open tasks that are told apart; who ranks below is not seen. */
export const OTHERS = 5
export const TASKS = 3

export type Agent = Observation['shared']['agents'][number]

export interface Other extends Agent {
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

export interface View {
  readonly observation: Observation
  readonly others: readonly Other[]
  readonly tasks: readonly OpenTask[]
  /** Posts of others in the feed, newest first. */
  readonly foreign: Observation['shared']['feed']
  /** The newest that has no vote of its own. */
  readonly unvoted?: number
}

export function view(observation: Observation): View {
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

export type Features = readonly FeatureRule<View>[]
export type Slots = readonly SlotRule<View>[]
