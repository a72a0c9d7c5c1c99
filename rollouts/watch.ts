/** What can be seen of a run while it is played, as plain data; but for what is made for this machine without texts and keys. Knows shapes; sees nothing itself. */
import type { AnyTypes, Scores } from '../envs/core/environment.ts'
import type { EpisodeLog, LogRecord } from '../envs/core/log.ts'
import { digest } from '../envs/core/plain.ts'
import type { AgentId } from '../envs/core/tool.ts'
import { plusKnown } from './models/usage.ts'
import type { CallRow, RetryRow } from './player.ts'
import type { CallFigures, Rollout, RolloutSpec } from './rollout.ts'

/** What a finished rollout came to. */
export interface PlayFigures {
  /** Seconds since the epoch. */
  readonly start_time: number
  /** Seconds. */
  readonly total: number
  readonly steps: number
  readonly truncated: boolean
  /** Why it ended: the log's footer. */
  readonly stop: string | null
  /** Of the evaluated seats. */
  readonly scores: Readonly<Record<AgentId, Scores>>
  /** Model calls, those that an earlier attempt at the rollout had recorded included. */
  readonly calls: number
  readonly input_tokens: number
  readonly output_tokens: number
  /** USD; null where the price of a call is not known. */
  readonly cost: number | null
}

/** Why a rollout was given up: a provider failed for good. */
export interface FailureFigures {
  readonly agent: AgentId
  readonly player: string
  readonly code: string
  readonly status: number | null
  /** Attempts at the call that failed. */
  readonly attempts: number
}

/** Who watches a batch. */
export interface Watcher {
  /** A rollout is begun, in this thread; those that are played elsewhere are only heard of at their end. */
  readonly began?: (spec: RolloutSpec) => void
  /** A model has answered. */
  readonly called?: (row: CallRow, spec: RolloutSpec) => void
  readonly retried?: (row: RetryRow, spec: RolloutSpec) => void
  /** A step of a rollout in this thread in which somebody had to be waited for; when the first is told, so are those before it. */
  readonly stepped?: (spec: RolloutSpec, log: EpisodeLog<AnyTypes>, record: LogRecord<AnyTypes>) => void
  /** A rollout has ended: what it came to, where whoever played it says so, or why it was given up. */
  readonly ended?: (spec: RolloutSpec, ended: Ended) => void
}

export type Ended =
  | { readonly ok: true; readonly figures?: PlayFigures }
  | { readonly ok: false; readonly failure: FailureFigures }

export function playFigures({ spec, scores, log, truncated, calls, timing }: Rollout): PlayFigures {
  return {
    start_time: timing.start_time,
    total: timing.total,
    steps: log.steps.length,
    truncated,
    stop: log.stop,
    scores: Object.fromEntries(spec.evaluated.map(agent => [agent, scores[agent]!])),
    ...spent(calls),
  }
}

function spent(calls: readonly CallFigures[]): Pick<PlayFigures, 'calls' | 'input_tokens' | 'output_tokens' | 'cost'> {
  let input = 0
  let output = 0
  let cost: number | null = 0
  for (const call of calls) {
    input += call.prompt_tokens
    output += call.completion_tokens
    cost = plusKnown(cost, call.cost)
  }
  return { calls: calls.length, input_tokens: input, output_tokens: output, cost }
}

/** A player string for logs that leave the machine: a treatment with texts or fields of the user's own is told by its digest. */
export function withoutTexts(player: string): string {
  const [, name = player, treatment = ''] = /^([^[]*)(\[.*\])$/s.exec(player) ?? []
  return /\b(instructions|extra_body)=/.test(treatment) ? `${name}[#${digest(treatment).slice(0, 8)}]` : player
}
