/**
 * What a rollout is, before it is played and after: one episode with players in its seats, what came of it, and the keys by which it,
 * its repeats and its task are known. Knows no file and no provider, and does not play (`run_rollout.ts`).
 */
import type { AnyEnvironment, AnyTypes, Scores } from '../envs/core/environment.ts'
import type { EpisodeLog } from '../envs/core/log.ts'
import { digest, short } from '../envs/core/plain.ts'
import type { AgentId } from '../envs/core/tool.ts'
import { RunError } from './errors.ts'
import type { Transcript } from './messages.ts'
import type { CallRow, Player, ProviderError } from './player.ts'

/** Who takes which seat; the seats that are not named stay residents'. */
export type Lineup = Readonly<Record<AgentId, Player>>

/** One episode to be played. */
export interface RolloutSpec {
  readonly env: AnyEnvironment
  /** Resolved. */
  readonly config: object
  readonly seed: number
  readonly repeat: number
  readonly lineup: Lineup
  /** The seats whose play is measured, in seat order. */
  readonly evaluated: readonly AgentId[]
  /** The row of the data set: the seed itself, or the index of the scenario. Repeats share it. */
  readonly example: number
  /** The id of the scenario, where there is one. */
  readonly scenario?: string
}

/** Seconds since the epoch, and seconds. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly duration: number
}

export interface Timing {
  readonly start_time: number
  readonly setup: Span
  readonly generation: Span
  readonly scoring: Span
  /** Waiting for players: one span a step in which somebody had to be waited for. */
  readonly model: { readonly spans: readonly Span[]; readonly duration: number }
  /** The rest of the generation. */
  readonly env: { readonly spans: readonly Span[]; readonly duration: number }
  readonly total: number
  /** What is neither `model` nor `env`. */
  readonly overhead: number
}

/** A call without its reply, which is long and lies in calls.jsonl. */
export type CallFigures = Omit<CallRow, 'reply'> & { readonly finish_reason: CallRow['reply']['finish_reason'] }

/** An episode that was played to its end, or to where a player stopped it. */
export interface Rollout {
  readonly ok: true
  readonly key: string
  readonly spec: RolloutSpec
  readonly log: EpisodeLog<AnyTypes>
  /** Cut short from outside: by a player that gave up, or by a limit. Reaching the planned length is an end. */
  readonly truncated: boolean
  /** Of every seat. */
  readonly scores: Readonly<Record<AgentId, Scores>>
  /** Of the evaluated seats. */
  readonly metrics: Readonly<Record<AgentId, Readonly<Record<string, number | null>>>>
  /** Of the seats whose policies kept one, or that were asked for; `transcribe` makes the others from the log. */
  readonly transcripts: Readonly<Record<AgentId, Transcript>>
  /** What the policies counted of their own affairs. */
  readonly counters: Readonly<Record<AgentId, Readonly<Record<string, number>>>>
  /** The model calls, recorded ones included, in the order they were made. */
  readonly calls: readonly CallFigures[]
  readonly timing: Timing
}

/** An episode that was given up because a provider failed for good. It is never scored. */
export interface FailedRollout {
  readonly ok: false
  readonly key: string
  readonly spec: RolloutSpec
  readonly agent: AgentId
  /** The step it was given up in. */
  readonly t: number
  readonly error: ProviderError
  readonly timing: Pick<Timing, 'start_time' | 'total'>
}

const digests = new WeakMap<object, string>()

/** The digest of something that many rollouts share, computed once. The object must not change. */
function sharedDigest(shared: object, value: () => unknown): string {
  let known = digests.get(shared)
  if (known === undefined) {
    known = digest(value())
    digests.set(shared, known)
  }
  return known
}

/** SHA-256 of a resolved configuration, in hex. */
export function configDigest(config: object): string {
  return sharedDigest(config, () => config)
}

/** The player's name by seat. */
export function lineupNames(lineup: Lineup): Record<AgentId, string> {
  return Object.fromEntries(Object.entries(lineup).map(([agent, player]) => [agent, player.name]))
}

/** What the repeats of a rollout share, line-up apart: economy, version, configuration and seed. Fit for a file name. */
export function taskKey({ env, config, seed }: Pick<RolloutSpec, 'env' | 'config' | 'seed'>): string {
  return `${env.id}.v${env.version}-${configDigest(config).slice(0, 12)}-s${seed}`
}

/** What the repeats of a rollout share: the task and the line-up. */
export function groupKey(spec: RolloutSpec): string {
  const lineup = sharedDigest(spec.lineup, () => lineupNames(spec.lineup))
  return `${taskKey(spec)}-${digest([lineup, spec.evaluated]).slice(0, 12)}`
}

/** A rollout's key: (economy, version, configuration, seed, line-up, repeat). Fit for a file name. */
export function rolloutKey(spec: RolloutSpec): string {
  return `${groupKey(spec)}-r${spec.repeat}`
}

/** What a rollout's key says. A RunError where it is none. */
export function keyParts(key: string): {
  readonly group: string
  readonly task: string
  readonly seed: number
  readonly repeat: number
} {
  const [, group, task, seed, repeat] = /^((.+-s(\d+))-[0-9a-f]+)-r(\d+)$/.exec(key) ?? []
  if (group === undefined || task === undefined) throw new RunError(`Not a rollout's key: ${short(key)}.`)
  return { group, task, seed: Number(seed), repeat: Number(repeat) }
}

/** Whose words a transcript is that the runner wrote down. */
export function sourceOf({ kind }: Player): Transcript['source'] {
  return kind === 'human' ? 'human' : 'scripted'
}
