/** Claims the richest open task, hands in good work, and passes, posts or trades when there is nothing to do. */
import type { Decision } from '../../envs/core/environment.ts'
import type { PolicyFactory } from '../../envs/core/policy.ts'
import type { Wanted } from '../../envs/swarm_economy/compose.ts'
import type { SwarmTypes } from '../../envs/swarm_economy/index.ts'
import { claimRichest, GOOD, PASS_TURN, type SwarmTurn, submitWork } from './moves.ts'

/** A worker that does `otherwise` where it neither holds nor finds a task, and hands in work as `wanted`. */
export function worker(
  otherwise: (turn: SwarmTurn) => Decision | undefined = () => PASS_TURN,
  wanted: Wanted = GOOD,
): PolicyFactory<SwarmTypes> {
  return () => ({
    act: turn => submitWork(turn, wanted) ?? claimRichest(turn.observation) ?? otherwise(turn) ?? PASS_TURN,
  })
}
