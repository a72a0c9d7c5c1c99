/**
 * Who is being served: games that are held for clients, how many there may be, and how long one is held without a word. Knows
 * no protocol and no game.
 */
import { randomUUID } from 'node:crypto'
import { ServeError } from './errors.ts'
import { Counter } from './metrics.ts'

/** Why a session ended: its client said so or went away, nothing was heard for too long, or the server stops. */
export type SessionEnd = 'closed' | 'idle' | 'stopped'

/** One game held for a client. */
export interface Session {
  readonly id: string
  readonly protocol: string
  /** Runs one piece of work after those before it; the session is not idle while any is under way. */
  run<R>(work: () => R): R | Promise<Awaited<R>>
  /** Something was heard of the client. */
  touch(): void
  /** Ends it; a second time does nothing. */
  end(why?: SessionEnd): void
}

export interface SessionsOptions {
  /** Sessions at once, over all protocols. */
  readonly max: number
  /** Seconds. */
  readonly idleTimeout: number
}

/** Milliseconds between two looks for idle sessions, at most. */
const SWEEP_MS = 5000

export class Sessions {
  readonly max: number
  readonly #idleMs: number
  readonly #open = new Map<string, OpenSession>()
  /** Games held, over all sessions: a session of many at once counts for each. */
  #games = 0
  readonly #timer: NodeJS.Timeout
  #admits = true

  /** Sessions since the start, by protocol: opened, ended for being idle, and refused for want of room. */
  readonly opened = new Counter()
  readonly reaped = new Counter()
  readonly refused = new Counter()

  constructor({ max, idleTimeout }: SessionsOptions) {
    this.max = max
    this.#idleMs = idleTimeout * 1000
    this.#timer = setInterval(() => this.#sweep(), Math.min(SWEEP_MS, this.#idleMs / 4))
    this.#timer.unref()
  }

  get size(): number {
    return this.#games
  }

  /** Sessions by protocol. */
  count(protocol: string): number {
    let count = 0
    for (const session of this.#open.values()) if (session.protocol === protocol) count++
    return count
  }

  /** Whether another session would be opened now. */
  get admits(): boolean {
    return this.#admits && this.#games < this.max
  }

  /**
   * Opens a session of so many games; `onEnd` is told once how it ended. A ServeError `capacity` (with `active_sessions` and `max_sessions`) where
   * the server is full, `draining` where it stops.
   */
  open(protocol: string, onEnd: (why: SessionEnd) => void, id: string = randomUUID(), games = 1): Session {
    if (!this.#admits) throw new ServeError('draining', 'The server is stopping and opens no session; ask another, or later.')
    if (this.#games + games > this.max) {
      this.refused.add(protocol)
      throw new ServeError('capacity', `The server is full: ${this.size} of ${this.max} sessions are open; try again later.`, {
        active_sessions: this.size,
        max_sessions: this.max,
      })
    }
    const session = new OpenSession(id, protocol, why => {
      this.#open.delete(id)
      this.#games -= games
      if (why === 'idle') this.reaped.add(protocol)
      onEnd(why)
    })
    this.#open.set(id, session)
    this.#games += games
    this.opened.add(protocol)
    return session
  }

  /** Opens no session from now on. */
  refuse(): void {
    this.#admits = false
  }

  /** Ends all. */
  end(): void {
    this.refuse()
    clearInterval(this.#timer)
    for (const session of [...this.#open.values()]) session.end('stopped')
  }

  #sweep(): void {
    const since = performance.now() - this.#idleMs
    for (const session of [...this.#open.values()]) if (session.idleSince < since) session.end('idle')
  }
}

class OpenSession implements Session {
  readonly id: string
  readonly protocol: string
  readonly #onEnd: (why: SessionEnd) => void
  #heard = performance.now()
  #ended = false
  /** The work that was begun last, as long as it is under way. */
  #work: Promise<unknown> | undefined

  constructor(id: string, protocol: string, onEnd: (why: SessionEnd) => void) {
    this.id = id
    this.protocol = protocol
    this.#onEnd = onEnd
  }

  /** When it was last heard of, in milliseconds; later than now while work is under way. */
  get idleSince(): number {
    return this.#work === undefined ? this.#heard : Number.POSITIVE_INFINITY
  }

  touch(): void {
    this.#heard = performance.now()
  }

  run<R>(work: () => R): R | Promise<Awaited<R>> {
    this.touch()
    const begun = this.#work === undefined ? work() : this.#work.then(() => work())
    if (!(begun instanceof Promise)) return begun
    const settled: Promise<void> = begun.then(
      () => this.#settle(settled),
      () => this.#settle(settled),
    )
    this.#work = settled
    return begun as Promise<Awaited<R>>
  }

  #settle(settled: Promise<unknown>): void {
    if (this.#work !== settled) return
    this.#work = undefined
    this.touch()
  }

  end(why: SessionEnd = 'closed'): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd(why)
  }
}
