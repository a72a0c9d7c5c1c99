/**
 * The Mersenne Twister (MT19937, Matsumoto and Nishimura 1998), seeded from an integer as CPython's `random.seed` does and
 * drawn from as its `randint` does. It serves the published study alone; everything else draws from named streams.
 */

const N = 624
const M = 397

export class MersenneTwister {
  readonly #state = new Uint32Array(N)
  #next = N

  /** `seed` is an integer in [0, 2⁵³). */
  constructor(seed: number) {
    const key = [seed >>> 0]
    const high = Math.floor(seed / 2 ** 32)
    if (high > 0) key.push(high)
    this.#initByArray(key)
  }

  #initGenrand(seed: number): void {
    const state = this.#state
    state[0] = seed
    for (let i = 1; i < N; i++) {
      const last = state[i - 1]! ^ (state[i - 1]! >>> 30)
      state[i] = Math.imul(last, 1812433253) + i
    }
  }

  #initByArray(key: readonly number[]): void {
    this.#initGenrand(19650218)
    const state = this.#state
    let i = 1
    let j = 0
    for (let k = Math.max(N, key.length); k > 0; k--) {
      const last = state[i - 1]! ^ (state[i - 1]! >>> 30)
      state[i] = (state[i]! ^ Math.imul(last, 1664525)) + key[j]! + j
      if (++i === N) {
        state[0] = state[N - 1]!
        i = 1
      }
      j = (j + 1) % key.length
    }
    for (let k = N - 1; k > 0; k--) {
      const last = state[i - 1]! ^ (state[i - 1]! >>> 30)
      state[i] = (state[i]! ^ Math.imul(last, 1566083941)) - i
      if (++i === N) {
        state[0] = state[N - 1]!
        i = 1
      }
    }
    state[0] = 0x80000000
  }

  #twist(): void {
    const state = this.#state
    for (let i = 0; i < N; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % N]! & 0x7fffffff)
      state[i] = state[(i + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
    }
    this.#next = 0
  }

  /** The next 32 bits, as an integer in [0, 2³²). */
  word(): number {
    if (this.#next === N) this.#twist()
    let y = this.#state[this.#next++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    y ^= y >>> 18
    return y >>> 0
  }

  /** Uniform integer in [min, max] of at most 2³² − 1 values: the high bits of a word, drawn again while they are too large. */
  randint(min: number, max: number): number {
    const values = max - min + 1
    const unused = Math.clz32(values)
    let drawn = this.word() >>> unused
    while (drawn >= values) drawn = this.word() >>> unused
    return min + drawn
  }
}
