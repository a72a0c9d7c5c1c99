/**
 * The laboratory's public server, for tests: its HTTP and WebSocket protocol with the messages that `whole_games.test.ts` compares
 * with recorded ones, and its faults as switches. What must be decided or computed is decided by this package's own rules, so a test that
 * plays here says something about the client and nothing about the rules. Of what the server tells at the end of a round the sums
 * that nobody is paid by (`profit`, `tax-income`, `total-profit`) are left out.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { gameData, rewards } from '../../../economies/spatial_planning/lab/game_data.ts'
import { LAB_CONDITIONS, participantsOf, RULESETS } from '../../../economies/spatial_planning/lab/participants.ts'
import { summaryOf } from '../../../economies/spatial_planning/lab/summaries.ts'
import { parseConfig } from '../../../envs/core/config.ts'
import type { AnyEnvironment } from '../../../envs/core/environment.ts'
import { median } from '../../../envs/core/sums.ts'
import type { SpatialConfig } from '../../../envs/spatial_planning/config.ts'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import {
  cancel,
  findOrder,
  post,
  refusePost,
  refuseTake,
  reservedCash,
  reservedShares,
  type Side,
  take,
} from '../../../envs/spatial_planning/market.ts'
import { reset, toLastTurn } from '../../../envs/spatial_planning/phases.ts'
import { CONDITIONS, type Cond, capOf, isLand, RANGES, rangeOf, rosterOf } from '../../../envs/spatial_planning/roster.ts'
import { type Finished, type LandRecord, newSession, read, type Session } from '../../../envs/spatial_planning/session.ts'
import { publicSignal, speculationResult } from '../../../envs/spatial_planning/settlement.ts'
import { type LandPlay, landOf, type SpatialEvent, type SpatialState, voteOf } from '../../../envs/spatial_planning/state.ts'
import { announce, conclude } from '../../../envs/spatial_planning/step.ts'

type Json = Readonly<Record<string, unknown>>

export interface FakeOptions {
  /** Fields of the economy's configuration. */
  readonly game: Json
  /** Milliseconds that a phase lasts where nobody ends it, by its number; 1 for those that only show something. */
  readonly lasts?: Readonly<Record<number, number>>
  /** Milliseconds after the start of a later round in which the server saves the game and loses what it is sent. */
  readonly holeMs?: number
  /** Milliseconds between what a phase tells at its beginning and the word that it has begun; what is sent meanwhile is lost. */
  readonly enteringMs?: number
  /** Milliseconds from the message that completes a phase in which a second one makes the server skip the next phase. */
  readonly doubleMs?: number
  /** Phases, as `round:phase`, that the server skips as if somebody else had sent such a second message. */
  readonly skip?: readonly string[]
  /** What a frame to a seat comes to: sent, held back by so many milliseconds, never sent, or the end of its connection. */
  readonly fault?: (frame: { seat: number; type: string; nth: number }) => 'lost' | 'cut' | number | undefined
  /** What a message of a seat comes to before the server reads it. */
  readonly mishap?: (message: { seat: number; type: string; nth: number }) => 'lost' | 'cut' | undefined
  /** Strangers who join just before the first of ours does. */
  readonly rush?: number
  /** How far the server's clock is ahead. */
  readonly skewMs?: number
  /** Ends a market or a conversation once it was silent for so many milliseconds, instead of when its time is up. */
  readonly bellMs?: number
  /** Ends a market or a conversation once so many messages were taken in it. */
  readonly bellAfter?: number
  /** Milliseconds from a change of phase in which the status cannot be asked for. */
  readonly savingMs?: number
}

interface Player {
  readonly number: number
  recovery: string | undefined
  socket: WebSocket | undefined
  ready: boolean
  /** Its decision of the phase that is on. */
  given: boolean
  doneSpeculating?: boolean
  d?: readonly (number | null)[]
  decided?: boolean
  sent: number
  heard: number
}

const INFORMS = 1
const MINUTE = 60_000

