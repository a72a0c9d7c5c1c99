/** The columns of an exported file and how they are written down: the same for every reader, whatever a row holds. */

/** A column's type. `json` holds any JSON value; in parquet it is JSON text. */
export type ColumnType = 'string' | 'int64' | 'float64' | 'bool' | 'json' | `list<${'string' | 'int64' | 'float64' | 'json'}>`

/** Every row of a file has all of its columns; what a row does not give is null. */
export type Columns = Readonly<Record<string, ColumnType>>

export type Row = Readonly<Record<string, unknown>>

/** A value that is JSON text already, such as one copied from a run's file: it is written as it stands. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A value as JSON text; what is not there is null. */
export function jsonText(value: unknown): string {
  return value instanceof JsonText ? value.text : JSON.stringify(value ?? null)
}

/** The columns of a file in the words of a Hugging Face dataset card, a line each. */
export function cardFeatures(columns: Columns): string[] {
  return Object.entries(columns).flatMap(([name, type]) => {
    const inner = /^list<(.+)>$/.exec(type)?.[1]
    return [`- name: ${JSON.stringify(name)}`, inner === undefined ? `  dtype: ${type}` : `  list: ${inner}`]
  })
}
