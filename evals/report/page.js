/** The page: what is chosen, and what is shown for it. Ties data, tables, charts and the list together. */
import { chip, drawHeat, drawHistogram, drawLines, drawScatter, drawSpread, drawSweep } from './charts.js'
import { forget, metricOf, rowsOf, served, unpack } from './data.js'
import { number, plain, valueText } from './format.js'
import { Grid } from './grid.js'
import { fillOverview } from './overview.js'
import { element, figureTable, foldedTable } from './tables.js'
import { fillTranscript } from './transcript.js'

const $ = id => document.getElementById(id)
let facts
let overview
let figures
let columns
let rows
let series
let index

async function load() {
  const names = ['facts', 'overview', 'figures', 'rows', 'series', 'index']
  ;[facts, overview, figures, columns, series, index] = await Promise.all(names.map(unpack))
  rows = rowsOf(columns)
}
await load()

/** Whether the first view stands: until then the address is read and not written. */
let ready = false

/** What is chosen. */
const chosen = { setting: facts.settings[0], off: new Set() }

/** The players of the setting with their place, which decides colour and symbol. */
function playersOf(setting) {
  const labels = new Set([
    ...figures.filter(figure => figure.setting === setting && figure.table === 'rollouts').map(({ player }) => player),
    ...rows.filter(row => row.setting === setting).map(({ player }) => player),
  ])
  return [...labels].map((label, place) => ({ label, place }))
}

/** Which colour and symbol a player of a setting has. */
const placeOf = (setting, player) => playersOf(setting).find(({ label }) => label === player)?.place ?? 0
let drawOverview = () => {}

const shownPlayers = () => playersOf(chosen.setting).filter(({ label }) => !chosen.off.has(label))
/** The shown players that these rows or lines are of. */
function playersIn(of) {
  const labels = new Set(of.map(({ player }) => player))
  return shownPlayers().filter(({ label }) => labels.has(label))
}
const isShown = player => !chosen.off.has(player)
const shownRows = () => rows.filter(row => row.setting === chosen.setting && isShown(row.player))
const shownFigures = table =>
  figures.filter(
    figure =>
      figure.table === table &&
      figure.setting === chosen.setting &&
      (table === 'differences' ? !chosen.off.has(figure.player.split(' − ')[0]) : isShown(figure.player)),
  )

function fillSelect(select, options, value) {
  select.replaceChildren(...options.map(option => element('option', {}, option)))
  if (options.includes(value)) select.value = value
  select.disabled = options.length < 2
}

function fillPlayers() {
  const boxes = playersOf(chosen.setting).map(({ label, place }) => {
    const box = element('input', { type: 'checkbox', value: label })
    box.checked = isShown(label)
    box.addEventListener('change', () => {
      if (box.checked) chosen.off.delete(label)
      else chosen.off.add(label)
      show()
    })
    return element('label', {}, box, chip(place), label)
  })
  $('players').replaceChildren($('players').querySelector('legend'), ...boxes)
}

/** Reward, then the score's parts, then the metrics of the setting. */
function metricsOf() {
  const names = ['scores', 'metrics'].flatMap(table =>
    figures.filter(figure => figure.setting === chosen.setting && figure.table === table).map(({ item }) => item),
  )
  // What a server has is asked for when it is chosen.
  const has = name => served && names.includes(name)
  return [...new Set([...names, 'turns', 'calls', 'refused', 'input', 'output', 'cost', 'seconds'])].filter(
    name => has(name) || rows.some(row => row.setting === chosen.setting && typeof numberOf(row, name) === 'number'),
  )
}

const numberOf = (row, name) => row[name] ?? row[`metrics.${name}`]

const sweepFigures = label => figures.filter(figure => figure.setting === label && figure.factor !== undefined)

/** What can be chosen of the sweeps; nothing where there is none. */
function showSweeps() {
  $('sweeps').hidden = facts.sweeps.length === 0
  if (facts.sweeps.length === 0) return
  const sections = [...new Set(facts.sweeps.map(({ section }) => section))]
  fillSelect($('axis'), sections, $('axis').value || sections[0])
  const own = sweepFigures($('axis').value)
  fillSelect($('measure'), [...new Set(own.map(({ metric }) => metric))], $('measure').value || 'reward')
  showSweep()
}

