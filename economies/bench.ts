/** What a benchmark is: figures taken in one run, on the real path, printed with ratios because machines are noisy. */
import { median } from '../envs/core/sums.ts'

export interface BenchRow {
  /** What was timed, in a few words. */
  readonly what: string
  readonly value: number
  /** Such as `agent-steps/s`, `µs/step`, `MB`. */
  readonly unit: string
  /** value ÷ the value of the row named by `of`, taken in the same run. */
  readonly ratio?: number
  readonly of?: string
}

export interface Bench {
  /** What is typed after `bench`: an economy's id or a part of the runner. */
  readonly id: string
  readonly title: string
  run(): readonly BenchRow[] | Promise<readonly BenchRow[]>
}

/** The median seconds of one call of `work`, over `batches` timings after a warm-up call. */
export function seconds(work: () => void, batches = 5): number {
  work()
  return median(Array.from({ length: batches }, () => clocked(work)))!
}

/** Seconds of work. */
export function clocked(work: () => unknown): number {
  const start = process.hrtime.bigint()
  work()
  return Number(process.hrtime.bigint() - start) / 1e9
}
