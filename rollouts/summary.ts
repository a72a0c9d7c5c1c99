/**
 * What a run came to: reads its files once and tells what was added up of them. Knows no player, no statistics beyond a mean, and
 * no layout.
 */
import type { Column } from './column.ts'
import type { Summary } from './metadata.ts'
import { PASS_THRESHOLD, passRates } from './pass_rates.ts'
import { readCallFigures, readErrors, readFigures } from './store.ts'
import { Spending, Tally } from './tally.ts'

export type { Summary, Traffic } from './metadata.ts'
export { PASS_THRESHOLD }

/** Reads the files of a run; a reward from `threshold` on is a pass. */
export function summarize(folder: string, threshold: number = PASS_THRESHOLD): Summary {
  const examples = new Map<number, number>()
  /** All rows, and of each rollout the first: what seats do, and how rollouts end. */
  const seats = new Tally()
  const rollouts = new Tally()
  const done = new Set<string>()
  for (const row of readFigures(folder)) {
    const { key, example_id } = row
    if (!examples.has(example_id)) examples.set(example_id, examples.size)
    const example = examples.get(example_id)!
    seats.add(row, example, threshold)
    if (!done.has(key)) rollouts.add(row, example, threshold)
    done.add(key)
  }
  const failed = new Set<string>()
  for (const { key } of readErrors(folder)) if (!done.has(key)) failed.add(key)
  const aRow = (columns: ReadonlyMap<string, Column>): Record<string, number> =>
    Object.fromEntries([...columns].map(([name, { total }]) => [name, total / seats.rows.n]))
  return {
    ok: done.size,
    failed: failed.size,
    truncated: rollouts.truncated,
    reward: seats.reward,
    metrics: Object.fromEntries(seats.metrics),
    stops: Object.fromEntries(rollouts.stops),
    calls: aRow(seats.calls),
    refused: aRow(seats.refused),
    ...passRates(seats.passes),
    ...spent(folder),
  }
}

function spent(folder: string): Pick<Summary, 'usage' | 'cost' | 'traffic' | 'dropped' | 'adaptations'> {
  const spending = new Spending()
  for (const call of readCallFigures(folder)) spending.add(call)
  const { calls, cached, retries, usage, cost, dropped, adaptations } = spending
  const ms = (share: number): number | null => {
    const latency = spending.latency(share)
    return latency && Math.round(latency)
  }
  const traffic = { calls, cached, retries, latency_p50_ms: ms(0.5), latency_p95_ms: ms(0.95) }
  return {
    usage,
    cost,
    traffic: calls === 0 ? null : traffic,
    dropped: Object.fromEntries(dropped),
    adaptations: Object.fromEntries(adaptations),
  }
}
