/** The rows of the page's data, taken apart as `Rows` of data.js does; written once more so that a fault there is not believed. */

type Packed = Record<string, (number | null)[] | { words: (string | null)[]; codes: number[] }>

export function rowsIn(packed: unknown): Record<string, string | number | null>[] {
  const columns = packed as Packed
  const length = (columns.seed as number[]).length
  return Array.from({ length }, (_, at) => {
    const row = Object.fromEntries(
      Object.entries(columns).map(([name, column]) => [
        name,
        Array.isArray(column) ? (column[at] ?? null) : column.words[column.codes[at]!]!,
      ]),
    )
    const [before, lineup, mark] = String(row.key).split(' ')
    return { ...row, key: mark === '{seed}-{repeat}' ? `${before}-s${row.seed}-${lineup}-r${row.repeat}` : row.key! }
  })
}
