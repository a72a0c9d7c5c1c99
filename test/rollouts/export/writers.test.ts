/** Files of rows that are longer than what is held of them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { JsonText } from '../../../rollouts/export/columns.ts'
import { openRowFile } from '../../../rollouts/export/writers.ts'
import { scratch } from '../table.ts'

const COLUMNS = { n: 'int64', words: 'string', more: 'json', share: 'float64', good: 'bool' } as const
const row = (n: number) => ({ n, words: `${n} `.repeat(8), more: new JsonText(`{"n":${n}}`), share: n / 4, good: n % 2 === 0 })

test('JSON Lines have every row once, in order, with every column of the file, and what a row does not give is null', () => {
  const path = join(scratch(), 'rows.jsonl')
  const file = openRowFile(path, COLUMNS)
  for (let n = 0; n < 6000; n++) file.write(n === 17 ? { n } : row(n))
  file.close()
  const lines = readFileSync(path, 'utf8').split('\n')
  expect(lines.pop()).toBe('')
  expect(lines).toHaveLength(6000)
  for (const [n, line] of lines.entries())
    expect(JSON.parse(line)).toEqual(
      n === 17
        ? { n, words: null, more: null, share: null, good: null }
        : { n, words: `${n} `.repeat(8), more: { n }, share: n / 4, good: n % 2 === 0 },
    )
})

test('parquet is a whole file with any number of rows, and grows with them', () => {
  const sizes = [0, 1, 4999, 5000, 5001, 10_001].map(rows => {
    const path = join(scratch(), 'rows.parquet')
    const file = openRowFile(path, COLUMNS)
    for (let n = 0; n < rows; n++) file.write(n === 17 ? { n } : row(n))
    file.close()
    const bytes = readFileSync(path)
    expect([bytes.toString('latin1', 0, 4), bytes.toString('latin1', bytes.length - 4)]).toEqual(['PAR1', 'PAR1'])
    return bytes.length
  })
  expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
})

test('a list has no column in parquet', () => {
  expect(() => openRowFile(join(scratch(), 'rows.parquet'), { ids: 'list<int64>' })).toThrow(
    /column ids: expected a scalar or json, got list<int64>/,
  )
})
