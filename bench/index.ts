/** The benchmarks, one line each. */
import type { Bench } from './bench.ts'
import { evals } from './evals.ts'
import { exporting } from './export.ts'
import { marsColonyBench } from './mars_colony.ts'
import { models } from './models.ts'
import { rollouts } from './rollouts.ts'
import { simEconomyBench } from './sim_economy.ts'
import { spatialPlanningBench } from './spatial_planning.ts'
import { swarmEconomyBench } from './swarm_economy.ts'

export const benches: readonly Bench[] = [
  simEconomyBench,
  swarmEconomyBench,
  spatialPlanningBench,
  marsColonyBench,
  rollouts,
  models,
  exporting,
  evals,
]
