/**
 * An economy as an oTree project: its rules, tools and seats written into the pages of an app whose games a server of ours plays. Asks
 * for them as every client does, over the wire; knows no economy, and nothing of oTree but what its templates and `fields.ts` write.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../envs/core/errors.ts'
import { textsBelow, writeFiles } from '../../rollouts/disk.ts'
import { packageVersion } from '../../rollouts/versions.ts'
import type { GameRequest } from '../game.ts'
import { Host, type HostOptions } from '../host.ts'
import { Connection, type Frame } from '../wire.ts'
import { formOf, humane, python } from './fields.ts'

const TEMPLATES = join(import.meta.dirname, '..', '..', 'templates', 'otree_app')

/** The oTree that the generated app was written for and is tested with. */
const OTREE_VERSION = '6.0.15'

/** Calls of one turn that have a page each; an economy that takes more ends the turn there. */
const MOST_CALLS = 20
/** Seeds that are played to count the rounds of a game. */
const PROBES = [0, 1, 2, 3, 4]
/** Steps of the world after which a game that is probed is taken to have no end. */
const ENDLESS = 10_000

export interface OtreeAppOptions extends Pick<HostOptions, 'economies' | 'models'> {
  readonly env: string
  readonly preset?: string
  /** Fields beside the preset's. */
  readonly config?: Readonly<Record<string, unknown>>
  /** The seats of people: their names, or how many of those in seat order that are no residents' (then residents'); the learner's by default. */
  readonly human?: readonly string[] | number
  /** Who sits opposite, as on the wire; the economy's usual opponents by default. */
  readonly opponents?: string
  /** Seconds that a turn may take; 0, the default, for as long as it takes. */
  readonly turnSeconds?: number
  /** What a point of the score is worth in the currency; 0 by default, so that nobody is paid what nobody has set. */
  readonly rate?: number
  /** What everybody gets for coming, in the currency. */
  readonly fee?: number
  /** ISO 4217; EUR by default. */
  readonly currency?: string
  /** What oTree signs its cookies with; drawn by default. */
  readonly secretKey?: string
  /** Rounds of the app at most; by default as many as silent and random play need, and the one that closes. */
  readonly rounds?: number
}

export interface OtreeApp {
  /** Text by path, relative to the project's folder. */
  readonly files: Readonly<Record<string, string>>
  readonly app: string
  readonly seats: readonly string[]
  readonly rounds: number
  /** What an average honest player of a human seat scores, where a par says so. */
  readonly honest?: number
}

/** What the wire answers to `make`, as far as it is read here. */
interface Made {
  readonly s: number
  readonly version: number
  readonly preset: string
  readonly config: Readonly<Record<string, unknown>>
  readonly seats: readonly { readonly agent: string; readonly role: string; readonly player: string }[]
  readonly live: readonly string[]
  readonly turn: Readonly<Record<string, TurnRule>>
  readonly rules: Readonly<Record<string, string>>
  readonly tools: readonly Tool[]
  readonly tools_id: string
  readonly end_tool?: Tool
}

interface TurnRule {
  readonly max_calls: number | null
  readonly on_silence: 'pass' | 'stop'
  readonly pass_tool?: string
}

interface Tool {
  readonly name: string
  readonly kind?: 'act' | 'ask'
  readonly description: string
  readonly parameters: Readonly<Record<string, unknown>>
}

