/**
 * Observations and actions as numbers, for learners without language, of every role in one. Plots are ranked by how low in their
 * range they are declared, requests by their size. Values and declarations are places in the range of the own plot: 0 is its lower
 * and 1 its upper end. Reads observations alone.
 */

import {
  defineEncoding,
  type Encoding,
  type FeatureRule,
  feature,
  flag,
  ranked,
  ranks,
  type SlotRule,
  slot,
} from '../core/encoding.ts'
import { meanOrNull } from '../core/sums.ts'
import type { SpatialConfig } from './config.ts'
import type { MarketView, Observation } from './observe.ts'
import {
  CONDITIONS,
  type Cond,
  type Condition,
  indexOf,
  MAX_SPECULATORS,
  type Pair,
  type Plot,
  ROLES,
  rangeOf,
  rosterOf,
  SHARES,
} from './roster.ts'
import type { Phase } from './state.ts'
import { CHOICES } from './tools.ts'
import type { SpatialTypes } from './types.ts'
import { points } from './words.ts'

/** What is declared, as a share of the real value, or an end of its range; at most what may be declared. */
const LEVELS = {
  low: ({ low }) => low,
  under: ({ value }) => 0.8 * value,
  true: ({ value }) => value,
  over: ({ value }) => 1.2 * value,
  cap: ({ cap }) => cap,
} as const satisfies Readonly<Record<string, (land: Land) => number>>
const LEVEL_WORDS = {
  low: 'the lower end of the range',
  under: '80 % of the real value',
  true: 'the real value',
  over: '120 % of the real value',
  cap: 'the most that may be declared',
} as const satisfies Readonly<Record<keyof typeof LEVELS, string>>
type Level = keyof typeof LEVELS
const LEVEL_NAMES = Object.keys(LEVELS) as Level[]

/** Prices of orders, in private signals. */
const PRICES = { below: 0.97, at: 1, above: 1.03 } as const
/** What owners ask for and say they lose, in losses. */
const REQUESTS = { nothing: 0, half: 0.5, loss: 1, more: 1.3, double: 2 } as const
const SAID = { truth: 1, exaggeration: 1.5 } as const
/** Plots that are bought under each of two conditions, at most. */
const CONDITIONAL = 3
/** Points of share prices, of cash, and of compensation. */
const PRICE = 10_000
const CASH = 100_000

interface Land {
  readonly value: number
  readonly low: number
  readonly high: number
  readonly cap: number
}

/** A plot as who may buy it sees it under a condition. */
interface Ranked {
  readonly plot: Plot
  readonly declared: number
  readonly percentile: number
  /** What it is shown to be worth; undefined where it is not shown. */
  readonly shown: number | undefined
  /** The mean of what others published that it is worth; undefined where nobody did. */
  readonly appraised: number | undefined
}

interface View {
  readonly observation: Observation
  /** Own land under each condition. */
  readonly land: readonly [Land, Land] | null
  /** The plots on sale under each condition, the lowest declared first; empty while there are none. */
  readonly sale: readonly [readonly Ranked[], readonly Ranked[]]
  /** What the project costs an owner or brings the developer, at least 0. */
  readonly stake: number
}

function view(observation: Observation): View {
  const { land } = observation
  const at = (cond: Cond): Land => ({
    value: land!.values[cond],
    low: land!.low[cond],
    high: land!.high[cond],
    cap: land!.cap[cond],
  })
  const gain = land === null ? 0 : land.values[1] - land.values[0]
  return {
    observation,
    land: land === null ? null : [at(0), at(1)],
    sale: [saleUnder(observation, 0), saleUnder(observation, 1)],
    stake: Math.max(0, observation.role === 'developer' ? gain : -gain),
  }
}

const NO_PLOTS: readonly Ranked[] = Object.freeze([])

/** The mean of what others published that a plot is worth; undefined where nobody did. */
function appraisedAt({ agent, appraisals = [] }: Observation, plot: string, cond: Cond): number | undefined {
  const said = appraisals.filter(seen => seen.plot === plot && seen.speculator !== agent)
  return meanOrNull(said.map(({ values }) => values[cond])) ?? undefined
}

