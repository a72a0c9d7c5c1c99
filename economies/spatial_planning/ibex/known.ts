/**
 * What one seat knows of a game at the laboratory's server: events and snapshots, folded into as much of a state of this economy as a
 * seat may know. What it does not know (others' values, others' cash) stands empty in it and is never read. Knows no call, and not how
 * any of it is shown.
 */
import { UserError } from '../../../envs/core/errors.ts'
import type { AgentId } from '../../../envs/core/tool.ts'
import type { SpatialConfig } from '../../../envs/spatial_planning/config.ts'
import { type Book, findOrder, insert, resting, TAPE } from '../../../envs/spatial_planning/market.ts'
import { type PhaseRule, playedPhases, reset, sweepsOf } from '../../../envs/spatial_planning/phases.ts'
import { CONDITIONS, type Cond, type Pair, type Role, type Roster, rosterOf } from '../../../envs/spatial_planning/roster.ts'
import type { Deal } from '../../../envs/spatial_planning/settlement.ts'
import {
  endowedBook,
  type LandPlay,
  newPlay,
  type Phase,
  type Round,
  type RoundAccount,
  type SpatialState,
  type VotePlay,
} from '../../../envs/spatial_planning/state.ts'
import type { PhaseClock, RemoteEvent } from '../../remote.ts'
import { ROLE_CODES } from '../lab/participants.ts'
import { dispatch, EVENTS, type Hearers, type Snapshot, type Summary, snapshotOf } from './wire.ts'

/** Where nobody says what time it is. */
export const NO_CLOCK: PhaseClock = Object.freeze({ now: 0, began: null, ends: null })

export class KnownGame {
  readonly config: SpatialConfig
  readonly roster: Roster
  readonly agent: AgentId
  readonly player: number
  readonly role: Role
  readonly state: SpatialState
  reward: Readonly<Record<string, unknown>> | undefined
  over = false
  at: { round: number; phase: number } | undefined
  /** What the seat holds in each market, orders included. */
  wallet: { balance: number; shares: number }[]
  /** Of this round: whether the own land, and all initial declarations, were told. */
  dealt = false
  declarationsKnown = false
  publicSignal: [number | null, number | null] = [null, null]
  /** Turns or decisions that were given in this phase. */
  given = 0
  #finalDeals: readonly Deal[] = []
  /** The phases that want decisions, by the server's number. */
  readonly #rules: ReadonlyMap<number, PhaseRule>
  readonly #hearers: Hearers = this.#hear()

  constructor(config: SpatialConfig, agent: AgentId) {
    this.config = config
    this.roster = rosterOf(config)
    this.agent = agent
    this.player = this.roster.index[agent]!
    this.role = this.roster.roles[this.player]!
    this.#rules = new Map(playedPhases(config).map(rule => [rule.number, rule]))
    this.state = {
      ...reset(config, 0),
      phase: 'over',
      queue: [],
      stimulus: { values: this.roster.plots.map(() => [0, 0]), signals: this.roster.agents.map(() => [0, 0]) },
    }
    this.wallet = CONDITIONS.map(() => ({ balance: config.cash[this.role], shares: config.shares[this.role] }))
  }

  /** The server's number of the seat. */
  get number(): number {
    return this.player + 1
  }

  get land(): LandPlay {
    return this.state.play as LandPlay
  }

  get vote(): VotePlay {
    return this.state.play as VotePlay
  }

  get rule(): PhaseRule | undefined {
    return this.at === undefined ? undefined : this.#rules.get(this.at.phase)
  }

  /** An order of this seat's own that rests in a book. */
  ownOrder(condition: Cond, id: number): ReturnType<typeof findOrder> {
    const book = this.land.books[condition]
    const found = book === null ? undefined : findOrder(book, id)
    return found?.order.player === this.player ? found : undefined
  }

  /** Whether a decision is behind the seat that it was not told. */
  get undecided(): boolean {
    const { phase } = this.state
    return (
      this.land.chosen === null &&
      (this.config.treatment === 'harberger' || phase === 'final_declaration' || phase === 'final_speculation')
    )
  }

