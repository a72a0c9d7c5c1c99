/** The benchmarks, one line each. */
import type { Bench } from './bench.ts'
import { evals } from './evals.ts'
import { exporting } from './export.ts'
import { marsColonyBench } from './mars_colony.ts'

export const benches: readonly Bench[] = [marsColonyBench, exporting, evals]
