/**
 * Tasks by number: the seeds of an economy in three splits that no seed is in two of, the same that `agoragym export --split
 * train=0.9,validation=0.05,test=0.05` deals rollouts to. Knows seeds; knows no game.
 */
import { randomInt } from 'node:crypto'
import { type Split, splitOf } from '../rollouts/export/split.ts'
import { ServeError } from './errors.ts'

/** The shares. Who exports `train=0.9,test=0.1` has the same seeds in training. */
const SHARES: readonly Split[] = [
  { name: 'train', share: 0.9 },
  { name: 'validation', share: 0.05 },
  { name: 'test', share: 0.05 },
]

/** Tasks of each split: its first so many seeds. */
const SIZES: Readonly<Record<string, number>> = { train: 100_000, validation: 1000, test: 1000 }

export const SPLITS: readonly string[] = Object.keys(SIZES)

/** Tasks that are listed at once at most. */
export const MOST_LISTED = 1000

/** The seeds of each split found so far, and how many seeds were dealt. */
const found = new Map<string, number[]>(SPLITS.map(name => [name, []]))
let dealt = 0

/** How many tasks a split has. A ServeError where there is no such split. */
export function numTasks(split: string): number {
  const size = Object.hasOwn(SIZES, split) ? SIZES[split] : undefined
  if (size === undefined)
    throw new ServeError('bad_request', `Invalid split '${split.slice(0, 64)}'; splits: ${SPLITS.join(', ')}.`)
  return size
}

/** The seed of a task; a negative index counts from the end. A ServeError where there is no such task. */
export function seedOf(split: string, index: number): number {
  const size = numTasks(split)
  const at = index < 0 ? size + index : index
  if (!Number.isInteger(at) || at < 0 || at >= size)
    throw new ServeError('bad_request', `Invalid index ${index}; the ${split} split has tasks 0 to ${size - 1}.`)
  const seeds = found.get(split)!
  while (seeds.length <= at) {
    found.get(splitOf(dealt, SHARES))!.push(dealt)
    dealt++
  }
  return seeds[at]!
}

/** A seed for who names none: drawn anew, and never one that is held out. */
export function drawSeed(): number {
  for (;;) {
    const seed = randomInt(2 ** 31)
    if (splitOf(seed, SHARES) === 'train') return seed
  }
}
