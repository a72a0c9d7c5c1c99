/** The registry: every economy of the package, one line each. */
import { Registry } from './core/registry.ts'
import { spatialPlanning } from './spatial_planning/index.ts'

export const environments = new Registry()
environments.register(spatialPlanning)
