/** What a session can be told: mode, length, who the residents are. Defaults that depend on the mode are filled here. */
import { z } from 'zod'
import { COLONISTS, DIALOGUE, SOCIETY } from './parameters.ts'

/** How a scripted colonist behaves toward others; `rule` is the bare substrate. */
export const RESIDENT_TYPES = ['rule', 'honest', 'opportunistic', 'deceptive'] as const
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

const weight = z.number().min(0).max(10)

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
      payoff: weight.default(1).describe('of credits per step'),
      reputation: weight.default(0.3).describe('of final reputation'),
      survival: weight.default(0).describe('of the share of ticks that were not bad'),
      quality: weight.default(0).describe('of the share of interactions that succeeded'),
    })
    .prefault({})
    .describe('what the composite score adds up, in agentic mode'),
})

export const config = fields
  .refine(({ mode, ticks_per_step }) => mode === 'two-layer' || ticks_per_step >= SOCIETY.pledgeTicks, {
    path: ['ticks_per_step'],
    message: `a shift of the agentic mode has at least ${SOCIETY.pledgeTicks} ticks, or no pledge could be kept`,
  })
  .transform(given => ({
    ...given,
    max_steps: given.max_steps ?? BY_MODE[given.mode].max_steps,
    initial_needs: given.initial_needs ?? BY_MODE[given.mode].initial_needs,
  }))
export type MarsConfig = z.output<typeof config>

export const presets = {
  agentic: {},
  easy: { residents: 'easy' },
  hard: { residents: 'hard' },
  'two-layer': { mode: 'two-layer' },
} satisfies Record<string, z.input<typeof config>>

/** Ticks of a whole session. */
export function sessionTicks({ max_steps, ticks_per_step }: MarsConfig): number {
  return max_steps * ticks_per_step
}
