/**
 * What can be set: every difference between the published versions is one named option, a profile is a row of defaults
 * for all of them, and a scenario is a configuration in which nothing is left open. Knows no rule of the game.
 */
import { z } from 'zod'

/** Bot counts as `honest/opportunistic/deceptive`. */
const MIX = /^\d\/\d\/\d$/

export const SHIFTS = ['none', 'tax', 'audit', 'decay', 'bounty'] as const
export type Shift = (typeof SHIFTS)[number]
export const EXTREMES = ['none', 'all_deceptive', 'all_honest', 'single_type', 'high_stakes', 'sparse'] as const
export type Extreme = (typeof EXTREMES)[number]
export const DIFFICULTIES = ['easy', 'medium', 'hard'] as const
export const FIGURES = ['small', 'large'] as const
export type Figures = (typeof FIGURES)[number]
export type Difficulty = (typeof DIFFICULTIES)[number]

const share = () => z.number().min(0).max(1)
const weight = () => z.number().min(-10).max(10)
/** A value, or null: drawn from the scenario's seed. */
const open = <T extends z.ZodType>(value: T) => value.nullable()

/** Everything a published profile decides. */
const PUBLISHED = {
  difficulty: z
    .enum([...DIFFICULTIES, 'mixed'])
    .describe('how many deceptive bots there are and how tight governance is; `mixed` draws one of the three'),

  epochs: z.int().min(1).max(20).describe('epochs of an episode'),
  steps_per_epoch: z.int().min(1).max(20).describe('steps of an epoch; new tasks appear at each epoch start'),
  text_only_turn: z
    .enum(['stop', 'pass'])
    .describe('what a message without a tool call does: end the play, or pass automatically'),
  execute_final_turn: z
    .boolean()
    .describe('whether the calls of the last allowed message are carried out, or only counted as in the published runs'),
  cancel_tool: z.boolean().describe('whether there is a tenth tool, cancel_proposal'),
  observation_detail: z
    .enum(['basic', 'full'])
    .describe('`full` adds outgoing proposals, recent events, proposal history and behaviour notes'),
  explain_trades: z
    .boolean()
    .describe('whether prompt, offers and errors say which way a transfer goes and who can answer a proposal'),

  payoff_weight: weight().describe('weight of the payoff score in the reward'),
  reputation_weight: weight().describe('weight of the reputation score in the reward'),
  quality_weight: weight().describe('weight of the quality score in the reward'),
  activity_weight: weight().describe('weight of activity quality (valid calls among those that are not passes) in the reward'),
  diversity_weight: weight().describe('weight of action diversity in the reward'),
  survival_weight: weight().describe('weight of survival in the reward'),
  payoff_scale: z.number().min(1).max(10_000).describe('payoff at which the payoff score reaches 1; its negative gives 0'),
  payoff_includes_transfers: z.boolean().describe('whether what is paid in a trade counts in the payoffs of both sides'),
  reputation_score: z
    .enum(['level', 'change'])
    .describe('reputation / 100, or its change since the start / 50, which is negative below the start'),
  quality_score: z
    .enum(['interactions', 'tasks'])
    .describe('successes among all logged calls, or good submissions among valid submissions'),

  submission_score: z
    .enum(['keywords', 'length', 'relevance', 'own_words'])
    .describe('how submitted text is judged: the heuristics of the published versions in order, and one of ours'),
  submission_noise: z.number().min(0).max(2).describe('standard deviation of the noise added to the score of a submission'),
  bounty_low: z.number().min(0).max(1000).describe('least bounty of a task, before the multiplier'),
  bounty_high: z.number().min(0).max(1000).describe('greatest bounty of a task, before the multiplier'),
  audit_fails_below: share().describe('an audited submission whose p is below this fails'),
  post_reward: z.number().min(0).max(50).describe('reputation for a post'),
  reply_reward: z.number().min(0).max(50).describe("reputation for a reply to another agent's post"),
  popular_bonus: z.boolean().describe('whether a post that reaches three net votes earns its author resources, once'),
  progressive_tax: z.boolean().describe('whether the tax rate rises with resources relative to the mean'),
  idle_decay_factor: z.number().min(0).max(10).describe('how much faster reputation decays in a step that a player passes'),
  appeals: z.boolean().describe('whether a frozen agent returns after three steps, or stays frozen'),

  trust_phase: z.enum(['fixed', 'drawn']).describe('a deceptive bot behaves for 5 interactions, or for 3 to 8 drawn per bot'),
  exploit_switch: z
    .enum(['hard', 'soft'])
    .describe('after the trust phase a deceptive bot always exploits, or with a probability that rises around it'),
  exploit_transfer: z.enum(['fixed', 'drawn']).describe('what an extraction asks for: 15, or 5 to 20'),
  exploit_targets: z.enum(['reputable', 'anyone']).describe('whom it asks: agents with reputation above 40, or anyone'),
  social_standing: z.boolean().describe('whether posts and replies attract offers and make opportunistic bots accept more'),

  mix: open(z.string().regex(MIX, 'expected counts honest/opportunistic/deceptive such as 1/1/1')).describe(
    'bots by type as honest/opportunistic/deceptive, such as 0/2/2; null draws one of the difficulty',
  ),
  tax_rate: open(share()).describe('share of its resources that every agent pays each step; null draws it'),
  audit_risk: open(share()).describe('probability that a submission is audited; null draws it'),
  decay: open(share()).describe('what reputation is multiplied by each step; null draws it'),
  freeze_below: open(z.number().min(0).max(100)).describe('reputation below which an agent is frozen; null draws it'),
  resources: open(z.number().min(0).max(10_000)).describe('resources of every agent at the start; null draws them'),
  bounty_multiplier: open(z.number().min(0).max(10)).describe('what drawn bounties are multiplied by; null draws it'),
  phase_shift: open(z.enum(SHIFTS)).describe('what changes at the start of epoch 3; null: nothing in nine cases of ten'),
  extreme: open(z.enum(EXTREMES)).describe('the kind of extreme scenario; null: none in nineteen rows of twenty'),
} as const

