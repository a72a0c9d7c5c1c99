/** The options that say which economy, which players and which episodes; read the same way by every command. */
import type { Economy } from '../economies/economy.ts'
import { economies } from '../economies/registry.ts'
import { resolveConfig } from '../envs/core/config.ts'
import type { AnyEnvironment } from '../envs/core/environment.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import { cellsOf, type Experiment } from '../evals/experiment.ts'
import { residentFields } from '../evals/opponents.ts'
import { labelSchema, type PlayerChoice, splitPlayers } from '../rollouts/models/index.ts'
import { type Args, integer, type OptionSpecs } from './command.ts'

export const CONFIG_OPTIONS: OptionSpecs = {
  preset: { type: 'string', alias: 'profile', describe: "named configuration (the economy's first by default)" },
  set: { type: 'list', describe: 'field=value of the configuration; may be given several times' },
}

export const SWEEP_OPTIONS: OptionSpecs = {
  sweep: { type: 'list', describe: 'field=a,b,c: play each value of a field beside the plain one; several, one at a time' },
  grid: { type: 'boolean', describe: 'with several --sweep: every combination of their values' },
}

export const SEAT_OPTIONS: OptionSpecs = {
  seat: { type: 'list', describe: "id=player for one seat, a resident's too; may be given several times" },
  opponents: {
    type: 'string',
    describe: 'who the others are, such as honest:3,deceptive:2, in seat order unless the preset shuffles them',
  },
}

/** Who plays, where a single game is played. */
export const PLAYER_OPTION: OptionSpecs = {
  player: { type: 'string', describe: "who takes the evaluated seat (the economy's first scripted player)" },
}

export const SEED_OPTION: OptionSpecs = { seed: { type: 'string', describe: 'the world (0)' } }

export const EXAMPLE_OPTIONS: OptionSpecs = {
  seeds: { type: 'string', describe: 'N for 0…N-1, or A:B without B (20, unless there are scenarios)' },
  scenarios: { type: 'string', describe: "first N rows of the economy's scenarios (20, where there are any)" },
  'scenario-file': { type: 'string', describe: 'JSON list or JSON Lines of {"config", "seed", "id"}' },
}

/** What tables call players, and whom they compare with. */
export const COLUMN_OPTIONS: OptionSpecs = {
  label: { type: 'list', describe: 'player=name: what tables call a player (its short name); a name alone for a single player' },
  baseline: { type: 'string', describe: 'player that the others are compared with (the first one named)' },
}

/** An economy and a configuration of it. */
export interface Setting {
  readonly economy: Economy
  readonly env: AnyEnvironment
  readonly preset: string
  readonly set: Readonly<Record<string, unknown>>
  readonly config: object
}

export function readSetting(args: Args): Setting {
  const economy = economies.get(args.text('ENV')!)
  const { env, residents } = economy
  const others = args.text('opponents')
  const set = {
    ...readSet(args),
    ...(others !== undefined && residents !== undefined && residentFields(others, economy)),
  }
  const preset = args.text('preset') ?? Object.keys(env.presets)[0]!
  return { economy, env, preset, set, config: resolveConfig(env, preset, set) }
}

/** The fields of `--set`. */
export function readSet(args: Args): Readonly<Record<string, unknown>> {
  return Object.fromEntries(args.list('set').map(assignment))
}

/** `field=value`; the value is JSON, or else the text itself. */
function assignment(text: string): [string, unknown] {
  const at = text.indexOf('=')
  if (at < 1) throw new UserError(`--set: expected field=value, got '${text.slice(0, 64)}'.`)
  return [text.slice(0, at), value(text.slice(at + 1))]
}

