/**
 * The policy of the paper *Sim-Economy Under Compute Pricing Pressure*: thresholds on the own balance and stake, and units
 * drawn by one generator for all its seats. Its rules and its draws are documented; they are not meant to be clever.
 */
import type { Decision, Units } from '../../envs/core/environment.ts'
import type { Policy, PolicyFactory } from '../../envs/core/policy.ts'
import type { AgentId, Call } from '../../envs/core/tool.ts'
import type { Observation, Shared, SimEconomy } from '../../envs/sim_economy/state.ts'
import { MersenneTwister } from './mersenne.ts'

/** What the seats of one episode share: the generator's draws, and the poorest agent of a turn. */
class Harness {
  readonly #generator: MersenneTwister
  readonly #seats: readonly AgentId[]
  /** Turns drawn so far, and the last one's units. */
  #drawn = 0
  #units = new Map<AgentId, Units>()
  #seen: Shared | undefined
  #poorest = 0

  constructor(seed: number, seats: readonly AgentId[]) {
    this.#generator = new MersenneTwister(seed)
    this.#seats = seats
  }

  /** The units of a seat in step `t`. All seats are drawn at once in their order, so it does not matter who asks first. */
  units(t: number, agent: AgentId): Units {
    for (; this.#drawn <= t; this.#drawn++) {
      for (const seat of this.#seats) {
        const thinking = this.#generator.randint(50, 350)
        const output = this.#generator.randint(40, 280)
        this.#units.set(seat, { thinking, output, source: 'reported' })
      }
    }
    return this.#units.get(agent)!
  }

  /** The row of the smallest balance, the lowest on ties; looked for once a turn. */
  poorest(shared: Shared): number {
    if (this.#seen !== shared) {
      this.#seen = shared
      const { balances } = shared
      this.#poorest = 0
      for (let row = 1; row < balances.length; row++) if (balances[row]! < balances[this.#poorest]!) this.#poorest = row
    }
    return this.#poorest
  }
}

/** The first rule that holds. */
function choose({ shared, index }: Observation, harness: Harness): Call {
  const { turn, agents } = shared
  const balance = shared.balances[index]!
  const staked = shared.staked[index]!
  if (balance < -180) return { tool: 'job', args: {} }
  // Without an amount, as the study's script sends it: refused every time.
  if (staked > 0 && turn % 15 === 0) return { tool: 'unstake', args: {} }
  if (balance > 360 && staked < 220 && (turn + index) % 7 === 0) return { tool: 'stake', args: { amount: 80 } }
  if (balance > 600 && (turn + index) % 11 === 0) return { tool: 'burn', args: { amount: 50 } }
  if (balance > 450 && turn % 13 === 0 && harness.poorest(shared) !== index)
    return { tool: 'transfer', args: { to: agents[harness.poorest(shared)]!, amount: 20, fee: 1 } }
  if (balance > 250 && turn % 10 === 0) return { tool: 'study', args: {} }
  return { tool: 'mine', args: {} }
}

function seated(harness: Harness): () => Policy<SimEconomy> {
  return () => ({
    act: ({ agent, t, observation }): Decision => ({
      calls: [choose(observation, harness)],
      units: harness.units(t, agent),
    }),
  })
}

export const paperHarness: PolicyFactory<SimEconomy> = Object.assign(
  (): Policy<SimEconomy> => {
    throw new Error('paper_harness: its seats share one generator; make them with paperHarness.episode(seed, seats)')
  },
  { episode: (seed: number, seats: readonly AgentId[]) => seated(new Harness(seed, seats)) },
)
