/** The registry: every economy of the package, one line each. */
import { Registry } from './core/registry.ts'
import { marsColony } from './mars_colony/index.ts'

export const environments = new Registry()
environments.register(marsColony)
