/**
 * JSON in which what occurs again is written once: the same value in a third of the bytes, in one pass each way. `docs/runs.md`
 * describes it for readers in other languages. Knows JSON; knows no rows.
 */
import { DEEPEST } from './jsonl.ts'

/** Stands for a value that is kept elsewhere, under its id. */
export class Shared {
  readonly id: string
  constructor(id: string) {
    this.id = id
  }
}

/** What begins a text that is no text: a reference; texts that begin with it are written with one more. */
const MARK = '~'
/** What begins an array that is none of the value's: the lines of a text, a list that goes on from another, a value kept elsewhere. */
const [LINES, LIST, KEPT] = ['~', '~+', '~$'] as const

/** Shorter texts are written out; their reference would be no shorter. */
const SHORT = 4
/** A text of several lines is cut into them from here on: what is observed changes line by line. */
const LONG = 80
/** Lists of so many numbers, such as token ids, are compared with the lists before them. */
const MANY = 16
/** So many lists back. */
const BACK = 8
/** Objects and arrays of fewer values are written out. */
const FEW = 3

/** Whether a number is looked up: where its text has six characters or more. */
const isLongNumber = (value: number): boolean => !Number.isInteger(value) || value >= 100_000 || value <= -10_000

const isList = (value: readonly unknown[]): boolean => value.length >= MANY && value.every(item => Number.isFinite(item))

/** The packed text of a JSON value; `Shared` may stand in it. */
export function pack(value: unknown): string {
  return new Packer().text(value)
}

class Packer {
  readonly #texts = new Map<string, number>()
  readonly #numbers = new Map<number, number>()
  readonly #shapes = new Map<string, number>()
  readonly #wholes = new Map<string, number>()
  readonly #lists: (readonly number[])[] = []

  text(value: unknown): string {
    if (typeof value === 'string') return this.#string(value)
    if (typeof value === 'number') return this.#number(value)
    if (typeof value !== 'object' || value === null) return value === undefined ? 'null' : String(value)
    if (value instanceof Shared) return `["${KEPT}","${value.id}"]`
    if (Array.isArray(value)) {
      if (isList(value)) return this.#list(value as readonly number[])
      let text = '[0'
      for (const item of value) text += `,${this.text(item)}`
      return this.#whole(`${text}]`, value.length)
    }
    return this.#object(value as Readonly<Record<string, unknown>>)
  }

  #string(value: string): string {
    if (value.length < SHORT) return quoted(value)
    const known = this.#texts.get(value)
    if (known !== undefined) return `"${MARK}${known.toString(36)}"`
    if (value.length < LONG || !value.includes('\n')) {
      this.#texts.set(value, this.#texts.size)
      return quoted(value)
    }
    let text = `["${LINES}"`
    for (const line of value.split('\n')) text += `,${this.#line(line)}`
    this.#texts.set(value, this.#texts.size)
    return `${text}]`
  }

  #line(value: string): string {
    if (value.length < SHORT) return quoted(value)
    const known = this.#texts.get(value)
    if (known !== undefined) return `"${MARK}${known.toString(36)}"`
    this.#texts.set(value, this.#texts.size)
    return quoted(value)
  }

  #number(value: number): string {
    if (!Number.isFinite(value)) return 'null'
    if (!isLongNumber(value)) return Object.is(value, -0) ? '0' : String(value)
    const known = this.#numbers.get(value)
    if (known !== undefined) return `"${MARK}:${known.toString(36)}"`
    this.#numbers.set(value, this.#numbers.size)
    return JSON.stringify(value)
  }

  #object(value: Readonly<Record<string, unknown>>): string {
    const keys = Object.keys(value).filter(key => value[key] !== undefined)
    const name = nameOf(keys)
    const shape = this.#shapes.get(name)
    if (shape === undefined) {
      this.#shapes.set(name, this.#shapes.size + 1)
      let text = ''
      for (const key of keys) text += `,${JSON.stringify(key)}:${this.text(value[key])}`
      return this.#whole(`{${text.slice(1)}}`, keys.length)
    }
    let text = `[${shape}`
    for (const key of keys) text += `,${this.text(value[key])}`
    return this.#whole(`${text}]`, keys.length)
  }

  /** References never change their meaning, so equal texts are equal values. */
  #whole(text: string, values: number): string {
    if (values < FEW) return text
    const known = this.#wholes.get(text)
    if (known !== undefined) return `"${MARK}.${known.toString(36)}"`
    this.#wholes.set(text, this.#wholes.size)
    return text
  }

  #list(value: readonly number[]): string {
    let best = -1
    let most = 0
    for (let i = this.#lists.length - 1; i >= Math.max(0, this.#lists.length - BACK); i--) {
      const other = this.#lists[i]!
      let common = 0
      while (common < value.length && value[common] === other[common]) common++
      if (common > most) [best, most] = [i, common]
    }
    this.#lists.push(value)
    if (most < FEW) return `[0,${value.join()}]`
    return `["${LIST}",${[best, most, ...value.slice(most)].join()}]`
  }
}

const quoted = (text: string): string => (text.startsWith(MARK) ? JSON.stringify(MARK + text) : JSON.stringify(text))

/** Tells lists of keys apart. */
function nameOf(keys: readonly string[]): string {
  const name = keys.join('\u0000')
  return keys.some(key => key.includes('\u0000')) ? JSON.stringify(keys) : name
}

