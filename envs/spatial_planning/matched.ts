/**
 * Sessions that are alike: of many draws of the land values of a session, the one in the middle. What is compared is what the
 * developer and the owners would have if everybody told the truth and nobody traded, so that one seed is worth no more than
 * another. Knows no phase, no market and no bot.
 */
import type { Random } from '../core/random.ts'
import { stream } from '../core/random.ts'
import type { SpatialConfig } from './config.ts'
import { type Cond, type Pair, type Plot, rangeOf } from './roster.ts'
import { decideBySum, settleVote } from './settlement.ts'

/** Draws that the middle one is taken of. */
const DRAWS = 31

/** By configuration the last session that was drawn: its rounds are asked for one after another. */
const known = new WeakMap<SpatialConfig, { readonly seed: number; readonly rounds: readonly (readonly Pair[])[] }>()

/** Values per plot of a paid round, from 1. */
export function matchedValues(plots: readonly Plot[], config: SpatialConfig, seed: number, round: number): readonly Pair[] {
  let session = known.get(config)
  if (session?.seed !== seed) {
    session = { seed, rounds: middleOf(plots, config, seed) }
    known.set(config, session)
  }
  return session.rounds[round - 1]!
}

type Session = readonly (readonly Pair[])[]

function middleOf(plots: readonly Plot[], config: SpatialConfig, seed: number): Session {
  const sessions = Array.from({ length: DRAWS }, (_, draw) => drawn(plots, config.rounds, stream(seed, 'matched', draw)))
  const worths = sessions.map(session => truthfulWorth(plots, config, session))
  // Places from the middle, of either sum; the first of equals.
  const places = ([0, 1] as const).map(sum => {
    const order = [...worths.keys()].sort((a, b) => worths[a]![sum] - worths[b]![sum])
    return worths.map((_, draw) => order.indexOf(draw) - (DRAWS - 1) / 2)
  })
  const off = sessions.map((_, draw) => places[0]![draw]! ** 2 + places[1]![draw]! ** 2)
  return sessions[off.indexOf(Math.min(...off))]!
}

/** Every value once from each of as many equal parts of its range as there are rounds, uniform within its part. */
function drawn(plots: readonly Plot[], rounds: number, random: Random): Session {
  const parts = Array.from({ length: rounds }, (_, i) => i)
  const column = (plot: Plot, condition: Cond): number[] => {
    const { low, high } = rangeOf(plot, condition)
    return random.shuffle(parts).map(part => 1000 * Math.round((low + ((part + random.float()) / rounds) * (high - low)) / 1000))
  }
  const columns = plots.map(plot => [column(plot, 0), column(plot, 1)] as const)
  return parts.map(round => columns.map(([without, withProject]) => [without[round]!, withProject[round]!] as const))
}

/** What the developer and what the owners have of their land over a session of truth, in points after taxes or compensation. */
function truthfulWorth(plots: readonly Plot[], config: SpatialConfig, session: Session): Pair {
  const developer = plots.indexOf('developer')
  let own = 0
  let owners = 0
  for (const values of session) {
    const worth = config.treatment === 'voting' ? voted(values, developer) : taxed(values, config)
    for (const [plot, points] of worth.entries())
      if (plot === developer) own += points
      else owners += points
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
