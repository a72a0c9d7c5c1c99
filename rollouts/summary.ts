/**
 * What a run came to: figures added up by example, counts of what happened. Reads the rows of a run once and holds sums
 * only. Knows no player, no statistics beyond a mean, and no layout.
 */
import { type Figure, mean } from './figure.ts'
import { PASS_THRESHOLD, type PassRates, passRates } from './pass_rates.ts'
import type { Usage } from './player.ts'
import { readCallFigures, readErrors, readFigures } from './store.ts'

export { type Figure, mean, PASS_THRESHOLD }

export interface Summary extends PassRates {
  /** Rollouts that were scored. */
  readonly ok: number
  /** Rollouts that were given up and not made up for since. */
  readonly failed: number
  /** Scored rollouts that a limit ended. */
  readonly truncated: number
  readonly reward: Figure
  /** By name: the parts of the score, the economy's metrics, the runner's counts. */
  readonly metrics: Readonly<Record<string, Figure>>
  /** Rollouts by why they ended. */
  readonly stops: Readonly<Record<string, number>>
  /** Calls per rollout by tool, refused ones included. */
  readonly calls: Readonly<Record<string, number>>
  /** Refused calls per rollout by code. */
  readonly refused: Readonly<Record<string, number>>
  /** Tokens of all model calls of the run, those of failed rollouts included; null where no model was called. */
  readonly usage: Usage | null
  /** USD; null where a price is not known or no model was called. */
  readonly cost: number | null
  /** How the model calls went; null where no model was called. */
  readonly traffic: Traffic | null
  /** Calls that an option was left out of because the endpoint does not support it, by option. */
  readonly dropped: Readonly<Record<string, number>>
  /** Calls that were sent in a second form, by form. */
  readonly adaptations: Readonly<Record<string, number>>
}

export interface Traffic {
  /** Calls that were answered. */
  readonly calls: number
  /** Those of them that the response cache answered. */
  readonly cached: number
  /** Failed attempts before the answers. */
  readonly retries: number
  /** Of the answered attempts, in milliseconds, without those from the response cache. */
  readonly latency_p50_ms: number | null
  readonly latency_p95_ms: number | null
}

/** A figure that is being added up. */
class Sums implements Figure {
  readonly sums: number[] = []
  readonly counts: number[] = []

  add(example: number, value: number): void {
    while (this.sums.length <= example) {
      this.sums.push(0)
      this.counts.push(0)
    }
    this.sums[example]! += value
    this.counts[example]!++
  }
}

/** Reads the files of a run; a reward from `threshold` on is a pass. */
export function summarize(folder: string, threshold: number = PASS_THRESHOLD): Summary {
  const examples = new Map<number, { index: number; n: number; passed: number }>()
  const reward = new Sums()
  const metrics = new Map<string, Sums>()
  const stops: Record<string, number> = {}
  const calls: Record<string, number> = {}
  const refused: Record<string, number> = {}
  const done = new Set<string>()
  let rowCount = 0
  let truncated = 0

  for (const row of readFigures(folder)) {
    const { info } = row
    rowCount++
    let example = examples.get(row.example_id)
    if (example === undefined) {
      example = { index: examples.size, n: 0, passed: 0 }
      examples.set(row.example_id, example)
    }
    example.n++
    if (row.reward >= threshold) example.passed++
    reward.add(example.index, row.reward)
    for (const [name, value] of Object.entries(row.metrics)) {
      let figure = metrics.get(name)
      if (figure === undefined) {
        figure = new Sums()
        metrics.set(name, figure)
      }
      figure.add(example.index, value)
    }
    addTo(calls, info.calls)
    addTo(refused, info.refused)
    if (done.has(row.key)) continue
    done.add(row.key)
    addTo(stops, { [row.stop_condition]: 1 })
    if (row.is_truncated) truncated++
  }

  const failed = new Set<string>()
  for (const { key } of readErrors(folder)) if (!done.has(key)) failed.add(key)
  return {
    ok: done.size,
    failed: failed.size,
    truncated,
    reward,
    metrics: Object.fromEntries(metrics),
    stops,
    calls: scaled(calls, rowCount),
    refused: scaled(refused, rowCount),
    ...passRates([...examples.values()]),
    ...spent(folder),
  }
}

function addTo(sums: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + value
}

function scaled(sums: Readonly<Record<string, number>>, by: number): Record<string, number> {
  return Object.fromEntries(Object.entries(sums).map(([name, value]) => [name, value / by]))
}

function spent(folder: string): Pick<Summary, 'usage' | 'cost' | 'traffic' | 'dropped' | 'adaptations'> {
  let usage: Usage | null = null
  let cost: number | null = null
  let priced = true
  let calls = 0
  let cached = 0
  let retries = 0
  const latencies = new Latencies()
  const dropped: Record<string, number> = {}
  const adaptations: Record<string, number> = {}
  for (const call of readCallFigures(folder)) {
    usage = usage === null ? call.usage : addUsage(usage, call.usage)
    if (call.cost === null) priced = false
    else cost = (cost ?? 0) + call.cost
    for (const name of call.dropped ?? []) addTo(dropped, { [name]: 1 })
    for (const name of call.adaptations ?? []) addTo(adaptations, { [name]: 1 })
    calls++
    retries += call.retries
    if (call.cached) cached++
    else latencies.add(call.latency_ms)
  }
  if (calls === 0) return { usage, cost, traffic: null, dropped, adaptations }
  const traffic = { calls, cached, retries, latency_p50_ms: latencies.quantile(0.5), latency_p95_ms: latencies.quantile(0.95) }
  return { usage, cost: priced ? cost : null, traffic, dropped, adaptations }
}

/** Latencies by size class, each 5 % above the one before: a run may have more calls than fit in memory. */
class Latencies {
  readonly #counts: number[] = []
  #n = 0

  add(ms: number): void {
    const at = Math.ceil(Math.log(Math.max(1, ms)) / Math.log(1.05))
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#n++
  }

  /** The quantile, at most 5 % too high; null where nothing was measured. */
  quantile(p: number): number | null {
    let left = Math.ceil(p * this.#n)
    for (const [at, count = 0] of this.#counts.entries()) {
      left -= count
      if (count > 0 && left <= 0) return Math.round(1.05 ** at)
    }
    return null
  }
}

function addUsage(a: Usage, b: Usage): Usage {
  const reasoning = a.output_reasoning === null || b.output_reasoning === null ? null : a.output_reasoning + b.output_reasoning
  return {
    input_uncached: a.input_uncached + b.input_uncached,
    input_cached_read: a.input_cached_read + b.input_cached_read,
    input_cache_write: a.input_cache_write + b.input_cache_write,
    output: a.output + b.output,
    output_reasoning: reasoning,
    ...((a.estimated ?? b.estimated) && { estimated: true as const }),
    ...((a.repaired ?? b.repaired) && { repaired: true as const }),
  }
}
