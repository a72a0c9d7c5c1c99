/**
 * Pictures for terminals: the panels drawn with characters, in lines that are at most so wide. No colour and no control characters: what
 * a tone says stands in the words beside it. Knows panels and widths; knows no economy.
 */
import { figure } from '../economies/figures.ts'
import type { Bars, Cells, Feed, Ground, Lines, Network, Panel, Picture, Tone } from '../economies/picture.ts'
import { groupBy } from '../envs/core/grouped.ts'
import { oneLine } from '../envs/core/text.ts'
import { block, wrap } from '../evals/text.ts'
import { barScale, stackedSpans } from './bars.ts'

/** Parts of a bar, told apart without colours. */
const FILLS = ['█', '▓', '▒', '░', '▚', '▞'] as const
const SPARKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const
/** Where a value is 0, and where a mark is. */
const [ZERO, MARK] = ['│', '┊'] as const

/** Before what is bad: tones are colours elsewhere. */
const ALARM = '(!) '
const toned = (tone: Tone, text: string): string => `${tone === 'bad' ? ALARM : ''}${oneLine(text)}`

/** The least width of a picture in characters. */
export const NARROWEST = 40

/** A picture in lines of `width` characters at most, from `NARROWEST`. Equal pictures give equal lines. */
export function pictureText({ title, panels }: Picture, width = 80): string {
  if (!Number.isSafeInteger(width) || width < NARROWEST)
    throw new RangeError(`width: expected at least ${NARROWEST} characters, got ${width}`)
  const lines: string[] = []
  for (const panel of panels) {
    const head = cut(oneLine(panel.title), width - 6)
    lines.push('', `── ${head} ${'─'.repeat(width - head.length - 4)}`)
    const drawn = (DRAW[panel.kind] as (panel: Panel, width: number) => string[])(panel, width)
    lines.push(...(drawn.length === 0 ? ['  nothing yet'] : drawn))
    if (panel.note !== undefined && drawn.length > 0) lines.push(...block(`(${oneLine(panel.note)})`, width, 2).split('\n'))
  }
  const alarmed = lines.some(line => line.includes(ALARM))
  const legend = alarmed ? block(`(${ALARM}marks what is red in a drawing)`, width, 2).split('\n') : []
  return [...wrap(oneLine(title), width), ...legend, ...lines].map(line => line.trimEnd()).join('\n')
}

const DRAW: { readonly [K in Panel['kind']]: (panel: Extract<Panel, { kind: K }>, width: number) => string[] } = {
  bars,
  network,
  ground,
  cells,
  lines,
  feed,
}

function bars(chart: Bars, width: number): string[] {
  const { parts, rows, marks = [] } = chart
  if (rows.length === 0) return []
  const { least, most, at: along } = barScale(chart)
  const labels = Math.min(Math.floor(width * 0.28), Math.max(...rows.map(({ label }) => oneLine(label).length)))
  const texts = Math.max(...rows.map(({ text }) => oneLine(text).length))
  const left = width - labels - 3
  // Long texts go below their bars.
  const beside = texts + 1 <= left - 10
  const room = Math.min(beside ? left - texts - 1 : left, 48)
  const at = (value: number): number => Math.round(along(value) * room)
  const drawn: string[] = []
  if (parts.length > 1) drawn.push(...wrap(`  ${parts.map(({ name }, i) => `${fill(i)} ${oneLine(name)}`).join('   ')}`, width))
  for (const { label, values, text } of rows) {
    const bar = new Array<string>(room).fill(' ')
    for (const { at: mark } of marks) bar[Math.min(room - 1, at(mark))] = MARK
    for (const [i, [low, high]] of stackedSpans(values).entries()) bar.fill(fill(i), at(low), at(high))
    if (least < 0 && most > 0 && bar[at(0)] === ' ') bar[at(0)] = ZERO
    const line = `  ${pad(oneLine(label), labels)} ${bar.join('')}`
    if (beside) drawn.push(`${line} ${oneLine(text)}`)
    else drawn.push(line, ...(text === '' ? [] : block(oneLine(text), width, labels + 3).split('\n')))
  }
  for (const { at: mark, name } of marks)
    if (name !== '') drawn.push(...wrap(`  ${MARK} ${oneLine(name)}: ${figure(mark)}`, width))
  return drawn
}

function network({ nodes, links }: Network, width: number): string[] {
  const named = (id: string): string => oneLine(nodes.find(node => node.id === id)?.label ?? id)
  const told = nodes.filter(({ text }) => text !== '').map(({ label, text, tone }) => `${toned(tone, label)}: ${oneLine(text)}`)
  const drawn = links.map(({ from, to, label, mutual, dashed, weight, tone }) => {
    const line = dashed === true ? '┄' : weight > 0.5 ? '━' : '─'
    const way = mutual === true ? line.repeat(2) : `${line}▸`
    return `${toned(tone, '')}${named(from)} ${way} ${named(to)}${label === undefined ? '' : `: ${oneLine(label)}`}`
  })
  const alone = told.length === 0 && drawn.length === 0 ? nodes.map(({ label, tone }) => toned(tone, label)) : []
  return [...flow(told, width), ...flow(drawn, width), ...flow(alone, width)]
}

