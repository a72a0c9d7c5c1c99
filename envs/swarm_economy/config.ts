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
export type Difficulty = (typeof DIFFICULTIES)[number]

const share = () => z.number().min(0).max(1)
const weight = () => z.number().min(-10).max(10)
/** A value, or null: drawn from the scenario's seed. */
const open = <T extends z.ZodType>(value: T) => value.nullable()

/** Everything a profile decides. */
const OPTIONS = {
  difficulty: z
    .enum([...DIFFICULTIES, 'mixed'])
    .describe('how many deceptive bots there are and how tight governance is; `mixed` draws one of the three'),

  epochs: z.int().min(1).max(20).describe('epochs of an episode'),
  stepsPerEpoch: z.int().min(1).max(20).describe('steps of an epoch; new tasks appear at each epoch start'),
  textOnlyTurn: z.enum(['stop', 'pass']).describe('what a message without a tool call does: end the play, or pass automatically'),
  executeFinalTurn: z
    .boolean()
    .describe('whether the calls of the last allowed message are carried out, or only counted as in the published runs'),
  cancelTool: z.boolean().describe('whether there is a tenth tool, cancel_proposal'),
  observationDetail: z
    .enum(['basic', 'full'])
    .describe('`full` adds outgoing proposals, recent events, proposal history and behaviour notes'),
  explainTrades: z
    .boolean()
    .describe('whether prompt, offers and errors say which way a transfer goes and who can answer a proposal'),

  payoffWeight: weight().describe('weight of the payoff score in the reward'),
  reputationWeight: weight().describe('weight of the reputation score in the reward'),
  qualityWeight: weight().describe('weight of the quality score in the reward'),
  activityWeight: weight().describe('weight of activity quality (valid calls among those that are not passes) in the reward'),
  diversityWeight: weight().describe('weight of action diversity in the reward'),
  survivalWeight: weight().describe('weight of survival in the reward'),
  payoffScale: z.number().min(1).max(10_000).describe('payoff at which the payoff score reaches 1; its negative gives 0'),
  payoffIncludesTransfers: z.boolean().describe('whether what is paid in a trade counts in the payoffs of both sides'),
  reputationScore: z
    .enum(['level', 'change'])
    .describe('reputation / 100, or its change since the start / 50, which is negative below the start'),
  qualityScore: z
    .enum(['interactions', 'tasks'])
    .describe('successes among all logged calls, or good submissions among valid submissions'),

  submissionScore: z
    .enum(['keywords', 'length', 'relevance', 'own_words'])
    .describe('how submitted text is judged: the heuristics of the published versions in order, and one of ours'),
  submissionNoise: z.number().min(0).max(2).describe('standard deviation of the noise added to the score of a submission'),
  bountyLow: z.number().min(0).max(1000).describe('least bounty of a task, before the multiplier'),
  bountyHigh: z.number().min(0).max(1000).describe('greatest bounty of a task, before the multiplier'),
  auditFailsBelow: share().describe('an audited submission whose p is below this fails'),
  postReward: z.number().min(0).max(50).describe('reputation for a post'),
  replyReward: z.number().min(0).max(50).describe("reputation for a reply to another agent's post"),
  popularBonus: z.boolean().describe('whether a post that reaches three net votes earns its author resources, once'),
  progressiveTax: z.boolean().describe('whether the tax rate rises with resources relative to the mean'),
  idleDecayFactor: z.number().min(0).max(10).describe('how much faster reputation decays in a step that a player passes'),
  appeals: z.boolean().describe('whether a frozen agent returns after three steps, or stays frozen'),

  trustPhase: z.enum(['fixed', 'drawn']).describe('a deceptive bot behaves for 5 interactions, or for 3 to 8 drawn per bot'),
  exploitSwitch: z
    .enum(['hard', 'soft'])
    .describe('after the trust phase a deceptive bot always exploits, or with a probability that rises around it'),
  exploitTransfer: z.enum(['fixed', 'drawn']).describe('what an extraction asks for: 15, or 5 to 20'),
  exploitTargets: z.enum(['reputable', 'anyone']).describe('whom it asks: agents with reputation above 40, or anyone'),
  socialStanding: z.boolean().describe('whether posts and replies attract offers and make opportunistic bots accept more'),

  mix: open(z.string().regex(MIX, 'expected counts honest/opportunistic/deceptive such as 1/1/1')).describe(
    'bots by type as honest/opportunistic/deceptive, such as 0/2/2; null draws one of the difficulty',
  ),
  taxRate: open(share()).describe('share of its resources that every agent pays each step; null draws it'),
  auditRisk: open(share()).describe('probability that a submission is audited; null draws it'),
  decay: open(share()).describe('what reputation is multiplied by each step; null draws it'),
  freezeBelow: open(z.number().min(0).max(100)).describe('reputation below which an agent is frozen; null draws it'),
  resources: open(z.number().min(0).max(10_000)).describe('resources of every agent at the start; null draws them'),
  bountyMultiplier: open(z.number().min(0).max(10)).describe('what drawn bounties are multiplied by; null draws it'),
  phaseShift: open(z.enum(SHIFTS)).describe('what changes at the start of epoch 3; null: nothing in nine cases of ten'),
  extreme: open(z.enum(EXTREMES)).describe('the kind of extreme scenario; null: none in nineteen rows of twenty'),
} as const

type Options = { [K in keyof typeof OPTIONS]: z.infer<(typeof OPTIONS)[K]> }

