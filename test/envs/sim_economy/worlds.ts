/** Small real worlds of sim_economy, set up as a test wants them and played move by move. */
import type { Decision, Decisions, Refused } from '../../../envs/core/environment.ts'
import { deepFreeze } from '../../../envs/core/plain.ts'
import { type ConfigInput, presets } from '../../../envs/sim_economy/config.ts'
import { simEconomy } from '../../../envs/sim_economy/index.ts'
import type { Event, State } from '../../../envs/sim_economy/state.ts'

export type Fields = ConfigInput

/** What agents do in one turn, by row; who is not named says nothing (and so mines), having thought nothing. */
export interface Turn {
  readonly moves?: Readonly<Record<number, readonly [tool: string, args?: object]>>
  /** Units reported, by row: thinking, output. */
  readonly units?: Readonly<Record<number, readonly [thinking: number, output: number]>>
}

export interface Played {
  readonly state: State
  /** Of the last turn. */
  readonly events: readonly Event[]
  readonly refused: readonly Refused[]
}

/** A world of the published rules, of three agents and two cores unless the fields say otherwise; `before` overwrites its first state. */
export function world(fields: Fields = {}, before: Partial<State> = {}, seed = 1): State {
  const config = deepFreeze(simEconomy.config.parse({ ...presets.paper, num_agents: 3, num_cores: 2, ...fields }))
  return deepFreeze({ ...simEconomy.reset(config, seed), ...structuredClone(before) })
}

/** Plays turn by turn, checking every invariant of the economy; all states are frozen. */
export function play(start: State, turns: readonly Turn[]): Played {
  let played: Played = { state: start, events: [], refused: [] }
  for (const turn of turns) {
    const { state, events, refused } = simEconomy.step(played.state, decisionsOf(played.state, turn))
    for (const [name, invariant] of Object.entries(simEconomy.invariants!)) {
      const broken = invariant(played.state, state, events)
      if (broken !== undefined) throw new Error(`${name}: ${broken}`)
    }
    played = { state: deepFreeze(state), events, refused }
  }
  return played
}

function decisionsOf(state: State, { moves = {}, units = {} }: Turn): Decisions {
  return Object.fromEntries(
    simEconomy.actors(state).map((agent, row): [string, Decision] => {
      const move = moves[row]
      const [thinking, output] = units[row] ?? [0, 0]
      return [
        agent,
        {
          calls: move === undefined ? [] : [{ tool: move[0], args: move[1] ?? {} }],
          units: { thinking, output, source: 'reported' },
        },
      ]
    }),
  )
}
