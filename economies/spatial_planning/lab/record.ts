/**
 * The laboratory's record of a game, as its own server plays it again: parameters, the messages that players sent and when phases
 * timed out, and what the server told. Shape: `IBEX-TUDelft/IBEX-game_server`, `api/helpers/GameRecorder.js` and
 * `api/services/SimulationService.ts`.
 */
import { median } from '../../../envs/core/sums.ts'
import { MEDIAN_OF } from '../../../envs/spatial_planning/market.ts'
import { type Cond, isLand, type Role } from '../../../envs/spatial_planning/roster.ts'
import { type BookEvent, type Finished, type Session, settledRounds } from '../../../envs/spatial_planning/session.ts'
import { lastPhase, rewards } from './game_data.ts'
import { MARKET_PHASE } from './market_log.ts'
import { type LabParameter, labParameters } from './parameters.ts'
import { BOTH, type Participant, participantsOf } from './participants.ts'

/** What a player sent, or that a phase ran out of time. */
export interface LogItem {
  readonly content: Readonly<Record<string, unknown>>
  /** Who sent it. */
  readonly number?: number
  readonly tag?: string
  readonly phase: number
  readonly round: number
  readonly type: 'message' | 'phase-timeout'
}

export interface LabRecord {
  readonly parameters: readonly LabParameter[]
  readonly log: readonly LogItem[]
  readonly 'server-log': readonly {
    readonly sent: { readonly type: string; readonly data: unknown }
    readonly meta: { readonly recipient: number | 'all'; readonly round: number; readonly phase: number }
  }[]
}

/** Our number of a game. The server gives its own when it plays a record again. */
const GAME = 1

/**
 * The record of a session. The server plays it again with equal results where the stimuli are those of a laboratory session; it has
 * no others. Of what the server told, phases, trades, dividends and payments are written.
 */
export function recordOf(session: Session): LabRecord {
  const participants = participantsOf(session)
  const rounds = settledRounds(session)
  return {
    parameters: labParameters(session),
    log: rounds.flatMap((round, i) => logOf(round, participants, i === 0)),
    'server-log': [
      ...rounds.flatMap(round => serverLogOf(session, round, participants)),
      ...(rewards(session, participants) ?? []).map(reward => ({
        sent: { type: 'reward', data: reward },
        meta: { recipient: reward.number, round: rounds.at(-1)!.round, phase: lastPhase(session) },
      })),
    ],
  }
}

/** What one player sends in one phase; undefined where he leaves it to the default. */
type Sent = Readonly<Record<string, unknown>> | undefined

