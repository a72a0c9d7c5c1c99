/**
 * What the paper's five interventions change in its runs: the same seeds and the same policy, one module at a time, beside the
 * runs without any. Where a module with the paper's numbers changes nothing, it stands a second time with numbers that bind.
 */
import { type ConfigInput, configSchema, presets } from '../../envs/sim_economy/config.ts'
import type { SimEconomy } from '../../envs/sim_economy/state.ts'
import type { StudyTable } from '../../evals/study.ts'
import type { Rollout } from '../../rollouts/rollout.ts'
import { aggregate, COLUMNS, playStudy, type RunRow, runRow } from './paper_runs.ts'

interface Intervention {
  readonly name: string
  readonly set: ConfigInput
  /** Fields of the runs it is compared with, where these are not the paper's. */
  readonly beside?: ConfigInput
  /** Why it did nothing, where it did nothing; `lowest` is the smallest balance of any turn. */
  readonly idle?: (lowest: number) => string
}

const INTERVENTIONS: readonly Intervention[] = [
  { name: 'fee_cap', set: { fee_cap: {} } },
  { name: 'fee_cap, block pays 100', set: { fee_cap: {}, block_reward: 100 }, beside: { block_reward: 100 } },
  {
    name: 'fee_cap, wages count too',
    set: { fee_cap: { income: 'blocks_and_wages' } },
    idle: () => 'the fees of its window never come to what all agents could have earned by jobs in it',
  },
  { name: 'reinvestment_rebate', set: { reinvestment_rebate: {} } },
  {
    name: 'debt_rail',
    set: { debt_rail: {} },
    idle: lowest =>
      `it freezes debt above ${configSchema.parse({ ...presets.paper, debt_rail: {} }).debt_rail!.cap} tokens, and the largest of any turn is ${-lowest}`,
  },
  { name: 'debt_rail, cap 200', set: { debt_rail: { cap: 200 } } },
  { name: 'contract_scaffold', set: { contract_scaffold: {} } },
  { name: 'concentration_monitor', set: { concentration_monitor: {} } },
]

/** What is shown of each: a column of the published table, the word for it, and digits. */
const SHOWN = [
  ['fees_total', 'fees', 0],
  ['block_count_db', 'blocks', 1],
  ['actions_job', 'jobs', 1],
  ['token_supply_final', 'supply', 0],
  ['min_balance_final', 'min', 0],
  ['gini_wealth_shifted', 'Gini', 3],
] as const

/** What the modules do, as their events say. */
const ACTS = ['fees_capped', 'fee_rebated', 'debt_frozen', 'fund_fed', 'fees_halved']

interface Effect {
  readonly runs: readonly RunRow[]
  /** Turns in which the module did something. */
  readonly acted: number
  /** Runs with another figure in any column. */
  readonly changed: number
  /** The smallest balance of any agent at the end of any turn. */
  readonly lowest: number
}

/** The published runs under one intervention, beside the runs without. */
function effectOf({ set, beside }: Intervention, first: number, end: number, plain: readonly RunRow[]): Effect {
  const without = beside === undefined ? plain : played(first, end, beside).map(({ figures }) => figures)
  const under = played(first, end, set)
  return {
    runs: under.map(({ figures }) => figures),
    acted: under.reduce((sum, { acted }) => sum + acted, 0),
    changed: under.filter(({ figures }, i) => COLUMNS.some(column => figures[column] !== without[i]![column])).length,
    lowest: Math.min(...under.map(({ lowest }) => lowest)),
  }
}

interface Played {
  readonly figures: RunRow
  readonly acted: number
  readonly lowest: number
}

function played(first: number, end: number, set: ConfigInput): Played[] {
  return [...playStudy(first, end, set)].map((rollout, i) => {
    const turns = eventsByTurn(rollout)
    return {
      figures: runRow(first + i, rollout),
      acted: turns.filter(events => events.some(({ type }) => ACTS.includes(type))).length,
      lowest: Math.min(...turns.flat().flatMap(event => (event.type === 'turn_closed' ? event.balance : []))),
    }
  })
}

function eventsByTurn({ log }: Rollout): (readonly SimEconomy['Event'][])[] {
  return (log.steps as unknown as readonly { readonly events: readonly SimEconomy['Event'][] }[]).map(({ events }) => events)
}

/** One row an intervention, means over the runs, and why some do nothing. `plain` are the same runs without any. */
export function interventionTable(
  first: number,
  end: number,
  plain: readonly RunRow[],
): { readonly table: StudyTable; readonly notes: readonly string[] } {
  const found = INTERVENTIONS.map(intervention => ({ intervention, effect: effectOf(intervention, first, end, plain) }))
  const effects = found.map(({ intervention: { name }, effect }) => [name, effect] as const)
  const turns = aggregate(plain).turns!.mean * plain.length
  const notes = found.flatMap(({ intervention: { name, idle }, effect: { acted, lowest } }) =>
    acted > 0 || idle === undefined ? [] : [`${name} does nothing in these runs: ${idle(lowest)}.`],
  )
  const table = {
    title: `The five interventions in the same runs: means of published columns (min is the smallest balance, the Gini is shifted); acts: in how many turns of ${turns} it does something; runs: in how many of ${plain.length} it changes any published figure.`,
    head: ['', 'acts', 'runs', ...SHOWN.map(([, word]) => word)],
    rows: [
      ['none', '', '', ...figuresOf(plain)],
      ...effects.map(([name, { runs, acted, changed }]) => [name, String(acted), String(changed), ...figuresOf(runs)]),
    ],
  }
  return { table, notes }
}

function figuresOf(runs: readonly RunRow[]): string[] {
  const means = aggregate(runs)
  return SHOWN.map(([column, , digits]) => means[column]!.mean.toFixed(digits))
}
