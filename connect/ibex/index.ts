/** `connect ibex`: seats of a game at the laboratory's server (`IBEX-TUDelft/IBEX-game_server`), each played by a player of ours. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Economies } from '../../economies/registry.ts'
import type { RemoteTwin, RemoteView } from '../../economies/remote.ts'
import { UserError } from '../../envs/core/errors.ts'
import { writeFiles } from '../../rollouts/disk.ts'
import { sleep, systemClock } from '../../rollouts/models/retry.ts'
import type { Adapter, Link, SeatRequest, Wire } from '../adapter.ts'
import type { Hosted, Server } from '../run.ts'
import { CODECS, type CodecName } from './codec.ts'
import { Http } from './http.ts'
import { IbexLink } from './link.ts'
import { ServerClock } from './server_clock.ts'
import { TrialAdapter } from './trial.ts'

/** Milliseconds between two looks whether it is our turn to join. */
const LOOK_MS = 250

/** A game that is to be made: as whom, and with which parameters. */
export interface Creation {
  readonly username: string
  readonly password: string
  /** The server's own form of it; `game_type` says which economy. */
  readonly parameters: Readonly<Record<string, unknown>>
}

export interface IbexOptions {
  /** Where the server is, such as `http://localhost:8080`. */
  readonly url: string
  /** Where its WebSocket is; behind the laboratory's own proxy it is `/wss` of the same host. */
  readonly socketUrl?: string | undefined
  /** The number of a game that was started, or what to make one of. */
  readonly game: number | Creation
  readonly codec?: CodecName
  readonly view: RemoteView
  /** What the others are told of who plays here, in the first conversation. */
  readonly disclose?: string
  readonly economies: Economies
}

/** The address of a server's WebSocket where nobody said another. */
export function socketOf(url: string): string {
  return `${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/wss`
}

/** The server as a run of sessions sees it. A UserError where it has no such game, or no economy here can play it. */
export async function ibexServer(options: IbexOptions, signal: AbortSignal): Promise<Server> {
  const { url, game, codec = 'flat', view, economies, disclose } = options
  const serverClock = new ServerClock()
  const http = new Http(url, serverClock)
  const isMade = typeof game === 'object'
  const kind = String(isMade ? game.parameters.game_type : (await http.started(game, signal)).type)
  const { twin, bots } = await twinOf(economies, kind)
  if (disclose !== undefined && !twin.talks(kind))
    throw new UserError(
      `--disclose: nobody can say anything in a game of the kind '${kind}'. Tell its participants before it begins.`,
    )
  const hosted = (number: number): Hosted => {
    const adapter = new IbexAdapter({ ...options, game: number }, twin, http, serverClock)
    return {
      id: String(number),
      adapter,
      resume: { game: number },
      finish: (folder, _result, ended) => adapter.compare(folder, ended),
    }
  }
  return {
    protocol: 'ibex',
    address: url,
    economy: { env: twin.env, bots },
    facts: {
      codec,
      identities: view.identities,
      act_every_s: view.actEveryMs === null ? 'change' : view.actEveryMs / 1000,
      // Milliseconds that its clock is ahead, at least and at most.
      clock_ahead_ms: serverClock.bounds,
    },
    ...(isMade && { secrets: { [game.password]: 'PASSWORD' } }),
    async begin(repeat, signal) {
      if (isMade) return hosted(await http.create(game, game.parameters, signal))
      if (repeat > 0) throw new UserError(`Game ${game} is one session; give --create for more than one.`)
      return hosted(game)
    },
    async trial(signal) {
      const parameters = isMade ? game.parameters : await http.parameters(game, signal)
      const adapter = new TrialAdapter(twin, economies.get(twin.env.id).env, twin.config(parameters, view))
      return { id: 'trial', adapter, seats: adapter.seats }
    },
    async again({ resume }) {
      return hosted((resume as { game: number }).game)
    },
  }
}

