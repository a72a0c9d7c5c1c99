/** All that belongs to spatial_planning. */
import { spatialPlanningBots } from '../../bots/spatial_planning/index.ts'
import { spatialPlanning } from '../../envs/spatial_planning/index.ts'
import { readPars } from '../../evals/audit/par_file.ts'
import { defineEconomy } from '../economy.ts'

export const economy = defineEconomy({
  env: spatialPlanning,
  ...spatialPlanningBots,
  studies: {
    'spatial-planning': async () => (await import('./study.ts')).spatialPlanningStudy,
  },
  exports: { lab: async () => (await import('./lab/index.ts')).lab },
  picture: async () => (await import('./picture.ts')).picture,
  remotes: { ibex: async () => (await import('./ibex/index.ts')).ibex },
  bench: async () => (await import('./bench.ts')).spatialPlanningBench,
  pars: readPars(new URL('./audit/', import.meta.url)),
  audit: async () => (await import('./audit.ts')).audit,
})
