/** The types of the economy under one name. */
import type { SpatialConfig } from './config.ts'
import type { Observation, Shared } from './observe.ts'
import type { SpatialEvent, SpatialState } from './state.ts'

export interface SpatialTypes {
  Config: SpatialConfig
  State: SpatialState
  Observation: Observation
  Shared: Shared
  Event: SpatialEvent
}
