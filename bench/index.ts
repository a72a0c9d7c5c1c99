/** The benchmarks, one line each. */
import type { Bench } from './bench.ts'
import { models } from './models.ts'

export const benches: readonly Bench[] = [models]
