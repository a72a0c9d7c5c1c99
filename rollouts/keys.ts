/** Rollouts' keys by the million: what the keys of a run have in common is held once. Knows keys; knows no rollouts. */

/** Repeats of one seed that are held as a number; more, and larger seeds, as texts. */
const REPEATS = 4096
const SEEDS = 2 ** 40

/** A value for each key of a rollout. */
export class KeyMap {
  readonly #groups = new Map<string, Map<number | string, number>>()
  size = 0

  #place(key: string): readonly [group: string, at: number | string] {
    const [, before, seed, lineup, repeat] = /^(.+)-s(\d+)-([0-9a-f]+)-r(\d+)$/.exec(key) ?? []
    if (before === undefined) return ['', key]
    const [s, r] = [Number(seed), Number(repeat)]
    const isSmall = s < SEEDS && r < REPEATS && String(s) === seed && String(r) === repeat
    return [`${before} ${lineup}`, isSmall ? s * REPEATS + r : `${seed} ${repeat}`]
  }

  get(key: string): number | undefined {
    const [group, at] = this.#place(key)
    return this.#groups.get(group)?.get(at)
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  set(key: string, value: number): void {
    const [group, at] = this.#place(key)
    let values = this.#groups.get(group)
    if (values === undefined) {
      values = new Map()
      this.#groups.set(group, values)
    }
    if (!values.has(at)) this.size++
    values.set(at, value)
  }

  delete(key: string): void {
    const [group, at] = this.#place(key)
    if (this.#groups.get(group)?.delete(at)) this.size--
  }

  /** The value of every key, and which repeat it is. */
  *values(): Generator<{ readonly value: number; readonly repeat: number }> {
    for (const [group, values] of this.#groups)
      for (const [at, value] of values) {
        const repeat = typeof at === 'number' ? at % REPEATS : Number((group === '' ? /\d+$/ : / \d+$/).exec(at)?.[0] ?? 0)
        yield { value, repeat }
      }
  }
}
