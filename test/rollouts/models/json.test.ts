/** JSON that others wrote, read loosely: what each reader makes of everything that may stand there. */
import { describe, expect, test } from 'vitest'
import {
  isDeep,
  isSaid,
  list,
  MAX_DEPTH,
  mapped,
  object,
  parsed,
  shallow,
  string,
  text,
  wellFormed,
  wellFormedJson,
} from '../../../rollouts/models/json.ts'

const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)
const inObjects = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}0${'}'.repeat(levels)}`)

// As an object, a list of objects, a text, the text of its parts, and whether something stands there.
test.each<[value: unknown, object, object[], string, string, boolean]>([
  [undefined, {}, [], '', '', false],
  [null, {}, [], '', '', false],
  [false, {}, [], '', '', false],
  [true, {}, [], '', '', true],
  [0, {}, [], '', '', true],
  ['', {}, [], '', '', false],
  ['x', {}, [], 'x', 'x', true],
  [{}, {}, [], '', '', false],
  [{ text: 'x' }, { text: 'x' }, [], '', '', true],
  [[], {}, [], '', '', false],
  [
    [{ text: 'x' }, null, 7, { text: 7 }, [1], { text: 'y' }],
    {},
    [{ text: 'x' }, {}, {}, { text: 7 }, {}, { text: 'y' }],
    '',
    'xy',
    true,
  ],
])('%j', (value, asObject, asList, asString, asText, said) => {
  expect([object(value), list(value), string(value), text(value), isSaid(value)]).toEqual([
    asObject,
    asList,
    asString,
    asText,
    said,
  ])
})

describe('levels', () => {
  test('are counted to the limit and no further', () => {
    for (const make of [nested, inObjects]) {
      expect([isDeep(make(MAX_DEPTH)), isDeep(make(MAX_DEPTH + 1))]).toEqual([false, true])
      expect([isDeep(make(2), 1), isDeep(make(2), 2)]).toEqual([true, false])
    }
    for (const flat of [null, undefined, 7, 'x']) expect(isDeep(flat, 0)).toBe(false)
    expect(isDeep([[], [[]]], 2)).toBe(true)
  })

  test('below the limit are replaced by a remark, and nothing else is', () => {
    const value = { a: [1, { b: 2 }], c: null, d: { e: [] } }
    expect(shallow(value, 3)).toBe(value)
    expect(shallow(value, 2)).toEqual({ a: [1, '[nested too deep]'], c: null, d: { e: '[nested too deep]' } })
    expect(shallow(value, 1)).toEqual({ a: '[nested too deep]', c: null, d: '[nested too deep]' })
    expect(shallow(nested(5000))).not.toEqual(nested(50))
    expect(isDeep(shallow(nested(5000)))).toBe(false)
  })
})

describe('half of a surrogate pair', () => {
  test('is replaced in data, wherever it stands, and whole ones are not', () => {
    const whole = { a: ['\u{1f33e}', { b: 'x' }], c: 7, d: null }
    expect(wellFormed(whole)).toBe(whole)
    expect(wellFormed({ a: ['x\ud83d', { b: '\ude00y' }], c: '\u{1f33e}' })).toEqual({
      a: ['x\ufffd', { b: '\ufffdy' }],
      c: '\u{1f33e}',
    })
    expect([wellFormed('\ud800'), wellFormed('\udfff'), wellFormed('\ud7ff'), wellFormed('\ue000')]).toEqual([
      '\ufffd',
      '\ufffd',
      '\ud7ff',
      '\ue000',
    ])
  })

  test.each([
    ['"\\ud83d"', '"\\ufffd"'],
    ['"\\ude00x"', '"\\ufffdx"'],
    ['"\\uD83D\\uDE00"', '"\\uD83D\\uDE00"'],
    ['"\\ud83d\\ud83d\\ude00"', '"\\ufffd\\ud83d\\ude00"'],
    ['"\\\\ud83d"', '"\\\\ud83d"'],
    ['"\\\\\\ud83d"', '"\\\\\\ufffd"'],
    ['"\\ud7ff\\u00e9"', '"\\ud7ff\\u00e9"'],
    ['"\\udbff\\udfff"', '"\\udbff\\udfff"'],
    ['{"a":1}', '{"a":1}'],
  ])('is replaced in JSON: %s', (json, expected) => {
    expect(wellFormedJson(json)).toBe(expected)
  })
})

test('texts and names of plain data are changed, and what needs no change is the same object', () => {
  const upper = (words: string) => words.toUpperCase()
  const inner = { B: 'Y' }
  const value = { a: 'x', b: [1, 'y', 'Z', inner], c: inner, d: null, e: undefined }
  const changed = mapped(value, upper) as typeof value
  expect(changed).toEqual({ a: 'X', b: [1, 'Y', 'Z', { B: 'Y' }], c: { B: 'Y' }, d: null, e: undefined })
  expect([changed.b[3], changed.c]).toEqual([inner, inner])
  expect(changed.c).toBe(inner)
  expect(mapped(value.c, upper)).toBe(inner)
  expect(mapped(['A', 'B'], upper)).toEqual(['A', 'B'])
  expect(mapped({ a: ['X'] }, upper, upper)).toEqual({ A: ['X'] })
  const list = ['A', 7]
  expect(mapped(list, upper)).toBe(list)
  expect(value.b).toEqual([1, 'y', 'Z', inner])
})

test('what is no JSON is nothing', () => {
  expect([parsed('{"a":1}'), parsed('null'), parsed('{'), parsed('')]).toEqual([{ a: 1 }, null, undefined, undefined])
})
