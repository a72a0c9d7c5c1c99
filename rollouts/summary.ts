/**
 * What a run came to: reads its files once and tells what was added up of them. Knows no player, no statistics beyond a mean, and
 * no layout.
 */
import type { Column } from './column.ts'
import { KeyMap } from './keys.ts'
import type { Summary } from './metadata.ts'
import { PASS_THRESHOLD, passRates } from './pass_rates.ts'
import { readErrors, readRolloutFigures, readUnfiledCalls } from './store.ts'
import { Spending, Tally } from './tally.ts'

/** Reads the files of a run; a reward from `threshold` on is a pass. */
export function summarize(folder: string, threshold: number = PASS_THRESHOLD): Summary {
  const examples = new Map<number, number>()
  /** All rows, and of each rollout the first: what seats do, and how rollouts end. */
  const seats = new Tally()
  const rollouts = new Tally()
  const done = new KeyMap()
  const spending = new Spending()
  for (const { key, example, rows, spending: spent } of readRolloutFigures(folder)) {
    if (!examples.has(example)) examples.set(example, examples.size)
    const at = examples.get(example)!
    for (const row of rows) seats.add(row, at, threshold)
    if (!done.has(key)) rollouts.add(rows[0]!, at, threshold)
    done.set(key, example)
    for (const sums of Object.values(spent)) spending.addSums(sums)
  }
  for (const call of readUnfiledCalls(folder)) spending.add(call)
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
    ...spent(spending),
  }
}

function spent(spending: Spending): Pick<Summary, 'usage' | 'cost' | 'traffic' | 'dropped' | 'adaptations'> {
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
