/**
 * What players may do, one object a tool, and which tools a configuration has. When each is offered says `offered.ts`; what follows
 * from it all is `step.ts`'s business.
 */
import { z } from 'zod'
import { type AgentId, type Refusal, type ToolName, toolsFor } from '../core/tool.ts'
import type { SpatialConfig } from './config.ts'
import { cancel, findOrder, post, refusePost, refuseTake, type Side, type Trade, take } from './market.ts'
import type { MarketView, Observation } from './observe.ts'
import {
  CONDITIONS,
  type Cond,
  type Condition,
  capOf,
  endsOf,
  indexOf,
  MAX_OWNERS,
  type Pair,
  PLOTS,
  type Plot,
  percentile,
  RANGES,
  rosterOf,
  sharePerPoint,
  type Treatment,
} from './roster.ts'
import { speculate, taxOn } from './settlement.ts'
import { type Choice, landOf, type SpatialState, voteOf } from './state.ts'
import { inspectedPlots } from './stimuli.ts'
import type { SpatialTypes } from './types.ts'
import { cancelledWords, conditionWords, list, points, restsWords, tradedWords } from './words.ts'

const { act, ask } = toolsFor<SpatialTypes>()

/** Twice the upper end of the widest range: no declaration can be above it. */
const MOST_DECLARED = capOf('developer', 1)
const MOST_PRICE = 10_000_000
/** Ours: the laboratory's server does not check requests and offers. */
const MOST_COMPENSATION = 5_000_000

const declared = (of: string) => z.int().min(0).max(MOST_DECLARED).describe(`points you declare your land to be worth ${of}`)
const plotList = (of: string) =>
  z.array(z.enum(PLOTS)).max(PLOTS.length).describe(`plots to buy${of}, by their holder; may be empty`)
const market = z.enum(CONDITIONS).describe('which of the two markets')
const price = (of: string) => z.number().min(0).max(MOST_PRICE).describe(of)

const playerOf = (state: SpatialState, agent: AgentId): number => rosterOf(state.config).index[agent]!

/** Plots by index, as their buyer reads them. */
const plotWords = (plots: readonly number[]): string =>
  list(
    plots.map(plot => PLOTS[plot]!),
    'nothing',
  )

/** Why a declaration is too high, or undefined. */
function refuseAbove(agent: AgentId, condition: Cond, value: number): Refusal | undefined {
  const cap = capOf(agent, condition)
  return value <= cap
    ? undefined
    : {
        code: 'above_max',
        message: `${points(value)} for ${conditionWords(condition)} is above ${points(cap)}, twice the upper end of your range. Declare 0 to ${points(cap)}.`,
      }
}

const declare = act({
  description:
    'Land holders, once a round: what your land is worth without and with the project. The condition that is chosen taxes the declaration made for it, and speculators may buy at it.',
  args: z.strictObject({ no_project: declared('without the project'), project: declared('with the project') }),
  candidates: ({ land }) =>
    land === null ? [] : [land.values, land.low, land.high].map(([no_project, project]) => ({ no_project, project })),
  refuse: (_state, agent, { no_project, project }) => refuseAbove(agent, 0, no_project) ?? refuseAbove(agent, 1, project),
  apply(draft, agent, { no_project, project }) {
    landOf(draft).initial[playerOf(draft, agent)] = { value: [no_project, project], declared: true }
    return `You declared ${points(no_project)} without and ${points(project)} with the project.`
  },
})

const declareFinal = act({
  description:
    'Land holders, once a round: what your land is worth under the chosen condition. Taxed at the final rate; speculators may buy at it.',
  args: z.strictObject({ value: declared('under the chosen condition') }),
  candidates: ({ land, shared }) => {
    if (land === null || shared.chosen === null) return []
    const chosen = indexOf(shared.chosen)
    return [land.values, land.low, land.high].map(pair => ({ value: pair[chosen] }))
  },
  refuse: (state, agent, { value }) => refuseAbove(agent, landOf(state).chosen!, value),
  apply(draft, agent, { value }) {
    landOf(draft).final[playerOf(draft, agent)] = { value, declared: true }
    return `You declared ${points(value)}.`
  },
})

