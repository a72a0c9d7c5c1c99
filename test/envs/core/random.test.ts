/** Named streams: what a name promises, and that the numbers are those of seedrandom's Alea. */
import seedrandomAlea from 'seedrandom/lib/alea.js'
import { describe, expect, test } from 'vitest'
import { resume, stream } from '../../../index.ts'

const draws = (n: number, next: () => number): number[] => Array.from({ length: n }, next)

test('the numbers are those of Alea as seedrandom implements it', () => {
  const random = stream(7, 'weather', 3)
  const reference = seedrandomAlea('[7,"weather",3]', { state: true })
  expect(draws(1000, () => random.float())).toEqual(draws(1000, () => reference()))
})

test('the same names give the same numbers wherever and whenever they are opened', () => {
  const first = draws(5, () => stream(1, 'a').float())
  stream(1, 'b').float()
  expect(draws(5, () => stream(1, 'a').float())).toEqual(first)
})

test('names are told apart however they are written', () => {
  const names: (string | number)[][] = [['a', 'b'], ['a,b'], ['ab'], ['a', 1], ['a', '1'], ['a'], [], ['a', 'b', '']]
  const firsts = names.map(name => stream(1, ...name).float())
  expect(new Set(firsts).size).toBe(names.length)
})

test('one more draw under a new name moves nobody else', () => {
  const world = (extra: boolean): number[] =>
    draws(10, () => 0).map((_, t) => {
      if (extra && t === 3) stream(5, 'news', t).float()
      return stream(5, 'harvest', t).float()
    })
  expect(world(true)).toEqual(world(false))
})

test('a kept stream goes on from its words, also after a trip through JSON', () => {
  const random = stream(3, 'lottery')
  random.float()
  const words = JSON.parse(JSON.stringify(random.words()))
  const rest = draws(20, () => random.float())
  const resumed = resume(words)
  expect(draws(20, () => resumed.float())).toEqual(rest)
})

test('neighbouring names and seeds give uniform numbers without correlation', () => {
  const cells = new Array<number>(256).fill(0)
  const n = 1 << 15
  let product = 0
  let last = 0.5
  for (let i = 0; i < n; i++) {
    const value = stream(i >> 8, 'cell', i & 255).float()
    cells[Math.floor(value * 256)]!++
    product += (value - 0.5) * (last - 0.5)
    last = value
  }
  const expected = n / 256
  const chiSquare = cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  // 255 degrees of freedom: 99.9 % of uniform samples lie between 188 and 330.
  expect(chiSquare).toBeGreaterThan(188)
  expect(chiSquare).toBeLessThan(330)
  // The correlation of n independent pairs has standard deviation 1/√n = 0.0055.
  expect(Math.abs((12 * product) / n)).toBeLessThan(4 / Math.sqrt(n))
})

describe('draws', () => {
  test('int covers its range and nothing else', () => {
    const random = stream(1, 'int')
    expect(new Set(draws(500, () => random.int(-2, 3)))).toEqual(new Set([-2, -1, 0, 1, 2, 3]))
    expect(random.int(4, 4)).toBe(4)
  })

  test('chance always consumes one draw', () => {
    const [a, b] = [stream(1, 'x'), stream(1, 'x')]
    a.chance(0)
    b.chance(1)
    expect(a.float()).toBe(b.float())
  })

  test('weighted picks in proportion and never a weight of zero', () => {
    const random = stream(1, 'weights')
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < 10_000; i++) counts[random.weighted([0, 1, 3, 0])]!++
    expect(counts[0]).toBe(0)
    expect(counts[3]).toBe(0)
    // Binomial with p = 1/4: the standard deviation is 43.
    expect(Math.abs(counts[1]! - 2500)).toBeLessThan(4 * 43)
  })

  test('shuffle keeps every item and leaves its argument alone', () => {
    const items = [1, 2, 3, 4, 5, 6]
    const shuffled = stream(2, 'cards').shuffle(items)
    expect(items).toEqual([1, 2, 3, 4, 5, 6])
    expect([...shuffled].sort()).toEqual(items)
    expect(shuffled).not.toEqual(items)
  })

  test.each([
    ['a seed that is no integer', () => stream(1.5, 'a'), 'seed: expected an integer from 0 to 2^53 - 1, got 1.5'],
    ['a negative seed', () => stream(-1, 'a'), 'got -1'],
    ['an empty list', () => stream(1, 'a').pick([]), 'pick: expected at least one item'],
    ['a range upside down', () => stream(1, 'a').int(3, 2), 'int: expected integers min <= max, got 3 and 2'],
    ['weights without a positive one', () => stream(1, 'a').weighted([0, 0]), 'weighted: expected weights with a positive sum'],
  ])('%s is a programmer’s mistake and throws', (_name, draw, message) => {
    expect(draw).toThrow(message)
  })
})
