/**
 * One seat's view of a game at the laboratory's server: what is wanted of it, what it sees and what may be sent. What it sees is the
 * observation of this economy's own state, as far as `known.ts` knows it: nothing of what is shown is worded twice.
 */
import { deepFreeze } from '../../../envs/core/plain.ts'
import {
  type AgentId,
  admit,
  allow,
  type Call,
  type Checked,
  type Refusal,
  type ToolName,
  type ToolSet,
} from '../../../envs/core/tool.ts'
import type { SpatialConfig } from '../../../envs/spatial_planning/config.ts'
import { type Book, reservedCash, reservedShares } from '../../../envs/spatial_planning/market.ts'
import { type MarketView, type Observation, observe, shared } from '../../../envs/spatial_planning/observe.ts'
import { offered, withheld } from '../../../envs/spatial_planning/offered.ts'
import { type PhaseRule, sweepsOf } from '../../../envs/spatial_planning/phases.ts'
import { CONDITIONS, type Cond, type Condition, endsOf, indexOf, rangeOf } from '../../../envs/spatial_planning/roster.ts'
import type { Phase, SpatialState } from '../../../envs/spatial_planning/state.ts'
import { tools } from '../../../envs/spatial_planning/tools.ts'
import type { SpatialTypes } from '../../../envs/spatial_planning/types.ts'
import { points } from '../../../envs/spatial_planning/words.ts'
import type { PhaseClock, RemoteEvent, RemoteSeat, RemoteView, Sending, Wanted } from '../../remote.ts'
import { KnownGame, NO_CLOCK } from './known.ts'
import { refuseAtServer, sendingOf } from './messages.ts'

/** What the server does with the silent, by phase. */
const SILENCE: Readonly<Record<Phase, string>> = {
  appraisal: '',
  declaration: 'the lower ends of the ranges are declared',
  speculation: 'nothing is bought',
  market: 'nothing is traded',
  final_declaration: 'the lower end of the range is declared',
  final_speculation: 'nothing is bought',
  deliberation: 'nothing is said',
  request: 'nothing is asked for',
  offer: 'nothing is offered',
  reply: 'nothing is said',
  vote: 'the owner abstains',
  payment: '',
  over: '',
}

export class SeatView implements RemoteSeat<SpatialTypes> {
  readonly #game: KnownGame
  readonly #view: RemoteView
  readonly #tools: ToolSet<SpatialTypes>

  constructor(config: SpatialConfig, agent: AgentId, view: RemoteView) {
    this.#game = new KnownGame(config, agent)
    this.#view = view
    this.#tools = tools(config)
  }

  get at(): KnownGame['at'] {
    return this.#game.at
  }

  get over(): boolean {
    return this.#game.over
  }

  get reward(): KnownGame['reward'] {
    return this.#game.reward
  }

  get rule(): PhaseRule | undefined {
    return this.#game.rule
  }

  hear(event: RemoteEvent, clock: PhaseClock): void {
    this.#game.hear(event, clock)
  }

  restore(snapshot: unknown, since: readonly RemoteEvent[] = [], clock = NO_CLOCK): void {
    this.#game.restore(snapshot, since, clock)
  }

  get lacking(): boolean {
    const { rule, role, dealt, state, declarationsKnown, undecided, publicSignal } = this.#game
    if (rule === undefined || !rule.roles.includes(role)) return false
    const { phase } = rule
    if (role !== 'speculator' && !dealt) return true
    if (state.play.kind === 'vote' || phase === 'declaration') return false
    if (phase === 'speculation') return !declarationsKnown || undecided
    return undecided || (phase === 'market' && publicSignal.every(signal => signal === null))
  }

  wanted(): Wanted | undefined {
    const { rule, over, role, config, given } = this.#game
    if (over || rule === undefined || !rule.roles.includes(role)) return undefined
    const { phase, play } = rule
    const turns = play === 'sealed' ? 1 : phase === 'market' ? null : sweepsOf(config, phase)
    if (turns !== null && given >= turns) return undefined
    return { phase, play: play === 'sealed' ? 'once' : 'turns', turns, silence: SILENCE[phase] }
  }

