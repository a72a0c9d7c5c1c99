/** The swarm economy, read top to bottom: what it is set with, who plays, what they see and do, what it is worth. */
import type { Environment } from '../core/environment.ts'
import { config, presets, type SwarmConfig } from './config.ts'
import { encode } from './encode.ts'
import { facts } from './facts.ts'
import { invariants } from './invariants.ts'
import { metrics } from './metrics.ts'
import { observe, render, shared } from './observe.ts'
import { offered, toolsOf, withheld } from './offered.ts'
import { reset } from './opening.ts'
import { rules } from './rules.ts'
import { botCount, scenarioRows } from './scenarios.ts'
import { score } from './score.ts'
import { LEARNER, type SwarmTypes, seatIds } from './state.ts'
import { actors, step } from './step.ts'

export const swarmEconomy: Environment<SwarmTypes> = {
  id: 'swarm_economy',
  summary: 'A learner among honest, opportunistic and deceptive bots under taxes, audits and reputation decay.',
  version: 2,
  config,
  presets,
  seats: (config: SwarmConfig) =>
    seatIds(botCount(config)).map(agent =>
      agent === LEARNER ? { agent, role: 'learner', learner: true } : { agent, role: 'bot', resident: true },
    ),
  tools: config => toolsOf(config).tools,
  offered,
  withheld,
  turn: ({ text_only_turn }) => ({
    maxCalls: Number.POSITIVE_INFINITY,
    repairs: 0,
    onSilence: text_only_turn,
    passTool: 'pass_turn',
  }),
  rules,
  reset,
  actors,
  shared,
  observe,
  render,
  step,
  score,
  metrics,
  facts,
  encode,
  invariants,
  scenarios: scenarioRows,
}

export type { SwarmConfig } from './config.ts'
export type { Observation, SwarmTypes } from './state.ts'
