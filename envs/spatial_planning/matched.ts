/**
 * Sessions that are alike: of many orders in which the developer's values of a session may come, the one in the middle. What is
 * compared is what the developer and the owners would have if everybody told the truth and nobody traded, so that one seed is worth
 * no more than another. Knows no phase, no market and no bot.
 */
import { stream } from '../core/random.ts'
import type { SpatialConfig } from './config.ts'
import type { Cond, Pair, Plot } from './roster.ts'
import { decideBySum, settleVote } from './settlement.ts'

/** Orders that the middle one is taken of. */
const ORDERS = 31

/** The values per plot of every round of a session. */
export type SessionValues = readonly (readonly Pair[])[]

/** The same values, those of the developer without and with the project each in another order. */
export function matched(plots: readonly Plot[], config: SpatialConfig, seed: number, session: SessionValues): SessionValues {
  const developer = plots.indexOf('developer')
  const random = stream(seed, 'matched')
  const orders = Array.from({ length: ORDERS }, () => {
    const [without, withProject] = [0, 1].map(condition => random.shuffle(session.map(values => values[developer]![condition]!)))
    return session.map((values, i) =>
      values.map((pair, plot): Pair => (plot === developer ? [without![i]!, withProject![i]!] : pair)),
    )
  })
  const worths = orders.map(order => truthfulWorth(developer, config, order))
  // Places from the middle, of either sum; the first of equals.
  const places = ([0, 1] as const).map(sum => {
    const sorted = [...worths.keys()].sort((a, b) => worths[a]![sum] - worths[b]![sum])
    return worths.map((_, order) => sorted.indexOf(order) - (ORDERS - 1) / 2)
  })
  const off = orders.map((_, order) => places[0]![order]! ** 2 + places[1]![order]! ** 2)
  return orders[off.indexOf(Math.min(...off))]!
}

/** What the developer and what the owners have of their land over a session of truth, in points after taxes or compensation. */
function truthfulWorth(developer: number, config: SpatialConfig, session: SessionValues): Pair {
  let own = 0
  let owners = 0
  for (const values of session) {
    const worth = config.treatment === 'voting' ? voted(values, developer) : taxed(values, config)
    for (const [plot, points] of worth.entries()) {
      if (plot === developer) own += points
      else owners += points
    }
  }
  return [own, owners]
}

function taxed(values: readonly Pair[], { initial_tax, final_tax, tie }: SpatialConfig): number[] {
  const sum = (condition: Cond): number => values.reduce((total, value) => total + value[condition], 0)
  const chosen = decideBySum([sum(0), sum(1)], tie)
  return values.map(value => value[chosen] * (1 - (initial_tax + final_tax) / 100))
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
