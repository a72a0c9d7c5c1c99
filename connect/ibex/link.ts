/**
 * One seat at the laboratory's server: when it is to decide, what it sends, and how it catches up. Keeps the rules that a client of
 * this server must keep (`docs/connect.md` has them with the failures they come from). The socket is `connection.ts`'s; what is seen
 * and what may be sent is the twin's.
 */
import type { RemoteAnswer, RemoteEvent, RemoteSeat, RemoteTwin, Sending, Wanted } from '../../economies/remote.ts'
import type { CallResult, Seat } from '../../envs/core/environment.ts'
import { UserError } from '../../envs/core/errors.ts'
import { refusalText } from '../../envs/core/outcome.ts'
import type { Call } from '../../envs/core/tool.ts'
import { type Clock, sleep, systemClock } from '../../rollouts/models/retry.ts'
import type { Ask, Link, LinkEvent, SeatResult, Wire } from '../adapter.ts'
import { reconnecting } from '../backoff.ts'
import { type Codec, fault, type Identity, type Speaker } from './codec.ts'
import { Connection } from './connection.ts'
import { type Http, HttpFault } from './http.ts'
import type { ServerClock } from './server_clock.ts'

/** Milliseconds after which readiness is said again, where nobody said that it was heard. */
const READY_AGAIN = 500
/** Milliseconds to wait for the answer to a message. */
const ANSWER_MS = 5_000
/** Milliseconds between two questions whether a decision was taken, or how things stand while the server cannot say. */
const AGAIN_MS = 250
/** How often the server is asked how things stand before the events alone must do: in some phases it never can say. */
const TRIES = 8

export interface LinkOptions {
  readonly http: Http
  readonly socketUrl: string
  readonly game: number
  readonly number: number
  readonly recovery: string
  readonly twin: RemoteTwin
  readonly config: object
  readonly view: RemoteSeat
  readonly agent: string
  readonly codec: Codec
  readonly serverClock: ServerClock
  readonly wire: Wire
  /** Milliseconds between the turns of a market; null where its changes are followed. */
  readonly actEveryMs: number | null
  /** What is said first where anything can be said. */
  readonly disclose?: string
  readonly clock?: Clock
}

const nothing = (): undefined => undefined

/** An ask with what became of its calls. */
interface Asked extends Ask {
  readonly wanted: Wanted
  readonly at: { readonly round: number; readonly phase: number }
  /** Calls that were sent. */
  sent: number
  /** Told to be over, and not yet ended. */
  dropped: boolean
  /** The last of them, the connection it went over, and whether the server has read past it. */
  last?: { readonly sending: Sending; readonly connection: number; read: boolean }
}

export class IbexLink implements Link {
  readonly env: RemoteTwin['env']
  readonly config: object
  readonly seat: Seat
  readonly identity: string
  readonly resume: unknown
  readonly #options: LinkOptions
  readonly #clock: Clock
  readonly #speaker: Speaker
  readonly #connection: Connection
  readonly #view: RemoteSeat
  readonly #told: LinkEvent[] = []
  #wake: () => void = () => {}
  #closed = false
  /** Whether nobody listens to the events any more. */
  #stopped = false
  #failure: unknown
  #over = false
  #ask: Asked | undefined
  #asks = 0
  /** The phases, as `round:phase`, whose only decision was asked for. */
  readonly #once = new Set<string>()
  /** The phase in which something was missing that the server was asked for; it is asked once. */
  #lacked = ''
  #turns = 0
  #nextTurn: (() => void) | undefined
  #changed = true
  #began: number | null = null
  #ends: number | null = null
  #ready: AbortController | undefined
  #disclosure: string | undefined
  #pending: { readonly sending: Sending; readonly settle: (answer: RemoteAnswer | 'read' | 'lost') => void } | undefined
  /** Events that are put by until the snapshot is there that they follow. */
  #missed: RemoteEvent[] | undefined

