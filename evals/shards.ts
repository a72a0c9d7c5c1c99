/**
 * A part of an experiment, for one of several machines: each of its groups of repeats is whole in one part, and every player's groups
 * are dealt out evenly. Knows experiments that are planned; plays nothing.
 */
import { UserError } from '../envs/core/errors.ts'
import type { PlannedCell } from './plan.ts'

/** Part `index` (from 1) of `of`. */
export interface Shard {
  readonly index: number
  readonly of: number
}

/** Parts at most: more is a slip of the keyboard. */
const MOST = 100_000

/** Checks a part. A UserError where it is none. */
export function checkShard({ index, of }: Shard): void {
  if (!Number.isSafeInteger(of) || of < 1 || of > MOST || !Number.isSafeInteger(index) || index < 1 || index > of)
    throw new UserError(`Expected shard i/n with i from 1 to n (at most ${MOST}), such as 3/16; got ${index}/${of}.`)
}

/** The name of the folder that a part's runs lie in: no two parts share one. */
export function shardFolder({ index, of }: Shard): string {
  return `shard-${String(index).padStart(String(of).length, '0')}-of-${of}`
}

/**
 * What a part plays: the groups of all runs are counted one run after the other, and each part takes every `of`th. Runs of which
 * nothing falls to the part are left out, and so are cells without runs.
 */
export function shardOf(planned: readonly PlannedCell[], shard: Shard): PlannedCell[] {
  checkShard(shard)
  const { index, of } = shard
  let group = 0
  return planned.flatMap(({ cell, plans }) => {
    const parts = plans.flatMap(plan => {
      const { examples } = plan
      const starts = (group % of) + 1
      const rows = examples.rows.filter(() => group++ % of === index - 1)
      if (rows.length === 0) return []
      const name = `${examples.name}, shard ${index}/${of}`
      return [
        {
          ...plan,
          examples: { name, rows, nameOf: (indices: readonly number[]) => `${indices.length} of ${name}` },
          shard: { index, of, starts, examples: examples.name, num_examples: examples.rows.length },
        },
      ]
    })
    return parts.length === 0 ? [] : [{ cell, plans: parts }]
  })
}
