/** Does one and the same thing in every step. */
import type { Decision } from '../../envs/core/environment.ts'
import type { PolicyFactory } from '../../envs/core/policy.ts'
import type { SwarmTypes } from '../../envs/swarm_economy/index.ts'
import { PASS_TURN, type SwarmTurn } from './moves.ts'

export function always(move: (turn: SwarmTurn) => Decision | undefined): PolicyFactory<SwarmTypes> {
  return () => ({ act: turn => move(turn) ?? PASS_TURN })
}
