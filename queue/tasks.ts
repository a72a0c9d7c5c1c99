/**
 * The rollouts of an experiment by number: in each cell they count from 0, example by example, repeat by repeat, player by player,
 * as a run in one process plays them. Knows plans; plays nothing.
 */
import { digest } from '../envs/core/plain.ts'
import type { PlannedCell } from '../evals/plan.ts'
import { lineupOf, type Seated } from '../rollouts/lineup.ts'
import { type RolloutSpec, rolloutKey } from '../rollouts/rollout.ts'
import type { RunPlan } from '../rollouts/run.ts'

/** One rollout of a cell. */
export interface Task {
  readonly n: number
  /** Which of the cell's runs it belongs to. */
  readonly plan: number
  readonly spec: RolloutSpec
  readonly key: string
}

export class Tasks {
  readonly #planned: readonly PlannedCell[]
  /** One line-up per plan and configuration, so that what is derived from it is derived once. */
  readonly #seated = new Map<RunPlan, Map<object, Seated>>()

  constructor(planned: readonly PlannedCell[]) {
    this.#planned = planned
  }

  /** How many rollouts a cell has. */
  count(cell: number): number {
    return this.#plans(cell).reduce((sum, { examples, repeats }) => sum + examples.rows.length * repeats, 0)
  }

  /** How many runs a cell has. */
  runs(cell: number): number {
    return this.#plans(cell).length
  }

  /** The rollout of that number. Throws where there is none. */
  task(cell: number, n: number): Task {
    const plans = this.#plans(cell)
    // All runs of a cell have the same examples and repeats.
    const index = n % plans.length
    const plan = plans[index]!
    const of = Math.floor(n / plans.length)
    const row = plan.examples.rows[Math.floor(of / plan.repeats)]
    if (row === undefined) throw new Error(`tasks: cell ${cell} has ${this.count(cell)} rollouts; got number ${n}`)
    const { config, seed, scenario, index: example } = row
    const seated = this.#seat(plan, config)
    const spec: RolloutSpec = {
      env: plan.env,
      config,
      seed,
      repeat: of % plan.repeats,
      lineup: lineupOf(seated, seed),
      evaluated: seated.evaluated,
      example,
      ...(scenario !== undefined && { scenario }),
    }
    return { n, plan: index, spec, key: rolloutKey(spec) }
  }

  #plans(cell: number): readonly RunPlan[] {
    const planned = this.#planned[cell]
    if (planned === undefined) throw new Error(`tasks: ${this.#planned.length} cells; got number ${cell}`)
    return planned.plans
  }

  #seat(plan: RunPlan, config: object): Seated {
    let seatings = this.#seated.get(plan)
    if (seatings === undefined) {
      seatings = new Map()
      this.#seated.set(plan, seatings)
    }
    let seated = seatings.get(config)
    if (seated === undefined) {
      seated = plan.seat(config)
      seatings.set(config, seated)
    }
    return seated
  }
}

/** Whether a rollout asks nobody and so takes no longer than its own computing. */
export function isScripted({ lineup }: RolloutSpec): boolean {
  return Object.values(lineup).every(({ kind }) => kind === 'bot')
}

/** What tells whether two machines mean the same rollouts by the same numbers. */
export function keysDigest(tasks: readonly Task[]): string {
  return digest(tasks.map(({ key }) => key)).slice(0, 16)
}
