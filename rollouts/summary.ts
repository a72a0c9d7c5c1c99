/**
 * What a run came to: averages with their uncertainty, counts of what happened. Reads the rows of a run once, holds sums
 * by example. Knows no player and no layout.
 */
import type { Usage } from './player.ts'
import { readCallFigures, readErrors, readFigures } from './store.ts'

/** A mean over rollouts. */
export interface Estimate {
  readonly n: number
  readonly mean: number
  /** Half the width of the 95 % confidence interval, repeats of an example taken as one cluster; null under two examples. */
  readonly half: number | null
}

export interface Summary {
  /** Rollouts that were scored. */
  readonly ok: number
  /** Rollouts that were given up and not made up for since. */
  readonly failed: number
  /** Scored rollouts that a limit ended. */
  readonly truncated: number
  readonly reward: Estimate | null
  /** By name: the parts of the score, the economy's metrics, the runner's counts. */
  readonly metrics: Readonly<Record<string, Estimate>>
  /** Rollouts by why they ended. */
  readonly stops: Readonly<Record<string, number>>
  /** Calls per rollout by tool, refused ones included. */
  readonly calls: Readonly<Record<string, number>>
  /** Refused calls per rollout by code. */
  readonly refused: Readonly<Record<string, number>>
  /** Share of examples solved by at least one, and by all, of k repeats (reward ≥ the threshold), by k. */
  readonly passAtK: Readonly<Record<string, number>>
  readonly passAllK: Readonly<Record<string, number>>
  /** Tokens of all model calls of the run, those of failed rollouts included; null where no model was called. */
  readonly usage: Usage | null
  /** USD; null where a price is not known or no model was called. */
  readonly cost: number | null
}

/** The reward that counts as a pass. */
export const PASS_THRESHOLD = 0.5

/** Sums of one figure by example. */
class Clusters {
  readonly #sums: number[] = []
  readonly #counts: number[] = []

  add(example: number, value: number): void {
    while (this.#sums.length <= example) {
      this.#sums.push(0)
      this.#counts.push(0)
    }
    this.#sums[example]! += value
    this.#counts[example]!++
  }

  estimate(): Estimate {
    const n = this.#counts.reduce((sum, count) => sum + count, 0)
    const mean = this.#sums.reduce((sum, value) => sum + value, 0) / n
    let clusters = 0
    let spread = 0
    for (const [i, count] of this.#counts.entries()) {
      if (count === 0) continue
      clusters++
      spread += (this.#sums[i]! - count * mean) ** 2
    }
    if (clusters < 2) return { n, mean, half: null }
    const error = Math.sqrt((clusters / (clusters - 1)) * spread) / n
    return { n, mean, half: studentT(clusters - 1) * error }
  }
}

/** Reads the files of a run. */
export function summarize(folder: string): Summary {
  const examples = new Map<number, { index: number; n: number; passed: number }>()
  const reward = new Clusters()
  const metrics = new Map<string, Clusters>()
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
    if (row.reward >= PASS_THRESHOLD) example.passed++
    reward.add(example.index, row.reward)
    for (const [name, value] of Object.entries(row.metrics)) {
      let clusters = metrics.get(name)
      if (clusters === undefined) {
        clusters = new Clusters()
        metrics.set(name, clusters)
      }
      clusters.add(example.index, value)
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
  const { passAtK, passAllK } = passRates([...examples.values()])
  return {
    ok: done.size,
    failed: failed.size,
    truncated,
    reward: rowCount > 0 ? reward.estimate() : null,
    metrics: Object.fromEntries([...metrics].map(([name, clusters]) => [name, clusters.estimate()])),
    stops,
    calls: scaled(calls, rowCount),
    refused: scaled(refused, rowCount),
    passAtK,
    passAllK,
    ...spent(folder),
  }
}

function addTo(sums: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + value
}

function scaled(sums: Readonly<Record<string, number>>, by: number): Record<string, number> {
  return Object.fromEntries(Object.entries(sums).map(([name, value]) => [name, value / by]))
}

function spent(folder: string): Pick<Summary, 'usage' | 'cost'> {
  let usage: Usage | null = null
  let cost: number | null = null
  let priced = true
  for (const call of readCallFigures(folder)) {
    usage = usage === null ? call.usage : addUsage(usage, call.usage)
    if (call.cost === null) priced = false
    else cost = (cost ?? 0) + call.cost
  }
  return { usage, cost: priced ? cost : null }
}

function addUsage(a: Usage, b: Usage): Usage {
  const reasoning = a.output_reasoning === null || b.output_reasoning === null ? null : a.output_reasoning + b.output_reasoning
  return {
    input_uncached: a.input_uncached + b.input_uncached,
    input_cached_read: a.input_cached_read + b.input_cached_read,
    input_cache_write: a.input_cache_write + b.input_cache_write,
    output: a.output + b.output,
    output_reasoning: reasoning,
  }
}

/** Unbiased pass@k (one of k drawn repeats passes) and pass^k (all do), over the examples with at least k repeats. */
function passRates(examples: readonly { readonly n: number; readonly passed: number }[]) {
  const passAtK: Record<string, number> = {}
  const passAllK: Record<string, number> = {}
  const most = examples.reduce((max, { n }) => Math.max(max, n), 0)
  for (let k = 1; k <= most; k++) {
    const enough = examples.filter(({ n }) => n >= k)
    const mean = (of: (example: { readonly n: number; readonly passed: number }) => number): number =>
      enough.reduce((sum, example) => sum + of(example), 0) / enough.length
    passAtK[k] = mean(({ n, passed }) => 1 - drawShare(n - passed, n, k))
    passAllK[k] = mean(({ n, passed }) => drawShare(passed, n, k))
  }
  return { passAtK, passAllK }
}

/** C(part, k) ÷ C(whole, k): how often k drawn without replacement are all of the part. */
function drawShare(part: number, whole: number, k: number): number {
  let share = 1
  for (let i = 0; i < k; i++) share *= Math.max(0, part - i) / (whole - i)
  return share
}

/**
 * The 97.5 % quantile of Student's t. Closed forms for one and two degrees of freedom, else the expansion of Abramowitz &
 * Stegun 26.7.5, which is within 0.15 % from three degrees on.
 */
export function studentT(degrees: number): number {
  const p = 0.975
  if (degrees === 1) return Math.tan(Math.PI * (p - 0.5))
  if (degrees === 2) return (2 * p - 1) * Math.sqrt(2 / (4 * p * (1 - p)))
  const z = 1.959963984540054
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160,
  ]
  return terms.reduce((sum, term, i) => sum + term / degrees ** i, 0)
}
