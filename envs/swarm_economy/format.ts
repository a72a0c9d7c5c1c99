/** How numbers and qualities read in results and observations. */

/** With its sign and one decimal; what rounds to nothing is +0.0. */
export function signed(value: number): string {
  const text = value.toFixed(1)
  return text === '-0.0' ? '+0.0' : value >= 0 ? `+${text}` : text
}

/** A word for p. */
export function goodness(p: number): string {
  return p >= 0.7 ? 'good' : p >= 0.5 ? 'fair' : 'poor'
}

/** A share as a percentage with one decimal. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`
}

/** `you would pay 15.0`, `you paid 15.0`. */
export function transferWords(verb: string, amount: number): string {
  return `you ${verb} ${Math.abs(amount).toFixed(1)}`
}
