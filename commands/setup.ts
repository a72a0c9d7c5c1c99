/** The options that say which economy, which players and which episodes; read the same way by every command. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Economy } from '../economies/economy.ts'
import { economies } from '../economies/registry.ts'
import { parseConfig, resolveConfig } from '../envs/core/config.ts'
import { type AnyEnvironment, learnerOf } from '../envs/core/environment.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import type { AgentId } from '../envs/core/tool.ts'
import { type Seated, type Seating, seat } from '../rollouts/lineup.ts'
import type { Player } from '../rollouts/player.ts'
import { type PlayerContext, playersFor } from '../rollouts/players/index.ts'
import type { Example, ExampleSet } from '../rollouts/run.ts'
import { type Args, integer, type OptionSpecs } from './command.ts'

export const CONFIG_OPTIONS: OptionSpecs = {
  preset: { type: 'string', alias: 'profile', describe: "named configuration (the economy's first by default)" },
  set: { type: 'list', describe: 'field=value of the configuration; may be given several times' },
}

export const SEAT_OPTIONS: OptionSpecs = {
  seat: { type: 'list', describe: "id=player for one seat, a resident's too; may be given several times" },
  opponents: {
    type: 'string',
    describe:
      'who the others are, such as honest:3,deceptive:2; in seat order, or where the preset shuffles them in an order by seed',
  },
}

export const EXAMPLE_OPTIONS: OptionSpecs = {
  seeds: { type: 'string', describe: 'N for 0…N-1, or A:B without B (20, unless there are scenarios)' },
  scenarios: { type: 'string', describe: "first N rows of the economy's scenarios (20, where there are any)" },
  'scenario-file': { type: 'string', describe: 'JSON list or JSON Lines of {"config", "seed", "id"}' },
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
  const { env } = economy
  const set = { ...Object.fromEntries(args.list('set').map(assignment)), ...residentFields(args, economy) }
  const preset = args.text('preset') ?? Object.keys(env.presets)[0]!
  return { economy, env, preset, set, config: resolveConfig(env, preset, set) }
}

/** The configuration fields that `--opponents` stands for in an economy whose other seats are residents'. */
function residentFields(args: Args, { env, residents }: Economy): Readonly<Record<string, unknown>> {
  const text = args.text('opponents')
  if (text === undefined || residents === undefined) return {}
  const counts = text.split(',').map(share)
  const unknown = counts.find(([type]) => !residents.types.includes(type))
  if (unknown !== undefined)
    throw new UserError(
      `--opponents: no '${unknown[0].slice(0, 64)}' lives in ${env.id}. Residents: ${residents.types.join(', ')}.${nearest(unknown[0], residents.types)}`,
    )
  return residents.fields(Object.fromEntries(counts))
}

/** `field=value`; the value is JSON, or else the text itself. */
function assignment(text: string): [string, unknown] {
  const at = text.indexOf('=')
  if (at < 1) throw new UserError(`--set: expected field=value, got '${text.slice(0, 64)}'.`)
  const value = text.slice(at + 1)
  try {
    return [text.slice(0, at), JSON.parse(value)]
  } catch {
    return [text.slice(0, at), value]
  }
}

/** Who plays: the evaluated players, each in turn, and how the table is filled around one. */
export interface Table {
  /** Undefined where the seats that are fixed are evaluated. */
  readonly players: readonly (Player | undefined)[]
  seat(learner: Player | undefined, config: object): Seated
}

export function readTable(args: Args, setting: Setting, who: Omit<PlayerContext, 'economy'> = {}): Table {
  const { economy, env, preset } = setting
  const player = playersFor({ economy, ...who })
  const choices = args.list('seat').map(text => seatChoice(text, player))
  const twice = choices.find(([agent], i) => choices.findIndex(([other]) => other === agent) < i)
  if (twice !== undefined) throw new UserError(`--seat: ${twice[0]} is given twice; name one player for it.`)
  const fixed = Object.fromEntries(choices)
  const opponents = economy.residents === undefined ? args.text('opponents') : undefined
  const seating: Omit<Seating, 'learner'> = {
    fixed,
    exact: opponents !== undefined,
    shuffle: economy.shuffled?.includes(preset) === true,
    opponents:
      opponents === undefined
        ? defaultOpponents(economy, player)
        : opponents.split(',').map(text => crowd(text, economy, player)),
  }
  return {
    players: readPlayers(args, setting, fixed, player),
    seat: (learner, config) => seat(env, config, { ...seating, ...(learner !== undefined && { learner }) }),
  }
}

/** The players of `--players` (or `--player`), each once; by default the economy's own, unless the learner's seat is fixed. */
function readPlayers(
  args: Args,
  { economy, env, config }: Setting,
  fixed: Readonly<Record<AgentId, Player>>,
  player: (text: string) => Player,
): (Player | undefined)[] {
  const named = args.text('players') ?? args.text('player')
  if (named !== undefined) {
    const texts = named.split(',').map(text => text.trim())
    if (texts.includes('')) throw new UserError(`--players: expected players separated by commas, got '${named.slice(0, 64)}'.`)
    return [...new Set(texts.map(player))]
  }
  if (fixed[learnerOf(env.seats(config))] !== undefined) return [undefined]
  return economy.players.map(player)
}

