/** The comparison's tables as HTML. Knows figures; knows nothing of filters. */
import { figureHow, figureText } from './format.js'

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  made.append(...children)
  return made
}

/** A table with a row an item and a column a player; scrolls by itself where it is wide. `docOf` says what an item is. */
export function figureTable(figures, title, docOf = () => undefined) {
  const heads = [...new Set(figures.map(({ player }) => player))]
  const rows = new Map()
  for (const figure of figures) {
    const row = rows.get(figure.item) ?? new Map()
    row.set(figure.player, figure)
    rows.set(figure.item, row)
  }
  const head = element('tr', {}, element('td'), ...heads.map(player => element('th', { scope: 'col' }, player)))
  const body = [...rows].map(([item, row]) => {
    const doc = docOf(item)
    const name = element('th', { scope: 'row', ...(doc !== undefined && { title: doc }) }, item)
    return element('tr', {}, name, ...heads.map(player => cell(row.get(player))))
  })
  const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...body))
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': title }, table)
}

function cell(figure) {
  if (figure === undefined) return element('td')
  const [value, doubt] = figureText(figure)
  return element('td', { title: figureHow(figure) }, value, ...(doubt === '' ? [] : [' ', element('small', {}, doubt)]))
}

/** What is said under a table: how its figures were computed. */
const noteOf = note =>
  note === undefined ? [] : [element('p', { class: 'note' }, `${note}. A cell’s tooltip says how its figure was computed.`)]

/** A table under its title, open. */
export function openTable(figures, { title, note }, docOf) {
  return element('div', {}, element('h3', {}, title), figureTable(figures, title, docOf), ...noteOf(note))
}

/** A table under its title, closed until it is wanted. */
export function foldedTable(figures, { title, note }, docOf) {
  const details = element('details', {}, element('summary', {}, title), ...noteOf(note))
  // Filled at the first opening: a page of many players has many tables.
  details.addEventListener('toggle', () => details.open && details.append(figureTable(figures, title, docOf)), { once: true })
  return details
}
