/** The generator of the published study gives CPython's numbers. */
import { expect, test } from 'vitest'
import { MersenneTwister } from '../../../bots/sim_economy/mersenne.ts'

/** From CPython 3.11: three of `getrandbits(32)`; randint(50, 350) and randint(40, 280) in turn; the 2001st `getrandbits(32)`. */
const CPYTHON: readonly [seed: number, words: number[], drawn: number[], late: number][] = [
  [0, [3626764237, 1654615998, 3255389356], [247, 234, 265, 50, 182, 170, 298, 143], 4065999976],
  [1, [577090037, 2444712010, 3639700191], [118, 185, 82, 105, 110, 166, 280, 160], 1767993442],
  [1001, [3421589840, 3988255189, 251797747], [80, 234, 151, 260, 96, 182, 243, 241], 2519359716],
  [2 ** 32 - 1, [2728839433, 2661025012, 872737089], [154, 95, 317, 114, 224, 137, 193, 130], 1925551184],
  [2 ** 32, [485306839, 1508871100, 1794561286], [107, 129, 263, 279, 58, 45, 219, 254], 4041461251],
  [2 ** 53 - 1, [404802386, 2407860725, 957238923], [98, 183, 164, 232, 147, 274, 125, 69], 3460309601],
]

test.each(CPYTHON)('seed %d', (seed, words, drawn, late) => {
  const bits = new MersenneTwister(seed)
  expect(words.map(() => bits.word())).toEqual(words)
  const ints = new MersenneTwister(seed)
  expect(drawn.map((_, i) => (i % 2 === 0 ? ints.randint(50, 350) : ints.randint(40, 280)))).toEqual(drawn)
  const long = new MersenneTwister(seed)
  for (let i = 0; i < 2000; i++) long.word()
  expect(long.word()).toBe(late)
})