/** A chart an axis, and the table, of the chosen measure and the players that are shown. */
function showSweep() {
  if (facts.sweeps.length === 0) return
  const [section, measure] = [$('axis').value, $('measure').value]
  const own = sweepFigures(section).filter(({ metric }) => metric === measure)
  const players = [...new Set(own.map(({ player }) => player))].map((label, place) => ({ label, place }))
  const shown = { players: players.filter(({ label }) => isShown(label)), measure }
  const points = own.filter(({ player }) => isShown(player))
  const sweeps = facts.sweeps.filter(sweep => sweep.section === section)
  const figureOf = sweep => [sweep, element('figure')]
  const charts = sweeps.map(figureOf)
  $('sweep-chart').replaceChildren(...charts.map(([, figure]) => figure))
  for (const [sweep, figure] of charts)
    drawSweep(figure, { ...shown, sweep, points: points.filter(({ factor }) => factor === sweep.factor), all: points })
  const rows = points.map(figure => ({ ...figure, item: `${figure.factor} ${valueText(figure.at)}` }))
  $('sweep-table').replaceChildren(figureTable(rows, `${measure}: ${section}`))
}

/** Everything that depends on the setting alone. */
function showSetting() {
  fillPlayers()
  fillSelect($('metric'), metricsOf(), $('metric').value || 'reward')
  const own = series.filter(line => line.setting === chosen.setting)
  fillSelect($('quantity'), [...new Set(own.map(({ quantity }) => quantity))], $('quantity').value)
  fillSelect($('who'), [...new Set(own.map(({ who }) => who))], $('who').value)
  show()
}

/** Everything that depends on the players. */
function show() {
  $('scores').replaceChildren(
    figureTable(shownFigures('scores'), 'Scores'),
    element('p', { class: 'note' }, `${facts.tables.scores.note}.`),
  )
  $('played').replaceChildren(
    element('summary', {}, facts.tables.rollouts.title),
    figureTable(shownFigures('rollouts'), facts.tables.rollouts.title),
    element('p', { class: 'note' }, `${facts.tables.rollouts.note}.`),
  )
  fillSelect($('walker'), [...new Set(shownFigures('sequences').map(({ player }) => player))], $('walker').value)
  const others = Object.entries(facts.tables).filter(
    ([table]) => !['rollouts', 'scores', 'sweep', 'sweep_metrics'].includes(table),
  )
  $('tables').replaceChildren(
    ...others.flatMap(([table, about]) => {
      const own = shownFigures(table)
      // What compares with this setting says so.
      const title = table === 'settings' ? `Reward against ${chosen.setting}` : about.title
      return own.length === 0 ? [] : [foldedTable(own, { ...about, title })]
    }),
  )
  const outcomes = [...new Set(shownRows().map(({ outcome }) => outcome))].sort()
  fillSelect($('outcome'), ['all', ...outcomes], $('outcome').value)
  drawAll()
  list()
  showSweep()
}

function drawAll() {
  drawOverview()
  drawMetric()
  drawScatter($('scatter'), { rows: shownRows(), players: playersIn(shownRows()) }, openRow)
  drawTime()
  drawCalls()
  drawWalks()
}

async function drawMetric() {
  const name = $('metric').value
  const values = await metricOf(rows, columns, name)
  if (name !== $('metric').value) return
  const about = facts.docs[chosen.setting]?.[name]
  $('metric-note').textContent = about === undefined ? '' : `${about.description}: ${about.formula} (${about.range})`
  const picked = shownRows().map(row => ({ player: row.player, value: values[row.at] }))
  const means = [...shownFigures('scores'), ...shownFigures('metrics')].filter(
    ({ item, value }) => item === name && value !== null,
  )
  const measured = new Set([...picked.filter(({ value }) => typeof value === 'number'), ...means].map(({ player }) => player))
  const players = shownPlayers().filter(({ label }) => measured.has(label))
  if ($('shape').value === 'histogram')
    drawHistogram($('spread'), {
      rows: picked,
      players: playersIn(picked.filter(({ value }) => typeof value === 'number')),
      name,
    })
  else drawSpread($('spread'), { rows: picked, players, name, means })
}

