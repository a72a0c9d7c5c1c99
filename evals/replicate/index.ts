/** The replication studies, one line each. */
import { marsColonyStudy } from './mars_colony.ts'
import type { Study } from './study.ts'

export const studies: readonly Study[] = [marsColonyStudy]