/** The project of an economy. A UserError where there is no such economy, configuration, seat or player. */
export async function otreeApp(options: OtreeAppOptions): Promise<OtreeApp> {
  const { env, economies, models, turnSeconds = 0, rate = 0, fee = 0, currency = 'EUR' } = options
  const { secretKey = randomBytes(24).toString('hex') } = options
  if (!/^[A-Z]{3}$/.test(currency))
    throw new UserError(`Currency: expected three letters of ISO 4217 such as EUR, got '${currency.slice(0, 16)}'.`)
  const host = new Host({
    ...(economies !== undefined && { economies }),
    ...(models !== undefined && { models }),
    // The server that will play decides which models may sit; here nobody is asked anything.
    players: 'any',
  })
  try {
    const wire = new InProcess(host)
    const game = {
      env,
      ...(options.preset !== undefined && { preset: options.preset }),
      ...(options.config !== undefined && Object.keys(options.config).length > 0 && { config: options.config }),
    }
    const live = await humanSeats(wire, game, options.human)
    const request = {
      ...game,
      ...(live !== undefined && { live }),
      ...(options.opponents !== undefined && { opponents: options.opponents }),
    }
    const made = await wire.ask<Made>('make', request)
    const turns = made.live.map(agent => made.turn[agent]!)
    const calls = Math.max(...turns.map(({ max_calls }) => Math.min(max_calls ?? 1, MOST_CALLS)))
    const rounds = options.rounds ?? (await longestGame(wire, { ...game, live: made.live }))
    if (!Number.isInteger(rounds) || rounds < 2)
      throw new UserError(`Rounds: expected an integer from 2 (one to play and one that closes), got ${rounds}.`)
    const tools = [
      ...made.tools,
      ...(made.end_tool === undefined || made.tools.some(({ name }) => name === made.end_tool!.name) ? [] : [made.end_tool]),
    ]
    const forms = new Map(tools.map(({ name, parameters }) => [name, formOf(name, parameters)]))
    const { economy } = host.game('agora', request as GameRequest)
    const plan = {
      agoragym: packageVersion(),
      make: { ...game, preset: made.preset, live: made.live },
      version: made.version,
      config: made.config,
      tools_id: made.tools_id,
      calls_per_turn: calls,
      turn: made.turn,
      end_tool: made.end_tool?.name ?? null,
      tools: tools.map(({ name, kind = 'act', description }) => ({
        name,
        kind,
        label: humane(name),
        description,
        fields: forms.get(name)!.fields,
      })),
    }
    const columns = [...forms.values()].flatMap(each => each.columns)
    const words: Readonly<Record<string, string>> = {
      app: env,
      summary: economy.env.summary,
      preset: made.preset,
      version: packageVersion(),
      otree: OTREE_VERSION,
      group_size: made.live.length > 1 ? String(made.live.length) : 'None',
      seats: python([...made.live]),
      seat_count: String(made.live.length),
      rounds: String(rounds),
      calls: String(calls),
      columns: columns.map(({ name, declaration }) => `    ${name} = ${declaration}`).join('\n'),
      turn_seconds: String(turnSeconds),
      rate: python(rate),
      fee: fee.toFixed(2),
      currency,
      human: made.live.join(', '),
      secret_key: secretKey,
      others: opponentText(made) || 'nobody',
      opponents: python(options.opponents ?? ''),
    }
    const rules = Object.entries(made.rules).map(([agent, text]) => [`${env}/rules/${agent}.txt`, `${text.trimEnd()}\n`])
    const files = Object.fromEntries([
      ...Object.entries(textsBelow(TEMPLATES)).map(([path, text]) => [
        path.replace(/^app\//, `${env}/`).replace(/^gitignore$/, '.gitignore'),
        filled(text, words),
      ]),
      [`${env}/game.json`, `${JSON.stringify(plan, null, 2)}\n`],
      ...rules,
    ]) as Record<string, string>
    const par = economy.pars?.[made.preset]
    const applies = par !== undefined && made.live.length === 1 && made.live[0] === par.seat && options.config === undefined
    return { files, app: env, seats: made.live, rounds, ...(applies && { honest: par.honest }) }
  } finally {
    host.close()
  }
}

/** Writes a project. A UserError where something lies there already, a RunError where the disk refuses. */
export function writeOtreeApp({ files }: OtreeApp, folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new UserError(`${folder} is there already and not empty; choose another folder, or move it away.`)
  writeFiles(folder, files)
}

/** The seats of people, in seat order. */
async function humanSeats(
  wire: InProcess,
  game: object,
  human: OtreeAppOptions['human'],
): Promise<readonly string[] | undefined> {
  if (human === undefined) return undefined
  if (typeof human !== 'number') return human
  const { s, seats } = await wire.ask<
    Made & { readonly seats: readonly { readonly agent: string; readonly resident?: boolean; readonly learner?: boolean }[] }
  >('make', game)
  await wire.ask('close', { s })
  // The evaluated seat first, then whoever else plays, then those that the economy would move itself.
  const rank = ({ resident = false, learner = false }: { readonly resident?: boolean; readonly learner?: boolean }): number =>
    learner ? 0 : resident ? 2 : 1
  const inOrder = [...seats].sort((a, b) => rank(a) - rank(b)).map(({ agent }) => agent)
  if (!Number.isInteger(human) || human < 1 || human > inOrder.length)
    throw new UserError(`Human seats: expected 1 to ${inOrder.length}, or their names (${inOrder.join(', ')}); got ${human}.`)
  return inOrder.slice(0, human)
}

/** How many rounds the longest of some games has: a round is a decision of some human seat. With it the round that closes. */
async function longestGame(wire: InProcess, game: object): Promise<number> {
  const { s, turn } = await wire.ask<Made>('make', { ...game, want: [] })
  // Silence ends no game early, but where it is the end of a seat's play; there the move that does nothing stands in for it.
  const nothing = (agent: string): object => {
    const { on_silence, pass_tool } = turn[agent]!
    return { calls: on_silence === 'stop' && pass_tool !== undefined ? [{ tool: pass_tool, args: {} }] : [] }
  }
  let most = 0
  for (const seed of PROBES) {
    let view = await wire.ask<View>('reset', { s, seed })
    let rounds = 0
    for (; view.done === false; rounds++) {
      if (view.t > ENDLESS)
        throw new UserError(
          `A silent game was not over after ${ENDLESS} steps; say with --rounds how many decisions an app has room for.`,
        )
      view = await wire.ask<View>('step', { s, decisions: Object.fromEntries(view.acting.map(agent => [agent, nothing(agent)])) })
    }
    most = Math.max(most, rounds)
  }
  await wire.ask('close', { s })
  return most + 1
}

interface View {
  readonly t: number
  readonly acting: readonly string[]
  readonly done: false | string
}

/** A client of the wire in this process. */
class InProcess {
  readonly #connection: Connection
  #last = 0

  constructor(host: Host) {
    this.#connection = new Connection(host, error => {
      throw error
    })
  }

  /** A UserError where the answer is a refusal. */
  async ask<R>(op: string, fields: object): Promise<R> {
    const frames: readonly Frame[] = await this.#connection.receive(JSON.stringify({ id: ++this.#last, op, ...fields }))
    const { ok, error, ...answer } = JSON.parse(frames[0] as string) as { ok: boolean; error?: { message: string } }
    if (!ok) throw new UserError(error!.message)
    return answer as R
  }
}

/** Who sits opposite, for people to read. */
function opponentText({ seats, live }: Made): string {
  return seats
    .filter(({ agent }) => !live.includes(agent))
    .map(({ agent, player }) => `${agent}=${player}`)
    .join(', ')
}

/** A template with its words: `@name@` stands for one. */
function filled(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/@([a-z_]+)@/g, (whole, name: string) => words[name] ?? whole)
}