/**
 * What our own profiles decide besides. Absent means as published, so that published configurations, states and logs stay
 * byte for byte what they are; each can be taken back alone.
 */
const OWN = {
  difficulty_ranges: z
    .enum(['published', 'standard'])
    .describe('which table a difficulty draws its line-ups, levers, numbers of tasks and levels from'),
  start_past: z
    .enum(['none', 'drawn'])
    .describe('whether residents begin as equals, or with the reputation and the public record of loans their past left them'),

  work_rule: z
    .enum(['words', 'problems'])
    .describe('whether a task is a theme judged by its words, or a problem whose answers are checked'),
  tasks_low: z.int().min(0).max(10).describe('least number of new tasks of an epoch; by difficulty where not given'),
  tasks_high: z.int().min(0).max(10).describe('greatest number of new tasks of an epoch'),
  level_low: z.int().min(1).max(3).describe('least level of a problem; by difficulty where not given'),
  level_high: z.int().min(1).max(3).describe('greatest level of a problem'),
  figures: z.enum(FIGURES).describe('how large the numbers of problems are; by difficulty where not given'),
  word_share: share().describe(
    'share of a bounty that is paid on what the worker vouches for; the rest is paid on what is right',
  ),
  word_trust: z.boolean().describe('whether that share is paid times reputation / 50, at most 1.25'),
  audit_fine: z.number().min(0).max(10).describe('fine of a failed audit of a problem, in bounties times the share overstated'),
  audit_penalty: z.number().min(0).max(100).describe('reputation lost in a failed audit of a problem or of a debt'),

  trade_rule: z
    .enum(['labelled', 'loans'])
    .describe('whether a trade is a transfer judged by a label, or a loan that its taker may repay'),
  loan_limit: z.number().min(1).max(100).describe('greatest loan'),
  loan_yield: z.number().min(1).max(5).describe('what a unit lent is worth to its taker at once'),
  loan_return: z.number().min(0).max(5).describe('what is owed for a unit lent'),
  loan_term: z.int().min(1).max(20).describe('steps until a loan is due'),
  loans_per_epoch: z.int().min(1).max(20).describe('loans that an agent can take in an epoch'),
  audit_debts: z.boolean().describe('whether overdue debts are audited in every step'),
  debt_fine: z.number().min(0).max(10).describe('fine of a collected debt, per unit lent'),
  restitution: share().describe('share of what a collected debt lost its lender that the lender gets back'),
  public_record: z.boolean().describe('whether all see how many loans each agent has repaid and broken'),

  post_decay: z.boolean().describe('whether the k-th post or reply of an epoch earns 1/k, and repeated words nothing'),
  refused_is_idle: z.boolean().describe('whether a refused call counts as a pass for decay'),
  payoff_score: z
    .enum(['linear', 'tanh'])
    .describe('(payoff + scale) / (2 · scale) cut to [0, 1], or tanh(payoff / scale), which is 0 without payoff'),
} as const

