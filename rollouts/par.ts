/** What a reward means in one preset: data that `agoragym audit --pars` derives. Knows the shape and when it applies; derives nothing. */
import type { AnyEnvironment } from '../envs/core/environment.ts'
import type { ScoreBounds } from '../envs/core/reward.ts'
import type { AgentId } from '../envs/core/tool.ts'
import { configDigest } from './rollout.ts'

/** The rewards of one bot over many seeds. */
export interface Spread {
  readonly mean: number
  readonly sd: number
}

export interface Par {
  /** The economy's version: where it is another, the figures are another's. */
  readonly version: number
  /** SHA-256 of the resolved configuration: other rules give other rewards. */
  readonly config_digest: string
  /** The seat whose rewards these are, the others played by the default opponents. */
  readonly seat: AgentId
  /** How many seeds the figures stand on. */
  readonly seeds: number
  /** The bot that stands for honest play. */
  readonly honest_bot: string
  /** What honest play gets on average. */
  readonly honest: number
  /**
   * The reward from which an episode is passed: the greater of the middle between silence and honest play, and one standard
   * deviation below honest play. So silence does not pass where honest play is worth anything, and about five honest games in six do.
   */
  readonly pass_threshold: number
  /** Every shipped bot. */
  readonly bots: Readonly<Record<string, Spread>>
}

/** By preset. */
export type Pars = Readonly<Record<string, Par>>

/** Whether a par is one of these rules. */
export function isCurrent(par: Par, { version }: AnyEnvironment, config: object): boolean {
  return par.version === version && par.config_digest === configDigest(config)
}

/** The par of a run against the default opponents; undefined where its rules or its evaluated seats are others. */
export function parOf(par: Par | undefined, env: AnyEnvironment, config: object, evaluated: readonly AgentId[]): Par | undefined {
  const applies = par !== undefined && evaluated.length === 1 && evaluated[0] === par.seat && isCurrent(par, env, config)
  return applies ? par : undefined
}

/** The par of a configuration among those of an economy; undefined where none was derived for it. */
export function currentPar(pars: Pars | undefined, env: AnyEnvironment, config: object): Par | undefined {
  return Object.values(pars ?? {}).find(par => isCurrent(par, env, config))
}

/**
 * The scores that the unit scale maps to 0 and 1: the least and the greatest that shipped bots get on average, less and plus three
 * standard deviations.
 */
export function boundsOf({ bots }: Par): ScoreBounds {
  const spreads = Object.values(bots)
  return {
    low: Math.min(...spreads.map(({ mean, sd }) => mean - 3 * sd)),
    high: Math.max(...spreads.map(({ mean, sd }) => mean + 3 * sd)),
  }
}
