/** What can be set, each difference between versions one named option with its type, range and meaning. Has no values. */
import { z } from 'zod'

/** Bot counts as `honest/opportunistic/deceptive`. */
const MIX = /^\d\/\d\/\d$/

export const SHIFTS = ['none', 'tax', 'audit', 'decay', 'bounty'] as const
export type Shift = (typeof SHIFTS)[number]
export const EXTREMES = ['none', 'all_deceptive', 'all_honest', 'single_type', 'high_stakes', 'sparse'] as const
export type Extreme = (typeof EXTREMES)[number]
export const DIFFICULTIES = ['easy', 'medium', 'hard'] as const
const FIGURES = ['small', 'large'] as const
export type Figures = (typeof FIGURES)[number]
export type Difficulty = (typeof DIFFICULTIES)[number]

const share = () => z.number().min(0).max(1)
const weight = () => z.number().min(-10).max(10)
/** A value, or null: drawn from the scenario's seed. */
const open = <T extends z.ZodType>(value: T) => value.nullable()

/** Everything a published profile decides. */
export const PUBLISHED = {
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
export const OWN = {
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
export type Own = { [K in keyof typeof OWN]: z.infer<(typeof OWN)[K]> }
export type Options = Published & Partial<Own>