const publishAppraisals = act({
  description: 'Speculators, once a round: publish what the plots you were shown are worth.',
  args: z.strictObject({
    appraisals: z
      .array(
        z.strictObject({
          plot: z.enum(PLOTS).describe('a plot you were shown'),
          no_project: z.int().min(0).describe('points without the project'),
          project: z.int().min(0).describe('points with it'),
        }),
      )
      .max(PLOTS.length)
      .describe('may be empty'),
  }),
  candidates: ({ inspected = [] }) =>
    [
      [],
      ...[
        (_plot: Plot, values: Pair): Pair => values,
        (plot: Plot) => endsOf(plot, 'low'),
        (plot: Plot) => endsOf(plot, 'high'),
      ].map(say =>
        inspected.map(({ plot, values }) => {
          const [no_project, project] = say(plot, values)
          return { plot, no_project, project }
        }),
      ),
    ].map(appraisals => ({ appraisals })),
  refuse(state, agent, { appraisals }) {
    const { config, seed, round } = state
    const shown = inspectedPlots(config, seed, round, playerOf(state, agent)).map(plot => PLOTS[plot]!)
    const wrong = appraisals.find(
      ({ plot }, i) => !shown.includes(plot) || appraisals.findIndex(other => other.plot === plot) < i,
    )
    if (wrong !== undefined)
      return {
        code: 'not_shown',
        message: `You may appraise each plot you were shown once: ${list(shown)}. Not so ${wrong.plot}.`,
      }
    for (const { plot, no_project, project } of appraisals) {
      const refusal = refuseAbove(plot, 0, no_project) ?? refuseAbove(plot, 1, project)
      if (refusal !== undefined) return refusal
    }
    return undefined
  },
  apply(draft, agent, { appraisals }) {
    const value = appraisals.map(({ plot, no_project, project }) => ({
      plot: rosterOf(draft.config).index[plot]!,
      values: [no_project, project] as const,
    }))
    landOf(draft).appraisals![playerOf(draft, agent)] = { value, declared: value.length > 0 }
    return `You appraise: ${plotWords(value.map(({ plot }) => plot))}.`
  },
})

/** Plot indices in order, each once: who names a plot twice buys it once. */
function plotIndices(state: SpatialState, plots: readonly Plot[]): number[] {
  return [...new Set(plots.map(plot => rosterOf(state.config).index[plot]!))].sort((a, b) => a - b)
}

function refusePlots(state: SpatialState, plots: readonly Plot[]): Refusal | undefined {
  const known = rosterOf(state.config).plots
  const unknown = plots.find(plot => !known.includes(plot))
  return unknown === undefined
    ? undefined
    : { code: 'unknown_plot', message: `There is no plot of ${unknown} in this session. Plots: ${known.join(', ')}.` }
}

/** What random players and menus try: nothing, each plot alone, all of them. */
const plotChoices = ({ shared }: Observation): Plot[][] => [[], ...shared.plots.map(plot => [plot]), [...shared.plots]]

const buyPlots = act({
  description:
    'Speculators, once: buy any number of plots at their declared value. Each plot is resold half-way to its real value and the result shared among all who bought it; no cash is needed.',
  args: z.strictObject({ plots: plotList('') }),
  candidates: observation => plotChoices(observation).map(plots => ({ plots })),
  refuse: (state, _agent, { plots }) => refusePlots(state, plots),
  apply(draft, agent, { plots }) {
    const play = landOf(draft)
    const player = playerOf(draft, agent)
    const bought = plotIndices(draft, plots)
    const selected = play.chosen === 0 ? ([bought, []] as const) : ([[], bought] as const)
    const stage = draft.phase === 'speculation' ? play.selected : play.finalSelected
    stage[player] = { plots: selected, declared: true }
    return `You buy: ${plotWords(bought)}.`
  },
})

