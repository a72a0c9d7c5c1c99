/** Where bars and their parts lie, for every way of drawing them. Knows numbers; knows no pixel and no character. */
import type { Bars } from '../economies/picture.ts'
import { sum } from '../envs/core/sums.ts'

/** The values at both ends of the bars' axis, which holds 0 where the chart does not say otherwise. */
export interface BarScale {
  readonly least: number
  readonly most: number
  /** From 0 at `least` to 1 at `most`; what lies beyond is at the nearer end. */
  at(value: number): number
}

export function barScale({ rows, low, high, marks = [] }: Bars): BarScale {
  const marked = marks.map(({ at }) => at)
  const least = low ?? Math.min(0, ...rows.map(({ values }) => sum(values.filter(value => value < 0))), ...marked)
  const most = high ?? Math.max(0, ...rows.map(({ values }) => sum(values.filter(value => value > 0))), ...marked)
  return {
    least,
    most,
    at: value => (most === least ? 0 : (Math.min(most, Math.max(least, value)) - least) / (most - least)),
  }
}

/**
 * From where to where each part goes, in the unit of the values, lower end first: positive parts are stacked upwards from zero,
 * negative ones downwards, in their order.
 */
export function stackedSpans(values: readonly number[]): [low: number, high: number][] {
  let [below, above] = [0, 0]
  return values.map(value => {
    const from = value < 0 ? below : above
    const to = from + value
    if (value < 0) below = to
    else above = to
    return [Math.min(from, to), Math.max(from, to)]
  })
}
