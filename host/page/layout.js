/**
 * The economies' plain texts laid out for eyes: headings, lists, tables and lines. Every word and figure of a text is in its blocks,
 * in order; only marks of the layout (`##`, `-`, runs of spaces, separators of a table's cells) are gone. Pure; knows no economy
 * and no page.
 */

/**
 * Blocks of a text:
 * `{ kind: 'heading', level: 1…3, text }`, `{ kind: 'lines', lines }`, `{ kind: 'list', items }`,
 * `{ kind: 'steps', start, items: [[line, …more]] }`, `{ kind: 'table', head: cells | null, rows: cells[] }`.
 */
export function layout(text) {
  const blocks = []
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]
    if (line.trim() === '') {
      at++
      continue
    }
    const heading = HEADING.exec(line)
    if (heading) {
      blocks.push({ kind: 'heading', level: heading[1].length, text: heading[2] })
      at++
      continue
    }
    const kind = kindOf(line)
    const start = at
    while (at < lines.length && lines[at].trim() !== '' && !HEADING.test(lines[at]) && goesOn(kind, lines[at])) at++
    blocks.push(...BLOCKS[kind](lines.slice(start, at)))
  }
  return blocks
}

const HEADING = /^(#{1,3})\s+(\S.*?)\s*$/
const ITEM = /^\s*[-•*]\s+/
const STEP = /^(\d{1,3})\.\s+/
const DEEP = /^ {2,}\S/

function kindOf(line) {
  if (ITEM.test(line)) return 'items'
  if (STEP.test(line)) return 'steps'
  return DEEP.test(line) ? 'deep' : 'lines'
}

function goesOn(kind, line) {
  const next = kindOf(line)
  return next === kind || (kind === 'steps' && next === 'deep')
}

const BLOCKS = {
  items: lines => listOf(lines.map(line => line.replace(ITEM, ''))),
  deep: lines => listOf(lines.map(line => line.trim())),
  steps(lines) {
    const items = []
    for (const line of lines) {
      if (STEP.test(line)) items.push([line.replace(STEP, '')])
      else items.at(-1).push(line.trim())
    }
    return [{ kind: 'steps', start: Number(STEP.exec(lines[0])[1]), items }]
  },
  /** Tables among the lines are taken out: the longest runs of at least three rows of one shape. */
  lines(lines) {
    const blocks = []
    let plain = []
    const flush = () => {
      if (plain.length > 0) blocks.push({ kind: 'lines', lines: plain })
      plain = []
    }
    for (let at = 0; at < lines.length; ) {
      const shape = named(lines[at])
      let end = at + 1
      while (shape !== undefined && end < lines.length && named(lines[end])?.length === shape.length) end++
      if (end - at < 3) plain.push(lines[at++])
      else {
        flush()
        blocks.push(tableOf(lines.slice(at, end).map(named)))
        at = end
      }
    }
    flush()
    return blocks
  },
}

/** `name: a, b, c` as cells, if it is one: a name of one word, perhaps with one in brackets, and no quotation. */
function named(line) {
  const [, name, rest] = /^([\p{L}\d_]+(?: \([^()]*\))?): (.+)$/u.exec(line) ?? []
  if (name === undefined || rest.includes('"') || /[.;:]\s*$/.test(rest)) return undefined
  const cells = rest.split(', ')
  return cells.length >= 2 ? [name, ...cells] : undefined
}

/** Ways in which items of a list are rows. */
const ROWS = [
  item => item.split(/ {2,}/),
  item => item.split(' | '),
  item => {
    const at = item.indexOf(': ')
    return at < 0 || item.includes('"') ? [item] : [item.slice(0, at), ...item.slice(at + 2).split('; ')]
  },
]

function listOf(items) {
  if (items.length > 1)
    for (const cells of ROWS) {
      const rows = items.map(cells)
      if (rows[0].length >= 3 && rows.every(row => row.length === rows[0].length)) return [tableOf(rows)]
    }
  return [{ kind: 'list', items }]
}

/** The first row is a head where it alone has no figure. */
function tableOf(rows) {
  const hasFigure = row => row.some(cell => /\d/.test(cell))
  const isHeaded = !hasFigure(rows[0]) && rows.slice(1).every(hasFigure)
  return isHeaded ? { kind: 'table', head: rows[0], rows: rows.slice(1) } : { kind: 'table', head: null, rows }
}

/** A line as `[label, rest]` where it begins with a short label and a colon, else as `['', line]`. */
export function labelled(line) {
  const [, label, rest] = /^([^".:]{1,48}:)(\s.*|)$/.exec(line) ?? []
  return label === undefined ? ['', line] : [label, rest]
}

/** A text cut at what stands between backticks: `[text, code, text, …]`. */
export const pieces = text => text.split(/`([^`]+)`/)
