/**
 * An experiment: what is evaluated, as one typed value, and the cells that it comes to. A suite is an experiment in a file; `eval`,
 * sweeps and tournaments are experiments too. Knows what of an experiment contradicts itself; plays nothing (`run_experiment.ts`).
 */
import { resolveConfig } from '../envs/core/config.ts'
import { UserError } from '../envs/core/errors.ts'
import { canonical, digest, short } from '../envs/core/plain.ts'
import type { Lookup } from '../envs/core/registry.ts'
import { sum } from '../envs/core/sums.ts'
import { type AgentId, explain } from '../envs/core/tool.ts'
import type { PlayerChoice, PlayerSpec } from '../rollouts/models/index.ts'
import { configDigest } from '../rollouts/rollout.ts'
import type { ExamplesSpec } from './examples.ts'
import {
  type Entry,
  type Experiment,
  type ExperimentInput,
  experimentSchema,
  type PlayerInput,
  suiteSchema,
} from './experiment_schema.ts'
import { parseJsonFile } from './json_file.ts'
import { type Playable, residentFields } from './opponents.ts'

export { type Experiment, type ExperimentInput, suiteJsonSchema } from './experiment_schema.ts'

/** How the seats of a cell are taken. */
export type Seats =
  /** Each player in the evaluated seat in turn; without players, the named seats are evaluated. */
  | { readonly kind: 'turns'; readonly named: Readonly<Record<AgentId, PlayerChoice>>; readonly opponents?: string }
  /** The named seats, each by its own player, are all evaluated. */
  | { readonly kind: 'table'; readonly named: Readonly<Record<AgentId, PlayerChoice>>; readonly opponents?: string }
  /** Every two of the players share these seats alternately, once in each order; all of them are evaluated. */
  | { readonly kind: 'pairs'; readonly among?: readonly AgentId[] }

/** One setting of an experiment with everybody who plays in it. */
export interface Cell {
  /** Economy, preset, ablation or point of a sweep, and line-up: each cell of an experiment has its own. Fit for a folder. */
  readonly label: string
  readonly env: string
  readonly preset?: string
  readonly set: Readonly<Record<string, unknown>>
  /** The fields that a sweep has changed here, with their values; empty in every other cell. */
  readonly factors: Readonly<Record<string, unknown>>
  /** The fields of the sweep that the cell belongs to; empty where there is none. */
  readonly sweep: readonly string[]
  readonly examples: ExamplesSpec
  readonly repeats: number
  /** Absent where the economy's own are meant, and at a table. */
  readonly players?: readonly PlayerChoice[]
  readonly seats: Seats
}

/** Reads a suite; a UserError names what is wrong where. */
export function parseSuite(source: string, shown: string): Experiment {
  const parsed = parseJsonFile(suiteSchema, source, shown, ' `agoragym eval --print-schema` prints what a suite is.')
  cellsOf(parsed)
  return parsed
}

/** Makes an experiment of what a program says; a UserError names what is wrong where. */
export function experiment(value: ExperimentInput): Experiment {
  const parsed = experimentSchema.safeParse(value)
  if (!parsed.success) throw new UserError(`The experiment: ${explain(parsed.error)}.`)
  cellsOf(parsed.data)
  return parsed.data
}

/**
 * The cells of an experiment in order, as they are written down. A UserError where an entry contradicts itself, or two cells would
 * be one.
 */
export function cellsOf(asked: Experiment): Cell[] {
  const cells = asked.entries.flatMap((each, i) => {
    checkEntry(each, `entries.${i}`)
    return entryCells(each, asked)
  })
  const labels = cells.map(cell => cell.label)
  const twice = labels.find((each, i) => labels.indexOf(each) < i)
  if (twice !== undefined)
    throw new UserError(
      `Two cells of the suite are called ${twice}: make them one entry, or two line-ups or ablations with names.`,
    )
  return cells
}

/** A cell with its economy and its whole configuration. */
export interface ResolvedCell extends Omit<Cell, 'preset'> {
  readonly economy: Playable
  readonly preset: string
  readonly config: object
}

/**
 * The cells with their configurations, each of which is one of its own: a point of a sweep at the plain configuration is that
 * cell. A UserError where an ablation changes nothing.
 */
