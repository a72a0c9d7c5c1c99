/**
 * Draws pictures (`economies/picture.ts`) as SVG: one component for every economy. Equal pictures give equal bytes on every machine: text
 * is measured by a table and not by a font. Knows panels and colours; knows no economy, no file and no page.
 */
import { figure } from '../economies/figures.ts'
import type { Bars, Cells, Feed, Ground, Lines, Network, Panel, Picture } from '../economies/picture.ts'
import { barScale, stackedSpans } from './bars.ts'
import { clean, escapeXml, FONT, fitted, measure, wrap } from './svg_text.ts'
import { type Colours, THEMES, type Theme } from './themes.ts'
import { pictureWords } from './words.ts'

export interface DrawOptions {
  readonly theme?: Theme
  /** Of the whole picture in pixels, from 320; two columns from 720 on. 960 by default. */
  readonly width?: number
}

const EDGE = 16
const PAD = 14
const ROW = 22

/** A picture as a document of SVG that asks nothing of anybody: no script, no link, no font that must be there. */
export function drawPicture(picture: Picture, { theme = 'light', width = 960 }: DrawOptions = {}): string {
  if (!Number.isFinite(width) || width < 320) throw new RangeError(`width: expected at least 320 pixels, got ${width}`)
  const colours = THEMES[theme]
  const columns = width < 720 ? 1 : 2
  const each = (width - EDGE * (columns + 1)) / columns
  const ends = new Array<number>(columns).fill(EDGE + 30)
  const parts: string[] = []
  for (const panel of picture.panels) {
    // Into the shorter column, the left one first.
    const column = ends.indexOf(Math.min(...ends))
    const pen = new Pen(colours, each)
    const height = drawPanel(pen, panel)
    parts.push(
      `<g transform="translate(${round(EDGE + column * (each + EDGE))} ${round(ends[column]!)})">${pen.done(height)}</g>`,
    )
    ends[column]! += height + EDGE
  }
  const height = Math.max(...ends)
  const title = clean(picture.title)
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" role="img" aria-labelledby="title words" font-family="${FONT}">` +
    `<title id="title">${title}</title><desc id="words">${escapeXml(pictureWords(picture))}</desc>` +
    `<rect width="100%" height="100%" fill="${colours.ground}"/>` +
    `<text x="${EDGE}" y="${EDGE + 16}" font-size="17" font-weight="bold" fill="${colours.ink}">${fitted(picture.title, width - 2 * EDGE, 17, true)}</text>` +
    `${parts.join('')}</svg>\n`
  )
}

/** Collects the shapes of one panel. */
class Pen {
  readonly colours: Colours
  readonly width: number
  /** Left of what is drawn, and how much room it has. */
  readonly left = PAD
  readonly room: number
  readonly #shapes: string[] = []

  constructor(colours: Colours, width: number) {
    this.colours = colours
    this.width = width
    this.room = width - 2 * PAD
  }

  shape(text: string): void {
    this.#shapes.push(text)
  }

  rect(x: number, y: number, width: number, height: number, fill: string, more = ''): void {
    this.shape(
      `<rect x="${round(x)}" y="${round(y)}" width="${round(Math.max(0, width))}" height="${round(height)}" fill="${fill}"${more}/>`,
    )
  }

  line(x1: number, y1: number, x2: number, y2: number, stroke: string, more = ''): void {
    this.shape(`<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}"${more}/>`)
  }

  /** Text that is cut to its room. */
  text(
    text: string,
    x: number,
    y: number,
    { size = 12, fill = this.colours.ink, room = this.room, anchor = 'start', bold = false } = {},
  ): void {
    if (text === '') return
    const placed = anchor === 'start' ? '' : ` text-anchor="${anchor}"`
    const weight = bold ? ' font-weight="bold"' : ''
    this.shape(
      `<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${fill}"${placed}${weight}>${fitted(text, room, size, bold)}</text>`,
    )
  }