const buyPlotsConditional = act({
  description:
    'Speculators, once: buy plots at their declared value under each condition. Purchases under the condition that is not chosen are void; no cash is needed.',
  args: z.strictObject({
    if_no_project: plotList(' if the project is not built'),
    if_project: plotList(' if it is built'),
  }),
  candidates: observation =>
    plotChoices(observation).flatMap(plots => [
      { if_no_project: plots, if_project: plots },
      { if_no_project: plots, if_project: [] },
      { if_no_project: [], if_project: plots },
    ]),
  refuse: (state, _agent, { if_no_project, if_project }) => refusePlots(state, [...if_no_project, ...if_project]),
  apply(draft, agent, { if_no_project, if_project }) {
    const plots = [plotIndices(draft, if_no_project), plotIndices(draft, if_project)] as const
    landOf(draft).selected[playerOf(draft, agent)] = { plots, declared: true }
    return `You buy without the project: ${plotWords(plots[0])}; with it: ${plotWords(plots[1])}.`
  },
})

type Emit = (event: SpatialTypes['Event']) => void

/** The market tools of a treatment: with one market it is the chosen condition's, with two the caller names it. */
function marketTools(both: boolean) {
  // Required with two markets, forbidden with one; the type must stand for both.
  const which = (both ? { market } : {}) as { readonly market: z.ZodType<Condition | undefined> }
  const conditionOf = (state: SpatialState, named: Condition | undefined): Cond =>
    named === undefined ? landOf(state).chosen! : indexOf(named)
  const named = (condition: Condition) => (both ? { market: condition } : {})
  /** Arguments for every market in the observation. */
  const inEach = <Args>({ markets }: Observation, argsIn: (view: MarketView) => readonly Args[]) =>
    CONDITIONS.flatMap(condition => {
      const view = markets[condition]
      return view === undefined ? [] : argsIn(view).map(args => ({ ...named(condition), ...args }))
    })
  const done = (draft: SpatialState, agent: AgentId, condition: Cond, made: Trade, emit: Emit): string => {
    const { agents } = rosterOf(draft.config)
    emit({
      type: 'traded',
      condition: CONDITIONS[condition],
      tick: made.tick,
      buyer: agents[made.buyer]!,
      seller: agents[made.seller]!,
      price: made.price,
      taker: made.taker,
    })
    return tradedWords(agents[made.buyer] === agent, made.price)
  }

  return {
    place_limit_order: act<{ side: Side; price: number; market?: Condition | undefined }>({
      description:
        'Bid for one share or ask for one at your price. It trades at once with the best order of another player that it crosses, at that order’s price; otherwise it rests in the book, holding the cash or the share, until it is met or cancelled or the market closes.',
      args: z.strictObject({
        side: z.enum(['bid', 'ask']).describe('bid: to buy; ask: to sell'),
        price: price('points for one share'),
        ...which,
      }),
      candidates: observation =>
        inEach(observation, ({ privateSignal, freeCash, freeShares }) =>
          [0.97, 1, 1.03].flatMap(factor => [
            { side: 'bid' as const, price: Math.min(Math.round(privateSignal * factor), Math.floor(freeCash)) },
            ...(freeShares > 0 ? [{ side: 'ask' as const, price: Math.round(privateSignal * factor) }] : []),
          ]),
        ),
      refuse: (state, agent, { side, price: at, market: where }) =>
        refusePost(landOf(state).books[conditionOf(state, where)]!, playerOf(state, agent), side, at),
      apply(draft, agent, { side, price: at, market: where }, emit) {
        const condition = conditionOf(draft, where)
        const made = post(landOf(draft).books[condition]!, playerOf(draft, agent), side, at, draft.sweep)
        const order = 'id' in made ? made.id : null
        emit({ type: 'order_posted', condition: CONDITIONS[condition], tick: draft.sweep, agent, side, price: at, order })
        return 'id' in made ? restsWords(side, at, made.id) : done(draft, agent, condition, made, emit)
      },
    }),
    trade_now: act<{ side: 'buy' | 'sell'; limit?: number | undefined; market?: Condition | undefined }>({
      description: 'Buy or sell one share at the best price another player offers now. Refused where nobody does.',
      args: z.strictObject({
        side: z.enum(['buy', 'sell']).describe('buy: at the lowest ask; sell: at the highest bid'),
        limit: price('pay no more, or take no less, than this many points').optional(),
        ...which,
      }),
      candidates: observation =>
        inEach(observation, ({ asks, bids, freeCash, freeShares }) => {
          const ask = asks.find(order => !order.mine)
          const bid = bids.find(order => !order.mine)
          return [
            ...(ask !== undefined && ask.price <= freeCash ? [{ side: 'buy' as const }] : []),
            ...(bid !== undefined && freeShares > 0 ? [{ side: 'sell' as const }] : []),
          ]
        }),
      refuse: (state, agent, { side, limit, market: where }) =>
        refuseTake(
          landOf(state).books[conditionOf(state, where)]!,
          playerOf(state, agent),
          side === 'buy' ? 'bid' : 'ask',
          limit,
        ),
      apply(draft, agent, { side, market: where }, emit) {
        const condition = conditionOf(draft, where)
        const taker = side === 'buy' ? 'bid' : 'ask'
        const made = take(landOf(draft).books[condition]!, playerOf(draft, agent), taker, draft.sweep)
        emit({
          type: 'order_posted',
          condition: CONDITIONS[condition],
          tick: draft.sweep,
          agent,
          side: taker,
          price: null,
          order: null,
        })
        return done(draft, agent, condition, made, emit)
      },
    }),
    cancel_order: act<{ order_id: number; market?: Condition | undefined }>({
      description: 'Takes an order of yours off the book; the cash or the share it held is free again.',
      args: z.strictObject({ order_id: z.int().min(1).max(1_000_000).describe('the number of your order'), ...which }),
      candidates: observation =>
        inEach(observation, ({ bids, asks }) =>
          [...bids, ...asks].flatMap(order => (order.mine ? [{ order_id: order.id! }] : [])),
        ),
      refuse(state, agent, { order_id, market: where }) {
        const book = landOf(state).books[conditionOf(state, where)]!
        const player = playerOf(state, agent)
        if (findOrder(book, order_id)?.order.player === player) return undefined
        const mine = [...book.bids, ...book.asks].filter(order => order.player === player).map(order => order.id)
        // Whether somebody else's order has that number is not told: the book is anonymous.
        return {
          code: 'order_not_found',
          message: `You have no order ${order_id} in this book. Your orders: ${list(mine.map(String))}.`,
        }
      },
      apply(draft, agent, { order_id, market: where }, emit) {
        const condition = conditionOf(draft, where)
        const book = landOf(draft).books[condition]!
        const { side, order } = findOrder(book, order_id)!
        cancel(book, side, order)
        emit({ type: 'order_cancelled', condition: CONDITIONS[condition], tick: draft.sweep, agent, order: order_id })
        return cancelledWords(side, order.price)
      },
    }),
    end_turn: act({
      description: 'Does nothing more this turn. Calls after it are not carried out.',
      args: z.strictObject({}),
      apply: () => 'You end your turn.',
    }),
  }
}

