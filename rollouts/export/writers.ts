/**
 * Files of rows, written as the rows come: JSON Lines, or parquet in row groups. What is held does not grow with the file.
 * Knows columns, not what they mean.
 */
import { appendFileSync, writeFileSync } from 'node:fs'
import { fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import { refused } from '../disk.ts'
import { type Columns, type ColumnType, jsonText, type Row } from './columns.ts'

export interface RowFile {
  write(row: Row): void
  /** Writes what is held; the file is whole then, also where it has no row. */
  close(): void
}

/** A new file of rows, parquet or JSON Lines by the path's ending. A RunError where the disk refuses. */
export function openRowFile(path: string, columns: Columns): RowFile {
  const file = path.endsWith('.parquet') ? ParquetFile : JsonlFile
  return guarded(path, () => new file(path, columns))
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === undefined ? error : refused(path, error)
  }
}

/** Characters held before they are written. */
const HELD = 1 << 18

class JsonlFile implements RowFile {
  readonly #path: string
  readonly #names: readonly string[]
  #held = ''

  constructor(path: string, columns: Columns) {
    this.#path = path
    this.#names = Object.keys(columns)
    writeFileSync(path, '')
  }

  write(row: Row): void {
    let separator = '{'
    for (const name of this.#names) {
      this.#held += `${separator}${JSON.stringify(name)}:${jsonText(row[name])}`
      separator = ','
    }
    this.#held += '}\n'
    if (this.#held.length >= HELD) this.#flush()
  }

  close(): void {
    this.#flush()
  }

  #flush(): void {
    guarded(this.#path, () => appendFileSync(this.#path, this.#held))
    this.#held = ''
  }
}

/** Rows of a row group at most, and the characters of text that close one earlier. */
const GROUP_ROWS = 5000
const GROUP_TEXT = 8 << 20

type ParquetType = 'STRING' | 'INT64' | 'DOUBLE' | 'BOOLEAN'

const PARQUET_TYPES: Readonly<Partial<Record<ColumnType, ParquetType>>> = {
  string: 'STRING',
  // Readers disagree about parquet's own JSON type; all of them read text.
  json: 'STRING',
  int64: 'INT64',
  float64: 'DOUBLE',
  bool: 'BOOLEAN',
}

class ParquetFile implements RowFile {
  readonly #path: string
  readonly #columns: readonly { readonly name: string; readonly from: ColumnType; readonly type: ParquetType }[]
  readonly #writer: ParquetWriter
  #data: unknown[][]
  #text = 0

  constructor(path: string, columns: Columns) {
    this.#path = path
    this.#columns = Object.entries(columns).map(([name, from]) => {
      const type = PARQUET_TYPES[from]
      if (type === undefined) throw new Error(`${path}: column ${name}: expected a scalar or json, got ${from}`)
      return { name, from, type }
    })
    this.#data = this.#columns.map(() => [])
    this.#writer = new ParquetWriter({
      writer: fileWriter(path),
      schema: schemaFromColumnData({ columnData: this.#columnData() }),
    })
  }

  write(row: Row): void {
    for (const [i, { name, from }] of this.#columns.entries()) {
      const value = parquetCell(row[name] ?? null, from)
      if (typeof value === 'string') this.#text += value.length
      this.#data[i]!.push(value)
    }
    if (this.#data[0]!.length === GROUP_ROWS || this.#text >= GROUP_TEXT) this.#flush()
  }

  close(): void {
    this.#flush()
    guarded(this.#path, () => this.#writer.finish())
  }

  #columnData() {
    return this.#columns.map(({ name, type }, i) => ({ name, type, data: this.#data[i]!, nullable: true }))
  }

  #flush(): void {
    if (this.#data[0]!.length === 0) return
    guarded(this.#path, () => this.#writer.write({ columnData: this.#columnData(), rowGroupSize: GROUP_ROWS }))
    this.#data = this.#columns.map(() => [])
    this.#text = 0
  }
}

function parquetCell(value: unknown, type: ColumnType): unknown {
  if (value === null) return null
  if (type === 'json') return jsonText(value)
  return type === 'int64' ? BigInt(value as number) : value
}