  hear({ type, data }: RemoteEvent, clock: PhaseClock): void {
    this.tick(clock)
    dispatch(this.#hearers, type, data)
  }

  restore(document: unknown, since: readonly RemoteEvent[] = [], clock = NO_CLOCK): void {
    const snapshot = snapshotOf(document)
    if (snapshot !== undefined) this.#restore(snapshot)
    // A trade that the snapshot has already must not be counted again; everything else can be heard twice.
    const known = CONDITIONS.map((_, condition) => overlap(snapshot?.game.movementList?.[condition] ?? [], since, condition))
    for (const event of since) {
      const trade = event.type === 'contract-fulfilled' ? (event.data as { condition: Cond }) : undefined
      if (trade !== undefined && known[trade.condition]! > 0) known[trade.condition]!--
      else this.hear(event, clock)
    }
  }

  /** Which of the phase's turns it is: by the time that is gone, or in a conversation by how often one has spoken. */
  tick({ now, began, ends }: PhaseClock): void {
    const { state } = this
    const turns = sweepsOf(this.config, state.phase)
    if (state.phase !== 'market') state.sweep = Math.min(turns, this.given + 1)
    else if (began === null || ends === null || ends <= began) state.sweep = 1
    else state.sweep = Math.min(turns, 1 + Math.max(0, Math.floor((turns * (now - began)) / (ends - began))))
  }

  #hear(): Hearers {
    return {
      'phase-transition': ({ round, phase }) => this.#enter(round, phase),
      'assign-role': ({ wallet, property }) => this.#deal(wallet, property),
      'players-known': ({ players }) => this.#know(players),
      'declarations-published': ({ declarations, winningCondition }) => {
        if (winningCondition != null) this.land.chosen = winningCondition
        this.#declared(declarations, (this.at?.phase ?? 0) >= 6 ? 'final' : 'initial')
      },
      'winning-condition': ({ winningCondition }) => {
        this.land.chosen = winningCondition
      },
      'first-snipes': ({ snipes }) => {
        this.land.deals = dealsOf(snipes)
      },
      'second-snipes': ({ snipes }) => {
        this.#finalDeals = dealsOf(snipes)
      },
      'value-signals': ({ signals, publicSignal }) => this.#signalled(signals, publicSignal),
      'add-order': ({ order }) => this.#rest(order),
      'delete-order': ({ order }) => {
        const book = this.#book(order.condition)
        book.bids = book.bids.filter(({ id }) => id !== order.id)
        book.asks = book.asks.filter(({ id }) => id !== order.id)
      },
      'contract-fulfilled': trade => this.#traded(trade),
      'asset-movement': ({ condition, balance, shares }) => {
        this.wallet[condition] = { balance, shares }
      },
      'message-received': message => this.#read(message),
      'compensation-requests-received': ({ compensationRequests }) => this.#asked(compensationRequests),
      'compensation-request-received': ({ compensationRequests }) => {
        this.vote.requests[this.player] = { value: compensationRequests[1] ?? 0, declared: true }
      },
      'compensation-offer-received': ({ compensationOffers }) => this.#offer(compensationOffers),
      'compensation-offer-made': ({ compensationOffers }) => this.#offer(compensationOffers),
      'round-summary': summary => this.#sum(summary),
      reward: reward => {
        this.reward = reward
      },
      'game-over': () => {
        this.over = true
      },
    }
  }

  #enter(round: number, phase: number): void {
    const { state } = this
    // The first round's own land is dealt before anybody is told that the round has begun.
    if (phase === 0 || (this.at !== undefined && this.at.round !== round)) this.#newRound(phase === 0)
    if (this.at?.round !== round || this.at.phase !== phase) this.given = 0
    this.at = { round, phase }
    state.round = round
    state.phase = this.rule?.phase ?? state.phase
    if (state.play.kind !== 'land') return
    if (state.phase === 'market') for (const condition of [0, 1] as const) if (this.#isOpen(condition)) this.#book(condition)
    // With the bell every order vanishes.
    if (phase > 6) for (const book of state.play.books) if (book !== null) [book.bids, book.asks] = [[], []]
  }

