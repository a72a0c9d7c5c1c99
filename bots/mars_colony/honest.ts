/** Promises labour only when it builds, and keeps its word. */
import { attentive } from './attentive.ts'

export const honest = attentive({ builds: () => true, falsePromise: () => false })
