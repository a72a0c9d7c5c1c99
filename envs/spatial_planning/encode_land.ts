/** Declarations, appraisals and speculation in land as numbers and slots. Knows no market of shares and no vote. */
import { feature, ranks, type SlotRule, slot } from '../core/encoding.ts'
import type { SpatialConfig } from './config.ts'
import { appraisedAt, CASH, type Features, type Land, place, type Ranked, type Slots, type View } from './encode_view.ts'
import {
  CONDITIONS,
  type Cond,
  type Condition,
  endsOf,
  indexOf,
  MAX_SPECULATORS,
  type Pair,
  type Plot,
  SHARES,
} from './roster.ts'

/** Plots that are bought under each of two conditions, at most. */
const CONDITIONAL = 3

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

export function landFeatures(): Features {
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

export function saleFeatures(condition: Condition, rank: number, { appraisals }: SpatialConfig): Features {
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
export function appraisalFeatures(): Features {
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
  low: ['the lower ends of their ranges', plot => endsOf(plot, 'low')],
  high: ['the upper ends of their ranges', plot => endsOf(plot, 'high')],
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

/** All that is declared, published and bought. */
export function landSlots({ treatment, appraisals }: SpatialConfig, plots: number): Slots {
  return [
    ...(appraisals === undefined ? [] : APPRAISAL_SLOTS),
    ...LEVEL_NAMES.flatMap(without => LEVEL_NAMES.map(with_ => declareSlot(without, with_))),
    ...LEVEL_NAMES.map(declareFinalSlot),
    ...[0, ...ranks(plots)].map(buySlot),
    buyShownSlot(),
    ...(treatment === 'futarchy' ? conditionalSlots(Math.min(CONDITIONAL, plots)) : []),
  ]
}
