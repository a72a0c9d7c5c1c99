/** The page: what is chosen, and what is shown for it. Ties data, tables, charts and the list together. */
import { besideChoice, fillBeside } from './beside.js'
import { chip, drawHeat, drawHistogram, drawLines, drawScatter, drawSpread, drawSweep, thin } from './charts.js'
import { forget, metricOf, Rows, searched, served, unpack } from './data.js'
import { docTextOf, number, plain, valueText } from './format.js'
import { Grid, ranks } from './grid.js'
import { allTags, loadNotes, noted, notesText } from './notes.js'
import { fillOverview } from './overview.js'
import { element, figureTable, foldedTable, openTable } from './tables.js'
import { fillTranscript } from './transcript.js'

const $ = id => document.getElementById(id)
let facts
let overview
let figures
let rows
let series
let index

/** Data of the first screen, then the rest. */
async function loadAnswer() {
  ;[facts, overview, figures] = await Promise.all(['facts', 'overview', 'figures'].map(unpack))
}
async function loadRows() {
  const [columns, ...rest] = await Promise.all([...['rows', 'series', 'index'].map(unpack), loadNotes()])
  ;[series, index] = rest
  rows = new Rows(columns)
}
await loadAnswer()

/** Whether the first view stands: until then the address is read and not written. */
let ready = false

/** What is chosen. */
const chosen = { setting: facts.settings[0], off: new Set(), view: '' }

/** The players of the setting with their place, which decides colour and symbol. */
function playersOf(setting) {
  const labels = new Set(
    figures.filter(figure => figure.setting === setting && figure.table === 'rollouts').map(({ player }) => player),
  )
  return [...labels].map((label, place) => ({ label, place }))
}

/** Which colour and symbol a player of a setting has. */
const placeOf = (setting, player) => playersOf(setting).find(({ label }) => label === player)?.place ?? 0
let drawOverview = () => {}

const isShown = player => !chosen.off.has(player)
const shownPlayers = () => playersOf(chosen.setting).filter(({ label }) => isShown(label))
/** The shown players that these labels are of. */
function playersIn(labels) {
  const known = new Set(labels)
  return shownPlayers().filter(({ label }) => known.has(label))
}
/** The places of the rows of the setting and the players that are shown, found once until others are chosen. */
function shownRows() {
  const chosenNow = JSON.stringify([chosen.setting, [...chosen.off]])
  if (shown?.of === rows && shown.chosen === chosenNow) return shown.places
  const [setting, player] = [rows.words('setting'), rows.words('player')]
  const own = setting.words.indexOf(chosen.setting)
  const isOn = player.words.map(isShown)
  const places = new Uint32Array(rows.length)
  let count = 0
  for (let at = 0; at < rows.length; at++) if (setting.codes[at] === own && isOn[player.codes[at]]) places[count++] = at
  shown = { of: rows, chosen: chosenNow, places: places.subarray(0, count) }
  return shown.places
}
let shown
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
  const own = shownRows()
  const has = name => {
    // What a server has is asked for when it is chosen.
    if (served && names.includes(name)) return true
    const values = rows.numbers(name) ?? rows.numbers(`metrics.${name}`)
    return values !== undefined && own.some(at => !Number.isNaN(values[at]))
  }
  return [...new Set([...names, 'turns', 'calls', 'refused', 'input', 'output', 'cost', 'seconds'])].filter(has)
}

/** What a metric of the setting is. */
const docOf = name => docTextOf(facts.docs[chosen.setting]?.[name])

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
  const swept = points.map(figure => ({ ...figure, item: `${figure.factor} ${valueText(figure.at)}` }))
  $('sweep-table').replaceChildren(
    figureTable(swept, `${measure}: ${section}`),
    element('p', { class: 'note' }, `${facts.tables.sweep.note}. A cell’s tooltip says how its figure was computed.`),
  )
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

/** Which tables stand in which part of the page; those that are open, then those behind a fold. */
const TABLES = {
  players: { open: [], folded: ['differences', 'settings', 'passes', 'wins', 'metrics'] },
  behaviour: { open: [], folded: ['calls', 'refusals', 'first_use', 'sequences', 'texts', 'turns'] },
  dealings: { open: ['dealings', 'treatment', 'partners'], folded: [] },
  cost: { open: ['spending', 'stops'], folded: [] },
}