  done(height: number): string {
    const { panel, rule } = this.colours
    return `<rect width="${round(this.width)}" height="${round(height)}" rx="6" fill="${panel}" stroke="${rule}"/>${this.#shapes.join('')}`
  }
}

/** Its height, with which the next panel begins. */
function drawPanel(pen: Pen, panel: Panel): number {
  const { colours, left } = pen
  pen.text(panel.title, left, 24, { size: 14, bold: true })
  let y = 34
  for (const line of panel.note === undefined ? [] : wrap(panel.note, pen.room, 11)) {
    pen.text(line, left, y + 10, { size: 11, fill: colours.faint })
    y += 15
  }
  return (DRAW[panel.kind] as (pen: Pen, panel: Panel, top: number) => number)(pen, panel, y + 6) + PAD
}

/** Each draws from `top` down and returns where it ended, in pixels. */
const DRAW: { readonly [K in Panel['kind']]: (pen: Pen, panel: Extract<Panel, { kind: K }>, top: number) => number } = {
  bars: drawBars,
  network: drawNetwork,
  ground: drawGround,
  cells: drawCells,
  lines: drawLines,
  feed: drawFeed,
}

function drawBars(pen: Pen, bars: Bars, top: number): number {
  const { parts, rows, marks = [] } = bars
  const { colours, left, room } = pen
  let y = top
  if (parts.length > 1)
    y = legend(
      pen,
      parts.map(({ name, tone }) => [name, colours[tone]] as const),
      y,
    )
  if (rows.length === 0) return nothing(pen, y)
  const labels = Math.min(room * 0.28, Math.max(...rows.map(({ label }) => measure(label, 12))) + 8)
  const texts = Math.min(room * 0.52, Math.max(...rows.map(({ text }) => measure(text, 11))) + 10)
  const width = room - labels - texts
  const { at: along } = barScale(bars)
  const scale = (value: number): number => left + labels + along(value) * width
  const named = marks.filter(({ name }) => name !== '')
  for (const { at, name } of named)
    pen.text(name, scale(at), y + 10, {
      size: 10,
      fill: colours.faint,
      anchor: scale(at) > left + labels + width / 2 ? 'end' : 'start',
    })
  if (named.length > 0) y += 14
  const first = y
  for (const { label, values, text } of rows) {
    pen.text(label, left, y + 15, { room: labels - 6 })
    for (const [i, [low, high]] of stackedSpans(values).entries()) {
      const x = scale(low)
      if (values[i] !== 0) pen.rect(x, y + 4, Math.max(1, scale(high) - x), ROW - 8, colours[parts[i]!.tone])
    }
    pen.text(text, left + labels + width + 8, y + 15, { size: 11, fill: colours.faint, room: texts - 8 })
    y += ROW
  }
  pen.line(scale(0), first, scale(0), y, colours.faint)
  for (const { at } of marks) pen.line(scale(at), first, scale(at), y, colours.faint, ' stroke-dasharray="3 3"')
  return y
}

function drawCells(pen: Pen, { cells }: Cells, top: number): number {
  const { colours, left, room } = pen
  if (cells.length === 0) return nothing(pen, top)
  const widest =
    Math.max(...cells.flatMap(({ title, lines }) => [measure(title, 12, true), ...lines.map(line => measure(line, 11))])) + 20
  const least = Math.min(210, Math.max(100, widest))
  const columns = Math.max(1, Math.min(cells.length, Math.floor((room + 8) / (least + 8))))
  const width = (room - 8 * (columns - 1)) / columns
  const height = 30 + 15 * Math.max(...cells.map(({ lines }) => lines.length))
  for (const [i, { title, lines, tone }] of cells.entries()) {
    const [x, y] = [left + (i % columns) * (width + 8), top + Math.floor(i / columns) * (height + 8)]
    pen.rect(x, y, width, height, 'none', ` rx="4" stroke="${colours.rule}"`)
    pen.rect(x, y, 5, height, colours[tone], ' rx="2"')
    pen.text(title, x + 12, y + 18, { bold: true, room: width - 18 })
    for (const [k, line] of lines.entries())
      pen.text(line, x + 12, y + 34 + 15 * k, { size: 11, fill: colours.faint, room: width - 18 })
  }
  return top + Math.ceil(cells.length / columns) * (height + 8) - 8
}

