/** The dialog that shows one rollout: its figures, how everybody stood, and every message. Knows one row at a time. */
import { drawStandings } from './charts.js'
import { pictureAt, served, transcriptOf } from './data.js'
import { number, plain } from './format.js'
import { element } from './tables.js'

/** Messages that are put on the page at once; the rest come on request. */
const SHOWN = 300

const ROLES = { system: 'Rules', user: 'Told', assistant: 'Said', tool: 'Answer' }

/**
 * Fills the dialog with a row's rollout. `step` is how far the picture is at first, `onStep` is called when it has moved; pictures, and the
 * messages of other seats, are there where a server has them.
 */
export async function fillTranscript(row, index, { step = null, onStep = () => {}, dark = false } = {}, seat = row.seat) {
  const body = document.getElementById('transcript-body')
  document.getElementById('transcript-title').textContent = `${row.player}, seed ${row.seed}, repeat ${row.repeat}, seat ${seat}`
  body.replaceChildren(element('p', { class: 'note' }, 'Unpacking …'))
  delete body.dataset.step
  const transcript = await transcriptOf(row, index, seat)
  const parts = [factsOf(row, transcript?.metrics)]
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
      seat,
    })
  quantity.addEventListener('change', draw)
  const controls = [element('label', {}, 'Over time ', quantity)]
  const seats = transcript.seats ?? [seat]
  if (seats.length > 1) {
    const select = element('select', {}, ...seats.map(name => element('option', {}, name)))
    select.value = seat
    select.addEventListener('change', () => {
      const at = body.dataset.step ?? null
      fillTranscript(row, index, { step: at, onStep, dark }, select.value)
    })
    controls.unshift(element('label', {}, 'Messages of ', select))
  }
  const said = messages(transcript.messages)
  const talk = element('div', { class: 'talk' }, element('div', { class: 'controls' }, ...controls), figure, ...said)
  if (served && transcript.steps !== undefined) {
    const scene = sceneOf(row, transcript, { step, onStep, dark, talk })
    body.replaceChildren(...parts, element('div', { class: 'beside' }, talk, scene))
  } else body.replaceChildren(...parts, talk)
  body.scrollTop = 0
  draw()
}

/** The picture of the game beside its messages, with what moves through it. */
function sceneOf(row, { steps }, { step, onStep, dark, talk }) {
  const body = document.getElementById('transcript-body')
  const theme = dark ? 'dark' : 'light'
  const slider = element('input', { type: 'range', min: '0', max: String(steps), step: '1', 'aria-label': 'Steps played' })
  const label = element('output')
  const picture = element('img', { class: 'picture', alt: '' })
  const words = element('pre')
  const inWords = element('details', {}, element('summary', {}, 'The picture in words'), words)
  const say = async () => {
    if (!inWords.open) return
    const response = await fetch(pictureAt(row, slider.value, theme, 'txt'))
    words.textContent = await response.text()
  }
  const move = scroll => {
    const at = Number(slider.value)
    label.textContent = `after step ${at} of ${steps}`
    picture.src = pictureAt(row, at, theme)
    picture.alt = `What there is to see after step ${at}; in words below`
    body.dataset.step = String(at)
    say()
    // What was told before that step is what led to it.
    const told = [...talk.querySelectorAll('[data-step]')].filter(each => Number(each.dataset.step) < Math.max(1, at)).at(-1)
    for (const each of talk.querySelectorAll('.now')) each.classList.remove('now')
    told?.classList.add('now')
    if (scroll) told?.scrollIntoView({ block: 'nearest' })
    onStep()
  }
  inWords.addEventListener('toggle', say)
  slider.addEventListener('input', () => move(true))
  slider.value = String(step === null ? steps : Math.min(steps, Math.max(0, Number(step) || 0)))
  move(step !== null)
  return element(
    'div',
    { class: 'scene' },
    element('div', { class: 'controls' }, element('label', {}, 'Step ', slider), label),
    picture,
    inWords,
  )
}

function factsOf(row, more = undefined) {
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

function messages(all) {
  const shown = all.slice(0, SHOWN).map(message)
  if (all.length <= SHOWN) return shown
  const rest = element('button', { type: 'button' }, `Show the other ${all.length - SHOWN} messages`)
  rest.addEventListener('click', () => rest.replaceWith(...all.slice(SHOWN).map(message)))
  return [...shown, rest]
}

function message({ role, text, thinking, calls = [], name, step }) {
  const title = name === undefined ? ROLES[role] : `${ROLES[role]}: ${name}`
  const parts = [element('h3', {}, step === undefined ? title : `${title}, step ${step + 1}`)]
  if (thinking) parts.push(element('details', {}, element('summary', {}, 'Thinking'), element('pre', {}, thinking)))
  if (text) parts.push(element('pre', {}, text))
  for (const call of calls) parts.push(element('pre', { class: 'call' }, `${call.name} ${call.arguments}`))
  if (role === 'assistant' && !text && calls.length === 0) parts.push(element('p', { class: 'note' }, 'Nothing.'))
  return element('article', { class: `message ${role}`, ...(step !== undefined && { 'data-step': String(step) }) }, ...parts)
}
