/** The game that every route plays, and what comes of it. */
import type { Economy } from '../../index.ts'

/** One seat, the others played by `random`. */
export interface RouteGame {
  readonly economy: Economy
  readonly preset: string
  readonly config: object
  readonly agent: string
  readonly others: readonly string[]
  readonly seed: number
}

/** What a learner got: the rewards and the texts of its turns, and its scores. */
export interface Played {
  readonly rewards: readonly number[]
  readonly texts: readonly string[]
  readonly scores: Readonly<Record<string, number | null>>
  readonly stop: string
}