function drawFeed(pen: Pen, { items }: Feed, top: number): number {
  const { colours, left, room } = pen
  if (items.length === 0) return nothing(pen, top)
  const names = Math.min(room * 0.3, Math.max(...items.map(({ who }) => measure(who, 11, true))) + 10)
  let y = top
  for (const { who, text, tone } of items) {
    pen.rect(left, y + 3, 4, 12, colours[tone], ' rx="1"')
    pen.text(who, left + 10, y + 13, { size: 11, bold: true, room: names - 6 })
    const lines = wrap(text, room - names - 10, 11).slice(0, 4)
    for (const line of lines) {
      pen.text(line, left + 10 + names, y + 13, { size: 11, room: room - names - 10 })
      y += 15
    }
    y += Math.max(0, 15 * (1 - lines.length)) + 5
  }
  return y
}

function drawLines(pen: Pen, { series, x: across, from, to }: Lines, top: number): number {
  const { colours, left, room } = pen
  const points = series.flatMap(({ points }) => points)
  let y = legend(
    pen,
    series.map(({ name }, i) => [name, colourOf(colours, i)] as const),
    top,
  )
  if (points.length === 0) return nothing(pen, y)
  const height = 150
  const ys = points.map(([, value]) => value)
  const [least, most] = [from ?? Math.min(...ys), to ?? Math.max(...ys)]
  const [begin, end] = [Math.min(...points.map(([x]) => x)), Math.max(...points.map(([x]) => x))]
  const ticks = most === least ? [least] : [least, (least + most) / 2, most]
  const digits = most - least >= 10 ? 0 : most - least >= 1 ? 1 : 3
  const gutter = Math.max(...ticks.map(value => measure(figure(value, digits), 10))) + 8
  const at = (x: number): number => left + gutter + (end === begin ? 0.5 : (x - begin) / (end - begin)) * (room - gutter - 4)
  const over = (value: number): number =>
    y + 6 + (most === least ? 0.5 : 1 - (Math.min(most, Math.max(least, value)) - least) / (most - least)) * height
  for (const value of ticks) {
    pen.line(left + gutter, over(value), left + room, over(value), colours.rule)
    pen.text(figure(value, digits), left + gutter - 6, over(value) + 4, { size: 10, fill: colours.faint, anchor: 'end' })
  }
  for (const [i, { points, strong }] of series.entries()) {
    const path = points.map(([x, value]) => `${round(at(x))},${round(over(value))}`).join(' ')
    const dashes = i < colours.series.length ? '' : ' stroke-dasharray="5 3"'
    pen.shape(
      `<polyline points="${path}" fill="none" stroke="${colourOf(colours, i)}" stroke-width="${strong === true ? 3 : 1.5}"${dashes}/>`,
    )
    if (points.length === 1)
      pen.shape(
        `<circle cx="${round(at(points[0]![0]))}" cy="${round(over(points[0]![1]))}" r="3" fill="${colourOf(colours, i)}"/>`,
      )
  }
  y += height + 22
  pen.text(figure(begin), left + gutter, y, { size: 10, fill: colours.faint })
  pen.text(across, left + gutter + (room - gutter) / 2, y, { size: 10, fill: colours.faint, anchor: 'middle' })
  if (end !== begin) pen.text(figure(end), left + room, y, { size: 10, fill: colours.faint, anchor: 'end' })
  return y
}

