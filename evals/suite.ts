/**
 * Suites: a JSON file that says what is evaluated, and the cells it comes to: economies × presets × ablations × line-ups,
 * each with its players, examples and repeats. Knows the file; knows neither players nor how a cell is played.
 */
import { z } from 'zod'
import { UserError } from '../envs/core/errors.ts'
import { short } from '../envs/core/plain.ts'
import { parseJsonFile } from './json_file.ts'

const text = (description: string) => z.string().min(1).max(400).describe(description)
const seats = z.record(text('seat id, such as agent_1'), text('player')).describe('players of named seats')
const fields = z.record(z.string(), z.unknown()).describe('fields of the configuration, set beside the preset')
const players = z.array(text('player string, such as bot:honest or openai:MODEL')).min(1)
const repeats = z.int().min(1).max(10_000)
/** A part of a folder's name. */
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,60}$/, 'expected letters, digits, . _ + -')

const lineup = z.strictObject({
  name: name.describe('what the line-up is called'),
  opponents: text('who the others are, in seat order, such as honest:3,deceptive:2').optional(),
  seats: seats.optional(),
})

const tournament = z.strictObject({
  players: players.describe('who plays whom'),
  seats: z.array(text('seat id')).min(2).max(8).describe('the seats they take, each way round; all of them are evaluated'),
})

const entry = z.strictObject({
  env: text('id of an economy'),
  presets: z.array(text('name of a preset')).min(1).optional().describe("presets, each in turn (the economy's first)"),
  set: fields.optional(),
  ablations: z
    .array(z.strictObject({ name: name.describe('what the ablation is called'), set: fields }))
    .optional()
    .describe('further configurations, each set over `set`; the plain one is played too'),
  seeds: z
    .string()
    .regex(/^\d+(:\d+)?$/, 'expected N or A:B')
    .optional()
    .describe('N for 0…N-1, or A:B without B'),
  scenarios: z.int().min(1).optional().describe("first N rows of the economy's scenarios"),
  scenario_file: text('file of scenarios, relative to the suite').optional(),
  repeats: repeats.optional().describe("rollouts of each seed or scenario (the suite's)"),
  players: players.optional().describe("players, each in the evaluated seat in turn (the suite's)"),
  lineups: z.array(lineup).min(1).optional().describe('who sits beside them, each in turn (the usual opponents)'),
  tournament: tournament.optional().describe('instead of players: everybody with everybody in one economy'),
})

const suiteSchema = z.strictObject({
  $schema: z.string().optional().describe('for editors'),
  name: name.describe("the folder of the suite's runs"),
  players: players.optional().describe("players of all entries that name none (each economy's own)"),
  repeats: repeats.default(1).describe('rollouts of each seed or scenario'),
  entries: z.array(entry).min(1).describe('what is evaluated'),
})

export type Suite = z.output<typeof suiteSchema>

/** One evaluation of a suite: a configuration, a line-up, and the players that take the evaluated seat in turn. */
export interface Cell {
  /** Also its folder: economy, preset, ablation, line-up; each cell of a suite has its own. */
  readonly label: string
  readonly env: string
  readonly preset?: string
  readonly set: Readonly<Record<string, unknown>>
  readonly seeds?: string
  readonly scenarios?: number
  readonly scenarioFile?: string
  readonly repeats: number
  /** Absent where the economy's own are meant, and in a tournament. */
  readonly players?: readonly string[]
  readonly opponents?: string
  readonly seats: Readonly<Record<string, string>>
  /** Whether all named seats are evaluated, against each other. */
  readonly tournament: boolean
}

/** Reads a suite; a UserError names what is wrong where. */
export function parseSuite(source: string, shown: string): Suite {
  return parseJsonFile(suiteSchema, source, shown, ' `agoragym eval --print-schema` prints what a suite is.')
}

/** The schema of a suite's file, for editors and validators. */
export function suiteJsonSchema(): object {
  return z.toJSONSchema(suiteSchema, { io: 'input' })
}

/** The cells of a suite in order. A UserError where an entry contradicts itself, or two cells would be one. */
export function cellsOf(suite: Suite): Cell[] {
  const cells = suite.entries.flatMap((each, i) => {
    checkEntry(each, `entries.${i}`)
    return entryCells(each, suite)
  })
  const labels = cells.map(({ label }) => label)
  const twice = labels.find((label, i) => labels.indexOf(label) < i)
  if (twice !== undefined)
    throw new UserError(
      `Two cells of the suite are called ${twice}: make them one entry, or two line-ups or ablations with names.`,
    )
  return cells
}

type Entry = Suite['entries'][number]

function checkEntry({ seeds, scenarios, scenario_file, players: named, lineups, tournament: games }: Entry, at: string): void {
  const given = Object.entries({ seeds, scenarios, scenario_file }).filter(([, value]) => value !== undefined)
  if (given.length > 1) throw new UserError(`${at}: ${given[0]![0]} and ${given[1]![0]} exclude each other; give one of them.`)
  if (games === undefined) return
  if (named !== undefined || lineups !== undefined)
    throw new UserError(`${at}: a tournament says who sits where; leave out players and lineups.`)
  if (new Set(games.seats).size < games.seats.length) throw new UserError(`${at}: a seat is named twice: ${short(games.seats)}.`)
  if (new Set(games.players).size < games.seats.length)
    throw new UserError(`${at}: ${games.seats.length} seats need as many different players, got ${short(games.players)}.`)
}

function entryCells(each: Entry, suite: Suite): Cell[] {
  const { env, set = {}, ablations = [], seeds, scenarios, scenario_file } = each
  const configurations = [{ name: undefined, set: {} }, ...ablations]
  return (each.presets ?? [undefined]).flatMap(preset =>
    configurations.flatMap(configuration =>
      tablesOf(each, suite).map(
        (table): Cell => ({
          label: [env, preset, configuration.name, table.name].filter(part => part !== undefined).join('-'),
          env,
          set: { ...set, ...configuration.set },
          repeats: each.repeats ?? suite.repeats,
          seats: table.seats,
          tournament: each.tournament !== undefined,
          ...(preset !== undefined && { preset }),
          ...(table.players !== undefined && { players: table.players }),
          ...(table.opponents !== undefined && { opponents: table.opponents }),
          ...(seeds !== undefined && { seeds }),
          ...(scenarios !== undefined && { scenarios }),
          ...(scenario_file !== undefined && { scenarioFile: scenario_file }),
        }),
      ),
    ),
  )
}

type Table = Pick<Cell, 'players' | 'opponents' | 'seats'> & { readonly name: string | undefined }

/** Who sits at the table, one way after the other. */
function tablesOf({ players: named, lineups, tournament: games }: Entry, suite: Suite): Table[] {
  if (games !== undefined) {
    return arrangements([...new Set(games.players)], games.seats.length).map((seated, i) => ({
      name: `table${i}`,
      seats: Object.fromEntries(games.seats.map((seat, at) => [seat, seated[at]!])),
    }))
  }
  const all = named ?? suite.players
  const each = all === undefined ? {} : { players: all }
  if (lineups === undefined) return [{ name: undefined, seats: {}, ...each }]
  return lineups.map(({ name: called, opponents, seats: taken = {} }) => ({
    name: called,
    seats: taken,
    ...each,
    ...(opponents !== undefined && { opponents }),
  }))
}

/** Every choice of `length` items in every order, each item once. */
function arrangements<T>(items: readonly T[], length: number): T[][] {
  if (length === 0) return [[]]
  return items.flatMap(item =>
    arrangements(
      items.filter(other => other !== item),
      length - 1,
    ).map(rest => [item, ...rest]),
  )
}
