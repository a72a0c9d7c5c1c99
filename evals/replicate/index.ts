/** The replication studies, one line each. */
import { llmRun01 } from './llm_run_01.ts'
import { marsColonyStudy } from './mars_colony.ts'
import { simEconomyPaper } from './sim_economy_paper.ts'
import { spatialPlanningStudy } from './spatial_planning.ts'
import type { Study } from './study.ts'
import { swarmStudy } from './swarm_economy.ts'

export const studies: readonly Study[] = [simEconomyPaper, llmRun01, swarmStudy, spatialPlanningStudy, marsColonyStudy]
