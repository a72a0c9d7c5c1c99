/**
 * A part of an experiment, for one of several machines: each of its groups of repeats is whole in one part, and every player's groups
 * are dealt out evenly. And the parts of a run, read as one. Knows experiments that are planned, and what runs say of their parts;
 * plays nothing.
 */
import { UserError } from '../envs/core/errors.ts'
import type { ShardFacts } from '../rollouts/metadata.ts'
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

/** Which parts of a divided run are not among these, from 1; a part to which no example falls is not missed. */
export function absentShards(shards: readonly ShardFacts[]): number[] {
  const [first] = shards
  if (first === undefined) return []
  const { of, starts, num_examples } = first
  const due = Array.from({ length: Math.min(of, num_examples) }, (_, i) => ((starts - 1 + i) % of) + 1)
  return due.filter(i => !shards.some(({ index }) => index === i)).sort((a, b) => a - b)
}

/**
 * What the files of parts hold, in the order in which one file of all of them would: by example, where each part has its own in
 * order. Gives with each row which part it is of, from 0.
 */
export function* byExample<T>(
  parts: readonly Iterable<T>[],
  example: (row: T) => number,
): Generator<readonly [part: number, row: T]> {
  interface Head {
    readonly part: number
    readonly row: T
    readonly at: number
    readonly rest: Iterator<T>
  }
  const heads: Head[] = []
  const put = (part: number, rest: Iterator<T>): void => {
    const { value: row, done } = rest.next()
    if (done) return
    const at = example(row)
    // Last is next: most often the new head goes to the front of a sorted list that is read from its end.
    let low = 0
    let high = heads.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = heads[middle]!
      if (other.at > at || (other.at === at && other.part > part)) low = middle + 1
      else high = middle
    }
    heads.splice(low, 0, { part, row, at, rest })
  }
  try {
    for (const [part, rows] of parts.entries()) put(part, rows[Symbol.iterator]())
    for (let head = heads.pop(); head !== undefined; head = heads.pop()) {
      yield [head.part, head.row]
      put(head.part, head.rest)
    }
  } finally {
    for (const { rest } of heads) rest.return?.()
  }
}
