/** How numbers read on the page. Knows no data and no element. */

/** About four significant digits, no exponent where it can be. */
export function number(value) {
  if (value === null || value === undefined) return '–'
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size >= 1e9) return value.toExponential(3)
  return value.toFixed(size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3)
}

/** Integers as they are, others in about four digits. */
export function plain(value) {
  return Number.isInteger(value) ? String(value) : number(value)
}

/** A value of the configuration as it was written. */
export function valueText(value) {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A count with its noun. */
export const plural = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`

const UNITS = { number, count: String, share: value => `${(100 * value).toFixed(1)} %` }

/** A figure in two parts: the value, and how sure it is. */
export function figureText({ unit, value, sd, low, high, method, p_adjusted: p, share }) {
  if (value === null) return ['–', '']
  const shown = UNITS[unit]
  const spread = typeof sd === 'number' ? `± ${shown(sd)}` : ''
  const interval = typeof low === 'number' && typeof high === 'number' ? `[${shown(low)}, ${shown(high)}]` : ''
  const chance = typeof p === 'number' ? `p ${p < 0.001 ? '< 0.001' : p.toFixed(3)}` : ''
  const part = share === undefined ? '' : `(${UNITS.share(share)})`
  return [
    shown(value),
    [spread, interval + (method === 'bootstrap' ? '*' : ''), chance, part].filter(text => text !== '').join(' '),
  ]
}

const METHODS = {
  t: 'Student’s t, scenarios as clusters',
  bootstrap: 'bootstrap-t over scenarios, as the values are too skewed for t',
  beta: 'the beta distribution, as the values have two bounds',
}

/** How a figure was computed, in a sentence or two. */
export function figureHow({ table, unit, value, n, sd, low, method, p, p_adjusted: adjusted, q, family, share }) {
  if (value === null) return `not defined: ${plural(n, 'value')}`
  const what =
    table === 'differences' || table === 'settings'
      ? 'mean of paired differences'
      : unit === 'count'
        ? 'count'
        : unit === 'share'
          ? 'share'
          : 'mean'
  const parts = [unit === 'count' ? what : `${what} over ${plural(n, 'value')}`]
  if (typeof sd === 'number') parts.push(`± ${UNITS[unit](sd)} standard deviation`)
  if (typeof low === 'number') parts.push(`95 % interval by ${METHODS[method] ?? method}`)
  if (typeof p === 'number')
    parts.push(
      `paired t test: p ${p.toPrecision(2)}${typeof adjusted === 'number' ? `, by Holm ${adjusted.toPrecision(2)}` : ''}${typeof q === 'number' ? `, q ${q.toPrecision(2)}` : ''}${family === undefined ? '' : ` (${family})`}`,
    )
  if (share !== undefined) parts.push(`of ${UNITS.share(share)} of the rollouts`)
  return parts.join('; ')
}

/** What something measured is, in a sentence; undefined where nobody has said. */
export function docTextOf(about) {
  return about === undefined ? undefined : `${about.description}: ${about.formula} (${about.range})`
}