function drawNetwork(pen: Pen, { nodes, links }: Network, top: number): number {
  const { colours, left, room } = pen
  if (nodes.length === 0) return nothing(pen, top)
  const height = Math.min(room * 0.78, 120 + 40 * nodes.length)
  const [cx, cy] = [left + room / 2, top + height / 2]
  const [rx, ry] = nodes.length === 1 ? [0, 0] : [room / 2 - 78, height / 2 - 42]
  const radius = (size: number): number => 8 + 12 * size
  const placed = new Map(
    nodes.map((node, i) => {
      const angle = -Math.PI / 2 + (2 * Math.PI * i) / nodes.length
      return [node.id, { x: cx + rx * Math.cos(angle), y: cy + ry * Math.sin(angle), r: radius(node.size), angle }]
    }),
  )
  const there = (id: string) => {
    const place = placed.get(id)
    if (place === undefined)
      throw new RangeError(`network: a link to '${id}', which is no node; nodes: ${[...placed.keys()].join(', ')}`)
    return place
  }
  for (const { from, to, weight, tone, label, dashed, mutual } of links) {
    const [a, b] = [there(from), there(to)]
    if (from === to) continue
    const distance = Math.hypot(b.x - a.x, b.y - a.y)
    const [ux, uy] = [(b.x - a.x) / distance, (b.y - a.y) / distance]
    // Bent to its right, so that what goes back and forth is two lines.
    const bend = mutual === true ? 0 : Math.min(24, distance / 8)
    const width = 1 + 4 * weight
    const [x1, y1] = [a.x + ux * a.r, a.y + uy * a.r]
    const tip = mutual === true ? 0 : 5 + width
    const [x2, y2] = [b.x - ux * (b.r + tip), b.y - uy * (b.r + tip)]
    const [mx, my] = [(x1 + x2) / 2 - uy * bend, (y1 + y2) / 2 + ux * bend]
    const stroke = colours[tone]
    pen.shape(
      `<path d="M${round(x1)} ${round(y1)}Q${round(mx)} ${round(my)} ${round(x2)} ${round(y2)}" fill="none" stroke="${stroke}" stroke-width="${round(width)}" stroke-opacity="0.8"${dashed === true ? ' stroke-dasharray="5 4"' : ''}/>`,
    )
    if (mutual !== true) {
      const half = 2 + width
      // The head lies along the end of the curve.
      const along = Math.hypot(x2 - mx, y2 - my) || 1
      const [hx, hy] = [(x2 - mx) / along, (y2 - my) / along]
      const points = [
        [x2 + hx * tip, y2 + hy * tip],
        [x2 - hy * half, y2 + hx * half],
        [x2 + hy * half, y2 - hx * half],
      ]
      pen.shape(`<polygon points="${points.map(([x, y]) => `${round(x!)},${round(y!)}`).join(' ')}" fill="${stroke}"/>`)
    }
    if (label !== undefined) halo(pen, label, (x1 + x2) / 4 + mx / 2, (y1 + y2) / 4 + my / 2 + 4, 10, 'middle')
  }
  for (const { id, label, text, tone } of nodes) {
    const { x, y, r, angle } = there(id)
    pen.shape(
      `<circle cx="${round(x)}" cy="${round(y)}" r="${round(r)}" fill="${colours[tone]}" stroke="${colours.panel}" stroke-width="2"/>`,
    )
    const below = Math.sin(angle) >= -0.01
    const at = below ? y + r + 13 : y - r - (text === '' ? 6 : 19)
    halo(pen, label, x, at, 11, 'middle', true)
    halo(pen, text, x, at + 13, 10, 'middle')
  }
  return top + height
}

