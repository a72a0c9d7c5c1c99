/** A comparison as people read it: in a terminal, and in Markdown. Knows how tables look; computes nothing. */
import { markdownText, oneLine } from '../envs/core/text.ts'
import type { Comparison } from './compare.ts'
import { type Figure, markdown, sheet, type TableId, tableFacts } from './figures.ts'
import { block, figureTable, number } from './text.ts'

/** The tables of a setting that have something to say, in their order. */
function* tablesOf({ figures }: Comparison, setting: string): Generator<[TableId, Figure[]]> {
  for (const table of Object.keys(tableFacts) as TableId[]) {
    const own = figures.filter(figure => figure.table === table && figure.setting === setting)
    if (own.length > 0) yield [table, own]
  }
}

/** The tables, all or those named, as plain text of that width (characters; 80 by default). */
export function comparisonText(comparison: Comparison, width = 80, tables?: readonly TableId[]): string {
  const parts: string[] = []
  for (const setting of comparison.settings) {
    const head = oneLine(setting)
    parts.push(`${block(head, width)}\n${'='.repeat(Math.min(width, head.length))}`)
    for (const [table, figures] of tablesOf(comparison, setting)) {
      if (tables?.includes(table) === false) continue
      const { title, note, most } = tableFacts[table]
      const { heads, rows, more } = sheet(figures, cell, most)
      parts.push([block(title, width), figureTable(heads, rows, width), ...under(note, more, width)].join('\n'))
    }
  }
  return `${[...parts, ...comparison.notes.map(note => block(oneLine(note), width))].join('\n\n')}\n`
}

function under(note: string | undefined, more: number, width: number): string[] {
  const texts = [...(note === undefined ? [] : [note]), ...(more > 0 ? [`${more} more rows: --format csv has all`] : [])]
  return texts.map(text => block(`(${text})`, width))
}

/** All tables as Markdown. */
export function comparisonMarkdown(comparison: Comparison): string {
  const parts: string[] = []
  for (const setting of comparison.settings) {
    parts.push(`## ${markdownText(setting)}`)
    for (const [table, figures] of tablesOf(comparison, setting)) {
      const { title, note, most } = tableFacts[table]
      const shown = sheet(figures, cell, most)
      parts.push(`### ${title}`, markdown(shown).trimEnd(), ...under(note, shown.more, Number.POSITIVE_INFINITY))
    }
  }
  return `${[...parts, ...comparison.notes.map(markdownText)].join('\n\n')}\n`
}

/** A figure as people read it. */
function cell({ unit, value, sd, low, high, method, p, share }: Figure): string {
  if (value === null) return '–'
  const shown = SHOWN[unit]
  const spread = typeof sd === 'number' ? ` ± ${shown(sd)}` : ''
  const interval = typeof low === 'number' && typeof high === 'number' ? ` [${shown(low)}, ${shown(high)}]` : ''
  const mark = method === 'bootstrap' ? '*' : ''
  const chance = typeof p === 'number' ? ` p ${p < 0.001 ? '< 0.001' : p.toFixed(3)}` : ''
  return `${shown(value)}${spread}${interval}${mark}${chance}${share === undefined ? '' : ` (${SHOWN.share(share)})`}`
}

const SHOWN: Readonly<Record<Figure['unit'], (value: number) => string>> = {
  number,
  count: String,
  share: value => `${(100 * value).toFixed(1)} %`,
}
