/**
 * metadata.json: what a run is and what it came to, in the field names of Verifiers' saved evaluations, with ours beside
 * them. Knows the shape and how it is filled; reads and writes nothing.
 */
import type { AnyEnvironment } from '../envs/core/environment.ts'
import { digest } from '../envs/core/plain.ts'
import { type AgentId, toolSchema } from '../envs/core/tool.ts'
import type { Column } from './column.ts'
import type { Par } from './par.ts'
import { PASS_THRESHOLD, type PassRates } from './pass_rates.ts'
import type { Player, Usage } from './player.ts'
import { FORMAT } from './record.ts'
import { configDigest } from './rollout.ts'
import type { ToolDefinition } from './rows.ts'
import { packageVersion } from './versions.ts'

/** What the files of a run come to. */
export interface Summary extends PassRates {
  /** Rollouts that were scored. */
  readonly ok: number
  /** Rollouts that were given up and not made up for since. */
  readonly failed: number
  /** Scored rollouts that a limit ended. */
  readonly truncated: number
  readonly reward: Column
  /** By name: the parts of the score, the economy's metrics, the runner's counts. */
  readonly metrics: Readonly<Record<string, Column>>
  /** Rollouts by why they ended. */
  readonly stops: Readonly<Record<string, number>>
  /** Calls per rollout by tool, refused ones included. */
  readonly calls: Readonly<Record<string, number>>
  /** Refused calls per rollout by code. */
  readonly refused: Readonly<Record<string, number>>
  /** Tokens of all model calls of the run, those of failed rollouts included; null where no model was called. */
  readonly usage: Usage | null
  /** USD; null where a price is not known or no model was called. */
  readonly cost: number | null
  /** How the model calls went; null where no model was called. */
  readonly traffic: Traffic | null
  /** Calls that an option was left out of because the endpoint does not support it, by option. */
  readonly dropped: Readonly<Record<string, number>>
  /** Calls that were sent in a second form, by form. */
  readonly adaptations: Readonly<Record<string, number>>
}

export interface Traffic {
  /** Calls that were answered. */
  readonly calls: number
  /** Those of them that the response cache answered. */
  readonly cached: number
  /** Failed attempts before the answers. */
  readonly retries: number
  /** Of the answered attempts, in milliseconds, without those from the response cache. */
  readonly latency_p50_ms: number | null
  readonly latency_p95_ms: number | null
}

export interface Metadata {
  /** The version of the format of the run's files; absent where it had none yet. */
  readonly format?: number
  readonly env_id: string
  /** The preset, and the fields that were set beside it. */
  readonly env_args: { readonly preset: string; readonly set: Readonly<Record<string, unknown>> }
  /** The model, or the player string where the player is no model. */
  readonly model: string
  readonly base_url: string | null
  readonly num_examples: number
  readonly rollouts_per_example: number
  readonly shuffle: false
  readonly shuffle_seed: null
  /** What the model was asked to sample with, without what its endpoint refused: see `dropped_options`. */
  readonly sampling_args: Readonly<Record<string, unknown>>
  /** Calls that an option was left out of because the endpoint does not support it, by option. */
  readonly dropped_options: Readonly<Record<string, number>>
  /** Calls that were sent in a second form, by form (`rollouts/models/forms.ts`). */
  readonly adaptations: Readonly<Record<string, number>>
  /** Seconds of playing, over all the commands that went on with the run. */
  readonly time: number
  readonly avg_reward: number | null
  readonly avg_metrics: Readonly<Record<string, number>>
  /** Share of rollouts that failed. */
  readonly avg_error: number
  readonly pass_at_k: Readonly<Record<string, number>>
  readonly pass_all_k: Readonly<Record<string, number>>
  readonly pass_threshold: number
  /** What rewards mean here: what honest play gets, and mean and sd of every shipped bot. Absent where nobody derived it. */
  readonly par?: Omit<Par, 'version' | 'config_digest' | 'pass_threshold'>
  readonly usage: Usage | null
  readonly cost: { readonly total_usd: number } | null
  readonly version_info: { readonly agoragym_version: string; readonly env_version: number }
  readonly state_columns: readonly string[]
  readonly tools: readonly ToolDefinition[]

