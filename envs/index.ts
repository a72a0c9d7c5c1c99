/** The registry: every economy of the package, one line each. */
import { Registry } from './core/registry.ts'
import { simEconomy } from './sim_economy/index.ts'

export const environments = new Registry()

environments.register(simEconomy)
