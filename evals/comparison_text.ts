/** A comparison as people read it: in a terminal, and in Markdown. Knows how tables look; computes nothing. */
import { markdownText, oneLine } from '../envs/core/text.ts'
import type { Comparison } from './compare.ts'
import { CORRECTIONS, type Correction, type Figure, type TableId, tableFacts, tableNote, tableTitle } from './figures.ts'
import { type Overview, type OverviewRow, overviewOf, SETTLED, shownP, type Verdict } from './overview.ts'
import { markdown, sheet } from './sheet.ts'
import { block, type FigureRow, figureTable, number, plural } from './text.ts'

/** Each setting, then each sweep, with its tables that have something to say for people, in their order. */
function* sectionsOf(
  { settings, sweeps, figures }: Comparison,
  tables: readonly TableId[] = Object.keys(tableFacts) as TableId[],
): Generator<{ readonly setting: string; readonly tables: readonly (readonly [TableId, readonly Figure[]])[] }> {
  const shown = (Object.keys(tableFacts) as TableId[]).filter(table => tables.includes(table) && !tableFacts[table].files)
  for (const setting of new Set([...settings, ...sweeps.map(({ section }) => section)])) {
    const own = figures.filter(figure => figure.setting === setting)
    const found = shown.map(table => [table, own.filter(figure => figure.table === table)] as const)
    yield { setting, tables: found.filter(([, cells]) => cells.length > 0) }
  }
}

/**
 * The tables, all or those named, as plain text of that width (characters; 80 by default). `correction` says which p-values are shown:
 * Holm's by default.
 */
export function comparisonText(
  comparison: Comparison,
  width = 80,
  tables?: readonly TableId[],
  correction: Correction = 'holm',
): string {
  const parts: string[] = []
  for (const { setting, tables: found } of sectionsOf(comparison, tables)) {
    if (found.length === 0) continue
    const head = oneLine(setting)
    parts.push(`${block(head, width)}\n${'='.repeat(Math.min(width, head.length))}`)
    for (const [table, figures] of found) {
      const { heads, rows, more } = sheet(figures, cellOf(correction), tableFacts[table].most)
      const title = oneLine(tableTitle(table, setting))
      const note = tableNote(table, correction)
      parts.push([block(title, width), figureTable(heads, rows, width), ...under(note, more, width)].join('\n'))
    }
  }
  return `${[...parts, ...comparison.notes.map(note => block(oneLine(note), width))].join('\n\n')}\n`
}

function under(note: string | undefined, more: number, width: number): string[] {
  const texts = [...(note === undefined ? [] : [note]), ...(more > 0 ? [`${more} more rows: --format csv has all`] : [])]
  return texts.map(text => block(`(${text})`, width))
}

/** All tables as Markdown; `correction` as in `comparisonText`. */
export function comparisonMarkdown(comparison: Comparison, correction: Correction = 'holm'): string {
  const parts: string[] = []
  for (const { setting, tables } of sectionsOf(comparison)) {
    parts.push(`## ${markdownText(setting)}`)
    for (const [table, figures] of tables) {
      const shown = sheet(figures, cellOf(correction), tableFacts[table].most)
      const note = tableNote(table, correction)
      const title = markdownText(tableTitle(table, setting))
      parts.push(`### ${title}`, markdown(shown).trimEnd(), ...under(note, shown.more, Number.POSITIVE_INFINITY))
    }
  }
  return `${[...parts, ...comparison.notes.map(markdownText)].join('\n\n')}\n`
}

/** A figure as people read it, with the p-value of that correction. */
function cellOf(correction: Correction): (figure: Figure) => string {
  const { shown: chosen } = CORRECTIONS[correction]
  return figure => {
    const { unit, value, sd, share } = figure
    if (value === null) return '–'
    const shown = SHOWN[unit]
    const spread = typeof sd === 'number' ? ` ± ${shown(sd)}` : ''
    const p = figure[chosen]
    const chance = typeof p === 'number' ? ` ${correction === 'bh' ? 'q' : 'p'} ${chanceText(p)}` : ''
    return `${shown(value)}${spread}${intervalText(figure)}${chance}${share === undefined ? '' : ` (${SHOWN.share(share)})`}`
  }
}

/** Such as ` [0.412, 0.518]*`; empty without an interval. */
function intervalText({ unit, low, high, method }: Figure): string {
  if (typeof low !== 'number' || typeof high !== 'number') return ''
  return ` [${SHOWN[unit](low)}, ${SHOWN[unit](high)}]${method === 'bootstrap' ? '*' : ''}`
}

function chanceText(p: number): string {
  return p < 0.001 ? '<0.001' : p.toFixed(3)
}

const SHOWN: Readonly<Record<Figure['unit'], (value: number) => string>> = {
  number,
  count: String,
  share: value => `${(100 * value).toFixed(1)} %`,
}

