/** Plain data: what is judged, logged and replayed are the same bytes. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonical, clone, deepFreeze, difference, digest, plain } from '../../../index.ts'

describe('plain', () => {
  test('anything at all becomes JSON that survives a trip through text unchanged', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withNullPrototype: true,
          withTypedArray: true,
          withSparseArray: true,
        }),
        value => {
          const copy = plain(value)
          expect(JSON.parse(JSON.stringify(copy))).toEqual(copy)
          expect(plain(copy)).toEqual(copy)
        },
      ),
      { numRuns: 1000, seed: 1 },
    )
  })

  test.each([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [-0, 0],
    [undefined, '[undefined]'],
    [() => 1, '[function]'],
    [new Map(), '[Map]'],
    [10n, '[bigint]'],
    [{ a: undefined, b: 1 }, { b: 1 }],
  ])('%s becomes %j', (value, expected) => {
    expect(plain(value)).toStrictEqual(expected)
  })

  test('a cycle ends in a marker', () => {
    const loop: Record<string, unknown> = {}
    loop.self = loop
    expect(JSON.stringify(plain(loop))).toContain('[nested too deep]')
  })

  test('a getter that throws is unreadable, not fatal', () => {
    const trap = {
      get tool() {
        throw new Error('trap')
      },
    }
    expect(plain(trap)).toBe('[unreadable]')
  })

  test('a key named __proto__ stays a key and gives no prototype', () => {
    const copy = plain(JSON.parse('{"__proto__": {"admin": true}}')) as { admin?: boolean }
    expect(Object.keys(copy)).toEqual(['__proto__'])
    expect(copy.admin).toBeUndefined()
  })
})

test('clone copies all the way down', () => {
  const original = { a: [{ b: 1 }], c: null, d: 'x' }
  const copy = clone(original)
  expect(copy).toEqual(original)
  copy.a[0]!.b = 2
  expect(original.a[0]!.b).toBe(1)
})

test('deepFreeze makes writing throw at every depth', () => {
  const frozen = deepFreeze({ a: { b: [1] } })
  expect(() => frozen.a.b.push(2)).toThrow(TypeError)
})

test('equal data has an equal digest whatever the order of its keys', () => {
  expect(canonical({ b: 1, a: { d: 2, c: 3 } })).toBe('{"a":{"c":3,"d":2},"b":1}')
  expect(digest({ b: 1, a: 2 })).toBe(digest({ a: 2, b: 1 }))
  expect(digest({ a: 1 })).not.toBe(digest({ a: 2 }))
  expect(digest([])).toBe('4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945')
})

test.each([
  [{ a: 1 }, { a: 1 }, undefined],
  [{ a: [1, 2] }, { a: [1, 3] }, 'a.1: expected 2, got 3'],
  [{ a: 1 }, {}, 'a: expected 1, got nothing'],
  [{}, { a: 1 }, 'a: expected nothing, got 1'],
  [[1], [1, 2], '1: expected nothing, got 2'],
  [null, {}, 'value: expected null, got {}'],
  [[], {}, 'value: expected [], got {}'],
])('the difference of %j and %j is %j', (expected, got, text) => {
  expect(difference(expected, got)).toBe(text)
})