type Published = { [K in keyof typeof PUBLISHED]: z.infer<(typeof PUBLISHED)[K]> }
type Own = { [K in keyof typeof OWN]: z.infer<(typeof OWN)[K]> }
type Options = Published & Partial<Own>

const V01: Options = {
  difficulty: 'medium',
  epochs: 5,
  steps_per_epoch: 5,
  text_only_turn: 'stop',
  execute_final_turn: false,
  cancel_tool: false,
  observation_detail: 'basic',
  explain_trades: false,
  payoff_weight: 1,
  reputation_weight: 0.3,
  quality_weight: 0,
  activity_weight: 0,
  diversity_weight: 0,
  survival_weight: 0,
  payoff_scale: 100,
  payoff_includes_transfers: false,
  reputation_score: 'level',
  quality_score: 'interactions',
  submission_score: 'keywords',
  submission_noise: 0,
  bounty_low: 12,
  bounty_high: 24,
  audit_fails_below: 0.5,
  post_reward: 0.5,
  reply_reward: 0.3,
  popular_bonus: false,
  progressive_tax: false,
  idle_decay_factor: 1,
  appeals: false,
  trust_phase: 'fixed',
  exploit_switch: 'hard',
  exploit_transfer: 'fixed',
  exploit_targets: 'reputable',
  social_standing: false,
  mix: null,
  tax_rate: null,
  audit_risk: null,
  decay: 0.98,
  freeze_below: 10,
  resources: 100,
  bounty_multiplier: 1,
  phase_shift: 'none',
  extreme: 'none',
}

const V01_FIXED: Options = {
  ...V01,
  text_only_turn: 'pass',
  reputation_weight: 0.6,
  submission_score: 'length',
  decay: 0.99,
  trust_phase: 'drawn',
}

const V02: Options = {
  ...V01_FIXED,
  cancel_tool: true,
  observation_detail: 'full',
  explain_trades: true,
  reputation_weight: 0.3,
  quality_weight: 0.2,
  diversity_weight: 0.1,
  submission_score: 'relevance',
  post_reward: 2,
  reply_reward: 1.5,
  popular_bonus: true,
  progressive_tax: true,
  idle_decay_factor: 2,
  appeals: true,
  exploit_switch: 'soft',
  exploit_transfer: 'drawn',
  exploit_targets: 'anyone',
  social_standing: true,
  decay: null,
  freeze_below: null,
  resources: null,
  bounty_multiplier: null,
  phase_shift: null,
  extreme: null,
}

/** Work that is checked, a word that can be false, loans that can be broken: README, "What `standard` is". */
const STANDARD = {
  ...V02,
  execute_final_turn: true,
  cancel_tool: false,
  quality_weight: 0,
  diversity_weight: 0,
  payoff_scale: 250,
  payoff_includes_transfers: true,
  reputation_score: 'change',
  quality_score: 'tasks',
  submission_score: 'own_words',
  bounty_low: 14,
  bounty_high: 26,
  audit_fails_below: 0.6,
  post_reward: 1,
  reply_reward: 0.7,
  popular_bonus: false,
  progressive_tax: false,
  resources: 100,
  bounty_multiplier: 1,
  phase_shift: 'none',
  extreme: 'none',
  difficulty_ranges: 'standard',
  start_past: 'drawn',
  work_rule: 'problems',
  word_share: 0.75,
  word_trust: true,
  audit_fine: 2.5,
  audit_penalty: 10,
  trade_rule: 'loans',
  loan_limit: 40,
  loan_yield: 2,
  loan_return: 1.5,
  loan_term: 3,
  loans_per_epoch: 1,
  audit_debts: true,
  debt_fine: 1,
  restitution: 0.25,
  public_record: true,
  post_decay: true,
  refused_is_idle: true,
  payoff_score: 'tanh',
} as const satisfies Options

