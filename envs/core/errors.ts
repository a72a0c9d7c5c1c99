/** What goes wrong outside a game: a user's mistake, told in one line. A programmer's mistake is a plain Error. */
// Whatever is loaded of the package loads this file, and so is counted.
import './copies.ts'

/** A mistake of the person at the command line or in a file: one clear line, exit code 2, no stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError'
}

/** The known name nearest to what was typed, as ` Did you mean 'x'?`; empty where nothing is near. */
export function nearest(typed: string, known: readonly string[]): string {
  const word = typed.slice(0, 64)
  let best: string | undefined
  let least = Math.max(2, Math.ceil(word.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best === undefined ? '' : ` Did you mean '${best}'?`
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}
