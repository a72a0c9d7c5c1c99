/** Plain text for terminals: wrapping, lists, tables. Knows widths, not contents. No colour, no control characters. */
import { relative } from 'node:path'
import { oneLine } from '../envs/core/text.ts'

/**
 * The lines of a text, at most `width` wide, broken between words where it can be; what goes on with a line is indented by
 * `hang` more. Line ends, indents and lines that fit stay as they are.
 */
export function wrap(text: string, width: number, hang = 0): string[] {
  const room = Math.max(8, width)
  return text.split('\n').flatMap(line => {
    if (line.length <= room) return [line.trimEnd()]
    const indent = /^ */.exec(line)![0].slice(0, room / 2)
    const further = `${indent}${' '.repeat(hang)}`.slice(0, room / 2)
    const lines: string[] = []
    let margin = indent
    let current = indent
    const next = (): void => {
      lines.push(current)
      margin = further
      current = margin
    }
    for (const [, gap, first] of line.trim().matchAll(/(\s*)(\S+)/g)) {
      let word = first!
      const space = (): string => (current === margin ? '' : gap!)
      // What no line could hold is broken where the line ends, unless that leaves a crumb.
      while (further.length + word.length > room) {
        const left = room - current.length - space().length
        if (left < 8) next()
        else {
          current += space() + word.slice(0, left)
          word = word.slice(left)
          next()
        }
      }
      if (current.length + space().length + word.length > room) next()
      current += space() + word
    }
    lines.push(current.trimEnd())
    return lines
  })
}

/** A text, every line indented by `indent` characters, those that go on with a line by `hang` more. */
export function block(text: string, width: number, indent = 0, hang = 0): string {
  const margin = ' '.repeat(indent)
  return wrap(text, width - indent, hang)
    .map(line => (line === '' ? '' : `${margin}${line}`))
    .join('\n')
}

/** Terms with what they mean, side by side where the width allows it. */
export function definitions(entries: readonly (readonly [term: string, text: string])[], width: number, indent = 2): string {
  const longest = Math.max(0, ...entries.map(([term]) => term.length))
  const at = indent + longest + 2
  const beside = width - at >= 30
  return entries
    .map(([term, text]) => {
      if (!beside) return `${block(term, width, indent)}\n${block(text, width, indent + 4)}`
      const [first = '', ...more] = wrap(text, width - at)
      return [
        `${' '.repeat(indent)}${term.padEnd(longest)}  ${first}`.trimEnd(),
        ...more.map(line => `${' '.repeat(at)}${line}`),
      ].join('\n')
    })
    .join('\n')
}

/** A line of a table of figures; without cells it heads what follows, and indented labels belong to it. */
export interface FigureRow {
  readonly label: string
  readonly cells?: readonly string[]
}

/** The widest a column's head gets before it is broken over lines. */
const HEAD = 18

/** A head with the spaces that it can be broken at: before the brackets of a treatment, and between its fields. */
function broad(head: string): string {
  return head.length <= HEAD ? head : head.replace(/(?<=\S)\[(?=\w+=)/g, ' [').replace(/,(?=\w+=)/g, ', ')
}

/** Figures with a column a subject. Where the columns do not fit beside each other, the table goes on below. */
export function figureTable(names: readonly string[], figures: readonly FigureRow[], width: number): string {
  const heads = names.map(oneLine)
  const rows = figures.map(row => ({ label: oneLine(row.label), cells: row.cells?.map(oneLine) }))
  const label = Math.max(0, ...rows.map(row => (row.cells === undefined ? 0 : row.label.length)))
  const wide = heads.map((head, i) => Math.max(Math.min(head.length, HEAD), ...rows.map(({ cells }) => cells?.[i]?.length ?? 0)))
  const blocks: number[][] = []
  let used = Number.POSITIVE_INFINITY
  for (const [i, cell] of wide.entries()) {
    if (used + 2 + cell > width) {
      blocks.push([])
      used = label
    }
    blocks.at(-1)!.push(i)
    used += 2 + cell
  }
  return blocks
    .map(columns => {
      const broken = columns.map(i => wrap(broad(heads[i]!), wide[i]!))
      const height = Math.max(...broken.map(lines => lines.length))
      const head = Array.from({ length: height }, (_, line) =>
        columns.reduce((text, i, at) => `${text}  ${(broken[at]![line] ?? '').padEnd(wide[i]!)}`, ' '.repeat(label)).trimEnd(),
      )
      const body = rows.map(row =>
        row.cells === undefined
          ? block(row.label, width)
          : columns.reduce((text, i) => `${text}  ${(row.cells![i] ?? '').padEnd(wide[i]!)}`, row.label.padEnd(label)).trimEnd(),
      )
      return [...head, ...body].join('\n')
    })
    .join('\n\n')
}

/** Rows in columns, the last one wrapped; where that leaves it too little room, one cell a line. */
export function columns(texts: readonly (readonly string[])[], width: number): string {
  const rows = texts.map(row => row.map(oneLine))
  const count = Math.max(0, ...rows.map(row => row.length))
  const wide = Array.from({ length: count }, (_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)))
  const before = wide.slice(0, -1).reduce((sum, cell) => sum + cell + 2, 0)
  const room = width - before
  const last = wide.at(-1) ?? 0
  if (room < Math.min(last, 24))
    return rows.map(row => row.map((cell, i) => block(cell, width, i === 0 ? 0 : 2)).join('\n')).join('\n')
  return rows
    .map(row => {
      const start = row.slice(0, -1).map((cell, i) => `${cell.padEnd(wide[i]!)}  `)
      const [first = '', ...more] = wrap(row.at(-1) ?? '', room)
      return [`${start.join('')}${first}`.trimEnd(), ...more.map(line => `${' '.repeat(before)}${line}`)].join('\n')
    })
    .join('\n')
}

/** A number in about four significant digits, without an exponent where it can be. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size >= 1e9) return value.toExponential(3)
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3
  return value.toFixed(digits)
}

/** `1 rollout`, `2 rollouts`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** A path as somebody in `cwd` would write it. */
export function shownPath(path: string, cwd: string): string {
  const near = relative(cwd, path)
  return oneLine(near === '' ? '.' : near.startsWith('..') ? path : near)
}
