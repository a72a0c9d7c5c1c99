/**
 * What a record of the laboratory's server says came of its messages, against what the rules of this economy make of them:
 * trades in their order, the decision and the price of a share, each player's summary of each round, rewards. A record that is
 * decided anew is another session; every difference is told.
 */
import { type Session, settledRounds } from '../../../envs/spatial_planning/session.ts'
import { rewards } from './game_data.ts'
import { objectOf, type Told } from './import_record.ts'
import { BOTH, LAB_CONDITIONS, type Participant, participantsOf } from './participants.ts'
import { recordOf } from './record.ts'
import { summaryOf } from './summaries.ts'

/** Points and euros that two sums of the same figures may be apart. */
const SLACK = 1e-6

/** One line a difference; none where the record and its replay agree, or where it says nothing. */
export function differences(session: Session, told: readonly Told[]): string[] {
  const participants = participantsOf(session)
  const rounds = new Set(settledRounds(session).map(({ round }) => round))
  const theirs = told.filter(({ meta }) => rounds.has(meta.round))
  const ours: readonly Told[] = recordOf(session)['server-log']
  return [
    ...contracts(theirs, ours),
    ...decisions(theirs, ours),
    ...summaries(session, theirs, participants),
    ...payments(session, told, participants),
  ]
}

/** Trades, by round and condition. */
function contracts(theirs: readonly Told[], ours: readonly Told[]): string[] {
  const of = (told: readonly Told[], round: number, condition: number): string[] =>
    told
      .filter(
        ({ sent, meta }) =>
          sent.type === 'contract-fulfilled' && meta.round === round && objectOf(sent.data).condition === condition,
      )
      .map(({ sent }) => {
        const { from, to, price } = objectOf(sent.data)
        return `player ${from} to player ${to} at ${price}`
      })
  // Our own records tell trades only where there were any, so a round without a trade is one that was told.
  const rounds = new Set([...theirs, ...ours].map(({ meta }) => meta.round))
  return [...rounds].flatMap(round =>
    BOTH.flatMap(condition => {
      const [server, here] = [of(theirs, round, condition), of(ours, round, condition)]
      return Array.from({ length: Math.max(server.length, here.length) }, (_, i) =>
        server[i] === here[i]
          ? []
          : [
              `round ${round}, market ${LAB_CONDITIONS[condition].name}, trade ${i + 1}: ${server[i] ?? 'none'} in the record, ${here[i] ?? 'none'} by the rules`,
            ],
      ).flat()
    }),
  )
}

/** Which condition was chosen and what a share paid. */
function decisions(theirs: readonly Told[], ours: readonly Told[]): string[] {
  return theirs
    .filter(({ sent }) => sent.type === 'final-price')
    .flatMap(({ sent, meta }) => {
      const own = ours.find(other => other.sent.type === 'final-price' && other.meta.round === meta.round)
      return compared(`round ${meta.round}`, objectOf(sent.data), objectOf(own?.sent.data))
    })
}

function summaries(session: Session, theirs: readonly Told[], participants: readonly Participant[]): string[] {
  return theirs
    .filter(({ sent }) => sent.type === 'round-summary')
    .flatMap(({ sent, meta }) => {
      const who = participants.find(({ number }) => number === meta.recipient)
      const round = settledRounds(session).find(settled => settled.round === meta.round)
      if (who === undefined || round === undefined) return []
      return compared(`round ${meta.round}, ${who.tag}`, objectOf(sent.data), summaryOf(session, round, who, participants))
    })
}

function payments(session: Session, told: readonly Told[], participants: readonly Participant[]): string[] {
  const paid = rewards(session, participants)
  return told
    .filter(({ sent }) => sent.type === 'reward')
    .flatMap(({ sent }) => {
      const theirs = objectOf(sent.data)
      const who = participants.find(({ number }) => number === theirs.number)
      const ours = paid?.find(({ number }) => number === theirs.number)
      return compared(`payment of ${who?.tag ?? `player ${String(theirs.number)}`}`, theirs, objectOf(ours))
    })
}

/** The fields of theirs that are not as in ours. */
function compared(where: string, theirs: Readonly<Record<string, unknown>>, ours: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(theirs).flatMap(([field, value]) => {
    const own = ours[field]
    if (same(value, own)) return []
    if (isPlain(value) && isPlain(own)) return compared(`${where}, ${field}`, value, own)
    return [`${where}, ${field}: ${JSON.stringify(value)} in the record, ${JSON.stringify(own) ?? 'nothing'} by the rules`]
  })
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= SLACK
  return JSON.stringify(a) === JSON.stringify(b)
}
