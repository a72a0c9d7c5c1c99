/**
 * The stage: who is where at this moment of a step, drawn as buttons and bubbles over the land, flat or in three dimensions. Knows scenes
 * as the server sends them; knows no economy and no server.
 */
import { drawLand } from './land.js'

/** Bubbles at once, and seconds that one stays at least. */
const [MOST_BUBBLES, STAYS] = [5, 4]
/** The share of a step in which somebody crosses the whole land. */
const CROSSING = 0.22

const find = id => document.getElementById(id)

function made(name, cls, text) {
  const element = document.createElement(name)
  element.className = cls
  if (text !== undefined) element.textContent = text
  return element
}

export class Stage {
  #root = find('stage')
  #scene
  #step = { moves: 0, lines: [] }
  #progress = 1
  #seconds = 8
  #figures = new Map()
  #places = new Map()
  #bubbles = []
  #solid
  #chosen
  #talks = true
  #bonds = false
  #onChoose
  #still = matchMedia('(prefers-reduced-motion: reduce)')

  constructor({ onChoose }) {
    this.#onChoose = onChoose
    new ResizeObserver(() => this.layout()).observe(this.#root)
    this.#still.addEventListener('change', () => this.#solid?.still(this.#still.matches))
  }

  /** How far the step is, in [0, 1]. */
  get progress() {
    return this.#progress
  }

  get scene() {
    return this.#scene
  }

  set talks(shown) {
    this.#talks = shown
    if (!shown) for (const bubble of this.#bubbles.splice(0)) bubble.element.remove()
  }

  set bonds(shown) {
    this.#bonds = shown
    this.#tie()
  }

  /** The third dimension, or none. */
  set solid(world) {
    this.#solid = world
    this.#root.classList.toggle('solid', world !== undefined)
    find('land').hidden = world !== undefined
    find('world').hidden = world === undefined
    world?.still(this.#still.matches)
    this.layout()
  }

  /** Begins a step, whose `progress` share is over already. `fresh`: nobody walks to where the step finds them. */
  show(scene, seconds, progress, fresh) {
    this.#scene = scene
    this.#seconds = seconds
    this.#progress = progress
    this.#step = { moves: 0, lines: scene.lines.map(line => ({ ...line })) }
    this.#people(fresh)
    this.layout()
    this.#tie()
  }

  /** A line that was found after its step had begun. */
  line(line) {
    this.#step.lines.push({ ...line })
  }

  set seconds(seconds) {
    this.#seconds = seconds
  }

  choose(id) {
    this.#chosen = id
    for (const [key, { button }] of this.#figures) {
      button.classList.toggle('chosen', key === id)
      button.setAttribute('aria-pressed', String(key === id))
    }
  }

  /** Everything anew where it belongs: the land, its labels. */
  layout() {
    if (this.#scene === undefined || this.#root.clientWidth === 0) return
    const size = { width: this.#root.clientWidth, height: this.#root.clientHeight }
    if (this.#solid === undefined) drawLand(find('land'), this.#scene.places, size)
    else this.#solid.build(this.#scene, size)
    const seen = new Set()
    for (const place of this.#scene.places) {
      seen.add(place.id)
      let label = this.#places.get(place.id)?.label
      if (label === undefined) {
        label = made('div', 'place')
        find('places').append(label)
      }
      this.#places.set(place.id, { label })
      label.replaceChildren(made('b', '', place.label), ' ', made('span', '', place.text))
      if (place.done !== undefined) {
        const bar = made('i', '')
        bar.style.setProperty('--done', String(place.done))
        label.append(bar)
      }
    }
    for (const [id, { label }] of this.#places)
      if (!seen.has(id)) {
        label.remove()
        this.#places.delete(id)
      }
    // Measured here, and not in every frame.
    for (const place of this.#places.values())
      Object.assign(place, { wide: place.label.offsetWidth, high: place.label.offsetHeight })
    for (const figure of this.#figures.values()) figure.half = figure.button.offsetWidth / 2
    this.#draw(0)
  }

  /** A moment later: `dt` seconds of which `share` of the step have gone by. */
  frame(dt, share) {
    if (this.#scene === undefined) return
    this.#progress = Math.min(1, this.#progress + share)
    const { moves } = this.#scene
    while (this.#step.moves < moves.length && moves[this.#step.moves].at <= this.#progress) {
      const { figure, to } = moves[this.#step.moves++]
      const found = this.#figures.get(figure)
      if (found !== undefined) found.place = to
    }
    const now = performance.now()
    for (const line of this.#step.lines.filter(({ at }) => at <= this.#progress)) this.#speak(line, now)
    this.#step.lines = this.#step.lines.filter(({ at }) => at > this.#progress)
    for (const bubble of this.#bubbles.filter(({ until }) => until < now)) this.#hush(bubble)
    this.#draw(dt)
  }

  #people(fresh) {
    const { figures } = this.#scene
    const seen = new Set(figures.map(({ id }) => id))
    for (const [id, { button }] of this.#figures)
      if (!seen.has(id)) {
        button.remove()
        this.#figures.delete(id)
      }
    for (const [n, { id, label, badge, tone, at }] of figures.entries()) {
      let figure = this.#figures.get(id)
      if (figure === undefined) {
        const button = made('button', 'figure')
        button.type = 'button'
        button.append(made('span', 'badge'), made('span', 'name'))
        button.addEventListener('click', () => this.#onChoose(id))
        find('figures').append(button)
        figure = { button, x: undefined, y: undefined }
        this.#figures.set(id, figure)
      }
      const angle = -Math.PI / 2 + (2 * Math.PI * n) / figures.length
      Object.assign(figure, { id, place: at, dx: Math.cos(angle), dy: Math.sin(angle) })
      if (fresh) figure.x = undefined
      figure.button.dataset.tone = tone
      figure.button.setAttribute('aria-pressed', String(id === this.#chosen))
      figure.button.querySelector('.badge').textContent = badge
      figure.button.querySelector('.name').textContent = label
    }
  }

  /** Where somebody stands at a place: on a ring around it, each at its own spot. */
  #spot(figure, size) {
    const place = this.#scene.places.find(({ id }) => id === figure.place)
    if (place === undefined) return { x: 0.5, y: 0.5 }
    const ring = ringOf(size)
    return { x: place.x + (1.2 * figure.dx * ring) / size.width, y: place.y + (figure.dy * ring * 0.8) / size.height }
  }

  #draw(dt) {
    const size = { width: this.#root.clientWidth, height: this.#root.clientHeight }
    if (size.width === 0) return
    const reach = this.#still.matches ? 9 : dt / (CROSSING * this.#seconds)
    for (const figure of this.#figures.values()) {
      const to = this.#spot(figure, size)
      if (figure.x === undefined) Object.assign(figure, to)
      const [x, y] = [to.x - figure.x, to.y - figure.y]
      const far = Math.hypot(x, y)
      const isWalking = far > Math.max(reach, 0.002)
      if (isWalking) {
        figure.x += (x / far) * reach
        figure.y += (y / far) * reach
        figure.heading = Math.atan2(y, x)
      } else Object.assign(figure, to)
      if (dt > 0) {
        figure.walks = isWalking
        figure.button.classList.toggle('walks', isWalking)
      }
    }
    this.#solid?.draw(this.#figures, dt, this.time())
    this.#project(size)
    this.#shade()
  }

  /** The time of day, in [0, 1): half is noon. */
  time() {
    const { clock } = this.#scene
    if (clock === undefined) return 0.5
    const now = clock.from + (clock.to - clock.from) * this.#progress
    return now - Math.floor(now)
  }

  #shade() {
    // Dark at midnight, and not so dark that nothing is seen.
    const night = Math.max(0, Math.cos(2 * Math.PI * this.time()))
    find('night').style.opacity = String(Math.round(night * 42) / 100)
    const { clock } = this.#scene
    find('clock').hidden = clock === undefined
    if (clock !== undefined) find('clock').textContent = clockText(clock, this.#progress)
  }

  /** Puts buttons, labels and bubbles where their things are on the screen. */
  #project(size) {
    const at = (x, y, up) => this.#solid?.project(x, y, up, size) ?? flat(x, y, size)
    const ring = ringOf(size)
    for (const figure of this.#figures.values()) {
      const { x, y } = at(figure.x, figure.y, 'head')
      figure.screen = { x, y }
      figure.button.style.transform = `translate(${x - figure.half}px, ${y - (this.#solid === undefined ? 14 : 20)}px)`
      figure.button.style.zIndex = String(Math.round(figure.y * 100))
    }
    for (const place of this.#scene.places) {
      const { label, wide, high } = this.#places.get(place.id)
      const { x, y } = at(place.x, place.y, 'foot')
      const below = this.#solid === undefined ? ring * 0.8 + 30 : 4
      const left = Math.max(2, Math.min(size.width - wide - 2, x - wide / 2))
      label.style.transform = `translate(${left}px, ${Math.min(size.height - high - 2, y + below)}px)`
    }
    for (const { element, from, width, height } of this.#bubbles) {
      const figure = this.#figures.get(from)
      if (figure?.screen === undefined) continue
      const left = Math.max(4, Math.min(size.width - width - 4, figure.screen.x - width / 2))
      const top = Math.max(4, figure.screen.y - height - 26)
      element.style.setProperty('--tail', `${Math.max(12, Math.min(width - 12, figure.screen.x - left))}px`)
      element.style.transform = `translate(${left}px, ${top}px)`
    }
    if (this.#bonds) this.#tie()
  }

  #speak({ from, text, tone }, now) {
    if (!this.#talks || !this.#figures.has(from)) return
    for (const bubble of this.#bubbles.filter(other => other.from === from)) this.#hush(bubble)
    while (this.#bubbles.length >= MOST_BUBBLES) this.#hush(this.#bubbles[0])
    const element = made('div', 'bubble', text)
    element.dataset.tone = tone
    find('bubbles').append(element)
    const { offsetWidth: width, offsetHeight: height } = element
    this.#bubbles.push({ element, from, width, height, until: now + 1000 * Math.max(STAYS, 0.3 * this.#seconds) })
  }

  #hush(bubble) {
    bubble.element.remove()
    this.#bubbles.splice(this.#bubbles.indexOf(bubble), 1)
  }

  /** Lines between who has to do with whom. */
  #tie() {
    const svg = find('ties')
    if (!this.#bonds || this.#scene === undefined) {
      svg.replaceChildren()
      return
    }
    const lines = this.#scene.links.flatMap(({ from, to, weight, tone }) => {
      const [a, b] = [this.#figures.get(from)?.screen, this.#figures.get(to)?.screen]
      if (a === undefined || b === undefined) return []
      const line = document.createElementNS('http://www.w3.org/2000/svg', 'line')
      for (const [name, value] of Object.entries({
        x1: a.x,
        y1: a.y,
        x2: b.x,
        y2: b.y,
        'stroke-width': 1 + 4 * weight,
        'stroke-opacity': 0.7,
      }))
        line.setAttribute(name, String(value))
      line.dataset.tone = tone
      line.style.stroke = 'var(--tone)'
      return [line]
    })
    svg.replaceChildren(...lines)
  }
}

/** The ring around a place on which people stand, in pixels. */
export const ringOf = ({ width, height }) => Math.max(34, Math.min(62, 0.068 * Math.min(width, height * 1.4)))

/** Where a point of the land is on a flat stage. */
export function flat(x, y, { width, height }) {
  const [left, top] = [0.06 * width, 40]
  return { x: left + x * (width - 2 * left), y: top + y * (height - top - 76) }
}

/** A day and its hour, such as `Sol 3, 14:20`. */
export function clockText({ day, from, to }, progress) {
  const now = from + (to - from) * progress
  const minutes = Math.floor((now - Math.floor(now)) * 24 * 6) * 10
  const two = value => String(value).padStart(2, '0')
  return `${day} ${Math.floor(now) + 1}, ${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
