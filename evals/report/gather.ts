/**
 * What the report's page shows, read off the files of the compared runs: a row a rollout and seat, how quantities moved
 * over time, and the transcripts. Knows run folders and the page's data; knows nothing of its looks.
 */

import type { AnyEnvironment, AnyTypes } from '../../envs/core/environment.ts'
import type { EpisodeLog } from '../../envs/core/log.ts'
import type { Lookup } from '../../envs/core/registry.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import { Moments } from '../../rollouts/column.ts'
import { kindOf } from '../../rollouts/conduct.ts'
import { Unread } from '../../rollouts/jsonl.ts'
import type { Message } from '../../rollouts/messages.ts'
import type { ResultFigures, StepsRow, TracedEpisode } from '../../rollouts/rows.ts'
import { readScoredFigures } from '../../rollouts/scores.ts'
import { readErrors, readMetadata, readSteps, readTraces } from '../../rollouts/store.ts'
import { otherBuild } from '../../rollouts/versions.ts'
import type { ComparedRun, Comparison } from '../compare.ts'
import { type ReportRow, rounded } from './row_columns.ts'

/** How a quantity moved, over the rollouts of a player. */
export interface Series {
  readonly setting: string
  readonly player: string
  readonly quantity: string
  /** `itself`, or the kind of the other agents it is the mean of. */
  readonly who: string
  /** Steps before each point. */
  readonly t: readonly number[]
  readonly mean: readonly number[]
  readonly sd: readonly number[]
}

/** A message as the page shows it. */
export interface ReportMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly text: string
  readonly thinking?: string
  readonly calls?: readonly { readonly name: string; readonly arguments: string }[]
  /** Of a tool's answer: which tool's. */
  readonly name?: string
}

/** What one seat was told and said. */
export interface ReportTranscript {
  readonly messages: readonly ReportMessage[]
  /** By quantity and agent, every `stride` steps. */
  readonly standings: Readonly<Record<string, Readonly<Record<AgentId, readonly number[]>>>>
  readonly stride: number
}

/** The rows of the compared runs, in their order; failed rollouts that nothing made up for stand after a run's others. */
export function* reportRows({ runs }: Comparison): Generator<ReportRow> {
  // The comparison has told of the lines that cannot be read.
  const told = new Unread()
  for (const [run, { folder, setting, players, repeated }] of runs.entries()) {
    const known = new Set(repeated)
    const failed = new Map<string, ReportRow>()
    for (const { key, example_id, seed, repeat, agent, player, code, message, attempt, total } of readErrors(folder, told)) {
      if (known.has(key)) continue
      const row = {
        run,
        setting,
        player: players[player] ?? player,
        key,
        example: example_id,
        seed,
        repeat,
        seat: agent,
        outcome: code,
        stop: code,
      }
      failed.set(key, { ...row, error: message, attempts: attempt, seconds: total })
    }
    for (const row of readScoredFigures(folder, told)) {
      failed.delete(row.key)
      if (known.has(row.key)) continue
      const player = players[row.info.player]
      if (player !== undefined) yield reportRow(row, run, setting, player)
    }
    yield* failed.values()
  }
}

function reportRow(row: ResultFigures, run: number, setting: string, player: string): ReportRow {
  const { key, reward, info, token_usage, timing, metrics } = row
  return {
    run,
    setting,
    player,
    key,
    example: row.example_id,
    ...(info.scenario !== undefined && { scenario: info.scenario }),
    seed: info.seed,
    repeat: info.repeat,
    seat: info.seat,
    outcome: row.is_truncated ? 'truncated' : 'ok',
    stop: row.stop_condition,
    reward,
    turns: metrics.num_turns ?? 0,
    calls: metrics.num_calls ?? 0,
    refused: metrics.num_refused ?? 0,
    ...(token_usage !== undefined && { input: token_usage.input_tokens, output: token_usage.output_tokens }),
    ...(typeof info.cost === 'number' && { cost: info.cost }),
    seconds: timing.total,
    metrics,
  }
}

/** Points of a line at most: longer rollouts are thinned evenly. */
const POINTS = 120

/** The quantity that every economy has. */
const REWARD = 'reward'

function strideOf({ steps }: EpisodeLog<AnyTypes>): number {
  return Math.max(1, Math.ceil(steps.length / POINTS))
}

/** Lines over time of every player, summed up a log at a time. */
export class SeriesSum {
  readonly #lines = new Map<string, { readonly id: Omit<Series, 't' | 'mean' | 'sd'>; readonly at: Map<number, Moments> }>()

