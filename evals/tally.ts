/**
 * One player's rollouts in one setting, added up a row at a time. Holds sums by scenario, counts and habits; no rollout, no
 * message and no key, so that memory does not grow with a run.
 */
import type { CallRow } from '../rollouts/player.ts'
import type { ResultFigures } from '../rollouts/rows.ts'
import { Column } from './column.ts'
import { Habits } from './habits.ts'

/** The ratio of neighbouring buckets of latencies: what a quantile may be off by. */
const BUCKET = 1.02

/** Model calls, added up. */
export class Spending {
  calls = 0
  retries = 0
  input = 0
  cached = 0
  output = 0
  reasoning = 0
  /** Whether every call said how much of its output was reasoning. */
  split = true
  /** Calls by latency: the bucket b holds those of about `BUCKET ** b` milliseconds. */
  readonly #latencies = new Map<number, number>()

  add({ usage, retries, latency_ms }: Pick<CallRow, 'usage' | 'retries' | 'latency_ms'>): void {
    this.calls++
    this.retries += retries
    this.input += usage.input_uncached + usage.input_cached_read + usage.input_cache_write
    this.cached += usage.input_cached_read
    this.output += usage.output
    this.reasoning += usage.output_reasoning ?? 0
    this.split &&= usage.output_reasoning !== null
    const bucket = Math.round(Math.log(Math.max(latency_ms, 1)) / Math.log(BUCKET))
    this.#latencies.set(bucket, (this.#latencies.get(bucket) ?? 0) + 1)
  }

  /** Milliseconds that a share of the calls stayed below, within 1 %. */
  latency(share: number): number {
    let left = share * this.calls
    for (const [bucket, count] of [...this.#latencies].sort(([a], [b]) => a - b)) {
      left -= count
      if (left <= 0) return BUCKET ** bucket
    }
    return Number.NaN
  }
}

export class Tally {
  /** What the tables call the player. */
  readonly label: string
  /** The player string. */
  readonly player: string
  /** One 1 a row: what zeros are counted against, and the rollouts by scenario. */
  readonly rows = new Column()
  readonly reward = new Column()
  /** By name: the parts of the score, then the economy's metrics and the runner's counts. */
  readonly metrics = new Map<string, Column>()
  /** By tool and by refusal code: a value a row that has any. */
  readonly calls = new Map<string, Column>()
  readonly refused = new Map<string, Column>()
  readonly silent = new Column()
  readonly stops = new Map<string, number>()
  readonly turns = new Map<number, number>()
  readonly cost = new Column()
  /** By scenario: rows, and rows whose reward passed. */
  readonly passes: { n: number; passed: number }[] = []
  readonly spending = new Spending()
  readonly habits = new Habits()
  /** The names of the score's parts. */
  readonly parts = new Set<string>()
  truncated = 0
  failed = 0
  missing = 0

  constructor(label: string, player = label) {
    this.label = label
    this.player = player
  }

  add(row: ResultFigures, scenario: number, threshold: number): void {
    const { info, metrics, reward } = row
    this.rows.addTo(scenario, 1)
    this.reward.addTo(scenario, reward)
    for (const name in metrics) columnOf(this.metrics, name).addTo(scenario, metrics[name]!)
    for (const part in info.scores) if (part !== 'reward') this.parts.add(part)
    for (const tool in info.calls) columnOf(this.calls, tool).addTo(scenario, info.calls[tool]!)
    for (const code in info.refused) columnOf(this.refused, code).addTo(scenario, info.refused[code]!)
    this.silent.addTo(scenario, info.silent)
    if (typeof info.cost === 'number') this.cost.addTo(scenario, info.cost)
    count(this.stops, row.stop_condition)
    count(this.turns, metrics.num_turns ?? 0)
    if (row.is_truncated) this.truncated++
    this.passes[scenario] ??= { n: 0, passed: 0 }
    this.passes[scenario].n++
    if (reward >= threshold) this.passes[scenario].passed++
  }

  /** Where the units of its messages come from; undefined for a player that called no model, whose units the economy draws. */
  get units(): 'reported' | 'estimated' | undefined {
    if (this.spending.calls === 0) return undefined
    return this.spending.split ? 'reported' : 'estimated'
  }

  /** Scenarios with at least one row. */
  get scenarios(): number {
    let scenarios = 0
    for (const pass of this.passes) if (pass !== undefined) scenarios++
    return scenarios
  }
}

function columnOf(columns: Map<string, Column>, name: string): Column {
  let column = columns.get(name)
  if (column === undefined) {
    column = new Column()
    columns.set(name, column)
  }
  return column
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
