/** Works, and accepts whatever it is offered before it claims a task. */
import { call, type PolicyFactory } from '../../envs/core/policy.ts'
import type { SwarmTypes } from '../../envs/swarm_economy/index.ts'
import { claimRichest, GOOD, PASS_TURN, submitWork } from './moves.ts'

export const acceptAll: PolicyFactory<SwarmTypes> = () => ({
  act(turn) {
    const { observation } = turn
    const offer = observation.incoming[0]
    return (
      submitWork(turn, GOOD) ??
      (offer && call('accept_proposal', { proposal_id: offer.proposal })) ??
      claimRichest(observation) ??
      PASS_TURN
    )
  },
})
