/** Values for the tests of statistics. */
import type { Random } from '../../envs/core/random.ts'
import { cluster } from '../../evals/stats.ts'

/** One value a cluster: the interval that forgets which scenario a rollout was of. */
export const naive = (values: readonly number[]) => cluster(values, [...values.keys()])

export const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float())