function saleUnder(observation: Observation, cond: Cond): readonly Ranked[] {
  const { shared, declarations, finals, inspected = [] } = observation
  if (shared.chosen !== null && indexOf(shared.chosen) !== cond) return NO_PLOTS
  const offers =
    finals ??
    (declarations ?? []).map(({ plot, declared, percentile }) => ({
      plot,
      declared: declared[cond],
      percentile: percentile[cond],
    }))
  const known = offers.flatMap(({ plot, declared, percentile }) =>
    declared === null || percentile === null
      ? []
      : [
          {
            plot,
            declared,
            percentile,
            shown: inspected.find(seen => seen.plot === plot)?.values[cond],
            appraised: appraisedAt(observation, plot, cond),
          },
        ],
  )
  return ranked(known, ({ percentile }) => -percentile)
}

const encodings = new WeakMap<SpatialConfig, Encoding<SpatialTypes>>()

/** The encoding of a configuration. */
export function encode(config: SpatialConfig): Encoding<SpatialTypes> {
  let found = encodings.get(config)
  if (found === undefined) {
    const plots = rosterOf(config).plots.length
    const [features, slots] = config.treatment === 'voting' ? ofVotes(config, plots - 1) : ofMarkets(config, plots)
    found = defineEncoding<SpatialTypes, View>({ view, features: [...ownFeatures(config), ...features], slots })
    encodings.set(config, found)
  }
  return found
}

type Features = readonly FeatureRule<View>[]
type Slots = readonly SlotRule<View>[]

const PHASES: Readonly<Record<'land' | 'vote', readonly Phase[]>> = {
  land: ['declaration', 'speculation', 'market', 'final_declaration', 'final_speculation'],
  vote: ['deliberation', 'request', 'offer', 'reply', 'vote'],
}

/** Those of the treatment, and those that options bring. */
function phasesOf({ treatment, appraisals, pledges }: SpatialConfig): readonly Phase[] {
  return [
    ...(appraisals === undefined ? [] : (['appraisal'] as const)),
    ...PHASES[treatment === 'voting' ? 'vote' : 'land'],
    ...(pledges === undefined ? [] : (['payment'] as const)),
  ]
}

/** Where a value lies in the range of the own plot. */
const place = ({ low, high }: Land, value: number): number => (value - low) / (high - low)

function ownFeatures(config: SpatialConfig): Features {
  const turn = ({ observation: { shared } }: View): number => (shared.turn === null ? 0 : (shared.turn - 1) / shared.turns!)
  return [
    feature(
      'round',
      [0, 1],
      'rounds before this one, as a share of all',
      ({ observation: { shared } }) => Math.max(0, shared.round - 1) / shared.rounds,
    ),
    flag('practice', '1 in the practice round', ({ observation: { shared } }) => shared.practice),
    feature('turn', [0, 1], 'share of the turns of a market or conversation that is over', turn),
    ...phasesOf(config).map(phase =>
      flag<View>(`phase_${phase}`, `1 in the phase ${phase}`, ({ observation: { shared } }) => shared.phase === phase),
    ),
    ...ROLES.map(role => flag<View>(`is_${role}`, `1 where its role is ${role}`, ({ observation }) => observation.role === role)),
    ...CONDITIONS.map((condition, cond) =>
      feature<View>(
        `value_${condition}`,
        [0, 1],
        `place of the real value of its land under ${condition}; 0 without land`,
        ({ land }) => (land === null ? 0 : place(land[cond as Cond], land[cond as Cond].value)),
      ),
    ),
    feature(
      'stake',
      [0, 3],
      'what the project costs an owner or brings the developer / 1,000,000',
      ({ stake }) => stake / (10 * CASH),
    ),
  ]
}

/* Declarations, speculation and markets. */