export class FakeIbex {
  readonly options: FakeOptions
  readonly config: SpatialConfig
  readonly state: SpatialState
  readonly session: Session
  readonly players: Player[]
  readonly id = 7
  /** Messages that came, in order, with the seat and what became of them. */
  readonly log: {
    readonly seat: number
    readonly type: string
    readonly round: number
    readonly phase: number
    readonly fate: string
  }[] = []
  /** Every frame that was sent. */
  readonly frames: { readonly to: number; readonly frame: Json }[] = []
  /** Phases that a second message made the server skip. */
  readonly skipped: string[] = []
  round: number
  phase = 0
  over = false
  started = true
  #http = createServer((request, response) => this.#answer(request, response))
  #sockets = new WebSocketServer({ noServer: true })
  #timer: NodeJS.Timeout | undefined
  #bell: NodeJS.Timeout | undefined
  #taken = 0
  #ends: number | null = null
  #hole = 0
  #saving = 0
  /** Until when a second message makes it skip a phase; 0 where nothing is being completed. */
  #completing: NodeJS.Timeout | undefined
  #doubled = false
  #closed = false
  #down = false
  #waiting: { readonly until: () => boolean; readonly then: () => void }[] = []

  constructor(options: FakeOptions) {
    this.options = options
    this.config = parseConfig(spatialPlanning as unknown as AnyEnvironment, { ...options.game, ticks: 1 }) as SpatialConfig
    this.state = reset(this.config, 0)
    this.session = newSession(this.config)
    this.round = this.state.round
    this.players = rosterOf(this.config).agents.map((_, i) => ({
      number: i + 1,
      recovery: undefined,
      socket: undefined,
      ready: false,
      given: false,
      sent: 0,
      heard: 0,
    }))
  }

  /** The address to connect to. */
  async open(): Promise<string> {
    this.#http.on('upgrade', (request, socket, head) => {
      if (this.#down) return socket.destroy()
      this.#sockets.handleUpgrade(request, socket, head, ws => this.#connected(ws))
      return undefined
    })
    await new Promise<void>(done => this.#http.listen(0, '127.0.0.1', done))
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of [this.#timer, this.#bell, this.#completing]) clearTimeout(timer)
    for (const ws of this.#sockets.clients) ws.terminate()
    this.#http.closeAllConnections()
    await new Promise<void>(done => this.#http.close(() => done()))
  }

  /** Nobody gets through for a while; the game goes on. */
  restart(ms: number): void {
    this.#down = true
    for (const ws of this.#sockets.clients) ws.terminate()
    setTimeout(() => {
      this.#down = false
    }, ms)
  }

  /** Forgets the game, as the server does when its process ends. */
  forget(): void {
    this.started = false
    clearTimeout(this.#timer)
    for (const ws of this.#sockets.clients) ws.terminate()
  }

  cut(seat: number): void {
    this.players[seat - 1]!.socket?.terminate()
  }

  /** The bell. */
  endPhase(): void {
    if (!this.over) this.#next()
  }

  /** When something has come to pass; looked at after every message and phase. */
  async when(until: () => boolean): Promise<void> {
    if (!until()) await new Promise<void>(then => this.#waiting.push({ until, then }))
  }

  #moved(): void {
    const now = this.#waiting.filter(({ until }) => until())
    this.#waiting = this.#waiting.filter(waiting => !now.includes(waiting))
    for (const { then } of now) then()
  }

  get #now(): number {
    return Date.now() + (this.options.skewMs ?? 0)
  }

  get #voting(): boolean {
    return this.config.treatment === 'voting'
  }

  // --- HTTP

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url!, 'http://server')
    const say = (status: number, data: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json', date: new Date(this.#now).toUTCString() })
      response.end(JSON.stringify({ data, status: true, message: '' }))
    }
    if (this.#down) {
      request.socket.destroy()
      return
    }
    const path = url.pathname.replace('/api/v1', '')
    if (path === '/games/started')
      say(
        200,
        this.started
          ? [
              {
                id: this.id,
                title: 'test',
                type: this.config.treatment,
                assignedPlayers: this.#joined,
                currentRound: { number: this.round, phase: this.phase },
              },
            ]
          : [],
      )
    else if (path === '/games/data')
      say(
        this.started ? 200 : 500,
        JSON.parse(JSON.stringify(gameData(this.session, { session: 'test', dataset: this.config.session }))),
      )
    else if (path === '/auth/login') say(200, { token: 'token' })
    else if (path === '/games/create-for-llm') say(200, { id: this.id })
    else if (path === '/games/get-recovery') say(200, { recovery: `r${Math.random()}` })
    else if (path === '/games/status') this.#status(url.searchParams.get('recovery'), say)
    else say(404, null)
  }

  get #joined(): number {
    return this.players.filter(({ recovery }) => recovery !== undefined).length
  }

  #status(recovery: string | null, say: (status: number, data: unknown) => void): void {
    if (!this.started || Date.now() < this.#saving) {
      say(this.started ? 500 : 400, null)
      return
    }
    const player = this.players.find(one => one.recovery === recovery && recovery !== null)
    const canJoin = player !== undefined || this.#joined < this.players.length
    const ruleset = RULESETS[this.config.treatment]
    say(200, {
      found: player !== undefined,
      canJoin,
      ruleset,
      gameData: player === undefined ? null : this.#recovery(player),
    })
  }