const sendMessage = act({
  description: 'Sends a message to any of the others; nobody else reads it. One message a turn.',
  args: z.strictObject({
    to: z.array(z.enum(PLOTS)).min(1).max(MAX_OWNERS).describe('who reads it'),
    text: z.string().min(1).max(500).describe('at most 500 characters'),
  }),
  candidates: ({ shared, agent }) => [{ to: shared.plots.filter(plot => plot !== agent), text: 'What would you accept?' }],
  refuse(state, agent, { to }) {
    const others = rosterOf(state.config).plots.filter(plot => plot !== agent)
    const wrong = to.find(plot => !others.includes(plot))
    return wrong === undefined
      ? undefined
      : { code: 'unknown_recipient', message: `You cannot write to ${wrong}. You may write to: ${others.join(', ')}.` }
  },
  apply(draft, agent, { to, text }, emit) {
    const from = playerOf(draft, agent)
    const phase = draft.phase === 'deliberation' ? 'deliberation' : 'reply'
    const players = plotIndices(draft, to)
    voteOf(draft).messages.push({ phase, from, to: players, text })
    emit({ type: 'message_sent', phase, from: agent, to: players.map(player => PLOTS[player]!), text })
    return 'Sent.'
  },
})

const compensation = (of: string) => z.int().min(0).max(MOST_COMPENSATION).describe(of)

