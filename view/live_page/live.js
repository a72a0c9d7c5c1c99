/** The page of a living game: hears what the server tells, and asks it to play, pause, step, hurry or begin again. Knows no economy. */
import { clockText, Stage } from './stage.js'

/** Lines of the list that are kept, milliseconds between two things that a screen reader is told, and between two pictures. */
const [KEPT, SPOKEN, DRAWN] = [200, 5000, 700]

const find = id => document.getElementById(id)
const root = document.documentElement
const stage = new Stage({ onChoose: id => choose(id === chosen ? undefined : id) })

let state
let step
let chosen
/** What of the step is still to be told, by when it happens. */
let due = []
/** Lines that were said, by everybody: the memory of whoever heard them. */
let said = []
/** Whether the step came while the game stood still: somebody asked for it alone, and it is shown whole. */
let stepping = false

function made(name, text, attributes = {}) {
  const element = document.createElement(name)
  if (text !== undefined) element.textContent = text
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}

// What scrolls, and what takes keys, can be reached with them.
for (const id of ['stage', 'words', 'events']) find(id).tabIndex = 0

// What the server tells.

const source = new EventSource('events')
const hear = (name, listener) => source.addEventListener(name, ({ data }) => listener(JSON.parse(data)))
hear('hello', told => {
  const isNew = state?.game !== told.state.game
  if (isNew) clear()
  said = told.lines
  onState(told.state)
  if (isNew || step?.t !== told.step.t) onStep(told.step)
  root.dataset.ready = ''
})
hear('state', onState)
hear('step', onStep)
hear('line', line => {
  if (line.game !== state.game) return
  said = [...said, line].slice(-KEPT)
  // A line of a step that is over already is told at once.
  const at = line.t === step.t ? line.at : 0
  stage.line({ ...line, at })
  due.push(lineEvent({ ...line, at }))
})
source.addEventListener('error', () => trouble('The server does not answer; the page tries again.'))

function onState(now) {
  if (state !== undefined && state.game !== now.game) clear()
  state = now
  const isOver = now.stop !== null || now.error !== null
  find('play').textContent = now.playing ? 'Pause' : 'Play'
  find('play').disabled = isOver
  find('one').disabled = isOver
  if (document.activeElement !== find('seed')) find('seed').value = String(now.seed)
  find('speed').value = String(now.speed)
  stage.seconds = now.seconds
  trouble(now.error ?? undefined)
  summary()
  if (now.stop !== null) announce(`The game is over: ${now.stop}.`)
}

function summary() {
  if (step === undefined) return
  const seats = Object.entries(state.seats).map(([agent, player]) => `${agent} ${player}`)
  const end = state.stop === null ? (state.waiting ? ', waiting for players' : '') : `, over: ${state.stop}`
  const players =
    seats.length === 0 ? '' : ` · ${seats.slice(0, 4).join(', ')}${seats.length > 4 ? ` and ${seats.length - 4} more` : ''}`
  find('summary').textContent = `${step.scene.title}${end} · seed ${state.seed}${players}`
}

function onStep(now) {
  if (now.game !== state.game) return
  tellUpTo(2)
  const isFirst = step === undefined
  step = now
  for (const element of document.querySelectorAll('.living')) element.hidden = !now.living
  const { scene } = now
  due = [...scene.events.map(event => ({ ...event, t: now.t })), ...scene.lines.map(line => lineEvent({ ...line, t: now.t }))]
  due.sort((a, b) => a.at - b.at)
  const isStill = now.t === 0 || (isFirst && !state.playing)
  stepping = !state.playing && !isStill
  if (now.living) stage.show(scene, state.seconds, isStill ? 1 : 0, isFirst)
  else tellUpTo(2)
  if (!now.living) find('picture').open = true
  summary()
  about()
  draw()
}

function lineEvent({ at, t, from, to, text, tone }) {
  return { at, t, tone, who: `${nameOf(from)} to ${nameOf(to)}`, text: `“${text}”` }
}

const nameOf = id => step?.scene.figures.find(figure => figure.id === id)?.label ?? id

function clear() {
  step = undefined
  due = []
  said = []
  stepping = false
  find('events').replaceChildren()
}

function trouble(text) {
  find('trouble').hidden = text === undefined
  find('trouble').textContent = text ?? ''
}

// What happens, as it does.

let last = performance.now()
function frame(now) {
  const gone = (now - last) / 1000
  // Nobody jumps where frames are few; the step goes on with the clock.
  const dt = Math.min(0.2, gone)
  last = now
  if (step?.living && state !== undefined) {
    const goes = state.playing || stepping
    stage.frame(goes || stage.progress >= 1 ? dt : 0, goes ? gone / state.seconds : 0)
    if (stage.progress >= 1) stepping = false
    tellUpTo(stage.progress)
    find('course').value = stage.progress
  }
  requestAnimationFrame(frame)
}
requestAnimationFrame(frame)

function tellUpTo(progress) {
  if (due.length === 0 || step === undefined) return
  const told = due.filter(({ at }) => at <= progress)
  if (told.length === 0) return
  due = due.filter(({ at }) => at > progress)
  const list = find('events')
  for (const { at, t, who, text, tone } of told) {
    const { clock } = step.scene
    const item = made('li', undefined, { 'data-tone': tone })
    const when = clock === undefined || t !== step.t ? `step ${t}` : clockText(clock, Math.min(1, at))
    item.append(made('time', when), made('b', `${who}: `), text)
    list.prepend(item)
  }
  while (list.children.length > KEPT) list.lastChild.remove()
  const [first] = told.slice(-1)
  announce(`${first.who}: ${first.text}`)
}

