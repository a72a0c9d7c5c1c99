/** A table to sit at in tests: episodes that are led to the phase one wants to look at. */
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import type { Observation } from '../../../envs/spatial_planning/observe.ts'
import type { SpatialEvent } from '../../../envs/spatial_planning/state.ts'
import type { SpatialTypes } from '../../../envs/spatial_planning/types.ts'
import { type Call, type Decision, Episode, type LogRecord } from '../../../index.ts'

export type Game = Episode<SpatialTypes>
export type Moves = Readonly<Record<string, readonly Call[]>>

export const game = (config: object, seed = 0): Game => new Episode<SpatialTypes>(spatialPlanning, config, seed)

/** One step in which the named agents do what is said and all others are silent. */
export function step(table: Game, moves: Moves = {}): LogRecord<SpatialTypes> {
  const decisions: Record<string, Decision> = {}
  for (const agent of table.actors()) decisions[agent] = { calls: moves[agent] ?? [] }
  return table.step(decisions)
}

/** Silent steps until the phase is on (and the round, if one is named). */
export function goTo(table: Game, phase: Observation['shared']['phase'], round = table.state.round): Game {
  while (!table.over && (table.state.phase !== phase || table.state.round !== round)) step(table)
  return table
}

/** Silent steps until it is that agent's turn. */
export function turnOf(table: Game, agent: string): Game {
  while (!table.over && !table.actors().includes(agent)) step(table)
  return table
}

export const call = (tool: string, args: object = {}): Call => ({ tool, args })

/** Declarations of all land holders, as a map of moves. */
export function declare(values: Readonly<Record<string, readonly [number, number]>>): Moves {
  return Object.fromEntries(
    Object.entries(values).map(([agent, [no_project, project]]) => [agent, [call('declare', { no_project, project })]]),
  )
}

export function events<Type extends SpatialEvent['type']>(table: Game, type: Type): Extract<SpatialEvent, { type: Type }>[] {
  return table.log.steps.flatMap(record =>
    record.events.filter((event): event is Extract<SpatialEvent, { type: Type }> => event.type === type),
  )
}
