/** What a search for words means, on the page and on the server: every word, or "phrase in quotes", from the beginning of a word on. */

/** The words and phrases of a query. */
export function termsOf(asked) {
  return [...asked.matchAll(/"([^"]*)"?|(\S+)/g)]
    .map(([, phrase, word]) => (phrase ?? word).replace(/\s+/g, ' ').trim())
    .filter(term => term !== '')
}

/** Where a term stands in a text, whatever the case of its letters; with `g` to find all such places. */
export function patternOf(term, flags = '') {
  const spaced = term.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&').replaceAll(' ', '\\s+')
  return new RegExp(`${/^[\p{L}\p{N}_]/u.test(term) ? '(?<![\\p{L}\\p{N}_])' : ''}${spaced}`, `iu${flags}`)
}

/** Whether each of the patterns stands in one of the texts. */
export function allStand(patterns, texts) {
  const wanted = new Set(patterns)
  for (const text of texts) {
    for (const pattern of wanted) if (pattern.test(text)) wanted.delete(pattern)
    if (wanted.size === 0) return true
  }
  return wanted.size === 0
}
