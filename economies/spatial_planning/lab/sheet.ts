/** Sheets as the laboratory's programs write them: a head, rows of cells, and columns that only keep their neighbours apart. */
import { csvCell } from '../../../envs/core/text.ts'

/** An empty cell is null; yes and no are words. */
export type Cell = string | number | null

export interface Sheet {
  readonly head: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** One column: its heading, and its cell for whatever a row stands for. */
export type Column<Row> = readonly [head: string, of: (row: Row) => Cell]

export function sheet<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Sheet {
  return { head: columns.map(([head]) => head), rows: rows.map(row => columns.map(([, of]) => of(row))) }
}

/** A column without heading and content. */
export function spacer<Row>(): Column<Row> {
  return ['', () => null]
}

/** Comma-separated values: a twin of the laboratory's workbook, one file a sheet. */
export function csv({ head, rows }: Sheet): string {
  return `${[head, ...rows].map(cells => cells.map(csvCell).join(',')).join('\n')}\n`
}

export const yesNo = (holds: boolean): string => (holds ? 'Yes' : 'No')
