/**
 * How messages and events are written on the wire. `flat` is the public server's (`IBEX-TUDelft/IBEX-game_server` at 92735655);
 * `suite` is the envelope that econagents 0.8.1 speaks to a server that is not public, so it is written here from that client alone.
 */
import type { RemoteEvent } from '../../economies/remote.ts'

type Json = Readonly<Record<string, unknown>>

/** Who is speaking. */
export interface Speaker {
  readonly game: number
  readonly recovery: string
}

/** Who the server says sits in a seat: its number, and whether its player is ready where that is said. */
export interface Identity {
  readonly number: number
  readonly ready?: boolean
}

export interface Codec {
  /** Takes a seat for the first time, or binds a new connection to it without the game hearing of it. */
  join(speaker: Speaker): Json
  rejoin(speaker: Speaker): Json
  ready(speaker: Speaker): Json
  /** Asks for the seat's own player object, without the game hearing of it; undefined where the server knows no such question. */
  fence(speaker: Speaker): Json | undefined
  message(speaker: Speaker, message: Json): Json
  /** What a frame tells; nothing where it tells nothing that is known. */
  events(frame: unknown): RemoteEvent[]
  /** Undefined where an event does not say who sits here. */
  identity(event: RemoteEvent): Identity | undefined
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const flat: Codec = {
  join: ({ game, recovery }) => ({ gameId: game, type: 'join', recovery }),
  rejoin: ({ game, recovery }) => ({ gameId: game, type: 'rejoin', recovery }),
  ready: ({ game }) => ({ gameId: game, type: 'player-is-ready' }),
  fence: ({ game, recovery }) => ({ gameId: game, type: 'status', recovery }),
  message: ({ game }, message) => ({ gameId: game, ...message }),
  events(frame) {
    if (!isObject(frame)) return []
    if (frame.type === 'event' && typeof frame.eventType === 'string') return [{ type: frame.eventType, data: frame.data }]
    if (typeof frame.error === 'string') return [{ type: 'fatal', data: { message: frame.error } }]
    return typeof frame.type === 'string' ? [{ type: frame.type, data: { message: frame.message } }] : []
  },
  identity({ type, data }) {
    const joined = type === 'status' && isObject(data) ? data.joined : undefined
    if (!isObject(joined) || typeof joined.number !== 'number') return undefined
    return { number: joined.number, ...(typeof joined.ready === 'boolean' && { ready: joined.ready }) }
  },
}

const suite: Codec = {
  join: ({ recovery }) => ({ meta: { type: 'join' }, payload: { recovery } }),
  rejoin: ({ recovery }) => ({ meta: { type: 'join' }, payload: { recovery } }),
  ready: () => ({ meta: { type: 'ready', component: { type: 'standard:ready' } }, payload: {} }),
  fence: () => undefined,
  message: (_speaker, { type, ...payload }) => ({ meta: { type }, payload }),
  events(frame) {
    if (!isObject(frame) || !isObject(frame.meta) || typeof frame.meta.type !== 'string') return []
    return [{ type: frame.meta.type, data: frame.payload }]
  },
  identity({ type, data }) {
    return type === 'snapshot' && isObject(data) && typeof data.playerNumber === 'number'
      ? { number: data.playerNumber }
      : undefined
  },
}

export const CODECS = { flat, suite } as const
export type CodecName = keyof typeof CODECS

/**
 * Why a message must not be sent: the server takes whole numbers from 0 alone, crashes on what is no number, and counts what a list
 * has twice twice. A null is taken in the first place of a pair that has a place for each condition.
 */
export function fault(message: unknown, path = 'message'): string | undefined {
  if (typeof message === 'number')
    return Number.isSafeInteger(message) && message >= 0 ? undefined : `${path} is ${message}; expected a whole number from 0`
  if (Array.isArray(message)) {
    const list = message as unknown[]
    const ids = /\.(to|snipe\.\d+)$/.test(path)
    if (ids && new Set(list).size < list.length) return `${path} names somebody twice: ${list.join(', ')}`
    if (/\.snipe$/.test(path) && list.length !== 2) return `${path} has ${list.length} lists; expected one for each condition`
    const skipped = /\.compensation(Requests|Offers)$/.test(path) && list[0] === null ? 1 : 0
    return list.slice(skipped).flatMap((value, i) => fault(value, `${path}.${i + skipped}`) ?? [])[0]
  }
  if (message === null || message === undefined) return `${path} is ${message}`
  if (typeof message === 'object')
    return Object.entries(message).flatMap(([key, value]) => fault(value, `${path}.${key}`) ?? [])[0]
  return undefined
}
