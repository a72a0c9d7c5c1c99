/** Two rollouts of one scenario side by side, from where they part. Knows two rollouts at a time. */
import { asked, query, served, transcriptOf } from './data.js'
import { plain, plural } from './format.js'
import { element } from './tables.js'
import { messagePart, sceneOf, turnsOf } from './transcript.js'

const titleOf = ({ player, repeat, seat }) => `${player}, repeat ${repeat}, ${seat}`

/** The choice of the rollout to stand beside; `others` are rows of the same scenario. */
export function besideChoice(others, value, choose) {
  if (others.length === 0) return []
  const options = others.map(row => element('option', { value: String(row.at) }, titleOf(row)))
  const select = element('select', { id: 'beside' }, element('option', { value: '' }, 'no other'), ...options)
  select.value = value === undefined ? '' : String(value.at)
  select.addEventListener('change', () => choose(select.value === '' ? undefined : Number(select.value)))
  return [element('label', {}, 'Beside ', select)]
}

/** The first turn in which two transcripts differ in what was said; undefined where they are alike. */
function firstDifference([a, b]) {
  const said = turn =>
    JSON.stringify(turn?.messages.filter(({ role }) => role === 'assistant').map(({ text, calls }) => [text, calls]))
  const most = Math.max(a.length, b.length)
  for (let i = 0; i < most; i++) if (said(a[i]) !== said(b[i])) return i
  return undefined
}

/** Fills the dialog with both rollouts. Where no server has their logs, the turns are told apart by what was said, and there is no picture. */
export async function fillBeside(rows, index, { step = null, dark = false, choice = [], moved = () => {} }) {
  const body = document.getElementById('transcript-body')
  const [{ seed }] = rows
  document.getElementById('transcript-title').textContent = `Side by side, seed ${seed}: ${rows.map(titleOf).join(' – ')}`
  body.replaceChildren(element('p', { class: 'note' }, 'Unpacking …'))
  delete body.dataset.step
  const ids = Object.fromEntries(
    rows.flatMap(({ run, key }, i) => Object.entries({ run, key }).map(([name, value]) => [i === 0 ? name : `${name}2`, value])),
  )
  const [one, other, parting] = await Promise.all([
    ...rows.map(row => transcriptOf(row, index)),
    served ? asked(`parting?${query(ids)}`) : undefined,
  ])
  if (one === undefined || other === undefined) {
    body.replaceChildren(
      element('div', { class: 'controls' }, ...choice),
      element('p', { class: 'note' }, 'The transcript of one of them is not here.'),
    )
    return
  }
  const turns = [one, other].map(({ messages }) => turnsOf(messages))
  const columns = rows.map((row, i) => {
    const [did, told] = [element('div', { class: 'did' }), element('div')]
    const facts = [`reward ${row.reward === null ? '–' : plain(row.reward)}`, row.stop, plural(row.turns ?? 0, 'turn')].join(', ')
    const root = element(
      'section',
      { 'aria-label': titleOf(row) },
      element('h3', {}, titleOf(row)),
      element('p', { class: 'note' }, facts),
    )
    return { root, did, told, turns: turns[i] }
  })
  const pair = element('div', { class: 'pair' }, ...columns.map(({ root }) => root))
  // What it did comes first, as that is where the two part; what it was told is long and mostly alike.
  const show = (column, turn) => {
    const messages = turn?.messages.filter(({ role }) => role !== 'system') ?? []
    const did = messages.filter(({ role }) => role !== 'user')
    const told = messages.filter(({ role }) => role === 'user')
    column.did.replaceChildren(
      ...(did.length === 0 ? [element('p', { class: 'note' }, 'Has no turn here.')] : did.map(message => messagePart(message))),
    )
    column.told.replaceChildren(...told.map(message => messagePart(message)))
  }
  if (parting === undefined) {
    const from = firstDifference(turns)
    const names = turns[0].length > turns[1].length ? turns[0] : turns[1]
    const select = element('select', { id: 'jump' }, ...names.map(({ name }, i) => element('option', { value: String(i) }, name)))
    select.value = String(from ?? names.length - 1)
    const fill = () => {
      for (const column of columns) show(column, column.turns[Number(select.value)])
    }
    select.addEventListener('change', fill)
    for (const { root, did, told } of columns) root.append(did, told)
    const told = from === undefined ? 'They said the same throughout.' : `They part in ${names[from].name.toLowerCase()}.`
    body.replaceChildren(
      element('div', { class: 'controls' }, ...choice, element('label', {}, 'Turn ', select), element('span', {}, told)),
      pair,
    )
    fill()
    return
  }
  const { steps, differing } = parting
  const scene = sceneOf(rows, Math.max(...steps), {
    // A decision is seen after its step.
    step: step ?? (differing.length === 0 ? Math.max(...steps) : differing[0] + 1),
    dark,
    onStep: at => moved({ step: at }),
    onMove(at) {
      for (const column of columns)
        show(
          column,
          column.turns.find(turn => turn.step === Math.max(0, at - 1)),
        )
    },
  })
  for (const [i, { root, did, told }] of columns.entries()) root.append(did, scene.views[i].root, told)
  const jumps = differing.map(t => {
    const button = element('button', { type: 'button' }, String(t + 1))
    button.addEventListener('click', () => scene.go(t + 1))
    return button
  })
  const told =
    differing.length === 0
      ? 'Everybody decided the same in both.'
      : `They part in step ${differing[0] + 1}, the first in which somebody decided otherwise.`
  body.replaceChildren(
    element('div', { class: 'controls sticky' }, ...choice, ...scene.controls.childNodes),
    element('div', { class: 'parting' }, element('p', {}, told)),
    ...(jumps.length > 1
      ? [
          element(
            'details',
            {},
            element('summary', {}, `All ${jumps.length} steps in which they differ`),
            element('div', { class: 'controls' }, ...jumps),
          ),
        ]
      : []),
    pair,
  )
  body.scrollTop = 0
  scene.begin()
}