const requestCompensation = act({
  description:
    'Owners, once a round: the points you ask the developer for if the project is built. Only the developer sees it, and not whose it is.',
  args: z.strictObject({ amount: compensation('points asked for') }),
  candidates: ({ land }) =>
    land === null ? [] : [0, Math.max(0, land.values[0] - land.values[1]), land.high[0]].map(amount => ({ amount })),
  apply(draft, agent, { amount }) {
    voteOf(draft).requests[playerOf(draft, agent)] = { value: amount, declared: true }
    return `You ask for ${points(amount)}.`
  },
})

const offerCompensation = act({
  description: 'The developer, once a round: the points you will pay to every owner if the project is built, the same for each.',
  args: z.strictObject({ amount: compensation('points to every owner') }),
  candidates: ({ requests }) => [{ amount: 0 }, ...(requests ?? []).map(amount => ({ amount }))],
  apply(draft, _agent, { amount }) {
    voteOf(draft).offer = { value: amount, declared: true }
    return `You offer ${points(amount)} to every owner.`
  },
})

export const CHOICES = ['project', 'no_project', 'abstain'] as const satisfies readonly Choice[]
const vote = act({
  description: 'Owners, once a round: the project is built unless more owners vote against it than for it.',
  args: z.strictObject({ choice: z.enum(CHOICES).describe('your vote') }),
  candidates: () => CHOICES.map(choice => ({ choice })),
  apply(draft, agent, { choice }) {
    voteOf(draft).votes[playerOf(draft, agent)] = { value: choice, declared: true }
    return choice === 'abstain' ? 'You abstain.' : `You vote for ${choice.replace('_', ' ')}.`
  },
})

const payCompensation = act({
  description: 'The developer, once the project is carried: the points you pay to every owner, whatever you offered.',
  args: z.strictObject({ amount: compensation('points to every owner') }),
  candidates: ({ shared }) => [1, 0.5, 0].map(part => ({ amount: Math.round(part * (shared.offer ?? 0)) })),
  apply(draft, _agent, { amount }) {
    voteOf(draft).payment = { value: amount, declared: true }
    return `You pay ${points(amount)} to every owner.`
  },
})

const note = ask({
  description: 'Writes something down for yourself. Nobody else reads it.',
  args: z.strictObject({ text: z.string().min(1).max(1000).describe('at most 1000 characters') }),
  answer: () => 'Noted.',
})

