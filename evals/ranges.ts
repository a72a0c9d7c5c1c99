/** What values a figure of a setting can take, as its intervals must know it. Knows what economies declare; computes no interval. */
import type { AnyEnvironment } from '../envs/core/environment.ts'
import { isWithin, rangeOf, type ValueRange } from '../envs/core/range.ts'
import type { Moments } from '../rollouts/column.ts'
import type { Setting } from './setting.ts'

const UNBOUNDED: ValueRange = { low: null, high: null }
const COUNT: ValueRange = { low: 0, high: null }
/** What the runner counts, in every economy. */
const RUNNERS = /^(num_|model_|human_)/

/**
 * The range of one of several players' columns of that name: what the economy says of it, or [0, 1] where every value of every player
 * is 0 or 1 and both occur. A range that values lie outside of is none. `ends` where the column holds nothing between the bounds.
 */
export function valueRange(
  env: AnyEnvironment | undefined,
  name: string,
  column: Moments,
  columns: readonly Moments[],
): ValueRange {
  const least = Math.min(...columns.map(({ min }) => min))
  const most = Math.max(...columns.map(({ max }) => max))
  const declared = RUNNERS.test(name) ? COUNT : env === undefined ? UNBOUNDED : rangeOf(env, name)
  if (declared.low === null && declared.high === null)
    return columns.every(({ binary }) => binary) && least < most ? { low: 0, high: 1, ends: true } : UNBOUNDED
  const { low, high } = declared
  if (![least, most].every(value => isWithin(value, { low, high }))) return UNBOUNDED
  return { low, high, ...(low === 0 && high === 1 && column.binary && { ends: true }) }
}

/** The range of a column of a setting's player. */
export function columnRange({ env, tallies }: Setting, name: string, column: Moments): ValueRange {
  const columns = tallies.flatMap(({ reward, metrics }) => (name === 'reward' ? reward : metrics.get(name)) ?? [])
  return valueRange(env, name, column, columns)
}
