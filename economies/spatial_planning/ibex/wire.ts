/**
 * What the laboratory's server says, as far as a seat's view reads it, parsed leniently: fields that are not known are left alone,
 * and what is malformed is no event at all. Shapes: `IBEX-TUDelft/IBEX-game_server` at 92735655, `api/logics/`.
 */
import { z } from 'zod'

const numbers = z.array(z.number().nullable().optional())
const condition = z.union([z.literal(0), z.literal(1)])
const wallet = z.array(z.object({ balance: z.number(), shares: z.number() }))
const property = z.object({
  v: z.array(z.number()).min(2),
  d: numbers.nullish(),
  /** Who bought it in the first speculation, per condition. */
  speculators: z.array(z.array(z.number())).nullish().catch(null),
})
const numbered = z.object({ number: z.number() })
const snipes = z.array(z.object({ player: numbered, target: numbered, profit: z.number() }))
const declarations = z.array(z.object({ number: z.number(), d: numbers.nullish() }))
const order = z.object({
  id: z.number(),
  sender: z.number(),
  price: z.number(),
  type: z.enum(['bid', 'ask']),
  condition,
})
const trade = z.object({ from: z.number(), to: z.number(), price: z.number(), condition })
const requests = z.array(z.object({ number: z.number(), compensationRequests: numbers.nullish() }))
const message = z.object({ sender: z.number(), to: z.array(z.number()), text: z.string() })

/** What a round came to for the seat; land holders have a value and declarations, voters a tally. */
const summary = z.object({
  round: z.number(),
  condition,
  value: z.number().optional(),
  firstDeclaration: z.number().optional(),
  firstTaxes: z.number().optional(),
  firstRepurchase: z.number().optional(),
  market: z.object({ balance: z.number(), shares: z.number(), price: z.number() }).optional(),
  secondDeclaration: z.number().optional(),
  secondTaxes: z.number().optional(),
  secondRepurchase: z.number().optional(),
  tally: z.number().optional(),
  profit: z.number().optional(),
})
export type Summary = z.infer<typeof summary>

/** The events that change what a seat sees. */
export const EVENTS = {
  'phase-transition': z.object({ round: z.number(), phase: z.number() }),
  'assign-role': z.object({ role: z.number(), wallet: wallet.nullish(), property: property.nullish() }),
  'players-known': z.object({ players: z.array(z.object({ number: z.number(), role: z.number() })) }),
  'declarations-published': z.object({ declarations, winningCondition: condition.nullish() }),
  'winning-condition': z.object({ winningCondition: condition }),
  'first-snipes': z.object({ snipes }),
  'second-snipes': z.object({ snipes }),
  'value-signals': z.object({ signals: z.array(z.number()).min(2), publicSignal: z.array(z.number()).min(2) }),
  'add-order': z.object({ order }),
  'delete-order': z.object({ order: z.object({ id: z.number(), condition }) }),
  'contract-fulfilled': trade,
  'asset-movement': z.object({ condition, balance: z.number(), shares: z.number() }),
  'message-received': message,
  'compensation-requests-received': z.object({ compensationRequests: requests }),
  'compensation-request-received': z.object({ compensationRequests: numbers }),
  'compensation-offer-received': z.object({ compensationOffers: numbers }),
  'compensation-offer-made': z.object({ compensationOffers: numbers }),
  'round-summary': summary,
  reward: z.record(z.string(), z.unknown()),
  'game-over': z.object({}),
} as const
type Events = { readonly [K in keyof typeof EVENTS]: z.infer<(typeof EVENTS)[K]> }

/** What `GET /games/status` says of a seat that has joined. What it has depends on the phase and on the kind of game. */
const snapshotSchema = z.object({
  game: z.object({
    round: z.number(),
    phase: z.number(),
    over: z.boolean().nullish(),
    declarations: declarations.nullish(),
    winningCondition: condition.nullish().catch(null),
    publicSignal: z.array(z.number()).nullish(),
    orders: z.array(z.array(order)).nullish(),
    movementList: z.array(z.array(trade)).nullish(),
    messages: z.array(message).nullish(),
    compensationRequests: requests.nullish(),
    compensationOffers: numbers.nullish(),
  }),
  player: z.object({
    number: z.number(),
    signals: z.array(z.number()).nullish(),
    wallet: wallet.nullish(),
    property: property.nullish(),
    hasToDeclare: z.boolean().nullish(),
    doneSpeculating: z.boolean().nullish(),
    ready: z.boolean().nullish(),
    compensationRequests: numbers.nullish(),
    compensationRequestReceived: z.boolean().nullish(),
    compensationDecisionReceived: z.boolean().nullish(),
    firstDeclaration: z.number().nullish(),
    firstRepurchase: z.number().nullish(),
    secondDeclaration: z.number().nullish(),
    summaries: z.array(summary).nullish(),
  }),
})
export type Snapshot = z.infer<typeof snapshotSchema>

/** A snapshot, or undefined where it is none. */
export function snapshotOf(document: unknown): Snapshot | undefined {
  return snapshotSchema.safeParse(document).data
}

/** What is called with each kind of event. */
export type Hearers = { readonly [K in keyof Events]: (data: Events[K]) => void }

/** Hands an event to whoever hears its kind; nothing happens with other kinds and with what is malformed. */
export function dispatch(hearers: Hearers, type: string, data: unknown): void {
  if (!Object.hasOwn(EVENTS, type)) return
  const kind = type as keyof typeof EVENTS
  const parsed = EVENTS[kind].safeParse(data)
  if (parsed.success) (hearers[kind] as (data: unknown) => void)(parsed.data)
}
