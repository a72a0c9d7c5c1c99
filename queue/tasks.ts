/**
 * The rollouts of an experiment by run and number: in each run they count from 0, example by example and repeat by repeat. Knows
 * plans; plays nothing.
 */
import { digest } from '../envs/core/plain.ts'
import type { PlannedCell } from '../evals/plan.ts'
import { type RolloutSpec, rolloutKey } from '../rollouts/rollout.ts'
import { PlanSpecs, type RunPlan } from '../rollouts/run.ts'

/** One rollout. */
export interface Numbered {
  /** Which of its run's rollouts it is. */
  readonly n: number
  readonly spec: RolloutSpec
  readonly key: string
}

interface NumberedRun {
  readonly plan: RunPlan
  readonly specs: PlanSpecs
  /** Where an example stands in the run's row of them. */
  places?: ReadonlyMap<number, number>
}

export class Tasks {
  readonly #runs: readonly NumberedRun[]

  constructor(planned: readonly PlannedCell[]) {
    this.#runs = planned.flatMap(({ plans }) => plans.map(plan => ({ plan, specs: new PlanSpecs(plan) })))
  }

  /** Rollouts of the whole experiment. */
  get total(): number {
    return this.#runs.reduce((sum, { plan }) => sum + plan.examples.rows.length * plan.repeats, 0)
  }

  /** The rollout of that run and number. Throws where there is none. */
  task(run: number, n: number): Numbered {
    const { plan, specs } = this.#run(run)
    const { examples, repeats } = plan
    const row = examples.rows[Math.floor(n / repeats)]
    const spec = row === undefined ? undefined : specs.of(row.index, n % repeats)
    if (spec === undefined) throw new Error(`tasks: run ${run} has ${examples.rows.length * repeats} rollouts; got number ${n}`)
    return { n, spec, key: rolloutKey(spec) }
  }

  /** The number of a run's rollout. */
  numberOf(run: number, { example, repeat }: Pick<RolloutSpec, 'example' | 'repeat'>): number {
    const at = this.#run(run)
    at.places ??= new Map(at.plan.examples.rows.map(({ index }, place) => [index, place]))
    return at.places.get(example)! * at.plan.repeats + repeat
  }

  #run(run: number): NumberedRun {
    const found = this.#runs[run]
    if (found === undefined) throw new Error(`tasks: ${this.#runs.length} runs; got number ${run}`)
    return found
  }
}

/** Whether a rollout asks nobody, so that it takes no longer than its own computing. */
export function isScripted({ lineup }: RolloutSpec): boolean {
  return Object.values(lineup).every(({ kind }) => kind === 'bot')
}

/** What a job says: numbers of rollouts of a run, and their `keysDigest`. */
export interface JobData {
  readonly run: number
  readonly rollouts: readonly number[]
  readonly digest: string
}

/** What tells whether two machines mean the same rollouts by the same numbers. */
export function keysDigest(tasks: readonly Pick<Numbered, 'key'>[]): string {
  return digest(tasks.map(({ key }) => key)).slice(0, 16)
}
