/** All that belongs to sim_economy. */
import { simEconomyBots } from '../../bots/sim_economy/index.ts'
import { simEconomy } from '../../envs/sim_economy/index.ts'
import { readPars } from '../../evals/audit/par_file.ts'
import { defineEconomy } from '../economy.ts'

export const economy = defineEconomy({
  env: simEconomy,
  ...simEconomyBots,
  studies: {
    'sim-economy-paper': async () => (await import('./paper.ts')).simEconomyPaper,
    'llm-run-01': async () => (await import('./llm_run_01.ts')).llmRun01,
  },
  brief: { num_agents: 2, horizon_turns: 2 },
  exports: { artifacts: async () => (await import('./artifacts.ts')).artifacts },
  picture: async () => (await import('./picture.ts')).picture,
  bench: async () => (await import('./bench.ts')).simEconomyBench,
  pars: readPars(new URL('./audit/', import.meta.url)),
  audit: async () => (await import('./audit.ts')).audit,
})
