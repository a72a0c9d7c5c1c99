/**
 * What can be set: a configuration gives every option (`options.ts`), those that nobody says as in its profile (`profiles.ts`), and a
 * scenario leaves none open. Knows no rule of the game.
 */
import { z } from 'zod'
import { type Extreme, type Options, OWN, type Own, PUBLISHED, type Shift } from './options.ts'
import { PROFILE_NAMES, PROFILES, type Profile, STANDARD } from './profiles.ts'

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
