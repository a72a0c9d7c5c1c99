/**
 * The rows of a report as columns: a list of numbers, or of words that are written once and counted off. A hundred thousand rows are a
 * few megabytes that way, for the server that holds them and for the page. Knows rows; knows no file.
 */
import type { AgentId } from '../../envs/core/tool.ts'

/** One rollout of one seat; all rows of the report have the same fields, undefined where a row has none. */
export interface ReportRow {
  /** Which of the comparison's runs it is of, from 0. */
  readonly run: number
  readonly setting: string
  readonly player: string
  readonly key: string
  /** The row of the data set: the seed itself, or the scenario's place. */
  readonly example: number
  readonly scenario?: string
  readonly seed: number
  readonly repeat: number
  readonly seat: AgentId
  /** `ok`, `truncated`, or the class of the failure. */
  readonly outcome: string
  readonly stop: string
  readonly reward?: number
  readonly turns?: number
  readonly calls?: number
  readonly refused?: number
  readonly input?: number
  readonly output?: number
  /** USD. */
  readonly cost?: number
  readonly seconds?: number
  readonly metrics?: Readonly<Record<string, number>>
  /** Of a failed rollout: what went wrong, and after how many attempts. */
  readonly error?: string
  readonly attempts?: number
}

/** A column as the page reads it (`Rows` of data.js): numbers, or the place of each row's word in a list. */
export type PackedColumn =
  | readonly (number | null)[]
  | { readonly words: readonly (string | null)[]; readonly codes: readonly number[] }

/** Fields of every row that the page counts on. */
const ALWAYS = ['run', 'setting', 'player', 'key', 'example', 'seed', 'repeat', 'seat', 'outcome', 'stop'] as const

/** How a key is told by its row's seed and repeat: what is left of it is the same for many rows. */
const SEED_AND_REPEAT = '{seed}-{repeat}'

/** Six significant digits: what a chart can show, in half the bytes. */
export function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6))
}

/** Numbers by row; what is not there is NaN, so that the engine keeps them as numbers. */
class Numbers {
  readonly values: number[] = []

  put(row: number, value: number): void {
    this.fill(row)
    this.values.push(value)
  }

  fill(rows: number): void {
    while (this.values.length < rows) this.values.push(Number.NaN)
  }
}

class Words {
  readonly #codes = new Map<string | null, number>()
  readonly codes: number[] = []

  put(row: number, word: string): void {
    this.fill(row)
    this.codes.push(this.#codeOf(word))
  }

  fill(rows: number): void {
    while (this.codes.length < rows) this.codes.push(this.#codeOf(null))
  }

  #codeOf(word: string | null): number {
    let code = this.#codes.get(word)
    if (code === undefined) {
      code = this.#codes.size
      this.#codes.set(word, code)
    }
    return code
  }

  get words(): (string | null)[] {
    return [...this.#codes.keys()]
  }
}

export class RowColumns {
  readonly #numbers = new Map<string, Numbers>()
  readonly #words = new Map<string, Words>()
  readonly #metrics = new Map<string, Numbers>()
  length = 0

  constructor(rows: Iterable<ReportRow> = []) {
    for (const row of rows) this.add(row)
  }

  add({ metrics = {}, key, ...fields }: ReportRow): void {
    const { seed, repeat } = fields
    const end = `-r${repeat}`
    const at = key.lastIndexOf(`-s${seed}-`)
    const told = at >= 0 && key.endsWith(end) && at + `-s${seed}-`.length <= key.length - end.length
    const rest = told ? `${key.slice(0, at)} ${key.slice(at + `-s${seed}-`.length, -end.length)} ${SEED_AND_REPEAT}` : key
    for (const [name, value] of Object.entries({ ...fields, key: rest }))
      if (typeof value === 'number') columnOf(this.#numbers, name, Numbers).put(this.length, rounded(value))
      else if (typeof value === 'string') columnOf(this.#words, name, Words).put(this.length, value)
    for (const name in metrics) columnOf(this.#metrics, name, Numbers).put(this.length, rounded(metrics[name]!))
    this.length++
  }

  /** The columns without the metrics. */
  packed(): Record<string, PackedColumn> {
    for (const column of [...this.#numbers.values(), ...this.#words.values()]) column.fill(this.length)
    return {
      ...Object.fromEntries(ALWAYS.map(name => [name, []])),
      ...Object.fromEntries([...this.#numbers].map(([name, { values }]) => [name, values])),
      ...Object.fromEntries([...this.#words].map(([name, { words, codes }]) => [name, { words, codes }])),
    }
  }

  /** The names of the metrics. */
  get metrics(): string[] {
    return [...this.#metrics.keys()]
  }

  /** A metric of every row, NaN where a row has none; undefined where no row has it. */
  metric(name: string): readonly number[] | undefined {
    const column = this.#metrics.get(name)
    column?.fill(this.length)
    return column?.values
  }
}

function columnOf<C>(columns: Map<string, C>, name: string, Column: new () => C): C {
  let column = columns.get(name)
  if (column === undefined) {
    column = new Column()
    columns.set(name, column)
  }
  return column
}
