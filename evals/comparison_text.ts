/** A comparison as people read it: in a terminal, and in Markdown. Knows how tables look; computes nothing. */
import { markdownText, oneLine } from '../envs/core/text.ts'
import type { Comparison } from './compare.ts'
import { CORRECTIONS, type Correction, type Figure, type TableId, tableFacts, tableNote, tableTitle } from './figures.ts'
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

/** A player of a setting in the table that a comparison begins with. */
interface Glance {
  readonly setting: string
  readonly player: string
  readonly cells: readonly [reward: string, difference: string, settled: string]
}

const GLANCE_HEADS = ['reward', 'against the baseline', 'settled (p)']

/** Players of the first table at most: what a screen holds. */
const GLANCE = 20

/** One row a setting and player: the reward, how it differs from the baseline's, and whether that is settled. */
function glances({ settings, figures }: Comparison, correction: Correction): Glance[] {
  const rewards = figures.filter(({ table, item }) => table === 'scores' && item === 'reward')
  const differences = figures.filter(({ table, item }) => table === 'differences' && item === 'reward')
  const shown = (figure: Figure): string =>
    figure.value === null ? '–' : `${SHOWN[figure.unit](figure.value)}${intervalText(figure)}`
  return settings.flatMap(setting => {
    const own = differences.filter(figure => figure.setting === setting)
    return rewards.flatMap((reward): Glance[] => {
      if (reward.setting !== setting) return []
      const { player } = reward
      const difference = own.find(figure => figure.player.startsWith(`${player} − `))
      const baseline = own.some(figure => figure.player.endsWith(` − ${player}`))
      if (difference === undefined) return [{ setting, player, cells: [shown(reward), baseline ? '(baseline)' : '–', ''] }]
      const p = difference[CORRECTIONS[correction].shown]
      const settled = typeof p === 'number' ? `${p < SETTLED ? 'yes' : 'no'} (${chanceText(p)})` : 'no (–)'
      return [{ setting, player, cells: [shown(reward), shown(difference), settled] }]
    })
  })
}

/** A difference is settled below this corrected p. */
const SETTLED = 0.05

/** What became of rollouts that no mean holds, or not whole, by item of the table of rollouts. */
const LACKING: Readonly<Record<string, string>> = { failed: 'failed', missing: 'missing', truncated: 'cut short' }

/** What is said under the first table. */
function glanceNotes(comparison: Comparison, left: number, correction: Correction): string[] {
  const { figures, notes } = comparison
  const counts = figures.filter(({ table, value }) => table === 'rollouts' && value !== 0)
  const short = counts.flatMap(figure =>
    Object.hasOwn(LACKING, figure.item) ? [{ ...figure, item: LACKING[figure.item]! }] : [],
  )
  return [
    `[95 % interval over scenarios; * by bootstrap]. Settled: ${correction === 'bh' ? 'q' : 'p'} < ${SETTLED}, paired t test, ${CORRECTIONS[correction].over}.`,
    ...(left > 0 ? [`${plural(left, 'more player')}: --all.`] : []),
    ...short.map(({ setting, player, item, value }) => `${player} in ${setting}: ${plural(value ?? 0, 'rollout')} ${item}.`),
    ...notes,
  ]
}

/** How many scenarios stand behind a setting's figures. */
function scenariosOf({ figures }: Comparison, setting: string): string {
  const counts = figures.flatMap(({ table, setting: of, item, value }) =>
    table === 'rollouts' && of === setting && item === 'scenarios' ? [value ?? 0] : [],
  )
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  return least === most ? plural(most, 'scenario') : `${least} to ${plural(most, 'scenario')}`
}

/** What a comparison comes to in one table that fits a screen: who earned what, and whether it differs from the baseline. */
export function overviewText(comparison: Comparison, width = 80, correction: Correction = 'holm'): string {
  const all = glances(comparison, correction)
  const found = all.slice(0, GLANCE)
  const heads = GLANCE_HEADS.map(head => (correction === 'bh' ? head.replace('(p)', '(q)') : head))
  const beside = heads.reduce((sum, head, i) => sum + 2 + Math.max(head.length, ...found.map(({ cells }) => cells[i]!.length)), 0)
  // A name that leaves the figures no room stands on a line of its own.
  const rowsOf = ({ player, cells }: Glance): FigureRow[] =>
    2 + player.length + beside <= width ? [{ label: `  ${player}`, cells }] : [{ label: `  ${player}` }, { label: '', cells }]
  const rows = [...new Set(found.map(({ setting }) => setting))].flatMap(setting => [
    { label: `${setting}, ${scenariosOf(comparison, setting)}` },
    ...found.filter(row => row.setting === setting).flatMap(rowsOf),
  ])
  const notes = glanceNotes(comparison, all.length - found.length, correction).map(note => block(oneLine(note), width))
  if (rows.length === 0) return `${['No rollout was scored.', ...notes.slice(1)].join('\n')}\n`
  return `${[figureTable(heads, rows, width), '', ...notes].join('\n')}\n`
}

/** The same as Markdown. */
export function overviewMarkdown(comparison: Comparison, correction: Correction = 'holm'): string {
  const all = glances(comparison, correction)
  const table = markdown({
    heads: ['player', ...GLANCE_HEADS],
    rows: all.map(({ setting, player, cells }) => ({ label: setting, cells: [player, ...cells] })),
    more: 0,
  })
  return `${[table.trimEnd(), ...glanceNotes(comparison, 0, correction).map(markdownText)].join('\n\n')}\n`
}