const V01: Options = {
  difficulty: 'medium',
  epochs: 5,
  stepsPerEpoch: 5,
  textOnlyTurn: 'stop',
  executeFinalTurn: false,
  cancelTool: false,
  observationDetail: 'basic',
  explainTrades: false,
  payoffWeight: 1,
  reputationWeight: 0.3,
  qualityWeight: 0,
  activityWeight: 0,
  diversityWeight: 0,
  survivalWeight: 0,
  payoffScale: 100,
  payoffIncludesTransfers: false,
  reputationScore: 'level',
  qualityScore: 'interactions',
  submissionScore: 'keywords',
  submissionNoise: 0,
  bountyLow: 12,
  bountyHigh: 24,
  auditFailsBelow: 0.5,
  postReward: 0.5,
  replyReward: 0.3,
  popularBonus: false,
  progressiveTax: false,
  idleDecayFactor: 1,
  appeals: false,
  trustPhase: 'fixed',
  exploitSwitch: 'hard',
  exploitTransfer: 'fixed',
  exploitTargets: 'reputable',
  socialStanding: false,
  mix: null,
  taxRate: null,
  auditRisk: null,
  decay: 0.98,
  freezeBelow: 10,
  resources: 100,
  bountyMultiplier: 1,
  phaseShift: 'none',
  extreme: 'none',
}

const V01_FIXED: Options = {
  ...V01,
  textOnlyTurn: 'pass',
  reputationWeight: 0.6,
  submissionScore: 'length',
  decay: 0.99,
  trustPhase: 'drawn',
}

const V02: Options = {
  ...V01_FIXED,
  cancelTool: true,
  observationDetail: 'full',
  explainTrades: true,
  reputationWeight: 0.3,
  qualityWeight: 0.2,
  diversityWeight: 0.1,
  submissionScore: 'relevance',
  postReward: 2,
  replyReward: 1.5,
  popularBonus: true,
  progressiveTax: true,
  idleDecayFactor: 2,
  appeals: true,
  exploitSwitch: 'soft',
  exploitTransfer: 'drawn',
  exploitTargets: 'anyone',
  socialStanding: true,
  decay: null,
  freezeBelow: null,
  resources: null,
  bountyMultiplier: null,
  phaseShift: null,
  extreme: null,
}

/** The repairs of what the authors criticise in their own posts; each can be taken back alone. */
const STANDARD: Options = {
  ...V02,
  executeFinalTurn: true,
  activityWeight: 0.1,
  diversityWeight: 0,
  payoffIncludesTransfers: true,
  reputationScore: 'change',
  qualityScore: 'tasks',
  submissionScore: 'own_words',
  auditFailsBelow: 0.6,
}

export const PROFILES = {
  standard: STANDARD,
  'v0.1': V01,
  'v0.1-fixed': V01_FIXED,
  'v0.2': V02,
  'v0.2.3': { ...V02, diversityWeight: 0.25 },
} as const satisfies Record<string, Options>
export type Profile = keyof typeof PROFILES
export const PROFILE_NAMES = Object.keys(PROFILES) as [Profile, ...Profile[]]

const maxTurns = z.int().min(1).max(1000)

/** A configuration with every option explicit. */
export interface SwarmConfig extends Readonly<Options> {
  readonly profile: Profile
  /** Messages a player may send. */
  readonly maxTurns: number
}

/** A configuration with nothing left open: what a game is played with. */
export interface Scenario extends SwarmConfig {
  readonly mix: string
  readonly taxRate: number
  readonly auditRisk: number
  readonly decay: number
  readonly freezeBelow: number
  readonly resources: number
  readonly bountyMultiplier: number
  readonly phaseShift: Shift
  readonly extreme: Extreme
}

const optional = Object.fromEntries(
  Object.entries(OPTIONS).map(([name, schema]) => [name, schema.optional().describe(schema.description!)]),
) as { [K in keyof typeof OPTIONS]: z.ZodOptional<(typeof OPTIONS)[K]> }

/** What is not given has the profile's value; the parsed configuration parses to itself. */
export const config: z.ZodType<SwarmConfig> = z
  .strictObject({
    profile: z
      .enum(PROFILE_NAMES)
      .default(PROFILE_NAMES[0])
      .describe('the version whose values stand where nothing else is given'),
    ...optional,
    maxTurns: maxTurns.optional().describe('messages a player may send; one for each step where nothing is given'),
  })
  .transform(({ profile, maxTurns: turns, ...given }): SwarmConfig => {
    const options: Options = { ...PROFILES[profile] }
    for (const [name, value] of Object.entries(given)) if (value !== undefined) Object.assign(options, { [name]: value })
    return { profile, ...options, maxTurns: turns ?? options.epochs * options.stepsPerEpoch }
  })

/** The profiles by name; the first is what an empty configuration means. */
export const presets: Readonly<Record<Profile, object>> = Object.fromEntries(
  PROFILE_NAMES.map((profile, i) => [profile, i === 0 ? {} : { profile }]),
) as Record<Profile, object>

/** Only what differs from the profile: how a configuration is written down for people. */
export function written(config: SwarmConfig): Record<string, unknown> {
  const { profile, maxTurns: turns, ...options } = config
  const differing = Object.entries(options).filter(([name, value]) => PROFILES[profile][name as keyof Options] !== value)
  return {
    profile,
    ...Object.fromEntries(differing),
    ...(turns === config.epochs * config.stepsPerEpoch ? {} : { maxTurns: turns }),
  }
}

/** Steps of an episode. */
export function horizon({ epochs, stepsPerEpoch }: SwarmConfig): number {
  return epochs * stepsPerEpoch
}
