/** A comparison as people read it: in a terminal, and in Markdown. Knows how tables look; computes nothing. */
import { markdownText, oneLine } from '../envs/core/text.ts'
import type { Comparison } from './compare.ts'
import { type Figure, markdown, sheet, type TableId, tableFacts, tableTitle } from './figures.ts'
import { block, figureTable, number } from './text.ts'

/** Each setting, then each sweep, with its tables that have something to say for people, in their order. */
function* sectionsOf(
  { settings, sweeps, figures }: Comparison,
  tables: readonly TableId[] = Object.keys(tableFacts) as TableId[],
): Generator<{ readonly setting: string; readonly tables: readonly (readonly [TableId, readonly Figure[]])[] }> {
  const shown = (Object.keys(tableFacts) as TableId[]).filter(table => tables.includes(table) && !tableFacts[table].files)
  for (const setting of new Set([...settings, ...sweeps.map(({ section }) => section)])) {
    const own = figures.filter(figure => figure.setting === setting)
    const found = shown.map(table => [table, own.filter(figure => figure.table === table)] as const)
    yield { setting, tables: found.filter(([, cells]) => cells.length > 0) }
  }
}

/** The tables, all or those named, as plain text of that width (characters; 80 by default). */
export function comparisonText(comparison: Comparison, width = 80, tables?: readonly TableId[]): string {
  const parts: string[] = []
  for (const { setting, tables: found } of sectionsOf(comparison, tables)) {
    if (found.length === 0) continue
    const head = oneLine(setting)
    parts.push(`${block(head, width)}\n${'='.repeat(Math.min(width, head.length))}`)
    for (const [table, figures] of found) {
      const { note, most } = tableFacts[table]
      const { heads, rows, more } = sheet(figures, cell, most)
      const title = oneLine(tableTitle(table, setting))
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
  for (const { setting, tables } of sectionsOf(comparison)) {
    parts.push(`## ${markdownText(setting)}`)
    for (const [table, figures] of tables) {
      const { note, most } = tableFacts[table]
      const shown = sheet(figures, cell, most)
      const title = markdownText(tableTitle(table, setting))
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
