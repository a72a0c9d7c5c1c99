/**
 * The laboratory's wide sheet: a row per player and round, 128 columns of which 14 only keep their neighbours apart. Headings,
 * order and the rule of each cell are those of `IBEX-TUDelft/IBEX-game_server`, `my-app/src/components/GameAnalysis.vue`.
 */
import { type Cond, isLand } from '../../../envs/spatial_planning/roster.ts'
import {
  type Finished,
  type LandRecord,
  type MarketRecord,
  type Session,
  settledRounds,
} from '../../../envs/spatial_planning/session.ts'
import { speculationResult, taxOn } from '../../../envs/spatial_planning/settlement.ts'
import { total } from '../../../envs/spatial_planning/stimuli.ts'
import { BOTH, exchangeRate, type Participant, participantsOf, plotOrder, RULESETS, rewardIn } from './participants.ts'
import { type Cell, type Column, type Sheet, sheet, spacer, yesNo } from './sheet.ts'

/** What the sheets say of a whole game. */
export interface GameFacts {
  /** Stands where the laboratory writes when the session began: there is no clock here. */
  readonly session: string
  /** The laboratory's session number of the stimuli, or which seed drew them. */
  readonly dataset: string | number
}

/** What a row of either sheet stands for. */
export interface SeatRound {
  readonly facts: GameFacts
  readonly session: Session
  readonly round: Finished
  readonly who: Participant
}

interface LandRow extends SeatRound {
  readonly play: LandRecord
  readonly chosen: Cond
  /** Plot indices in the sheet's order; null where a session has fewer. */
  readonly plots: readonly (number | null)[]
}

export function seatRounds(session: Session, facts: GameFacts, rounds: readonly Finished[]): SeatRound[] {
  const participants = participantsOf(session)
  return rounds.flatMap(round => participants.map(who => ({ facts, session, round, who })))
}

export function wideSheet(session: Session, facts: GameFacts): Sheet {
  const plots = plotOrder(session)
  const rows = seatRounds(session, facts, settledRounds(session)).flatMap((row): LandRow[] =>
    row.round.play.kind === 'land' ? [{ ...row, play: row.round.play, chosen: row.round.play.chosen!, plots }] : [],
  )
  return sheet(COLUMNS, rows)
}

/** Columns that both treatments' sheets begin with. */
export const IDENTITY: readonly Column<SeatRound>[] = [
  ['session', ({ facts }) => facts.session],
  ['dataset', ({ facts }) => facts.dataset],
  ['players.number', ({ who }) => who.number],
  ['round', ({ round }) => round.round],
  ['players.tag', ({ who }) => who.tag],
  ['players.role', ({ who }) => who.code],
  ['ruleset', ({ session }) => RULESETS[session.config.treatment]],
  ['Value_noProject', ({ round, who }) => round.values[who.player]?.[0] ?? null],
  ['Value_projectA', ({ round, who }) => round.values[who.player]?.[1] ?? null],
]

/** What was decided, and what would have been better. */
export const OUTCOME: readonly Column<SeatRound>[] = [
  ['Project Realized', ({ round }) => yesNo(round.play.chosen === 1)],
  ['socialWelfare_NP', ({ round }) => total(round.values, 0)],
  ['socialWelfare_P', ({ round }) => total(round.values, 1)],
  [
    'Optimal_Outcome',
    ({ round: { values, play } }) => yesNo(total(values, play.chosen!) >= total(values, play.chosen === 1 ? 0 : 1)),
  ],
]

/** Asked of people after the session; bots and models have none of it. */
export const SURVEY: readonly Column<unknown>[] = ['Age', 'Gender', 'Year_of_Study', 'Faculty', 'Risk_Choice'].map(
  head => [head, () => null] as const,
)

const SHORT = ['NP', 'P'] as const
const PLOT_NAMES = ['owner1', 'owner2', 'owner3', 'owner4', 'owner5', 'dev'] as const

/** Six columns that are filled in speculators' rows, one a plot, and the spacer behind them. */
function perPlot(head: (plot: string) => string, of: (row: LandRow, plot: number) => Cell): Column<LandRow>[] {
  const columns = PLOT_NAMES.map(
    (name, i): Column<LandRow> => [
      head(name),
      row => {
        const plot = row.plots[i] ?? null
        return row.who.role === 'speculator' && plot !== null ? of(row, plot) : null
      },
    ],
  )
  return [...columns, spacer()]
}

/** `owner1` → `Owner1`. */
const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

/** A cell that only land holders' rows have. */
function held(of: (row: LandRow) => Cell): (row: LandRow) => Cell {
  return row => (isLand(row.who.role) ? of(row) : null)
}

const initialOf = ({ play, who }: LandRow) => play.initial[who.player]!
const finalOf = ({ play, who }: LandRow) => play.final[who.player]!
const profitFrom = (deals: LandRecord['deals'], { who }: LandRow, plot: number): Cell =>
  deals.find(deal => deal.speculator === who.player && deal.plot === plot)?.profit ?? null

/** What a market that never opened leaves everybody with: the endowment. */
function endOfMarket(
  { session: { config, roster }, play }: LandRow,
  condition: Cond,
): Pick<MarketRecord, 'cash' | 'shares' | 'events' | 'median'> {
  return (
    play.markets[condition] ?? {
      cash: roster.roles.map(role => config.cash[role]),
      shares: roster.roles.map(role => config.shares[role]),
      events: [],
      median: null,
    }
  )
}

