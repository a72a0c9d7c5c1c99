/** Figures side by side, as people see them. Knows rows and columns; knows no table and no layout. */
import { from, op } from 'arquero'
import { markdownText } from '../envs/core/text.ts'
import type { Figure } from './figures.ts'

/** A table as people see it: a column a player. */
export interface Sheet {
  readonly heads: readonly string[]
  readonly rows: readonly { readonly label: string; readonly cells: readonly string[] }[]
  /** Rows that were left out. */
  readonly more: number
}

/** The figures of one table and setting side by side; empty cells where a player has none. */
export function sheet(figures: readonly Figure[], cell: (figure: Figure) => string, most = Number.POSITIVE_INFINITY): Sheet {
  const heads = [...new Set(figures.map(({ player }) => player))]
  // Columns by number: a player may be called like one of the table's own.
  const wide = from(figures.map(figure => ({ item: figure.item, at: `c${heads.indexOf(figure.player)}`, text: cell(figure) })))
    .groupby('item')
    .pivot('at', { text: op.any('text') }, { sort: false })
    .objects() as Record<string, string>[]
  const rows = wide.map(row => ({ label: row.item!, cells: heads.map((_, i) => row[`c${i}`] ?? '') }))
  return { heads, rows: rows.slice(0, most), more: Math.max(0, rows.length - most) }
}

/** The sheet as a Markdown table. */
export function markdown({ heads, rows }: Sheet): string {
  const line = (cells: readonly string[]): string => `|${cells.join('|')}|\n`
  return [
    line([' ', ...heads.map(markdownText)]),
    line([' ', ...heads].map(() => ':-')),
    ...rows.map(({ label, cells }) => line([label, ...cells].map(markdownText))),
  ].join('')
}