  add(env: AnyEnvironment, log: EpisodeLog<AnyTypes>, agent: AgentId, setting: string, player: string): void {
    const stride = strideOf(log)
    const kinds = env.facts?.kinds?.(log) ?? {}
    const tell = (quantity: string, who: string, values: readonly number[]): void =>
      this.#add({ setting, player, quantity, who }, values, stride)
    tell(REWARD, 'itself', rewards(env, log, agent))
    for (const [quantity, byAgent] of Object.entries(env.facts?.standings?.(log) ?? {}))
      for (const [other, values] of Object.entries(byAgent))
        tell(quantity, other === agent ? 'itself' : kindOf(other, kinds, log.header.seats), values)
  }

  #add(id: Omit<Series, 't' | 'mean' | 'sd'>, values: readonly number[], stride: number): void {
    const name = JSON.stringify(id)
    let line = this.#lines.get(name)
    if (line === undefined) {
      line = { id, at: new Map() }
      this.#lines.set(name, line)
    }
    for (let t = 0; t < values.length; t += stride) {
      const moments = line.at.get(t) ?? new Moments()
      moments.add(values[t]!)
      line.at.set(t, moments)
    }
  }

  lines(): Series[] {
    return [...this.#lines.values()].map(({ id, at }) => {
      const points = [...at].sort(([a], [b]) => a - b)
      return {
        ...id,
        t: points.map(([t]) => t + 1),
        mean: points.map(([, { mean }]) => rounded(mean)),
        sd: points.map(([, { sd }]) => rounded(sd ?? 0)),
      }
    })
  }
}

/** The reward as it stood after each step. */
function rewards(env: AnyEnvironment, log: EpisodeLog<AnyTypes>, agent: AgentId): number[] {
  let reward = env.score({ ...log, steps: [] })[agent]!.reward
  return log.steps.map(step => {
    reward += step.rewards[agent] ?? 0
    return reward
  })
}

/**
 * The logs and transcripts of a run, episode by episode. A run's files hold its rollouts in the same order, but for lines that
 * cannot be read: what has no partner yet is held. `unread` counts what of the transcripts cannot be read.
 */
export function* episodes(
  run: ComparedRun,
  environments: Lookup<AnyEnvironment>,
  unread: Unread,
): Generator<{ readonly log: StepsRow; readonly traces: TracedEpisode; readonly env: AnyEnvironment }> {
  const metadata = readMetadata(run.folder)!
  if (!environments.has(metadata.env_id)) return
  const env = environments.get(metadata.env_id)
  if (otherBuild(metadata, environments) !== undefined) return
  const read = readTraces(run.folder, unread)
  const repeated = new Set(run.repeated)
  const logs = new Map<string, StepsRow>()
  const traced = new Map<string, TracedEpisode>()
  for (const log of readSteps(run.folder, new Unread())) {
    logs.set(log.key, log)
    const { value } = read.next()
    if (value !== undefined) traced.set(value.id, value)
    for (const key of [log.key, value?.id ?? '']) {
      const [own, traces] = [logs.get(key), traced.get(key)]
      if (own === undefined || traces === undefined) continue
      logs.delete(key)
      traced.delete(key)
      if (!repeated.has(key)) yield { log: own, traces, env }
    }
  }
}

/** What the page shows of one seat of an episode; undefined where the seat left no messages. */
export function transcriptOf(
  traced: TracedEpisode,
  log: StepsRow,
  env: AnyEnvironment,
  seat: AgentId,
): ReportTranscript | undefined {
  const trace = traced.traces.find(({ agent }) => agent.name === seat)
  if (trace === undefined || trace.nodes.length === 0) return undefined
  return { messages: trace.nodes.map(({ message }) => reportMessage(message)), ...standingsOf(log, env, seat) }
}

/** How everybody stood over an episode, thinned to what a line shows. */
export function standingsOf(log: StepsRow, env: AnyEnvironment, seat: AgentId): Pick<ReportTranscript, 'standings' | 'stride'> {
  const stride = strideOf(log)
  const thinned = (values: readonly number[]): number[] => values.filter((_, t) => t % stride === 0).map(rounded)
  const standings = { [REWARD]: { [seat]: rewards(env, log, seat) }, ...env.facts?.standings?.(log) }
  return { standings: mapValues(standings, byAgent => mapValues(byAgent, thinned)), stride }
}

/** A message as the page shows it. */
export function reportMessage(message: Message): ReportMessage {
  const { role, content: text } = message
  if (role === 'tool') return { role, text, name: message.name }
  if (role !== 'assistant') return { role, text }
  const { reasoning_content: thinking, tool_calls: calls } = message
  return {
    role,
    text,
    ...(thinking !== undefined && { thinking }),
    ...(calls !== undefined && { calls: calls.map(({ name, arguments: written }) => ({ name, arguments: written })) }),
  }
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, of: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, of(value)]))
}
