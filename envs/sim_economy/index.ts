/** sim_economy: an economy in which every agent pays for its own thinking. */
import type { Environment } from '../core/environment.ts'
import { configSchema, presets } from './config.ts'
import { encode } from './encode.ts'
import { facts } from './facts.ts'
import { invariants } from './invariants.ts'
import { metrics } from './metrics.ts'
import { observe, render, shared } from './observe.ts'
import { offered, toolsOf, withheld } from './offered.ts'
import { rules } from './rules.ts'
import { score } from './score.ts'
import { reset, roster, type SimEconomy } from './state.ts'
import { step } from './step.ts'

const TURN = Object.freeze({ maxCalls: 1, repairs: 0, onSilence: 'pass' as const })

export const simEconomy: Environment<SimEconomy> = {
  id: 'sim_economy',
  summary:
    'Every agent pays for its own thinking: fees, jobs, a block lottery, compute cores, and contracts nobody is forced to keep.',
  version: 2,
  config: configSchema,
  presets,
  seats: config => roster(config.num_agents).map((agent, row) => ({ agent, role: 'agent', learner: row === 0 })),
  tools: toolsOf,
  offered,
  withheld: (state, _agent, tool) => withheld(state, tool),
  turn: () => TURN,
  rules,
  reset,
  actors: state => roster(state.balance.length),
  shared,
  observe,
  render,
  step,
  score,
  metrics,
  facts,
  encode,
  invariants,
}
