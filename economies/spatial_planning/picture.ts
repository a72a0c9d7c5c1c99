/** What there is to see of a round: the land with its holders and declarations, the project, the order books, the prices, who earns what. Knows state and events. */
import { median } from '../../envs/core/sums.ts'
import { MEDIAN_OF } from '../../envs/spatial_planning/market.ts'
import { CONDITIONS, type Cond, rosterOf } from '../../envs/spatial_planning/roster.ts'
import { type LandPlay, type SpatialEvent, type SpatialState, type VotePlay, votesOf } from '../../envs/spatial_planning/state.ts'
import type { SpatialTypes } from '../../envs/spatial_planning/types.ts'
import { figure } from '../figures.ts'
import type { Bars, Cells, Feed, Lines, Moment, Panel, Picture, Told } from '../picture.ts'
import { feedOf, playerOf } from '../picture.ts'

/** Conditions as people read them. */
const NAMES: Readonly<Record<(typeof CONDITIONS)[number], string>> = {
  no_project: 'without the project',
  project: 'with the project',
}

export function picture(moment: Moment<SpatialTypes>): Picture {
  const { state, events } = moment
  const { play } = state
  const round = state.round === 0 ? 'practice' : `round ${state.round} of ${state.config.rounds}`
  return {
    title: `spatial_planning (${state.config.treatment}): ${round}, ${state.phase.replaceAll('_', ' ')}`,
    panels: [
      ...(play.kind === 'land' ? [land(state, play), ...books(moment, play)] : [community(state, play), messages(state, play)]),
      points(moment),
      feedOf('Last step', events, TOLD),
    ],
  }
}

const project = (chosen: Cond | null): string =>
  chosen === null ? 'nothing decided yet' : `decided: ${NAMES[CONDITIONS[chosen]]}`

function land({ config, stimulus }: SpatialState, { initial, final, chosen, deals }: LandPlay): Cells {
  const { plots } = rosterOf(config)
  return {
    kind: 'cells',
    title: 'The land',
    note: `points without / with the project; ${project(chosen)}`,
    cells: plots.map((plot, i) => {
      const [without, built] = stimulus.values[i]!
      const [first, last] = [initial[i], final[i]]
      const buyers = deals?.filter(deal => deal.plot === i).length ?? 0
      const worth = chosen === null ? null : stimulus.values[i]![chosen]
      const declared = last?.value ?? (chosen === null ? undefined : first?.value[chosen])
      return {
        title: plot,
        lines: [
          `worth ${figure(without)} / ${figure(built)}`,
          first == null ? 'not declared' : `declared ${figure(first.value[0])} / ${figure(first.value[1])}`,
          last == null ? '' : `then ${figure(last.value)}`,
          buyers === 0 ? '' : `${buyers} bought it`,
        ].filter(line => line !== ''),
        // Below its worth it can be bought away, above it costs tax.
        tone: worth === null || declared === undefined ? 'plain' : declared < worth ? 'bad' : declared > worth ? 'quiet' : 'good',
      }
    }),
  }
}

/** A market a condition: what rests in it, and the prices of this round. */
function books({ log, t, state }: Moment<SpatialTypes>, { books: open }: LandPlay): Panel[] {
  const { agents } = rosterOf(state.config)
  const began = log.steps.slice(0, t).findLastIndex(({ events }) => events.some(({ type }) => type === 'round_began'))
  const traded = log.steps
    .slice(Math.max(0, began), t)
    .flatMap(({ events }) => events.flatMap(event => (event.type === 'traded' ? [event] : [])))
  return CONDITIONS.flatMap((condition, cond): Panel[] => {
    const book = open[cond]
    if (book == null) return []
    const prices = traded.filter(trade => trade.condition === condition).map(({ price }) => price)
    const resting: Bars = {
      kind: 'bars',
      title: `Shares ${NAMES[condition]}`,
      note: `orders by price, the best in the middle; ${prices.length === 0 ? 'no trade yet' : `last ${figure(prices.at(-1)!)}, median of the last ${MEDIAN_OF} ${figure(median(prices.slice(-MEDIAN_OF)) ?? 0)}`}`,
      parts: [
        { name: 'wanted', tone: 'accent' },
        { name: 'offered', tone: 'bad' },
      ],
      rows: [
        ...[...book.asks]
          .reverse()
          .map(({ price, player }) => ({ label: figure(price), values: [0, price], text: agents[player]! })),
        ...book.bids.map(({ price, player }) => ({ label: figure(price), values: [price, 0], text: agents[player]! })),
      ],
    }
    const course: Lines = {
      kind: 'lines',
      title: `Prices ${NAMES[condition]}`,
      x: 'trade',
      series: [{ name: 'points a share', points: prices.map((price, i) => [i + 1, price] as const), strong: true }],
    }
    const purses: Bars = {
      kind: 'bars',
      title: `Purses ${NAMES[condition]}`,
      note: 'points that no order holds, and shares',
      parts: [{ name: 'points', tone: 'good' }],
      rows: agents.map((label, i) => ({
        label,
        values: [book.cash[i]!],
        text: `${figure(book.cash[i]!, 0)} · ${figure(book.shares[i]!)} shares`,
      })),
    }
    return [resting, purses, ...(prices.length === 0 ? [] : [course])]
  })
}