function marketColumns(condition: Cond): Column<LandRow>[] {
  const name = SHORT[condition]
  const market = (row: LandRow) => endOfMarket(row, condition)
  const count = (row: LandRow, holds: (event: MarketRecord['events'][number]) => boolean): number =>
    market(row).events.filter(holds).length
  const posted = (row: LandRow, side: 'bid' | 'ask'): number =>
    count(row, event => event.kind === 'posted' && event.player === row.who.player && event.side === side)
  return [
    [`Num_Bids_${name}`, row => posted(row, 'bid')],
    [`Num_Asks_${name}`, row => posted(row, 'ask')],
    [`Num_Buys_${name}`, row => count(row, event => event.kind === 'traded' && event.buyer === row.who.player)],
    [`Num_Sells_${name}`, row => count(row, event => event.kind === 'traded' && event.seller === row.who.player)],
    [`Ending_Cash_${name}`, row => market(row).cash[row.who.player]!],
    [`Ending_Shares_${name}`, row => market(row).shares[row.who.player]!],
    [`median_price_${name}`, row => market(row).median],
    [`realized_value_shares_${name}`, row => (row.chosen === condition ? row.play.sharePrice : null)],
    spacer(),
  ]
}

/** Value under the chosen condition less the tax on a declaration. */
const afterTax = (row: LandRow, declaration: number, rate: number): number =>
  row.round.values[row.who.player]![row.chosen] - taxOn(declaration, rate)

function tradingResult(row: LandRow): number {
  const { session, who, play, chosen } = row
  const { cash, shares } = endOfMarket(row, chosen)
  const { config } = session
  return cash[who.player]! - config.cash[who.role] + (shares[who.player]! - config.shares[who.role]) * play.sharePrice!
}

const payoff = ({ round, who }: SeatRound): number => round.payoffs[who.player]!

const paidHere = ({ session, round }: SeatRound): boolean => session.paid?.round === round.round
/** What the row's player is paid; empty in rounds that are not. */
export const reward = (row: SeatRound): Cell => (paidHere(row) ? rewardIn(row.session, payoff(row), row.who.payment) : null)

const COLUMNS: readonly Column<LandRow>[] = [
  ...IDENTITY,
  ['Declaration1_noProject', held(row => initialOf(row).value[0])],
  ['Declaration1_projectA', held(row => initialOf(row).value[1])],
  ['Taxes1_noProject', held(row => taxOn(initialOf(row).value[0], row.session.config.initial_tax))],
  ['Taxes1_projectA', held(row => taxOn(initialOf(row).value[1], row.session.config.initial_tax))],
  ['Declaration1_acted', held(row => yesNo(initialOf(row).declared))],
  ...OUTCOME,
  spacer(),
  ['Signal_PublicNP', ({ play }) => play.markets[0]?.publicSignal ?? null],
  ['sig_pubP', ({ play }) => play.markets[1]?.publicSignal ?? null],
  ['SigPrivateNP', ({ round, who }) => round.signals[who.player]![0]],
  ['SigPrivateP', ({ round, who }) => round.signals[who.player]![1]],
  spacer(),
  ...BOTH.flatMap(condition =>
    perPlot(
      plot => `snipe1_T${SHORT[condition]}_${plot}`,
      ({ play, who }, plot) => (play.selected[who.player]?.plots[condition].includes(plot) ? 'Y' : 'N'),
    ),
  ),
  ...BOTH.flatMap(condition =>
    perPlot(
      plot => `Dec1_${capital(plot)}_${SHORT[condition]}`,
      ({ play }, plot) => play.initial[plot]!.value[condition],
    ),
  ),
  ...BOTH.flatMap(condition =>
    perPlot(
      plot => `snipe1_T${SHORT[condition]}_${plot}_result`,
      (row, plot) => (row.chosen === condition ? profitFrom(row.play.deals, row, plot) : null),
    ),
  ),
  ['Declaration2_Outcome', held(row => finalOf(row).value)],
  ['Taxes2_Outcome', held(row => taxOn(finalOf(row).value, row.session.config.final_tax))],
  ['Declaration2_acted', held(row => yesNo(finalOf(row).declared))],
  spacer(),
  ...perPlot(
    plot => `snipe2_TO_${plot}`,
    ({ play, who, chosen }, plot) => (play.finalSelected[who.player]?.plots[chosen].includes(plot) ? 'Y' : 'N'),
  ),
  ...perPlot(
    plot => `Dec2_${capital(plot)}_O`,
    ({ play }, plot) => play.final[plot]!.value,
  ),
  ...perPlot(
    plot => `snipe2_TO_${plot}_result`,
    (row, plot) => profitFrom(row.play.finalDeals, row, plot),
  ),
  ...BOTH.flatMap(marketColumns),
  ['snipe1_end_result', ({ play, who }) => speculationResult(play.deals, who.player)],
  ['Property Value_min_Tax1', held(row => afterTax(row, initialOf(row).value[row.chosen], row.session.config.initial_tax))],
  ['Trading_Result', tradingResult],
  ['snipe2_end_results', ({ play, who }) => speculationResult(play.finalDeals, who.player)],
  ['Property Value_min_Tax2', held(row => afterTax(row, finalOf(row).value, row.session.config.final_tax))],
  ['Total Earnings', payoff],
  ['reward_round', ({ session }) => session.paid?.round ?? null],
  ['base_points', ({ who }) => who.payment.basePoints],
  ['points', payoff],
  ['final_score', row => payoff(row) + row.who.payment.basePoints],
  ['factor', ({ who }) => who.payment.pointsPerEuro],
  ['exchange_rate', ({ who }) => exchangeRate(who.payment)],
  ['reward', reward],
  ['Payment_Token', ({ who }) => who.token],
  ...SURVEY,
]