const KINDS = ['tax', 'percentile', 'speculation', 'share_value'] as const
const calculate = ask({
  description:
    'The land-value calculator. tax: what a declaration costs; percentile: where it lies in its range; speculation: what each buyer of a plot gains and its holder loses; share_value: what a share pays at a total of declarations.',
  args: z.strictObject({
    kind: z.enum(KINDS).describe('what to calculate'),
    amount: z
      .number()
      .min(0)
      .max(100_000_000)
      .describe('points: the declaration, or for share_value the sum of all final declarations'),
    stage: z.enum(['initial', 'final']).default('final').describe('tax: of the initial or the final declaration'),
    condition: z.enum(CONDITIONS).default('project').describe('percentile, and your own value: under which condition'),
    role: z.enum(['owner', 'developer']).default('owner').describe('percentile: whose range, unless you hold land yourself'),
    value: z.number().min(0).max(100_000_000).optional().describe('the real value to reckon with; your own if left out'),
    buyers: z.int().min(1).max(6).default(1).describe('speculation: how many buy the plot'),
  }),
  answer({ shared, role, land }, { kind, amount, stage, condition, role: whose, value, buyers }) {
    const chosen = indexOf(condition)
    const real = value ?? land?.values[chosen]
    switch (kind) {
      case 'tax': {
        const tax = taxOn(amount, shared.taxes[stage])
        const left = real === undefined ? '' : ` A value of ${points(real)} less this tax is ${points(real - tax)}.`
        return `The ${stage} tax on ${points(amount)} at ${shared.taxes[stage]} % is ${points(tax)} points.${left}`
      }
      case 'percentile': {
        const { low, high } = RANGES[role === 'speculator' ? whose : role][chosen]
        return `${points(amount)} is at percentile ${percentile(amount, { low, high })} of ${points(low)} to ${points(high)}.`
      }
      case 'speculation': {
        if (real === undefined) return 'speculation needs a `value`: the real value you assume.'
        const buyersOf = [Array.from({ length: buyers }, (_, i) => i + 1)]
        const { profit } = speculate([real], [amount], buyersOf)[0]!
        return `Declared ${points(amount)}, really ${points(real)}, ${buyers} buying: each buyer gets ${points(profit)} points, the holder ${points(-profit * buyers)}.`
      }
      case 'share_value':
        return `At ${points(amount)} declared in all a share pays ${points(amount * sharePerPoint(shared.taxes.final))} points.`
    }
  },
})

/** What anybody may ask at any time, where a configuration has aids. */
export const ANYTIME = { calculate, note } as const
const LAND = { declare, declare_final: declareFinal, buy_plots: buyPlots } as const

/** All tools of each treatment. */
const TOOLS = {
  harberger: { ...LAND, ...marketTools(false), ...ANYTIME },
  futarchy: { ...LAND, buy_plots_conditional: buyPlotsConditional, ...marketTools(true), ...ANYTIME },
  voting: {
    send_message: sendMessage,
    request_compensation: requestCompensation,
    offer_compensation: offerCompensation,
    vote,
    ...ANYTIME,
  },
} as const

type Tools = (typeof TOOLS)[Treatment]

/** The same without the calculator and the notes. */
const WITHOUT_AIDS = Object.fromEntries(
  Object.entries(TOOLS).map(([treatment, { calculate: _calculate, note: _note, ...moves }]) => [treatment, moves]),
) as unknown as typeof TOOLS

/** Tools that options bring, in the order of the phases. */
const OPTIONAL = {
  appraisals: { publish_appraisals: publishAppraisals },
  pledges: { pay_compensation: payCompensation },
} as const

/** What a market of one turn has no use for. */
export const LATER_TURNS: readonly ToolName[] = ['cancel_order', 'end_turn']

const toolSets = new Map<string, Tools>()

/** The tools of a configuration; the same object for the same configuration. */
export function tools({ treatment, aids = true, brief = false, appraisals, pledges }: SpatialConfig): Tools {
  const key = `${treatment}/${aids}/${brief}/${appraisals !== undefined}/${pledges !== undefined}`
  let known = toolSets.get(key)
  if (known === undefined) {
    const all = {
      ...(appraisals !== undefined && OPTIONAL.appraisals),
      ...(aids ? TOOLS : WITHOUT_AIDS)[treatment],
      ...(pledges !== undefined && OPTIONAL.pledges),
    }
    known = (brief
      ? Object.fromEntries(Object.entries(all).filter(([name]) => !LATER_TURNS.includes(name)))
      : all) as unknown as Tools
    toolSets.set(key, known)
  }
  return known
}