function showTables() {
  for (const [view, { open, folded }] of Object.entries(TABLES)) {
    const made = [...open, ...folded].flatMap(table => {
      const own = shownFigures(table)
      const about = facts.tables[table]
      // What compares with this setting says so.
      const title = table === 'settings' ? `Reward against ${chosen.setting}` : about.title
      if (own.length === 0) return []
      return [(open.includes(table) ? openTable : foldedTable)(own, { ...about, title }, docOf)]
    })
    $(`tables-${view}`).replaceChildren(...made)
    if (view === 'dealings') $('view-dealings').hidden = made.length === 0
  }
}

/** Rollouts that no mean holds, or not whole, and what the provider said, the commonest first. */
function showFailures() {
  const lacks = overview.lacking
    .filter(({ setting, player }) => setting === chosen.setting && isShown(player))
    .map(({ player, what, rollouts }) => `${player}: ${rollouts} ${what}`)
  const { words, codes } = rows.words('error')
  const said = new Map()
  if (words.length > 1)
    for (const at of shownRows()) {
      const error = words[codes[at]]
      if (error !== null) said.set(error, (said.get(error) ?? 0) + 1)
    }
  const errors = [...said].sort(([, a], [, b]) => b - a).map(([error, count]) => `${count} × ${error}`)
  const lines = [...lacks, ...errors.slice(0, 20)]
  $('failures').replaceChildren(
    ...(lines.length > 0 ? lines : ['No rollout failed, is missing or was cut short.']).map(line => element('li', {}, line)),
  )
}

/** Everything that depends on the players. */
function show() {
  $('scores').replaceChildren(
    figureTable(shownFigures('scores'), 'Scores', docOf),
    element('p', { class: 'note' }, `${facts.tables.scores.note}. A cell’s tooltip says how its figure was computed.`),
  )
  $('played').replaceChildren(
    element('summary', {}, 'What was played'),
    figureTable(shownFigures('rollouts'), facts.tables.rollouts.title),
    element('p', { class: 'note' }, `${facts.tables.rollouts.note}.`),
  )
  fillSelect($('walker'), [...new Set(shownFigures('sequences').map(({ player }) => player))], $('walker').value)
  showTables()
  showFailures()
  const { words, codes } = rows.words('outcome')
  const seen = new Set()
  for (const at of shownRows()) seen.add(codes[at])
  fillSelect($('outcome'), ['all', ...[...seen].map(code => words[code]).sort()], $('outcome').value)
  fillTags()
  drawAll()
  list()
  showSweep()
  showViews()
}

/** What the parts of the page are called; those that are there are linked to. */
function showViews() {
  const views = [
    ['', 'Who earns most'],
    ...[...document.querySelectorAll('main > section')]
      .filter(({ hidden }) => !hidden)
      .map(section => [section.dataset.view, section.querySelector('h2').textContent]),
  ]
  $('views').replaceChildren(
    ...views.map(([view, title]) => {
      const link = element('a', { href: `#${address(view)}`, 'data-view': view }, title)
      if (view === chosen.view) link.setAttribute('aria-current', 'true')
      link.addEventListener('click', event => {
        event.preventDefault()
        goTo(view)
        remember()
      })
      return link
    }),
  )
}

/** The part of the page of that name; the first where there is none. */
const sectionOf = view => document.querySelector(`main > section[data-view="${CSS.escape(view)}"]`) ?? $('answer')

