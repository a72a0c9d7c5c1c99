/** The benchmarks, one line each. */
import type { Bench } from './bench.ts'
import { exporting } from './export.ts'
import { marsColonyBench } from './mars_colony.ts'
import { models } from './models.ts'

export const benches: readonly Bench[] = [marsColonyBench, exporting, models]
