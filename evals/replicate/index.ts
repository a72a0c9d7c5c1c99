/** The replication studies, one line each. */
import type { Study } from './study.ts'

export const studies: readonly Study[] = []
