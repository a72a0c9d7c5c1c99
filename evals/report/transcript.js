/** The dialog that shows one rollout: its figures, how everybody stood, and every message. Knows one row at a time. */
import { drawStandings } from './charts.js'
import { transcriptOf } from './data.js'
import { number, plain } from './format.js'
import { element } from './tables.js'

/** Messages that are put on the page at once; the rest come on request. */
const SHOWN = 300

const ROLES = { system: 'Rules', user: 'Told', assistant: 'Said', tool: 'Answer' }

/** Fills the dialog; gives what has to be drawn once it can be seen. */
export async function fillTranscript(row, index) {
  const body = document.getElementById('transcript-body')
  document.getElementById('transcript-title').textContent =
    `${row.player}, seed ${row.seed}, repeat ${row.repeat}, seat ${row.seat}`
  body.replaceChildren(element('p', { class: 'note' }, 'Unpacking …'))
  const transcript = await transcriptOf(row, index)
  const figure = element('figure')
  const parts = [factsOf(row)]
  if (row.error) parts.push(element('p', { class: 'bad' }, row.error))
  if (transcript === undefined)
    parts.push(
      element(
        'p',
        { class: 'note' },
        row.error
          ? 'A rollout that failed has no transcript.'
          : `This report does not hold the transcript of this rollout; traces.jsonl of its run does, under ${row.key}.`,
      ),
    )
  else {
    const quantities = Object.keys(transcript.standings)
    const select = element('select', {}, ...quantities.map(name => element('option', {}, name)))
    const draw = () =>
      drawStandings(figure, {
        byAgent: transcript.standings[select.value],
        quantity: select.value,
        stride: transcript.stride,
        seat: row.seat,
      })
    select.addEventListener('change', draw)
    parts.push(
      element('div', { class: 'controls' }, element('label', {}, 'Over time ', select)),
      figure,
      ...messages(transcript.messages),
    )
    body.replaceChildren(...parts)
    body.scrollTop = 0
    draw()
    return
  }
  body.replaceChildren(...parts)
}

function factsOf(row) {
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
  const metrics = Object.entries(row).flatMap(([name, value]) =>
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
  const more =
    metrics.length === 0 ? [] : [element('details', {}, element('summary', {}, `All ${metrics.length} metrics`), list(metrics))]
  return element('div', {}, list(facts), ...more)
}

function messages(all) {
  const shown = all.slice(0, SHOWN).map(message)
  if (all.length <= SHOWN) return shown
  const rest = element('button', { type: 'button' }, `Show the other ${all.length - SHOWN} messages`)
  rest.addEventListener('click', () => rest.replaceWith(...all.slice(SHOWN).map(message)))
  return [...shown, rest]
}

function message({ role, text, thinking, calls = [], name }) {
  const parts = [element('h3', {}, name === undefined ? ROLES[role] : `${ROLES[role]}: ${name}`)]
  if (thinking) parts.push(element('details', {}, element('summary', {}, 'Thinking'), element('pre', {}, thinking)))
  if (text) parts.push(element('pre', {}, text))
  for (const call of calls) parts.push(element('pre', { class: 'call' }, `${call.name} ${call.arguments}`))
  if (role === 'assistant' && !text && calls.length === 0) parts.push(element('p', { class: 'note' }, 'Nothing.'))
  return element('article', { class: `message ${role}` }, ...parts)
}
