/**
 * The study of *Sim-Economy Under Compute Pricing Pressure*: its policy in all eight seats of the `paper` preset, 60 turns,
 * run k from seed 1000 + k. Knows the published tables and how ours are laid out like them; the rules are the economy's.
 */

import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { UserError } from '../../envs/core/errors.ts'
import { type Config, configSchema, presets } from '../../envs/sim_economy/config.ts'
import { PUBLISHED_METRICS } from '../../envs/sim_economy/metrics.ts'
import { row, type Study, type StudyRow } from '../../evals/study.ts'
import { makeFolder, refused, replaceFile } from '../../rollouts/disk.ts'
import { Appender } from '../../rollouts/jsonl.ts'
import type { Rollout } from '../../rollouts/rollout.ts'
import type { StepsRow } from '../../rollouts/rows.ts'
import { FILES } from '../../rollouts/store.ts'
import { interventionTable } from './interventions.ts'
import { claimRows } from './paper_claims.ts'
import { aggregate, COLUMNS, labelled, type Published, playStudy, type RunRow, readPublished, runRow } from './paper_runs.ts'

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

/** The same of columns that the drift moves in most runs: how far off a run may be, and how many of the 24 must be within it. */
const REQUIRED_WITHIN: Readonly<Record<string, readonly [off: number, runs: number]>> = {
  fees_total: [3, 19],
  min_balance_final: [3, 22],
  max_balance_final: [3, 23],
  // Eight agents of 3 tokens each.
  token_supply_final: [24, 21],
  gini_wealth_shifted: [0.02, 22],
  top1_wealth_shifted_share_final: [0.02, 21],
}

/** Columns whose mean is judged too: within the published 95 % interval of the mean. */
const JUDGED_MEANS = Object.keys(REQUIRED_WITHIN)

/** Further columns whose equal runs are counted for information. */
const COUNTED = ['actions_unstake', 'min_balance_final', 'max_balance_final']

const MOST_RUNS = 10_000

export const simEconomyPaper: Study = {
  id: 'sim-economy-paper',
  title: 'Sim-Economy Under Compute Pricing Pressure: 24 runs of 60 turns, eight agents on the published policy',
  source: 'The paper’s run_metrics.csv (one row a run) and summary.json; copied in economies/sim_economy/paper.json.',
  options: {
    runs: { type: 'string', default: '1:25', description: 'run ids A:B without B; the published ones are 1:25' },
    interventions: {
      type: 'boolean',
      default: false,
      description: 'play the same runs under each of the five interventions, and say what each changes',
    },
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
    const all = both.length === published.n
    const effects = options.interventions === true && !interrupted ? interventionTable(first, end, ours) : undefined
    return {
      rows: [
        ...meanRows(ours, both.length === ours.length ? both.map(({ their }) => their) : [], all),
        ...equalRows(both, all),
        ...(all ? claimRows(ours, published) : []),
      ],
      ...(effects && { tables: [effects.table] }),
      notes: [
        ...(effects?.notes ?? []),
        'Documented in the paper: the configuration, the policy and its random numbers, billing and study discount in outline, the metrics. Reconstructed from the published figures: wages, what a refused unstake does, interest, what reaches the block threshold. Ours: who wins a block, which no figure of this study depends on.',
        'The published runs show a drift of 0 to 3 tokens an agent over 60 turns that no rule explains; it is not fitted away. That is why not all runs are equal.',
        ...(all
          ? [
              'Claims of the text: the Gini and the top share are the shifted ones, a variation is the standard deviation over the mean, quartiles are nearest ranks. The text prints the correlation of fees and Gini without its sign; its own table gives −0.251.',
              'Allowed: the published 95 % interval of a mean, and of what is made of means; a tenth of a coefficient of variation; 0.05 of a correlation.',
            ]
          : []),
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

/** Every metric's mean and spread beside the published one; `theirs` is empty where not all runs were published. */
function meanRows(ours: readonly RunRow[], theirs: readonly RunRow[], all: boolean): StudyRow[] {
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
      // What the longest line of the table leaves room for.
      digits: /gini|share/.test(figure) ? 3 : /balance|supply|fees|shift/.test(figure) ? 1 : 2,
      ...(all && JUDGED_MEANS.includes(figure) && { tolerance: their![figure]!.ci95 }),
    }),
  )
}

/** How many runs equal the published ones or nearly do, by column; judged where all of them were played. */
function equalRows(both: readonly { readonly mine: RunRow; readonly their: RunRow }[], all: boolean): StudyRow[] {
  if (both.length === 0) return []
  const counted = (group: string, figure: string, within: number, least: number | undefined): StudyRow =>
    row({
      group,
      figure: within === 0 ? figure : `${figure}, ± ${within}`,
      kind: 'published',
      published: both.length,
      ours: both.filter(({ mine, their }) => Math.abs(mine[figure]! - their[figure]!) <= within).length,
      n: both.length,
      digits: 0,
      ...(least !== undefined && all && { least }),
    })
  const equal = [...Object.keys(REQUIRED), ...COUNTED].map(column =>
    counted('Runs equal to the published ones', column, 0, REQUIRED[column]),
  )
  const near = Object.entries(REQUIRED_WITHIN).map(([column, [off, runs]]) =>
    counted('Runs nearly equal to the published ones', column, off, runs),
  )
  return [...equal, ...near]
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

  /** One line an episode, in the format of every run's logs (`readSteps`). */
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