  offered(): readonly ToolName[] {
    return offered(this.#acting(), this.#game.agent)
  }

  check(call: unknown, decided?: { readonly seen: Observation; readonly nth: number }): Checked {
    const state = this.#acting()
    const { agent } = this.#game
    const may = offered(state, agent)
    const withholding = (name: ToolName) => withheld(state, agent, name)
    const admitted = admit(this.#tools, may, call, withholding)
    if (!admitted.ok) return admitted
    const { tool: name, args } = admitted.action
    const tool = this.#tools[name]!
    if (tool.kind === 'ask') return { ...admitted, answer: tool.answer(decided?.seen ?? this.observe(NO_CLOCK), args) }
    const checked = allow(this.#tools, may, state, agent, admitted)
    if (!checked.ok) return checked
    const refusal = refuseAtServer(checked.action) ?? (decided && this.#moved(checked.action, decided))
    return refusal === undefined ? checked : { ok: false, tool: name, refusal }
  }

  /** Why a trade at any price is no longer what was decided: the price it would be made at is worse than any that was seen then. */
  #moved({ tool, args }: Call, { seen, nth }: { readonly seen: Observation; readonly nth: number }): Refusal | undefined {
    const { side, limit, market } = args as { side?: 'buy' | 'sell'; limit?: number; market?: Condition }
    if (tool !== 'trade_now' || limit !== undefined) return undefined
    const condition = market ?? CONDITIONS[this.#game.land.chosen ?? 0]
    const against = side === 'buy' ? 'asks' : 'bids'
    const others = (view: MarketView | undefined) => (view?.[against] ?? []).filter(({ mine }) => !mine).map(({ price }) => price)
    const then = others(seen.markets[condition])
    const now = others(this.observe(NO_CLOCK).markets[condition])[0]
    const worst = then[Math.min(nth, then.length - 1)]
    if (now === undefined || worst === undefined || (side === 'buy' ? now <= worst : now >= worst)) return undefined
    return {
      code: 'price_moved',
      message: `The best ${side === 'buy' ? 'ask' : 'bid'} was ${points(worst)} when you were asked and is ${points(now)} now. Give a limit if that will do.`,
    }
  }

  send(call: Call): Sending {
    return sendingOf(this.#game, call)
  }

  saying(text: string): Readonly<Record<string, unknown>> | undefined {
    const { phase } = this.rule ?? {}
    if (phase !== 'deliberation' && phase !== 'reply') return undefined
    const { roster, player } = this.#game
    const to = roster.plots.flatMap((_, other) => (other === player ? [] : [other + 1]))
    return { type: 'chat-with-players', to, text }
  }

  passed(): void {
    if (this.rule?.play === 'turns') this.#game.given++
  }

  observe(clock: PhaseClock): Observation {
    this.#game.tick(clock)
    const state = this.#acting()
    const { phase } = state
    const told = phase === 'market' || phase === 'final_declaration' || phase === 'final_speculation'
    const seen = observe(
      state,
      this.#game.agent,
      deepFreeze({
        ...shared(state),
        secondsLeft: phase === 'market' && clock.ends !== null ? Math.max(0, Math.round((clock.ends - clock.now) / 1000)) : null,
        publicSignal: told ? this.#signals() : NOT_TOLD,
      }),
    )
    const known = this.#game.declarationsKnown ? seen : { ...seen, declarations: null }
    return this.#view.identities === 'wire' ? this.#named(known) : known
  }

  /** The public signals of the conditions that may still be, or of the one that is. */
  #signals(): [number | null, number | null] {
    const { state, publicSignal } = this.#game
    const chosen = state.play.kind === 'land' ? state.play.chosen : null
    const [noProject, project] = publicSignal
    return [chosen === 1 ? null : noProject, chosen === 0 ? null : project]
  }

  /** The state with this seat at the move, and what it holds free in the books. */
  #acting(): SpatialState {
    const { state, player, roster } = this.#game
    state.queue = this.wanted() === undefined ? [] : [player]
    state.turn = 0
    if (state.play.kind === 'land') {
      for (const [condition, book] of state.play.books.entries()) if (book !== null) this.#fund(book, condition as Cond)
      // What nobody told is never shown, and must not stop what is.
      for (const [plot, name] of roster.plots.entries()) {
        if (state.phase !== 'declaration') state.play.initial[plot] ??= { value: endsOf(name, 'low'), declared: false }
        if (state.phase === 'final_speculation')
          state.play.final[plot] ??= { value: rangeOf(name, state.play.chosen ?? 0).low, declared: false }
      }
    }
    return state
  }

  #fund(book: Book, condition: Cond): void {
    const { wallet, player } = this.#game
    const { balance, shares } = wallet[condition]!
    book.cash[player] = balance - reservedCash(book, player)
    book.shares[player] = shares - reservedShares(book, player)
  }

  /** The same with the names that the server sends along and the laboratory's screens hide. */
  #named(seen: Observation): Observation {
    const { state, player } = this.#game
    const { agents } = this.#game.roster
    const markets: { -readonly [C in keyof Observation['markets']]: MarketView } = {}
    for (const condition of CONDITIONS) {
      const view = seen.markets[condition]
      const book = state.play.kind === 'land' ? state.play.books[indexOf(condition)] : null
      if (view === undefined || book == null) continue
      markets[condition] = {
        ...view,
        bids: view.bids.map((order, i) => ({ ...order, player: agents[book.bids[i]!.player]! })),
        asks: view.asks.map((order, i) => ({ ...order, player: agents[book.asks[i]!.player]! })),
        trades: view.trades.map((trade, i) => ({
          ...trade,
          buyer: agents[book.tape[i]!.buyer]!,
          seller: agents[book.tape[i]!.seller]!,
        })),
      }
    }
    const deals = state.play.kind === 'land' ? (state.play.deals ?? []) : []
    const boughtPlot =
      seen.boughtPlot === null
        ? null
        : {
            ...seen.boughtPlot,
            by: deals.filter(({ plot }) => plot === player).map(({ speculator }) => agents[speculator]!),
          }
    return { ...seen, markets, boughtPlot }
  }
}

const NOT_TOLD: readonly [null, null] = Object.freeze([null, null])
