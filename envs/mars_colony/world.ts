/**
 * What the seed brings to a session of the agentic mode: the weather, who falls ill when, the rich field of each shift, the size
 * of the sites, where needs start. Knows no player and no rule of what these do. Ours.
 */
import { stream } from '../core/random.ts'
import type { AgenticConfig } from './config.ts'
import { COLONISTS, NEED_CAP, NEED_UNIT, SITES } from './parameters.ts'

/** What is settled before the first shift; nothing of it ever changes. */
export interface World {
  /** By shift. */
  readonly storms: readonly boolean[]
  /** By colonist and shift: whether it falls ill for this shift, unless it is ill already. */
  readonly illness: readonly (readonly boolean[])[]
  /** Ticks of labour by site. */
  readonly labour: readonly number[]
}

export function openWorld(config: AgenticConfig, seed: number): World {
  const { max_steps, storms, illness, site_labour } = config
  const sizes = stream(seed, 'sites')
  return {
    storms: calendar(max_steps, storms, seed, 'storms'),
    illness: Array.from({ length: COLONISTS }, (_, i) => calendar(max_steps, illness, seed, 'illness', i)),
    labour: Array.from({ length: SITES }, () => sizes.int(site_labour.low, site_labour.high)),
  }
}

/** Exactly round(share · shifts) of the shifts, in an order of the seed: how many is known to all, which ones to nobody. */
function calendar(shifts: number, share: number, seed: number, ...names: readonly (string | number)[]): boolean[] {
  const hits = Math.round(share * shifts)
  return stream(seed, ...names).shuffle(Array.from({ length: shifts }, (_, shift) => shift < hits))
}

/** Needs as they start, in 0.001 points: those of the configuration, each moved within the spread. */
export function openNeeds({ need_spread, initial_needs }: AgenticConfig, seed: number): number[] {
  const draws = stream(seed, 'needs')
  return Array.from({ length: 3 * COLONISTS }, () =>
    Math.max(0, Math.min(NEED_CAP, Math.round((initial_needs + draws.uniform(-need_spread, need_spread)) * NEED_UNIT))),
  )
}

/** The rich field of a shift. */
export function richField({ fields }: AgenticConfig, seed: number, shift: number): number {
  return Math.floor(stream(seed, 'field', shift).float() * fields)
}

/** The field that colonist `liar` calls rich: one that is not. */
export function falseField({ fields }: AgenticConfig, seed: number, shift: number, liar: number, rich: number): number {
  if (fields === 1) return rich
  const other = Math.floor(stream(seed, 'lie', shift, liar).float() * (fields - 1))
  return other >= rich ? other + 1 : other
}
