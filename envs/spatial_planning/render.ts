/** The text of an observation: what the laboratory shows on the screen of a phase, in words. Knows no state. */
import { quote } from '../core/text.ts'
import { MEDIAN_OF } from './market.ts'
import type { AppraisalView, DeclarationView, MarketView, Observation, OrderView, TradeView } from './observe.ts'
import { CONDITIONS, type Cond, indexOf } from './roster.ts'
import type { Phase, RoundAccount } from './state.ts'
import { conditionWords, list, points } from './words.ts'

/** What is wanted in each phase, of those whose turn it is. */
const WANTED: Readonly<Record<Phase, string>> = {
  appraisal: 'Publish what the plots you were shown are worth.',
  declaration: 'Declare what your land is worth without and with the project.',
  speculation: 'Choose the plots to buy at their initial declaration.',
  market: 'Trade tax shares: up to three actions, then the turn passes.',
  final_declaration: 'Declare what your land is worth under the chosen condition.',
  final_speculation: 'Choose the plots to buy at their final declaration.',
  deliberation: 'You may send one message.',
  request: 'Name the compensation you ask for if the project is built.',
  offer: 'Name the compensation you offer to every owner if the project is built.',
  reply: 'You may send one message; the offer is known.',
  vote: 'Vote for or against the project, or abstain.',
  payment: 'The project is carried. Pay the owners.',
  over: 'The session is over.',
}

export function render(observation: Observation): string {
  const { shared } = observation
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ['', head(observation)],
    ['Your land', landLines(observation)],
    [
      'Plots you were shown',
      (observation.inspected ?? []).map(
        ({ plot, values }) => `${plot}: really worth ${points(values[0])} without the project, ${points(values[1])} with it`,
      ),
    ],
    ['Appraisals', appraisalLines(observation)],
    ['Declarations', declarationLines(observation)],
    ['First speculation', speculationLines(observation)],
    ['Signals of the worth of a share', signalLines(observation)],
    ...CONDITIONS.flatMap(condition => {
      const view = observation.markets[condition]
      return view === undefined
        ? []
        : [[`Market: ${conditionWords(indexOf(condition))}`, marketLines(view, shared.brief)] as const]
    }),
    ['Your holdings after the market', holdingLines(observation)],
    ['Final declarations', finalLines(observation)],
    ['Requests', requestLines(observation)],
    ['Messages you sent or received this round', observation.messages.map(messageLine)],
    [
      'Your paid rounds so far',
      observation.history.map(
        ({ round, chosen, account }) => `Round ${round} (${chosen}): ${accountLine(account, shared.brief)}`,
      ),
    ],
    ['', [WANTED[shared.phase]]],
  ]
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => (title === '' ? lines.join('\n') : `## ${title}\n${lines.join('\n')}`))
    .join('\n\n')
}

function head({ shared, agent, role }: Observation): string[] {
  const { round, practice, rounds, phase, turn, turns, secondsLeft, chosen, leading, offer } = shared
  const time = turn === null ? '' : `, turn ${turn} of ${turns}${secondsLeft === null ? '' : ` (${secondsLeft} seconds left)`}`
  return [
    `${practice ? 'Practice round' : `Round ${round} of ${rounds}`}, phase ${phase}${time}. You are ${agent} (${role}).`,
    ...(chosen === null ? [] : [`Chosen: ${conditionWords(indexOf(chosen))}.`]),
    ...(leading === null ? [] : [`The prices would now choose: ${conditionWords(indexOf(leading))}.`]),
    ...(offer === null ? [] : [`The developer offers ${points(offer)} to every owner if the project is built.`]),
  ]
}

function landLines({ land, shared }: Observation): string[] {
  if (land === null) return []
  if (shared.brief)
    return ([0, 1] as const).map(condition => `${conditionWords(condition)}: really worth ${points(land.values[condition])}`)
  const under = (condition: Cond): string =>
    `${conditionWords(condition)}: really worth ${points(land.values[condition])} (range ${points(land.low[condition])} to ${points(land.high[condition])}; at most ${points(land.cap[condition])} may be declared)`
  return [under(0), under(1)]
}

/** A line a plot, without and with the project; who say the same stand together. */
function appraisalLines({ shared, appraisals = [] }: Observation): string[] {
  return shared.plots.flatMap(plot => {
    const said = new Map<string, string[]>()
    for (const view of appraisals)
      if (view.plot === plot) said.set(wordsOf(view), [...(said.get(wordsOf(view)) ?? []), view.speculator])
    return said.size === 0 ? [] : [`${plot}: ${[...said].map(([words, by]) => `${words} (${list(by)})`).join('; ')}`]
  })
}

const wordsOf = ({ values }: AppraisalView): string => `${points(values[0])} / ${points(values[1])}`

