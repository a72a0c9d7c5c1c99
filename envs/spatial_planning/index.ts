/** spatial_planning: is a building project decided better by self-assessed land values, by conditional markets, or by a vote? */
import type { Environment } from '../core/environment.ts'
import { config, presets } from './config.ts'
import { encode } from './encode.ts'
import { facts } from './facts.ts'
import { invariants } from './invariants.ts'
import { LAB_SESSIONS } from './lab_sessions.ts'
import { metrics } from './metrics.ts'
import { observe, shared } from './observe.ts'
import { offered, withheld } from './offered.ts'
import { acting, reset } from './phases.ts'
import { render } from './render.ts'
import { rosterOf } from './roster.ts'
import { rules } from './rules.ts'
import { score } from './score.ts'
import { MARKET_CALLS, step } from './step.ts'
import { tools } from './tools.ts'
import type { SpatialTypes } from './types.ts'

export const spatialPlanning: Environment<SpatialTypes> = {
  id: 'spatial_planning',
  summary:
    'Five owners, a developer and six speculators decide on a building project by self-assessed land values, conditional markets or a vote.',
  version: 2,
  config,
  presets,
  seats(c) {
    const { agents, roles } = rosterOf(c)
    return agents.map((agent, player) => ({ agent, role: roles[player]!, learner: agent === 'developer' }))
  },
  tools,
  offered,
  withheld,
  turn: () => ({ maxCalls: MARKET_CALLS, repairs: 3, onSilence: 'pass' }),
  rules,
  reset,
  actors(state) {
    const { agents } = rosterOf(state.config)
    return acting(state).map(player => agents[player]!)
  },
  shared,
  observe,
  render,
  step,
  score,
  metrics,
  facts,
  encode,
  invariants,
  scenarios: (c, count = LAB_SESSIONS) =>
    Array.from({ length: count }, (_, i) => {
      const session = (i % LAB_SESSIONS) + 1
      const seed = Math.floor(i / LAB_SESSIONS)
      return { id: `session_${session}_seed_${seed}`, config: { ...c, session }, seed }
    }),
}
