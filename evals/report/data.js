/** The page's data: packed in the page itself, or with the server that sent it. Knows how to get at it, not what it means. */
import { allStand, patternOf, termsOf } from './terms.js'

/** Whether a server sent the page and has the data; a report holds its own. */
export const served = document.documentElement.dataset.source === 'server'

const unpacked = new Map()

/** The data of that name. */
export function unpack(name) {
  let promise = unpacked.get(name)
  if (promise === undefined) {
    promise = served ? asked(`data/${name}`) : inflate(document.getElementById(`data-${name}`).textContent)
    unpacked.set(name, promise)
  }
  return promise
}

/** Asks the server again from now on: something has changed there. */
export function forget() {
  unpacked.clear()
  metrics.clear()
}

/** What the server answers; throws with its words where it cannot. */
export async function asked(path, init) {
  const response = await fetch(path, init)
  if (!response.ok) throw new Error((await response.text()).slice(0, 500))
  return response.json()
}

export const query = fields => new URLSearchParams(fields).toString()

async function inflate(base64) {
  const text = atob(base64)
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
  return JSON.parse(await new Response(stream).text())
}

/** Whole numbers in as few bytes as the largest of them takes. */
function compact(codes, most) {
  return most < 2 ** 8 ? Uint8Array.from(codes) : most < 2 ** 16 ? Uint16Array.from(codes) : Uint32Array.from(codes)
}

/** Numbers by row, NaN where a row has none. */
function numbersOf(values) {
  const numbers = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) numbers[i] = values[i] ?? Number.NaN
  return numbers
}

/** The end of what is left of a key that tells its row's seed and repeat: see `row_columns.ts`. */
const SEED_AND_REPEAT = ' {seed}-{repeat}'

/** Rows as columns. A row is named by its place, from 0; an object is made of it only where one is shown. */
export class Rows {
  #numbers = new Map()
  #words = new Map()

  constructor(packed) {
    for (const [name, column] of Object.entries(packed))
      if (Array.isArray(column)) this.#numbers.set(name, numbersOf(column))
      else this.#words.set(name, { words: column.words, codes: compact(column.codes, column.words.length) })
    this.length = this.#words.get('key')?.codes.length ?? 0
  }

  get names() {
    return [...this.#numbers.keys(), ...this.#words.keys()]
  }

  /** The numbers of that name by row, NaN where a row has none; undefined where there is no such column. */
  numbers(name) {
    return this.#numbers.get(name)
  }

  /** The words of a column, and by row which of them is the row's; of a column that is not there, none. */
  words(name) {
    return this.#words.get(name) ?? { words: [null], codes: new Uint8Array(this.length) }
  }

  /** What a row has under that name; null where it has nothing. */
  get(name, at) {
    if (name === 'key') return this.#key(at)
    const column = this.#words.get(name)
    if (column !== undefined) return column.words[column.codes[at]]
    const value = this.#numbers.get(name)?.[at]
    return value === undefined || Number.isNaN(value) ? null : value
  }

  #key(at) {
    const { words, codes } = this.#words.get('key')
    const told = words[codes[at]]
    if (!told.endsWith(SEED_AND_REPEAT)) return told
    const rest = told.slice(0, -SEED_AND_REPEAT.length)
    const space = rest.lastIndexOf(' ')
    return `${rest.slice(0, space)}-s${this.get('seed', at)}-${rest.slice(space + 1)}-r${this.get('repeat', at)}`
  }

  /** A row with all it has, and its place as `at`. */
  row(at) {
    return Object.fromEntries([['at', at], ...this.names.map(name => [name, this.get(name, at)])])
  }

  /** The place of the row of that key, and of that seat where one is named; undefined where there is none. */
  find(key, seat = null) {
    for (let at = 0; at < this.length; at++)
      if ((seat === null || this.get('seat', at) === seat) && this.#key(at) === key) return at
    return undefined
  }
}

/** A metric of every row, NaN where a row has none. */
export async function metricOf(rows, name) {
  const own = rows.numbers(name) ?? rows.numbers(`metrics.${name}`)
  if (own !== undefined || !served) return own ?? new Float64Array(rows.length).fill(Number.NaN)
  const key = `metric?${query({ name })}`
  if (!metrics.has(key)) metrics.set(key, unpack(key).then(numbersOf))
  // Held as numbers alone, and as few of them as one looks at.
  unpacked.delete(key)
  if (metrics.size > METRICS) metrics.delete(metrics.keys().next().value)
  return metrics.get(key)
}
const metrics = new Map()
/** Metrics of all rows that are held. */
const METRICS = 8

/** Messages and standings of a seat of a row's rollout, by default the row's own; undefined where the report does not hold them. */
export async function transcriptOf(row, index, seat = row.seat) {
  if (served) return row.error ? undefined : asked(`transcript?${query({ run: row.run, key: row.key, seat })}`)
  const place = index.find(([key, own]) => key === row.key && own === seat)
  return place === undefined ? undefined : (await unpack(`chunk-${place[2]}`))[place[3]]
}

/**
 * The places of rows whose transcripts have the words, as they are found: `places` each time, how many of `of` are looked at by then, and
 * `more` where there is something else to say. A report looks through what it holds.
 */
export async function* searched(rows, index, { words, setting, snapshot }, signal) {
  if (!served) return yield* searchedHere(rows, index, words, signal)
  const response = await fetch(`search?${query({ words, setting, snapshot })}`, { signal })
  // The new rows are on their way, and are searched when they are here.
  if (response.status === 409) return
  if (!response.ok) throw new Error((await response.text()).slice(0, 500))
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
    const lines = `${text}${value}`.split('\n')
    text = lines.pop()
    if (lines.length === 0) continue
    const told = lines.map(line => JSON.parse(line))
    const places = told.flatMap(({ rows: first }) => first).flatMap(at => sameRollout(rows, at))
    yield { places, done: told.at(-1).searched, of: told.at(-1).of }
  }
}

/** The rows of the other seats of a rollout follow its first. */
function sameRollout(rows, at) {
  const places = [at]
  const { codes } = rows.words('key')
  while (codes[at + places.length] === codes[at] && rows.get('key', at + places.length) === rows.get('key', at))
    places.push(at + places.length)
  return places
}

async function* searchedHere(rows, index, words, signal) {
  const patterns = termsOf(words).map(term => patternOf(term))
  const places = new Map()
  for (let at = 0; at < rows.length; at++) places.set(`${rows.get('key', at)} ${rows.get('seat', at)}`, at)
  const chunks = Map.groupBy(index, ([, , chunk]) => chunk)
  let done = 0
  for (const [chunk, entries] of chunks) {
    if (signal.aborted) return
    const held = await unpack(`chunk-${chunk}`)
    const here = entries.filter(([, , , place]) => allStand(patterns, textsIn(held[place])))
    done += entries.length
    yield { places: here.flatMap(([key, seat]) => places.get(`${key} ${seat}`) ?? []), done, of: index.length }
  }
}

function* textsIn({ messages }) {
  for (const { text, thinking, calls = [] } of messages) {
    yield text
    if (thinking) yield thinking
    for (const call of calls) yield `${call.name} ${call.arguments}`
  }
}

/** Where the picture of a row's rollout after so many steps is; `kind` is svg or txt. */
export function pictureAt(row, step, theme, kind = 'svg') {
  return `picture.${kind}?${query({ run: row.run, key: row.key, step, theme })}`
}
