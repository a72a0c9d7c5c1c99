/** What values a figure of a setting can take, as its intervals must know it. Knows what economies declare; computes no interval. */
import type { AnyEnvironment } from '../envs/core/environment.ts'
import { isWithin, rangeOf, UNBOUNDED, type ValueRange } from '../envs/core/range.ts'
import type { Moments } from '../rollouts/column.ts'
import type { Metadata } from '../rollouts/metadata.ts'
import { otherBuild } from '../rollouts/versions.ts'
import { areOfConfiguration } from './examples.ts'

const COUNT: ValueRange = { low: 0, high: null }
/** What the runner counts, in every economy. */
const RUNNERS = /^(num_|model_|human_)/

/**
 * The configuration that all rollouts of a run share as far as ranges go; undefined where it is not known: another build's, or rows of
 * a file, which set fields of their own.
 */
export function sharedConfig(
  env: AnyEnvironment | undefined,
  metadata: Pick<Metadata, 'env_id' | 'version_info' | 'config' | 'examples'>,
): object | undefined {
  const ours = env !== undefined && otherBuild(metadata, { has: () => true, get: () => env }) === undefined
  return ours && areOfConfiguration(metadata.examples) ? metadata.config : undefined
}

/** What an economy says of a figure of that name under a configuration, or under every one. */
export function declaredRange(env: AnyEnvironment | undefined, name: string, config: object | undefined): ValueRange {
  if (RUNNERS.test(name)) return COUNT
  return env === undefined ? UNBOUNDED : rangeOf(env, name, config)
}

/**
 * The range of one of several players' columns: the declared one, or where there is none [0, 1] if every value of every player is 0 or
 * 1 and both occur. A range that values lie outside of is none. `ends` where the column holds nothing between the bounds.
 */
export function valueRange({ low, high }: ValueRange, column: Moments, columns: readonly Moments[]): ValueRange {
  const least = Math.min(...columns.map(({ min }) => min))
  const most = Math.max(...columns.map(({ max }) => max))
  if (low === null && high === null)
    return columns.every(({ binary }) => binary) && least < most ? { low: 0, high: 1, ends: true } : UNBOUNDED
  if (![least, most].every(value => isWithin(value, { low, high }))) return UNBOUNDED
  return { low, high, ...(low === 0 && high === 1 && column.binary && { ends: true }) }
}

/** What holds of values in any of the ranges. */
export function hull(ranges: readonly ValueRange[]): ValueRange {
  const end = (bounds: readonly (number | null)[], of: (...values: number[]) => number): number | null =>
    bounds.includes(null) ? null : of(...(bounds as number[]))
  const [lows, highs] = [ranges.map(({ low }) => low), ranges.map(({ high }) => high)]
  return { low: end(lows, Math.min), high: end(highs, Math.max) }
}