function drawGround(pen: Pen, { places, people }: Ground, top: number): number {
  const { colours, left, room } = pen
  const height = room * 0.8
  const at = new Map(
    places.map(place => [place.id, { x: left + 48 + place.x * (room - 96), y: top + 44 + place.y * (height - 100) }]),
  )
  for (const { id, label, text, done, tone } of places) {
    const { x, y } = at.get(id)!
    pen.rect(x - 46, y - 26, 92, 52, 'none', ` rx="8" stroke="${colours[tone]}" stroke-width="1.5"`)
    if (done !== undefined) pen.rect(x - 40, y + 16, 80 * Math.min(1, Math.max(0, done)), 5, colours[tone], ' rx="2"')
    pen.text(label, x, y - 32, { size: 11, bold: true, anchor: 'middle', room: 106 })
    pen.text(text, x, y + 39, { size: 10, fill: colours.faint, anchor: 'middle', room: 106 })
  }
  const here = new Map<string, number>()
  const said: (readonly [label: string, says: string])[] = []
  for (const { label, at: place, tone, says } of people) {
    const where = at.get(place)
    if (where === undefined) throw new RangeError(`ground: '${place}' is no place; places: ${[...at.keys()].join(', ')}`)
    const nth = here.get(place) ?? 0
    here.set(place, nth + 1)
    // Five in a row, and as many rows as it takes.
    const [x, y] = [where.x - 35 + 17.5 * (nth % 5), where.y - 13 + 19 * Math.floor(nth / 5)]
    pen.shape(`<circle cx="${round(x)}" cy="${round(y)}" r="8.5" fill="${colours[tone]}"/>`)
    pen.text(label.slice(0, 2), x, y + 3.5, { size: 9, fill: colours.over, anchor: 'middle', bold: true })
    if (says !== undefined) {
      pen.shape(`<circle cx="${round(x + 7)}" cy="${round(y - 8)}" r="4" fill="${colours.panel}" stroke="${colours.ink}"/>`)
      said.push([label, says])
    }
  }
  let y = top + height + 4
  for (const [label, says] of said.slice(0, 6)) {
    const lines = wrap(`“${says}”`, room - 84, 11).slice(0, 2)
    pen.text(label, left, y + 11, { size: 11, bold: true, room: 72 })
    for (const line of lines) {
      pen.text(line, left + 80, y + 11, { size: 11, room: room - 84 })
      y += 15
    }
    y += 4
  }
  if (said.length > 6) {
    pen.text(`and ${said.length - 6} more`, left, y + 11, { size: 11, fill: colours.faint })
    y += 15
  }
  return y
}

/** Text that stays readable over lines. */
function halo(pen: Pen, text: string, x: number, y: number, size: number, anchor: string, bold = false): void {
  if (text === '') return
  const { panel, ink, faint } = pen.colours
  pen.shape(
    `<text x="${round(x)}" y="${round(y)}" font-size="${size}" text-anchor="${anchor}"${bold ? ' font-weight="bold"' : ''} fill="${bold ? ink : faint}" stroke="${panel}" stroke-width="3" paint-order="stroke">${fitted(text, 150, size, bold)}</text>`,
  )
}

function legend(pen: Pen, names: readonly (readonly [name: string, colour: string])[], top: number): number {
  const { colours, left, room } = pen
  let [x, y] = [left, top]
  for (const [name, colour] of names) {
    const width = Math.min(room, measure(name, 11) + 28)
    if (x > left && x + width > left + room) [x, y] = [left, y + 17]
    pen.rect(x, y + 2, 10, 10, colour, ' rx="2"')
    pen.text(name, x + 15, y + 11, { size: 11, fill: colours.faint, room: width - 16 })
    x += width
  }
  return names.length === 0 ? y : y + 20
}

function nothing(pen: Pen, top: number): number {
  pen.text('nothing yet', pen.left, top + 12, { size: 11, fill: pen.colours.faint })
  return top + 16
}

function colourOf({ series }: Colours, i: number): string {
  return series[i % series.length]!
}

/** Two decimals of a pixel, so that machines that add up differently write the same. */
function round(value: number): number {
  return Math.round(value * 100) / 100
}
