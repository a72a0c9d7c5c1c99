/**
 * A rollout of an experiment as a task that is sent elsewhere: small, plain, and understood by whoever has planned the same
 * experiment. Knows experiments that are planned; knows neither threads nor queues.
 */
import { UserError } from '../envs/core/errors.ts'
import type { Job } from '../rollouts/batch.ts'
import { type RolloutSpec, rolloutKey } from '../rollouts/rollout.ts'
import { PlanSpecs } from '../rollouts/run.ts'
import type { PlannedCell } from './plan.ts'

/** One rollout that is to be played elsewhere. */
export interface Task {
  /** Which run of the experiment: they are counted from 0, cell by cell, as they were named. */
  readonly run: number
  /** The seed itself, or the index of the scenario. */
  readonly example: number
  readonly repeat: number
  /** The rollout's key: who plays it elsewhere must find the same. */
  readonly key: string
}

/** The task of a job that is part of an experiment. */
export function taskOf({ spec, run }: Pick<Job, 'spec' | 'run'>): Task {
  if (run === undefined) throw new Error('taskOf: the job is of no experiment')
  return { run, example: spec.example, repeat: spec.repeat, key: rolloutKey(spec) }
}

/** The rollouts of a planned experiment, found by their tasks. */
export class TaskSpecs {
  readonly #runs: readonly PlanSpecs[]

  constructor(planned: readonly PlannedCell[]) {
    this.#runs = planned.flatMap(({ plans }) => plans.map(plan => new PlanSpecs(plan)))
  }

  /** The rollout that a task means. A UserError where it is another here, because code or configuration differ. */
  of({ run, example, repeat, key }: Task): RolloutSpec {
    const spec = this.#runs[run]?.of(example, repeat)
    const found = spec === undefined ? undefined : rolloutKey(spec)
    if (spec !== undefined && found === key) return spec
    throw new UserError(
      `The rollout ${key} is ${found === undefined ? 'not part of the experiment' : `another, ${found},`} where it was to be played: code, modules and configuration must be the same everywhere.`,
    )
  }
}
