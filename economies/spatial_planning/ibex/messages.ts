/**
 * Calls of this economy as messages of the laboratory's server, and how its answers are told apart from what else it says. Message
 * shapes: `IBEX-TUDelft/IBEX-game_server`, `api/logics/`.
 */
import type { Call, Refusal } from '../../../envs/core/tool.ts'
import type { Side } from '../../../envs/spatial_planning/market.ts'
import { type Cond, type Condition, indexOf, type Plot } from '../../../envs/spatial_planning/roster.ts'
import { tools } from '../../../envs/spatial_planning/tools.ts'
import { cancelledWords, points, restsWords, tradedWords } from '../../../envs/spatial_planning/words.ts'
import type { RemoteAnswer, RemoteEvent, Sending } from '../../remote.ts'
import type { KnownGame } from './known.ts'
import { EVENTS } from './wire.ts'

type Args = Readonly<Record<string, unknown>>

/** What the server does not take though the economy's rules allow it; it must never be sent. */
export function refuseAtServer({ args }: Call): Refusal | undefined {
  const fraction = Object.entries(args as Args).find(([, value]) => typeof value === 'number' && !Number.isSafeInteger(value))
  if (fraction === undefined) return undefined
  const [field, value] = fraction as [string, number]
  return {
    code: 'not_whole',
    message: `The server takes whole points: ${field} is ${points(value)}; ${points(Math.floor(value))} or ${points(Math.ceil(value))} would do.`,
  }
}

/** The message that a call stands for; undefined where silence says the same. */
const MESSAGES: Readonly<Record<string, (args: Args, game: KnownGame) => Readonly<Record<string, unknown>> | undefined>> = {
  declare: ({ no_project, project }) => ({ type: 'declare', declaration: [no_project, project, 0] }),
  declare_final: ({ value }, { land }) => ({ type: 'declare', declaration: slots(land.chosen!, value, 0) }),
  buy_plots: ({ plots }, game) => {
    const numbers = numbersOf(plots, game)
    return { type: 'done-speculating', snipe: game.land.chosen === 0 ? [numbers, []] : [[], numbers] }
  },
  buy_plots_conditional: ({ if_no_project, if_project }, game) => ({
    type: 'done-speculating',
    snipe: [numbersOf(if_no_project, game), numbersOf(if_project, game)],
  }),
  place_limit_order: ({ side, price, market }, game) => ({
    type: 'post-order',
    order: { price, quantity: 1, condition: conditionOf(market, game), type: side, now: false },
  }),
  trade_now: ({ side, market }, game) => ({
    type: 'post-order',
    order: { price: 0, quantity: 1, condition: conditionOf(market, game), type: side === 'buy' ? 'bid' : 'ask', now: true },
  }),
  cancel_order: ({ order_id, market }, game) => ({
    type: 'cancel-order',
    order: { id: order_id, condition: conditionOf(market, game) },
  }),
  end_turn: () => undefined,
  send_message: ({ to, text }, game) => ({ type: 'chat-with-players', to: numbersOf(to, game), text }),
  request_compensation: ({ amount }) => ({ type: 'compensation-request', compensationRequests: [null, amount] }),
  offer_compensation: ({ amount }) => ({ type: 'compensation-offer', compensationOffers: [null, amount] }),
  vote: ({ choice }) =>
    choice === 'abstain' ? undefined : { type: 'compensation-decision', compensationDecisions: [indexOf(choice as Condition)] },
}

/** What the server answers to a sealed decision that it took. */
const RECEIVED: Readonly<Record<string, string>> = {
  declare: 'declaration-received',
  'done-speculating': 'speculation-received',
  'compensation-request': 'compensation-request-received',
  'compensation-offer': 'compensation-offer-received',
  'compensation-decision': 'compensation-decision-received',
}

const slots = (chosen: Cond, value: unknown, none: unknown): unknown[] => [0, 1, 2].map(slot => (slot === chosen ? value : none))

/** The server's numbers of some holders, each once and in order. */
function numbersOf(plots: unknown, game: KnownGame): number[] {
  const { index } = game.roster
  return [...new Set((plots as readonly Plot[]).map(plot => index[plot]! + 1))].sort((a, b) => a - b)
}

const conditionOf = (market: unknown, { land }: KnownGame): Cond =>
  market === undefined ? land.chosen! : indexOf(market as Condition)

