/** The dialog that shows one rollout: its figures, how everybody stood, and every message. Knows one rollout at a time. */
import { drawStandings } from './charts.js'
import { pictureAt, served, transcriptOf } from './data.js'
import { number, plain } from './format.js'
import { notesPart } from './notes.js'
import { element } from './tables.js'
import { patternOf, termsOf } from './terms.js'

/** Turns that are put on the page at once; the rest come on request. */
const SHOWN = 100

const ROLES = { system: 'Rules', user: 'Told', assistant: 'Said', tool: 'Answer' }

/** How a server is asked for the messages of all seats, and what that is called. */
const ALL = '*'
const seatName = seat => (seat === ALL ? 'all seats' : seat)

/**
 * Fills the dialog with a row's rollout as `seat` sees it. `step` is how far the picture is at first, `words` are marked in the messages,
 * `moved` is called with a seat or a step that was chosen, `said` when a note was written. Pictures, and the messages of other seats,
 * are there where a server has them.
 */
export async function fillTranscript(row, index, options) {
  const { step = null, seat = row.seat, words = '', dark = false, beside = [], moved = () => {}, said = () => {} } = options
  const body = document.getElementById('transcript-body')
  document.getElementById('transcript-title').textContent =
    `${row.player}, seed ${row.seed}, repeat ${row.repeat}, ${seat === ALL ? seatName(seat) : `seat ${seat}`}`
  body.replaceChildren(element('p', { class: 'note' }, 'Unpacking …'))
  delete body.dataset.step
  const transcript = await transcriptOf(row, index, seat)
  const parts = [factsOf(row, transcript?.metrics), notesPart(row, said)]
  if (row.error) parts.push(element('p', { class: 'bad' }, row.error))
  if (transcript === undefined) {
    const why = row.error
      ? 'A rollout that failed has no transcript.'
      : `This report does not hold the transcript of this rollout; its run does, under ${row.key}.`
    body.replaceChildren(...parts, element('p', { class: 'note' }, why))
    return
  }
  const figure = element('figure')
  const quantity = element('select', {}, ...Object.keys(transcript.standings).map(name => element('option', {}, name)))
  const draw = () =>
    drawStandings(figure, {
      byAgent: transcript.standings[quantity.value],
      quantity: quantity.value,
      stride: transcript.stride,
      seat: row.seat,
    })
  quantity.addEventListener('change', draw)
  const controls = []
  const seats = transcript.seats ?? [seat]
  if (seats.length > 1) {
    const options = [ALL, ...seats].map(name => element('option', { value: name }, seatName(name)))
    const select = element('select', { id: 'seat' }, ...options)
    select.value = seat
    select.addEventListener('change', () => moved({ seat: select.value }))
    controls.push(element('label', {}, 'Messages of ', select))
  }
  const turns = turnsOf(transcript.messages)
  const talk = element('div', { class: 'talk' })
  const list = turnList(turns, words)
  const jump = element('select', { id: 'jump' }, ...turns.map(({ name }, i) => element('option', { value: String(i) }, name)))
  controls.push(element('label', {}, 'Jump to ', jump), ...beside)
  const standing =
    Object.keys(transcript.standings).length === 0
      ? []
      : [element('div', { class: 'controls' }, element('label', {}, 'Over time ', quantity)), figure]
  talk.append(...list.marks, list.root)
  let scene
  if (served && transcript.steps !== undefined) {
    const onStep = at => moved({ step: at })
    scene = sceneOf([row], transcript.steps, { step, dark, onStep, onMove: (at, scroll) => list.show(at, scroll) })
    talk.prepend(...standing)
    body.replaceChildren(
      ...parts,
      element('div', { class: 'controls' }, ...controls),
      element('div', { class: 'beside' }, talk, scene.root),
    )
  } else body.replaceChildren(...parts, element('div', { class: 'controls' }, ...controls), ...standing, talk)
  jump.addEventListener('change', () => {
    const turn = turns[Number(jump.value)]
    list.reveal(Number(jump.value))
    if (scene !== undefined && turn.step !== undefined) scene.go(turn.step + 1)
  })
  list.root.addEventListener('click', event => {
    const link = event.target.closest('a.turn-link')
    if (link === null) return
    event.preventDefault()
    const { step: at } = turns[Number(link.dataset.turn)]
    if (scene !== undefined && at !== undefined) scene.go(at + 1)
  })
  body.scrollTop = 0
  if (standing.length > 0) draw()
  scene?.begin()
}

