/** What a free shift is worth in credits, worked or built: the arithmetic of the rules, as any reader of them can do it. */
import type { AgenticConfig } from '../../envs/mars_colony/config.ts'
import type { MarsObservation } from '../../envs/mars_colony/observe.ts'
import { SOCIETY } from '../../envs/mars_colony/parameters.ts'

/** A shift of work, before its field. */
function payOf(config: AgenticConfig, { shared, reputation, productivity }: MarsObservation): number {
  const standing = config.governance.pay ? 0.5 + reputation / 100 : 1
  const weather = shared.storm === true ? config.storm_pay : 1
  return SOCIETY.credits.perTick * config.ticks_per_step * productivity * standing * weather
}

/** A shift of work in a field that is rich with that chance. */
export function worthOfWorking(config: AgenticConfig, observation: MarsObservation, chance: number): number {
  return payOf(config, observation) * (chance * config.rich_pay + (1 - chance) * config.poor_pay)
}

/**
 * A shift of building under a promise that is paid for: its pay, the advance, and the reputation it brings, which drifts away
 * but counts in the score and in the pay until then.
 */
export function worthOfBuilding(config: AgenticConfig, observation: MarsObservation): number {
  const { drift, kept, perBuiltTick, max } = SOCIETY.reputation
  const gain = Math.min(max - observation.reputation, kept + perBuiltTick * config.ticks_per_step)
  const remains = (1 - drift) ** observation.shared.stepsLeft
  const inScore =
    (config.weights.reputation * remains * config.par * config.max_steps) / (max * Math.max(config.weights.payoff, 0.01))
  const inPay = config.governance.pay ? (SOCIETY.credits.perTick * config.ticks_per_step * (1 - remains)) / (drift * max) : 0
  return SOCIETY.credits.building * payOf(config, observation) + config.advance + gain * (inScore + inPay)
}
