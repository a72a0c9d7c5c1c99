/** Policies around policies: what they see and what they say, changed. Knows no alteration and no economy. */
import type { AnyTypes } from '../../envs/core/environment.ts'
import type { AnyPolicyFactory, Policy, SeatContext, Turn } from '../../envs/core/policy.ts'

/** A factory whose policies are changed ones of `base`; what those share over an episode stays shared. */
export function wrapped(
  base: AnyPolicyFactory,
  change: (policy: Policy<AnyTypes>, context: SeatContext<AnyTypes>) => Policy<AnyTypes>,
): AnyPolicyFactory {
  const make = (inner: (context: SeatContext<AnyTypes>) => Policy<AnyTypes>) => (context: SeatContext<AnyTypes>) =>
    change(inner(context), context)
  const { episode } = base
  if (episode === undefined) return make(base)
  return Object.assign(make(base), { episode: (seed: number, seats: readonly string[]) => make(episode(seed, seats)) })
}

/** The turn with another observation. What a turn makes on demand is made by the turn itself, which keeps it in private. */
export function seeing(turn: Turn<AnyTypes>, observation: object): Turn<AnyTypes> {
  const { agent, t, offered, results, repeat } = turn
  return {
    agent,
    t,
    observation,
    offered,
    results,
    repeat,
    get random() {
      return turn.random
    },
    get check() {
      return turn.check
    },
  }
}