let spokenAt = Number.NEGATIVE_INFINITY
let unspoken = 0
let waiting
/** Tells a screen reader, at most once in a while: the latest, and how much else there was. */
function announce(text) {
  unspoken++
  clearTimeout(waiting)
  const tell = () => {
    find('status').textContent = unspoken > 1 ? `${text} And ${unspoken - 1} more.` : text
    spokenAt = performance.now()
    unspoken = 0
  }
  waiting = setTimeout(tell, Math.max(0, spokenAt + SPOKEN - performance.now()))
}

// Somebody who was chosen.

function choose(id) {
  chosen = id
  stage.choose(id)
  about()
}

function about() {
  if (!step?.living) return
  const figure = step.scene.figures.find(({ id }) => id === chosen)
  find('who-title').textContent = figure?.label ?? 'Nobody chosen'
  if (figure === undefined) {
    find('about').replaceChildren(Object.assign(made('p', 'Choose somebody on the map.'), { className: 'note' }))
    return
  }
  const gauges = figure.gauges.map(({ name, share, text, tone }) => {
    const gauge = Object.assign(made('div'), { className: 'gauge' })
    const bar = made('i', undefined, { 'aria-hidden': 'true', 'data-tone': tone })
    bar.style.setProperty('--share', String(share))
    gauge.append(made('span', name), bar, made('span', text))
    return gauge
  })
  const facts = made('dl')
  for (const [name, text] of figure.facts) facts.append(made('dt', name), made('dd', text))
  const lines = said
    .filter(({ from, to }) => from === chosen || to === chosen)
    .slice(-6)
    .map(({ t, from, to, text }) => `step ${t}: ${nameOf(from)} to ${nameOf(to)}: “${text}”`)
  const memory = [...figure.memory, ...lines]
  const list = made('ul')
  list.append(...memory.reverse().map(text => made('li', text)))
  find('about').replaceChildren(
    ...gauges,
    facts,
    made('h3', 'Memory'),
    memory.length === 0 ? Object.assign(made('p', 'Nothing yet.'), { className: 'note' }) : list,
  )
}

// The picture.

let drawnAt = Number.NEGATIVE_INFINITY
let drawing
function draw() {
  clearTimeout(drawing)
  if (!find('picture').open || step === undefined) return
  drawing = setTimeout(
    async () => {
      drawnAt = performance.now()
      const image = find('picture').querySelector('img')
      const width = Math.max(320, Math.round(find('picture').clientWidth))
      image.src = `picture.svg?theme=${isDark() ? 'dark' : 'light'}&width=${width}&game=${state.game}&t=${step.t}`
      image.alt = `${step.scene.title}; the same in words below`
      if (find('words').closest('details').open) find('words').textContent = await (await fetch('picture.txt')).text()
    },
    Math.max(0, drawnAt + DRAWN - performance.now()),
  )
}
find('picture').addEventListener('toggle', draw)
find('words').closest('details').addEventListener('toggle', draw)

// What is asked of the server.

async function ask(action) {
  try {
    const answer = await fetch('do', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(action),
    })
    if (!answer.ok) trouble(await answer.text())
  } catch {
    trouble('The server does not answer.')
  }
}

const toggle = () => ask({ do: state.playing ? 'pause' : 'play' })
const one = () => ask({ do: 'step' })
function hurry(by) {
  const options = [...find('speed').options].map(({ value }) => Number(value))
  const at = options.indexOf(state.speed) + by
  if (at >= 0 && at < options.length) ask({ do: 'speed', speed: options[at] })
}
find('play').addEventListener('click', toggle)
find('one').addEventListener('click', one)
find('speed').addEventListener('change', ({ target }) => ask({ do: 'speed', speed: Number(target.value) }))
const restart = () => ask({ do: 'restart', seed: Number(find('seed').value) })
find('restart').addEventListener('click', restart)
find('controls').addEventListener('submit', event => {
  event.preventDefault()
  restart()
})
find('talks').addEventListener('change', ({ target }) => {
  stage.talks = target.checked
})
find('bonds').addEventListener('change', ({ target }) => {
  stage.bonds = target.checked
})

/** Keys act where the map is, or nothing is, so that they take nothing from who types or tabs. */
const KEYS = { ' ': toggle, '.': one, '+': () => hurry(1), '-': () => hurry(-1), Escape: () => choose(undefined) }
document.addEventListener('keydown', event => {
  const here = event.target === document.body || event.target === find('stage')
  const does = KEYS[event.key]
  if (!here || does === undefined || event.ctrlKey || event.metaKey || event.altKey || state === undefined) return
  event.preventDefault()
  does()
})

// Dimensions and theme.

for (const name of ['flat', 'solid'])
  find(name).addEventListener('click', async () => {
    if (name === 'solid') {
      try {
        if (root.dataset.solid !== 'true') throw new Error('Three dimensions need the package three: npm install three.')
        const { openWorld } = await import('./solid.js')
        stage.solid = await openWorld(find('world'))
      } catch (error) {
        trouble(`${error.message} The map stays flat.`)
        return
      }
    } else stage.solid = undefined
    for (const each of ['flat', 'solid']) find(each).setAttribute('aria-pressed', String(each === name))
  })

function isDark() {
  return root.dataset.theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : root.dataset.theme === 'dark'
}
find('theme').addEventListener('click', () => {
  root.dataset.theme = isDark() ? 'light' : 'dark'
  themed()
})
function themed() {
  find('theme').setAttribute('aria-pressed', String(isDark()))
  stage.layout()
  draw()
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', themed)
themed()
