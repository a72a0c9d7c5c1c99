/**
 * JSON that others wrote, as it can be worked with: read loosely, never too deep to be walked, of whole characters. Knows no
 * provider.
 */

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>

/** Levels that are read of what others wrote. Nobody means more; walking, comparing and writing more overflows the stack. */
export const MAX_DEPTH = 100
const TOO_DEEP = '[nested too deep]'

/** The value as an object; empty where it is none. */
export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

/** The value as a list of objects; empty where it is none. */
export function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(object) : []
}

/** The value as a text; empty where it is none. */
export function string(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Text that may come as a string, as parts, or not at all. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value
  return list(value)
    .map(part => string(part.text))
    .join('')
}

/** Whether something stands there: not absent, null, false, empty text, an empty list or an empty object. */
export function isSaid(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}

/** Whether plain data has more than `levels` levels. */
export function isDeep(value: unknown, levels = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  for (const inner of Object.values(value)) if (isDeep(inner, levels - 1)) return true
  return false
}

/** Plain data as it came, or a copy of which everything below `levels` levels is replaced by a remark. */
export function shallow(value: unknown, levels = MAX_DEPTH): unknown {
  return isDeep(value, levels) ? cut(value, levels) : value
}

function cut(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (levels === 0) return TOO_DEEP
  if (Array.isArray(value)) return value.map(inner => cut(inner, levels - 1))
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cut(inner, levels - 1)]))
}

/** Plain data of limited depth with every half of a surrogate pair replaced; the same object where it holds none. */
export function wellFormed<T>(value: T): T {
  return mapped(value, text => (HALF.test(text) ? (text as string & { toWellFormed(): string }).toWellFormed() : text)) as T
}

/** A half pair may stand anywhere; only where one could is the text looked at more closely. */
const HALF = /[\ud800-\udfff]/

/** Plain data with every text in it replaced, names of fields left alone; the same object where nothing changes. */
export function mapped(
  value: unknown,
  change: (text: string) => string,
  changeName: (name: string) => string = same => same,
): unknown {
  if (typeof value === 'string') return change(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined
    for (const [i, item] of value.entries()) {
      const inner = mapped(item, change, changeName)
      if (inner !== item) copy ??= value.slice()
      if (copy !== undefined) copy[i] = inner
    }
    return copy ?? value
  }
  const entries = Object.entries(value)
  let changed = false
  const copies = entries.map(([name, item]) => {
    const inner = mapped(item, change, changeName)
    const called = changeName(name)
    changed ||= inner !== item || called !== name
    return [called, inner] as const
  })
  return changed ? Object.fromEntries(copies) : value
}

/** Escapes of JSON: an escaped backslash, a whole pair, or the half of one. */
const ESCAPES = /\\\\|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|\\ud[89a-f][0-9a-f]{2}/gi

/** JSON text in which no half of a surrogate pair is escaped: what `JSON.stringify` makes of texts that were cut or made up. */
export function wellFormedJson(json: string): string {
  if (!/\\ud/i.test(json)) return json
  return json.replace(ESCAPES, found => (found.length === 6 ? '\\ufffd' : found))
}

/** What a JSON text says; undefined where it is none. */
export function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch {
    return undefined
  }
}

/** What a JSON text says; the text itself where it is none. */
export function parsedOrText(json: string): unknown {
  const value = parsed(json)
  return value === undefined ? json : value
}
