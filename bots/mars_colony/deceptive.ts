/** Promises labour every shift, is paid for it where it can, and never builds. */
import { attentive } from './attentive.ts'

export const deceptive = attentive({ builds: () => false, falsePromise: () => true })
