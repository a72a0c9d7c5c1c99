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
