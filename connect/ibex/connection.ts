/**
 * The WebSocket of one seat at the laboratory's server: opens it and binds it to the seat, writes down what goes over it, and tells how
 * far the server has read. Knows how messages are written (`codec.ts`); knows no phase and no decision.
 */
import WebSocket from 'ws'
import type { RemoteEvent } from '../../economies/remote.ts'
import type { Clock } from '../../rollouts/models/retry.ts'
import type { Wire } from '../adapter.ts'
import type { Codec, Identity, Speaker } from './codec.ts'

/** Milliseconds to wait for a connection, and for the server to say whose it is. */
const OPEN_MS = 10_000

export interface ConnectionOptions {
  readonly socketUrl: string
  readonly speaker: Speaker
  readonly codec: Codec
  readonly wire: Wire
  readonly clock: Clock
  readonly hear: (event: RemoteEvent) => void
  /** The frame before was heard whole. */
  readonly heard: () => void
  /** The connection broke, and nobody here closed it. */
  readonly lost: () => void
  /** `hear` threw. */
  readonly fail: (error: unknown) => void
}

export class Connection {
  readonly #options: ConnectionOptions
  #socket: WebSocket | undefined
  #opened = 0
  #settleNumber: ((number: number | undefined) => void) | undefined
  readonly #fences: ((identity: Identity | undefined) => void)[] = []

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#socket !== undefined
  }

  /** Which connection this is, from 1; 0 before the first. */
  get count(): number {
    return this.#opened
  }

  /**
   * Opens a connection and takes the seat, or with `again` binds it to the seat. The number that the server says the seat has;
   * undefined where it says none. Rejects where nothing can be opened.
   */
  async bind(again: boolean, signal: AbortSignal): Promise<number | undefined> {
    const { codec, speaker, clock } = this.#options
    const socket = await this.#dial(signal)
    this.#opened++
    this.#socket = socket
    const number = new Promise<number | undefined>(resolve => {
      const settle = (said: number | undefined): void => {
        stop()
        resolve(said)
      }
      const stop = clock.after(OPEN_MS, () => settle(undefined))
      this.#settleNumber = settle
      socket.once('close', () => settle(undefined))
    })
    socket.on('message', bytes => this.#frame(String(bytes)))
    socket.on('error', () => {})
    socket.on('close', () => this.#closed(socket))
    this.write((again ? codec.rejoin : codec.join)(speaker))
    void this.fence()
    return number
  }

  #dial(signal: AbortSignal): Promise<WebSocket> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const socket = new WebSocket(this.#options.socketUrl, { handshakeTimeout: OPEN_MS, perMessageDeflate: false })
      const give = (): void => socket.terminate()
      signal.addEventListener('abort', give, { once: true })
      socket.once('open', () => {
        signal.removeEventListener('abort', give)
        resolve(socket)
      })
      socket.once('error', reject)
    })
  }

  #closed(socket: WebSocket): void {
    if (this.#socket !== socket) return
    this.#socket = undefined
    for (const settle of this.#fences.splice(0)) settle(undefined)
    this.#options.lost()
  }

  /** Nothing is sent where there is no connection. */
  write(message: Readonly<Record<string, unknown>>): void {
    this.#options.wire('out', message)
    this.#socket?.send(JSON.stringify(message))
  }

  /** Resolves once the server has read everything that was sent before; undefined where it does not say. */
  fence(): Promise<Identity | undefined> {
    const { codec, speaker } = this.#options
    const question = codec.fence(speaker)
    if (question === undefined || this.#socket === undefined) return Promise.resolve(undefined)
    return new Promise(resolve => {
      this.#fences.push(resolve)
      this.write(question)
    })
  }

  #frame(text: string): void {
    let frame: unknown
    try {
      frame = JSON.parse(text)
    } catch {
      return
    }
    const { codec, wire, hear, heard, fail } = this.#options
    wire('in', frame as Readonly<Record<string, unknown>>)
    try {
      for (const event of codec.events(frame)) {
        const identity = codec.identity(event)
        if (identity !== undefined) {
          this.#settleNumber?.(identity.number)
          this.#fences.shift()?.(identity)
        }
        hear(event)
        if (event.type === 'fatal') this.#settleNumber?.(undefined)
      }
    } catch (error) {
      fail(error)
    }
    heard()
  }

  /** Breaks a connection that says nothing; it is then `lost`. */
  break(): void {
    this.#socket?.terminate()
  }

  close(): void {
    this.#socket?.removeAllListeners()
    this.#socket?.on('error', () => {})
    this.#socket?.close()
    this.#socket = undefined
  }
}
