/**
 * The record of a game from the document that the laboratory's server gives out of it (`/games/data`): the decisions as the messages
 * they came in, and as what the server told, what it says came of them. The record itself lies on the server's disk, where nobody
 * at a seat can read it. Shape of the document: `game_data.ts`.
 */
import { z } from 'zod'
import { UserError } from '../../../envs/core/errors.ts'
import type { Told } from './import_record.ts'
import type { LogItem } from './record.ts'

const who = z.object({ number: z.number() })
const entry = z.object({
  id: z.number().nullish(),
  action: z.string(),
  actor: z.object({ number: z.number().nullable() }),
  price: z.union([z.number(), z.string()]).nullish(),
  buyer: who.nullish(),
  seller: who.nullish(),
})
type Entry = z.infer<typeof entry>
const list = <T extends z.ZodType>(of: T) => z.array(of).nullish()
/** Of every phase the parts that hold decisions or what came of them; each phase has some of them. */
const phase = z
  .object({
    declarations: list(z.object({ player: z.number(), declaration: z.array(z.number()), declared: z.boolean() })),
    snipes: list(z.looseObject({ player: z.union([z.number(), who]), target: who.optional() })),
    winningCondition: z.number().nullish(),
    log: list(z.array(entry)),
    finalPrice: z.number().nullish(),
    chatLog: list(z.object({ sender: z.number(), to: z.array(z.number()), text: z.string() })),
    compensationRequests: list(z.looseObject({ number: z.number() })),
    compensationOffers: list(z.number().nullable()),
    compensationDecisions: list(z.looseObject({ number: z.number() })),
  })
  .partial()
type Phase = z.infer<typeof phase>
const document = z.object({
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  rewardRound: z.number().nullish(),
  rewards: list(z.looseObject({ number: z.number() })),
  players: z.array(z.object({ number: z.number(), summaries: list(z.looseObject({ round: z.number() })) })),
  results: z.array(z.object({ round: z.number(), phase: z.array(phase.nullish()) })),
})

/** What the server's parameters are in a record: text. */
export function parameterList(parameters: Readonly<Record<string, unknown>>): { key: string; value: string }[] {
  return Object.entries(parameters).flatMap(([key, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value) ? [{ key, value: String(value) }] : [],
  )
}

/** The record that `readRecord` takes. A UserError where the document is none of a game. */
export function recordOfData(data: unknown): object {
  const parsed = document.safeParse(data)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    throw new UserError(`No game data of the laboratory's server: ${path.map(String).join('.') || 'it'}: ${message}.`)
  }
  const { parameters, rewardRound, rewards, players, results } = parsed.data
  const voting = parameters.game_type === 'voting'
  const paid = rewardRound == null ? {} : { simulation_reward_round: rewardRound }
  return {
    parameters: parameterList({ ...parameters, ...paid }),
    log: results.flatMap(({ round, phase }) => sent(round, phase, voting)),
    'server-log': [
      ...results.flatMap(({ round, phase }) => told(round, phase)),
      ...players.flatMap(({ number, summaries }) =>
        (summaries ?? []).map(summary => say('round-summary', summary, summary.round, number)),
      ),
      ...(rewards ?? []).map(reward => say('reward', reward, 0, reward.number)),
    ],
  }
}

const say = (type: string, data: unknown, round: number, recipient: number | 'all' = 'all'): Told => ({
  sent: { type, data },
  meta: { round, recipient },
})

/** The messages of a round. */
function sent(round: number, phases: readonly (Phase | null | undefined)[], voting: boolean): LogItem[] {
  const items: LogItem[] = []
  const add = (at: number, number: number, content: Readonly<Record<string, unknown>>): void => {
    items.push({ content, number, phase: at, round, type: 'message' })
  }
  for (const [at, of] of phases.entries()) {
    if (of == null) continue
    for (const { player, declaration, declared } of of.declarations ?? [])
      if (declared) add(at, player, { type: 'declare', declaration })
    if (at === 3 || at === 8) for (const [player, snipe] of selections(of)) add(at, player, { type: 'done-speculating', snipe })
    for (const [condition, entries] of (of.log ?? []).entries())
      for (const made of entries) if (made.actor.number !== null) addOrder(add, at, made.actor.number, condition, made)
    for (const { sender, ...chat } of of.chatLog ?? []) add(at, sender, { type: 'chat-with-players', ...chat })
    for (const { number, ...made } of of.compensationRequests ?? []) add(at, number, { type: 'compensation-request', ...made })
    if (of.compensationOffers != null)
      add(at, DEVELOPER, { type: 'compensation-offer', compensationOffers: of.compensationOffers })
    for (const { number, ...made } of of.compensationDecisions ?? []) add(at, number, { type: 'compensation-decision', ...made })
  }
  const last = voting ? 7 : 9
  if (phases.length >= last) items.push({ content: {}, phase: last, round, type: 'phase-timeout' })
  return items
}

/** The developer's number at the server. */
const DEVELOPER = 2

/** What each speculator wanted, per condition: as it was sent, or gathered from the attempts that the server keeps of it. */
function selections({ snipes }: Phase): Map<number, unknown> {
  const made = new Map<number, number[][]>()
  for (const { player, target, snipe, snipes: under } of snipes ?? []) {
    if (typeof player === 'number') made.set(player, snipe as number[][])
    else if (target !== undefined) {
      const own = made.get(player.number) ?? [[], []]
      for (const condition of [0, 1]) if ((under as boolean[])[condition]) own[condition]!.push(target.number)
      made.set(player.number, own)
    }
  }
  return made
}

const ADDED: Readonly<Record<string, string>> = { 'added Buy': 'bid', 'added Sell': 'ask' }

function addOrder(
  add: (at: number, number: number, content: Readonly<Record<string, unknown>>) => void,
  at: number,
  number: number,
  condition: number,
  { action, id, price }: Entry,
): void {
  const type = ADDED[action]
  if (type !== undefined) {
    const now = price === 'any'
    add(at, number, { type: 'post-order', order: { price: now ? 0 : price, quantity: 1, condition, type, now } })
  } else if (action.startsWith('Cancel')) add(at, number, { type: 'cancel-order', order: { id, condition } })
}

/** What the server says came of a round. */
function told(round: number, phases: readonly (Phase | null | undefined)[]): Told[] {
  const said: Told[] = []
  for (const [condition, entries] of (phases[6]?.log ?? []).entries()) {
    const started = entries.find(({ action }) => action === 'market-started')
    // Orders are counted on from the line that opens the market.
    if (started?.id != null) said.push(say('add-order', { order: { id: started.id + 1, condition } }, round))
    for (const { action, price, buyer, seller } of entries)
      if (buyer != null && seller != null && (action === 'Buy' || action === 'Sell'))
        said.push(say('contract-fulfilled', { from: seller.number, to: buyer.number, price, condition }, round))
  }
  const winningCondition = phases[3]?.winningCondition ?? phases[6]?.winningCondition
  const price = phases[8]?.finalPrice
  if (price != null) said.push(say('final-price', { price, winningCondition }, round))
  return said
}