/** JSON, or else the text itself. */
function value(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** `field=a,b,c`: the values of each field, which commas inside brackets and quotes do not part. */
function readSweep(args: Args): Readonly<Record<string, unknown[]>> | undefined {
  const given = args.list('sweep')
  if (given.length === 0) {
    if (args.flag('grid')) throw new UserError('--grid is of --sweep FIELD=A,B; say what is swept, or leave it out.')
    return undefined
  }
  const axes = given.map((text): [string, unknown[]] => {
    const [, field, values] = /^([^=,\s]+)=(.+)$/s.exec(text) ?? []
    if (field === undefined || values === undefined)
      throw new UserError(`--sweep: expected field=a,b,c such as base_inference_rate=0.5,1,2, got '${text.slice(0, 64)}'.`)
    return [field, splitPlayers(values).map(value)]
  })
  const twice = axes.find(([field], i) => axes.findIndex(([other]) => other === field) < i)
  if (twice !== undefined) throw new UserError(`--sweep: ${twice[0]} is given twice; give all its values at once.`)
  return Object.fromEntries(axes)
}

type Entry = Experiment['entries'][number]

/** The experiment that a command line asks for; `more` says what the command itself decides. */
export function readExperiment(
  args: Args,
  { repeats, ...more }: Pick<Entry, 'tournament' | 'table'> & { readonly repeats: number },
): Experiment {
  const given = Object.keys(EXAMPLE_OPTIONS).filter(name => args.text(name) !== undefined)
  if (given.length > 1) throw new UserError(`--${given[0]} and --${given[1]} exclude each other; give one of them.`)
  const [seeds, scenarios, file, preset, baseline] = ['seeds', 'scenarios', 'scenario-file', 'preset', 'baseline'].map(name =>
    args.text(name),
  )
  const sweep = readSweep(args)
  const seats = readSeats(args, 'agent_0=human')
  const players = more.tournament === undefined ? labelled(args, readPlayers(args)) : undefined
  const opponents = args.text('opponents')
  const entry: Entry = {
    env: args.text('ENV')!,
    set: readSet(args),
    ...(preset !== undefined && { presets: [preset] }),
    ...(sweep !== undefined && { sweep, grid: args.flag('grid') }),
    ...(seeds !== undefined && { seeds }),
    ...(scenarios !== undefined && { scenarios: integer(scenarios, '--scenarios', 1) }),
    ...(file !== undefined && { scenario_file: file }),
    ...(players !== undefined && { players: [...players] }),
    ...(opponents !== undefined && { opponents }),
    ...(seats.length > 0 && { seats: Object.fromEntries(seats) }),
    ...more,
  }
  const asked: Experiment = { repeats, entries: [entry], ...(baseline !== undefined && { baseline }) }
  cellsOf(asked)
  return asked
}

/** The players of `--players` (or `--player`); undefined where none is named. */
export function readPlayers(args: Args): readonly string[] | undefined {
  const named = args.text('players') ?? args.text('player')
  if (named === undefined) return undefined
  const texts = splitPlayers(named)
  if (texts.includes('')) throw new UserError(`--players: expected players separated by commas, got '${named.slice(0, 64)}'.`)
  return texts
}

/** Refuses more than one player where a single game is played. */
export function checkOnePlayer(args: Args): void {
  const players = readPlayers(args)
  if (players !== undefined && players.length > 1)
    throw new UserError(`--player: expected one player, got ${players.length}; agoragym eval plays several.`)
}

/** The same experiment on one seed alone; `more` is set in every entry. */
export function onSeed(asked: Experiment, seed: number, more: Partial<Entry> = {}): Experiment {
  return { ...asked, entries: asked.entries.map(entry => ({ ...entry, seeds: `${seed}:${seed + 1}`, ...more })) }
}

/** The players with what `--label` calls them. */
export function labelled(args: Args, players: readonly string[] | undefined): readonly PlayerChoice[] | undefined {
  const labels = args
    .list('label')
    .map(text => (players?.length === 1 && !text.includes('=') ? ([players[0]!, text] as const) : readLabel(text)))
  const unknown = labels.find(([player]) => players?.includes(player) !== true)
  if (unknown !== undefined)
    throw new UserError(
      `--label: '${unknown[0].slice(0, 64)}' is none of --players (${players?.join(', ') ?? 'not given'}).${nearest(unknown[0], players ?? [])}`,
    )
  const byPlayer = new Map(labels)
  return players?.map(player => (byPlayer.has(player) ? { player, label: byPlayer.get(player)! } : player))
}

/** `player=name`; treatments have equals signs of their own, so that the last one counts. */
export function readLabel(text: string): readonly [player: string, label: string] {
  const at = text.lastIndexOf('=')
  const [player, label] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)]
  if (player === '' || !labelSchema.safeParse(label).success)
    throw new UserError(
      `--label: expected player=name with a name of one line and at most 80 characters, got '${text.slice(0, 64)}'.`,
    )
  return [player, label]
}

/** The seats of `--seat` with their players, each seat once; `such` is an example for who writes it otherwise. */
export function readSeats(args: Args, such: string): [seat: string, player: string][] {
  const seats = args.list('seat').map((text): [string, string] => {
    const at = text.indexOf('=')
    if (at < 1) throw new UserError(`--seat: expected id=player such as ${such}, got '${text.slice(0, 64)}'.`)
    return [text.slice(0, at), text.slice(at + 1)]
  })
  const twice = seats.find(([seat], i) => seats.findIndex(([other]) => other === seat) < i)
  if (twice !== undefined) throw new UserError(`--seat: ${twice[0]} is given twice; name one player for it.`)
  return seats
}
