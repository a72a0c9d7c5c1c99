/**
 * Other agents' words in an observation: one line, within quotation marks, cut. Whatever they hold, they cannot end the
 * quotation, start a line or reorder what a reader sees.
 */
import { QUOTED } from './state.ts'

/** What is kept of a text: its first characters, never half of a surrogate pair. */
export function quoted(text: string): string {
  if (text.length <= QUOTED) return text
  const cut = text.slice(0, QUOTED - 1)
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}

/**
 * Line and paragraph separators, controls, and characters that join, hide or reorder their neighbours (zero-width,
 * bidirectional, tags). Those below U+0020 are escaped by JSON already.
 */
const HIDDEN = /[\u007F-\u009F\u00AD\u061C\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu

/** A text as a quotation: JSON's escapes, and escapes for what a reader cannot see. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(HIDDEN, character => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}
