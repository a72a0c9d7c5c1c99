/** Who won against whom: points by pair of players. Scenarios are gathered in blocks, so memory does not grow with them. */
import type { PairPoints } from './strengths.ts'

/** Blocks of scenarios that are drawn again when strengths get their intervals. */
const BLOCKS = 1000

export class Games {
  /** By pair: points of both, block after block. */
  readonly #points = new Map<string, { readonly i: number; readonly j: number; readonly blocks: Float64Array }>()

  /** A game between two players (by number) with those results: the higher wins, equal ones share the point. */
  play(scenario: number, a: number, b: number, resultA: number, resultB: number): void {
    const [i, j] = a < b ? [a, b] : [b, a]
    const id = `${i} ${j}`
    let pair = this.#points.get(id)
    if (pair === undefined) {
      pair = { i, j, blocks: new Float64Array(2 * BLOCKS) }
      this.#points.set(id, pair)
    }
    const pointsA = resultA === resultB ? 0.5 : Number(resultA > resultB)
    const at = 2 * (scenario % BLOCKS)
    pair.blocks[at]! += a < b ? pointsA : 1 - pointsA
    pair.blocks[at + 1]! += a < b ? 1 - pointsA : pointsA
  }

  get empty(): boolean {
    return this.#points.size === 0
  }

  /** Points by pair and block, where they played. */
  points(): PairPoints[] {
    return [...this.#points.values()].flatMap(({ i, j, blocks }) =>
      Array.from({ length: BLOCKS }, (_, cluster) => ({
        cluster,
        i,
        j,
        pi: blocks[2 * cluster]!,
        pj: blocks[2 * cluster + 1]!,
      })).filter(({ pi, pj }) => pi + pj > 0),
    )
  }
}
