/** What can be varied, and the named configurations. Knows no rule. */
import { z } from 'zod'
import { LAB_SESSIONS } from './lab_sessions.ts'
import { MAX_OWNERS, MAX_SPECULATORS, rosterOf, SHARES, TREATMENTS } from './roster.ts'

const perRole = (describe: string, high: number) =>
  z.strictObject({
    owner: z.int().min(0).max(high).describe(`${describe} of an owner`),
    developer: z.int().min(0).max(high).describe(`${describe} of the developer`),
    speculator: z.int().min(0).max(high).describe(`${describe} of a speculator`),
  })

const scale = (whom: string) => z.number().min(0.01).max(1000).describe(`euros of ${whom}`)

export const config = z
  .strictObject({
    treatment: z
      .enum(TREATMENTS)
      .default('harberger')
      .describe('who decides: the sum of self-assessed values, two conditional markets, or a vote with compensation'),
    session: z
      .int()
      .min(0)
      .max(LAB_SESSIONS)
      .default(0)
      .describe(
        "real values and signals: 1 to 11 plays that session of the laboratory's stimuli, 0 draws fresh ones from the seed",
      ),
    rounds: z.int().min(1).max(5).default(5).describe('paid rounds; one of them, drawn by the seed, is paid in euros'),
    practice: z.boolean().default(false).describe('an unpaid practice round before the paid ones'),
    owners: z.int().min(1).max(MAX_OWNERS).default(MAX_OWNERS).describe('owners beside the developer'),
    speculators: z
      .int()
      .min(1)
      .max(MAX_SPECULATORS)
      .default(MAX_SPECULATORS)
      .describe('speculators; none sit in the voting treatment'),
    ticks: z
      .int()
      .min(1)
      .max(60)
      .default(9)
      .describe('turns each player has in a market; 18 are 15 s of the laboratory each, 9 are 30 s'),
    chat_before: z.int().min(0).max(10).default(3).describe('voting: messages each player may send before the requests'),
    chat_after: z.int().min(0).max(10).default(2).describe('voting: messages each player may send once the offer is known'),
    declarations: z.enum(['all', 'speculators']).default('all').describe('who sees what the land holders declared'),
    tie: z
      .enum(['laboratory', 'no_project', 'project'])
      .default('laboratory')
      .describe(
        'what an undecided round comes to; laboratory: project, but no_project where two conditional markets have the same median',
      ),
    initial_tax: z.int().min(0).max(100).default(1).describe('percent of the initial declaration'),
    final_tax: z
      .int()
      .min(1)
      .max(100)
      .default(33)
      .describe('percent of the final declaration; its revenue is the dividend of 100 shares'),
    cash: perRole('points to trade with', 10_000_000)
      .default({ owner: 60_000, developer: 300_000, speculator: 50_000 })
      .describe('points to trade with in a market, each round anew'),
    shares: perRole('tax shares', SHARES)
      .default({ owner: 6, developer: 30, speculator: 5 })
      .describe('tax shares to begin a market with, each round anew; at most 100 in all'),
    signals: z
      .enum(['additive', 'multiplicative'])
      .default('additive')
      .describe("private signals: the share's true worth plus noise of constant width, or times 0.95 to 1.05"),
    // Ours, for training; without a default, so that what the laboratory played carries none of them.
    values: z
      .enum(['independent', 'stratified', 'matched'])
      .optional()
      .describe(
        'stratified: over the paid rounds each real value of a plot comes once from each of as many equal parts of its range; matched: the same, and of 63 draws the one in the middle, so that one seed is worth as much as another (independent)',
      ),
    inspect: z
      .int()
      .min(0)
      .max(MAX_OWNERS + 1)
      .optional()
      .describe('plots whose real values each speculator is shown in every round (0)'),
    signal_width: z
      .number()
      .min(0)
      .max(100)
      .optional()
      .describe('additive signals: half the width of the noise, in percent of the average worth of a share (5)'),
    appraisals: z
      .strictObject({
        readers: z.enum(['all', 'speculators']).describe('who reads the appraisals'),
        fee: z.int().min(0).max(1_000_000).describe('points for each appraisal published'),
        checked: z.number().min(0).max(1).describe('chance that the appraisals a speculator published in a round are checked'),
        fine: z.int().min(0).max(1_000_000).describe('points for each checked appraisal that was wrong by more than 5 %'),
      })
      .optional()
      .describe('at the start of a round speculators publish what the plots they were shown are worth (they do not)'),
    purchase_fee: z
      .int()
      .min(0)
      .max(1_000_000)
      .optional()
      .describe('points that each purchase of a plot costs its buyer, under the chosen condition (0)'),
    pledges: z
      .strictObject({
        audited: z.number().min(0).max(1).describe('chance that a payment below the offer is found, and made good'),
        fine: z.number().min(0).max(10).describe('points for each point that was found missing'),
      })
      .optional()
      .describe('voting: an offer is a promise; what is paid the developer decides once the project is carried (it is paid)'),
    reward_scale: z
      .strictObject({
        owner: scale('an owner'),
        developer: scale('the developer'),
        speculator: scale('a speculator'),
      })
      .optional()
      .describe('euros that are a reward of 1, by role (1 each)'),
    reward_cap: z
      .number()
      .min(0.01)
      .max(1000)
      .optional()
      .describe('what the reward of a session lies within, below zero as above, an equal part of it for each round (no cap)'),
    brief: z
      .boolean()
      .optional()
      .describe(
        'for markets of one turn: no tools to cancel an order or to end a turn, and observations that do not repeat what else is told (false)',
      ),
    aids: z.boolean().optional().describe('whether the tools calculate and note are there (true)'),
  })
  .refine(
    ({ shares, ...counts }) =>
      rosterOf({ ...counts, treatment: 'harberger' }).roles.reduce((sum, role) => sum + shares[role], 0) <= SHARES,
    { path: ['shares'], error: `expected at most ${SHARES} shares in all hands together` },
  )
  .refine(({ appraisals, inspect = 0, treatment }) => appraisals === undefined || (inspect > 0 && treatment !== 'voting'), {
    path: ['appraisals'],
    error: 'expected plots to appraise: inspect of 1 or more, and a treatment with speculators',
  })
  .refine(({ brief = false, ticks }) => !brief || ticks === 1, {
    path: ['brief'],
    error: 'expected markets of one turn: ticks 1',
  })
  .refine(({ pledges, treatment }) => pledges === undefined || treatment === 'voting', {
    path: ['pledges'],
    error: 'expected the voting treatment, the only one with offers',
  })

