/** All that belongs to mars_colony. */
import { marsColonyBots } from '../../bots/mars_colony/index.ts'
import { marsColony } from '../../envs/mars_colony/index.ts'
import { readPars } from '../../evals/audit/par_file.ts'
import { defineEconomy } from '../economy.ts'

export const economy = defineEconomy({
  env: marsColony,
  ...marsColonyBots,
  studies: {
    'mars-colony': async () => (await import('./study.ts')).marsColonyStudy,
  },
  dialogue: async () => (await import('./speaker.ts')).dialogue,
  picture: async () => (await import('./picture.ts')).picture,
  scenery: async () => (await import('./scene.ts')).scenery,
  bench: async () => (await import('./bench.ts')).marsColonyBench,
  pars: readPars(new URL('./audit/', import.meta.url)),
  audit: async () => (await import('./audit.ts')).audit,
})
