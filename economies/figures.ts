/** Numbers as pictures write and size them. Knows no economy. */

/** A number for a reader: at most three decimals, thousands apart, a true minus. */
export function figure(value: number, decimals = 3): string {
  const rounded = Number(value.toFixed(decimals))
  const [whole, part] = String(Math.abs(rounded)).split('.') as [string, string?]
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return `${rounded < 0 ? '−' : ''}${apart}${part === undefined ? '' : `.${part}`}`
}

/** Sizes values against the greatest among them: the root of the share, so that areas compare. */
export function spread(values: readonly number[]): (value: number) => number {
  const most = values.reduce((high, value) => Math.max(high, value), 0)
  return value => (most <= 0 || value <= 0 ? 0 : Math.sqrt(value / most))
}