/** What a value may hold at most, written out: values, and eight characters of a text count as one. A few lines could name more. */
const LARGEST = 2 ** 27

/**
 * The value in a packed text. `kept` gives what is kept elsewhere. Throws a SyntaxError where the text is none, or stands for a value
 * that is too deep or too large to be walked.
 */
export function unpack(text: string, kept: (id: string) => unknown = unknownId): unknown {
  return new Unpacker(kept).value(JSON.parse(text))
}

function unknownId(id: string): never {
  throw new SyntaxError(`packed: nothing is kept under ${id}`)
}

/** An object or array that may be referred to, how much it holds and how deep it is. */
interface Whole {
  readonly value: object
  readonly size: number
  readonly depth: number
}

class Unpacker {
  readonly #kept: (id: string) => unknown
  readonly #texts: string[] = []
  readonly #numbers: number[] = []
  readonly #shapes: (readonly string[])[] = []
  readonly #wholes: Whole[] = []
  readonly #lists: (readonly number[])[] = []
  #size = 0
  /** Of the value that is being unpacked, and the deepest in it so far. */
  #depth = 0
  #deepest = 0

  constructor(kept: (id: string) => unknown) {
    this.#kept = kept
  }

  value(packed: unknown): unknown {
    this.#holds(1, 0)
    if (typeof packed === 'string') return this.#string(packed)
    if (typeof packed === 'number') {
      if (isLongNumber(packed)) this.#numbers.push(packed)
      return packed
    }
    if (typeof packed !== 'object' || packed === null) return packed
    if (!Array.isArray(packed)) {
      const keys = Object.keys(packed)
      this.#shapes.push(keys)
      const values = keys.map(key => (packed as Readonly<Record<string, unknown>>)[key])
      return this.#object(keys, values, 0)
    }
    const [head] = packed as unknown[]
    if (head === LINES) return this.#lines(packed)
    if (head === LIST) return this.#list(packed as [string, number, number, ...number[]])
    if (head === KEPT) return this.#kept(String(packed[1]))
    if (head !== 0) {
      const keys = this.#shapes[(head as number) - 1]
      if (keys === undefined || keys.length !== packed.length - 1) throw new SyntaxError('packed: an object of no known fields')
      return this.#object(keys, packed, 1)
    }
    const items = packed.slice(1)
    if (isList(items)) {
      this.#lists.push(items as number[])
      this.#holds(items.length, 1)
      return items
    }
    return this.#whole(items, items.length, () => {
      for (let i = 0; i < items.length; i++) items[i] = this.value(items[i])
    })
  }

  #object(keys: readonly string[], values: readonly unknown[], from: number): object {
    const object: Record<string, unknown> = {}
    return this.#whole(object, keys.length, () => {
      for (let i = 0; i < keys.length; i++) set(object, keys[i]!, this.value(values[from + i]))
    })
  }

  /** Fills an object or array, which may be referred to from then on. */
  #whole<T extends object>(value: T, values: number, fill: () => void): T {
    const [before, above] = [this.#size, this.#deepest]
    this.#depth++
    this.#deepest = this.#depth
    this.#holds(0, 0)
    fill()
    const depth = this.#deepest - this.#depth + 1
    if (values >= FEW) this.#wholes.push({ value, size: this.#size - before, depth })
    this.#depth--
    this.#deepest = Math.max(above, this.#deepest)
    return value
  }

  /** Counts what a value holds and how many more levels it has. */
  #holds(size: number, levels: number): void {
    this.#size += size
    this.#deepest = Math.max(this.#deepest, this.#depth + levels)
    if (this.#size > LARGEST) throw new SyntaxError('packed: stands for more than can be walked')
    if (this.#deepest > DEEPEST) throw new SyntaxError(`packed: nests deeper than ${DEEPEST} levels`)
  }

  #string(packed: string): unknown {
    if (!packed.startsWith(MARK)) {
      if (packed.length >= SHORT) this.#texts.push(packed)
      this.#holds(packed.length >> 3, 0)
      return packed
    }
    const kind = packed[1]
    if (kind === MARK) {
      const text = packed.slice(1)
      if (text.length >= SHORT) this.#texts.push(text)
      return text
    }
    if (kind === '.') {
      const known = this.#wholes[Number.parseInt(packed.slice(2), 36)] ?? unknownReference(packed)
      this.#holds(known.size, known.depth)
      return known.value
    }
    if (kind === ':') return this.#numbers[Number.parseInt(packed.slice(2), 36)] ?? unknownReference(packed)
    const text = this.#texts[Number.parseInt(packed.slice(1), 36)] ?? unknownReference(packed)
    this.#holds(text.length >> 3, 0)
    return text
  }

  #lines(packed: readonly unknown[]): string {
    const text = packed
      .slice(1)
      .map(line => this.#string(String(line)))
      .join('\n')
    this.#texts.push(text)
    return text
  }

  #list([, index, common, ...rest]: readonly [string, number, number, ...number[]]): readonly number[] {
    const before = this.#lists[index]
    if (before === undefined || before.length < common) throw new SyntaxError('packed: a list that goes on from none')
    const list = before.slice(0, common).concat(rest)
    this.#holds(list.length, 1)
    this.#lists.push(list)
    return list
  }
}

function unknownReference(packed: string): never {
  throw new SyntaxError(`packed: nothing before ${packed.slice(0, 16)}`)
}

/** Sets a field, whatever its name. */
function set(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  else object[key] = value
}
