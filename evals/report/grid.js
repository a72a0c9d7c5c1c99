/**
 * The list of rollouts: as many rows as there are, as many elements as fit. Sorted by its heads, walked by keys. Knows the places of
 * rows and their columns; knows nothing of what opening one means.
 */
import { element } from './tables.js'

/** Rows above and below what is seen that are there already. */
const SPARE = 8
/** Pixels that an element may be high: of more rows each is moved less than it is high while the list is scrolled. */
const HIGHEST = 8_000_000

export class Grid {
  #columns
  #open
  #sorted
  #lines = element('div', { class: 'lines', role: 'rowgroup', tabindex: '-1' })
  #sheet = element('div', { role: 'presentation' })
  #heads = []
  #root
  #rows = new Uint32Array()
  #sort = { column: 0, down: false }
  #at = 0
  #drawn = new Map()
  #height = 0

  /** `columns` have a name, `order()`: a number a row to sort by (NaN: last) and `text(row)`; `sorted` is told when another order is chosen. */
  constructor(columns, open, sorted = () => {}) {
    this.#columns = columns
    this.#open = open
    this.#sorted = sorted
    this.#heads = columns.map((column, i) => {
      const button = element('button', { type: 'button', tabindex: '-1' }, column.name)
      button.addEventListener('click', () => {
        this.#sortBy(i)
        this.#sorted()
      })
      return element('div', { role: 'columnheader', ...(column.wide && { class: 'wide' }) }, button)
    })
    // One stop for the tab key, arrows between the heads.
    this.#heads[0].firstChild.tabIndex = 0
    const head = element('div', { class: 'head', role: 'row', 'aria-rowindex': '1' }, ...this.#heads)
    head.addEventListener('keydown', event => this.#walkHeads(event))
    this.#sheet.style.position = 'relative'
    this.#lines.append(this.#sheet)
    this.#root = element(
      'div',
      { class: 'grid', role: 'grid', tabindex: '0', 'aria-label': 'Rollouts' },
      element('div', { role: 'rowgroup' }, head),
      this.#lines,
    )
    this.#lines.addEventListener('scroll', () => this.#draw(), { passive: true })
    this.#root.addEventListener('keydown', event => event.target.closest('.head') === null && this.#key(event))
    this.#lines.addEventListener('click', event => {
      const line = event.target.closest('.line')
      if (line !== null) this.#choose(Number(line.dataset.at), true)
    })
    new ResizeObserver(() => this.#draw()).observe(this.#lines)
  }

  get root() {
    return this.#root
  }

  /** The places of the rows in the order they are shown. */
  get rows() {
    return this.#rows
  }

  /** By which column the list is sorted, and whether from the greatest down. */
  get order() {
    const { column, down } = this.#sort
    return { name: this.#columns[column].name, down, usual: column === 0 && !down }
  }

  /** Sorts by the column of that name. */
  sortBy(name, down) {
    const column = this.#columns.findIndex(each => each.name === name)
    if (column < 0) return
    this.#sort = { column, down }
    this.#arrange()
  }

  /** Shows the rows of these places; `keep` leaves the list where it is, as when more are found. */
  show(rows, keep = false) {
    this.#rows = Uint32Array.from(rows)
    if (!keep) this.#at = 0
    this.#at = Math.max(0, Math.min(this.#at, rows.length - 1))
    this.#root.setAttribute('aria-rowcount', String(rows.length + 1))
    this.#arrange()
    if (!keep) this.#lines.scrollTop = 0
  }

  /** Draws the rows again: what is said of them has changed. */
  refresh() {
    this.#clear()
    this.#draw()
  }

  focus() {
    this.#root.focus()
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
    const order = this.#columns[column].order()
    const sign = down ? -1 : 1
    // What has no value stands last, whichever way.
    this.#rows.sort((a, b) => {
      const [x, y] = [order[a], order[b]]
      if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b
      return sign * (x - y) || a - b
    })
    for (const [i, head] of this.#heads.entries()) {
      head.setAttribute('aria-sort', i === column ? (down ? 'descending' : 'ascending') : 'none')
      head.firstChild.textContent = `${this.#columns[i].name}${i === column ? (down ? ' ▾' : ' ▴') : ''}`
    }
    this.#clear()
    this.#draw()
  }

  #clear() {
    for (const line of this.#drawn.values()) line.remove()
    this.#drawn.clear()
  }

  /** Pixels from one row to the next: those of a row, or fewer where all of them would be too high for an element. */
  get #pitch() {
    return Math.min(this.#height, HIGHEST / Math.max(1, this.#rows.length))
  }

  #draw() {
    this.#height ||= Number.parseFloat(getComputedStyle(document.documentElement).fontSize) * 2.25
    const { scrollTop, clientHeight } = this.#lines
    const pitch = this.#pitch
    const seen = Math.floor(clientHeight / this.#height)
    const { length } = this.#rows
    this.#sheet.style.height = `${pitch === this.#height ? length * pitch : (length - seen) * pitch + clientHeight}px`
    const top = Math.floor(scrollTop / pitch)
    const first = Math.max(0, top - SPARE)
    const last = Math.min(this.#rows.length, top + Math.ceil(clientHeight / this.#height) + SPARE)
    for (const [at, line] of this.#drawn) {
      if (at >= first && at < last) continue
      line.remove()
      this.#drawn.delete(at)
    }
    for (let at = first; at < last; at++) if (!this.#drawn.has(at)) this.#add(at)
    // Rows that lie closer than they are high are laid out from the first that is seen.
    for (const [at, line] of this.#drawn) line.style.top = `${top * pitch + (at - top) * this.#height}px`
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
    this.#sheet.append(line)
    this.#drawn.set(at, line)
  }

  #select() {
    for (const [at, line] of this.#drawn) line.setAttribute('aria-selected', String(at === this.#at))
    if (this.#drawn.has(this.#at)) this.#root.setAttribute('aria-activedescendant', `line-${this.#at}`)
    else this.#root.removeAttribute('aria-activedescendant')
  }

  #walkHeads(event) {
    const heads = this.#heads.filter(head => head.offsetParent !== null).map(head => head.firstChild)
    const at = heads.indexOf(event.target)
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: heads.length - 1 }[event.key]
    if (at < 0 || to === undefined || heads[to] === undefined) return
    event.preventDefault()
    for (const head of heads) head.tabIndex = -1
    heads[to].tabIndex = 0
    heads[to].focus()
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
    const pitch = this.#pitch
    const { scrollTop, clientHeight } = this.#lines
    // The first row that is seen must be so near that this one is seen too.
    const seen = Math.max(1, Math.floor(clientHeight / this.#height))
    const top = Math.floor(scrollTop / pitch)
    if (this.#at < top || (this.#at === top && scrollTop > top * pitch)) this.#lines.scrollTop = this.#at * pitch
    else if (this.#at >= top + seen) {
      if (pitch === this.#height) this.#lines.scrollTop = this.#at * pitch + this.#height - clientHeight
      else this.#lines.scrollTop = (this.#at - seen + 1) * pitch
    }
    this.#draw()
    if (open) this.#open(this.#rows[this.#at])
  }
}

/** Numbers to sort words by, one a row: words as people order them, and what has none last. */
export function ranks({ words, codes }) {
  const order = [...words.keys()].filter(code => words[code] !== null)
  order.sort((a, b) => words[a].localeCompare(words[b]))
  const rank = new Float64Array(words.length).fill(Number.NaN)
  for (const [i, code] of order.entries()) rank[code] = i
  return Float64Array.from(codes, code => rank[code])
}