function community(state: SpatialState, play: VotePlay): Cells {
  const { config, stimulus } = state
  const [no, yes] = votesOf(play)
  return {
    kind: 'cells',
    title: 'The community',
    note: `points without / with the project; votes ${no} against, ${yes} for; ${play.offer === null ? 'nothing offered yet' : `offered ${figure(play.offer.value)} to each owner`}`,
    cells: rosterOf(config).plots.map((plot, i) => {
      const [without, built] = stimulus.values[i]!
      const [request, vote] = [play.requests[i], play.votes[i]]
      return {
        title: plot,
        lines: [
          `worth ${figure(without)} / ${figure(built)}`,
          request == null ? '' : `asks for ${figure(request.value)}`,
          vote == null ? 'has not voted' : vote.value === 'abstain' ? 'abstained' : `voted ${NAMES[vote.value]}`,
        ].filter(line => line !== ''),
        tone: vote == null || vote.value === 'abstain' ? 'plain' : vote.value === 'project' ? 'good' : 'bad',
      }
    }),
  }
}

/** What fits: the newest. */
const SHOWN = 6

function messages({ config }: SpatialState, { messages: all }: VotePlay): Feed {
  const { agents } = rosterOf(config)
  return {
    kind: 'feed',
    title: 'Deliberation',
    note: all.length > SHOWN ? `the newest ${SHOWN} of ${all.length}` : 'all of this round',
    items: all.slice(-SHOWN).map(({ from, to, text }) => ({
      who: agents[from]!,
      text: `to ${to.map(player => agents[player]!).join(', ')}: ${text}`,
      tone: 'plain',
    })),
  }
}

function points({ log, t, state }: Moment<SpatialTypes>): Bars {
  const { agents } = rosterOf(state.config)
  const earned = new Map(agents.map(agent => [agent, 0]))
  for (const { events } of log.steps.slice(0, t))
    for (const event of events)
      if (event.type === 'round_settled' && !event.practice)
        for (const [agent, payoff] of Object.entries(event.payoffs)) earned.set(agent, earned.get(agent)! + payoff)
  return {
    kind: 'bars',
    title: 'Points earned in paid rounds',
    parts: [{ name: 'points', tone: 'accent' }],
    rows: agents.map(agent => ({
      label: agent,
      values: [earned.get(agent)!],
      text: `${figure(earned.get(agent)!, 0)} · ${playerOf(log, agent)}`,
    })),
  }
}

const TOLD: Told<SpatialEvent> = {
  round_began: ({ round, practice }) => ['world', practice ? 'the practice round begins' : `round ${round} begins`, 'quiet'],
  appraised: ({ agent, appraisals, declared }) => [
    agent,
    declared ? `appraised ${appraisals.length} plots` : 'was silent',
    declared ? 'plain' : 'bad',
  ],
  declared: ({ agent, no_project, project: built, declared }) => [
    agent,
    `declared ${figure(no_project)} / ${figure(built)}${declared ? '' : ' by default'}`,
    declared ? 'plain' : 'bad',
  ],
  plots_selected: ({ agent, stage, no_project, project: built }) => [
    agent,
    `wants ${[...new Set([...no_project, ...built])].join(', ') || 'nothing'} (${stage})`,
    'plain',
  ],
  condition_chosen: ({ condition, no_project, project: built }) => [
    'decision',
    `${NAMES[condition]}${no_project === null || built === null ? '' : `: ${figure(no_project)} against ${figure(built)}`}`,
    'accent',
  ],
  speculation_settled: ({ deals, stage }) => ['world', `${deals.length} plots bought (${stage})`, 'accent'],
  market_opened: ({ condition, public_signal }) => [
    'market',
    `${NAMES[condition]} open; public signal ${figure(public_signal)}`,
    'quiet',
  ],
  order_posted: ({ agent, side, price, condition }) => [
    agent,
    `${side === 'bid' ? 'wants' : 'offers'} a share ${NAMES[condition]} at ${price === null ? 'the best price' : figure(price)}`,
    'plain',
  ],
  traded: ({ buyer, seller, price, condition }) => [
    buyer,
    `bought of ${seller} at ${figure(price)} ${NAMES[condition]}`,
    'accent',
  ],
  order_cancelled: ({ agent, order, condition }) => [agent, `took back order ${order} ${NAMES[condition]}`, 'quiet'],
  market_closed: ({ condition, median: middle }) => [
    'market',
    `${NAMES[condition]} closed at ${middle === null ? 'no price' : figure(middle)}`,
    'quiet',
  ],
  declared_final: ({ agent, value, declared }) => [
    agent,
    `declared ${figure(value)}${declared ? '' : ' by default'}`,
    declared ? 'plain' : 'bad',
  ],
  message_sent: ({ from, to, text }) => [from, `to ${to.join(', ')}: “${text}”`, 'plain'],
  compensation_requested: ({ agent, amount }) => [agent, `asks for ${figure(amount)}`, 'plain'],
  compensation_offered: ({ agent, amount }) => [agent, `offers each owner ${figure(amount)}`, 'accent'],
  voted: ({ agent, choice }) => [agent, choice === 'abstain' ? 'abstained' : `voted ${NAMES[choice]}`, 'plain'],
  compensation_paid: ({ agent, amount }) => [agent, `paid each owner ${figure(amount)}`, 'good'],
  shortfall_found: ({ agent, missing, fine }) => [agent, `paid ${figure(missing)} too little; fine ${figure(fine)}`, 'bad'],
  round_settled: ({ round, practice }) => [
    'world',
    practice ? 'the practice round is over' : `round ${round} is settled`,
    'quiet',
  ],
  session_paid: ({ round }) => ['world', `round ${round} was drawn to be paid`, 'good'],
}
