/** Pictures in words: for terminals, for screen readers, and for whoever wants to search in them. Knows panels; draws nothing. */
import { figure } from '../economies/figures.ts'
import type { Panel, Picture } from '../economies/picture.ts'
import { oneLine } from '../envs/core/text.ts'

/** Every panel with all that stands in it, a line a thing. What others wrote is on one line and moves no cursor. */
export function pictureWords({ title, panels }: Picture): string {
  const lines = [oneLine(title)]
  for (const panel of panels) {
    lines.push('', oneLine(panel.title))
    const told = (WORDS[panel.kind] as (panel: Panel) => string[])(panel)
    for (const line of told.length === 0 ? ['nothing yet'] : told) lines.push(`  ${oneLine(line)}`)
  }
  return lines.join('\n')
}

const WORDS: { readonly [K in Panel['kind']]: (panel: Extract<Panel, { kind: K }>) => string[] } = {
  bars: ({ parts, rows }) =>
    rows.map(({ label, values, text }) => {
      const said = parts.length === 1 ? '' : `; ${parts.map(({ name }, i) => `${name} ${figure(values[i]!)}`).join(', ')}`
      return `${label}: ${text}${said}`
    }),
  network: ({ nodes, links }) => [
    ...nodes.map(({ label, text }) => (text === '' ? label : `${label}: ${text}`)),
    ...links.map(({ from, to, label, mutual }) => {
      const named = (id: string): string => nodes.find(node => node.id === id)?.label ?? id
      return `${named(from)} ${mutual === true ? 'and' : 'to'} ${named(to)}${label === undefined ? '' : `: ${label}`}`
    }),
  ],
  ground: ({ places, people }) => [
    ...places.map(({ id, label, text }) => {
      const here = people.filter(({ at }) => at === id).map(person => person.label)
      return `${label}${text === '' ? '' : ` (${text})`}: ${here.length === 0 ? 'nobody' : here.join(', ')}`
    }),
    ...people.flatMap(({ label, says }) => (says === undefined ? [] : [`${label} says: ${says}`])),
  ],
  cells: ({ cells }) => cells.map(({ title, lines }) => [title, ...lines].join('; ')),
  lines: ({ x, series }) =>
    series.flatMap(({ name, points }) => {
      const last = points.at(-1)
      return last === undefined ? [] : [`${name}: ${figure(last[1])} at ${x} ${figure(last[0])}`]
    }),
  feed: ({ items }) => items.map(({ who, text }) => `${who}: ${text}`),
}
