/** From what was added up to figures: the content of every table. Knows tallies and statistics; reads nothing. */
import { groupBy } from '../envs/core/grouped.ts'
import type { ValueRange } from '../envs/core/range.ts'
import { sum } from '../envs/core/sums.ts'
import { Column, Moments } from '../rollouts/column.ts'
import { dealingId } from '../rollouts/conduct.ts'
import { promptTokens } from '../rollouts/models/usage.ts'
import { passAllK, passAtK } from '../rollouts/pass_rates.ts'
import { COUNTS, type Figure, interval, isCount, type TableId, type Unit } from './figures.ts'
import { Games } from './games.ts'
import { type DealingCounts, SILENCE } from './habits.ts'
import type { PlayerTally } from './player_tally.ts'
import type { PublishedRun } from './published.ts'
import type { Setting } from './setting.ts'
import { clusteredMean, clusteredShare } from './stats.ts'
import { strengths } from './strengths.ts'

export interface TableOptions {
  readonly threshold: number
  readonly seed: number
}

/** The figures of one setting. */
export function settingFigures(setting: Setting, label: string, options: TableOptions): Figure[] {
  const { tallies } = setting
  const tools = setting.metadata.tools.map(({ name }) => name)
  const cells = new Cells(setting, label, options.seed)
  for (const tally of tallies) {
    rollouts(cells, tally)
    scores(cells, tally)
    passes(cells, tally, options)
    spending(cells, tally)
    logs(cells, tally, tools)
  }
  calls(cells, tallies, tools)
  sequences(cells, tallies)
  dealings(cells, tallies)
  wins(cells, setting, options.seed)
  shares(cells, tallies, 'stops', ({ stops }) => stops)
  turns(cells, tallies)
  return cells.figures
}

/** Collects the figures of a setting. */
class Cells {
  readonly figures: Figure[] = []
  readonly #of: Setting
  readonly #setting: string
  readonly #seed: number

  constructor(of: Setting, setting: string, seed: number) {
    this.#of = of
    this.#setting = setting
    this.#seed = seed
  }

