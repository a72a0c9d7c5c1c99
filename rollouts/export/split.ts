/**
 * Splits of a data set by seed: every rollout of a seed goes to the same part, so that no scenario is in two. Knows seeds,
 * not rollouts.
 */
import { createHash } from 'node:crypto'
import { UserError } from '../../envs/core/errors.ts'

export interface Split {
  readonly name: string
  /** In (0, 1]; the shares sum to 1. */
  readonly share: number
}

/**
 * What is hashed before a seed. A constant, not a name: it was the package's when the first data sets were split, and another one would
 * deal every seed anew, so that what was held out there would be trained on here.
 */
const SALT = 'econgym split'

/** How a seed finds its part, for the data card. */
export const SPLIT_RULE = `u = first 48 bits of SHA-256("${SALT} SEED") / 2^48; a seed is in the first part whose cumulated share exceeds u. The salt is a constant that outlives the package's name: with another, seeds held out of earlier data sets would be in the training part of later ones`

/** `train=0.9,test=0.1`. A UserError names what is wrong. */
export function parseSplits(text: string): Split[] {
  const wrong = (why: string): UserError =>
    new UserError(`--split: expected shares that sum to 1 such as train=0.9,test=0.1, got '${text.slice(0, 64)}'${why}.`)
  const splits = text.split(',').map(part => {
    const [, name, share] = /^([A-Za-z][A-Za-z0-9_]*)=(\d*\.?\d+)$/.exec(part.trim()) ?? []
    if (name === undefined || !(Number(share) > 0)) throw wrong(` ('${part.trim().slice(0, 32)}' is no NAME=SHARE)`)
    return { name, share: Number(share) }
  })
  const twice = splits.find(({ name }, i) => splits.findIndex(other => other.name === name) < i)
  if (twice !== undefined) throw wrong(` (${twice.name} is given twice)`)
  const sum = splits.reduce((total, { share }) => total + share, 0)
  if (Math.abs(sum - 1) > 1e-9) throw wrong(` (they sum to ${Number(sum.toPrecision(6))})`)
  return splits
}

/** The part that a seed belongs to. It depends on the seed and the shares alone: more seeds move nobody. */
export function splitOf(seed: number, splits: readonly Split[]): string {
  const u = createHash('sha256').update(`${SALT} ${seed}`).digest().readUIntBE(0, 6) / 2 ** 48
  let upTo = 0
  for (const { name, share } of splits) {
    upTo += share
    if (u < upTo) return name
  }
  // The shares may sum to a little under 1.
  return splits.at(-1)!.name
}
