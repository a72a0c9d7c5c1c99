/** All that belongs to swarm_economy. */
import { swarmBots } from '../../bots/swarm_economy/index.ts'
import { swarmEconomy } from '../../envs/swarm_economy/index.ts'
import { readPars } from '../../evals/audit/par_file.ts'
import { defineEconomy } from '../economy.ts'

export const economy = defineEconomy({
  env: swarmEconomy,
  ...swarmBots,
  studies: {
    'swarm-economy': async () => (await import('./study.ts')).swarmStudy,
  },
  picture: async () => (await import('./picture.ts')).picture,
  bench: async () => (await import('./bench.ts')).swarmEconomyBench,
  pars: readPars(new URL('./audit/', import.meta.url)),
  audit: async () => (await import('./audit.ts')).audit,
})
