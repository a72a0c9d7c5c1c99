/**
 * The Mars colony: ten colonists with needs and bonds build three sites. In two-layer mode a deterministic substrate acts for
 * everybody and language only talks; in agentic mode players choose, promise and talk among scripted colonists.
 */
import type { Environment } from '../core/environment.ts'
import { config, presets } from './config.ts'
import { encode } from './encode.ts'
import { facts } from './facts.ts'
import { invariants } from './invariants.ts'
import { metrics } from './metrics.ts'
import { type MarsTypes, observe, shared } from './observe.ts'
import { offered, withheld } from './offered.ts'
import { render } from './render.ts'
import { rules } from './rules.ts'
import { score } from './score.ts'
import { COLONIST_IDS, openSession } from './state.ts'
import { step } from './step.ts'
import { MAX_CALLS, tools } from './tools.ts'

export const marsColony: Environment<MarsTypes> = {
  id: 'mars_colony',
  summary:
    'Ten colonists on Mars with needs, bonds and three sites to build: a rule substrate with talk on top, or players who choose.',
  version: 2,
  config,
  presets,
  seats: ({ mode }) =>
    COLONIST_IDS.map((agent, i) => ({
      agent,
      role: 'colonist',
      ...(i === 0 ? { learner: true } : {}),
      ...(i === 0 && mode === 'agentic' ? {} : { resident: true }),
    })),
  tools,
  offered,
  withheld,
  turn: () => ({ maxCalls: MAX_CALLS, repairs: 0, onSilence: 'pass' }),
  rules,
  reset: (given, seed, played = given.mode === 'agentic' ? COLONIST_IDS.slice(0, 1) : []) => openSession(given, seed, played),
  actors: ({ members }) => COLONIST_IDS.filter((_, i) => members[i]!.type === 'player'),
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