function declarationLines({ declarations, declared: own, shared }: Observation): string[] {
  const mine =
    own === null || (shared.brief && declarations !== null)
      ? []
      : [`You declared ${points(own[0])} without and ${points(own[1])} with the project.`]
  return [...mine, ...(declarations ?? []).map(view => declarationLine(view, shared.brief))]
}

function declarationLine({ plot, declared, percentile }: DeclarationView, brief = false): string {
  const parts = ([0, 1] as const).flatMap(condition =>
    declared[condition] === null
      ? []
      : [
          `${conditionWords(condition)} ${points(declared[condition])}${brief || percentile[condition] === null ? '' : ` (percentile ${percentile[condition]})`}`,
        ],
  )
  return `${plot}: ${parts.join(', ')}`
}

function speculationLines({ boughtPlot, deals, role }: Observation): string[] {
  if (boughtPlot !== null) {
    const { buyers, result, by } = boughtPlot
    if (buyers === 0) return ['Nobody bought your plot.']
    return [`${named(String(buyers), by?.join(', '))} bought your plot; that brought you ${points(result)} points.`]
  }
  if (deals === null || role !== 'speculator') return []
  return deals.length === 0
    ? ['You bought nothing.']
    : deals.map(({ plot, profit }) => `${plot}: ${points(profit)} points for you`)
}

function signalLines({ shared, signals }: Observation): string[] {
  return ([0, 1] as const).flatMap(condition => {
    const own = signals[condition]
    return own === null
      ? []
      : [`${conditionWords(condition)}: public ${points(shared.publicSignal[condition]!)}, your private ${points(own)}`]
  })
}

function marketLines(
  { cash, freeCash, shares, freeShares, bids, asks, trades, traded, median }: MarketView,
  brief = false,
): string[] {
  const orders = (side: readonly OrderView[]): string =>
    list(
      side.map(({ price, mine, id, player }) => (mine ? `${points(price)}* (order ${id})` : named(points(price), player))),
      'none',
    )
  return [
    cash === freeCash && shares === freeShares && brief
      ? `You have ${points(cash)} points and ${shares} shares.`
      : `You have ${points(cash)} points (${points(freeCash)} free) and ${shares} shares (${freeShares} free).`,
    `Bids, best first (* yours): ${orders(bids)}`,
    `Asks, best first (* yours): ${orders(asks)}`,
    `Trades so far: ${traded}. Last prices, oldest first: ${list(trades.map(tradeWords))}`,
    `Median of the last ${MEDIAN_OF}: ${median === null ? 'none yet' : points(median)}`,
  ]
}

const named = (words: string, player: string | undefined): string => (player === undefined ? words : `${words} (${player})`)

function tradeWords({ price, mine, buyer, seller }: TradeView): string {
  if (buyer !== undefined) return `${points(price)} (${seller} to ${buyer})`
  return mine === null ? points(price) : `${points(price)} (you ${mine})`
}

function holdingLines({ holdings }: Observation): string[] {
  return holdings === null ? [] : [`${points(holdings.cash)} points and ${holdings.shares} shares`]
}

function finalLines({ finals }: Observation): string[] {
  return (finals ?? []).map(
    ({ plot, declared, percentile }) => `${plot}: ${points(declared)}${percentile === null ? '' : ` (percentile ${percentile})`}`,
  )
}

function requestLines({ request, requests }: Observation): string[] {
  if (request !== null) return [`You asked for ${points(request)}.`]
  return requests === null ? [] : [`The owners ask for: ${list(requests.map(points))}`]
}

function messageLine({ from, to, text }: Observation['messages'][number]): string {
  return `${from} to ${to.join(', ')}: ${quote(text)}`
}

function accountLine(account: RoundAccount, brief = false): string {
  if (account.kind === 'vote') {
    const { value, offer, compensation, payoff, yes, no, paid, fine } = account
    const kept = paid === undefined ? '' : `, offered ${points(offer)} and paid ${points(paid)} each`
    return `${yes ?? 'not told'} for, ${no ?? 'not told'} against; value ${points(value)}${kept}, compensation ${points(compensation)}${fine ? `, fine ${points(fine)}` : ''}, total ${points(payoff)}`
  }
  const { value, initial, final, initial_tax, final_tax, initialDeals, finalDeals, cash, shares, sharePrice, fees, payoff } =
    account
  const land =
    value === null
      ? []
      : [
          `value ${points(value)}`,
          `declared ${points(initial!)} then ${points(final!)}`,
          ...(brief ? [] : [`taxes ${points(initial_tax!)} and ${points(final_tax!)}`]),
        ]
  return [
    ...land,
    `speculation ${points(initialDeals)} and ${points(finalDeals)}`,
    ...(brief ? [] : [`cash ${points(cash)}`]),
    `${shares} shares paying ${points(sharePrice)} each`,
    ...(fees ? [`fees ${points(fees)}`] : []),
    `total ${points(payoff)}`,
  ].join(', ')
}