  /** The player in the evaluated seats; several are joined by ` + `. */
  readonly player: string
  readonly player_kind: Player['kind']
  readonly player_details: Readonly<Record<string, unknown>>
  /** What tables call players whom somebody gave a label, by player string. */
  readonly player_labels?: Readonly<Record<string, string>>
  /** What the run was part of, where something was asked for that it is a part of. */
  readonly experiment?: ExperimentFacts
  /** The player string of every seat that a player takes. */
  readonly lineup: Readonly<Record<AgentId, string>>
  /** Present where the opponents change places: each seed draws their order, and the logs say who sat where. */
  readonly opponents_shuffled?: true
  readonly evaluated: readonly AgentId[]
  /** The resolved configuration; scenarios override it row by row. */
  readonly config: object
  readonly config_digest: string
  /** SHA-256 of what the first evaluated seat is told of rules and tools. */
  readonly prompt_digest: string
  /** Which part of a run it is, where the run was divided. */
  readonly shard?: ShardFacts
  /** Such as `seeds 0:20` or `scenarios 20`. */
  readonly examples: string
  /** Rollouts that the run is to have; fewer are there until `complete`. */
  readonly planned: number
  readonly ok: number
  readonly failed: number
  readonly truncated: number
  readonly complete: boolean
  /** ISO 8601. */
  readonly started: string
  readonly updated: string
}

/** A part of a run that was divided by examples. */
export interface ShardFacts {
  /** From 1. */
  readonly index: number
  readonly of: number
  /** The part that the run's first example falls to, from 1; the next falls to the next part, and so on round. */
  readonly starts: number
  /** Of the whole run, as `examples` and `num_examples`. */
  readonly examples: string
  readonly num_examples: number
}

/** A run's place in what was asked for. */
export interface ExperimentFacts {
  /** The suite's name; null of a command line. */
  readonly name: string | null
  /** The cell's label. */
  readonly cell: string
  /** Counts the runs of the experiment from 0, as they were named. */
  readonly order: number
  /** The player string of the player that the others are compared with. */
  readonly baseline: string
  /** The fields of the configuration that are swept where the run belongs, its plain configuration included. */
  readonly sweep?: readonly string[]
}

/** What a run is, before anything of it is played. */
export interface RunFacts {
  readonly env: AnyEnvironment
  readonly preset: string
  readonly set: Readonly<Record<string, unknown>>
  readonly config: object
  readonly player: Pick<Player, 'name' | 'kind' | 'details'>
  /** By player string, of those that have one. */
  readonly labels: Readonly<Record<string, string>>
  readonly experiment?: ExperimentFacts
  readonly lineup: Readonly<Record<AgentId, string>>
  readonly evaluated: readonly AgentId[]
  readonly shuffled: boolean
  readonly par?: Par
  readonly shard?: ShardFacts
  readonly examples: string
  readonly exampleCount: number
  readonly repeats: number
}

/** What has come of it so far. */
export interface RunState {
  readonly summary: Summary | undefined
  readonly planned: number
  readonly seconds: number
  readonly started: string
  readonly updated: string
}

