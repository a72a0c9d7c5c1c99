/** The values that a metric or a part of a score can take, as an economy documents them. Knows no economy's names. */
import type { AnyEnvironment } from './environment.ts'

/** From `low` to `high`, where `null` is no bound; `ends` where nothing between the bounds occurs. */
export interface ValueRange {
  readonly low: number | null
  readonly high: number | null
  readonly ends?: true
}

/** The parts of a score that are shares in every economy, as the contract has it. */
const SHARES: Readonly<Record<string, string>> = { survival: '[0, 1]', quality: '[0, 1]' }

/**
 * What an economy says of the values of a metric or a part of its score under a configuration, or under every one; no bound where it
 * says nothing. That of a reward which is a weighted sum follows from its parts'.
 */
export function rangeOf(env: Pick<AnyEnvironment, 'facts' | 'metrics'>, name: string, config?: object): ValueRange {
  const { docs } = env.metrics
  const ranges = env.facts?.ranges?.(config) ?? {}
  const text = Object.hasOwn(ranges, name) ? ranges[name] : Object.hasOwn(docs, name) ? docs[name]!.range : SHARES[name]
  if (text !== undefined || name !== 'reward' || config === undefined) return parseRange(text ?? '')
  const weights = env.facts?.weights?.(config)
  return weights === undefined ? UNBOUNDED : sumRange(weights, part => rangeOf(env, part, config))
}

/** What Σ weight × part can be. A weight of 0 counts for nothing, whatever its part can be. */
function sumRange(weights: Readonly<Record<string, number>>, of: (part: string) => ValueRange): ValueRange {
  let [least, most]: [number | null, number | null] = [0, 0]
  for (const [part, weight] of Object.entries(weights)) {
    if (weight === 0) continue
    const { low, high } = of(part)
    const [from, to] = weight > 0 ? [low, high] : [high, low]
    least = least === null || from === null ? null : least + weight * from
    most = most === null || to === null ? null : most + weight * to
  }
  return { low: least, high: most }
}

/** Nothing is known of the values. */
export const UNBOUNDED: ValueRange = Object.freeze({ low: null, high: null })

const NUMBER = '[-−]?\\d+(?:\\.\\d+)?(?:e-?\\d+)?'
const BETWEEN = new RegExp(`^(?:[[(](${NUMBER}), (${NUMBER})[\\])]|(${NUMBER})…(${NUMBER}))(?=$|[;,]| )`)
const ENDS = new RegExp(`^\\{(${NUMBER}), (${NUMBER})\\}(?=$|[;,]| )`)
const BEYOND = new RegExp(`^([≥≤]) (${NUMBER})(?=$|[;,]| )`)

/**
 * Reads `[0, 1]`, `(0, 1]`, `0…100`, `{0, 1}`, `≥ 0 tokens`, `≤ 1`, each perhaps with a unit or a remark after it; `any` and all else
 * is no bound.
 */
export function parseRange(text: string): ValueRange {
  let range = parsed.get(text)
  if (range === undefined) {
    range = parse(text)
    parsed.set(text, range)
  }
  return range
}

/** A few texts are read for every step of every game that is checked. */
const parsed = new Map<string, ValueRange>()

function parse(text: string): ValueRange {
  const between = BETWEEN.exec(text)
  if (between !== null) return { low: numberOf(between[1] ?? between[3]!), high: numberOf(between[2] ?? between[4]!) }
  const ends = ENDS.exec(text)
  if (ends !== null) return { low: numberOf(ends[1]!), high: numberOf(ends[2]!), ends: true }
  const [, side, bound] = BEYOND.exec(text) ?? []
  if (side === undefined) return UNBOUNDED
  return side === '≥' ? { low: numberOf(bound!), high: null } : { low: null, high: numberOf(bound!) }
}

/** Whether a value lies in a range, but for rounding in its last digits. */
export function isWithin(value: number, { low, high, ends }: ValueRange): boolean {
  const slack = 1e-9 * Math.max(1, Math.abs(low ?? 0), Math.abs(high ?? 0))
  if (ends) return Math.min(Math.abs(value - low!), Math.abs(value - high!)) <= slack
  return (low === null || value >= low - slack) && (high === null || value <= high + slack)
}

function numberOf(text: string): number {
  return Number(text.replace('−', '-'))
}
