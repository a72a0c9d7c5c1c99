/**
 * A WebSocket as a conversation: one message after the other is answered in order, a client that sends faster than it is answered
 * or does not read is held back, one that is gone is noticed. Knows no protocol.
 */
import { upgradeWebSocket } from '@hono/node-server'
import type { Context } from 'hono'
import type { WebSocket } from 'ws'

/** A frame to send. */
export type Frame = string | Uint8Array

/** The other end of a socket. */
export interface Peer {
  send(frame: Frame): void
  /** Closes after what was sent; codes as in RFC 6455. */
  close(code: number, reason: string): void
}

/** One side of a conversation. */
export interface Talk {
  /** Whether answers are sent as they come, and need not be in the order of the messages. */
  readonly overtakes?: boolean
  /** What to answer to a message; nothing for no answer. Must not throw. */
  receive(text: string): readonly Frame[] | Promise<readonly Frame[]>
  /** The client has gone, or was closed. */
  closed(): void
}

/** Milliseconds between two pings; a client that answered none of them by the next is taken for gone. */
const PING_MS = 30_000
/** Messages of one client that are being answered, at most. */
const MAX_OPEN = 1024
/** Bytes that wait to be read by a client, at most. */
const MAX_UNREAD = 16 << 20

/** RFC 6455: going away, what cannot be read, policy violation, a failure of the server, try again later. */
export const CLOSE = { normal: 1000, away: 1001, unreadable: 1003, policy: 1008, failed: 1011, later: 1013 } as const

/** The sockets of a server. */
export class Sockets {
  readonly #open = new Map<WebSocket, Peer>()
  /** What is being answered, by socket. */
  readonly #busy = new Map<WebSocket, Promise<void>>()
  readonly #silent = new WeakSet<WebSocket>()
  readonly #timer = setInterval(() => this.#ping(), PING_MS).unref()

  get size(): number {
    return this.#open.size
  }

  /** Answers a request to upgrade; `begin` is called with the client once it is there. */
  accept(c: Context, begin: (peer: Peer) => Talk): Promise<Response> | Response {
    const answer = upgradeWebSocket(() => {
      let talk: Talk | undefined
      return {
        onOpen: (_event, { raw }) => {
          talk = this.#converse(raw as unknown as WebSocket, begin)
        },
        onClose: () => talk?.closed(),
      }
    })(c, async () => {})
    return answer as Promise<Response>
  }

  #converse(socket: WebSocket, begin: (peer: Peer) => Talk): Talk {
    const peer: Peer = {
      send: frame => {
        if (socket.readyState !== socket.OPEN) return
        socket.send(frame)
        if (socket.bufferedAmount > MAX_UNREAD) socket.terminate()
      },
      close: (code, reason) => socket.close(code, reason),
    }
    this.#open.set(socket, peer)
    socket.on('close', () => this.#open.delete(socket))
    socket.on('pong', () => this.#silent.delete(socket))
    // A frame that is too large or no frame at all; the socket closes itself with the code that says so.
    socket.on('error', () => {})
    const talk = begin(peer)
    let open = 0
    let last: Promise<void> | undefined
    const answer = (text: string): void | Promise<void> => {
      if (socket.readyState !== socket.OPEN) return
      const frames = talk.receive(text)
      if (frames instanceof Promise) return frames.then(later => later.forEach(peer.send))
      frames.forEach(peer.send)
    }
    socket.on('message', (data, isBinary) => {
      this.#silent.delete(socket)
      if (isBinary) return peer.close(CLOSE.unreadable, 'expected text')
      const text = data.toString()
      const answered = last === undefined || talk.overtakes === true ? answer(text) : last.then(() => answer(text))
      if (answered === undefined) return
      // What is sent meanwhile waits in the client's system, not in our memory.
      if (++open === (talk.overtakes === true ? MAX_OPEN : 1)) socket.pause()
      const settled = answered.then(() => {
        if (--open === 0) this.#busy.delete(socket)
        if (last === settled) last = undefined
        socket.resume()
      })
      last = settled
      this.#busy.set(
        socket,
        Promise.all([this.#busy.get(socket), settled]).then(() => {}),
      )
    })
    return talk
  }

  #ping(): void {
    for (const socket of this.#open.keys()) {
      if (this.#silent.has(socket)) socket.terminate()
      else {
        this.#silent.add(socket)
        socket.ping()
      }
    }
  }

  /** Closes all with 1001, each after what is being answered there. */
  close(reason: string): void {
    clearInterval(this.#timer)
    for (const [socket, peer] of this.#open) {
      const close = (): void => peer.close(CLOSE.away, reason)
      const busy = this.#busy.get(socket)
      if (busy === undefined) close()
      else void busy.then(close)
    }
  }

  /** Ends those that have not closed. */
  end(): void {
    for (const socket of this.#open.keys()) socket.terminate()
  }
}