function ofMarkets(config: SpatialConfig, plots: number): [Features, Slots] {
  const both = config.treatment === 'futarchy'
  const desks: readonly (Condition | null)[] = both ? CONDITIONS : [null]
  return [
    [
      ...landFeatures(),
      ...(config.appraisals === undefined ? [] : appraisalFeatures()),
      ...desks.flatMap(deskFeatures),
      ...CONDITIONS.flatMap(condition => ranks(plots).flatMap(rank => saleFeatures(condition, rank, config))),
    ],
    [
      ...(config.appraisals === undefined ? [] : APPRAISAL_SLOTS),
      ...LEVEL_NAMES.flatMap(without => LEVEL_NAMES.map(with_ => declareSlot(without, with_))),
      ...LEVEL_NAMES.map(declareFinalSlot),
      ...[0, ...ranks(plots)].map(buySlot),
      buyShownSlot(),
      ...(both ? conditionalSlots(Math.min(CONDITIONAL, plots)) : []),
      ...desks.flatMap(desk => deskSlots(desk, config)),
    ],
  ]
}

function landFeatures(): Features {
  const chosen = ({ observation: { shared } }: View): number =>
    shared.chosen === null ? 0 : shared.chosen === 'project' ? 1 : -1
  return [
    feature('chosen', [-1, 1], '1 where the project was chosen, −1 where it was not, 0 before', chosen),
    feature('leading', [-1, 1], 'the same of what the prices of two markets would choose now', ({ observation: { shared } }) =>
      shared.leading === null ? 0 : shared.leading === 'project' ? 1 : -1,
    ),
    ...CONDITIONS.map((condition, cond) =>
      feature<View>(
        `declared_${condition}`,
        [-1, 3],
        `place of the own initial declaration for ${condition}; 0 before`,
        ({ observation: { declared }, land }) =>
          declared === null || land === null ? 0 : place(land[cond as Cond], declared[cond as Cond]),
      ),
    ),
    feature('tax_initial', [0, 1], 'tax of the initial declaration', ({ observation: { shared } }) => shared.taxes.initial / 100),
    feature('tax_final', [0, 1], 'tax of the final declaration', ({ observation: { shared } }) => shared.taxes.final / 100),
    feature(
      'buyers',
      [0, 1],
      `who bought its plot in the first speculation, of ${MAX_SPECULATORS}`,
      ({ observation: { boughtPlot } }) => (boughtPlot?.buyers ?? 0) / MAX_SPECULATORS,
    ),
    feature(
      'deals',
      [-1, 1],
      'own profit of the first speculation / 100,000',
      ({ observation: { deals } }) => (deals ?? []).reduce((sum, { profit }) => sum + profit, 0) / CASH,
    ),
    feature(
      'shares_held',
      [0, 1],
      'own shares after the market, of 100',
      ({ observation: { holdings } }) => (holdings?.shares ?? 0) / SHARES,
    ),
  ]
}

/** The market of a condition, or the only one. */
const marketAt = ({ markets }: Observation, condition: Condition | null): MarketView | undefined =>
  condition === null ? (markets.no_project ?? markets.project) : markets[condition]

const suffix = (condition: Condition | null): string => (condition === null ? '' : `_${condition}`)

/** The best price of somebody else. */
const bestOf = (orders: MarketView['bids']): number | undefined => orders.find(({ mine }) => !mine)?.price

