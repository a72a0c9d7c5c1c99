/**
 * How an experiment is written down: settings (economy × preset × changed fields × line-up) × players with their treatments × examples ×
 * repeats, and a baseline that has a name. Knows the fields and what each may hold; what they come to is in `experiment.ts`.
 */
import { z } from 'zod'
import { type PlayerSpec, playerSpecSchema } from '../rollouts/models/index.ts'

const text = (description: string) => z.string().min(1).max(2000).describe(description)
const fields = z.record(z.string(), z.unknown()).describe('fields of the configuration, set beside the preset')
const repeats = z.int().min(1).max(10_000)
/** A part of a folder's name. */
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,60}$/, 'expected letters, digits, . _ + -')

const { player: playerString, label, ...treatment } = playerSpecSchema.shape
type Factors = {
  [Field in keyof typeof treatment]: z.ZodOptional<
    z.ZodType<Exclude<PlayerSpec[Field], undefined> | Exclude<PlayerSpec[Field], undefined>[]>
  >
}
/** Each field with a value or a list of them. */
const factors = Object.fromEntries(
  Object.entries(treatment).map(([field, optional]) => {
    const value = optional.unwrap() as z.ZodType
    return [
      field,
      z
        .union([value, z.array(value).min(1)])
        .optional()
        .describe(value.description ?? field),
    ]
  }),
) as unknown as Factors
const treatments = z
  .strictObject({ player: playerString, label, ...factors })
  .describe('a player with its treatment; a field with a list of values is a factor, and each combination a player')
const player = z.union([text('player string, such as bot:honest or openai:m[temperature=1]'), treatments])
const players = z.array(player).min(1)
const seats = z
  .record(z.string().min(1), z.union([text('player string'), playerSpecSchema]))
  .describe('players of named seats, by seat id such as agent_1')
const opponents = text('who the others are, such as honest:3,deceptive:2, in seat order unless the preset shuffles them')

const lineup = z.strictObject({
  name: name.describe('what the line-up is called'),
  opponents: opponents.optional(),
  seats: seats.optional(),
})

const tournament = z.strictObject({
  players: players.describe('who plays whom'),
  seats: z
    .array(text('seat id'))
    .min(2)
    .optional()
    .describe("the seats they take; all of them are evaluated (with pairs: all but the residents')"),
  pairs: z
    .boolean()
    .default(false)
    .describe('every two of them share the seats in turn, once in each order, instead of a player a seat in every order'),
})

const entry = z.strictObject({
  env: text('id of an economy'),
  presets: z.array(text('name of a preset')).min(1).optional().describe("presets, each in turn (the economy's first)"),
  set: fields.optional(),
  ablations: z
    .array(z.strictObject({ name: name.describe('what the ablation is called'), set: fields }))
    .optional()
    .describe('further configurations, each set over `set`; the plain one is played too'),
  sweep: z
    .record(z.string(), z.array(z.unknown()).min(1))
    .optional()
    .describe('fields of the configuration and their values, one field at a time; the plain configuration is played too'),
  grid: z.boolean().optional().describe('of the sweep: every combination of the values instead'),
  seeds: z
    .string()
    .regex(/^\d+(:\d+)?$/, 'expected N or A:B')
    .optional()
    .describe('N for 0…N-1, or A:B without B'),
  scenarios: z.int().min(1).optional().describe("first N rows of the economy's scenarios"),
  scenario_file: text('file of scenarios, relative to the suite').optional(),
  repeats: repeats.optional().describe("rollouts of each seed or scenario (the suite's)"),
  players: players.optional().describe("players, each in the evaluated seat in turn (the suite's)"),
  opponents: opponents.optional().describe('who sits beside them (the usual opponents)'),
  seats: seats.optional(),
  table: z
    .boolean()
    .optional()
    .describe('whether the named seats are what is evaluated, all of them together, and nobody takes the evaluated seat in turn'),
  lineups: z.array(lineup).min(1).optional().describe('who sits beside them, each in turn, instead of opponents and seats'),
  tournament: tournament.optional().describe('instead of players: everybody with everybody in one economy'),
})

export const experimentSchema = z.strictObject({
  $schema: z.string().optional().describe('for editors'),
  name: name.optional().describe("the folder of the runs; a suite's file has one"),
  imports: z
    .array(text('path or package'))
    .optional()
    .describe('modules that bring economies, players, providers, metrics or judges of your own, as seen from the suite'),
  players: players.optional().describe("players of all entries that name none (each economy's own)"),
  baseline: text('label or player string of the player that the others are compared with (the first)').optional(),
  repeats: repeats.default(1).describe('rollouts of each seed or scenario'),
  entries: z.array(entry).min(1).describe('what is evaluated'),
})
/** An experiment in a file has a name. */
export const suiteSchema = experimentSchema.required({ name: true })

/** What is evaluated, as it was understood. */
export type Experiment = Readonly<z.output<typeof experimentSchema>>
/** The same as it is written: what has a default may be left out. */
export type ExperimentInput = z.input<typeof experimentSchema>

export type Entry = Experiment['entries'][number]

/** A player in a list: a string, or fields of which each may have several values. */
export type PlayerInput = z.output<typeof player>

/** The schema of a suite's file, for editors and validators. */
export function suiteJsonSchema(): object {
  return z.toJSONSchema(suiteSchema, { io: 'input' })
}
