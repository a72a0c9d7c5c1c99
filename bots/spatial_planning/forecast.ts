/**
 * What the other land holders will declare, from what is published of their plots and from how they kept to it before. For
 * sessions with appraisals; reads observations alone.
 */
import type { SpatialConfig } from '../../envs/spatial_planning/config.ts'
import type { Observation } from '../../envs/spatial_planning/observe.ts'
import { type Cond, type Pair, type Plot, rangeOf } from '../../envs/spatial_planning/roster.ts'
import { publicWeight } from './desk.ts'
import { isExposed, type Trust } from './trust.ts'

/** What a holder who does not keep to the truth is taken to declare of it: of what he likes, and of the other. */
const SHADED = { liked: 1.15, other: 0.95 } as const
/** Parts of the truth by which a declaration may miss it and still be kept to it. */
const TRUE = 0.02

export class Forecast {
  readonly #trust: Trust
  /** How far prices follow the declarations. */
  readonly weight: number
  /** By plot: whether its holder kept to what is believed of it, when last seen. */
  readonly #truthful = new Map<Plot, boolean>()

  constructor(trust: Trust, config: SpatialConfig) {
    this.#trust = trust
    this.weight = publicWeight(config)
  }

  notice(seen: Observation): void {
    for (const { plot, declared } of seen.declarations ?? [])
      for (const condition of [0, 1] as const) {
        const said = declared[condition]
        const believed = this.#trust.believed(seen, plot, condition)
        if (said !== null && believed !== undefined) this.#truthful.set(plot, Math.abs(said / believed - 1) <= TRUE)
      }
  }

  /** What the others' land is expected to be worth and to be declared, and the standard deviation of its difference. Points. */
  others(seen: Observation): { readonly worth: Pair; readonly declared: Pair; readonly deviation: number } {
    let variance = 0
    const worth = [0, 0]
    const sum = (condition: Cond): number =>
      seen.shared.plots
        .filter(plot => plot !== seen.agent)
        .reduce((total, plot) => {
          const { low, high } = rangeOf(plot, condition)
          const believed = this.#trust.believed(seen, plot, condition)
          if (believed === undefined) variance += (high - low) ** 2 / 12
          const expected = believed ?? (low + high) / 2
          worth[condition]! += expected
          const shaded = SHADED[(condition === 1) === (plot === 'developer') ? 'liked' : 'other']
          const truthful = this.#truthful.get(plot)
          // Of a stranger half of the shading is expected, and as much may be missed.
          if (truthful === undefined) variance += (((shaded - 1) / 2) * expected) ** 2
          return total + (truthful === undefined ? (1 + shaded) / 2 : truthful ? 1 : shaded) * expected
        }, 0)
    const declared: Pair = [sum(0), sum(1)]
    return { worth: [worth[0]!, worth[1]!], declared, deviation: Math.sqrt(variance) }
  }
}

/** What a declaration that decides is made of. */
export interface Pull {
  /** Parts of the truth that are declared where it decides nothing, of a plot that nobody knows. */
  readonly liked: number
  readonly other: number
  /** Standard deviations of the forecast that are declared above what it says is needed. */
  readonly safety: number
  /** The most that is declared, in parts of the truth. */
  readonly most: number
}

/**
 * As much as is needed for the liked condition, where what is won by it is worth its tax; else little more than the truth. What is
 * known of the plot is not declared below the truth: it would be bought.
 */
export function decidingDeclaration(seen: Observation, liked: Cond, forecast: Forecast, pull: Pull): Pair {
  const { values, low, cap } = seen.land!
  const { initial, final } = seen.shared.taxes
  const other: Cond = liked === 1 ? 0 : 1
  const known = isExposed(seen)
  const least = (condition: Cond, part: number): number =>
    known ? values[condition] : Math.max(low[condition], Math.round(part * values[condition]))
  const spared = least(other, pull.other)
  const plain = least(liked, pull.liked)
  const { worth, declared: others, deviation } = forecast.others(seen)
  // Prices follow the declarations a part of the way: traders have signals of their own of what the land is worth.
  const signalled =
    seen.shared.treatment === 'futarchy'
      ? (1 / forecast.weight - 1) * (worth[other] + values[other] - worth[liked] - values[liked])
      : 0
  const needed = Math.round(others[other] + spared - others[liked] + signalled + pull.safety * deviation)
  const won = (1 - (initial + final) / 100) * (values[liked] - values[other])
  const wanted = Math.max(plain, needed)
  const pays = wanted <= Math.min(cap[liked], pull.most * values[liked]) && (initial / 100) * (wanted - values[liked]) < won
  const declared: [number, number] = [0, 0]
  declared[other] = spared
  declared[liked] = pays ? wanted : plain
  return declared
}
