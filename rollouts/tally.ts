/**
 * Rollouts added up a row at a time, for what a run came to and for comparisons alike. Holds sums by scenario and counts; no rollout,
 * no message and no key, so that memory does not grow with a run.
 */
import { Column } from './column.ts'
import { addUsage, plusKnown } from './models/usage.ts'
import type { CallRow, Usage } from './player.ts'
import type { ResultFigures } from './rows.ts'

/** The ratio of neighbouring buckets of latencies: what a quantile may be off by. */
const BUCKET = 1.02

/** What model calls came to, as plain data. */
export interface SpendingSums {
  readonly calls: number
  readonly cached: number
  readonly retries: number
  readonly usage: Usage
  /** USD; null where a price is not known. */
  readonly cost: number | null
  /** Calls by bucket of latency. */
  readonly latencies: Readonly<Record<string, number>>
  readonly dropped?: Readonly<Record<string, number>>
  readonly adaptations?: Readonly<Record<string, number>>
}

/** Model calls, added up. */
export class Spending {
  calls = 0
  /** Those that the response cache answered. */
  cached = 0
  retries = 0
  /** Null until there is a call. */
  usage: Usage | null = null
  /** Calls that an option was left out of, by option, and calls that were sent in a second form, by form. */
  readonly dropped = new Map<string, number>()
  readonly adaptations = new Map<string, number>()
  #usd: number | null = 0
  /** Calls that the cache did not answer, by latency: the bucket b holds those of about `BUCKET ** b` milliseconds. */
  readonly #latencies = new Map<number, number>()

  add(call: Pick<CallRow, 'usage' | 'cost' | 'retries' | 'latency_ms' | 'cached' | 'dropped' | 'adaptations'>): void {
    const { usage, cost, retries, latency_ms, cached, dropped = [], adaptations = [] } = call
    this.calls++
    this.retries += retries
    this.usage = this.usage === null ? usage : addUsage(this.usage, usage)
    this.#usd = plusKnown(this.#usd, cost)
    for (const option of dropped) count(this.dropped, option)
    for (const form of adaptations) count(this.adaptations, form)
    if (cached) this.cached++
    else count(this.#latencies, Math.round(Math.log(Math.max(latency_ms, 1)) / Math.log(BUCKET)))
  }

  /** Adds what others came to. */
  addSums({ calls, cached, retries, usage, cost, latencies, dropped = {}, adaptations = {} }: SpendingSums): void {
    this.calls += calls
    this.cached += cached
    this.retries += retries
    this.usage = this.usage === null ? usage : addUsage(this.usage, usage)
    this.#usd = plusKnown(this.#usd, cost)
    for (const bucket in latencies) count(this.#latencies, Number(bucket), latencies[bucket])
    for (const option in dropped) count(this.dropped, option, dropped[option])
    for (const form in adaptations) count(this.adaptations, form, adaptations[form])
  }

  /** What they came to; undefined where there were none. */
  get sums(): SpendingSums | undefined {
    if (this.usage === null) return undefined
    const { calls, cached, retries, usage, dropped, adaptations } = this
    return {
      calls,
      cached,
      retries,
      usage,
      cost: this.#usd,
      latencies: Object.fromEntries(this.#latencies),
      ...(dropped.size > 0 && { dropped: Object.fromEntries(dropped) }),
      ...(adaptations.size > 0 && { adaptations: Object.fromEntries(adaptations) }),
    }
  }

  /** USD; null where a price is not known or no model was called. */
  get cost(): number | null {
    return this.calls === 0 ? null : this.#usd
  }

  /** Milliseconds that a share of the calls stayed below, within 1 %; null where none was measured. */
  latency(share: number): number | null {
    let left = share * (this.calls - this.cached)
    for (const [bucket, calls] of [...this.#latencies].sort(([a], [b]) => a - b)) {
      left -= calls
      if (left <= 0) return BUCKET ** bucket
    }
    return null
  }
}

/** Rows of results, added up. */
export class Tally {
  /** One 1 a row: what zeros are counted against, and the rollouts by scenario. */
  readonly rows = new Column()
  readonly reward = new Column()
  /** By name: the parts of the score, then the economy's metrics and the runner's counts. */
  readonly metrics = new Map<string, Column>()
  /** The names of the score's parts. */
  readonly parts = new Set<string>()
  /** By tool and by refusal code: a value a row that has any. */
  readonly calls = new Map<string, Column>()
  readonly refused = new Map<string, Column>()
  readonly silent = new Column()
  readonly cost = new Column()
  /** By scenario: rows, and rows whose reward passed. */
  readonly passes: { n: number; passed: number }[] = []
  readonly stops = new Map<string, number>()
  readonly turns = new Map<number, number>()
  truncated = 0

  /** A row of a scenario, counted from 0; a reward from `threshold` on is a pass. */
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
    this.passes[scenario] ??= { n: 0, passed: 0 }
    this.passes[scenario].n++
    if (reward >= threshold) this.passes[scenario].passed++
    count(this.stops, row.stop_condition)
    count(this.turns, metrics.num_turns ?? 0)
    if (row.is_truncated) this.truncated++
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

function count<Key>(counts: Map<Key, number>, key: Key, times = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + times)
}