function drawTime() {
  const [quantity, who] = [$('quantity').value, $('who').value]
  const lines = series.filter(
    line => line.setting === chosen.setting && line.quantity === quantity && line.who === who && isShown(line.player),
  )
  drawLines($('lines'), { lines, players: playersIn(lines), quantity: who === 'itself' ? quantity : `${quantity} of ${who}` })
}

function drawCalls() {
  const calls = shownFigures('calls').filter(({ item }) => !item.startsWith('('))
  drawHeat($('heat'), {
    cells: calls.map(({ player, item, value }) => ({ x: item, y: player, value, text: number(value) })),
    xs: [...new Set(calls.map(({ item }) => item))],
    ys: [...new Set(calls.map(({ player }) => player))],
    summary: 'Calls a rollout by player and tool, refused calls included.',
    xLabel: null,
    yLabel: null,
  })
}

function drawWalks() {
  const pairs = shownFigures('sequences')
    .filter(({ player }) => player === $('walker').value)
    .map(({ item, value, n }) => ({ steps: item.split(' → '), value, n }))
  const order = names => [...new Set(names)].sort((a, b) => a.localeCompare(b))
  drawHeat($('walks'), {
    cells: pairs.map(({ steps: [y, x], value, n }) => ({ x, y, value, text: `${Math.round(100 * value)} %`, n })),
    xs: order(pairs.map(({ steps }) => steps[1])),
    ys: order(pairs.map(({ steps }) => steps[0])),
    summary: 'Of all that follows the call at the left, the share of the call at the top.',
    xLabel: null,
    yLabel: null,
  })
}

const column = (name, key, more = {}) => ({
  name,
  value: row => row[key] ?? null,
  text: row => (row[key] === null || row[key] === undefined ? '' : typeof row[key] === 'number' ? plain(row[key]) : row[key]),
  ...more,
})
const failed = ({ outcome }) => outcome !== 'ok' && outcome !== 'truncated'
const grid = new Grid(
  [
    column('Player', 'player'),
    column('Example', 'example'),
    column('Repeat', 'repeat', { wide: true }),
    column('Seat', 'seat', { wide: true }),
    column('Outcome', 'stop', { bad: failed }),
    column('Reward', 'reward', { down: true }),
    column('Turns', 'turns', { down: true }),
    column('Refused', 'refused', { down: true, wide: true }),
    {
      ...column('Tokens', 'output', { down: true, wide: true }),
      text: row => (row.output === null || row.output === undefined ? '' : `${plain(row.input)} + ${plain(row.output)}`),
    },
    column('USD', 'cost', { down: true, wide: true }),
    column('Seconds', 'seconds', { down: true, wide: true }),
  ],
  openRow,
)
$('grid').append(grid.root)

function list() {
  const outcome = $('outcome').value
  const search = $('search').value.trim().toLowerCase()
  const sought = /^\d+$/.test(search)
    ? row => row.example === Number(search) || row.seed === Number(search)
    : row => row.key.toLowerCase().includes(search) || (row.scenario ?? '').toLowerCase().includes(search)
  const matches = row => (outcome === 'all' || row.outcome === outcome) && (search === '' || sought(row))
  const found = shownRows().filter(matches)
  grid.show(found)
  $('count').textContent = `${found.length} of ${rows.length} rollouts`
  if (ready) remember()
}

const dialog = $('transcript')
let opened

/** The view as the end of its address: whoever opens it sees the same. */
function address() {
  const state = new URLSearchParams()
  if (chosen.setting !== facts.settings[0]) state.set('setting', chosen.setting)
  for (const player of chosen.off) state.append('without', player)
  for (const id of ['metric', 'shape', 'outcome']) {
    const select = $(id)
    if (select.selectedIndex > 0) state.set(id, select.value)
  }
  if ($('search').value !== '') state.set('search', $('search').value)
  if (dialog.open && opened !== undefined) {
    state.set('rollout', opened.key)
    state.set('seat', opened.seat)
    if ($('transcript-body').dataset.step) state.set('step', $('transcript-body').dataset.step)
  }
  return state.toString()
}

/** Keeps the address what the view is; every choice is not a step back. */
function remember() {
  const hash = address()
  if (hash !== location.hash.slice(1))
    history.replaceState(null, '', hash === '' ? location.pathname + location.search : `#${hash}`)
}

