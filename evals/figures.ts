/**
 * What a comparison says, as one flat list of figures: every table, file format and chart is a view of it. Knows the
 * tables; knows no files and no layout.
 */
import { csvCell } from '../envs/core/text.ts'
import type { Estimate, IntervalMethod } from './stats.ts'

/** How the values of a table are to be read. */
export type Unit = 'number' | 'count' | 'share'

interface TableFacts {
  readonly title: string
  /** What is said under it. */
  readonly note?: string
  /** Whether its figures have p-values. */
  readonly tests?: true
  /** Rows shown to people at most, the first ones; files and machines get all. */
  readonly most?: number
  /** For files, machines and charts only. */
  readonly files?: true
}

const INTERVAL = 'mean ± sd [95 % interval, scenarios as clusters; * by bootstrap, where too skewed for t]'

/** How p-values are corrected for being many: over a family, or over a table. */
export type Correction = 'holm' | 'bh'
export const CORRECTIONS: Readonly<
  Record<Correction, { readonly shown: 'p_adjusted' | 'q'; readonly over: string; readonly means: string }>
> = {
  holm: {
    shown: 'p_adjusted',
    over: 'Holm’s correction over the players of a setting',
    means:
      'p: paired t test, corrected by Holm’s method: the chance of any false difference in a family stays under 5 % (q in CSV and JSON: over the whole table)',
  },
  bh: {
    shown: 'q',
    over: 'Benjamini and Hochberg’s correction over all differences, those of metrics included',
    means:
      'q: paired t test, corrected by Benjamini and Hochberg’s method over all differences of this table in all settings: of those with q < 0.05, 5 % are expected to be false',
  },
}

/** The tables, in the order they are shown. */
export const TABLES = {
  rollouts: { title: 'Rollouts', note: 'failed: given up by a provider, never scored; missing: planned and not played yet' },
  scores: { title: 'Scores', note: INTERVAL },
  differences: {
    title: 'Difference from the baseline',
    note: 'mean difference on shared scenarios [95 % interval]; family: the players of a row',
    tests: true,
    most: 12,
  },
  settings: {
    title: 'Reward against the first setting',
    note: 'mean difference on shared scenarios [95 % interval]; family: the settings of a column',
    tests: true,
  },
  sweep: { title: 'Reward at each value', note: 'mean [95 % interval, scenarios as clusters; * by bootstrap]' },
  sweep_metrics: { title: 'Metrics at each value', note: 'mean [95 % interval]', files: true },
  passes: { title: 'Passing' },
  wins: {
    title: 'Wins',
    note: 'strength: Bradley–Terry in Elo points, mean 0 within a group [95 % bootstrap interval]; between groups the games fix no order',
  },
  spending: { title: 'Model calls', note: 'per scored rollout, unless it says otherwise; calls of rollouts that failed count' },
  stops: { title: 'Stopped by', note: 'share of rollouts' },
  turns: { title: 'Turns', note: 'share of rollouts' },
  calls: { title: 'Calls a rollout', note: 'mean ± sd; refused calls included' },
  refusals: { title: 'Refused calls a rollout, by code', note: 'mean ± sd' },
  first_use: { title: 'First use', note: 'turn of the first call, mean ± sd (share of rollouts that make one)' },
  sequences: { title: 'What follows what', note: 'share of the first among all that follows it', most: 20 },
  dealings: { title: 'Dealings a rollout', note: 'mean ± sd' },
  treatment: { title: 'What became of offers', note: 'share of offers' },
  partners: { title: 'Partners' },
  texts: { title: 'Characters written', note: 'mean ± sd, a text' },
  metrics: { title: 'Metrics', note: INTERVAL },
} as const satisfies Readonly<Record<string, TableFacts>>
export type TableId = keyof typeof TABLES

export const tableFacts: Readonly<Record<TableId, TableFacts>> = TABLES

/** What is said under a table; where it has tests, what their p-values are. */
export function tableNote(table: TableId, correction: Correction = 'holm'): string | undefined {
  const { note, tests } = tableFacts[table]
  return tests ? `${note}; ${CORRECTIONS[correction].means}` : note
}

/** A table's title in the section of a setting; one that compares with this setting names it. */
export function tableTitle(table: TableId, setting: string): string {
  return table === 'settings' ? `Reward against ${setting}` : tableFacts[table].title
}

/** One number of one player, with its uncertainty where it has one. */
export interface Figure {
  readonly table: TableId
  /** Economy, configuration and opponents: players are compared within one. */
  readonly setting: string
  readonly player: string
  readonly item: string
  readonly unit: Unit
  /** Null where it is not defined. */
  readonly value: number | null
  /** Values behind it. */
  readonly n: number
  readonly sd?: number | null
  /** The 95 % interval. */
  readonly low?: number | null
  readonly high?: number | null
  readonly method?: IntervalMethod
  /** Of a test that a difference is none: two-sided, of this test alone. */
  readonly p?: number | null
  /** p after Holm's correction over the tests of `family`. */
  readonly p_adjusted?: number | null
  /** p after Benjamini and Hochberg's correction over all tests of the table. */
  readonly q?: number | null
  /** What is tested together, such as `reward in toy_market default: players against bot:miser`. */
  readonly family?: string
  /** Share of rollouts that the value speaks of. */
  readonly share?: number
  /** Of a sweep: what was measured, the field that was changed, and its value there. */
  readonly metric?: string
  readonly factor?: string
  readonly at?: unknown
}

/** What of an estimate a figure tells. */
export function interval({ value, n, low, high, method }: Estimate): Pick<Figure, 'value' | 'n' | 'low' | 'high' | 'method'> {
  return { value, n, low, high, method }
}

/** The runner's counts among a row's metrics; they head the table of calls. */
export const COUNTS = { num_turns: '(turns)', num_calls: '(calls)', num_refused: '(refused)' } as const
export const isCount = (name: string): name is keyof typeof COUNTS => Object.hasOwn(COUNTS, name)

const FIELDS = [
  ...['table', 'setting', 'player', 'item', 'unit', 'n', 'value', 'sd', 'low', 'high', 'method'],
  ...['p', 'p_adjusted', 'q', 'family', 'share'],
] as const
/** Those that figures of sweeps have beside them. */
const SWEEP_FIELDS = ['metric', 'factor', 'at'] as const

/** All figures as CSV, a line a figure, empty where a figure has no such field; where there is a sweep, its fields come last. */
export function csv(figures: readonly Figure[]): string {
  const fields = [...FIELDS, ...(figures.some(({ factor }) => factor !== undefined) ? SWEEP_FIELDS : [])]
  const cellOf = (value: unknown) => csvCell(typeof value === 'object' ? value && JSON.stringify(value) : (value as string))
  return [fields.join(','), ...figures.map(figure => fields.map(field => cellOf(figure[field] ?? null)).join(',')), ''].join('\n')
}