  /** What a seat is told of how things stand. */
  #recovery({ number, ready, doneSpeculating, d, decided }: Player): Json {
    const { state, phase } = this
    const who = participantsOf(this.session)[number - 1]!
    const summaries = this.#finished().map(round => summaryOf(this.session, round, who, participantsOf(this.session)))
    const game: Record<string, unknown> = {
      ruleset: RULESETS[this.config.treatment],
      id: this.id,
      round: this.round,
      phase,
      boundaries: boundaries(),
      conditions: LAB_CONDITIONS,
      players: this.#roster(),
      over: this.over,
    }
    const player: Record<string, unknown> = { number, tag: who.tag, role: who.code, ready, summaries, recovery: 'hidden' }
    if (isLand(who.role)) {
      const bought = state.play.kind === 'land' ? state.play.deals?.filter(({ plot }) => plot === number - 1) : undefined
      const buyers = bought?.map(({ speculator }) => speculator + 1)
      const chosen = state.play.kind === 'land' ? state.play.chosen : null
      player.property = {
        id: number,
        owner: number,
        name: 'Lot',
        v: this.#values(number),
        ...(d !== undefined && { d }),
        ...(buyers !== undefined && { speculators: [0, 1, 2].map(condition => (condition === chosen ? buyers : [])) }),
      }
      player.hasToDeclare = d === undefined
    }
    if (state.play.kind === 'vote') {
      const { messages, requests, offer } = state.play
      game.messages = messages
        .filter(({ phase: when, from, to }) => when === 'deliberation' && (from === number - 1 || to.includes(number - 1)))
        .map(({ from, to, text }) => ({ sender: from + 1, to: to.map(one => one + 1), text }))
      game.compensationOffers = offer === null ? [] : [null, offer.value]
      game.compensationRequests = phase >= 3 && who.role === 'developer' ? this.#requests() : null
      if (requests[number - 1]?.declared) {
        player.compensationRequestReceived = true
        player.compensationRequests = [null, requests[number - 1]!.value]
      }
      if (decided) player.compensationDecisionReceived = true
    } else {
      if (who.role === 'speculator') player.doneSpeculating = doneSpeculating
      player.wallet = this.#wallet(number)
      const deals = state.play.deals?.filter(({ plot, speculator }) => plot === number - 1 || speculator === number - 1)
      if (deals !== undefined && phase > (this.config.treatment === 'futarchy' ? 6 : 4))
        player.firstRepurchase = speculationResult(deals, number - 1)
      if (phase > 2) {
        game.declarations = this.#declarations()
        game.winningCondition = state.play.chosen
      }
      if (phase === 6) {
        player.signals = this.#signals(number)
        game.publicSignal = this.#publicSignals()
        game.orders = [0, 1, 2].map(condition => this.#orders(condition as Cond))
        game.movementList = [0, 1, 2].map(
          condition =>
            (state.play as LandPlay).books[condition as Cond]?.tape.map(({ seller, buyer, price }) => ({
              from: seller + 1,
              to: buyer + 1,
              price,
              condition,
              median: null,
            })) ?? [],
        )
      }
    }
    return { game, player, timer: this.#ends }
  }

  // --- what is told

  #roster(): Json[] {
    return participantsOf(this.session).map(({ number, code, tag }) => ({ number, role: code, tag }))
  }

