/** The benchmarks, one line each. */
import type { Bench } from './bench.ts'
import { exporting } from './export.ts'

export const benches: readonly Bench[] = [exporting]