export function resolveCells(asked: Experiment, economies: Lookup<Playable>): ResolvedCell[] {
  const seen = new Map<string, ResolvedCell>()
  return cellsOf(asked).flatMap(cell => {
    const economy = economies.get(cell.env)
    const preset = cell.preset ?? Object.keys(economy.env.presets)[0]!
    // Where the others are residents, who they are is a matter of the configuration.
    const { opponents: others, ...seats } = cell.seats as Extract<Seats, { kind: 'turns' }>
    const living = others !== undefined && economy.residents !== undefined
    const set = living ? { ...cell.set, ...residentFields(others, economy) } : cell.set
    const config = resolveConfig(economy.env, preset, set)
    const resolved: ResolvedCell = { ...cell, economy, preset, set, config, seats: living ? seats : cell.seats }
    const id = digest([cell.env, configDigest(config), resolved.seats, cell.players ?? null, cell.examples, cell.repeats])
    const same = seen.get(id)
    if (same === undefined) {
      seen.set(id, resolved)
      return [resolved]
    }
    if (Object.keys(cell.factors).length > 0) return []
    throw new UserError(`The cell ${cell.label} changes nothing: its configuration is that of ${same.label}.`)
  })
}

/** Cells of an entry, and players of a list, at most: each is a run of its own, and more is a slip. */
const MOST = 2000

function checkCount(count: number, at: string, what: string, instead: string): void {
  if (count > MOST) throw new UserError(`${at}: ${what}, each a run of its own; at most ${MOST} are made. ${instead}`)
}

const product = (counts: readonly number[]): number => counts.reduce((all, count) => all * count, 1)

/** Refuses what comes to more cells than anybody plays, before they are made. */
function checkCells({ presets, ablations = [], sweep = {}, grid, lineups, tournament: games }: Entry, at: string): void {
  let tables = lineups?.length ?? 1
  if (games !== undefined && !games.pairs) {
    const [players, seats] = [distinct(expanded(games.players)).length, games.seats!.length]
    tables = product(Array.from({ length: seats }, (_, taken) => players - taken))
    checkCount(
      tables,
      at,
      `${players} players on ${seats} seats are ${tables} tables`,
      'Name fewer players or seats, or play pairs.',
    )
  }
  if (games?.pairs) {
    const players = distinct(expanded(games.players)).length
    const pairs = players * (players - 1)
    checkCount(pairs, at, `${players} players are ${pairs} pairs in both orders`, 'Name fewer players.')
  }
  const axes = Object.values(sweep).map(values => values.length)
  const points = grid ? product(axes) : sum(axes)
  const cells = (presets?.length ?? 1) * (1 + ablations.length + points) * tables
  checkCount(cells, at, `the presets, ablations, values of the sweep and line-ups are ${cells} cells`, 'Name fewer of them.')
}

function checkEntry(each: Entry, at: string): void {
  const { seeds, scenarios, scenario_file, players: named, lineups, opponents: others, seats: taken, tournament: games } = each
  const given = Object.entries({ seeds, scenarios, scenario_file }).filter(([, value]) => value !== undefined)
  if (given.length > 1) throw new UserError(`${at}: ${given[0]![0]} and ${given[1]![0]} exclude each other; give one of them.`)
  if (each.table === true) {
    if (Object.keys(taken ?? {}).length === 0) throw new UserError(`${at}: a table names its seats.`)
    if (named !== undefined || lineups !== undefined || games !== undefined)
      throw new UserError(`${at}: the named seats of a table are evaluated; leave out players, lineups and tournament.`)
  }
  if (each.grid && each.sweep === undefined)
    throw new UserError(`${at}: a grid is of a sweep; say what is swept, or leave it out.`)
  if (lineups !== undefined && (others !== undefined || taken !== undefined))
    throw new UserError(
      `${at}: lineups and ${others === undefined ? 'seats' : 'opponents'} exclude each other; give one of them.`,
    )
  if (games === undefined) {
    checkCells(each, at)
    return
  }
  if (named !== undefined || lineups !== undefined || others !== undefined || taken !== undefined)
    throw new UserError(`${at}: a tournament says who sits where; leave out players and lineups.`)
  const [playing, count] = [expanded(games.players), games.seats?.length ?? 2]
  if (!games.pairs && games.seats === undefined) throw new UserError(`${at}: a tournament names its seats, or is one of pairs.`)
  if (new Set(games.seats).size < (games.seats?.length ?? 0))
    throw new UserError(`${at}: a seat is named twice: ${short(games.seats)}.`)
  if (new Set(playing.map(canonical)).size < (games.pairs ? 2 : count))
    throw new UserError(
      `${at}: ${games.pairs ? 'two or more players make pairs' : `${count} seats need as many different players`}, got ${short(games.players)}.`,
    )
  checkCells(each, at)
}

