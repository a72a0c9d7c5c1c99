/** The replication studies, one line each. */
import type { Study } from './study.ts'
import { swarmStudy } from './swarm_economy.ts'

export const studies: readonly Study[] = [swarmStudy]
