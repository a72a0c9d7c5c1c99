/** The benchmarks, one line each. */
import type { Bench } from './bench.ts'
import { exporting } from './export.ts'
import { marsColonyBench } from './mars_colony.ts'
import { spatialPlanningBench } from './spatial_planning.ts'

export const benches: readonly Bench[] = [spatialPlanningBench, marsColonyBench, exporting]