const GLANCE_HEADS = ['reward', 'against the baseline', 'settled, p']

/** Lines of the smallest screen, less the one that is typed on. */
export const SCREEN = 23

/** Rows that stand there however much is said under them. */
const LEAST = 6

/** A player's cells in the table that a comparison begins with, under `GLANCE_HEADS`. */
function glance({ reward, difference, is_baseline, settled }: OverviewRow, correction: Correction): readonly string[] {
  const shown = (figure: Figure): string =>
    figure.value === null ? '–' : `${SHOWN[figure.unit](figure.value)}${intervalText(figure)}`
  if (difference === null) return [shown(reward), is_baseline ? '(baseline)' : '–', '']
  const p = shownP(difference, correction)
  return [shown(reward), shown(difference), `${settled ? 'yes' : 'no'}, ${p === undefined ? '–' : chanceText(p)}`]
}

/** What is said under the first table. */
function glanceNotes({ lacking, correction }: Overview, notes: readonly string[], left: number): string[] {
  return [
    `[95 % interval over scenarios; * by bootstrap]. Settled: ${correction === 'bh' ? 'q' : 'p'} < ${SETTLED}, paired t test, ${CORRECTIONS[correction].over}.`,
    ...(left > 0 ? [`${plural(left, 'more player')}: --all.`] : []),
    ...lacking.map(({ setting, player, what, rollouts }) => `${player} in ${setting}: ${plural(rollouts, 'rollout')} ${what}.`),
    ...notes,
  ]
}

/** How many scenarios stand behind a setting's figures. */
function scenariosOf({ scenarios: [least, most] }: Verdict): string {
  return least === most ? plural(most, 'scenario') : `${least} to ${plural(most, 'scenario')}`
}

/**
 * What a comparison comes to in one table that fits a screen of `lines`: who earned what, and whether it differs from the baseline.
 * What has no room is counted: the later players of every setting, then the later settings.
 */
export function overviewText(comparison: Comparison, width = 80, correction: Correction = 'holm', lines = SCREEN): string {
  const overview = overviewOf(comparison, correction)
  if (overview.rows.length === 0)
    return `${['No rollout was scored.', ...notesUnder(overview, comparison.notes, 0, width).slice(1)].join('\n')}\n`
  const places = new Map<string, number>()
  const all = overview.rows.map(row => {
    const place = places.get(row.setting) ?? 0
    places.set(row.setting, place + 1)
    return { ...row, place, cells: glance(row, correction) }
  })
  const first = [...all].sort((a, b) => a.place - b.place).slice(0, lines)
  for (;;) {
    const shown = all.filter(row => first.includes(row))
    const text = glanceText(overview, comparison.notes, shown, all.length - shown.length, width)
    if (first.length <= LEAST || text.split('\n').length - 1 <= lines) return text
    first.pop()
  }
}

/** The first table with some of its rows. */
function glanceText(
  overview: Overview,
  notes: readonly string[],
  found: readonly (OverviewRow & { readonly cells: readonly string[] })[],
  left: number,
  width: number,
): string {
  const heads = GLANCE_HEADS.map(head => (overview.correction === 'bh' ? head.replace(', p', ', q') : head))
  const beside = heads.reduce((sum, head, i) => sum + 2 + Math.max(head.length, ...found.map(({ cells }) => cells[i]!.length)), 0)
  // A name that leaves the figures no room stands on a line of its own.
  const rowsOf = ({ player, cells }: (typeof found)[number]): FigureRow[] =>
    2 + player.length + beside <= width ? [{ label: `  ${player}`, cells }] : [{ label: `  ${player}` }, { label: '', cells }]
  const rows = [...new Set(found.map(({ setting }) => setting))].flatMap(setting => {
    const verdict = overview.verdicts.find(each => each.setting === setting)
    return [
      { label: verdict === undefined ? setting : `${setting}, ${scenariosOf(verdict)}` },
      ...found.filter(row => row.setting === setting).flatMap(rowsOf),
    ]
  })
  return `${[figureTable(heads, rows, width), '', ...notesUnder(overview, notes, left, width)].join('\n')}\n`
}

function notesUnder(overview: Overview, notes: readonly string[], left: number, width: number): string[] {
  return glanceNotes(overview, notes, left).map(note => block(oneLine(note), width))
}

/** The same as Markdown. */
export function overviewMarkdown(comparison: Comparison, correction: Correction = 'holm'): string {
  const overview = overviewOf(comparison, correction)
  const table = markdown({
    heads: ['player', ...GLANCE_HEADS],
    rows: overview.rows.map(row => ({ label: row.setting, cells: [row.player, ...glance(row, correction)] })),
    more: 0,
  })
  return `${[table.trimEnd(), ...glanceNotes(overview, comparison.notes, 0).map(markdownText)].join('\n\n')}\n`
}
