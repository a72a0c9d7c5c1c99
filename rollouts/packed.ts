/**
 * JSON in which what occurs again is written once: the same value in a third of the bytes, in one pass each way. `docs/runs.md`
 * describes it for readers in other languages. Knows JSON; knows no rows.
 */

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

/** The value in a packed text. `kept` gives what is kept elsewhere. Throws a SyntaxError where the text is none. */
export function unpack(text: string, kept: (id: string) => unknown = unknownId): unknown {
  return new Unpacker(kept).value(JSON.parse(text))
}

function unknownId(id: string): never {
  throw new SyntaxError(`packed: nothing is kept under ${id}`)
}

class Unpacker {
  readonly #kept: (id: string) => unknown
  readonly #texts: string[] = []
  readonly #numbers: number[] = []
  readonly #shapes: (readonly string[])[] = []
  readonly #wholes: object[] = []
  readonly #lists: (readonly number[])[] = []

  constructor(kept: (id: string) => unknown) {
    this.#kept = kept
  }

  value(packed: unknown): unknown {
    if (typeof packed === 'string') return this.#string(packed)
    if (typeof packed === 'number') {
      if (isLongNumber(packed)) this.#numbers.push(packed)
      return packed
    }
    if (typeof packed !== 'object' || packed === null) return packed
    if (!Array.isArray(packed)) {
      const keys = Object.keys(packed)
      this.#shapes.push(keys)
      return this.#object(
        keys,
        keys.map(key => (packed as Readonly<Record<string, unknown>>)[key]),
        0,
      )
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
      return items
    }
    for (let i = 0; i < items.length; i++) items[i] = this.value(items[i])
    if (items.length >= FEW) this.#wholes.push(items)
    return items
  }

  #object(keys: readonly string[], values: readonly unknown[], from: number): object {
    const object: Record<string, unknown> = {}
    for (let i = 0; i < keys.length; i++) set(object, keys[i]!, this.value(values[from + i]))
    if (keys.length >= FEW) this.#wholes.push(object)
    return object
  }

  #string(packed: string): unknown {
    if (!packed.startsWith(MARK)) {
      if (packed.length >= SHORT) this.#texts.push(packed)
      return packed
    }
    const kind = packed[1]
    if (kind === MARK) {
      const text = packed.slice(1)
      if (text.length >= SHORT) this.#texts.push(text)
      return text
    }
    const known =
      kind === '.'
        ? this.#wholes[Number.parseInt(packed.slice(2), 36)]
        : kind === ':'
          ? this.#numbers[Number.parseInt(packed.slice(2), 36)]
          : this.#texts[Number.parseInt(packed.slice(1), 36)]
    if (known === undefined) throw new SyntaxError(`packed: nothing before ${packed.slice(0, 16)}`)
    return known
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
    this.#lists.push(list)
    return list
  }
}

/** Sets a field, whatever its name. */
function set(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  else object[key] = value
}