/** Messages turn by turn: one begins where a step is named or, where none is, where the seat is told something. */
export function turnsOf(messages) {
  const stepped = messages.some(({ step }) => step !== undefined)
  const turns = [{ name: 'Before the first turn', messages: [] }]
  for (const message of messages) {
    const begins = stepped ? message.step !== undefined && message.step !== turns.at(-1).step : message.role === 'user'
    if (begins)
      turns.push(
        stepped
          ? { name: `Step ${message.step + 1}`, step: message.step, messages: [] }
          : { name: `Turn ${turns.length}`, messages: [] },
      )
    turns.at(-1).messages.push(message)
  }
  return turns.filter(turn => turn.messages.length > 0)
}

/** The turns under their headings, the first of them at once. Words that were sought are marked. */
function turnList(turns, words) {
  const root = element('div')
  const patterns = termsOf(words).map(term => patternOf(term, 'g'))
  const made = []
  const add = upTo => {
    for (let i = made.length; i < upTo; i++) {
      made.push(turnPart(turns[i], i, patterns))
      root.append(made[i])
    }
  }
  add(Math.min(turns.length, SHOWN))
  const all = () => {
    rest.remove()
    add(turns.length)
  }
  const rest = element('button', { type: 'button' }, `Show the other ${turns.length - SHOWN} turns`)
  rest.addEventListener('click', all)
  if (turns.length > SHOWN) root.after(rest)
  const reveal = i => {
    if (i >= made.length) all()
    made[i]?.scrollIntoView({ block: 'start' })
  }
  const marks = []
  if (patterns.length > 0) {
    const next = element('button', { type: 'button' }, 'Next word found')
    let at = -1
    next.addEventListener('click', () => {
      all()
      const found = root.querySelectorAll('mark')
      if (found.length === 0) return
      at = (at + 1) % found.length
      const fold = found[at].closest('details')
      if (fold !== null) fold.open = true
      found[at].scrollIntoView({ block: 'center' })
    })
    marks.push(element('div', { class: 'controls' }, next))
  }
  return {
    root: turns.length > SHOWN ? element('div', {}, root, rest) : root,
    marks,
    reveal,
    /** Marks what led to the state after so many steps. */
    show(at, scroll) {
      // What was told before that step is what led to it.
      const i = turns.findLastIndex(({ step }) => step !== undefined && step < Math.max(1, at))
      for (const each of root.querySelectorAll('.now')) each.classList.remove('now')
      if (i >= made.length) all()
      made[i]?.classList.add('now')
      if (scroll) made[i]?.scrollIntoView({ block: 'nearest' })
    },
  }
}

function turnPart({ name, step, messages }, i, patterns) {
  const link = element('a', { class: 'turn-link', href: '#', 'data-turn': String(i) }, name)
  const head = element('h3', {}, step === undefined ? name : link)
  return element(
    'section',
    { class: 'turn', ...(step !== undefined && { 'data-step': String(step) }) },
    head,
    ...messages.map(each => messagePart(each, patterns)),
  )
}

/**
 * The pictures of rollouts after so many steps, with what moves through them. `onMove` is called for every move, `onStep` when it
 * was somebody's.
 */