function logOf(round: Finished, participants: readonly Participant[], first: boolean): LogItem[] {
  const items: LogItem[] = []
  const send = (phase: number, who: Participant, content: Readonly<Record<string, unknown>>): void => {
    const signature = content.type === 'join' ? {} : { number: who.number, tag: who.tag }
    items.push({ content: { gameId: GAME, ...content }, ...signature, phase, round: round.round, type: 'message' })
  }
  const timeout = (phase: number): void => {
    items.push({ content: { phase, round: round.round }, type: 'phase-timeout', phase, round: round.round })
  }
  /** A phase that ends when everybody has sent something, or with its time. */
  const sealed = (phase: number, whose: readonly Participant[], of: (who: Participant) => Sent): void => {
    const sent = whose.map(who => [who, of(who)] as const)
    for (const [who, content] of sent) if (content !== undefined) send(phase, who, content)
    if (sent.some(([, content]) => content === undefined)) timeout(phase)
  }
  const ofRole = (holds: (role: Role) => boolean) => participants.filter(({ role }) => holds(role))
  const holders = ofRole(isLand)
  const speculators = ofRole(role => !isLand(role))
  const numbers = (plots: readonly number[]): number[] => plots.map(plot => participants[plot]!.number)

  if (first) for (const who of participants) send(0, who, { type: 'join', recovery: who.token })
  for (const who of participants) send(0, who, { type: 'player-is-ready' })
  timeout(1)
  const { play } = round
  if (play.kind === 'vote') {
    const owners = ofRole(role => role === 'owner')
    const chat = (phase: number, name: 'deliberation' | 'reply'): void => {
      for (const { from, to, text } of play.messages.filter(message => message.phase === name))
        send(phase, participants[from]!, { type: 'chat-with-players', to: numbers(to), text })
      timeout(phase)
    }
    chat(2, 'deliberation')
    sealed(3, owners, ({ player }) => {
      const { value, declared } = play.requests[player]!
      return declared ? { type: 'compensation-request', compensationRequests: [null, value] } : undefined
    })
    sealed(
      4,
      ofRole(role => role === 'developer'),
      () => (play.offer!.declared ? { type: 'compensation-offer', compensationOffers: [null, play.offer!.value] } : undefined),
    )
    chat(5, 'reply')
    sealed(6, owners, ({ player }) => {
      const { value } = play.votes[player]!
      return value === 'abstain'
        ? undefined
        : { type: 'compensation-decision', compensationDecisions: [value === 'project' ? 1 : 0] }
    })
    timeout(7)
    return items
  }
  const chosen = play.chosen!
  sealed(2, holders, ({ player }) => {
    const { value, declared } = play.initial[player]!
    return declared ? { type: 'declare', declaration: [...value, 0] } : undefined
  })
  sealed(3, speculators, ({ player }) => {
    const { plots, declared } = play.selected[player]!
    return declared ? { type: 'done-speculating', snipe: plots.map(numbers) } : undefined
  })
  timeout(4)
  timeout(5)
  for (const { condition, event } of bookEvents(round))
    if (event.kind !== 'traded') send(MARKET_PHASE, participants[event.player]!, orderOf(event, condition))
  timeout(MARKET_PHASE)
  sealed(7, holders, ({ player }) => {
    const { value, declared } = play.final[player]!
    return declared
      ? { type: 'declare', declaration: BOTH.map(condition => (condition === chosen ? value : 0)).concat(0) }
      : undefined
  })
  sealed(8, speculators, ({ player }) => {
    const { plots, declared } = play.finalSelected[player]!
    return declared ? { type: 'done-speculating', snipe: plots.map(numbers) } : undefined
  })
  timeout(9)
  return items
}

/** What happened in both books, in order. */
function bookEvents({ play }: Finished): { readonly condition: Cond; readonly event: BookEvent }[] {
  if (play.kind !== 'land') return []
  return BOTH.flatMap(condition => (play.markets[condition]?.events ?? []).map(event => ({ condition, event }))).sort(
    (a, b) => a.event.at - b.event.at,
  )
}

function orderOf(event: Exclude<BookEvent, { kind: 'traded' }>, condition: Cond): Readonly<Record<string, unknown>> {
  if (event.kind === 'cancelled') return { order: { id: event.order, condition }, type: 'cancel-order' }
  const { side, price } = event
  return { order: { price: price ?? 0, quantity: 1, condition, type: side, now: price === null }, type: 'post-order' }
}

function serverLogOf(session: Session, round: Finished, participants: readonly Participant[]): LabRecord['server-log'][number][] {
  const told: LabRecord['server-log'][number][] = []
  const tell = (phase: number, type: string, data: unknown): void => {
    told.push({ sent: { type, data }, meta: { recipient: 'all', round: round.round, phase } })
  }
  for (let phase = 0; phase <= lastPhase(session); phase++) {
    tell(phase, 'phase-transition', { round: round.round, phase })
    if (phase === MARKET_PHASE) {
      const prices: [number[], number[]] = [[], []]
      for (const { condition, event } of bookEvents(round)) {
        if (event.kind !== 'traded') continue
        const { buyer, seller, price } = event
        prices[condition].push(price)
        tell(phase, 'contract-fulfilled', {
          from: participants[seller]!.number,
          to: participants[buyer]!.number,
          price,
          condition,
          median: median(prices[condition].slice(-MEDIAN_OF)),
        })
      }
    }
    if (phase === 8 && round.play.kind === 'land')
      tell(phase, 'final-price', { price: round.play.sharePrice, winningCondition: round.play.chosen })
  }
  return told
}
