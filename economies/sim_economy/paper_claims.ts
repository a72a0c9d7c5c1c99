/**
 * What the text of the paper says of its 24 runs beside their tables, worked out anew from the published rows and from ours.
 * Quartiles are nearest ranks: the paper's are rows of its own table.
 */
import { row, type StudyRow } from '../../evals/study.ts'
import { aggregate, labelled, type Published, type RunRow } from './paper_runs.ts'

/** Each claim from the rows of runs; the names are those of `paper.json`. */
const CLAIMS: Readonly<Record<string, (rows: readonly RunRow[], published: Published) => number>> = {
  'fees / endowment': (rows, published) => mean(rows, 'fees_total') / endowment(published),
  'variation of fees, %': rows => variation(rows, 'fees_total'),
  'variation of the token supply, %': rows => variation(rows, 'token_supply_final'),
  'variation of the Gini, %': rows => variation(rows, 'gini_wealth_shifted'),
  'correlation of Gini and top share': rows => correlation(rows, 'gini_wealth_shifted', 'top1_wealth_shifted_share_final'),
  'correlation of fees and Gini': rows => correlation(rows, 'fees_total', 'gini_wealth_shifted'),
  'token supply, lower quartile': rows => nearestRank(rows, 'token_supply_final', 0.25),
  'token supply, upper quartile': rows => nearestRank(rows, 'token_supply_final', 0.75),
  'tokens destroyed / endowment, %': (rows, published) => 100 * (1 - mean(rows, 'token_supply_final') / endowment(published)),
  'turns with a block, %': rows => (100 * mean(rows, 'turns_with_block')) / mean(rows, 'turns'),
  'mine and job of all actions, %': (rows, published) =>
    (100 * (mean(rows, 'actions_mine') + mean(rows, 'actions_job'))) / (mean(rows, 'turns') * agents(published)),
}

/** A claim from rows of runs. */
export function claimed(claim: string, rows: readonly RunRow[], published: Published): number {
  return CLAIMS[claim]!(rows, published)
}

/** The published runs as rows. */
export function publishedRows({ columns, runs }: Published): RunRow[] {
  return runs.map(values => labelled(columns, values))
}

/**
 * Every claim beside ours. What may differ: the published 95 % interval of a mean and of what is made of it, a tenth of a
 * coefficient of variation, 0.05 of a correlation.
 */
export function claimRows(ours: readonly RunRow[], published: Published): StudyRow[] {
  return published.claims.map(({ claim, value, digits, within }) =>
    row({
      group: 'What the text of the paper says of its runs',
      figure: claim,
      kind: 'published',
      published: value,
      publishedN: published.n,
      ours: claimed(claim, ours, published),
      n: ours.length,
      tolerance: within,
      digits,
    }),
  )
}

function agents({ world_config }: Published): number {
  return world_config.num_agents as number
}

function endowment(published: Published): number {
  return agents(published) * (published.world_config.genesis_tokens_per_agent as number)
}

function mean(rows: readonly RunRow[], column: string): number {
  return aggregate(rows)[column]!.mean
}

/** Percent. */
function variation(rows: readonly RunRow[], column: string): number {
  const { mean, std } = aggregate(rows)[column]!
  return (100 * std) / Math.abs(mean)
}

function correlation(rows: readonly RunRow[], a: string, b: string): number {
  const [of, with_] = [aggregate(rows)[a]!, aggregate(rows)[b]!]
  const together = rows.reduce((sum, figures) => sum + (figures[a]! - of.mean) * (figures[b]! - with_.mean), 0)
  return together / (rows.length - 1) / (of.std * with_.std)
}

function nearestRank(rows: readonly RunRow[], column: string, p: number): number {
  return rows.map(figures => figures[column]!).sort((a, b) => a - b)[Math.ceil(p * rows.length) - 1]!
}