function deskFeatures(condition: Condition | null): Features {
  const of = (value: (market: MarketView) => number) => (v: View) => {
    const market = marketAt(v.observation, condition)
    return market === undefined ? 0 : value(market)
  }
  /** A price as a distance from the private signal, in shares of it. */
  const near = (price: number | null | undefined, { privateSignal }: MarketView): number =>
    price === null || price === undefined || privateSignal <= 0 ? 0 : price / privateSignal - 1
  const end = suffix(condition)
  const where = condition === null ? 'the market' : `the market of ${condition}`
  return [
    flag(`open${end}`, `1 while ${where} is open`, v => marketAt(v.observation, condition) !== undefined),
    feature(
      `signal${end}`,
      [0, 10],
      'own private signal of what a share is worth / 10,000',
      of(({ privateSignal }) => privateSignal / PRICE),
    ),
    feature(
      `public_signal${end}`,
      [-1, 1],
      'distance of the public signal from it',
      of(market => near(market.publicSignal, market)),
    ),
    feature(
      `best_bid${end}`,
      [-1, 1],
      'distance of the best bid of others from it; 0 without one',
      of(market => near(bestOf(market.bids), market)),
    ),
    feature(
      `has_bid${end}`,
      [0, 1],
      '1 where somebody else bids',
      of(({ bids }) => Number(bestOf(bids) !== undefined)),
    ),
    feature(
      `best_ask${end}`,
      [-1, 1],
      'distance of the lowest ask of others from it; 0 without one',
      of(market => near(bestOf(market.asks), market)),
    ),
    feature(
      `has_ask${end}`,
      [0, 1],
      '1 where somebody else asks',
      of(({ asks }) => Number(bestOf(asks) !== undefined)),
    ),
    feature(
      `median${end}`,
      [-1, 1],
      'distance of the median of the last seven prices from it; 0 without one',
      of(market => near(market.median, market)),
    ),
    feature(
      `traded${end}`,
      [0, 1],
      'trades so far / 50',
      of(({ traded }) => traded / 50),
    ),
    feature(
      `cash${end}`,
      [0, 10],
      'own free cash / 100,000',
      of(({ freeCash }) => freeCash / CASH),
    ),
    feature(
      `shares${end}`,
      [0, 1],
      'own free shares, of 100',
      of(({ freeShares }) => freeShares / SHARES),
    ),
    feature(
      `own_bids${end}`,
      [0, 1],
      'own bids in the book, of 10',
      of(({ bids }) => bids.filter(({ mine }) => mine).length / 10),
    ),
    feature(
      `own_asks${end}`,
      [0, 1],
      'own asks in the book, of 10',
      of(({ asks }) => asks.filter(({ mine }) => mine).length / 10),
    ),
  ]
}

function saleFeatures(condition: Condition, rank: number, { appraisals }: SpatialConfig): Features {
  const cond = indexOf(condition)
  const of = (value: (plot: Ranked) => number) => (v: View) => {
    const plot = v.sale[cond][rank - 1]
    return plot === undefined ? 0 : value(plot)
  }
  const name = `plot_${rank}_${condition}`
  return [
    feature(
      `${name}_percentile`,
      [0, 1],
      `percentile / 100 of the plot of rank ${rank} on sale under ${condition}; all 0 where there is none`,
      of(({ percentile }) => percentile / 100),
    ),
    feature(
      `${name}_developer`,
      [0, 1],
      "1 where it is the developer's",
      of(({ plot }) => Number(plot === 'developer')),
    ),
    feature(
      `${name}_gain`,
      [-3, 3],
      'what it is shown to be worth beyond its declaration / 100,000; 0 where it is not shown',
      of(({ shown, declared }) => (shown === undefined ? 0 : (shown - declared) / CASH)),
    ),
    ...(appraisals === undefined
      ? []
      : [
          feature<View>(
            `${name}_appraised`,
            [-3, 3],
            'the same of what others published that it is worth; 0 where nobody did',
            of(({ appraised, declared }) => (appraised === undefined ? 0 : (appraised - declared) / CASH)),
          ),
        ]),
  ]
}

/** What is said of the own plot. */
function appraisalFeatures(): Features {
  return [
    feature(
      'appraisals',
      [0, 1],
      `who published what its plot is worth, of ${MAX_SPECULATORS}`,
      ({ observation: { agent, appraisals = [] } }) => appraisals.filter(({ plot }) => plot === agent).length / MAX_SPECULATORS,
    ),
    ...CONDITIONS.map((condition, cond) =>
      feature<View>(
        `appraised_${condition}`,
        [-1, 3],
        `place of the mean of it for ${condition}; 0 where nobody did`,
        ({ observation, land }) => {
          const said = appraisedAt(observation, observation.agent, cond as Cond)
          return said === undefined || land === null ? 0 : place(land[cond as Cond], said)
        },
      ),
    ),
  ]
}

