/**
 * One session of somebody's server, played: takes the seats, lets each be played (`seat_play.ts`) and says how each ended. Knows no
 * protocol, no economy and no provider.
 */
import { setMaxListeners } from 'node:events'
import { seatsByPlayer } from '../envs/core/ask.ts'
import { type Clock, systemClock } from '../rollouts/models/retry.ts'
import type { CallRow, Player } from '../rollouts/player.ts'
import type { Adapter, Link } from './adapter.ts'
import type { KnownSession } from './evidence.ts'
import { type SeatEvent, type SeatOutcome, SeatPlay, type SessionTerms } from './seat_play.ts'

export interface SessionOptions extends SessionTerms {
  /** Who sits where, by what `--seat` calls the seat, in the order in which the seats are taken. */
  readonly seats: Readonly<Record<string, Player>>
  readonly signal?: AbortSignal
  /** What connection.json says of this session, where it is gone on with. */
  readonly known?: KnownSession
  /** What the protocol needs to find the session again; plain JSON, kept in connection.json. */
  readonly resume?: unknown
  readonly clock?: Clock
  /** Hears who is seated, and what is told, lost, decided and over, seat by seat. */
  readonly onEvent?: (event: SessionEvent) => void
}

export type SessionEvent =
  | { readonly kind: 'seated'; readonly seat: string; readonly identity: string; readonly player: string }
  | SeatEvent

export interface SessionResult {
  readonly id: string
  readonly key: string
  /** In the order of the seats. */
  readonly outcomes: readonly SeatOutcome[]
}

/** The session's key in calls.jsonl and everywhere else. */
export function sessionKey(adapter: Pick<Adapter, 'id'>, session: string): string {
  return `${adapter.id}-${session}`
}

/**
 * Takes all seats, plays them until the server says that they are over, and says how each ended. A seat whose player fails is left,
 * the others play on. Rejects with a UserError where a seat cannot be taken, with a RunStopped or the signal's reason where the
 * session is given up: it can be gone on with.
 */
export async function playSession(options: SessionOptions): Promise<SessionResult> {
  const { id, adapter, seats, evidence, known, clock = systemClock, onEvent = () => {}, resume } = options
  const key = sessionKey(adapter, id)
  const given = new AbortController()
  setMaxListeners(0, given.signal)
  const giveUp = (): void => given.abort(options.signal?.reason)
  if (options.signal?.aborted) giveUp()
  options.signal?.addEventListener('abort', giveUp)
  const links = new Map<string, Link>()
  try {
    const players = Object.entries(seats)
    for (const [seat, player] of players) {
      const before = known?.seats[seat]
      const wire = evidence.wire(id, seat)
      const link = await adapter.open({ seat, ...(before !== undefined && { resume: before.resume }) }, wire, given.signal)
      links.set(seat, link)
      onEvent({ kind: 'seated', seat, identity: link.identity, player: player.name })
      evidence.keep({
        id,
        repeat: options.repeat ?? 0,
        over: false,
        ...(resume !== undefined && { resume }),
        seats: Object.fromEntries([...links].map(([name, { resume }]) => [name, { player: seats[name]!.name, resume }])),
      })
    }
    const earlier = evidence.earlier(key)
    const context = {
      key,
      signal: given.signal,
      recorded: earlier.calls,
      record: (row: CallRow) => evidence.call(row),
    }
    const plays: SeatPlay[] = []
    for (const [player, names] of seatsByPlayer(seats)) {
      const factory = player.policies(context)
      const agents = names.map(name => links.get(name)!.seat.agent)
      const make = factory.episode?.(options.seed ?? 0, agents) ?? factory
      for (const name of names) {
        const link = links.get(name)!
        const { env, config, seat } = link
        const policy = make({ env, config, seat, repeat: options.repeat ?? 0 })
        plays.push(new SeatPlay({ ...options, name, link, player, policy, earlier, key, clock, onEvent, given }))
      }
    }
    const ended = await Promise.allSettled(plays.map(play => play.run()))
    const failed = ended.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined
    if (failed !== undefined) throw options.signal?.aborted ? options.signal.reason : failed.reason
    const settled = (await adapter.settle?.(given.signal)) ?? {}
    const outcomes = ended.map((each, i) => plays[i]!.file((each as PromiseFulfilledResult<SeatOutcome>).value, settled))
    const isOver = outcomes.every(({ result }) => result !== undefined)
    if (isOver) evidence.keep({ ...evidence.sessions.find(session => session.id === id)!, over: true })
    const order = Object.keys(seats)
    return { id, key, outcomes: outcomes.toSorted((a, b) => order.indexOf(a.seat) - order.indexOf(b.seat)) }
  } finally {
    options.signal?.removeEventListener('abort', giveUp)
    for (const link of links.values()) link.close()
  }
}