  constructor(options: LinkOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#speaker = { game: options.game, recovery: options.recovery }
    this.#connection = new Connection({
      socketUrl: options.socketUrl,
      speaker: this.#speaker,
      codec: options.codec,
      wire: options.wire,
      clock: this.#clock,
      hear: event => this.#hear(event),
      heard: () => this.#stir(),
      lost: () => this.#lost(),
      fail: error => {
        this.#failure ??= error
      },
    })
    this.#view = options.view
    this.#disclosure = options.disclose
    this.env = options.twin.env
    this.config = options.config
    this.seat = this.env.seats(options.config).find(({ agent }) => agent === options.agent)!
    this.identity = `player ${options.number}`
    this.resume = { recovery: options.recovery, number: options.number, game: options.game }
  }

  /** Takes the seat, or with `again` binds a new connection to it. A UserError where the server binds us to another. */
  async open(again: boolean, signal: AbortSignal): Promise<void> {
    const number = await this.#connection.bind(again, signal)
    if (number !== this.#options.number) {
      this.close()
      throw new UserError(
        number === undefined
          ? `The server did not give us seat ${this.#options.number}: it does not know who we are.`
          : `The server gave us seat ${number}, not ${this.#options.number}, which was asked for; other players joined meanwhile.`,
      )
    }
    if (!again) return
    // What an earlier process asked is counted from 0; from here on nothing may have a number that it gave.
    this.#asks = Math.floor(this.#clock.now() / 1000)
    this.#turns = this.#asks
    await this.#catchUp(signal)
  }

  async *events(signal: AbortSignal): AsyncGenerator<LinkEvent> {
    signal.addEventListener('abort', () => {
      this.#stopped = true
      this.#stir()
    })
    this.#consider(signal)
    for (;;) {
      while (this.#told.length > 0) yield this.#told.shift()!
      if (this.#failure !== undefined) throw this.#failure
      if (signal.aborted || this.#closed) return
      if (this.#over) return yield { kind: 'over', result: this.#result() }
      if (!this.#connection.isOpen) await this.#reconnect(signal)
      else
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      this.#consider(signal)
    }
  }

  async send(asked: Ask, call: Call, signal: AbortSignal): Promise<CallResult | 'unknown'> {
    const ask = asked as Asked
    const sending = this.#view.send(call)
    if (sending.message === undefined) return { ok: true, text: sending.done() }
    const wrong = fault(sending.message)
    if (wrong !== undefined) throw new Error(`connect: ${wrong}`)
    if (!this.#connection.isOpen || !this.#isCurrent(ask)) return 'unknown'
    ask.sent++
    const sent = { sending, connection: this.#connection.count, read: false }
    ask.last = sent
    const answer = await new Promise<RemoteAnswer | 'read' | 'lost'>(resolve => {
      const settle = (said: RemoteAnswer | 'read' | 'lost'): void => {
        stop()
        signal.removeEventListener('abort', onAbort)
        resolve(said)
      }
      const onAbort = (): void => settle('lost')
      const stop = this.#clock.after(ANSWER_MS, onAbort)
      signal.addEventListener('abort', onAbort)
      this.#pending = { sending, settle }
      this.#connection.write(this.#options.codec.message(this.#speaker, sending.message!))
      this.#connection.fence().then(identity => {
        sent.read = identity !== undefined
        if (identity !== undefined) this.#pending?.settle('read')
      })
    })
    this.#pending = undefined
    if (answer === 'read' && sending.unanswered) return { ok: true, text: sending.done() }
    if (answer === 'read' || answer === 'lost') return 'unknown'
    return answer.ok ? { ok: true, text: sending.done() } : { ok: false, text: refusalText(answer.refusal) }
  }

  async reconcile(asked: Ask): Promise<'taken' | 'open' | 'closed'> {
    const ask = asked as Asked
    while (!this.#closed && !this.#stopped && this.#failure === undefined && this.#isCurrent(ask)) {
      const { last } = ask
      // Nothing was sent: there was no connection.
      if (last === undefined) {
        if (this.#connection.isOpen) return 'open'
      } else {
        const taken = await this.#taken(last.sending)
        if (taken === true) {
          last.sending.done()
          return 'taken'
        }
        if (taken === undefined && this.#connection.isOpen) return 'closed'
        // What is still on its way over a living connection may yet arrive, and must not be sent a second time.
        const isPast = last.read || last.connection !== this.#connection.count
        if (taken === false && isPast && this.#connection.isOpen) return 'open'
      }
      await new Promise<void>(resolve => this.#clock.after(AGAIN_MS, resolve))
    }
    return 'closed'
  }

  /** The session is done with an ask; the next may follow. */
  ended(asked: Ask): void {
    const ask = asked as Asked
    if (this.#ask === ask) this.#ask = undefined
    if (ask.wanted.play === 'turns' && this.#isCurrent(ask)) this.#view.passed()
    this.#stir()
  }

  close(): void {
    this.#closed = true
    this.#ready?.abort()
    this.#nextTurn?.()
    this.#connection.close()
    this.#stir()
  }

  #stir(): void {
    this.#wake()
  }

  #say(event: LinkEvent): void {
    this.#told.push(event)
    this.#stir()
  }

  get #at(): string {
    const { at } = this.#view
    return at === undefined ? '' : `${at.round}:${at.phase}`
  }

  #isCurrent({ at }: Asked): boolean {
    return !this.#over && this.#at === `${at.round}:${at.phase}`
  }

  // --- when to decide

  /** Closes the ask whose phase is past, and opens the next that is due. */
  #consider(signal: AbortSignal): void {
    if (signal.aborted || this.#closed || this.#over || !this.#connection.isOpen || this.#missed !== undefined) return
    if (this.#ask !== undefined) {
      if (!this.#ask.dropped && !this.#isWanted(this.#ask)) this.#drop(this.#ask)
      return
    }
    const { phase } = this.#view.at ?? { phase: 0 }
    if (phase === 0) this.#sayReady(signal)
    this.#discloses()
    const wanted = this.#view.wanted()
    if (wanted === undefined) return
    if (this.#view.lacking) {
      const known = this.#lacked === this.#at
      this.#lacked = this.#at
      if (!known) void this.#catchUp(signal)
      return
    }
    if (wanted.play === 'once' ? this.#once.has(this.#at) : !this.#isTurn()) return
    this.#open(wanted)
  }

  /** Whether its phase is on, and nothing was heard of its decision but from us. */
  #isWanted(ask: Asked): boolean {
    return this.#isCurrent(ask) && (ask.last !== undefined || this.#view.wanted() !== undefined)
  }

  #discloses(): void {
    const message = this.#disclosure === undefined ? undefined : this.#view.saying(this.#disclosure)
    if (message === undefined) return
    this.#disclosure = undefined
    this.#connection.write(this.#options.codec.message(this.#speaker, message))
  }

  #drop(ask: Asked): void {
    ask.dropped = true
    const isLate = ask.deadline !== null && this.#clock.now() >= ask.deadline
    this.#say({ kind: 'closed', id: ask.id, why: isLate ? 'timeout' : 'superseded', text: 'The phase is over.' })
  }

  /** Whether it is time for the next turn; where it is not yet, it will be looked at again. */
  #isTurn(): boolean {
    return this.#nextTurn === undefined && (this.#options.actEveryMs !== null || this.#changed)
  }

  #open(wanted: Wanted): void {
    const at = { ...this.#view.at! }
    const once = wanted.play === 'once'
    const id = once ? this.#at : `${this.#at}:${this.#turns++}`
    if (once) this.#once.add(id)
    this.#changed = false
    const { actEveryMs } = this.#options
    if (!once && actEveryMs !== null) {
      const cancel = this.#clock.after(actEveryMs, () => {
        this.#nextTurn = undefined
        this.#stir()
      })
      this.#nextTurn = () => {
        cancel()
        this.#nextTurn = undefined
      }
    }
    const view = this.#view
    const observation = view.observe(this.#phaseClock()) as object
    const ask: Asked = {
      id,
      t: this.#asks++,
      observation,
      offered: view.offered(),
      check: call => view.check(call),
      recheck: call => view.check(call, { seen: observation, nth: ask.sent }),
      deadline: this.#ends,
      repeatable: !once,
      fallback: wanted.silence,
      wanted,
      at,
      sent: 0,
      dropped: false,
    }
    this.#ask = ask
    this.#say({ kind: 'due', ask })
  }

  /** Says it until it was heard, and never after. */
  #sayReady(signal: AbortSignal): void {
    if (this.#ready !== undefined || this.#once.has(`ready ${this.#at}`)) return
    const at = this.#at
    const stop = new AbortController()
    this.#ready = stop
    const pause = (): Promise<undefined> => sleep(this.#clock, READY_AGAIN, stop.signal).then(nothing, nothing)
    void (async () => {
      // A game that counted us before the connection was lost must not hear it a second time.
      if (this.#connection.count > 1) this.#isReady(await Promise.race([this.#connection.fence(), pause()]))
      while (!stop.signal.aborted && !signal.aborted && this.#at === at) {
        if (this.#connection.isOpen && this.#missed === undefined) {
          this.#connection.write(this.#options.codec.ready(this.#speaker))
          this.#isReady(await Promise.race([this.#connection.fence(), pause()]))
        }
        if (!stop.signal.aborted) await pause()
      }
      if (this.#ready === stop) this.#ready = undefined
    })()
  }

  #isReady(identity: Identity | undefined): void {
    if (identity?.ready === true) this.#heardReady()
  }

  #heardReady(): void {
    this.#once.add(`ready ${this.#at}`)
    this.#ready?.abort()
    this.#ready = undefined
  }

  #phaseClock() {
    return { now: this.#clock.now(), began: this.#began, ends: this.#ends }
  }

  // --- after the connection was lost

  #lost(): void {
    this.#pending?.settle('lost')
    if (!this.#closed && !this.#over) this.#say({ kind: 'lost', text: 'The connection is lost.' })
    this.#stir()
  }

  async #reconnect(signal: AbortSignal): Promise<void> {
    try {
      await reconnecting(
        async () => {
          const number = await this.#connection.bind(true, signal)
          if (number !== undefined) return
          this.#connection.break()
          throw new Error('the server does not answer')
        },
        { signal, clock: this.#clock, isLasting: () => this.#failure !== undefined },
      )
      await this.#catchUp(signal)
      this.#say({ kind: 'told', text: 'The connection is back.' })
    } catch (error) {
      if (!signal.aborted) this.#failure ??= error
    }
  }

  /** Asks how things stand, until the server can say. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    if (this.#missed !== undefined) return
    this.#missed = []
    try {
      for (let tries = 1; ; tries++) {
        try {
          const snapshot = await this.#snapshot(signal)
          if (snapshot === undefined)
            throw new UserError(`The server no longer knows game ${this.#options.game}, or our seat in it.`)
          const timer = (snapshot as { timer?: unknown }).timer
          if (typeof timer === 'number') this.#ends = this.#options.serverClock.local(timer)
          this.#view.restore(snapshot, this.#missed.splice(0), this.#phaseClock())
          return
        } catch (error) {
          if (error instanceof UserError) throw error
          if (error instanceof HttpFault && error.status < 500)
            throw new UserError(`The server no longer knows game ${this.#options.game}: ${error.message}.`)
          if (tries === TRIES || !this.#connection.isOpen || this.#closed) return
          await sleep(this.#clock, AGAIN_MS, signal)
        }
      }
    } catch (error) {
      if (!signal.aborted) this.#failure = error
    } finally {
      const missed = this.#missed ?? []
      this.#missed = undefined
      for (const event of missed) this.#view.hear(event, this.#phaseClock())
      this.#changed = true
      if (this.#view.over) this.#over = true
      this.#stir()
    }
  }

  #snapshot(signal: AbortSignal): Promise<unknown> {
    const { http, game, recovery, wire } = this.#options
    return http.snapshot(game, recovery, signal).then(snapshot => {
      wire('in', { status: (snapshot ?? null) as Readonly<Record<string, unknown>> | null })
      return snapshot
    })
  }

  /** Whether the server has what was sent; undefined where it cannot say. */
  async #taken(sending: Sending): Promise<boolean | undefined> {
    try {
      return sending.taken(await this.#snapshot(AbortSignal.timeout(ANSWER_MS)))
    } catch {
      // The server is saving the game, or nobody is there: neither yes nor no.
      return this.#connection.isOpen ? false : undefined
    }
  }

  // --- what is told

  #hear(event: RemoteEvent): void {
    const { type, data } = event
    const answer = this.#pending?.sending.answer(event)
    if (answer !== undefined) this.#pending!.settle(answer)
    switch (type) {
      case 'set-timer':
        this.#began = this.#clock.now()
        this.#ends = this.#options.serverClock.local((data as { end: number }).end)
        break
      case 'reset-timer':
        this.#ends = null
        break
      case 'ready-received':
        this.#heardReady()
        break
      case 'phase-transition':
        this.#entered()
        break
      case 'fatal':
        this.#failure ??= new UserError(
          `The server takes us no longer in game ${this.#options.game}: ${String((data as { message?: unknown }).message)}.`,
        )
        break
      default:
    }
    if (this.#missed !== undefined) {
      this.#missed.push(event)
      return
    }
    this.#view.hear(event, this.#phaseClock())
    if (type === 'add-order' || type === 'delete-order' || type === 'message-received') this.#changed = true
    if (this.#view.over) this.#over = true
  }

  #entered(): void {
    this.#changed = true
    this.#nextTurn?.()
    this.#ready?.abort()
  }

  #result(): SeatResult {
    const reward = this.#view.reward ?? {}
    const figures = Object.entries(reward).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    return {
      reward: typeof reward.reward === 'number' ? reward.reward : null,
      stop: 'game_over',
      metrics: Object.fromEntries(figures),
      info: reward,
    }
  }
}
