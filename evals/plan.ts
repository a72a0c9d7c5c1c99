/**
 * From the cells of an experiment to what is played: makes the players, seats them, and says whom the others are compared with.
 * Knows players and seats; plays nothing.
 */
import { defaultPlayed, learnerOf } from '../envs/core/environment.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import { canonical } from '../envs/core/plain.ts'
import type { AgentId } from '../envs/core/tool.ts'
import { type Seated, type Seating, seat } from '../rollouts/lineup.ts'
import type { PlayerChoice } from '../rollouts/models/index.ts'
import type { Player } from '../rollouts/player.ts'
import { type PlayerContext, playersFor } from '../rollouts/players/index.ts'
import type { RunPlan } from '../rollouts/run.ts'
import { examplesOf } from './examples.ts'
import type { Experiment, ResolvedCell } from './experiment.ts'
import { opposite, type Playable } from './opponents.ts'

/** Whom players' strings may name, and where files are looked for. */
export interface PlanContext extends Omit<PlayerContext, 'economy'> {
  /** Where scenario files are looked for. */
  readonly folder: string
}

/** A cell and its runs: one a player, in the order in which they were named. */
export interface PlannedCell {
  readonly cell: ResolvedCell
  readonly plans: readonly RunPlan[]
}

/** A player that somebody asked for, or nobody where the seats that are named are evaluated. */
interface Asked {
  readonly choice: PlayerChoice | undefined
  readonly seat: (config: object) => Seated
}

/**
 * The runs of the cells. A UserError where a player does not exist, does not fit its seat, or the baseline is nobody's.
 */
export function planCells(asked: Experiment, cells: readonly ResolvedCell[], context: PlanContext): PlannedCell[] {
  const makers = new Map<Playable, (choice: PlayerChoice) => Player>()
  let order = 0
  let found = asked.baseline === undefined
  const known = new Set<string>()
  const planned = cells.map((cell): PlannedCell => {
    const { economy, preset, set, config, repeats } = cell
    let player = makers.get(economy)
    if (player === undefined) {
      player = playersFor({ ...context, economy })
      makers.set(economy, player)
    }
    const setting = { env: economy.env, preset, set, config }
    const usual = cell.seats.kind === 'turns' && cell.seats.opponents === undefined && Object.keys(cell.seats.named).length === 0
    const par = usual ? economy.pars?.[preset] : undefined
    const examples = examplesOf(cell.examples, setting, context.folder)
    const tables = distinctTables(tablesOf(cell, player), config)
    const baseline = tables.find(({ choices, players }) => isBaseline(asked.baseline, choices, players))
    found ||= baseline !== undefined
    for (const { players } of tables) for (const { name, label } of players) known.add(label ?? name)
    const first = (baseline ?? tables[0]!).players
    const named = first.find(each => isBaseline(asked.baseline, [], [each])) ?? first[0]!
    return {
      cell,
      plans: tables.map(table => ({
        ...setting,
        seat: table.seat,
        examples,
        repeats,
        ...(par !== undefined && { par }),
        experiment: {
          name: asked.name ?? null,
          cell: cell.label,
          order: order++,
          baseline: named.name,
          ...(cell.sweep.length > 0 && { sweep: cell.sweep }),
        },
      })),
    }
  })
  if (!found) {
    const names = [...known]
    throw new UserError(
      `baseline: no player '${asked.baseline!.slice(0, 200)}'. Players: ${names.join(', ')}.${nearest(asked.baseline!, names)}`,
    )
  }
  return planned
}

/** Whether one of the players is the one that was called so: by its label, its name, or as it was written. */
function isBaseline(wanted: string | undefined, choices: readonly PlayerChoice[], players: readonly Player[]): boolean {
  if (wanted === undefined) return false
  return (
    players.some(({ name, label }) => name === wanted || label === wanted) ||
    choices.some(choice => choice === wanted || (typeof choice !== 'string' && choice.player === wanted))
  )
}

interface PlannedTable {
  readonly seat: (config: object) => Seated
  readonly choices: readonly PlayerChoice[]
  /** The evaluated players, each once. */
  readonly players: readonly Player[]
}

/** The tables with their evaluated players; those at which the same players sit in the same seats are one. */
function distinctTables(tables: readonly Asked[], config: object): PlannedTable[] {
  const seen = new Map<string, PlannedTable>()
  for (const { choice, seat: seatOf } of tables) {
    const { lineup, evaluated } = seatOf(config)
    const id = canonical([Object.entries(lineup).map(([agent, { name }]) => [agent, name]), evaluated])
    const before = seen.get(id)
    const choices = [...(before?.choices ?? []), ...(choice === undefined ? [] : [choice])]
    const players = [...new Set(evaluated.map(agent => lineup[agent]!))]
    seen.set(id, { seat: before?.seat ?? seatOf, choices, players })
  }
  return [...seen.values()]
}

function tablesOf(cell: ResolvedCell, player: (choice: PlayerChoice) => Player): Asked[] {
  const { economy, preset, seats, config } = cell
  const { env } = economy
  if (seats.kind === 'pairs') return pairs(cell, seats.among, player)
  const fixed = Object.fromEntries(Object.entries(seats.named).map(([agent, choice]) => [agent, player(choice)]))
  const seating: Omit<Seating, 'learner'> = { fixed, ...opposite(economy, preset, seats.opponents, player) }
  const table = (learner: Player | undefined) => (each: object) =>
    seat(env, each, { ...seating, ...(learner !== undefined && { learner }) })
  if (seats.kind === 'table' || (cell.players === undefined && fixed[learnerOf(env.seats(config))] !== undefined))
    return [{ choice: undefined, seat: table(undefined) }]
  return (cell.players ?? economy.players).map(choice => ({ choice, seat: table(player(choice)) }))
}

/** Two players in turn along the seats they share, whoever is named first in the first; every two of them, in both orders. */
function pairs(
  { economy: { env }, config, players: named = [] }: ResolvedCell,
  among: readonly AgentId[] | undefined,
  player: (choice: PlayerChoice) => Player,
): Asked[] {
  const all = env.seats(config)
  const ids = all.map(({ agent }) => agent)
  const seats = among ?? defaultPlayed(all)
  const unknown = seats.find(agent => !ids.includes(agent))
  if (unknown !== undefined)
    throw new UserError(
      `--among: no seat '${unknown.slice(0, 64)}' in ${env.id}. Seats: ${ids.slice(0, 12).join(', ')}.${nearest(unknown, ids)}`,
    )
  if (new Set(seats).size < 2)
    throw new UserError(
      `${env.id} has one seat for players; name two or more with --among, residents' too: ${ids.slice(0, 12).join(', ')}.`,
    )
  const players = [...new Set(named.map(player))]
  if (players.length < 2) throw new UserError('--players: expected two or more different players, separated by commas.')
  const both = players.flatMap((first, i) =>
    players.slice(i + 1).flatMap(
      second =>
        [
          [first, second],
          [second, first],
        ] as const,
    ),
  )
  return both.map(pair => ({
    choice: undefined,
    seat: each => {
      const order = env.seats(each).map(({ agent }) => agent)
      const lineup = Object.fromEntries(order.filter(id => seats.includes(id)).map((id, i) => [id, pair[i % 2]!]))
      return { lineup, evaluated: Object.keys(lineup) }
    },
  }))
}
