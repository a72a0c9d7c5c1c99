/**
 * The runs of *Sim-Economy Under Compute Pricing Pressure*: its policy in all eight seats of the `paper` preset, 60 turns, run
 * k from seed 1000 + k. Knows the published tables and how ours are laid out like them; judges nothing.
 */

import { readFileSync } from 'node:fs'
import { simEconomyBots } from '../../bots/sim_economy/index.ts'
import { Registry } from '../../envs/core/registry.ts'
import type { ConfigInput } from '../../envs/sim_economy/config.ts'
import { simEconomy } from '../../envs/sim_economy/index.ts'
import { PUBLISHED_METRICS } from '../../envs/sim_economy/metrics.ts'
import { type Experiment, experiment } from '../../evals/experiment.ts'
import type { Playable } from '../../evals/opponents.ts'
import { planExperiment, rolloutsOf } from '../../evals/run_experiment.ts'
import type { Rollout } from '../../rollouts/rollout.ts'
import { runRollout } from '../../rollouts/run_rollout.ts'
import { defineEconomy } from '../economy.ts'

/** One run's figures by the published columns, `run_id` and `turns` first. */
export type RunRow = Readonly<Record<string, number>>

/** What the study publishes of one column over its runs. */
export interface Aggregate {
  readonly mean: number
  /** Sample standard deviation; 0 of a single run. */
  readonly std: number
  /** 1.96 · std / √n. */
  readonly ci95: number
  readonly min: number
  readonly max: number
}

export interface Published {
  readonly title: string
  readonly source: string
  readonly n: number
  readonly world_config: Readonly<Record<string, unknown>>
  readonly columns: readonly string[]
  readonly runs: readonly (readonly number[])[]
  readonly aggregate: Readonly<Record<string, Aggregate>>
  /** What the text of the paper says of its runs: a number as it is printed, and digits after its point. */
  readonly claims: readonly {
    readonly claim: string
    readonly value: number
    readonly digits: number
    readonly within: number
  }[]
}

/** The published tables. */
export function readPublished(): Published {
  return JSON.parse(readFileSync(new URL('./paper.json', import.meta.url), 'utf8')) as Published
}

/** The columns of the published table. */
export const COLUMNS = ['run_id', 'turns', ...PUBLISHED_METRICS] as const

/** The seed of run 0. */
const FIRST_SEED = 1000

const ECONOMIES = new Registry<Playable>('economy')
ECONOMIES.add(simEconomy.id, defineEconomy({ env: simEconomy, ...simEconomyBots }))

/**
 * The study as an experiment: the paper's policy in all eight seats, on a seed a run. `first` and those up to `end`; `set` are
 * fields of the configuration that are not the paper's.
 */
function studyOf(first: number, end: number, set: ConfigInput = {}): Experiment {
  return experiment({
    name: 'sim-economy-paper',
    entries: [
      {
        env: simEconomy.id,
        presets: ['paper'],
        set,
        seeds: `${FIRST_SEED + first}:${FIRST_SEED + end}`,
        players: ['bot:paper_harness'],
        opponents: 'paper_harness:7',
      },
    ],
  })
}

/** The runs of the study in order, each an episode like any other. */
export function* playStudy(first: number, end: number, set: ConfigInput = {}): Generator<Rollout> {
  for (const planned of rolloutsOf(planExperiment(studyOf(first, end, set), { economies: ECONOMIES }))) {
    const rollout = runRollout(planned)
    if (rollout instanceof Promise || !rollout.ok) throw new Error('playStudy: expected an answer at once, bots play all seats')
    yield rollout
  }
}

/** One run of it. */
export function playRun(id: number): Rollout {
  return playStudy(id, id + 1).next().value as Rollout
}

/** A run's figures in the published columns. */
export function runRow(id: number, { log, metrics }: Rollout): RunRow {
  const figures: RunRow = { run_id: id, turns: log.steps.length, ...(Object.values(metrics)[0] as RunRow) }
  return Object.fromEntries(COLUMNS.map(column => [column, figures[column]!]))
}

export function labelled(columns: readonly string[], values: readonly number[]): RunRow {
  return Object.fromEntries(columns.map((column, i) => [column, values[i]!]))
}

/** The published aggregate of every column but `run_id`. */
export function aggregate(rows: readonly RunRow[]): Record<string, Aggregate> {
  return Object.fromEntries(COLUMNS.slice(1).map(column => [column, aggregated(rows.map(figures => figures[column]!))]))
}

function aggregated(values: readonly number[]): Aggregate {
  const n = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const std = n < 2 ? 0 : Math.sqrt(squares / (n - 1))
  return { mean, std, ci95: (1.96 * std) / Math.sqrt(n), min: Math.min(...values), max: Math.max(...values) }
}
