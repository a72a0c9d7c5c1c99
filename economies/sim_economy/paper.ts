/**
 * The study of *Sim-Economy Under Compute Pricing Pressure*: its policy in all eight seats of the `paper` preset, 60 turns,
 * run k from seed 1000 + k. Knows the published tables and how ours are laid out like them; the rules are the economy's.
 */

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { simEconomyBots } from '../../bots/sim_economy/index.ts'
import { UserError } from '../../envs/core/errors.ts'
import { Registry } from '../../envs/core/registry.ts'
import { type Config, configSchema, presets } from '../../envs/sim_economy/config.ts'
import { simEconomy } from '../../envs/sim_economy/index.ts'
import { PUBLISHED_METRICS } from '../../envs/sim_economy/metrics.ts'
import { type Experiment, experiment } from '../../evals/experiment.ts'
import type { Playable } from '../../evals/plan.ts'
import { planExperiment, rolloutsOf } from '../../evals/run_experiment.ts'
import { row, type Study, type StudyRow } from '../../evals/study.ts'
import { Appender, makeFolder, refused, replaceFile } from '../../rollouts/jsonl.ts'
import { type Rollout, runRollout } from '../../rollouts/rollout.ts'
import type { StepsRow } from '../../rollouts/rows.ts'
import { FILES } from '../../rollouts/store.ts'
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

interface Published {
  readonly title: string
  readonly source: string
  readonly n: number
  readonly world_config: Readonly<Record<string, unknown>>
  readonly columns: readonly string[]
  readonly runs: readonly (readonly number[])[]
  readonly aggregate: Readonly<Record<string, Aggregate>>
}

/** The published tables. */
export function readPublished(): Published {
  return JSON.parse(readFileSync(new URL('./paper.json', import.meta.url), 'utf8')) as Published
}

/** The columns of the published table. */
export const COLUMNS = ['run_id', 'turns', ...PUBLISHED_METRICS] as const

/**
 * How many of the 24 runs must come out equal to the published ones, by column. The other runs differ by a drift of 0 to 3
 * tokens an agent that no documented rule explains; in seven it tips an agent over a threshold of its policy a turn earlier
 * or later.
 */
const REQUIRED: Readonly<Record<string, number>> = {
  fees_total: 17,
  block_count_db: 21,
  actions_stake: 24,
  actions_burn: 24,
  actions_study: 24,
  actions_mine: 15,
  actions_job: 15,
}

/** Further columns whose equal runs are counted for information. */
const COUNTED = ['actions_unstake', 'min_balance_final', 'max_balance_final']

const MOST_RUNS = 10_000
/** The seed of run 0. */
const FIRST_SEED = 1000

export const simEconomyPaper: Study = {
  id: 'sim-economy-paper',
  title: 'Sim-Economy Under Compute Pricing Pressure: 24 runs of 60 turns, eight agents on the published policy',
  source: 'The paper’s run_metrics.csv (one row a run) and summary.json; copied in economies/sim_economy/paper.json.',
  options: {
    runs: { type: 'string', default: '1:25', description: 'run ids A:B without B; the published ones are 1:25' },
  },
  async run({ options, out, signal, progress }) {
    const published = readPublished()
    const [first, end] = runIds(String(options.runs ?? '1:25'))
    const due = end - first
    const files = out === undefined ? undefined : new StudyFiles(out)
    const ours: RunRow[] = []
    for (const rollout of playStudy(first, end)) {
      files?.add(rollout)
      ours.push(runRow(first + ours.length, rollout))
      progress(ours.length, due)
      // Lets a signal in between two runs.
      await setImmediate()
      if (signal.aborted) break
    }
    files?.end(ours, published)

    const theirs = new Map(published.runs.map(values => [values[0]!, labelled(published.columns, values)]))
    const both = ours.filter(({ run_id }) => theirs.has(run_id!)).map(mine => ({ mine, their: theirs.get(mine.run_id!)! }))
    const interrupted = ours.length < due
    return {
      rows: [
        ...meanRows(ours, both.length === ours.length ? both.map(({ their }) => their) : []),
        ...equalRows(both, published.n),
      ],
      notes: [
        'Documented in the paper: the configuration, the policy and its random numbers, billing and study discount in outline, the metrics. Reconstructed from the published figures: wages, what a refused unstake does, interest, what reaches the block threshold. Ours: who wins a block, which no figure of this study depends on.',
        'The published runs show a drift of 0 to 3 tokens an agent over 60 turns that no rule explains; it is not fitted away. That is why not all runs are equal.',
        ...(both.length < published.n
          ? [`${both.length} of the ${published.n} published runs were played: the counts are not judged.`]
          : []),
        ...(interrupted ? [`Interrupted after ${ours.length} of ${due} runs.`] : []),
        out === undefined
          ? 'No files were written; --out DIR writes run_metrics.csv, summary.json and steps.jsonl.'
          : `Files: ${out}`,
      ],
      ok: !interrupted,
    }
  },
}