export const PROFILES = {
  standard: STANDARD,
  'v0.1': V01,
  'v0.1-fixed': V01_FIXED,
  'v0.2': V02,
  'v0.2.3': { ...V02, diversity_weight: 0.25 },
  short: { ...STANDARD, epochs: 3, steps_per_epoch: 4, payoff_scale: 120 },
} as const satisfies Record<string, Options>
export type Profile = keyof typeof PROFILES
export const PROFILE_NAMES = Object.keys(PROFILES) as [Profile, ...Profile[]]

/** A configuration with every option explicit. */
export interface SwarmConfig extends Readonly<Options> {
  readonly profile: Profile
  /** Messages a player may send. */
  readonly max_turns: number
}

/** A configuration with nothing left open: what a game is played with. */
export interface Scenario extends SwarmConfig {
  readonly mix: string
  readonly tax_rate: number
  readonly audit_risk: number
  readonly decay: number
  readonly freeze_below: number
  readonly resources: number
  readonly bounty_multiplier: number
  readonly phase_shift: Shift
  readonly extreme: Extreme
}

const optional = Object.fromEntries(
  Object.entries({ ...PUBLISHED, ...OWN }).map(([name, schema]) => [name, schema.optional().describe(schema.description!)]),
) as { [K in keyof (typeof PUBLISHED & typeof OWN)]: z.ZodOptional<(typeof PUBLISHED & typeof OWN)[K]> }

/** What a rule of our own cannot do without; where a configuration names the rule alone it is as in `standard`. */
const NEEDED: Readonly<Record<string, readonly (keyof Own & keyof typeof STANDARD)[]>> = {
  problems: ['word_share', 'audit_fine', 'audit_penalty'],
  loans: ['loan_limit', 'loan_yield', 'loan_return', 'loan_term', 'loans_per_epoch', 'debt_fine', 'restitution', 'audit_penalty'],
}

/** What is not given has the profile's value; the parsed configuration parses to itself. */
export const config: z.ZodType<SwarmConfig> = z
  .strictObject({
    profile: z
      .enum(PROFILE_NAMES)
      .default(PROFILE_NAMES[0])
      .describe('the version whose values stand where nothing else is given'),
    ...optional,
    max_turns: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('messages a player may send; one for each step where nothing is given'),
  })
  .transform(({ profile, max_turns: turns, ...given }): SwarmConfig => {
    const options: Options = { ...PROFILES[profile] }
    for (const [name, value] of Object.entries(given)) if (value !== undefined) Object.assign(options, { [name]: value })
    for (const name of [...(NEEDED[options.work_rule ?? ''] ?? []), ...(NEEDED[options.trade_rule ?? ''] ?? [])])
      if (options[name] === undefined) Object.assign(options, { [name]: STANDARD[name] })
    return { profile, ...options, max_turns: turns ?? options.epochs * options.steps_per_epoch }
  })

/** The profiles by name, and two difficulties of our own; the first is what an empty configuration means. */
export const presets: Readonly<Record<Profile | 'easy' | 'hard', object>> = {
  ...(Object.fromEntries(PROFILE_NAMES.map((profile, i) => [profile, i === 0 ? {} : { profile }])) as Record<Profile, object>),
  easy: { difficulty: 'easy' },
  hard: { difficulty: 'hard' },
}

/** Only what differs from the profile: how a configuration is written down for people. */
export function written(config: SwarmConfig): Record<string, unknown> {
  const { profile, max_turns: turns, ...options } = config
  const differing = Object.entries(options).filter(
    ([name, value]) => (PROFILES[profile] as Options)[name as keyof Options] !== value,
  )
  return {
    profile,
    ...Object.fromEntries(differing),
    ...(turns === config.epochs * config.steps_per_epoch ? {} : { max_turns: turns }),
  }
}

/** A configuration whose rules are of our own: what they need was filled in when it was parsed. */
export function terms(config: SwarmConfig): SwarmConfig & Readonly<Required<Own>> {
  return config as SwarmConfig & Required<Own>
}

/** Steps of an episode. */
export function horizon({ epochs, steps_per_epoch }: SwarmConfig): number {
  return epochs * steps_per_epoch
}
