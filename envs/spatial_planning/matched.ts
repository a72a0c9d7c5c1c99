/**
 * Sessions that are alike: of many draws of the land values of a session, the one in the middle. What is compared is what the
 * developer and the owners would have if nobody traded and all told the truth, or the owners leaned on the decision, so that one seed
 * is worth no more than another. Knows no phase, no market and no bot.
 */
import { type Random, stream } from '../core/random.ts'
import type { SpatialConfig } from './config.ts'
import { type Cond, type Pair, type Plot, rangeOf, valueAt } from './roster.ts'
import { decideBySum, settleVote } from './settlement.ts'

/** Draws that the middle one is taken of. */
const DRAWS = 63
/** Parts of the truth that owners declare of the condition they like: what a decision may hang on. */
const LEANINGS = [1, 1.05, 1.1, 1.15] as const

/** The values per plot of every round of a session. */
export type SessionValues = readonly (readonly Pair[])[]

/** The values of a session of that seed. */
export function matched(plots: readonly Plot[], config: SpatialConfig, seed: number): SessionValues {
  const developer = plots.indexOf('developer')
  const draws = Array.from({ length: DRAWS }, (_, draw) => drawn(plots, config.rounds, stream(seed, 'matched', draw)))
  const worths = draws.map(session => worthOf(developer, config, session))
  // Places from the middle, of either sum; the first of equals.
  const places = ([0, 1] as const).map(sum => {
    const sorted = [...worths.keys()].sort((a, b) => worths[a]![sum] - worths[b]![sum])
    return worths.map((_, draw) => sorted.indexOf(draw) - (DRAWS - 1) / 2)
  })
  const off = draws.map((_, draw) => places[0]![draw]! ** 2 + places[1]![draw]! ** 2)
  return draws[off.indexOf(Math.min(...off))]!
}

/** Every value once from each of as many equal parts of its range as there are rounds, uniform within its part. */
function drawn(plots: readonly Plot[], rounds: number, random: Random): SessionValues {
  const parts = Array.from({ length: rounds }, (_, i) => i)
  const column = (plot: Plot, condition: Cond): number[] => {
    const range = rangeOf(plot, condition)
    return random.shuffle(parts).map(part => valueAt(range, (part + random.float()) / rounds))
  }
  const columns = plots.map(plot => [column(plot, 0), column(plot, 1)] as const)
  return parts.map(round => columns.map(([without, withProject]): Pair => [without[round]!, withProject[round]!]))
}

/** What the developer and what the owners have of their land over a session, in points after taxes or compensation. */
function worthOf(developer: number, config: SpatialConfig, session: SessionValues): Pair {
  let own = 0
  let owners = 0
  for (const values of session) {
    const worth = config.treatment === 'voting' ? voted(values, developer) : taxed(values, developer, config)
    for (const [plot, points] of worth.entries()) {
      if (plot === developer) own += points
      else owners += points
    }
  }
  return [own, owners]
}

/** The mean over the leanings of the owners. */
function taxed(values: readonly Pair[], developer: number, { initial_tax, final_tax, tie }: SpatialConfig): number[] {
  const kept = 1 - (initial_tax + final_tax) / 100
  const sum = (condition: Cond, leaning: number): number =>
    values.reduce((total, value, plot) => total + (plot === developer ? 1 : leaning) * value[condition], 0)
  const chosen = LEANINGS.map(leaning => decideBySum([sum(0, leaning), sum(1, 1)], tie))
  return values.map(value => chosen.reduce<number>((total, condition) => total + kept * value[condition], 0) / chosen.length)
}

/** The developer offers what half of the owners, rounded up, lose at most, where that leaves him something. */
function voted(values: readonly Pair[], developer: number): number[] {
  const losses = values.flatMap(([without, withProject], plot) => (plot === developer ? [] : [without - withProject]))
  const offer = Math.max(0, losses.sort((a, b) => a - b)[Math.ceil(losses.length / 2) - 1]!)
  const gain = values[developer]![1] - values[developer]![0]
  const chosen = gain > offer * losses.length ? 1 : 0
  return settleVote(
    values.map(value => value[chosen]),
    developer,
    chosen,
    offer,
  )
}
