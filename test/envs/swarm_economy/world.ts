/** Small real worlds for the tests: players only, no tax, no audit, no decay, unless a test asks for them. */

import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'
import type { State, SwarmEvent, SwarmTypes } from '../../../envs/swarm_economy/state.ts'
import { type CallResult, Episode } from '../../../index.ts'

export const STILL = {
  tax_rate: 0,
  audit_risk: 0,
  decay: 1,
  resources: 100,
  freeze_below: 10,
  bounty_multiplier: 1,
  phase_shift: 'none',
}

export type Game = Episode<SwarmTypes>

/** A game of the learner and `others` further players; no resident. */
export function players(others: number, config: object = {}, seed = 1): Game {
  const mix = `${others}/0/0`
  const seats = Object.fromEntries(
    ['learner', ...Array.from({ length: others }, (_, i) => `agent_${i}`)].map(id => [id, 'player']),
  )
  return new Episode(swarmEconomy, { profile: 'v0.2', ...STILL, mix, ...config }, seed, { seats })
}

/** A game of the learner among residents. */
export function among(mix: string, config: object = {}, seed = 1): Game {
  return new Episode(swarmEconomy, { profile: 'v0.2', ...STILL, mix, ...config }, seed)
}

export type Line = readonly [tool: string, args?: object]

/** Plays one message of one agent, everybody else passing; gives the results. */
export function say(game: Game, agent: string, ...lines: readonly Line[]): readonly CallResult[] {
  const pass = { calls: [{ tool: 'pass_turn', args: {} }] }
  const decisions = Object.fromEntries(game.actors().map(id => [id, pass]))
  decisions[agent] = { calls: lines.map(([tool, args = {}]) => ({ tool, args })) }
  return game.step(decisions).results[agent] ?? []
}

/** The text that came of one call. */
export function told(game: Game, agent: string, tool: string, args: object = {}): string {
  return say(game, agent, [tool, args])[0]!.text
}

export function agent(game: Game, id: string): State['agents'][number] {
  return game.state.agents.find(other => other.id === id)!
}

export function events<Type extends SwarmEvent['type']>(game: Game, type: Type): Extract<SwarmEvent, { type: Type }>[] {
  return game.log.steps
    .flatMap(step => step.events)
    .filter((event): event is Extract<SwarmEvent, { type: Type }> => event.type === type)
}

export function text(game: Game, id = 'learner'): string {
  return swarmEconomy.render(game.observe(id))
}

export const work = (length: number): string => 'x'.repeat(length)
