/**
 * Whole sessions: the fast path for long deterministic runs, the fold of a session's log, and the digest by which any two
 * ways of playing a session are compared.
 */
import { createHash } from 'node:crypto'
import { type EpisodeLog, eventsOf } from '../core/log.ts'
import { stream } from '../core/random.ts'
import { advance } from './advance.ts'
import type { MarsConfig } from './config.ts'
import type { MarsTypes } from './observe.ts'
import { ACTIONS, BOUT_MIN, COLONISTS, SITES } from './parameters.ts'
import { lastShift } from './score.ts'
import { indexOf } from './state.ts'
import { type Colony, found, type Open, openColonists } from './substrate.ts'

/** How many numbers describe a decision: tick, colonist, action, target, ticks. */
export const DECISION_SIZE = 5

/** What a session came to, and every decision in it in order, `DECISION_SIZE` numbers each. */
export interface Trajectory {
  readonly colony: Colony<ArrayLike<number>>
  readonly decisions: ArrayLike<number>
}

export interface SessionOptions {
  readonly ticks: number
  /** Points, for every need of everybody. */
  readonly initial_needs: number
}

const streamsOf =
  (seed: number): Open =>
  (...names) =>
    stream(seed, ...names)

/** What a two-layer session comes to, in one call: the colony that `step` by `step` would leave. */
export function runColony({ ticks, initial_needs }: SessionOptions, seed: number): Colony {
  const open = streamsOf(seed)
  const colony = found(open, initial_needs)
  advance(colony, openColonists(open), ticks, ignore)
  return colony
}

function ignore(): void {}

/** `runColony` with every decision on the way. */
export function runSession(options: SessionOptions, seed: number): Trajectory {
  return playSession(streamsOf(seed), options)
}

/** `runSession` on any source of random streams. */
export function playSession(open: Open, { ticks, initial_needs }: SessionOptions): Trajectory {
  const colony = found(open, initial_needs)
  // A bout is shorter than BOUT_MIN only where a site closes under it.
  const decisions = new Int32Array(DECISION_SIZE * COLONISTS * (Math.ceil(ticks / BOUT_MIN) + SITES))
  let length = 0
  advance(colony, openColonists(open), ticks, (i, tick) => {
    decisions[length] = tick
    decisions[length + 1] = i
    decisions[length + 2] = colony.act[i]!
    decisions[length + 3] = colony.target[i]!
    decisions[length + 4] = colony.left[i]!
    length += DECISION_SIZE
  })
  return { colony, decisions: decisions.subarray(0, length) }
}

/** The trajectory of a played session. Roles and affinities follow from the seed; the rest stands in the last step, the decisions in all of them. */
export function trajectoryOf(log: EpisodeLog<MarsTypes>): Trajectory {
  const { initial_needs } = log.header.config as MarsConfig
  const colony = found(streamsOf(log.header.seed), initial_needs)
  const decisions: number[] = []
  for (const [, event] of eventsOf(log)) {
    if (event.type !== 'decided') continue
    const { tick, colonist, action, partner, site, ticks } = event
    const target = partner === undefined ? (site ?? -1) : indexOf(partner)
    decisions.push(tick, indexOf(colonist), ACTIONS.indexOf(action), target, ticks)
  }
  return { colony: { ...colony, ...lastShift(log)?.colony }, decisions }
}

/**
 * SHA-256 in hex of a trajectory: needs, bonds, progress, completion, workers, counts, roles, affinities and decisions, as
 * little-endian 32-bit integers.
 */
export function trajectoryHash({ colony, decisions }: Trajectory): string {
  const { need, bond, progress, done_at, workers, count, role, affinity } = colony
  const hash = createHash('sha256')
  for (const part of [need, bond, progress, done_at, workers, count, role, affinity, decisions]) {
    const bytes = Buffer.alloc(4 * part.length)
    for (let k = 0; k < part.length; k++) bytes.writeInt32LE(part[k]!, 4 * k)
    hash.update(bytes)
  }
  return hash.digest('hex')
}
