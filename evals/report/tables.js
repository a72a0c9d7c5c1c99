/** The comparison's tables as HTML. Knows figures; knows nothing of filters. */
import { figureText } from './format.js'

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  made.append(...children)
  return made
}

/** A table with a row an item and a column a player; scrolls by itself where it is wide. */
export function figureTable(figures, title) {
  const heads = [...new Set(figures.map(({ player }) => player))]
  const rows = new Map()
  for (const figure of figures) {
    const row = rows.get(figure.item) ?? new Map()
    row.set(figure.player, figure)
    rows.set(figure.item, row)
  }
  const head = element('tr', {}, element('td'), ...heads.map(player => element('th', { scope: 'col' }, player)))
  const body = [...rows].map(([item, row]) =>
    element('tr', {}, element('th', { scope: 'row' }, item), ...heads.map(player => cell(row.get(player)))),
  )
  const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...body))
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': title }, table)
}

function cell(figure) {
  if (figure === undefined) return element('td')
  const [value, doubt] = figureText(figure)
  return element('td', {}, value, ...(doubt === '' ? [] : [' ', element('small', {}, doubt)]))
}

/** A table under its title, closed until it is wanted. */
export function foldedTable(figures, { title, note }) {
  const parts = [element('summary', {}, title)]
  if (note !== undefined) parts.push(element('p', { class: 'note' }, note))
  const details = element('details', {}, ...parts)
  // Filled at the first opening: a page of many players has many tables.
  details.addEventListener('toggle', () => details.open && details.append(figureTable(figures, title)), { once: true })
  return details
}