  #values(number: number): number[] {
    const [noProject, project] = this.state.stimulus.values[number - 1]!
    return [noProject, project, number === 2 ? 1_750_000 : 150_000]
  }

  #signals(number: number): number[] {
    return [...this.state.stimulus.signals[number - 1]!, 0]
  }

  #publicSignals(): number[] {
    const { initial, chosen } = landOf(this.state)
    const signals = ([0, 1] as const).map(condition =>
      chosen !== null && chosen !== condition
        ? 0
        : publicSignal(
            initial.map(made => made!.value[condition]),
            this.config.final_tax,
          ),
    )
    return [...signals, 0]
  }

  #wallet(number: number): Json[] {
    const { role } = participantsOf(this.session)[number - 1]!
    return [0, 1, 2].map(condition => {
      const book = this.state.play.kind === 'land' ? this.state.play.books[condition as Cond] : null
      const player = number - 1
      return book == null
        ? { balance: this.config.cash[role], shares: this.config.shares[role], cashForSniping: 250_000 }
        : {
            balance: book.cash[player]! + reservedCash(book, player),
            shares: book.shares[player]! + reservedShares(book, player),
            cashForSniping: 250_000,
          }
    })
  }

  #orders(condition: Cond): Json[] {
    const book = this.state.play.kind === 'land' ? this.state.play.books[condition] : null
    const of = (side: Side) =>
      (book?.[side === 'bid' ? 'bids' : 'asks'] ?? []).map(({ id, player, price }) => ({
        id,
        sender: player + 1,
        price,
        quantity: 1,
        type: side,
        condition,
      }))
    return [...of('bid'), ...of('ask')].sort((a, b) => a.id - b.id)
  }

  #declarations(): Json[] {
    const { chosen } = landOf(this.state)
    return this.players.flatMap(({ number, d }) => {
      const { role, code } = participantsOf(this.session)[number - 1]!
      const available = [0, 1, 2].map(condition => chosen === null || this.phase < 7 || condition === chosen)
      return isLand(role) ? [{ id: number, name: 'Lot', owner: 'Teal', role: code, number, d, available }] : []
    })
  }

  #requests(): Json[] {
    return this.players.map(({ number }) => {
      const made = voteOf(this.state).requests[number - 1]
      return number === 2 ? { number } : { number, compensationRequests: made?.declared ? [null, made.value] : [0, 0] }
    })
  }

  #finished(): Finished[] {
    return this.session.rounds.filter((round): round is Finished => round.payoffs !== null)
  }

  #all(type: string, data: Json): void {
    for (const player of this.players) this.#tell(player, { type: 'event', eventType: type, data })
  }

  #each(type: string, data: (player: Player) => Json | undefined): void {
    for (const player of this.players) {
      const own = data(player)
      if (own !== undefined) this.#tell(player, { type: 'event', eventType: type, data: own })
    }
  }

  #own(player: Player, type: string, data: Json): void {
    this.#tell(player, { type: 'event', eventType: type, data })
  }

  #say(type: 'info' | 'notice', message: string): void {
    for (const player of this.players) this.#tell(player, { type, message })
  }

  #tell(player: Player, frame: Json): void {
    const { socket } = player
    if (socket === undefined || socket.readyState !== 1) return
    const type = String(frame.eventType ?? frame.type)
    const fate = this.options.fault?.({ seat: player.number, type, nth: player.sent++ })
    if (fate === 'lost') return
    if (fate === 'cut') {
      socket.terminate()
      return
    }
    this.frames.push({ to: player.number, frame })
    const text = JSON.stringify(frame)
    if (typeof fate === 'number') setTimeout(() => socket.readyState === 1 && socket.send(text), fate)
    else socket.send(text)
  }

  // --- the phases

  /** Whether everybody has sent what ends the phase. */
  #isComplete(): boolean {
    const done = (holds: (role: string) => boolean): boolean => {
      const roles = rosterOf(this.config).roles
      return this.players.every(({ given }, i) => given || !holds(roles[i]!))
    }
    if (this.phase === 0) return this.players.every(({ ready }) => ready)
    if (this.#voting)
      return this.phase === 4
        ? done(role => role === 'developer')
        : (this.phase === 3 || this.phase === 6) && done(role => role === 'owner')
    if (this.phase === 2 || this.phase === 7) return done(role => role !== 'speculator')
    return (this.phase === 3 || this.phase === 8) && done(role => role === 'speculator')
  }

  #completed(): void {
    if (!this.#isComplete()) return
    this.#doubled = false
    const { doubleMs = 0 } = this.options
    this.#completing = setTimeout(() => {
      this.#completing = undefined
      const doubled = this.#doubled
      this.#next()
      if (doubled) this.#skip()
    }, doubleMs)
  }

  #skip(): void {
    this.skipped.push(`${this.round}:${this.phase}`)
    this.#next()
  }

  #next(): void {
    if (this.#closed || this.over) return
    clearTimeout(this.#timer)
    this.#exit()
    const last = this.#voting ? 7 : 9
    if (this.phase === last) {
      this.#nextRound()
      return
    }
    this.phase++
    this.#enter()
    if (this.options.skip?.includes(`${this.round}:${this.phase}`)) this.#skip()
  }

  #nextRound(): void {
    if (this.state.phase === 'over') {
      this.over = true
      const paid = rewards(this.session, participantsOf(this.session))!
      this.#each('reward', ({ number }) => ({ ...paid.find(reward => reward.number === number) }))
      this.#all('game-over', {})
      this.#moved()
      return
    }
    this.round = this.state.round
    this.phase = 0
    this.#enter()
    this.#hole = Date.now() + (this.options.holeMs ?? 0)
  }

  #emit = (event: SpatialEvent): void => read(this.session, event)

  #enter(): void {
    const { phase, state } = this
    this.#saving = Date.now() + (this.options.savingMs ?? 0)
    for (const player of this.players) {
      player.given = false
      if (phase === 0) {
        Object.assign(player, { ready: false, d: undefined, doneSpeculating: undefined, decided: undefined })
      }
      if (phase === 7 && !this.#voting) Object.assign(player, { d: undefined, doneSpeculating: undefined })
    }
    this.#ends = null
    this.#taken = 0
    clearTimeout(this.#bell)
    if (phase > 0) {
      const shows = this.#voting ? [1, 7] : [1, 4, 5, 9]
      const lasts = this.options.lasts?.[phase] ?? (shows.includes(phase) ? INFORMS : MINUTE)
      this.#ends = this.#now + lasts
      this.#all('set-timer', { end: this.#ends })
      this.#timer = setTimeout(() => this.#next(), lasts)
      this.#listen()
    }
    if (phase === 1) {
      announce(state, this.#emit)
      this.#assign()
    }
    if (!this.#voting) {
      if (phase === 3 || phase === 8)
        this.#all('declarations-published', {
          declarations: this.#declarations(),
          ...(landOf(state).chosen !== null && { winningCondition: landOf(state).chosen }),
        })
      if (phase === 4) this.#say('info', 'Reconciliation in progress ...')
      if (phase === 5)
        this.#each('value-signals', ({ number }) => ({
          signals: this.#signals(number),
          publicSignal: this.#publicSignals(),
          ...(landOf(state).chosen !== null && { condition: landOf(state).chosen }),
          taxRate: this.config.final_tax,
        }))
      if (phase === 6) this.#say('info', 'The trading phase has started')
    } else {
      if (phase === 4) this.#own(this.players[1]!, 'compensation-requests-received', { compensationRequests: this.#requests() })
      if (phase === 7) this.#finalProfit()
    }
    const { enteringMs } = this.options
    if (enteringMs === undefined) this.#began(phase)
    else {
      this.#hole = Date.now() + enteringMs
      setTimeout(() => this.#began(phase), enteringMs)
    }
  }

  #began(phase: number): void {
    if (this.#closed || this.phase !== phase) return
    this.#all('phase-transition', { round: this.round, phase })
    if (phase > 0) this.#say('notice', `Phase ${phase} has begun.`)
    this.#moved()
  }

  /** Waits for silence, where that ends the phase. */
  #listen(): void {
    const { bellMs } = this.options
    const talks = this.#voting ? [2, 5] : [6]
    clearTimeout(this.#bell)
    if (bellMs === undefined || !talks.includes(this.phase)) return
    const came = this.log.length
    // What lies in the sockets already was sent before the silence was over.
    this.#bell = setTimeout(
      () => setImmediate(() => setImmediate(() => (this.log.length > came ? this.#listen() : this.#next()))),
      bellMs,
    )
  }

  #assign(): void {
    const common = { boundaries: boundaries(), conditions: LAB_CONDITIONS }
    this.#each('assign-role', ({ number }) => {
      const { role, code, tag } = participantsOf(this.session)[number - 1]!
      const property = isLand(role) ? { property: { id: number, owner: number, name: 'Lot', v: this.#values(number) } } : {}
      if (this.#voting)
        return {
          role: code,
          ...property,
          boundaries: common.boundaries,
          id: number - 1,
          number,
          tag,
          conditions: common.conditions,
        }
      const { initial_tax, final_tax } = this.config
      return {
        role: code,
        wallet: this.#wallet(number),
        ...property,
        boundaries: common.boundaries,
        taxRate: initial_tax,
        initialTaxRate: initial_tax,
        finalTaxRate: final_tax,
        conditions: common.conditions,
      }
    })
    this.#all('players-known', { players: this.#roster() })
  }

  #snipes(deals: LandRecord['deals'], { number }: Player): Json {
    const who = ({ code, number }: { code: number; number: number }) => ({ number, role: code })
    const all = participantsOf(this.session)
    return {
      snipes: deals
        .filter(({ speculator, plot }) => speculator === number - 1 || plot === number - 1)
        .map(({ speculator, plot, profit }) => ({ player: who(all[speculator]!), target: who(all[plot]!), profit })),
    }
  }

  #exit(): void {
    const { phase, state } = this
    if (phase > 0) this.#all('reset-timer', {})
    if (this.#voting) {
      const offered = phase === 4 ? voteOf(state).offer : null
      if (phase === 2 || phase === 5) toLastTurn(state)
      if (phase > 1 && phase < 7) conclude(state, this.#emit)
      if (offered !== null)
        this.#each('compensation-offer-made', ({ number }) =>
          number === 2 ? undefined : { compensationOffers: [null, offered.value] },
        )
    } else {
      if (phase === 2 || phase === 7) {
        for (const player of this.players) {
          const name = rosterOf(this.config).plots[player.number - 1]
          if (name !== undefined) player.d ??= [rangeOf(name, 0).low, rangeOf(name, 1).low]
        }
      }
      if (phase === 6) toLastTurn(state)
      if ([2, 3, 6, 7, 8].includes(phase)) conclude(state, this.#emit)
      if (phase === 6 && this.config.treatment === 'futarchy')
        this.#all('winning-condition', { winningCondition: landOf(state).chosen })
      if (phase === (this.config.treatment === 'futarchy' ? 6 : 4)) {
        const { deals } = landOf(state)
        this.#each('first-snipes', player => this.#snipes(deals ?? [], player))
      }
      if (phase === 8) {
        const round = this.#finished().at(-1)!.play as LandRecord
        this.#all('final-price', { price: round.sharePrice, winningCondition: round.chosen })
        this.#each('second-snipes', player => this.#snipes(round.finalDeals, player))
      }
    }
    if (phase !== (this.#voting ? 7 : 9)) return
    const round = this.#finished().at(-1)!
    this.#all('round-end', { round: round.round })
    const participants = participantsOf(this.session)
    this.#each('round-summary', ({ number }) => summaryOf(this.session, round, participants[number - 1]!, participants))
  }

  #finalProfit(): void {
    const round = this.#finished().at(-1)!
    const participants = participantsOf(this.session)
    this.#each('final-profit', ({ number }) => {
      const { condition, tally, value, compensation } = summaryOf(this.session, round, participants[number - 1]!, participants)
      return { condition, tally, value, compensation }
    })
  }

  // --- what is sent to it

  #connected(ws: WebSocket): void {
    let player: Player | undefined
    ws.on('error', () => {})
    ws.on('message', bytes => {
      let message: Json & { type?: string; recovery?: string }
      try {
        message = JSON.parse(String(bytes))
      } catch {
        ws.send(JSON.stringify({ error: 'Could not parse the message' }))
        return
      }
      const type = String(message.type)
      if (type === 'join' || type === 'rejoin') {
        const bound = this.#bind(ws, type, message)
        if (bound !== undefined) player = bound
        return
      }
      if (player !== undefined) this.#hear(player, message)
    })
  }

  #bind(ws: WebSocket, type: string, { recovery, gameId }: Json): Player | undefined {
    if (!this.started || gameId !== this.id) {
      ws.send(JSON.stringify({ error: `Game ${gameId} not found` }))
      return undefined
    }
    let player = this.players.find(one => one.recovery === recovery)
    this.#note(player?.number ?? 0, type, 'taken')
    if (type === 'rejoin') {
      if (player !== undefined) player.socket = ws
      return player
    }
    // A known string joins again, which the phase takes for a message.
    if (player !== undefined) this.#touch()
    for (let i = this.#joined; i < (this.options.rush ?? 0); i++) this.players[i]!.recovery = `stranger ${i}`
    player ??= this.players.find(one => one.recovery === undefined)
    if (player === undefined) {
      ws.send(JSON.stringify({ type: 'error', message: `Game ${this.id} is full` }))
      return undefined
    }
    player.recovery = String(recovery)
    player.socket = ws
    this.#say('info', `Player Teal joined. We have now ${this.#joined} players in the game.`)
    this.#moved()
    return player
  }

  /** A message that reaches the phase while it is being completed. */
  #touch(): void {
    if (this.#completing !== undefined && this.options.doubleMs !== undefined) this.#doubled = true
  }

  #note(seat: number, type: string, fate: string): void {
    this.log.push({ seat, type, round: this.round, phase: this.phase, fate })
  }

  #hear(player: Player, message: Json): void {
    const type = String(message.type)
    const mishap = this.options.mishap?.({ seat: player.number, type, nth: player.heard++ })
    if (mishap !== undefined || (this.over && type !== 'status') || Date.now() < this.#hole) {
      this.#note(player.number, type, mishap ?? 'lost')
      if (mishap === 'cut') player.socket?.terminate()
      return
    }
    if (type === 'status') {
      this.#own(player, 'status', { joined: this.#object(player) })
      return
    }
    this.#touch()
    this.#listen()
    const before = this.#completing
    const fate = this.#take(player, type, message)
    this.#note(player.number, type, fate)
    if (before === undefined && fate === 'taken') this.#completed()
    if (fate === 'taken' && (this.#voting ? [2, 5] : [6]).includes(this.phase) && ++this.#taken === this.options.bellAfter)
      this.#next()
    this.#moved()
  }

  #object({ number, recovery, ready, d, doneSpeculating }: Player): Json {
    const { role, code, tag, token } = participantsOf(this.session)[number - 1]!
    const land = isLand(role)
      ? { property: { id: number, owner: number, name: 'Lot', v: this.#values(number), ...(d !== undefined && { d }) } }
      : {}
    return {
      id: 90 + number,
      name: 'Teal',
      recovery,
      game_id: this.id,
      number,
      balance: this.config.cash[role],
      shares: this.config.shares[role],
      role: code,
      cashForSniping: 250_000,
      paymentToken: token,
      summaries: [],
      tag,
      ...(!this.#voting && { S: this.state.phase === 'over' ? [0, 0, 0] : this.#signals(number) }),
      ...land,
      ...(!this.#voting && { wallet: this.#wallet(number) }),
      ready,
      ...(doneSpeculating !== undefined && { doneSpeculating }),
    }
  }

  /** Carries out a message of a seat; what became of it. */
  #take(player: Player, type: string, message: Json): string {
    const { number } = player
    const agent = rosterOf(this.config).agents[number - 1]!
    const { role } = participantsOf(this.session)[number - 1]!
    const complain = (why: string): string => {
      this.#tell(player, { type: 'error', message: why })
      return 'refused'
    }
    const once = (done: () => void, received: string, data: Json = {}): string => {
      if (player.given) {
        this.#tell(player, { type: 'warning', message: 'You have already decided.' })
        return 'second'
      }
      done()
      player.given = true
      this.#own(player, received, data)
      return 'taken'
    }
    const at = `${this.#voting ? 'v' : 'm'}${this.phase}`
    switch (`${at} ${type}`) {
      case 'm0 player-is-ready':
      case 'v0 player-is-ready':
        player.ready = true
        this.#own(player, 'ready-received', {})
        return 'taken'
      case 'm2 declare':
      case 'm7 declare': {
        const declaration = message.declaration as number[]
        if (role === 'speculator' || !declaration.every(value => Number.isInteger(value) && value >= 0))
          return complain('bad declaration')
        for (const condition of [0, 1] as const)
          if (declaration[condition]! > capOf(agent, condition)) {
            this.#own(player, 'declaration-above-max', { condition, maximum: capOf(agent, condition) })
            return 'refused'
          }
        return once(() => {
          const play = landOf(this.state)
          player.d = declaration
          if (this.phase === 2) play.initial[number - 1] = { value: [declaration[0]!, declaration[1]!], declared: true }
          else play.final[number - 1] = { value: declaration[play.chosen!]!, declared: true }
        }, 'declaration-received')
      }
      case 'm3 done-speculating':
      case 'm8 done-speculating': {
        const snipe = message.snipe as number[][]
        if (role !== 'speculator' || snipe.length !== 2 || snipe.some(list => new Set(list).size < list.length))
          return complain('bad snipe')
        return once(() => {
          const plots = [snipe[0]!.map(plot => plot - 1), snipe[1]!.map(plot => plot - 1)] as const
          const play = landOf(this.state)
          const stage = this.phase === 3 ? play.selected : play.finalSelected
          stage[number - 1] = { plots, declared: true }
          player.doneSpeculating = true
        }, 'speculation-received')
      }
      case 'm6 post-order':
        return this.#post(player, message.order as Json, complain)
      case 'm6 cancel-order': {
        const { id, condition } = message.order as { id: number; condition: Cond }
        const book = landOf(this.state).books[condition]
        const found = book == null ? undefined : findOrder(book, id)
        if (book == null || found?.order.player !== number - 1) return complain(`Order not found. ${id}`)
        cancel(book, found.side, found.order)
        this.#emit({ type: 'order_cancelled', condition: CONDITIONS[condition], tick: 1, agent, order: id })
        this.#all('delete-order', { order: { id, type: found.side, condition } })
        return 'taken'
      }
      case 'v2 chat-with-players':
      case 'v5 chat-with-players': {
        const { to, text } = message as unknown as { to: number[]; text: string }
        const phase = this.phase === 2 ? 'deliberation' : 'reply'
        const readers = to.map(one => one - 1)
        voteOf(this.state).messages.push({ phase, from: number - 1, to: readers, text })
        const { plots } = rosterOf(this.config)
        this.#emit({ type: 'message_sent', phase, from: agent, to: readers.map(one => plots[one]!), text })
        for (const one of to)
          this.#own(this.players[one - 1]!, 'message-received', { sender: number, to, number: 0, text, time: this.#now })
        return 'taken'
      }
      case 'v3 compensation-request': {
        const [, amount] = message.compensationRequests as number[]
        return once(
          () => {
            voteOf(this.state).requests[number - 1] = { value: amount!, declared: true }
          },
          'compensation-request-received',
          { compensationRequests: [null, amount] },
        )
      }
      case 'v4 compensation-offer': {
        const [, amount] = message.compensationOffers as number[]
        return once(
          () => {
            voteOf(this.state).offer = { value: amount!, declared: true }
          },
          'compensation-offer-received',
          { compensationOffers: [null, amount] },
        )
      }
      case 'v6 compensation-decision': {
        const [choice] = message.compensationDecisions as Cond[]
        return once(() => {
          voteOf(this.state).votes[number - 1] = { value: CONDITIONS[choice!], declared: true }
          player.decided = true
        }, 'compensation-decision-received')
      }
      default:
        return 'ignored'
    }
  }

  #post(player: Player, order: Json, complain: (why: string) => string): string {
    const { price, type: side, condition, now } = order as { price: number; type: Side; condition: Cond; now: boolean }
    const book = landOf(this.state).books[condition]
    if (book == null) return complain(`wrong condition: ${condition}`)
    const who = player.number - 1
    const resting = [...book.bids, ...book.asks].map(({ id }) => id)
    // At any price the server looks at what the cash is, not at what own bids have reserved of it.
    const refusal = (now ? refuseTake({ ...book, overdraws: true }, who, side, undefined) : refusePost(book, who, side, price))
      ?.message
    if (refusal !== undefined) {
      this.#own(player, 'order-refused', { message: refusal, placeholder: 'refused' })
      return 'refused'
    }
    const made = now ? take(book, who, side, 1) : post(book, who, side, price, 1)
    const { agents } = rosterOf(this.config)
    const posted = { type: 'order_posted' as const, condition: CONDITIONS[condition], tick: 1, agent: agents[who]!, side }
    if ('id' in made) {
      this.#emit({ ...posted, price, order: made.id })
      this.#all('add-order', { order: { id: made.id, sender: player.number, price, quantity: 1, type: side, condition } })
      return 'taken'
    }
    this.#emit({ ...posted, price: now ? null : price, order: null })
    this.#emit({
      type: 'traded',
      condition: CONDITIONS[condition],
      tick: 1,
      buyer: agents[made.buyer]!,
      seller: agents[made.seller]!,
      price: made.price,
      taker: side,
    })
    for (const [one, type] of [
      [made.buyer, 'purchase'],
      [made.seller, 'sale'],
    ] as const)
      this.#own(this.players[one]!, 'asset-movement', {
        condition,
        movement: { type, quantity: 1, price: made.price, total: made.price },
        balance: book.cash[one]! + reservedCash(book, one),
        shares: book.shares[one]! + reservedShares(book, one),
      })
    this.#all('contract-fulfilled', {
      from: made.seller + 1,
      to: made.buyer + 1,
      price: made.price,
      condition,
      median: median(book.tape.slice(-7).map(trade => trade.price)),
    })
    this.#all('delete-order', {
      order: { id: resting.find(id => findOrder(book, id) === undefined), type: side === 'bid' ? 'ask' : 'bid', condition },
    })
    return 'taken'
  }
}

function boundaries(): Json {
  const of = (role: 'developer' | 'owner') => ({
    noProject: { low: RANGES[role][0].low, high: RANGES[role][0].high },
    projectA: { low: RANGES[role][1].low, high: RANGES[role][1].high },
  })
  return { developer: of('developer'), owner: of('owner') }
}