function seatChoice(text: string, player: (text: string) => Player): [AgentId, Player] {
  const at = text.indexOf('=')
  if (at < 1) throw new UserError(`--seat: expected id=player such as agent_0=human, got '${text.slice(0, 64)}'.`)
  return [text.slice(0, at), player(text.slice(at + 1))]
}

function defaultOpponents({ opponents }: Economy, player: (text: string) => Player): Seating['opponents'] {
  const counts = Object.entries(opponents)
  if (counts.length === 0) return [{ player: player('random'), count: 1 }]
  return counts.map(([bot, count]) => ({ player: player(`bot:${bot}`), count }))
}

/** `honest:3`, or any player string and a count. */
function crowd(text: string, { bots }: Economy, player: (text: string) => Player): Seating['opponents'][number] {
  const [name, count] = share(text)
  return { player: player(Object.hasOwn(bots, name) ? `bot:${name}` : name), count }
}

/** A name and a count. */
function share(text: string): [name: string, count: number] {
  const [, name, count] = /^(.+):(\d+)$/.exec(text.trim()) ?? []
  if (name === undefined || count === undefined)
    throw new UserError(`--opponents: expected NAME:COUNT separated by commas, got '${text.slice(0, 64)}'.`)
  return [name, integer(count, '--opponents', 0)]
}

/** Rollouts of one command at most: more is a slip of the keyboard. */
const MOST = 10_000_000

/** The episodes of `--seeds`, `--scenarios` or `--scenario-file`; by default 20 of what the economy has. */
export function readExamples(args: Args, setting: Setting, cwd: string): ExampleSet {
  const given = Object.keys(EXAMPLE_OPTIONS).filter(name => args.text(name) !== undefined)
  if (given.length > 1) throw new UserError(`--${given[0]} and --${given[1]} exclude each other; give one of them.`)
  const file = args.text('scenario-file')
  if (file !== undefined) return fileExamples(setting, resolve(cwd, file), file)
  const scenarios = args.text('scenarios')
  if (scenarios !== undefined) return scenarioExamples(setting, integer(scenarios, '--scenarios', 1))
  const seeds = args.text('seeds')
  return seeds === undefined ? defaultExamples(setting) : seedExamples(setting, ...seedRange(seeds))
}

/** Twenty scenarios of the economy's own, or seeds where it has none. */
export function defaultExamples(setting: Setting): ExampleSet {
  return setting.env.scenarios === undefined ? seedExamples(setting, 0, 20) : scenarioExamples(setting, 20)
}

function seedRange(text: string): [from: number, to: number] {
  const [, first, last] = /^(\d+)(?::(\d+))?$/.exec(text) ?? []
  const from = last === undefined ? 0 : Number(first)
  const to = Number(last ?? first)
  if (!(Number.isSafeInteger(to) && from < to))
    throw new UserError(`--seeds: expected N for 0…N-1 or A:B with A < B, got '${text.slice(0, 64)}'.`)
  if (to - from > MOST) throw new UserError(`--seeds: expected at most ${MOST} seeds, got ${to - from}.`)
  return [from, to]
}

function seedExamples({ config }: Setting, from: number, to: number): ExampleSet {
  return {
    name: `seeds ${from}:${to}`,
    rows: Array.from({ length: to - from }, (_, i): Example => ({ index: from + i, config, seed: from + i })),
  }
}

function scenarioExamples({ env, config }: Setting, count: number): ExampleSet {
  if (env.scenarios === undefined) throw new UserError(`${env.id} has no scenarios; give --seeds N.`)
  const rows = env.scenarios(config, count)
  return {
    name: `scenarios ${rows.length}`,
    rows: rows.map(({ id, seed, config: row }, index) => ({ index, config: parseConfig(env, row), seed, scenario: id })),
  }
}

/** Rows from a file: each a seed, and fields set beside the command line's. */
function fileExamples({ env, preset, set }: Setting, path: string, shown: string): ExampleSet {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError(
      `--scenario-file: cannot read ${shown}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}.`,
    )
  }
  const rows = parseRows(text, shown).map((row, index): Example => {
    const { config = {}, seed = index, id } = (row ?? {}) as { config?: object; seed?: unknown; id?: unknown }
    if (typeof config !== 'object' || config === null || !Number.isSafeInteger(seed) || (seed as number) < 0)
      throw new UserError(`--scenario-file: ${shown}, row ${index}: expected {"config": {…}, "seed": integer from 0}.`)
    return {
      index,
      config: resolveConfig(env, preset, { ...set, ...config }),
      seed: seed as number,
      scenario: id === undefined ? String(index) : String(id),
    }
  })
  if (rows.length === 0) throw new UserError(`--scenario-file: ${shown} holds no row.`)
  return { name: `scenario-file ${shown}`, rows }
}

function parseRows(text: string, shown: string): unknown[] {
  try {
    if (text.trimStart().startsWith('[')) return JSON.parse(text) as unknown[]
    return text.split('\n').flatMap(line => (line.trim() === '' ? [] : [JSON.parse(line)]))
  } catch (error) {
    throw new UserError(`--scenario-file: ${shown} is neither a JSON list nor JSON Lines: ${(error as Error).message}.`)
  }
}