/** What a speculator publishes of the plots that it was shown. */
const APPRAISALS: Readonly<Record<string, readonly [meaning: string, say: (plot: Plot, values: Pair) => Pair]>> = {
  truth: ['what they are worth', (_plot, values) => values],
  low: ['the lower ends of their ranges', plot => [rangeOf(plot, 0).low, rangeOf(plot, 1).low]],
  high: ['the upper ends of their ranges', plot => [rangeOf(plot, 0).high, rangeOf(plot, 1).high]],
}

const APPRAISAL_SLOTS: Slots = [
  slot('appraise_nothing', 'publish_appraisals', 'publishes nothing of the plots it was shown', undefined, () => ({
    appraisals: [],
  })),
  ...Object.entries(APPRAISALS).map(([name, [meaning, say]]) =>
    slot<View>(
      `appraise_${name}`,
      'publish_appraisals',
      `publishes ${meaning} as the worth of the plots it was shown`,
      undefined,
      ({ observation: { inspected = [] } }) => ({
        appraisals: inspected.map(({ plot, values }) => {
          const [no_project, project] = say(plot, values)
          return { plot, no_project, project }
        }),
      }),
    ),
  ),
]

function levelOf(level: Level, land: Land): number {
  return Math.round(Math.min(land.cap, LEVELS[level](land)))
}

function declareSlot(without: Level, with_: Level): SlotRule<View> {
  return slot(
    `declare_${without}_${with_}`,
    'declare',
    `declares ${LEVEL_WORDS[without]} without and ${LEVEL_WORDS[with_]} with the project`,
    ({ land }) => land !== null,
    ({ land }) => (land === null ? undefined : { no_project: levelOf(without, land[0]), project: levelOf(with_, land[1]) }),
  )
}

function declareFinalSlot(level: Level): SlotRule<View> {
  const args = ({ land, observation: { shared } }: View) =>
    land === null || shared.chosen === null ? undefined : { value: levelOf(level, land[indexOf(shared.chosen)]) }
  return slot(
    `declare_final_${level}`,
    'declare_final',
    `declares ${LEVEL_WORDS[level]} in the end`,
    v => args(v) !== undefined,
    args,
  )
}

/** The plots on sale under the chosen condition. */
const onSale = ({ sale, observation: { shared } }: View): readonly Ranked[] =>
  shared.chosen === null ? [] : sale[indexOf(shared.chosen)]
const lowest = (plots: readonly Ranked[], count: number): Plot[] => plots.slice(0, count).map(({ plot }) => plot)
const shownGains = (plots: readonly Ranked[]): Plot[] =>
  plots.flatMap(({ plot, shown, declared }) => (shown !== undefined && shown > declared ? [plot] : []))

function buySlot(count: number): SlotRule<View> {
  const args = (v: View) => (onSale(v).length < count || onSale(v).length === 0 ? undefined : { plots: lowest(onSale(v), count) })
  return slot(
    `buy_lowest_${count}`,
    'buy_plots',
    `buys the ${count} plots that are declared lowest in their ranges`,
    v => args(v) !== undefined,
    args,
  )
}

function buyShownSlot(): SlotRule<View> {
  const args = (v: View) => (onSale(v).length === 0 ? undefined : { plots: shownGains(onSale(v)) })
  return slot(
    'buy_shown',
    'buy_plots',
    'buys the plots that are shown to be worth more than declared',
    v => args(v) !== undefined,
    args,
  )
}

