/**
 * The list of rollouts: as many rows as there are, as many elements as fit. Sorted by its heads, walked by keys. Knows rows
 * and columns; knows nothing of what opening one means.
 */
import { element } from './tables.js'

/** Rows above and below what is seen that are there already. */
const SPARE = 8

export class Grid {
  #columns
  #open
  #lines = element('div', { class: 'lines', role: 'rowgroup', tabindex: '0' })
  #sheet = element('div', { role: 'presentation' })
  #heads = []
  #root
  #rows = []
  #sort = { column: 0, down: false }
  #at = 0
  #drawn = new Map()
  #height = 0

  constructor(columns, open) {
    this.#columns = columns
    this.#open = open
    this.#heads = columns.map((column, i) => {
      const button = element('button', { type: 'button' }, column.name)
      button.addEventListener('click', () => this.#sortBy(i))
      return element('div', { role: 'columnheader', ...(column.wide && { class: 'wide' }) }, button)
    })
    const head = element('div', { class: 'head', role: 'row', 'aria-rowindex': '1' }, ...this.#heads)
    this.#sheet.style.position = 'relative'
    this.#lines.append(this.#sheet)
    this.#root = element(
      'div',
      { class: 'grid', role: 'grid', 'aria-label': 'Rollouts' },
      element('div', { role: 'rowgroup' }, head),
      this.#lines,
    )
    this.#lines.addEventListener('scroll', () => this.#draw(), { passive: true })
    this.#lines.addEventListener('keydown', event => this.#key(event))
    this.#lines.addEventListener('click', event => {
      const line = event.target.closest('.line')
      if (line !== null) this.#choose(Number(line.dataset.at), true)
    })
    new ResizeObserver(() => this.#draw()).observe(this.#lines)
  }

  get root() {
    return this.#root
  }

  /** The rows in the order they are shown. */
  get rows() {
    return this.#rows
  }

  show(rows) {
    this.#rows = [...rows]
    this.#at = 0
    this.#root.setAttribute('aria-rowcount', String(rows.length + 1))
    this.#arrange()
    this.#lines.scrollTop = 0
  }

  focus() {
    this.#lines.focus()
  }

  /** Marks a row and brings it into view. */
  mark(row) {
    this.#choose(Math.max(0, this.#rows.indexOf(row)), false)
  }

  #sortBy(column) {
    this.#sort = { column, down: this.#sort.column === column ? !this.#sort.down : this.#columns[column].down === true }
    this.#arrange()
  }

  #arrange() {
    const { column, down } = this.#sort
    const { value } = this.#columns[column]
    const sign = down ? -1 : 1
    const keyed = this.#rows.map((row, i) => ({ row, i, key: value(row) }))
    keyed.sort((a, b) => {
      // What has no value stands last, whichever way.
      if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null) || a.i - b.i
      return sign * (typeof a.key === 'string' ? a.key.localeCompare(b.key) : a.key - b.key) || a.i - b.i
    })
    this.#rows = keyed.map(({ row }) => row)
    for (const [i, head] of this.#heads.entries()) {
      head.setAttribute('aria-sort', i === column ? (down ? 'descending' : 'ascending') : 'none')
      head.firstChild.textContent = `${this.#columns[i].name}${i === column ? (down ? ' ▾' : ' ▴') : ''}`
    }
    for (const line of this.#drawn.values()) line.remove()
    this.#drawn.clear()
    this.#draw()
  }

  #draw() {
    this.#height ||= Number.parseFloat(getComputedStyle(document.documentElement).fontSize) * 2.25
    const { scrollTop, clientHeight } = this.#lines
    this.#sheet.style.height = `${this.#rows.length * this.#height}px`
    const first = Math.max(0, Math.floor(scrollTop / this.#height) - SPARE)
    const last = Math.min(this.#rows.length, Math.ceil((scrollTop + clientHeight) / this.#height) + SPARE)
    for (const [at, line] of this.#drawn) {
      if (at >= first && at < last) continue
      line.remove()
      this.#drawn.delete(at)
    }
    for (let at = first; at < last; at++) if (!this.#drawn.has(at)) this.#add(at)
    this.#select()
  }

  #add(at) {
    const row = this.#rows[at]
    const cells = this.#columns.map(column => {
      const shown = column.text(row)
      const classes = [column.wide ? 'wide' : '', column.bad?.(row) ? 'bad' : ''].join(' ').trim()
      return element('div', { role: 'gridcell', title: shown, ...(classes !== '' && { class: classes }) }, shown)
    })
    const line = element('div', { class: 'line', role: 'row', id: `line-${at}`, 'aria-rowindex': String(at + 2) }, ...cells)
    line.dataset.at = String(at)
    line.style.top = `${at * this.#height}px`
    this.#sheet.append(line)
    this.#drawn.set(at, line)
  }

  #select() {
    for (const [at, line] of this.#drawn) line.setAttribute('aria-selected', String(at === this.#at))
    this.#lines.setAttribute('aria-activedescendant', `line-${this.#at}`)
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.#lines.clientHeight / this.#height) - 1)
    const to = {
      ArrowDown: this.#at + 1,
      ArrowUp: this.#at - 1,
      PageDown: this.#at + page,
      PageUp: this.#at - page,
      Home: 0,
      End: this.#rows.length - 1,
      Enter: this.#at,
      ' ': this.#at,
    }[event.key]
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    this.#choose(to, event.key === 'Enter' || event.key === ' ')
  }

  #choose(to, open) {
    if (this.#rows.length === 0) return
    this.#at = Math.min(this.#rows.length - 1, Math.max(0, to))
    const top = this.#at * this.#height
    const { scrollTop, clientHeight } = this.#lines
    if (top < scrollTop) this.#lines.scrollTop = top
    else if (top + this.#height > scrollTop + clientHeight) this.#lines.scrollTop = top + this.#height - clientHeight
    this.#draw()
    if (open) this.#open(this.#rows[this.#at])
  }
}