export type SpatialConfig = Readonly<z.infer<typeof config>>

/** Ours: what a training preset has besides its treatment. */
const TRAIN = {
  rounds: 5,
  ticks: 1,
  values: 'matched',
  reward_scale: { owner: 15, developer: 25, speculator: 8 },
  reward_cap: 2,
  aids: false,
  brief: true,
} as const
const HARBERGER_TRAIN = { treatment: 'harberger', ...TRAIN } as const
const FUTARCHY_TRAIN = { treatment: 'futarchy', ...TRAIN } as const
/** Land holders read what is said of everybody's plot before they declare. */
const READ_BY_ALL = {
  inspect: 2,
  appraisals: { readers: 'all', fee: 1000, checked: 0.5, fine: 20_000 },
  purchase_fee: 1000,
} as const
/** Speculators live by appraising truly, and by buying what is declared below what they know. */
const FOR_SPECULATORS = {
  speculators: 3,
  initial_tax: 10,
  inspect: 2,
  appraisals: { readers: 'speculators', fee: 12_000, checked: 0.95, fine: 50_000 },
  purchase_fee: 10_000,
} as const

export const presets = {
  harberger: { treatment: 'harberger' },
  futarchy: { treatment: 'futarchy' },
  voting: { treatment: 'voting' },
  harberger_quick: { treatment: 'harberger', ticks: 4 },
  futarchy_quick: { treatment: 'futarchy', ticks: 4 },
  harberger_lab: { treatment: 'harberger', ticks: 18, practice: true },
  futarchy_lab: { treatment: 'futarchy', ticks: 18, practice: true },
  harberger_train: { ...HARBERGER_TRAIN, initial_tax: 12, ...READ_BY_ALL },
  harberger_speculator_train: { ...HARBERGER_TRAIN, ...FOR_SPECULATORS },
  futarchy_train: { ...FUTARCHY_TRAIN, initial_tax: 10, signal_width: 20, ...READ_BY_ALL },
  futarchy_speculator_train: { ...FUTARCHY_TRAIN, ...FOR_SPECULATORS },
  voting_train: { treatment: 'voting', chat_before: 0, chat_after: 0, ...TRAIN, pledges: { audited: 1, fine: 0.5 } },
} as const
