/** What an encoding reads of an observation, once for all features and slots: own land, plots on sale, stakes. Names no feature. */
import { type FeatureRule, ranked, type SlotRule } from '../core/encoding.ts'
import { meanOrNull } from '../core/sums.ts'
import type { Observation } from './observe.ts'
import { type Cond, indexOf, type Plot } from './roster.ts'

export type Features = readonly FeatureRule<View>[]
export type Slots = readonly SlotRule<View>[]

/** Points of share prices, of cash, and of compensation. */
export const PRICE = 10_000
export const CASH = 100_000

export interface Land {
  readonly value: number
  readonly low: number
  readonly high: number
  readonly cap: number
}

/** A plot as who may buy it sees it under a condition. */
export interface Ranked {
  readonly plot: Plot
  readonly declared: number
  readonly percentile: number
  /** What it is shown to be worth; undefined where it is not shown. */
  readonly shown: number | undefined
  /** The mean of what others published that it is worth; undefined where nobody did. */
  readonly appraised: number | undefined
}

export interface View {
  readonly observation: Observation
  /** Own land under each condition. */
  readonly land: readonly [Land, Land] | null
  /** The plots on sale under each condition, the lowest declared first; empty while there are none. */
  readonly sale: readonly [readonly Ranked[], readonly Ranked[]]
  /** What the project costs an owner or brings the developer, at least 0. */
  readonly stake: number
}

export function view(observation: Observation): View {
  const { land } = observation
  const at = (cond: Cond): Land => ({
    value: land!.values[cond],
    low: land!.low[cond],
    high: land!.high[cond],
    cap: land!.cap[cond],
  })
  const gain = land === null ? 0 : land.values[1] - land.values[0]
  return {
    observation,
    land: land === null ? null : [at(0), at(1)],
    sale: [saleUnder(observation, 0), saleUnder(observation, 1)],
    stake: Math.max(0, observation.role === 'developer' ? gain : -gain),
  }
}

const NO_PLOTS: readonly Ranked[] = Object.freeze([])

/** The mean of what others published that a plot is worth; undefined where nobody did. */
export function appraisedAt({ agent, appraisals = [] }: Observation, plot: string, cond: Cond): number | undefined {
  const said = appraisals.filter(seen => seen.plot === plot && seen.speculator !== agent)
  return meanOrNull(said.map(({ values }) => values[cond])) ?? undefined
}

function saleUnder(observation: Observation, cond: Cond): readonly Ranked[] {
  const { shared, declarations, finals, inspected = [] } = observation
  if (shared.chosen !== null && indexOf(shared.chosen) !== cond) return NO_PLOTS
  const offers =
    finals ??
    (declarations ?? []).map(({ plot, declared, percentile }) => ({
      plot,
      declared: declared[cond],
      percentile: percentile[cond],
    }))
  const known = offers.flatMap(({ plot, declared, percentile }) =>
    declared === null || percentile === null
      ? []
      : [
          {
            plot,
            declared,
            percentile,
            shown: inspected.find(seen => seen.plot === plot)?.values[cond],
            appraised: appraisedAt(observation, plot, cond),
          },
        ],
  )
  return ranked(known, ({ percentile }) => -percentile)
}

/** Where a value lies in the range of the own plot. */
export const place = ({ low, high }: Land, value: number): number => (value - low) / (high - low)
