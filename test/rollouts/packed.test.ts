/** Packed JSON: the same value comes back, in fewer bytes, and what is none is refused. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pack, Shared, unpack } from '../../rollouts/packed.ts'

const again = (value: unknown): unknown => unpack(pack(value))
const json = (value: unknown): string => JSON.stringify(value)

describe('a value comes back byte for byte as JSON', () => {
  test('whatever it is, with much that occurs again', () => {
    // Few texts, keys and numbers, so that nearly everything is a reference; marks, ends of lines and odd names among them.
    const text = fc.constantFrom(
      '',
      '~',
      '~a',
      '~~',
      '~.0',
      '~:0',
      'abcd',
      'agent_0',
      '__proto__',
      `${'long '.repeat(20)}\nabcd\n~x\n`,
    )
    const number = fc.constantFrom(0, -0, 1, 0.1, -123_456, 99_999, 100_000, 1e21, 5e-324)
    const list = fc.array(fc.constantFrom(1, 2, 300_000, 0.5), { minLength: 14, maxLength: 40 })
    const { value } = fc.letrec(tie => ({
      value: fc.oneof(
        { maxDepth: 5 },
        text,
        number,
        fc.constantFrom(null, true, false),
        list,
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(fc.constantFrom('a', 'b', '1', '__proto__', 'c\u0000d', 'c', 'd'), tie('value'), { maxKeys: 5 }),
      ),
    }))
    fc.assert(
      fc.property(value, value => {
        // A trip through JSON: what JSON does not tell apart need not come back apart.
        const plain = JSON.parse(json(value))
        expect(json(again(plain))).toBe(json(plain))
      }),
      { numRuns: 400, seed: 3 },
    )
  })

  test('fields without a value are left out, as JSON leaves them out', () => {
    expect(again([{ a: undefined, b: 1 }, { b: 2 }, undefined])).toEqual([{ b: 1 }, { b: 2 }, null])
  })

  test('keys that read alike when they are joined are other keys', () => {
    const value = [
      { 'a\u0000b': 1, c: 2 },
      { a: 1, 'b\u0000c': 2 },
    ]
    expect(json(again(value))).toBe(json(value))
  })
})

test('what is kept elsewhere stands there by its id', () => {
  const text = pack({ a: new Shared('0123456789abcdef') })
  expect(text).toBe('{"a":["~$","0123456789abcdef"]}')
  expect(unpack(text, id => ({ id }))).toEqual({ a: { id: '0123456789abcdef' } })
  expect(() => unpack(text)).toThrow(SyntaxError)
})

test('prompts that go on from each other take the bytes of the last, not of all', () => {
  const tokens = Array.from({ length: 4000 }, (_, i) => (i * 7919) % 50_000)
  const prompts = Array.from({ length: 40 }, (_, i) => tokens.slice(0, 100 * (i + 1)))
  expect(pack(prompts).length).toBeLessThan(1.2 * json(tokens).length)
  expect(again(prompts)).toEqual(prompts)
})

test.each([
  ['a reference to nothing', '["~0"]'],
  ['fields of no object', '[3,1]'],
  ['a list that goes on from none', '["~+",0,4,1]'],
  ['more levels than can be walked', `${'[0,'.repeat(600)}1${']'.repeat(600)}`],
  [
    'levels upon levels by reference',
    `[0,[0,1,2,3]${Array.from({ length: 600 }, (_, i) => `,[0,"~.${i.toString(36)}",1,2]`).join('')}]`,
  ],
  [
    'more than there is room for, by reference',
    `[0,[0,1,2,3]${Array.from({ length: 60 }, (_, i) => `,[0,"~.${i.toString(36)}","~.${i.toString(36)}",2]`).join('')}]`,
  ],
])('%s is refused', (_what, text) => {
  expect(() => unpack(text)).toThrow(SyntaxError)
})
