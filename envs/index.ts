/** The registry: every economy of the package, one line each. */
import { Registry } from './core/registry.ts'

export const environments = new Registry()
