/**
 * Text in SVG: how wide it is, by a table and not by a font, so that it takes the same room on every machine; cut, wrapped and escaped.
 * Knows characters; knows no shape and no colour.
 */
import { oneLine } from '../envs/core/text.ts'

export const FONT = "'DejaVu Sans', Verdana, Geneva, sans-serif"

/** Em of a character in DejaVu Sans, the widest of `FONT`, by kind: what is measured is rather too long than too short. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/[ijlI.,:;'|!]/, 0.34],
  [/[ ftr()[\]/"-]/, 0.42],
  [/[mwMW@%—…]/, 0.96],
  [/[A-Z]/, 0.72],
  [/[\u0020-\u024f·−→×≥≤“”]/, 0.63],
]

/** Pixels that a text takes at most, roughly. */
export function measure(text: string, size: number, bold = false): number {
  let em = 0
  // What no table knows may be as wide as it is high.
  for (const character of text) em += WIDTHS.find(([kind]) => kind.test(character))?.[1] ?? 1
  return em * size * (bold ? 1.1 : 1)
}

/** A text in one line, ready to stand in SVG. */
export function clean(text: string): string {
  return escapeXml(oneLine(text))
}

/** A text cut to a width, ready to stand in SVG. */
export function fitted(text: string, room: number, size: number, bold = false): string {
  const line = oneLine(text)
  if (measure(line, size, bold) <= room) return escapeXml(line)
  const kept: string[] = []
  let width = measure('…', size, bold)
  for (const character of line) {
    width += measure(character, size, bold)
    if (width > room) break
    kept.push(character)
  }
  return escapeXml(`${kept.join('').trimEnd()}…`)
}

/** A text in lines of a width; a word that is longer than a line is cut when it is drawn. */
export function wrap(text: string, room: number, size: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of oneLine(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && measure(longer, size) > room) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return line === '' ? lines : [...lines, line]
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, character => ENTITIES[character]!)
}