/** The places in their rows, from above, each with who is there. */
function ground({ places, people }: Ground, width: number): string[] {
  const rows = groupBy(places, ({ y }) => y)
  const drawn = [...rows.entries()]
    .sort(([a], [b]) => a - b)
    .flatMap(([, row]) =>
      boxes(
        [...row]
          .sort((a, b) => a.x - b.x)
          .map(({ id, label, text, done, tone }) => {
            const here = people.filter(({ at }) => at === id).map(person => toned(person.tone, person.label))
            return [
              toned(tone, label),
              ...(done === undefined ? [] : [gauge(done, 10)]),
              ...(text === '' ? [] : [oneLine(text)]),
              here.length === 0 ? '–' : here.join(', '),
            ]
          }),
        width,
        row.length,
      ),
    )
  const said = people.flatMap(({ label, says }) => (says === undefined ? [] : [`${oneLine(label)}: “${oneLine(says)}”`]))
  return [...drawn, ...said.flatMap(line => block(line, width, 2, 2).split('\n'))]
}

function cells({ cells: things }: Cells, width: number): string[] {
  const told = things.map(({ title, lines: below, tone }) => [toned(tone, title), ...below.map(oneLine)])
  const widest = Math.max(12, ...told.flat().map(line => line.length))
  return boxes(told, width, Math.max(1, Math.min(told.length, Math.floor((width - 2) / (Math.min(widest, 30) + 3)))))
}

function lines({ series, x, from, to }: Lines, width: number): string[] {
  const values = series.flatMap(({ points }) => points.map(([, value]) => value))
  if (values.length === 0) return []
  const [least, most] = [from ?? Math.min(...values), to ?? Math.max(...values)]
  const labels = Math.min(Math.floor(width * 0.35), Math.max(...series.map(({ name }) => oneLine(name).length)))
  const lasts = series.map(({ points }) => (points.length === 0 ? '' : figure(points.at(-1)![1])))
  const room = Math.max(4, Math.min(60, width - labels - 4 - Math.max(...lasts.map(last => last.length))))
  const drawn = series.map(({ name, points }, i) => {
    // The last point of as many as share a column is shown.
    const shown = Array.from(
      { length: Math.min(room, points.length) },
      (_, k) => points[Math.floor(((k + 1) * points.length) / Math.min(room, points.length)) - 1]!,
    )
    const spark = shown.map(([, value]) => SPARKS[level(value, least, most)]!).join('')
    return `  ${pad(oneLine(name), labels)} ${spark} ${lasts[i]!}`
  })
  return [...drawn, ...wrap(`  ▁ ${figure(least)}, █ ${figure(most)}; ${oneLine(x)} by ${oneLine(x)}`, width)]
}

function feed({ items }: Feed, width: number): string[] {
  return items.flatMap(({ who, text, tone }) => block(`${toned(tone, who)}: ${oneLine(text)}`, width, 2, 2).split('\n'))
}

/** Blocks of lines side by side, `across` in a row or as many as there is room for. */
function boxes(told: readonly (readonly string[])[], width: number, across: number): string[] {
  const count = Math.max(1, Math.min(across, Math.floor((width - 2) / 14)))
  const room = Math.floor((width - 2) / count) - 3
  const drawn: string[] = []
  for (let i = 0; i < told.length; i += count) {
    const row = told.slice(i, i + count).map(box => box.flatMap(line => wrap(line, room).map(part => cut(part, room))))
    const height = Math.max(...row.map(box => box.length))
    for (let k = 0; k < height; k++) drawn.push(`  ${row.map(box => `│ ${pad(box[k] ?? '', room)} `).join('')}`)
    drawn.push('')
  }
  return drawn.slice(0, -1)
}

/** Short texts side by side in columns of one width. */
function flow(texts: readonly string[], width: number): string[] {
  if (texts.length === 0) return []
  const widest = Math.max(...texts.map(text => text.length))
  const count = Math.max(1, Math.floor(width / (widest + 4)))
  if (count === 1) return texts.flatMap(text => block(text, width, 2, 2).split('\n'))
  const rows = Math.ceil(texts.length / count)
  return Array.from(
    { length: rows },
    (_, row) =>
      `  ${texts
        .filter((_text, i) => i % rows === row)
        .map(text => pad(text, widest))
        .join('  ')}`,
  )
}

function gauge(done: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, done)) * width)
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`
}

function level(value: number, least: number, most: number): number {
  if (most === least) return 3
  return Math.round(((Math.min(most, Math.max(least, value)) - least) / (most - least)) * (SPARKS.length - 1))
}

const fill = (part: number): string => FILLS[part % FILLS.length]!
const cut = (text: string, room: number): string => (text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}…`)
const pad = (text: string, room: number): string => cut(text, room).padEnd(room)
