/**
 * What nature deals a round: real land values and private signals of a share's worth, from the laboratory's file or drawn from
 * the seed. Knows nothing of what players do with them.
 */
import { stream } from '../core/random.ts'
import type { SpatialConfig } from './config.ts'
import { type LabRound, labRound } from './lab_sessions.ts'
import { matched, type SessionValues } from './matched.ts'
import {
  type Cond,
  MAX_OWNERS,
  MAX_SPECULATORS,
  type Pair,
  PLOTS,
  type Plot,
  type Roster,
  rangeOf,
  rosterOf,
  sharePerPoint,
  valueAt,
} from './roster.ts'

export interface Stimulus {
  /** Points per plot and condition. */
  readonly values: readonly Pair[]
  /** Points per player and condition; empty in the voting treatment. */
  readonly signals: readonly Pair[]
}

/** Mean of the average total values without and with the project over the laboratory's 66 rounds (its workbook, sheet `signals`). */
const LAB_TOTAL = 2_753_738

/**
 * Half the width of the additive noise: 5 % of the share's worth at the average total value, 454.4 points at the laboratory's
 * rates. With fewer plots it shrinks as the expected total does (ours: the laboratory's file knows six plots only).
 */
export function signalWidth({
  final_tax,
  owners,
  signal_width = 5,
}: Pick<SpatialConfig, 'final_tax' | 'owners' | 'signal_width'>): number {
  return (
    (signal_width / 100) *
    LAB_TOTAL *
    sharePerPoint(final_tax) *
    (expectedTotal(PLOTS.slice(0, owners + 1)) / expectedTotal(PLOTS))
  )
}

function expectedTotal(plots: readonly Plot[]): number {
  let sum = 0
  for (const plot of plots)
    for (const condition of [0, 1] as const) {
      const { low, high } = rangeOf(plot, condition)
      sum += (low + high) / 2
    }
  return sum
}

/** Values and signals of a round: 0 is the practice round, 1 and on are paid. */
export function stimulusOf(config: SpatialConfig, seed: number, round: number): Stimulus {
  const roster = rosterOf(config)
  const lab = config.session === 0 ? undefined : labStimulus(roster, config.session, round)
  const values = lab?.values ?? VALUES[config.values ?? 'independent'](roster.plots, config, seed, round)
  if (config.treatment === 'voting') return { values, signals: [] }
  // The stored signals speak of six plots taxed at the laboratory's rate; anybody else's are drawn.
  const stored =
    config.owners === MAX_OWNERS && config.final_tax === 33 && config.signals === 'additive' && config.signal_width === undefined
  return lab !== undefined && stored ? lab : { values, signals: drawSignals(config, seed, round, values) }
}

/** What the laboratory's file holds for the players of a roster. */
export function labStimulus({ agents, plots }: Roster, session: number, round: number): Stimulus {
  const { values, signals } = labRound(session, round)
  return { values: plots.map(plot => labPair(values, plot, 1000)), signals: agents.map(agent => labPair(signals, agent, 1)) }
}

const LAB_ORDER: readonly string[] = [
  'developer',
  ...PLOTS.filter(plot => plot !== 'developer'),
  ...Array.from({ length: MAX_SPECULATORS }, (_, i) => `speculator_${i + 1}`),
]

function labPair(columns: LabRound['values'], agent: string, unit: number): Pair {
  const at = LAB_ORDER.indexOf(agent)
  return [columns[0][at]! * unit, columns[1][at]! * unit]
}

type Draw = (plots: readonly Plot[], config: SpatialConfig, seed: number, round: number) => Pair[]

const drawValues: Draw = (plots, _config, seed, round) => {
  const random = stream(seed, 'values', round)
  const draw = (plot: Plot, condition: Cond): number => valueAt(rangeOf(plot, condition), random.float())
  return plots.map(plot => [draw(plot, 0), draw(plot, 1)])
}

/**
 * Each value comes once from each equal part of its range over the paid rounds, in an order of the seed; within its part it is
 * uniform, so that it is over the range as well. The practice round is drawn freely.
 */
const drawStratified: Draw = (plots, config, seed, round) => {
  if (round === 0) return drawValues(plots, config, seed, round)
  const { rounds } = config
  const draw = (plot: Plot, condition: Cond): number => {
    const part = stream(seed, 'strata', plot, condition).shuffle(Array.from({ length: rounds }, (_, i) => i))[round - 1]!
    const at = (part + stream(seed, 'stratum', plot, condition, round).float()) / rounds
    return valueAt(rangeOf(plot, condition), at)
  }
  return plots.map(plot => [draw(plot, 0), draw(plot, 1)])
}

/** By configuration the session that was drawn last: its rounds are asked for one after another. */
const sessions = new WeakMap<SpatialConfig, { readonly seed: number; readonly values: SessionValues }>()

const drawMatched: Draw = (plots, config, seed, round) => {
  if (round === 0) return drawValues(plots, config, seed, round)
  let session = sessions.get(config)
  if (session?.seed !== seed) {
    session = { seed, values: matched(plots, config, seed) }
    sessions.set(config, session)
  }
  return [...session.values[round - 1]!]
}

const VALUES: Readonly<Record<NonNullable<SpatialConfig['values']>, Draw>> = {
  independent: drawValues,
  stratified: drawStratified,
  matched: drawMatched,
}

/** The plots that a speculator is shown in a round, in the order of the map. */
export function inspectedPlots({ inspect = 0, owners }: SpatialConfig, seed: number, round: number, player: number): number[] {
  if (inspect === 0) return []
  const all = Array.from({ length: owners + 1 }, (_, plot) => plot)
  return stream(seed, 'inspect', round, player)
    .shuffle(all)
    .slice(0, inspect)
    .sort((a, b) => a - b)
}

function drawSignals(config: SpatialConfig, seed: number, round: number, values: readonly Pair[]): Pair[] {
  const random = stream(seed, 'signals', round)
  const width = signalWidth(config)
  const worth = ([0, 1] as const).map(condition => sharePerPoint(config.final_tax) * total(values, condition))
  const draw = (condition: Cond): number =>
    Math.round(
      config.signals === 'additive'
        ? worth[condition]! + random.uniform(-width, width)
        : worth[condition]! * random.uniform(0.95, 1.05),
    )
  return rosterOf(config).agents.map(() => [draw(0), draw(1)])
}

/** Points of all plots together under a condition. */
export function total(values: readonly Pair[], condition: Cond): number {
  let sum = 0
  for (const value of values) sum += value[condition]
  return sum
}