/** Chooses what the address says. */
async function restore() {
  const state = new URLSearchParams(location.hash.slice(1))
  const setting = state.get('setting')
  if (facts.settings.includes(setting)) chosen.setting = setting
  chosen.off = new Set(state.getAll('without'))
  $('setting').value = chosen.setting
  showSetting()
  for (const id of ['metric', 'shape', 'outcome']) {
    const value = state.get(id)
    if (value !== null && [...$(id).options].some(option => option.value === value)) $(id).value = value
  }
  $('search').value = state.get('search') ?? ''
  list()
  drawMetric()
  const row = rows.find(({ key, seat }) => key === state.get('rollout') && seat === state.get('seat'))
  if (row !== undefined) await openRow(row, state.get('step'))
  else if (dialog.open) dialog.close()
  remember()
}

async function openRow(row, step = null) {
  opened = row
  grid.mark(row)
  if (!dialog.open) dialog.showModal()
  const at = grid.rows.indexOf(row)
  $('before').disabled = at <= 0
  $('after').disabled = at < 0 || at >= grid.rows.length - 1
  await fillTranscript(row, index, { step, onStep: remember, dark: isDark() })
  remember()
}

function openBeside(step) {
  const row = grid.rows[grid.rows.indexOf(opened) + step]
  if (row !== undefined) openRow(row)
}

$('before').addEventListener('click', () => openBeside(-1))
$('after').addEventListener('click', () => openBeside(1))
$('close').addEventListener('click', () => dialog.close())
dialog.addEventListener('close', () => {
  grid.focus()
  remember()
})
dialog.addEventListener('keydown', event => {
  if (event.target.matches('select, input, textarea')) return
  if (event.key === 'ArrowLeft') openBeside(-1)
  if (event.key === 'ArrowRight') openBeside(1)
})

$('axis').addEventListener('change', showSweeps)
$('measure').addEventListener('change', showSweep)
$('setting').addEventListener('change', () => {
  chosen.setting = $('setting').value
  showSetting()
})
for (const id of ['metric', 'shape'])
  $(id).addEventListener('change', () => {
    drawMetric()
    remember()
  })
for (const id of ['quantity', 'who']) $(id).addEventListener('change', drawTime)
$('walker').addEventListener('change', drawWalks)
$('outcome').addEventListener('change', list)
$('search').addEventListener('input', list)
$('filters').addEventListener('submit', event => event.preventDefault())

const systemDark = matchMedia('(prefers-color-scheme: dark)')
const isDark = () => (document.documentElement.dataset.theme ?? (systemDark.matches ? 'dark' : 'light')) === 'dark'
function showTheme() {
  $('theme').textContent = isDark() ? 'Light' : 'Dark'
  $('theme').setAttribute('aria-pressed', String(isDark()))
}
$('theme').addEventListener('click', () => {
  document.documentElement.dataset.theme = isDark() ? 'light' : 'dark'
  showTheme()
  drawAll()
  showSweep()
})
systemDark.addEventListener('change', () => {
  showTheme()
  drawAll()
  showSweep()
})

let width = innerWidth
let later
addEventListener('resize', () => {
  if (innerWidth === width) return
  width = innerWidth
  clearTimeout(later)
  later = setTimeout(() => {
    drawAll()
    showSweep()
  }, 150)
})

/** What the setting does not change: the answer, and what a reader must know. */
function showFacts() {
  fillSelect($('setting'), facts.settings, chosen.setting)
  const players = new Set(rows.map(({ player }) => player)).size
  $('summary').textContent =
    `${rows.length} rollouts, ${players} players, agoragym ${facts.version}${facts.live ? `, ${facts.live}` : ''}`
  drawOverview = fillOverview($('answer'), overview, placeOf)
  $('notes').hidden = facts.notes.length === 0
  $('notes')
    .querySelector('ul')
    .replaceChildren(...facts.notes.map(note => element('li', {}, note)))
}

// Scrolled by keys as well.
$('transcript-body').tabIndex = 0
showTheme()
showFacts()
await restore()
showSweeps()
ready = true
addEventListener('hashchange', restore)
if (served) {
  const changes = new EventSource('changes')
  changes.addEventListener('change', async () => {
    forget()
    await load()
    if (!facts.settings.includes(chosen.setting)) chosen.setting = facts.settings[0]
    showFacts()
    showSetting()
    showSweeps()
  })
}
document.documentElement.dataset.ready = 'true'