/** The economy that plays that kind of games. */
async function twinOf(economies: Economies, kind: string) {
  const known = await Promise.all(
    economies
      .list()
      .flatMap(({ remotes, bots }) => (remotes.ibex === undefined ? [] : [remotes.ibex().then(twin => ({ twin, bots }))])),
  )
  const found = known.find(({ twin }) => twin.rulesets.some(ruleset => ruleset.toLowerCase() === kind.toLowerCase()))
  if (found !== undefined) return found
  const kinds = known.flatMap(({ twin }) => twin.rulesets).join(', ')
  throw new UserError(`No economy here plays games of the kind '${kind.slice(0, 64)}'. Kinds: ${kinds}.`)
}

class IbexAdapter implements Adapter {
  readonly id = 'ibex'
  readonly #options: IbexOptions & { readonly game: number }
  readonly #twin: RemoteTwin
  readonly #http: Http
  readonly #serverClock: ServerClock
  #config: Promise<object> | undefined

  constructor(options: IbexOptions & { readonly game: number }, twin: RemoteTwin, http: Http, serverClock: ServerClock) {
    this.#options = options
    this.#twin = twin
    this.#http = http
    this.#serverClock = serverClock
  }

  /** What the game is played under. */
  config(signal: AbortSignal): Promise<object> {
    const { game, view } = this.#options
    this.#config ??= this.#http.parameters(game, signal).then(parameters => this.#twin.config(parameters, view) as object)
    return this.#config
  }

  async open({ seat, resume }: SeatRequest, wire: Wire, signal: AbortSignal): Promise<Link> {
    const { game, url, socketUrl = socketOf(url), codec = 'flat', view, disclose } = this.#options
    const twin = this.#twin
    const number = Number(seat)
    if (!Number.isInteger(number) || number < 1) throw new UserError(`--seat ${seat}: expected the number of a seat, from 1.`)
    const config = await this.config(signal)
    const agent = twin.agent(config, number)
    const known = recoveryOf(resume)
    // Letters and digits alone: the server puts it into its database as it comes.
    const recovery = known ?? randomBytes(24).toString('hex')
    wire.secret(recovery, 'RECOVERY')
    if (known === undefined) await this.#turnToJoin(number, signal)
    const link = new IbexLink({
      http: this.#http,
      socketUrl,
      game,
      number,
      recovery,
      twin,
      config,
      view: twin.seat(config, agent, view),
      agent,
      codec: CODECS[codec],
      serverClock: this.#serverClock,
      wire,
      actEveryMs: view.actEveryMs,
      ...(disclose !== undefined && known === undefined && { disclose }),
    })
    await link.open(known !== undefined, signal)
    return link
  }

  /** Waits until the next to join is given that number. */
  async #turnToJoin(number: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const { assignedPlayers } = await this.#http.started(this.#options.game, signal)
      if (assignedPlayers === number - 1) return
      if (assignedPlayers >= number)
        throw new UserError(
          `Seat ${number} of game ${this.#options.game} is taken: ${assignedPlayers} players have joined, and the next is given seat ${assignedPlayers + 1}.`,
        )
      await sleep(systemClock, LOOK_MS, signal)
    }
  }

  /**
   * Fetches what the server has of a game that is over into the folder, in its laboratory's form, and says where its results are not
   * those of the economy's own rules.
   */
  async compare(folder: string, signal: AbortSignal): Promise<readonly string[]> {
    const { game } = this.#options
    try {
      const document = await this.#http.data(game, signal)
      const id = `game-${game}`
      writeFiles(join(folder, 'server'), { [`${id}.server.json`]: `${JSON.stringify(document)}\n` })
      const { differences, files } = this.#twin.compare(document, id)
      writeFiles(join(folder, 'server'), files)
      if (differences.length === 0)
        return [`Game ${game}: the server's results are those of our own rules for the same decisions.`]
      return [
        `Game ${game}: the server's results and our own rules differ in ${differences.length} place${differences.length === 1 ? '' : 's'}:`,
        ...differences.map(line => `  ${line}`),
      ]
    } catch (error) {
      signal.throwIfAborted()
      return [`Game ${game}: its results could not be compared with our own rules: ${(error as Error).message}`]
    }
  }
}

/** What an earlier process left to take its seat again. */
function recoveryOf(resume: unknown): string | undefined {
  const recovery = (resume as { recovery?: unknown } | undefined)?.recovery
  return typeof recovery === 'string' ? recovery : undefined
}