function goTo(view) {
  const section = sectionOf(view)
  chosen.view = section.dataset.view ?? ''
  for (const link of $('views').children) {
    if (link.dataset.view === chosen.view) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
  section.tabIndex = -1
  section.focus({ preventScroll: true })
  measureTop()
  if (chosen.view === '') scrollTo(0, 0)
  else section.scrollIntoView()
  gone = scrollY
}
/** Where going to a part has led: the last parts cannot stand at the top, and are gone to all the same. */
let gone = -1

function drawAll() {
  drawOverview()
  drawMetric()
  drawPlayed()
  drawTime()
  drawCalls()
  drawWalks()
}

async function drawMetric() {
  const name = $('metric').value
  const all = await metricOf(rows, name)
  if (name !== $('metric').value) return
  $('metric-note').textContent = docOf(name) ?? ''
  const player = rows.words('player')
  const [values, labels] = [[], []]
  for (const at of shownRows()) {
    if (Number.isNaN(all[at])) continue
    values.push(all[at])
    labels.push(player.words[player.codes[at]])
  }
  const means = [...shownFigures('scores'), ...shownFigures('metrics')].filter(
    ({ item, value }) => item === name && value !== null,
  )
  const players = playersIn([...labels, ...means.map(mean => mean.player)])
  const picked = { values: Float64Array.from(values), labels, name }
  if ($('shape').value === 'histogram') drawHistogram($('spread'), { ...picked, players: playersIn(labels) })
  else drawSpread($('spread'), { ...picked, players, means })
}

/** Reward against turns. */
function drawPlayed() {
  const [reward, turns] = [rows.numbers('reward'), rows.numbers('turns')]
  const own =
    reward === undefined || turns === undefined
      ? []
      : shownRows().filter(at => !Number.isNaN(reward[at]) && !Number.isNaN(turns[at]))
  const drawn = Array.from(thin(own), at => rows.row(at))
  drawScatter($('scatter'), { rows: drawn, of: own.length, players: playersIn(drawn.map(({ player }) => player)) }, openAt)
}

function drawTime() {
  const [quantity, who] = [$('quantity').value, $('who').value]
  const lines = series.filter(
    line => line.setting === chosen.setting && line.quantity === quantity && line.who === who && isShown(line.player),
  )
  const players = playersIn(lines.map(({ player }) => player))
  drawLines($('lines'), { lines, players, quantity: who === 'itself' ? quantity : `${quantity} of ${who}` })
}

function drawCalls() {
  const calls = shownFigures('calls').filter(({ item }) => !item.startsWith('('))
  drawHeat($('heat'), {
    cells: calls.map(({ player, item, value }) => ({ x: item, y: player, value, text: number(value) })),
    xs: [...new Set(calls.map(({ item }) => item))],
    ys: [...new Set(calls.map(({ player }) => player))],
    summary: 'Calls a rollout by player and tool: means over rollouts, refused calls included.',
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

/** The order of a column's words, found once for the rows that there are. */
function ranksOf(key) {
  if (ranked.of !== rows) ranked = { of: rows, byKey: new Map() }
  if (!ranked.byKey.has(key)) ranked.byKey.set(key, ranks(rows.words(key)))
  return ranked.byKey.get(key)
}
let ranked = {}

/** A column of the list over one of the rows' columns. */
const column = (name, key, more = {}) => ({
  name,
  order: () => rows.numbers(key) ?? ranksOf(key),
  text(at) {
    const value = rows.get(key, at)
    return value === null ? '' : typeof value === 'number' ? plain(value) : value
  },
  ...more,
})
const failed = at => !['ok', 'truncated'].includes(rows.get('outcome', at))
const notesAt = at => notesText(rows.get('run', at), rows.get('key', at))
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
    column('Tokens', 'output', {
      down: true,
      wide: true,
      text: at => (rows.get('output', at) === null ? '' : `${plain(rows.get('input', at))} + ${plain(rows.get('output', at))}`),
    }),
    column('USD', 'cost', { down: true, wide: true }),
    column('Seconds', 'seconds', { down: true, wide: true }),
    {
      name: 'Noted',
      wide: true,
      text: notesAt,
      order() {
        const places = notedPlaces()
        const words = [null, ...new Set([...places.values()].flat().map(notesAt))]
        const codes = new Uint32Array(rows.length)
        for (const at of [...places.values()].flat()) codes[at] = words.indexOf(notesAt(at))
        return ranks({ words, codes })
      },
    },
  ],
  at => openAt(at),
  () => remember(),
)
$('grid').append(grid.root)

/** The places of the rows that something was said of, by run and key. */
function notedPlaces() {
  const wanted = new Map(noted().map(notes => [`${notes.run} ${notes.key}`, []]))
  if (wanted.size === 0) return wanted
  for (let at = 0; at < rows.length; at++) wanted.get(`${rows.get('run', at)} ${rows.get('key', at)}`)?.push(at)
  return wanted
}

/** What can be chosen of what people have said: everything, what has a tag or a note, and each tag. */
const [ANY, NOTED] = ['all', 'anything']
function fillTags() {
  fillSelect($('tag'), [ANY, ...(noted().length > 0 ? [NOTED] : []), ...allTags().map(tag => `tag: ${tag}`)], $('tag').value)
}
function isTagged(tag) {
  if (tag === ANY || tag === '') return () => true
  const places = notedPlaces()
  const own = new Set(
    noted()
      .filter(({ tags }) => tag === NOTED || tags.some(each => `tag: ${each}` === tag))
      .flatMap(({ run, key }) => places.get(`${run} ${key}`)),
  )
  return at => own.has(at)
}

/** The rows whose transcripts have the words that are looked for, as far as they are found; undefined where none are. */
let found
/** Ends the search that is going on. */
let giveUp = new AbortController()

/** Looks for the words; the list shows what is found as it is found. */
async function look() {
  giveUp.abort()
  giveUp = new AbortController()
  const { signal } = giveUp
  const words = $('words').value.trim()
  found = words === '' ? undefined : new Uint8Array(rows.length)
  $('searched').textContent = ''
  list()
  if (words === '') return
  const started = performance.now()
  try {
    for await (const { places, done, of, more } of searched(
      rows,
      index,
      { words, setting: chosen.setting, snapshot: facts.snapshot },
      signal,
    )) {
      if (signal.aborted) return
      for (const at of places) found[at] = 1
      list(true)
      $('searched').textContent =
        more === undefined ? `· ${done} of ${of} ${served ? 'rollouts' : 'embedded transcripts'} searched` : more
    }
    if (!signal.aborted) $('searched').dataset.ms = String(Math.round(performance.now() - started))
  } catch (error) {
    if (!signal.aborted) $('searched').textContent = error.message
  }
}

function list(keep = false) {
  const outcomes = rows.words('outcome')
  const outcome = $('outcome').value
  const isOutcome = outcomes.words.map(word => outcome === 'all' || word === outcome)
  const search = $('search').value.trim().toLowerCase()
  const matches = soughtIn(search)
  const tagged = isTagged($('tag').value)
  const own = shownRows().filter(
    at => isOutcome[outcomes.codes[at]] && (found === undefined || found[at] === 1) && matches(at) && tagged(at),
  )
  grid.show(own, keep)
  $('count').textContent = `${own.length} of ${rows.length} rollouts`
  if (ready) remember()
}

/** Whether a row has the number as example or seed, or the text in its key or scenario. */
function soughtIn(search) {
  if (search === '') return () => true
  if (/^\d+$/.test(search)) {
    const [example, seed, sought] = [rows.numbers('example'), rows.numbers('seed'), Number(search)]
    return at => example[at] === sought || seed[at] === sought
  }
  return at =>
    rows.get('key', at).toLowerCase().includes(search) || (rows.get('scenario', at) ?? '').toLowerCase().includes(search)
}

const dialog = $('transcript')
/** The opened rollout, whose messages are shown, and what stands beside it. */
let opened

/** What is chosen by a list, by its name in the address. */
const CHOICES = ['axis', 'measure', 'metric', 'shape', 'quantity', 'who', 'walker', 'outcome', 'tag']
const FIELDS = ['search', 'words']

/** The view as the end of its address: whoever opens it sees the same. */
function address(view = chosen.view) {
  const state = new URLSearchParams()
  if (view !== '') state.set('view', view)
  if (chosen.setting !== facts.settings[0]) state.set('setting', chosen.setting)
  for (const player of chosen.off) state.append('without', player)
  for (const id of CHOICES) {
    const select = $(id)
    if (select.selectedIndex > 0) state.set(id, select.value)
  }
  for (const id of FIELDS) if ($(id).value !== '') state.set(id, $(id).value)
  const { name, down, usual } = grid.order
  if (!usual) state.set('sort', `${down ? '-' : ''}${name}`)
  if (dialog.open && opened !== undefined) {
    const { row, seat, beside } = opened
    state.set('rollout', row.key)
    state.set('seat', row.seat)
    if (seat !== row.seat) state.set('as', seat)
    if (beside !== undefined) {
      state.set('beside', beside.key)
      state.set('other', beside.seat)
    }
    const { step } = $('transcript-body').dataset
    if (step) state.set('step', step)
  }
  return state.toString()
}

/** Keeps the address what the view is; every choice is not a step back. */
function remember() {
  if (!ready) return
  const hash = address()
  if (hash !== location.hash.slice(1))
    history.replaceState(null, '', hash === '' ? location.pathname + location.search : `#${hash}`)
}

/** Chooses what the address says. */
async function restore() {
  const state = new URLSearchParams(location.hash.slice(1))
  const setting = state.get('setting')
  chosen.setting = facts.settings.includes(setting) ? setting : facts.settings[0]
  chosen.off = new Set(state.getAll('without'))
  $('setting').value = chosen.setting
  const choose = id => {
    const value = state.get(id)
    const known = value !== null && [...$(id).options].some(option => option.value === value)
    if (known) $(id).value = value
    else $(id).selectedIndex = 0
  }
  // The measures are those of the axis.
  choose('axis')
  showSweeps()
  showSetting()
  for (const id of CHOICES) choose(id)
  for (const id of FIELDS) $(id).value = state.get(id) ?? ''
  const sort = state.get('sort')
  if (sort === null) grid.sortBy('Player', false)
  else grid.sortBy(sort.replace(/^-/, ''), sort.startsWith('-'))
  showSweep()
  drawTime()
  drawWalks()
  await Promise.all([drawMetric(), ready ? look() : undefined])
  if (!ready) list()
  const view = state.get('view')
  // The first screen needs no going to.
  if (view !== null || ready) goTo(view ?? '')
  const at = state.has('rollout') ? rows.find(state.get('rollout'), state.get('seat')) : undefined
  if (at !== undefined) {
    const other = state.has('beside') ? rows.find(state.get('beside'), state.get('other')) : undefined
    await openAt(at, { step: state.get('step'), seat: state.get('as'), beside: other })
  } else if (dialog.open) dialog.close()
  remember()
}

/** Rows of the same scenario under the same setting, of other rollouts. */
function othersOf(row) {
  const [example, setting, run] = [
    rows.numbers('example'),
    rows.words('setting'),
    rows.words('setting').words.indexOf(row.setting),
  ]
  const others = []
  for (let at = 0; at < rows.length; at++) {
    if (example[at] !== row.example || setting.codes[at] !== run || rows.get('error', at) !== null) continue
    if (rows.get('key', at) !== row.key) others.push(at)
  }
  return others.map(at => rows.row(at)).sort((a, b) => a.player.localeCompare(b.player) || a.repeat - b.repeat)
}

/** Opens a rollout: `seat` is whose messages are shown, `beside` the place of one to stand beside it. */
async function openAt(at, { step = null, seat = null, beside } = {}) {
  const row = rows.row(at)
  const other = beside === undefined ? undefined : rows.row(beside)
  opened = { at, row, seat: seat ?? row.seat, beside: other }
  grid.mark(at)
  if (!dialog.open) dialog.showModal()
  const place = grid.rows.indexOf(at)
  $('before').disabled = place <= 0
  $('after').disabled = place < 0 || place >= grid.rows.length - 1
  const choice = row.error ? [] : besideChoice(othersOf(row), other, chosenAt => openAt(at, { beside: chosenAt }))
  const [dark, words] = [isDark(), $('words').value]
  const said = () => {
    fillTags()
    grid.refresh()
  }
  const moved = ({ seat: own }) => {
    if (own !== undefined) openAt(at, { step: $('transcript-body').dataset.step ?? null, seat: own })
    else remember()
  }
  if (other !== undefined) await fillBeside([row, other], index, { step, dark, choice, moved })
  else await fillTranscript(row, index, { step, seat: opened.seat, words, dark, beside: choice, moved, said })
  remember()
}

function openBeside(step) {
  const at = grid.rows[grid.rows.indexOf(opened.at) + step]
  if (at !== undefined) openAt(at)
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

/** What a choice draws anew. */
const DRAWS = {
  axis: showSweeps,
  measure: showSweep,
  metric: drawMetric,
  shape: drawMetric,
  quantity: drawTime,
  who: drawTime,
  walker: drawWalks,
  outcome: list,
  tag: list,
}
for (const [id, draw] of Object.entries(DRAWS))
  $(id).addEventListener('change', () => {
    draw()
    remember()
  })
$('setting').addEventListener('change', () => {
  chosen.setting = $('setting').value
  showSetting()
  if (found !== undefined) look()
})
$('search').addEventListener('input', () => list())
let typed
$('words').addEventListener('input', () => {
  clearTimeout(typed)
  typed = setTimeout(look, 100)
})
$('filters').addEventListener('submit', event => event.preventDefault())

const systemDark = matchMedia('(prefers-color-scheme: dark)')
const isDark = () => (document.documentElement.dataset.theme ?? (systemDark.matches ? 'dark' : 'light')) === 'dark'
function showTheme() {
  $('theme').textContent = isDark() ? 'Light' : 'Dark'
}
function redraw() {
  if (rows === undefined) return
  drawAll()
  showSweep()
}
$('theme').addEventListener('click', () => {
  document.documentElement.dataset.theme = isDark() ? 'light' : 'dark'
  showTheme()
  redraw()
})
systemDark.addEventListener('change', () => {
  showTheme()
  redraw()
})

let width = innerWidth
let later
addEventListener('resize', () => {
  if (innerWidth === width) return
  width = innerWidth
  clearTimeout(later)
  later = setTimeout(redraw, 150)
})

/** The part that is read says so in the address. */
addEventListener('scrollend', () => {
  if (!ready || dialog.open || Math.abs(scrollY - gone) < 2) return
  gone = -1
  const bar = $('views').offsetHeight + $('filters').offsetHeight + 40
  const read = [...document.querySelectorAll('main > section')].findLast(
    section => !section.hidden && section.getBoundingClientRect().top <= bar,
  )
  chosen.view = read?.dataset.view ?? ''
  for (const link of $('views').children) {
    if (link.dataset.view === chosen.view) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
  remember()
})

/** What the setting does not change: the answer, and what a reader must know. */
function showFacts() {
  fillSelect($('setting'), facts.settings, chosen.setting)
  const players = new Set(figures.filter(({ table }) => table === 'rollouts').map(({ player }) => player)).size
  const rollouts = figures.reduce(
    (sum, { table, item, value }) => sum + (table === 'rollouts' && item === 'scored' ? value : 0),
    0,
  )
  $('summary').textContent =
    `${rollouts} scored rollouts, ${players} players, agoragym ${facts.version}${facts.live ? `, ${facts.live}` : ''}`
  drawOverview = fillOverview($('answer'), overview, { placeOf, docs: facts.docs, sweeps: facts.sweeps })
  $('view-told').hidden = facts.notes.length === 0
  $('view-told')
    .querySelector('ul')
    .replaceChildren(...facts.notes.map(note => element('li', {}, note)))
}

$('skip').addEventListener('click', event => {
  if (!ready) return
  event.preventDefault()
  goTo('rollouts')
  remember()
})
/** What is gone to stands below what stays at the top. */
function measureTop() {
  const { style } = document.documentElement
  style.setProperty('--views', `${$('views').offsetHeight}px`)
  style.setProperty('--bar', `${$('views').offsetHeight + $('filters').offsetHeight + 8}px`)
}
new ResizeObserver(measureTop).observe($('filters'))

// Scrolled by keys as well.
$('transcript-body').tabIndex = 0
showTheme()
showFacts()
drawOverview()
document.documentElement.dataset.answered = 'true'
// The answer is seen before the rest is read.
await new Promise(done => setTimeout(done))
await loadRows()
await restore()
ready = true
if ($('words').value !== '') look()
addEventListener('hashchange', restore)
if (served) {
  const changes = new EventSource('changes')
  changes.addEventListener('change', async () => {
    forget()
    await loadAnswer()
    await loadRows()
    if (!facts.settings.includes(chosen.setting)) chosen.setting = facts.settings[0]
    showFacts()
    showSetting()
    showSweeps()
    if (found !== undefined) look()
  })
  changes.addEventListener('notes', async () => {
    await loadNotes()
    fillTags()
    grid.refresh()
  })
}
document.documentElement.dataset.ready = 'true'