function conditionalSlots(most: number): Slots {
  const counts = [0, ...ranks(most)]
  const args =
    (pick: (cond: Cond, sale: readonly Ranked[]) => Plot[]) =>
    ({ sale }: View) =>
      sale[0].length === 0 || sale[1].length === 0 ? undefined : { if_no_project: pick(0, sale[0]), if_project: pick(1, sale[1]) }
  const conditional = (name: string, meaning: string, pick: (cond: Cond, sale: readonly Ranked[]) => Plot[]) =>
    slot<View>(name, 'buy_plots_conditional', meaning, v => args(pick)(v) !== undefined, args(pick))
  return [
    ...counts.flatMap(without =>
      counts.map(with_ =>
        conditional(
          `buy_lowest_${without}_if_no_project_${with_}_if_project`,
          `buys the ${without} plots declared lowest if it is not built and the ${with_} if it is`,
          (cond, sale) => lowest(sale, cond === 0 ? without : with_),
        ),
      ),
    ),
    conditional('buy_shown_conditional', 'buys under each condition the plots that are shown to be worth more', (_cond, sale) =>
      shownGains(sale),
    ),
  ]
}

function deskSlots(condition: Condition | null, { brief = false }: SpatialConfig): Slots {
  const end = suffix(condition)
  const where = condition === null ? {} : { market: condition }
  const words = condition === null ? '' : ` in the market of ${condition}`
  const within = (legal: (market: MarketView) => boolean) => (v: View) => {
    const market = marketAt(v.observation, condition)
    return market !== undefined && legal(market)
  }
  const given = (args: (market: MarketView) => object | undefined) => (v: View) => {
    const market = marketAt(v.observation, condition)
    const own = market && args(market)
    return own && { ...own, ...where }
  }
  const priceOf = ({ privateSignal }: MarketView, factor: number): number => Math.round(privateSignal * factor)
  const affords = (factor: number) => (market: MarketView) => priceOf(market, factor) <= market.freeCash
  const holds = ({ freeShares }: MarketView): boolean => freeShares > 0
  const order = (side: 'bid' | 'ask', factor: number) => (market: MarketView) => ({ side, price: priceOf(market, factor) })
  return [
    ...Object.entries(PRICES).flatMap(([name, factor]) => [
      slot<View>(
        `bid_${name}_signal${end}`,
        'place_limit_order',
        `bids ${factor} of its private signal for a share${words}`,
        within(affords(factor)),
        given(order('bid', factor)),
      ),
      slot<View>(
        `ask_${name}_signal${end}`,
        'place_limit_order',
        `asks ${factor} of its private signal for a share${words}`,
        within(holds),
        given(order('ask', factor)),
      ),
    ]),
    {
      name: `quote${end}`,
      tools: ['place_limit_order', 'place_limit_order'],
      meaning: `bids below and asks above its private signal${words}`,
      legal: within(market => affords(PRICES.below)(market) && holds(market)),
      args: v => {
        const both = [given(order('bid', PRICES.below))(v), given(order('ask', PRICES.above))(v)]
        return both[0] === undefined || both[1] === undefined ? undefined : [both[0], both[1]]
      },
    },
    slot(
      `buy_now${end}`,
      'trade_now',
      `buys a share at the lowest ask${words}`,
      within(({ asks, freeCash }) => (bestOf(asks) ?? Number.POSITIVE_INFINITY) <= freeCash),
      given(() => ({ side: 'buy' })),
    ),
    slot(
      `sell_now${end}`,
      'trade_now',
      `sells a share at the highest bid${words}`,
      within(market => holds(market) && bestOf(market.bids) !== undefined),
      given(() => ({ side: 'sell' })),
    ),
    // A market of one turn has nothing to take back.
    ...(brief ? [] : (['bids', 'asks'] as const)).map(side => {
      const own = (market: MarketView) => market[side].find(({ mine }) => mine)
      return slot<View>(
        `cancel_${side.slice(0, -1)}${end}`,
        'cancel_order',
        `takes its best ${side.slice(0, -1)} off the book${words}`,
        within(market => own(market) !== undefined),
        given(market => {
          const found = own(market)
          return found && { order_id: found.id }
        }),
      )
    }),
  ]
}

/* Deliberation, compensation and vote. */

