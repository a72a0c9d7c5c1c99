/**
 * The laboratory's sheet of the voting treatment, a row per player and round, and its chat log. Headings, order and the rule of each
 * cell are those of `IBEX-TUDelft/IBEX-game_server`, `my-app/src/services/VotingService.js`; the last column is ours.
 */
import { type Finished, type Session, settledRounds, type VoteRecord } from '../../../envs/spatial_planning/session.ts'
import { exchangeRate } from './participants.ts'
import { type Cell, type Column, type Sheet, sheet, spacer, yesNo } from './sheet.ts'
import { type GameFacts, IDENTITY, OUTCOME, reward, type SeatRound, SURVEY, seatRounds } from './wide_sheet.ts'

interface VoteRow extends SeatRound {
  readonly play: VoteRecord
}

export function votingSheet(session: Session, facts: GameFacts): Sheet {
  const rows = seatRounds(session, facts, settledRounds(session)).flatMap((row): VoteRow[] =>
    row.round.play.kind === 'vote' ? [{ ...row, play: row.round.play }] : [],
  )
  return sheet(COLUMNS, rows)
}

const requestOf = ({ play, who }: VoteRow) => play.requests[who.player]
const VOTES = { project: 'Yes', no_project: 'No', abstain: 'Abs' } as const

/** A cell that only owners' rows have. */
function owners(of: (row: VoteRow) => Cell): (row: VoteRow) => Cell {
  return row => (row.who.role === 'owner' ? of(row) : null)
}

const landValue = ({ round, who, play }: VoteRow): number => round.values[who.player]![play.chosen!]

const COLUMNS: readonly Column<VoteRow>[] = [
  ...IDENTITY,
  spacer(),
  ['Compensation_Req', owners(row => requestOf(row)!.value)],
  ['Request_Submitted', owners(row => yesNo(requestOf(row)!.declared))],
  ['Compensation_Offer', ({ play }) => play.offer!.value],
  ['Offer_Submitted', ({ play, who }) => (who.role === 'developer' ? yesNo(play.offer!.declared) : null)],
  ['Compens_Delta', owners(row => row.play.offer!.value - requestOf(row)!.value)],
  ['Vote', owners(({ play, who }) => VOTES[play.votes[who.player]!.value])],
  ['Num_Votes_for project', ({ play }) => play.votes.filter(vote => vote?.value === 'project').length],
  ['Total Value', ({ round, who }) => round.payoffs[who.player]!],
  ...OUTCOME,
  ['Reward Round', ({ session }) => session.paid?.round ?? null],
  ['Base Points', ({ who }) => who.payment.basePoints],
  // The laboratory leaves compensation out of these two, though it is paid.
  ['Points', landValue],
  ['Final Score', row => landValue(row) + row.who.payment.basePoints],
  ['Factor', ({ who }) => who.payment.pointsPerEuro],
  ['Exchange Rate', ({ who }) => exchangeRate(who.payment)],
  ['Reward', reward],
  ['Payment_Token', ({ who }) => who.token],
  ...SURVEY,
  ['points_paid', ({ round, who }) => round.payoffs[who.player]!],
]

/** Messages of one round in order, each with all who could read it. */
export function chatLog({ roster }: Session, { play }: Finished): Sheet {
  const messages = play.kind === 'vote' ? play.messages : []
  return sheet<(typeof messages)[number]>(
    [
      [
        'People',
        ({ from, to }) =>
          [from, ...to]
            .sort((a, b) => a - b)
            .map(player => roster.tags[player]!)
            .join(','),
      ],
      ['Message', ({ text }) => text],
    ],
    messages,
  )
}