export function sceneOf(rows, steps, { step = null, dark = false, onStep = () => {}, onMove = () => {} }) {
  const body = document.getElementById('transcript-body')
  const theme = dark ? 'dark' : 'light'
  const slider = element('input', { type: 'range', min: '0', max: String(steps), step: '1', 'aria-label': 'Steps played' })
  const label = element('output')
  const views = rows.map(() => {
    const picture = element('img', { class: 'picture', alt: '' })
    const words = element('pre')
    const inWords = element('details', {}, element('summary', {}, 'The picture in words'), words)
    return { picture, words, inWords, root: element('div', {}, picture, inWords) }
  })
  const say = async ({ inWords, words }, row) => {
    if (!inWords.open) return
    const response = await fetch(pictureAt(row, slider.value, theme, 'txt'))
    words.textContent = await response.text()
  }
  const move = (scroll, own = true) => {
    const at = Number(slider.value)
    label.textContent = `after step ${at} of ${steps}`
    slider.setAttribute('aria-valuetext', label.textContent)
    for (const [i, view] of views.entries()) {
      view.picture.src = pictureAt(rows[i], at, theme)
      view.picture.alt = `What there is to see after step ${at}; in words below`
      say(view, rows[i])
    }
    body.dataset.step = String(at)
    onMove(at, scroll)
    if (own) onStep(at)
  }
  for (const [i, view] of views.entries()) view.inWords.addEventListener('toggle', () => say(view, rows[i]))
  slider.addEventListener('input', () => move(true))
  slider.value = String(step === null ? steps : Math.min(steps, Math.max(0, Number(step) || 0)))
  const controls = element('div', { class: 'controls' }, element('label', {}, 'Step ', slider), label)
  return {
    views,
    controls,
    root: element('div', { class: 'scene' }, controls, ...views.map(({ root }) => root)),
    begin: () => move(step !== null, false),
    go(at) {
      slider.value = String(Math.min(steps, Math.max(0, at)))
      move(true)
    },
  }
}

export function factsOf(row, more = undefined) {
  const facts = [
    ['scenario', row.scenario],
    ['outcome', row.outcome],
    ['stopped by', row.stop],
    ['reward', row.reward],
    ['turns', row.turns],
    ['calls', row.calls],
    ['refused calls', row.refused],
    ['input tokens', row.input],
    ['output tokens', row.output],
    ['USD', row.cost],
    ['seconds', row.seconds],
    ['attempts', row.attempts],
  ].filter(([, value]) => value !== null && value !== undefined)
  const metrics =
    more !== undefined
      ? Object.entries(more)
      : Object.entries(row).flatMap(([name, value]) =>
          name.startsWith('metrics.') && value !== null ? [[name.slice('metrics.'.length), value]] : [],
        )
  const list = entries =>
    element(
      'dl',
      { class: 'facts' },
      ...entries.map(([name, value]) =>
        element(
          'div',
          {},
          element('dt', {}, name),
          element('dd', {}, typeof value === 'number' ? (Number.isInteger(value) ? plain(value) : number(value)) : String(value)),
        ),
      ),
    )
  const folded =
    metrics.length === 0 ? [] : [element('details', {}, element('summary', {}, `All ${metrics.length} metrics`), list(metrics))]
  return element('div', {}, list(facts), ...folded)
}

/** A text with the words that were sought marked. */
function marked(text, patterns) {
  const places = patterns.flatMap(pattern =>
    [...text.matchAll(pattern)].map(({ index, 0: found }) => [index, index + found.length]),
  )
  places.sort(([a], [b]) => a - b)
  const parts = []
  let end = 0
  for (const [from, to] of places) {
    if (from < end) continue
    parts.push(text.slice(end, from), element('mark', {}, text.slice(from, to)))
    end = to
  }
  return [...parts, text.slice(end)]
}

export function messagePart({ role, text, thinking, calls = [], name, seat }, patterns = []) {
  const title = name === undefined ? ROLES[role] : `${ROLES[role]}: ${name}`
  const parts = [element('h4', {}, seat === undefined ? title : `${seat}, ${title.toLowerCase()}`)]
  if (thinking)
    parts.push(element('details', {}, element('summary', {}, 'Thinking'), element('pre', {}, ...marked(thinking, patterns))))
  if (text) {
    const said = element('pre', {}, ...marked(text, patterns))
    // Of all seats together, the rules are long and mostly alike.
    parts.push(seat !== undefined && role === 'system' ? element('details', {}, element('summary', {}, 'Rules'), said) : said)
  }
  for (const call of calls) parts.push(element('pre', { class: 'call' }, ...marked(`${call.name} ${call.arguments}`, patterns)))
  if (role === 'assistant' && !text && calls.length === 0) parts.push(element('p', { class: 'note' }, 'Nothing.'))
  return element('article', { class: `message ${role}` }, ...parts)
}