  #newRound(undealt: boolean): void {
    const { state, config } = this
    state.play = newPlay(config)
    state.phase = 'over'
    if (undealt) {
      this.dealt = false
      this.publicSignal = [null, null]
    }
    this.declarationsKnown = false
    this.#finalDeals = []
    this.wallet = CONDITIONS.map(() => ({ balance: config.cash[this.role], shares: config.shares[this.role] }))
  }

  #deal(wallet: readonly { balance: number; shares: number }[] | null | undefined, property: { v: number[] } | null | undefined) {
    if (wallet != null) this.wallet = wallet.map(held => ({ ...held }))
    if (property == null) return
    const values = [...this.state.stimulus.values]
    values[this.player] = [property.v[0]!, property.v[1]!]
    this.state.stimulus = { ...this.state.stimulus, values }
    this.dealt = true
  }

  #know(players: readonly { number: number; role: number }[]): void {
    const { roles, agents } = this.roster
    const told = (role: number) => Object.entries(ROLE_CODES).find(([, code]) => code === role)?.[0] ?? `role ${role}`
    const strange = players.find(({ number, role }) => roles[number - 1] === undefined || ROLE_CODES[roles[number - 1]!] !== role)
    if (strange !== undefined || players.length !== agents.length)
      throw new UserError(
        `The server seats ${players.map(({ number, role }) => `${number}: ${told(role)}`).join(', ')}; this economy expected ${agents.map((agent, i) => `${i + 1}: ${agent}`).join(', ')}.`,
      )
  }

  #declared(list: Snapshot['game']['declarations'], stage: 'initial' | 'final'): void {
    const { play } = this.state
    if (play.kind !== 'land') return
    for (const { number, d } of list ?? []) {
      const plot = number - 1
      const values = [d?.[0], d?.[1]]
      if (this.roster.plots[plot] === undefined || values.every(value => value == null)) continue
      const pair: Pair = [values[0] ?? 0, values[1] ?? 0]
      if (stage === 'initial') play.initial[plot] = { value: pair, declared: true }
      else play.final[plot] = { value: pair[play.chosen ?? 0], declared: true }
    }
    if (stage === 'initial') this.declarationsKnown ||= (list?.length ?? 0) >= this.roster.plots.length
  }

  #signalled(signals: readonly number[], publicSignal: readonly number[]): void {
    const own = [...this.state.stimulus.signals]
    own[this.player] = [signals[0]!, signals[1]!]
    this.state.stimulus = { ...this.state.stimulus, signals: own }
    // Where one condition is chosen the server fills the other's place with 0.
    this.publicSignal = [publicSignal[0]!, publicSignal[1]!]
  }

  #isOpen(condition: Cond): boolean {
    return this.config.treatment === 'futarchy' || this.land.chosen === condition
  }

  #book(condition: Cond): Book {
    this.land.books[condition] ??= endowedBook(this.config)
    return this.land.books[condition]
  }

  #rest({
    id,
    sender,
    price,
    type,
    condition,
  }: {
    id: number
    sender: number
    price: number
    type: 'bid' | 'ask'
    condition: Cond
  }) {
    const book = this.#book(condition)
    const known = resting(book, type).some(order => order.id === id)
    if (!known) insert(resting(book, type), type, { id, player: sender - 1, price })
    book.nextId = Math.max(book.nextId, id + 1)
  }

  #traded({ from, to, price, condition }: { from: number; to: number; price: number; condition: Cond }): void {
    const book = this.#book(condition)
    book.tape.push({ price, seller: from - 1, buyer: to - 1, tick: this.state.sweep, taker: 'bid' })
    if (book.tape.length > TAPE) book.tape.shift()
    book.traded++
  }

  #read({ sender, to, text }: { sender: number; to: readonly number[]; text: string }): void {
    const phase = this.at?.phase === 2 ? 'deliberation' : 'reply'
    this.vote.messages.push({ phase, from: sender - 1, to: to.map(number => number - 1), text })
  }

  #asked(list: NonNullable<Snapshot['game']['compensationRequests']>): void {
    for (const { number, compensationRequests } of list)
      if (this.roster.roles[number - 1] === 'owner')
        this.vote.requests[number - 1] = { value: compensationRequests?.[1] ?? 0, declared: compensationRequests != null }
  }

  #offer(offers: readonly (number | null | undefined)[]): void {
    this.vote.offer = { value: offers[1] ?? 0, declared: true }
  }

  /** A round that the server has summed up joins what the seat may look back at. */
  #sum(summary: Summary): void {
    const { state } = this
    const accounts: RoundAccount[] = []
    accounts[this.player] = state.play.kind === 'vote' ? this.#voted(summary) : this.#earned(summary)
    const round: Round = { round: summary.round, practice: summary.round === 0, chosen: summary.condition, accounts }
    state.history = [...state.history.filter(past => past.round !== summary.round), round].sort((a, b) => a.round - b.round)
  }

  #voted({ round, condition, value = 0, tally = 0, profit = value }: Summary): RoundAccount {
    const here = this.at?.round === round
    return {
      kind: 'vote',
      value,
      request: here ? (this.vote.requests[this.player]?.value ?? null) : null,
      vote: here ? (this.vote.votes[this.player]?.value ?? null) : null,
      offer: here ? (this.vote.offer?.value ?? 0) : 0,
      yes: condition === 1 ? tally : null,
      no: condition === 0 ? tally : null,
      compensation: profit - value,
      payoff: profit,
    }
  }

  #earned(summary: Summary): RoundAccount {
    const { round, market = { balance: 0, shares: 0, price: 0 }, firstRepurchase = 0, secondRepurchase = 0 } = summary
    const here = this.at?.round === round
    const holds = this.role !== 'speculator'
    const buyers = (deals: readonly Deal[] | null) =>
      holds && here && deals !== null ? deals.filter(({ plot }) => plot === this.player).length : null
    const [value, initial_tax, final_tax] = holds
      ? [summary.value ?? 0, summary.firstTaxes ?? 0, summary.secondTaxes ?? 0]
      : [null, null, null]
    const dividend = market.shares * market.price
    return {
      kind: 'land',
      value,
      initial_tax,
      final_tax,
      initialDeals: firstRepurchase,
      finalDeals: secondRepurchase,
      cash: market.balance,
      shares: market.shares,
      dividend,
      payoff:
        (value ?? 0) - (initial_tax ?? 0) - (final_tax ?? 0) + firstRepurchase + secondRepurchase + market.balance + dividend,
      initial: holds ? (summary.firstDeclaration ?? null) : null,
      final: holds ? (summary.secondDeclaration ?? null) : null,
      initialBuyers: buyers(this.land.deals),
      finalBuyers: buyers(this.#finalDeals),
      sharePrice: market.price,
    }
  }

  #restore({ game, player }: Snapshot): void {
    const { state } = this
    for (const summary of player.summaries ?? [])
      if (!state.history.some(({ round }) => round === summary.round)) this.#sum(summary)
    this.#enter(game.round, game.phase)
    if (player.property != null) this.#deal(undefined, player.property)
    if (game.over === true) this.over = true
    if (state.play.kind === 'vote') this.#restoreVote(game, player)
    else this.#restoreLand(state.play, game, player)
    if (this.rule?.play === 'sealed' && isGiven(this.rule.phase, player)) this.given = Math.max(1, this.given)
  }

  #restoreLand(play: LandPlay, game: Snapshot['game'], player: Snapshot['player']): void {
    if (game.winningCondition != null && (this.config.treatment === 'harberger' || game.phase > 6))
      play.chosen = game.winningCondition
    // The server forgets the initial declarations when it asks for the final ones.
    if (game.phase > 2 && game.phase < 7) this.#declared(game.declarations, 'initial')
    if (game.phase > 7) this.#declared(game.declarations, 'final')
    if (player.wallet != null && game.phase > 5) this.wallet = player.wallet.map(held => ({ ...held }))
    if (player.firstRepurchase != null) this.#settled(play, player.property?.speculators, player.firstRepurchase)
    if (game.phase !== 6) return
    if (player.signals != null && game.publicSignal != null) this.#signalled(player.signals, game.publicSignal)
    for (const condition of [0, 1] as const) {
      if (!this.#isOpen(condition)) continue
      const before = play.books[condition]?.tape ?? []
      play.books[condition] = endowedBook(this.config)
      for (const order of game.orders?.[condition] ?? []) this.#rest(order)
      for (const trade of game.movementList?.[condition] ?? []) this.#traded({ ...trade, condition })
      const { tape } = this.#book(condition)
      // When a trade was seen is known of those that were.
      for (const [i, trade] of before.entries()) if (tape[i] !== undefined) tape[i] = { ...tape[i], tick: trade.tick }
    }
  }

  /** A land holder who missed what the first speculation brought has it of the sum, which its buyers share; a speculator knows no plots. */
  #settled(play: LandPlay, speculators: readonly (readonly number[])[] | null | undefined, result: number): void {
    if (play.deals !== null || play.chosen === null || this.role === 'speculator') return
    // Where the server does not say who they were, somebody was there if anything came of it.
    const buyers = speculators?.[play.chosen] ?? (result === 0 ? [] : [0])
    play.deals = buyers.map(number => ({ speculator: number - 1, plot: this.player, profit: -result / buyers.length }))
  }

  #restoreVote(game: Snapshot['game'], player: Snapshot['player']): void {
    const { vote } = this
    if (game.messages != null) {
      // The snapshot has the messages of the first conversation; those of the second are known as far as they were heard.
      const second = vote.messages.filter(({ phase }) => phase === 'reply')
      vote.messages = []
      for (const { sender, to, text } of game.messages)
        vote.messages.push({ phase: 'deliberation', from: sender - 1, to: to.map(number => number - 1), text })
      vote.messages.push(...second)
    }
    if (game.compensationRequests != null) this.#asked(game.compensationRequests)
    if (game.phase >= 5 && game.compensationOffers?.[1] != null)
      vote.offer = { value: game.compensationOffers[1], declared: true }
    if (player.compensationRequests?.[1] != null)
      vote.requests[this.player] = { value: player.compensationRequests[1], declared: true }
  }

  /** Whether a snapshot has this phase's decision; undefined where the phase is another by now, or the server does not say. */
  isTaken(document: unknown, at: { readonly round: number; readonly phase: number }): boolean | undefined {
    const snapshot = snapshotOf(document)
    if (snapshot === undefined || snapshot.game.round !== at.round || snapshot.game.phase !== at.phase) return undefined
    const phase = this.#rules.get(at.phase)?.phase
    return phase === undefined || phase === 'offer' ? undefined : isGiven(phase, snapshot.player)
  }
}

