/**
 * What a session can be told: mode, length, who the residents are, and what the agentic mode's world and institutions are.
 * Defaults that depend on the mode are filled here; a session of the published mode carries none of the agentic options.
 */
import { z } from 'zod'
import { COLONISTS, DIALOGUE, LABOUR, SOCIETY } from './parameters.ts'

/** How a scripted colonist behaves toward others; `rule` is the bare substrate. */
const RESIDENT_TYPES = ['rule', 'honest', 'opportunistic', 'deceptive'] as const
export type ResidentType = (typeof RESIDENT_TYPES)[number]

/** Ours: how many of each type are among nine residents. */
export const MIXES = {
  easy: { honest: 7, opportunistic: 1, deceptive: 1 },
  medium: { honest: 5, opportunistic: 2, deceptive: 2 },
  hard: { honest: 3, opportunistic: 2, deceptive: 4 },
} as const
export type Mix = keyof typeof MIXES

const MODES = ['agentic', 'two-layer'] as const
export type Mode = (typeof MODES)[number]

/** What a mode's sessions are when nothing is said: the two-layer ones are the publication's. */
const BY_MODE = {
  agentic: { max_steps: 25, initial_needs: 60 },
  'two-layer': { max_steps: 100, initial_needs: 80 },
} as const

/** What the composite score adds up when nothing is said. */
const WEIGHTS = {
  agentic: { payoff: 1, reputation: 0.3, survival: 0.2, quality: 0.1 },
  'two-layer': { payoff: 1, reputation: 0.3, survival: 0, quality: 0 },
} as const

const weight = z.number().min(0).max(10).optional()
const share = z.number().min(0).max(1)
const factor = z.number().min(0).max(10)
const labour = z.int().min(1).max(100_000)

const governance = z.strictObject({
  pay: z.boolean().describe('whether reputation multiplies pay by 0.5 + reputation / 100'),
  trust: z.boolean().describe('whether residents trust nobody under a reputation of 40'),
  memory: z.boolean().describe('whether a resident never again trusts who broke a promise to it'),
  suspension: z.boolean().describe('whether too low a reputation suspends'),
})
export type Governance = z.output<typeof governance>

/** The options of the agentic mode, each with what it does. */
const options = {
  need_spread: z.int().min(0).max(50).describe('points around initial_needs within which each need of everybody starts'),
  storms: share.describe(
    'share of shifts that are storms, which everybody sees as they begin; exactly so many, in an order of the seed',
  ),
  storm_pay: share.describe('what a storm multiplies the pay of working and building by'),
  storm_drain: z
    .int()
    .min(0)
    .max(1000)
    .describe('0.001 points of energy a tick that a storm takes from who works, builds or walks'),
  illness: share.describe('share of shifts in which each colonist falls ill, unless it is ill already'),
  ill_pay: share.describe('what illness multiplies pay by'),
  fields: z.int().min(1).max(6).describe('fields to work in; each shift one of them, drawn by the seed, is rich'),
  rich_pay: factor.describe('what the rich field multiplies the pay of working by'),
  poor_pay: factor.describe('what the other fields multiply it by'),
  advance: factor.describe('credits that who is promised labour pays at once to who promises it; at 0 no pledge needs trust'),
  harvest: factor.describe('credits that a kept promise which was paid for brings to whom it was made, at a bond of 0'),
  bond_yield: factor.describe('the harvest is multiplied by 1 + bond_yield · bond / 100, between 0.5 and 2'),
  mutual_harvest: share.describe(
    'what the harvest is multiplied by where whom a promise is made to promised its maker labour in the same shift',
  ),
  site_labour: z
    .strictObject({ low: labour.describe('ticks at least'), high: labour.describe('ticks at most') })
    .refine(({ low, high }) => low <= high, { error: 'expected low ≤ high' })
    .describe('ticks of labour of each site, drawn by the seed'),
  start_credits: z.number().min(0).max(100).describe('credits of everybody at the start; payoff is what is added to them'),
  broken_reputation: z.number().min(-100).max(0).describe('what a broken promise does to reputation'),
  unchosen: z.enum(['working', 'walking']).describe('what a colonist does whose player chose nothing'),
  trust_bond: z.int().min(-100).max(100).describe('points of bond under which a resident trusts nobody'),
  favour_bond: z.int().min(-100).max(100).describe('points of bond above which an opportunistic resident does a favour'),
  governance: governance.describe('the institutions of the colony, each on or off'),
  par: z.number().min(0.01).max(100).describe('credits per shift that are a payoff of 1'),
  payoff_cap: factor.describe('payoff at most; it is at least −1'),
  quality_floor: z.int().min(1).max(1000).describe('interactions that quality is a share of, at least'),
}
type Options = { readonly [K in keyof typeof options]: z.output<(typeof options)[K]> }

/** What each is when nothing is said. */
const STANDARD: Options = {
  need_spread: 12,
  storms: 0.24,
  storm_pay: 0.5,
  storm_drain: 60,
  illness: 0.12,
  ill_pay: 0.35,
  fields: 3,
  rich_pay: 1.8,
  poor_pay: 0.6,
  advance: 0.5,
  harvest: 0.8,
  bond_yield: 2,
  mutual_harvest: 0,
  site_labour: { low: 1200, high: 2400 },
  start_credits: 2,
  broken_reputation: -10,
  unchosen: 'walking',
  trust_bond: -10,
  favour_bond: 5,
  governance: { pay: true, trust: true, memory: true, suspension: true },
  par: 1.4,
  payoff_cap: 1.2,
  quality_floor: 10,
}

