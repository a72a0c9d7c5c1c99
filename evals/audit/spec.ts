/**
 * What an audit is told of an economy, and the words it speaks: policies as data, settings, attacks. Every part of an
 * `AuditSpec` is optional; an economy without one is audited by what its contract says. Knows no economy.
 */
import type { BotSet, EnvironmentWithBots } from '../../bots/index.ts'
import type { AnyTypes, Decision } from '../../envs/core/environment.ts'
import type { AnyPolicyFactory, PolicyFactory } from '../../envs/core/policy.ts'
import type { AgentId, Call } from '../../envs/core/tool.ts'

/** A policy as data, so that what a search found can be committed and replayed. */
export type PolicyDesc =
  | { readonly kind: 'bot'; readonly name: string }
  /** Every turn the first legal call of one tool, taken from its candidates at that rank in [0, 1]. */
  | { readonly kind: 'tool'; readonly tool: string; readonly rank: number }
  /** Messages whatever is seen: which one by turn, beginning again at the end. Without `turns` the first one always, a constant policy. */
  | { readonly kind: 'list'; readonly messages: readonly Decision[]; readonly turns?: readonly number[] }
  /** A member of a family of policies: the generic `chooser`, or one of the economy's own. */
  | { readonly kind: 'family'; readonly family: string; readonly parameters: readonly number[] }
  /** Another policy, altered: padded, answered with gibberish, blindfolded … (`alterations.ts`, and the economy's blindfolds). */
  | { readonly kind: 'altered'; readonly by: string; readonly base: PolicyDesc }

/** Policies that are a function of parameters, each in [0, 1]; what a search searches. */
export interface PolicyFamily {
  readonly description: string
  /** A name a parameter. */
  readonly parameters: readonly string[]
  /** Where a search begins; the middle of each by default. */
  readonly start?: readonly number[]
  /** Whether its members play in both seats of a pair alone. */
  readonly paired?: true
  readonly make: (parameters: readonly number[]) => AnyPolicyFactory
}

/** Takes something from a policy's view and, where it would speak of it, from its calls. */
export interface Blindfold {
  readonly description: string
  /** The observation without it; a new object. */
  readonly observation?: (observation: never) => object
  /** The call without it, or undefined where nothing is left of it. */
  readonly call?: (call: Call) => Call | undefined
}

/** Probabilities or shares in [0, 1] that texts of a kind are judged good. */
export interface TextGrades {
  /** Words of the task in no order. */
  readonly salad: number
  readonly gibberish: number
  /** Right, in as few words as it can be. */
  readonly short: number
  /** The same, with padding around it. */
  readonly padded: number
}

export type Kind = 'honest' | 'opportunistic' | 'deceptive'
export const KINDS: readonly Kind[] = ['honest', 'opportunistic', 'deceptive']

/** Who sits opposite the evaluated seat. */
export interface LineupSpec {
  /** So many of each bot, in the seats that players take. */
  readonly opponents?: Readonly<Record<string, number>>
  /** Instead: the bots of which the seed draws one for each of these seats. */
  readonly drawn?: readonly string[]
  /** Configuration fields that choose the residents. */
  readonly fields?: object
}

export interface AuditSpec {
  /** The presets that are to meet the targets. */
  readonly standard?: readonly string[]
  /** The standard preset whose whole history is to fit small models. */
  readonly short?: string
  /** Presets from easy to hard. */
  readonly levels?: readonly string[]
  /** Configuration fields that take the institutions away. */
  readonly ungoverned?: object
  /** The bots of each kind, the representative first; by default the bot of that name. */
  readonly bots?: Partial<Readonly<Record<Kind, readonly string[]>>>
  /** The evaluated seat; the learner's by default. */
  readonly seat?: AgentId
  readonly lineups?: Partial<Readonly<Record<'honest' | 'mixed' | 'deceptive', LineupSpec>>>
  readonly families?: Readonly<Record<string, PolicyFamily>>
  /** What `ignoring words` and `ignoring others` take away. */
  readonly blindfolds?: Readonly<Record<string, Blindfold>>
  /** How texts are graded, where answers are judged: means over the tasks of a seed. */
  readonly texts?: (config: never, seed: number) => TextGrades
  /** The two seats of a colluding pair, and further policies to play in both. */
  readonly pair?: { readonly seats: readonly [AgentId, AgentId]; readonly policies?: readonly PolicyDesc[] }
  /** By preset, parts that differ. */
  readonly presets?: Readonly<Record<string, Omit<AuditSpec, 'presets' | 'standard' | 'levels' | 'short'>>>
}

/** An economy as it is audited. */
export interface Subject extends EnvironmentWithBots, Pick<BotSet, 'opponents' | 'shuffled' | 'residents'> {
  readonly spec: AuditSpec
}

/** Fixes the economy's types, so that a family is written with them. */
export const family = <T extends AnyTypes>(
  given: Omit<PolicyFamily, 'make'> & { readonly make: (parameters: readonly number[]) => PolicyFactory<T> },
): PolicyFamily => given as unknown as PolicyFamily

/** The parts of a spec that hold for one preset. */
export function specOf({ spec }: Subject, preset: string): AuditSpec {
  return { ...spec, ...spec.presets?.[preset] }
}

/** Rules within which a game is played, beside the preset's own. */
export interface AuditSetting {
  readonly name: string
  readonly fields: object
  readonly opponents?: Readonly<Record<string, number>>
  readonly drawn?: readonly string[]
}
