/**
 * A connected run: the sessions of one treatment at one server, side by side or one after another, in one folder. Knows no protocol.
 */
import type { PlayableWithBots } from '../bots/index.ts'
import { UserError } from '../envs/core/errors.ts'
import { RunStopped } from '../rollouts/errors.ts'
import { systemClock } from '../rollouts/models/retry.ts'
import { packageVersion } from '../rollouts/versions.ts'
import type { Adapter } from './adapter.ts'
import { Evidence, type KnownSession } from './evidence.ts'
import { playSession, type SessionEvent, type SessionOptions, type SessionResult } from './session.ts'

/** A server, spoken to in one protocol: what a command makes of what was typed. */
export interface Server {
  readonly protocol: string
  /** Where it is, credentials and secrets left out. */
  readonly address: string
  /** What is played there and which bots can: whom player strings may name. */
  readonly economy: PlayableWithBots
  /** Further facts for metadata.json: the server's version, the treatment. */
  readonly facts: Readonly<Record<string, unknown>>
  /** Texts that no file may hold, and what stands for them. */
  readonly secrets?: Readonly<Record<string, string>>
  /** Finds or makes the next session, the `repeat`-th from 0. Nothing joins yet. */
  begin(repeat: number, signal: AbortSignal): Promise<Hosted>
  /** Finds a session again that an earlier process began. */
  again(known: KnownSession, signal: AbortSignal): Promise<Hosted>
  /**
   * Makes a session that is nobody's, to see what players would; a sentence instead where the protocol has no such thing, or lacks the
   * right to.
   */
  trial?(signal: AbortSignal): Promise<Hosted | string>
}

/** A session at a server, before its seats are taken. */
export interface Hosted {
  /** The server's name of it; no secret. */
  readonly id: string
  readonly adapter: Adapter
  /** What the server needs to find it again; plain JSON, kept in connection.json. */
  readonly resume?: unknown
  /** All seats there are, where the server says. */
  readonly seats?: readonly string[]
  /** Once all seats are over: fetches what the server has written down into the folder, and says what a person should know. */
  finish?(folder: string, result: SessionResult, signal: AbortSignal): Promise<readonly string[]>
}

export interface ConnectedRunOptions extends Pick<SessionOptions, 'seats' | 'seed' | 'paceMs' | 'marginMs' | 'clock'> {
  readonly server: Server
  readonly folder: string
  /** Sessions in all. */
  readonly repeats: number
  /** Sessions at once. */
  readonly concurrency: number
  /** Goes on with what lies in the folder. */
  readonly resume: boolean
  /** Further facts for metadata.json. */
  readonly facts?: Readonly<Record<string, unknown>>
  readonly signal: AbortSignal
  readonly onEvent?: (session: string, event: SessionEvent) => void
}

export interface ConnectedRun {
  readonly folder: string
  /** Sessions that were played now, in the order they ended. */
  readonly sessions: readonly SessionResult[]
  /** What the server had to say at the end of each. */
  readonly report: readonly string[]
  /** Sessions that are not over: interrupted, or with seats that were left. */
  readonly left: number
  /** Why it ended before its time. */
  readonly stopped: readonly string[]
}

/**
 * Plays what is due. A UserError where a seat cannot be taken or the folder is another run's; an interruption is no error: what
 * is left is counted, and `resume` goes on with it.
 */
export async function connectedRun(options: ConnectedRunOptions): Promise<ConnectedRun> {
  const { server, folder, repeats, concurrency, signal, seats, onEvent = () => {}, clock = systemClock } = options
  const facts = { protocol: server.protocol, server: server.address }
  const evidence = new Evidence(folder, facts, { resume: options.resume, now: clock.now })
  const sessions: SessionResult[] = []
  const report: string[] = []
  const stopped = new Set<string>()
  const started = new Date(clock.now()).toISOString()
  let failure: unknown
  const names = Object.fromEntries(Object.entries(seats).map(([seat, player]) => [seat, player.name]))
  const tell = (complete: boolean): void =>
    evidence.metadata({
      kind: 'connected',
      ...facts,
      version_info: { agoragym: packageVersion() },
      ...server.facts,
      seats: names,
      players: Object.fromEntries(Object.values(seats).map(({ name, kind, details }) => [name, { kind, ...details }])),
      seed: options.seed ?? 0,
      pace_s: (options.paceMs ?? 0) / 1000,
      ...options.facts,
      planned: repeats,
      sessions: evidence.sessions.map(({ id, over }) => ({ id, over })),
      complete,
      started,
      updated: new Date(clock.now()).toISOString(),
    })
  try {
    for (const [secret, shown] of Object.entries(server.secrets ?? {})) evidence.secret(secret, shown)
    const known = evidence.sessions
    checkSamePlayers(known, names, folder)
    tell(false)
    const due = Array.from({ length: repeats }, (_, repeat) => ({
      repeat,
      known: known.find(session => session.repeat === repeat),
    })).filter(task => task.known?.over !== true)
    const play = async (task: (typeof due)[number]): Promise<void> => {
      const hosted = task.known === undefined ? await server.begin(task.repeat, signal) : await server.again(task.known, signal)
      const { id, adapter, resume } = hosted
      const result = await playSession({
        ...options,
        id,
        adapter,
        evidence,
        clock,
        repeat: task.repeat,
        ...(resume !== undefined && { resume }),
        ...(task.known !== undefined && { known: task.known }),
        onEvent: event => onEvent(id, event),
      })
      sessions.push(result)
      for (const { result: own } of result.outcomes) report.push(...(own?.report ?? []))
      if (hosted.finish !== undefined) report.push(...(await hosted.finish(folder, result, signal)))
    }
    const worker = async (): Promise<void> => {
      for (let task = due.shift(); task !== undefined && failure === undefined && !signal.aborted; task = due.shift()) {
        try {
          await play(task)
        } catch (error) {
          if (error instanceof RunStopped) stopped.add(error.message)
          else if (!signal.aborted) failure ??= error
          return
        }
      }
    }
    await Promise.all(Array.from({ length: Math.max(1, Math.min(concurrency, due.length)) }, worker))
    const left = Math.max(0, repeats - evidence.sessions.filter(({ over }) => over).length)
    tell(left === 0)
    if (failure !== undefined) throw failure
    return { folder, sessions, report, left, stopped: [...stopped] }
  } finally {
    evidence.close()
  }
}

/** A seat's memory is its player's: it cannot be gone on with by another. */
function checkSamePlayers(known: readonly KnownSession[], names: Readonly<Record<string, string>>, folder: string): void {
  for (const { id, over, seats } of known) {
    if (over) continue
    for (const [seat, { player }] of Object.entries(seats))
      if (names[seat] !== player)
        throw new UserError(
          `${folder}: in session ${id} seat ${seat} is ${player}'s, not ${names[seat] ?? 'nobody'}'s; name the same players to go on with it.`,
        )
  }
}