  add(
    table: TableId,
    player: string,
    item: string,
    unit: Unit,
    figure: Omit<Figure, 'table' | 'setting' | 'player' | 'item' | 'unit'>,
  ) {
    this.figures.push({ table, setting: this.#setting, player, item, unit, ...figure })
  }

  /** A mean with its interval; nothing where there is no value. */
  mean(
    table: TableId,
    player: string,
    item: string,
    column: Column,
    unit: Unit = 'number',
    range: ValueRange = this.#of.range(item, column),
  ): void {
    const estimate = clusteredMean(column, { seed: this.#seed, range })
    if (estimate !== undefined) this.add(table, player, item, unit, { ...interval(estimate), sd: column.sd })
  }

  /** A mean without an interval. */
  moments(table: TableId, player: string, item: string, { n, mean, sd }: Moments, more: Partial<Figure> = {}): void {
    if (n > 0) this.add(table, player, item, 'number', { n, value: mean, sd, ...more })
  }
}

function rollouts(cells: Cells, { label, rows, truncated, failed, missing, scenarios }: PlayerTally): void {
  for (const [item, value] of Object.entries({ scored: rows.n, truncated, failed, missing, scenarios }))
    cells.add('rollouts', label, item, 'count', { n: rows.n, value })
}

function scores(cells: Cells, { label, reward, metrics, parts }: PlayerTally): void {
  cells.mean('scores', label, 'reward', reward)
  for (const part of parts) if (metrics.has(part)) cells.mean('scores', label, part, metrics.get(part)!)
  for (const [name, column] of metrics) if (!parts.has(name) && !isCount(name)) cells.mean('metrics', label, name, column)
}

/**
 * k = 1, 2, 4, … and the most repeats that any scenario has; a scenario with fewer than k has no value, and the figure says of what
 * share of them it speaks.
 */
function passes(cells: Cells, { label, passes: all }: PlayerTally, { threshold }: TableOptions): void {
  const known = all.filter(pass => pass !== undefined)
  const most = known.reduce((max, { n }) => Math.max(max, n), 0)
  const ks = [1, 2, 4, 8, 16, 32, 64].filter(k => k < most)
  if (most > 0) ks.push(most)
  for (const [name, rate] of [
    ['pass@', passAtK],
    ['pass^', passAllK],
  ] as const) {
    for (const k of ks) {
      if (k === 1 && name === 'pass^') continue
      const rates = known.flatMap(({ n, passed }) => rate(n, passed, k) ?? [])
      const ends = rates.every(each => each === 0 || each === 1)
      const estimate = clusteredShare({ sums: rates, counts: rates.map(() => 1) }, ends ? { ends } : {})
      if (estimate === undefined) continue
      const share = rates.length / known.length
      const figure = { ...interval(estimate), ...(share < 1 && { share }) }
      cells.add('passes', label, `${name}${k} (reward ≥ ${threshold})`, 'share', figure)
    }
  }
}

function spending(cells: Cells, { label, rows, cost, spending: spent }: PlayerTally): void {
  const { calls, retries, usage } = spent
  if (usage === null) return
  const add = (item: string, unit: Unit, value: number | null) => cells.add('spending', label, item, unit, { n: calls, value })
  const each = (sum: number): number | null => (rows.n === 0 ? null : sum / rows.n)
  const part = (sum: number | null, whole: number): number | null => (sum === null || whole === 0 ? null : sum / whole)
  const input = promptTokens(usage)
  add('model calls', 'number', each(calls))
  add('input tokens', 'number', each(input))
  add('of them read from cache', 'share', part(usage.input_cached_read, input))
  add('output tokens', 'number', each(usage.output))
  add('of them reasoning', 'share', part(usage.output_reasoning, usage.output))
  cells.mean('spending', label, 'USD', cost, 'number', { low: 0, high: null })
  add('USD, all priced rollouts', 'number', cost.n === 0 ? null : cost.mean * cost.n)
  add('retries, all rollouts', 'count', retries)
  for (const [item, share] of [
    ['latency, median ms', 0.5],
    ['latency, 95 % ms', 0.95],
  ] as const) {
    const latency = spent.latency(share)
    add(item, 'count', latency && Math.round(latency))
  }
}

/** The names in the order of the economy's tools, others after them. */
function inToolOrder(names: Iterable<string>, tools: readonly string[]): string[] {
  const found = new Set(names)
  return [...tools.filter(name => found.has(name)), ...[...found].filter(name => !tools.includes(name)).sort()]
}

/** What one player never did is 0 beside the others, not absent. */
function calls(cells: Cells, tallies: readonly PlayerTally[], tools: readonly string[]): void {
  const names = (of: (tally: PlayerTally) => ReadonlyMap<string, Column>) =>
    new Set(tallies.flatMap(tally => [...of(tally).keys()]))
  const used = inToolOrder(
    names(({ calls }) => calls),
    tools,
  )
  const codes = [...names(({ refused }) => refused)].sort()
  const silence = tallies.some(({ silent }) => silent.max > 0)
  for (const { label, rows, metrics, silent, calls, refused } of tallies) {
    const filled = (column = new Column()): Column => {
      column.fillTo(rows)
      return column
    }
    for (const [name, item] of Object.entries(COUNTS))
      if (metrics.has(name)) cells.moments('calls', label, item, metrics.get(name)!)
    for (const tool of used) cells.moments('calls', label, tool, filled(calls.get(tool)))
    if (silence) cells.moments('calls', label, SILENCE, silent)
    for (const code of codes) cells.moments('refusals', label, code, filled(refused.get(code)))
  }
}

function logs(cells: Cells, { label, habits }: PlayerTally, tools: readonly string[]): void {
  const { rollouts: played, firstUse, texts, partners, favourite } = habits
  for (const tool of inToolOrder(firstUse.keys(), tools)) {
    const first = firstUse.get(tool)!
    cells.moments('first_use', label, tool, first, { share: first.n / played })
  }
  cells.moments('partners', label, 'agents dealt with', partners)
  if (favourite.n > 0) cells.moments('partners', label, 'share of dealings with the most frequent one', favourite)
  for (const [name, length] of texts) cells.moments('texts', label, name, length)
}

/** The commonest first. */
function sequences(cells: Cells, tallies: readonly PlayerTally[]): void {
  const pairs = tallies.flatMap(({ label, habits }) =>
    [...habits.follows].flatMap(([before, next]) => {
      const n = sum([...next.values()])
      return [...next].map(([after, count]) => ({ label, item: `${before} → ${after}`, n, count }))
    }),
  )
  const common = new Map<string, number>()
  for (const { item, count } of pairs) common.set(item, (common.get(item) ?? 0) + count)
  pairs.sort((a, b) => common.get(b.item)! - common.get(a.item)! || (a.item < b.item ? -1 : 1))
  for (const { label, item, n, count } of pairs) cells.add('sequences', label, item, 'share', { n, value: count / n })
}

/** What an economy's dealings call an offer; its outcomes are shares of it. */
const OFFERED = 'offered'

/** Counts a rollout, and for outcomes of offers their share. By side and kind of partner, offers first, the same rows for all. */
function dealings(cells: Cells, tallies: readonly PlayerTally[]): void {
  const known = new Map(tallies.flatMap(({ habits }) => [...habits.dealings]))
  const rank = ({ kind, side, partner, outcome }: DealingCounts): string =>
    [kind, side, partner, outcome === OFFERED ? '' : outcome].join('\n')
  const rows = [...known].sort(([, a], [, b]) => (rank(a) < rank(b) ? -1 : 1))
  for (const { label, habits } of tallies) {
    const happened = (id: string): number => {
      const moments = habits.dealings.get(id)?.moments
      return moments === undefined ? 0 : Math.round(moments.mean * moments.n)
    }
    for (const [id, { kind, side, partner, outcome }] of rows) {
      const moments = habits.dealings.get(id)?.moments ?? new Moments()
      moments.addZeros(habits.rollouts - moments.n)
      const item = `${kind} ${side === 'made' ? 'to' : 'from'} ${partner}: ${outcome}`
      cells.moments('dealings', label, item, moments)
      const offers = happened(dealingId({ kind, side, partner, outcome: OFFERED }))
      if (outcome !== OFFERED && offers > 0)
        cells.add('treatment', label, item, 'share', { n: offers, value: happened(id) / offers })
    }
  }
}

/** Games are rollouts that several players shared; where there are none, the scenarios that they played apart. */
function wins(cells: Cells, setting: Setting, seed: number): void {
  const { tallies, games } = setting
  if (tallies.length < 2 || tallies.some((a, i) => tallies.slice(i).some(b => !setting.comparable(a, b)))) return
  const shared = !games.empty
  const points = (shared ? games : apart(tallies)).points()
  if (points.length === 0) return
  const found = strengths(points, tallies.length, { seed })
  const elo = (strength: number | null) => (strength === null ? null : (400 / Math.LN10) * strength)
  for (const [i, { label }] of tallies.entries()) {
    // A scenario is one cluster, however many opponents were met in it.
    const own = [
      ...groupBy(
        points.filter(({ i: a, j: b }) => a === i || b === i),
        ({ cluster }) => cluster,
      ).values(),
    ]
    const rate = clusteredShare({
      sums: own.map(games => sum(games.map(({ i: a, pi, pj }) => (a === i ? pi : pj)))),
      counts: own.map(games => sum(games.map(({ pi, pj }) => pi + pj))),
    })
    if (rate === undefined) continue
    cells.add('wins', label, shared ? 'points a shared rollout' : 'points a shared scenario', 'share', interval(rate))
    const { strength, low, high, group } = found[i]!
    cells.add('wins', label, 'strength', 'number', { n: rate.n, value: elo(strength), low: elo(low), high: elo(high) })
    cells.add('wins', label, 'group', 'count', { n: rate.n, value: group + 1 })
  }
}

/** Everybody against everybody on the scenarios that both played: the higher mean reward wins. */
function apart(tallies: readonly PlayerTally[]): Games {
  const games = new Games()
  for (const [i, { reward: a }] of tallies.entries()) {
    for (let j = i + 1; j < tallies.length; j++) {
      const b = tallies[j]!.reward
      for (let g = 0; g < Math.min(a.counts.length, b.counts.length); g++)
        if (a.counts[g]! > 0 && b.counts[g]! > 0) games.play(g, i, j, a.sums[g]! / a.counts[g]!, b.sums[g]! / b.counts[g]!)
    }
  }
  return games
}

/** Counts as shares of a player's rows, every item for every player. */
function shares<Key>(
  cells: Cells,
  tallies: readonly PlayerTally[],
  table: TableId,
  of: (tally: PlayerTally) => ReadonlyMap<Key, number>,
): void {
  const items = new Set(tallies.flatMap(tally => [...of(tally).keys()]))
  for (const item of items) {
    for (const tally of tallies) {
      const { n } = tally.rows
      if (n > 0) cells.add(table, tally.label, String(item), 'share', { n, value: (of(tally).get(item) ?? 0) / n })
    }
  }
}

/** Bars of the histogram of turns at most. */
const BARS = 12
const WIDTHS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000]

/** A histogram with the same bars for all. */
function turns(cells: Cells, tallies: readonly PlayerTally[]): void {
  const met = [...new Set(tallies.flatMap(tally => [...tally.turns.keys()]))].sort((a, b) => a - b)
  const span = (met.at(-1) ?? 0) - (met[0] ?? 0)
  const width = met.length <= BARS ? 1 : (WIDTHS.find(each => span / each < BARS) ?? Math.ceil(span / BARS))
  const bar = (value: number): string => {
    const low = Math.floor(value / width) * width
    return width === 1 ? String(value) : `${low}–${low + width - 1}`
  }
  const bars = new Map(tallies.map(tally => [tally, new Map<string, number>(met.map(value => [bar(value), 0]))]))
  for (const [tally, counts] of bars) for (const [value, n] of tally.turns) counts.set(bar(value), counts.get(bar(value))! + n)
  shares(cells, tallies, 'turns', tally => bars.get(tally)!)
}

/** A published run as a further player of a setting. */
export function publishedFigures(run: PublishedRun, setting: string): Figure[] {
  const common = { setting, player: `${run.player} (published)`, n: run.n }
  const { scores = {}, metrics = {}, calls: called = {}, stops = {} } = run
  return [
    { ...common, table: 'rollouts', item: 'scored', unit: 'count', value: run.n },
    ...Object.entries({ scores, metrics, calls: called }).flatMap(([table, items]) =>
      Object.entries(items).map(
        ([item, { mean, sd }]): Figure => ({
          ...common,
          table: table as TableId,
          item,
          unit: 'number',
          value: mean,
          ...(sd !== undefined && { sd }),
        }),
      ),
    ),
    ...Object.entries(stops).map(([item, value]): Figure => ({ ...common, table: 'stops', item, unit: 'share', value })),
  ]
}
