/** Where the parts of a stacked bar lie, for every way of drawing one. Knows numbers; knows no picture and no scale. */

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