/** `A:B`, half-open. */
function runIds(text: string): readonly [first: number, end: number] {
  const [, from, to] = /^(\d{1,9}):(\d{1,9})$/.exec(text) ?? []
  const first = Number(from)
  const end = Number(to)
  if (!(first < end)) throw new UserError(`--runs: expected A:B with A < B, such as 1:25, got '${text.slice(0, 64)}'.`)
  if (end - first > MOST_RUNS) throw new UserError(`--runs: expected at most ${MOST_RUNS} runs, got ${end - first}.`)
  return [first, end]
}

const config: Config = configSchema.parse(presets.paper)

const ECONOMIES = new Registry<Playable>('economy')
ECONOMIES.add(simEconomy.id, defineEconomy({ env: simEconomy, ...simEconomyBots }))

/** The study as an experiment: the paper's policy in all eight seats, on a seed a run. `first` and those up to `end`. */
export function studyOf(first: number, end: number): Experiment {
  return experiment({
    name: 'sim-economy-paper',
    entries: [
      {
        env: simEconomy.id,
        presets: ['paper'],
        seeds: `${FIRST_SEED + first}:${FIRST_SEED + end}`,
        players: ['bot:paper_harness'],
        opponents: 'paper_harness:7',
      },
    ],
  })
}

/** The runs of the study in order, each an episode like any other. */
export function* playStudy(first: number, end: number): Generator<Rollout> {
  for (const planned of rolloutsOf(planExperiment(studyOf(first, end), { economies: ECONOMIES }))) {
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

function labelled(columns: readonly string[], values: readonly number[]): RunRow {
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

/** Every metric's mean and spread beside the published one; `theirs` is empty where not all runs were published. */
function meanRows(ours: readonly RunRow[], theirs: readonly RunRow[]): StudyRow[] {
  const mine = aggregate(ours)
  const their = theirs.length === 0 ? undefined : aggregate(theirs)
  return PUBLISHED_METRICS.map(figure =>
    row({
      group: 'Mean over the runs ± standard deviation',
      figure,
      kind: 'published',
      published: their?.[figure]?.mean ?? null,
      ...(their !== undefined && { publishedSd: their[figure]!.std, publishedN: theirs.length }),
      ours: mine[figure]!.mean,
      oursSd: mine[figure]!.std,
      n: ours.length,
    }),
  )
}

/** How many runs equal the published ones, by column; judged where all of them were played. */
function equalRows(both: readonly { readonly mine: RunRow; readonly their: RunRow }[], all: number): StudyRow[] {
  if (both.length === 0) return []
  return [...Object.keys(REQUIRED), ...COUNTED].map(column => {
    const required = REQUIRED[column]
    return row({
      group: 'Runs equal to the published ones',
      figure: column,
      kind: 'published',
      published: both.length,
      ours: both.filter(({ mine, their }) => mine[column] === their[column]).length,
      n: both.length,
      digits: 0,
      ...(required !== undefined && both.length === all && { tolerance: all - required }),
    })
  })
}

/** The files of the study, straight in one folder. */
class StudyFiles {
  readonly #folder: string
  readonly #steps: Appender

  constructor(folder: string) {
    this.#folder = folder
    const steps = join(folder, 'steps.jsonl')
    this.#steps = new Appender(steps)
    if (existsSync(join(folder, FILES.metadata)))
      throw new UserError(`${folder} is a run's folder, whose logs the study would replace; choose another with --out.`)
    try {
      makeFolder(folder)
      rmSync(steps, { force: true })
    } catch (error) {
      throw refused(folder, error)
    }
  }

  /** One line an episode, in the format of every run's steps.jsonl. */
  add({ key, log }: Rollout): void {
    this.#steps.append(JSON.stringify({ key, ...log } satisfies StepsRow))
  }

  end(rows: readonly RunRow[], { world_config }: Published): void {
    this.#steps.close()
    const lines = [COLUMNS.join(','), ...rows.map(figures => COLUMNS.map(column => String(figures[column])).join(','))]
    this.#write('run_metrics.csv', `${lines.join('\n')}\n`)
    const summary = {
      runs: rows.length,
      turns: config.horizon_turns,
      world_config: Object.fromEntries(Object.keys(world_config).map(field => [field, config[field as keyof Config]])),
      aggregate: aggregate(rows),
    }
    this.#write('summary.json', `${JSON.stringify(summary, null, 2)}\n`)
  }

  #write(name: string, text: string): void {
    replaceFile(join(this.#folder, name), write => write(Buffer.from(text)))
  }
}