/** Whether the server has the seat's decision of that phase. It does not say whether an offer is of this round. */
function isGiven(phase: Phase, player: Snapshot['player']): boolean {
  switch (phase) {
    case 'declaration':
    case 'final_declaration':
      return player.hasToDeclare === false
    case 'speculation':
    case 'final_speculation':
      return player.doneSpeculating === true
    case 'request':
      return player.compensationRequestReceived === true
    case 'vote':
      return player.compensationDecisionReceived === true
    default:
      return false
  }
}

/** How many of the trades that were heard are the last that a snapshot has. */
function overlap(
  trades: readonly { readonly price: number; readonly from: number; readonly to: number }[],
  since: readonly RemoteEvent[],
  condition: number,
): number {
  const text = ({ price, from, to }: { price: number; from: number; to: number }) => `${from} ${to} ${price}`
  const heard = since.flatMap(({ type, data }) => {
    const trade = type === 'contract-fulfilled' ? EVENTS[type].safeParse(data).data : undefined
    return trade?.condition === condition ? [text(trade)] : []
  })
  const had = trades.map(text)
  for (let count = Math.min(had.length, heard.length); count > 0; count--)
    if (had.slice(-count).join() === heard.slice(0, count).join()) return count
  return 0
}

function dealsOf(snipes: readonly { player: { number: number }; target: { number: number }; profit: number }[]): readonly Deal[] {
  return snipes.map(({ player, target, profit }) => ({ speculator: player.number - 1, plot: target.number - 1, profit }))
}