/** Of the offer that was made. */
const PAID = { all: 1, half: 0.5, nothing: 0 } as const
const PAYMENT_SLOTS: Slots = Object.entries(PAID).map(([name, part]) =>
  slot<View>(
    `pay_${name}`,
    'pay_compensation',
    `pays every owner ${name === 'nothing' ? 'nothing' : `${name} of what it offered`}`,
    undefined,
    ({ observation: { shared } }) => ({ amount: Math.round(part * (shared.offer ?? 0)) }),
  ),
)

function ofVotes({ pledges }: SpatialConfig, owners: number): [Features, Slots] {
  const said = ({ observation: { messages, agent } }: View): number => {
    const numbers = messages.flatMap(({ from, text }) => {
      const number = from === agent ? undefined : /\d[\d,]*/.exec(text)?.[0]
      return number === undefined ? [] : [Number(number.replaceAll(',', ''))]
    })
    return (meanOrNull(numbers) ?? 0) / CASH
  }
  const features: Features = [
    feature(
      'offer',
      [0, 10],
      "the developer's offer to every owner / 100,000; 0 before",
      ({ observation: { shared } }) => (shared.offer ?? 0) / CASH,
    ),
    feature('request', [0, 10], 'own request / 100,000', ({ observation }) => (observation.request ?? 0) / CASH),
    ...ranks(owners).map(rank =>
      feature<View>(
        `request_${rank}`,
        [0, 10],
        `the request of rank ${rank} to the developer, the least first, / 100,000`,
        ({ observation }) => (observation.requests?.[rank - 1] ?? 0) / CASH,
      ),
    ),
    feature(
      'messages',
      [0, 1],
      'messages of this round that it wrote or reads, of 20',
      ({ observation }) => observation.messages.length / 20,
    ),
    feature('said', [0, 10], 'mean of the first numbers in those of others / 100,000', said),
  ]
  const others = ({ shared, agent }: Observation): Plot[] => shared.plots.filter(plot => plot !== agent)
  const message = ({ observation, stake }: View, factor: number): object => {
    const sum = points(Math.round(factor * (observation.role === 'developer' ? stake / owners : stake)))
    const text =
      observation.role === 'developer'
        ? `I can pay every owner at most ${sum} points.`
        : `The project would cost me ${sum} points.`
    return { to: others(observation), text }
  }
  const offers: readonly (readonly [name: string, meaning: string, amount: (view: View) => number | undefined])[] = [
    ['nothing', 'nothing', () => 0],
    ...ranks(owners).map(
      rank =>
        [
          `request_${rank}`,
          `what the owner of rank ${rank} asked for, the least first,`,
          (v: View) => v.observation.requests?.[rank - 1],
        ] as const,
    ),
    ['all', 'what all owners together can be paid out of the gain,', ({ stake }) => Math.floor(stake / owners)],
  ]
  return [
    features,
    [
      ...Object.entries(SAID).map(([name, factor]) =>
        slot<View>(
          `say_${name}`,
          'send_message',
          `tells all others ${factor} of what the project costs or lets it pay`,
          v => others(v.observation).length > 0,
          v => message(v, factor),
        ),
      ),
      ...Object.entries(REQUESTS).map(([name, factor]) =>
        slot<View>(
          `request_${name}`,
          'request_compensation',
          `asks for ${factor} of what the project costs it`,
          undefined,
          ({ stake }) => ({ amount: Math.round(factor * stake) }),
        ),
      ),
      ...offers.map(([name, meaning, amount]) =>
        slot<View>(
          `offer_${name}`,
          'offer_compensation',
          `offers ${meaning} to every owner`,
          v => amount(v) !== undefined,
          v => {
            const sum = amount(v)
            return sum === undefined ? undefined : { amount: sum }
          },
        ),
      ),
      ...CHOICES.map(choice =>
        slot<View>(`vote_${choice}`, 'vote', `votes ${choice.replace('_', ' ')}`, undefined, () => ({ choice })),
      ),
      ...(pledges === undefined ? [] : PAYMENT_SLOTS),
    ],
  ]
}