export function sendingOf(game: KnownGame, call: Call): Sending {
  const args = call.args as Args
  const message = MESSAGES[call.tool]!(args, game)
  const at = { ...game.at! }
  const sealed = game.rule?.play === 'sealed'
  // What a market's order did is told by the events that follow; everything else is the seat's own doing.
  const isOwn = game.state.phase !== 'market'
  const answer = (ANSWERS[String(message?.type)] ?? toSealed)({ game, message })
  let text: string | undefined
  const carry = (said?: string): string => {
    if (text !== undefined) return text
    text = said ?? (isOwn ? carriedOut(game, call) : 'You end your turn.')
    if (sealed) game.given++
    return text
  }
  return {
    message,
    ...(message?.type === 'chat-with-players' && { unanswered: true as const }),
    answer(event) {
      const said = answer(event)
      // At once: the event that follows may be of another phase.
      if (said?.ok) carry(said.text)
      return said
    },
    taken: snapshot => (sealed ? game.isTaken(snapshot, at) : undefined),
    done: () => carry(),
  }
}

/** Does on what the seat knows what its decision does, in the words of the economy. */
function carriedOut(game: KnownGame, { tool: name, args }: Call): string {
  const tool = tools(game.config)[name as never] as {
    apply(state: unknown, agent: string, args: unknown, emit: () => void): string
  }
  return tool.apply(game.state, game.agent, args, () => {})
}

interface Pending {
  readonly game: KnownGame
  readonly message: Args | undefined
}
type Answer = (event: RemoteEvent) => RemoteAnswer | undefined

const refused = (code: string, message: string): RemoteAnswer => ({ ok: false, refusal: { code, message } })

/** What the server says to whoever broke a rule of its own; it names no message, so it is taken for the last one. */
function complaint({ type, data }: RemoteEvent): RemoteAnswer | undefined {
  if (type !== 'error' && type !== 'warning' && type !== 'order-refused') return undefined
  const said = (data as Args | null)?.message
  const code = (data as Args | null)?.placeholder
  return refused(typeof code === 'string' ? code.replaceAll('-', '_') : 'server_refused', `The server refuses: ${said ?? type}`)
}

const toSealed =
  ({ message }: Pending): Answer =>
  event => {
    if (event.type === RECEIVED[String(message?.type)]) return { ok: true }
    if (event.type !== 'declaration-above-max') return complaint(event)
    const { condition, maximum } = (event.data ?? {}) as Args
    return refused('above_max', `The server takes at most ${String(maximum)} for condition ${String(condition)}.`)
  }

/**
 * An order came to rest, or it met another's. Both sides of a trade are told the same; the order that is deleted after it is the
 * one that was there first, so where it is one's own, that one was met and this one is still to be answered.
 */
function toOrder({ game, message }: Pending): Answer {
  const { type: side, condition, price } = message!.order as { type: Side; condition: Cond; price: number }
  let traded: number | undefined
  return event => {
    const { order, trade } = marketEvent(event, condition)
    if (trade !== undefined) traded = (side === 'bid' ? trade.to : trade.from) === game.number ? trade.price : undefined
    if (event.type === 'delete-order' && order !== undefined) {
      const met = traded
      traded = undefined
      return met === undefined || game.ownOrder(condition, order.id) !== undefined
        ? undefined
        : { ok: true, text: tradedWords(side === 'bid', met) }
    }
    if (event.type === 'add-order' && order?.sender === game.number && order.type === side && order.price === price)
      return { ok: true, text: restsWords(side, price, order.id) }
    return complaint(event)
  }
}

/** An order that was met before it could be cancelled is deleted too; the server then complains of the cancellation. */
function toCancel({ game, message }: Pending): Answer {
  const { id, condition } = message!.order as { id: number; condition: Cond }
  let traded = false
  return event => {
    const { order, trade } = marketEvent(event, condition)
    if (trade !== undefined) traded = true
    if (event.type !== 'delete-order' || order === undefined) return complaint(event)
    const met = traded
    traded = false
    const own = game.ownOrder(condition, id)
    return met || order.id !== id || own === undefined ? undefined : { ok: true, text: cancelledWords(own.side, own.order.price) }
  }
}

/** What an event says of one condition's book. */
function marketEvent({ type, data }: RemoteEvent, condition: Cond) {
  const trade = type === 'contract-fulfilled' ? EVENTS[type].safeParse(data).data : undefined
  const order: { id: number; condition: Cond; sender?: number; type?: Side; price?: number } | undefined =
    type === 'add-order' || type === 'delete-order' ? EVENTS[type].safeParse(data).data?.order : undefined
  return {
    ...(trade?.condition === condition && { trade }),
    ...(order?.condition === condition && { order }),
  }
}

const ANSWERS: Readonly<Record<string, (pending: Pending) => Answer>> = {
  'post-order': toOrder,
  'cancel-order': toCancel,
  'chat-with-players': () => complaint,
}
