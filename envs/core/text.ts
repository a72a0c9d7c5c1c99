/**
 * Words of others — players, models, servers, files — where they are put before a reader: quoted, shortened, shown in a
 * terminal, in a cell of a table. Knows characters; knows no economy and no output.
 */

/**
 * What no reader sees, or what moves its neighbours: controls, line and paragraph separators, soft hyphens, joiners, fillers,
 * direction marks, invisible operators, variation selectors, annotations, tags, halves of surrogate pairs. A list of its own
 * and no `\p{…}`, so that the same text is written alike whatever version of Unicode an engine knows. The selectors of text
 * and emoji style belong to the character before them, and hide something only after each other.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: no character of the class is seen by itself
  /(?<=[\ufe0e\ufe0f])[\ufe0e\ufe0f]|[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu

/** A character as JSON escapes it. */
function escaped(character: string): string {
  let text = ''
  for (let at = 0; at < character.length; at++) text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
  return text
}

/**
 * Another's words as a quotation: a JSON string in which whatever a reader cannot see is escaped. One line, of which nothing can
 * end the quotation, begin a section, hide or turn its direction; `JSON.parse` gives the words back.
 */
export function quote(text: string): string {
  return JSON.stringify(text).replace(UNSEEN, escaped)
}

/**
 * A text as it may be written to a terminal: its line ends and tabs, and everything else that a reader cannot see as an
 * escape, so that no text of a server, a model or a file moves the cursor or rewrites what stands there. In a JSON document
 * such characters stand inside strings only, so it stays the same document.
 */
export function printable(text: string): string {
  return text.replace(UNSEEN, character => (character === '\n' || character === '\t' ? character : escaped(character)))
}

/** A text as one line for a terminal: what ends a line is a space. For cells of a table, names of files, messages of errors. */
export function oneLine(text: string): string {
  return printable(text.replace(/\s*[\r\n\u0085\u2028\u2029]\s*|\t/g, ' '))
}

/**
 * A cell of comma-separated values (RFC 4180); null is an empty one. A number is written as it is, a negative one too. A text
 * that a spreadsheet would compute, since it begins with `=`, `+`, `-`, `@`, a tab or a line end, gets an apostrophe before it,
 * which is how a spreadsheet is told that text follows.
 */
export function csvCell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = /^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A text in a cell or a line of Markdown: one line, whose bars, backticks, links, images and HTML are shown and not made. */
export function markdownText(text: string): string {
  return oneLine(text)
    .replace(/[\\`|]|\](?=[(:])/g, '\\$&')
    .replace(/&(?=#?\w+;)/g, '&amp;')
    .replace(/<(?=[A-Za-z/!?])/g, '&lt;')
}

/** The beginning of a text, at most `most` characters (UTF-16 code units), the last of them `…` where it was cut; never half of a pair. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text
  const end = most - 1
  const half = /[\ud800-\udbff]/.test(text.charAt(end - 1)) && /[\udc00-\udfff]/.test(text.charAt(end))
  return `${text.slice(0, half ? end - 1 : end)}…`
}
