/** The replication studies, one line each. */
import { simEconomyPaper } from './sim_economy_paper.ts'
import type { Study } from './study.ts'

export const studies: readonly Study[] = [simEconomyPaper]

import { marsColonyStudy } from './mars_colony.ts'
import type { Study } from './study.ts'

export const studies: readonly Study[] = [marsColonyStudy]
