/** The registry: every economy of the package, one line each. */
import { Registry } from './core/registry.ts'
import { marsColony } from './mars_colony/index.ts'
import { simEconomy } from './sim_economy/index.ts'
import { spatialPlanning } from './spatial_planning/index.ts'
import { swarmEconomy } from './swarm_economy/index.ts'

export const environments = new Registry()

environments.register(simEconomy)
environments.register(swarmEconomy)
environments.register(spatialPlanning)
environments.register(marsColony)