/**
 * What each is in the agentic mode as it was until version 2 of this economy: no weather, no illness, one field, promises that
 * cost nothing. Together they give its rules back; each alone takes one difference away.
 */
export const WITHOUT = {
  need_spread: 0,
  storms: 0,
  illness: 0,
  fields: 1,
  rich_pay: 1,
  poor_pay: 1,
  advance: 0,
  harvest: 0,
  bond_yield: 0,
  mutual_harvest: 1,
  site_labour: { low: LABOUR, high: LABOUR },
  start_credits: 0,
  broken_reputation: -6,
  unchosen: 'working',
  trust_bond: -100,
  favour_bond: 15,
  governance: { pay: true, trust: true, memory: false, suspension: true },
  par: 1,
  payoff_cap: 1,
  quality_floor: 1,
} as const satisfies Partial<Options>

const OPTIONS = Object.keys(options) as (keyof Options)[]
const optional = Object.fromEntries(
  Object.entries(options).map(([name, schema]) => [
    name,
    schema.optional().describe(`agentic mode: ${schema.description} (${words(STANDARD[name as keyof Options])})`),
  ]),
) as { [K in keyof typeof options]: z.ZodOptional<(typeof options)[K]> }

function words(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const fields = z.strictObject({
  mode: z
    .enum(MODES)
    .default('agentic')
    .describe('agentic: players act for their colonists; two-layer: the substrate acts for everybody, calls are advice'),
  ticks_per_step: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe(`ticks of a shift, which is one step (100 are about 7 hours); at least ${SOCIETY.pledgeTicks} in agentic mode`),
  max_steps: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe(
      `shifts of a session; ${BY_MODE.agentic.max_steps} in agentic and ${BY_MODE['two-layer'].max_steps} in two-layer mode`,
    ),
  initial_needs: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe(
      `points of every need at the start; ${BY_MODE.agentic.initial_needs} in agentic and ${BY_MODE['two-layer'].initial_needs} in two-layer mode`,
    ),
  residents: z
    .union([z.enum(['easy', 'medium', 'hard']), z.array(z.enum(RESIDENT_TYPES)).length(COLONISTS)])
    .default('medium')
    .describe('who sits where no player does, in agentic mode: a shuffled mix, or the type of each colonist in order'),
  dialogue_events: z
    .int()
    .min(0)
    .max(DIALOGUE.maxCalls)
    .default(DIALOGUE.maxCalls)
    .describe(
      `dialogue events of a session at most; each is charged ${DIALOGUE.callMicroUsd} micro-dollars, so no session more than ${DIALOGUE.ceilingMicroUsd}`,
    ),
  weights: z
    .strictObject({
      payoff: weight.describe('of credits per step (1)'),
      reputation: weight.describe('of final reputation (0.3)'),
      survival: weight.describe('of the share of ticks that were not bad (0.2; 0 in two-layer mode)'),
      quality: weight.describe('of the share of interactions that succeeded (0.1; 0 in two-layer mode)'),
    })
    .prefault({})
    .describe('what the composite score adds up, in agentic mode'),
  ...optional,
})

export const config = fields
  .refine(({ mode, ticks_per_step }) => mode === 'two-layer' || ticks_per_step >= SOCIETY.pledgeTicks, {
    path: ['ticks_per_step'],
    message: `a shift of the agentic mode has at least ${SOCIETY.pledgeTicks} ticks, or no pledge could be kept`,
  })
  .superRefine((given, context) => {
    if (given.mode === 'agentic') return
    for (const name of OPTIONS)
      if (given[name] !== undefined)
        context.addIssue({
          code: 'custom',
          path: [name],
          message: 'belongs to the agentic mode; a two-layer session has none of its options',
          input: given[name],
        })
  })
  .transform(({ mode, max_steps, initial_needs, residents, weights, ticks_per_step, dialogue_events, ...given }): MarsConfig => {
    const shared = {
      ticks_per_step,
      residents,
      dialogue_events,
      weights: { ...WEIGHTS[mode], ...defined(weights) },
      max_steps: max_steps ?? BY_MODE[mode].max_steps,
      initial_needs: initial_needs ?? BY_MODE[mode].initial_needs,
    }
    return mode === 'agentic' ? { mode, ...shared, ...STANDARD, ...defined(given) } : { mode, ...shared }
  })

interface Shared {
  readonly ticks_per_step: number
  readonly max_steps: number
  readonly initial_needs: number
  readonly residents: Mix | readonly ResidentType[]
  readonly dialogue_events: number
  readonly weights: Readonly<Record<keyof (typeof WEIGHTS)['agentic'], number>>
}
export type TwoLayerConfig = Shared & { readonly mode: 'two-layer' }
export type AgenticConfig = Shared & { readonly mode: 'agentic' } & Options
export type MarsConfig = TwoLayerConfig | AgenticConfig

/** The given fields without those that are undefined. */
function defined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

export const presets = {
  agentic: {},
  easy: { residents: 'easy', storms: 0.04, illness: 0.04, rich_pay: 2, payoff_cap: 1.4 },
  hard: { residents: 'hard', storms: 0.36, illness: 0.2 },
  short: {
    max_steps: 10,
    need_spread: 5,
    rich_pay: 2.2,
    poor_pay: 0.4,
    broken_reputation: -25,
    weights: { reputation: 0.5 },
  },
  'two-layer': { mode: 'two-layer' },
} satisfies Record<string, z.input<typeof config>>

/** Ticks of a whole session. */
export function sessionTicks({ max_steps, ticks_per_step }: MarsConfig): number {
  return max_steps * ticks_per_step
}
