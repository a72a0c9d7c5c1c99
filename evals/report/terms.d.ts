/** The types of terms.js, which the page and the server share. */
export function termsOf(asked: string): string[]
export function patternOf(term: string, flags?: string): RegExp
export function allStand(patterns: readonly RegExp[], texts: Iterable<string>): boolean