/** The fields that say which examples a run has and what has come of it. */
function cameTo(
  details: Readonly<Record<string, unknown>>,
  { examples, exampleCount, repeats }: Pick<RunFacts, 'examples' | 'exampleCount' | 'repeats'>,
  { summary, planned, seconds, started, updated }: RunState,
) {
  const { sampling = {} } = details as { readonly sampling?: Record<string, unknown> }
  const ok = summary?.ok ?? 0
  const failed = summary?.failed ?? 0
  return {
    num_examples: exampleCount,
    rollouts_per_example: repeats,
    sampling_args: sent(sampling, summary?.dropped ?? {}),
    dropped_options: summary?.dropped ?? {},
    adaptations: summary?.adaptations ?? {},
    time: seconds,
    avg_reward: summary === undefined || summary.reward.n === 0 ? null : summary.reward.total / summary.reward.n,
    avg_metrics: Object.fromEntries(Object.entries(summary?.metrics ?? {}).map(([name, { total, n }]) => [name, total / n])),
    avg_error: ok + failed === 0 ? 0 : failed / (ok + failed),
    pass_at_k: summary?.passAtK ?? {},
    pass_all_k: summary?.passAllK ?? {},
    usage: summary?.usage ?? null,
    cost: summary === undefined || summary.cost === null ? null : { total_usd: summary.cost },
    examples,
    planned,
    ok,
    failed,
    truncated: summary?.truncated ?? 0,
    complete: ok === planned,
    started,
    updated,
  } satisfies Partial<Metadata>
}

/** The metadata of a run that is made of others of the same thing: what one of them says, with other examples and all that came of them. */
export function mergedMetadata(
  { shard: _, format: __, ...of }: Metadata,
  facts: Pick<RunFacts, 'examples' | 'exampleCount' | 'repeats'>,
  state: RunState,
): Metadata {
  return { format: FORMAT, ...of, ...cameTo(of.player_details, facts, state) }
}

export function metadata(facts: RunFacts, state: RunState): Metadata {
  const { env, config, player, evaluated } = facts
  const { model, base_url } = player.details as { model?: string; base_url?: string }
  const came = cameTo(player.details, facts, state)
  const tools = Object.entries(env.tools(config)).map(([name, tool]) => ({ ...toolSchema(name, tool), strict: false }))
  return {
    format: FORMAT,
    env_id: env.id,
    env_args: { preset: facts.preset, set: facts.set },
    model: model ?? player.name,
    base_url: base_url ?? null,
    num_examples: came.num_examples,
    rollouts_per_example: came.rollouts_per_example,
    shuffle: false,
    shuffle_seed: null,
    sampling_args: came.sampling_args,
    dropped_options: came.dropped_options,
    adaptations: came.adaptations,
    time: came.time,
    avg_reward: came.avg_reward,
    avg_metrics: came.avg_metrics,
    avg_error: came.avg_error,
    pass_at_k: came.pass_at_k,
    pass_all_k: came.pass_all_k,
    pass_threshold: facts.par?.pass_threshold ?? PASS_THRESHOLD,
    ...(facts.par !== undefined && { par: told(facts.par) }),
    usage: came.usage,
    cost: came.cost,
    version_info: { agoragym_version: packageVersion(), env_version: env.version },
    state_columns: [],
    tools,
    player: player.name,
    player_kind: player.kind,
    player_details: player.details,
    ...(Object.keys(facts.labels).length > 0 && { player_labels: facts.labels }),
    ...(facts.experiment !== undefined && { experiment: facts.experiment }),
    lineup: facts.lineup,
    ...(facts.shuffled && { opponents_shuffled: true as const }),
    evaluated,
    config,
    config_digest: configDigest(config),
    prompt_digest: digest([env.rules(config, evaluated[0]!), tools]),
    ...(facts.shard !== undefined && { shard: facts.shard }),
    examples: came.examples,
    planned: came.planned,
    ok: came.ok,
    failed: came.failed,
    truncated: came.truncated,
    complete: came.complete,
    started: came.started,
    updated: came.updated,
  }
}

const told = ({ version: _, config_digest: __, pass_threshold: ___, ...par }: Par): NonNullable<Metadata['par']> => par

/** Options by the fields that they are sent in, where the names differ. */
const SENT_AS: Readonly<Record<string, string>> = { reasoning: 'reasoning_effort', output_config: 'reasoning_effort' }

/** The settings that reached the model: one that was left out is not claimed. */
function sent(sampling: Readonly<Record<string, unknown>>, dropped: Readonly<Record<string, number>>): Record<string, unknown> {
  const left = new Set(Object.keys(dropped).map(field => SENT_AS[field] ?? field))
  return Object.fromEntries(Object.entries(sampling).filter(([name]) => !left.has(name)))
}
