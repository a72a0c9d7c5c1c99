/**
 * Plain JSON data: copying, freezing, comparing, digesting. Knows nothing about economies.
 *
 * Everything an environment keeps or logs is plain: objects, arrays, strings, finite numbers, booleans and null.
 */
import { createHash } from 'node:crypto'
import { shorten } from './text.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** A deep copy of plain data. The generic copy that an environment without hot loops uses at the head of `step`. */
export function clone<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(clone) as T
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) define(copy, key, clone((value as Record<string, unknown>)[key]))
  return copy as T
}

/** Freezes plain data all the way down and returns it; what is frozen already is not walked again. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}

/** How deep a decision may nest before the rest of it is replaced by a marker. */
const MAX_DEPTH = 32

/**
 * A plain copy of anything at all. What JSON cannot hold becomes a string that names it (`NaN` → `"NaN"`), so that what
 * is judged, what is logged and what a replay reads are the same bytes. Never throws.
 */
export function plain(value: unknown, depth = 0): Json {
  switch (typeof value) {
    case 'string':
      // A lone surrogate is written by JSON.stringify as an escape and read back unchanged.
      return value
    case 'boolean':
      return value
    case 'number':
      // -0 is written as 0, so it must be judged as 0 too.
      return Number.isFinite(value) ? value + 0 : String(value)
    case 'object':
      break
    default:
      return describe(value)
  }
  if (value === null) return null
  if (depth === MAX_DEPTH) return '[nested too deep]'
  try {
    if (Array.isArray(value)) {
      const items: Json[] = []
      for (let i = 0; i < value.length; i++) items.push(plain(value[i], depth + 1))
      return items
    }
    const prototype = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) return describe(value)
    const copy: Record<string, Json> = {}
    for (const key of Object.keys(value)) {
      const inner = (value as Record<string, unknown>)[key]
      if (inner !== undefined) define(copy, key, plain(inner, depth + 1))
    }
    return copy
  } catch {
    return '[unreadable]'
  }
}

function describe(value: unknown): string {
  try {
    return `[${typeof value === 'object' ? Object.prototype.toString.call(value).slice(8, -1) : typeof value}]`
  } catch {
    return '[unreadable]'
  }
}

/** Sets an own property, also where the key is `__proto__`. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true })
  else target[key] = value
}

/** JSON text with sorted keys: equal data, equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

/** SHA-256 of the canonical JSON text, in hex (64 characters). */
export function digest(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex')
}

/** Where two pieces of plain data first differ, as `path: expected …, got …`; undefined where they are equal. */
export function difference(expected: unknown, got: unknown, path = ''): string | undefined {
  if (Object.is(expected, got)) return undefined
  if (
    typeof expected !== 'object' ||
    typeof got !== 'object' ||
    expected === null ||
    got === null ||
    Array.isArray(expected) !== Array.isArray(got)
  ) {
    return `${path || 'value'}: expected ${short(expected)}, got ${short(got)}`
  }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(got)])) {
    const at = path === '' ? key : `${path}.${key}`
    if (!Object.hasOwn(got, key)) return `${at}: expected ${short((expected as Record<string, unknown>)[key])}, got nothing`
    if (!Object.hasOwn(expected, key)) return `${at}: expected nothing, got ${short((got as Record<string, unknown>)[key])}`
    const inner = difference((expected as Record<string, unknown>)[key], (got as Record<string, unknown>)[key], at)
    if (inner !== undefined) return inner
  }
  return undefined
}

/** A value as one short line of JSON, for messages. */
export function short(value: unknown, limit = 80): string {
  let text: string
  try {
    text = JSON.stringify(value) ?? String(value)
  } catch {
    text = String(value)
  }
  return shorten(text, limit)
}