function entryCells(each: Entry, asked: Experiment): Cell[] {
  const { env, set = {}, ablations = [], seeds, scenarios, scenario_file } = each
  const configurations: Configuration[] = [
    { name: undefined, set: {}, factors: {} },
    ...ablations.map(ablation => ({ ...ablation, factors: {} })),
    ...sweepPoints(each),
  ]
  const examples: ExamplesSpec = {
    ...(seeds !== undefined && { seeds }),
    ...(scenarios !== undefined && { scenarios }),
    ...(scenario_file !== undefined && { scenario_file }),
  }
  return (each.presets ?? [undefined]).flatMap(preset =>
    configurations.flatMap(configuration =>
      tablesOf(each, asked).map(
        (table): Cell => ({
          label: [env, preset, configuration.name, table.name].filter(part => part !== undefined).join('-'),
          env,
          ...(preset !== undefined && { preset }),
          set: { ...set, ...configuration.set },
          factors: configuration.factors,
          sweep: Object.keys(each.sweep ?? {}),
          examples,
          repeats: each.repeats ?? asked.repeats,
          ...(table.players !== undefined && { players: table.players }),
          seats: table.seats,
        }),
      ),
    ),
  )
}

interface Configuration {
  readonly name: string | undefined
  readonly set: Readonly<Record<string, unknown>>
  readonly factors: Readonly<Record<string, unknown>>
}

/** The points of a sweep: one field changed at a time, or every combination. */
function sweepPoints({ sweep = {}, grid = false }: Entry): Configuration[] {
  const axes = Object.entries(sweep).map(([field, values]) => values.map(value => ({ [field]: value })))
  const points = grid
    ? axes.reduce<Record<string, unknown>[]>((all, axis) => all.flatMap(point => axis.map(more => ({ ...point, ...more }))), [{}])
    : axes.flat()
  return points
    .filter(point => Object.keys(point).length > 0)
    .map(point => ({
      name: Object.entries(point)
        .map(([field, value]) => `${field}=${pointText(value)}`)
        .join(','),
      set: point,
      factors: point,
    }))
}

/** A value as a part of a folder's name. */
function pointText(value: unknown): string {
  const shown = typeof value === 'string' ? value : canonical(value)
  return /^[\w.+-]{1,40}$/.test(shown) ? shown : digest(value).slice(0, 8)
}

type Table = Pick<Cell, 'players' | 'seats'> & { readonly name: string | undefined }

/** Who sits at the table, one way after the other. */
function tablesOf(each: Entry, asked: Experiment): Table[] {
  const { players: named, lineups, tournament: games } = each
  if (games !== undefined) {
    const playing = distinct(expanded(games.players))
    if (games.pairs)
      return [{ name: undefined, players: playing, seats: { kind: 'pairs', ...(games.seats && { among: games.seats }) } }]
    return arrangements(playing, games.seats!.length).map((seated, i) => ({
      name: `table${i}`,
      seats: { kind: 'table', named: Object.fromEntries(games.seats!.map((seat, at) => [seat, seated[at]!])) },
    }))
  }
  const all = named ?? asked.players
  const playing = all === undefined ? {} : { players: distinct(expanded(all)) }
  const ways = lineups ?? [{ name: undefined, opponents: each.opponents, seats: each.seats }]
  return ways.map(({ name: called, opponents: others, seats: taken = {} }) => ({
    name: called,
    ...(each.table !== true && playing),
    seats: { kind: each.table === true ? 'table' : 'turns', named: taken, ...(others !== undefined && { opponents: others }) },
  }))
}

/** The players that a list comes to: every combination of the factors of each. */
function expanded(list: readonly PlayerInput[]): PlayerChoice[] {
  return list.flatMap((choice): PlayerChoice[] => {
    if (typeof choice === 'string') return [choice]
    const lists = Object.entries(choice).filter(([, value]) => Array.isArray(value)) as [string, unknown[]][]
    if (lists.length > 0 && choice.label !== undefined)
      throw new UserError(
        `Player ${choice.player}: the label ${choice.label} would name several players; give each an object of its own.`,
      )
    const count = product(lists.map(([, values]) => values.length))
    checkCount(count, `Player ${choice.player}`, `its lists make ${count} treatments`, 'Name fewer of them.')
    return lists.reduce<PlayerSpec[]>(
      (all, [field, values]) => all.flatMap(spec => values.map(value => ({ ...spec, [field]: value }))),
      [choice as PlayerSpec],
    )
  })
}

function distinct(choices: readonly PlayerChoice[]): PlayerChoice[] {
  return [...new Map(choices.map(choice => [canonical(choice), choice])).values()]
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
