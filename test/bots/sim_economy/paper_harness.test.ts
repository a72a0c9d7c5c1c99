/** The published policy: its rules one by one, and a generator that does not care who asks first. */
import { expect, test } from 'vitest'
import { paperHarness } from '../../../bots/sim_economy/paper_harness.ts'
import type { Decision } from '../../../envs/core/environment.ts'
import { Episode } from '../../../envs/core/episode.ts'
import type { Policy } from '../../../envs/core/policy.ts'
import { presets } from '../../../envs/sim_economy/config.ts'
import { simEconomy } from '../../../envs/sim_economy/index.ts'
import type { SimEconomy, State } from '../../../envs/sim_economy/state.ts'
import { world } from '../../envs/sim_economy/worlds.ts'

function seated(game: Episode<SimEconomy>, seed: number): Map<string, Policy<SimEconomy>> {
  const seats = simEconomy.seats(game.config)
  const make = paperHarness.episode!(
    seed,
    seats.map(({ agent }) => agent),
  )
  return new Map(seats.map(seat => [seat.agent, make({ env: simEconomy, config: game.config, seat, repeat: 0 })]))
}

/** What agent_`row` does on `turn` with this balance and stake; everybody else has 500. */
function move(row: number, turn: number, balance: number, staked = 0): unknown {
  const state: State = world(
    { num_agents: 8 },
    {
      turn: turn - 1,
      balance: Array.from({ length: 8 }, (_, i) => (i === row ? balance : 500)),
      staked: Array.from({ length: 8 }, (_, i) => (i === row ? staked : 0)),
    },
  )
  const game = new Episode(simEconomy, presets.paper, 1)
  const shared = simEconomy.shared(state)
  const agent = `agent_${row}`
  const decision = seated(game, 1)
    .get(agent)!
    .act({ ...game.turn(agent), t: turn - 1, agent, observation: simEconomy.observe(state, agent, shared) } as never) as Decision
  return decision.calls[0]
}

const call = (tool: string, args = {}) => ({ tool, args })

test.each([
  ['works below −180', move(0, 1, -181), call('job')],
  ['not yet at −180', move(0, 1, -180), call('mine')],
  ['asks its stake back every 15 turns, naming no amount', move(0, 15, 0, 80), call('unstake')],
  ['works first, even then', move(0, 15, -181, 80), call('job')],
  ['stakes 80 where (t + i) mod 7 = 0', move(2, 5, 361), call('stake', { amount: 80 })],
  ['not at 360', move(2, 5, 360), call('mine')],
  ['not with 220 staked', move(2, 5, 361, 220), call('mine')],
  ['burns 50 where (t + i) mod 11 = 0', move(2, 9, 601), call('burn', { amount: 50 })],
  [
    'gives 20 to the poorest every 13 turns, the lowest on ties',
    move(3, 13, 501),
    call('transfer', { to: 'agent_0', amount: 20, fee: 1 }),
  ],
  ['not when it is the poorest itself', move(3, 13, 451), call('mine')],
  ['studies every 10 turns', move(3, 10, 251), call('study')],
  ['mines otherwise', move(3, 11, 251), call('mine')],
])('%s', (_rule, made, expected) => {
  expect(made).toEqual(expected)
})

test('the log is the same in whatever order the seats are asked', () => {
  const play = (order: (agents: readonly string[]) => readonly string[]) => {
    const game = new Episode(simEconomy, presets.paper, 1001)
    const policies = seated(game, 1001)
    while (!game.over) {
      const decisions: Record<string, Decision> = {}
      for (const agent of order(game.actors())) decisions[agent] = policies.get(agent)!.act(game.turn(agent)) as Decision
      game.step(decisions)
    }
    return game.log
  }
  expect(play(agents => agents.toReversed())).toEqual(play(agents => agents))
})

test('without an episode’s seed it says how it wants to be made', () => {
  expect(() => paperHarness({} as never)).toThrow('episode(seed, seats)')
})
