/** What people say of rollouts: notes and tags, shown wherever a rollout is, and written where a server has them. Knows both; knows no layout of the page. */
import { asked, served, unpack } from './data.js'
import { element } from './tables.js'

let byRollout = new Map()
const nameOf = (run, key) => `${run} ${key}`
const NOTHING = { tags: [], notes: [] }

/** Reads what has been said by now. */
export async function loadNotes() {
  const all = served ? await asked('data/notes') : await unpack('notes')
  byRollout = new Map(all.map(notes => [nameOf(notes.run, notes.key), notes]))
}

/** The tags and notes of a rollout. */
export function notesOf(run, key) {
  return byRollout.get(nameOf(run, key)) ?? NOTHING
}

/** All rollouts that have a tag or a note. */
export const noted = () => [...byRollout.values()]

/** Every tag that a rollout has, sorted. */
export function allTags() {
  return [...new Set(noted().flatMap(({ tags }) => tags))].sort((a, b) => a.localeCompare(b))
}

/** What stands in the list: the tags, and a mark where there are words. */
export function notesText(run, key) {
  const { tags, notes } = notesOf(run, key)
  return [...tags, ...(notes.length > 0 ? [`✎ ${notes.length}`] : [])].join(', ')
}

/** Who writes here, as this browser remembers. */
const NAME = 'agoragym-name'
function remembered() {
  try {
    return localStorage.getItem(NAME) ?? ''
  } catch {
    return ''
  }
}
function rememberName(name) {
  try {
    localStorage.setItem(NAME, name)
  } catch {
    // A browser that keeps nothing asks again.
  }
}

/** What is said of a rollout, and the form to say more; `said` is called when something was written. */
export function notesPart({ run, key }, said = () => {}) {
  const part = element('section', { class: 'noted', 'aria-label': 'Notes and tags' })
  const fault = element('p', { class: 'bad', role: 'alert' })
  const name = element('input', { autocomplete: 'off', maxlength: '80', size: '10' })
  name.value = remembered()
  const write = async act => {
    fault.textContent = ''
    const by = name.value.trim()
    rememberName(by)
    try {
      const body = JSON.stringify({ run, key, ...(by !== '' && { by }), ...act })
      await asked('notes', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
      await loadNotes()
      fill()
      said()
      return true
    } catch (error) {
      fault.textContent = error.message
      return false
    }
  }
  const shown = element('div')
  const fill = () => {
    const { tags, notes } = notesOf(run, key)
    const chips = tags.map(tag => {
      const off = element('button', { type: 'button', 'aria-label': `Take off the tag ${tag}` }, '×')
      off.addEventListener('click', () => write({ tag, set: false }))
      return element('li', { class: 'tag' }, tag, ...(served ? [off] : []))
    })
    const texts = notes.map(({ id, by, time, text }) => {
      const off = element('button', { type: 'button' }, 'Withdraw')
      off.addEventListener('click', () => write({ id, text: '' }))
      const head = `${by ?? 'Somebody'}, ${time.slice(0, 16).replace('T', ' ')} UTC`
      return element(
        'article',
        {},
        element('p', { class: 'note' }, head, ...(served ? [' ', off] : [])),
        element('p', { class: 'said' }, text),
      )
    })
    shown.replaceChildren(
      ...(chips.length > 0 ? [element('ul', { class: 'tags', 'aria-label': 'Tags' }, ...chips)] : []),
      ...texts,
    )
    part.hidden = !served && chips.length + texts.length === 0
  }
  fill()
  part.append(shown)
  if (served) part.append(formOf(write, name), fault)
  return part
}

function formOf(write, name) {
  const tag = element('input', { list: 'known-tags', autocomplete: 'off', maxlength: '60', size: '10' })
  const text = element('textarea', { rows: '2', maxlength: '10000' })
  const known = element('datalist', { id: 'known-tags' }, ...allTags().map(each => element('option', { value: each })))
  const form = element(
    'form',
    { class: 'controls' },
    element('label', {}, 'Tag ', tag),
    element('label', { class: 'grows' }, 'Note ', text),
    element('label', {}, 'By ', name),
    element('button', { type: 'submit' }, 'Add'),
    known,
  )
  form.addEventListener('submit', async event => {
    event.preventDefault()
    for (const [field, act] of [
      [tag, { tag: tag.value.trim(), set: true }],
      [text, { text: text.value.trim() }],
    ]) {
      if (field.value.trim() !== '' && (await write(act))) field.value = ''
    }
  })
  const count = element('summary', {}, 'Add a note or a tag')
  return element('details', {}, count, form)
}
