/** What both pages stand on: the sentences, numbers and times in the page's language, what is said to a screen reader, a dialog. Knows no view and no socket. */
import htm from './htm.js'
import { Component, createRef, h, render } from './preact.js'

export const html = htm.bind(h)

let texts = { lang: 'en', dir: 'ltr', sentences: {} }
let plurals = new Intl.PluralRules('en')

/** Loads the sentences; without them a page cannot say anything. */
export async function loadTexts() {
  const answer = await fetch('../texts.json')
  if (!answer.ok) throw new Error(`texts.json: ${answer.status}`)
  texts = await answer.json()
  plurals = new Intl.PluralRules(texts.lang)
}

export const lang = () => texts.lang

/** The sentence of a key with its figures put in, in the plural form of `n` where it has several. */
export function t(key, values = {}) {
  const sentence = texts.sentences[key]
  if (sentence === undefined) return key
  const text = typeof sentence === 'string' ? sentence : (sentence[plurals.select(values.n ?? 0)] ?? sentence.other)
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name]
    return typeof value === 'number' ? number(value) : (value ?? whole)
  })
}

export function number(value, most = 6) {
  return new Intl.NumberFormat(texts.lang, { maximumFractionDigits: most }).format(value)
}

/** Milliseconds as minutes and seconds, `2:05`, or hours before them. */
export function clock(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const shown = parts[0] > 0 ? parts : parts.slice(1)
  const two = new Intl.NumberFormat(texts.lang, { minimumIntegerDigits: 2 })
  const one = new Intl.NumberFormat(texts.lang)
  return shown.map((part, i) => (i === 0 ? one : two).format(part)).join(':')
}

/** A name of the economy as words: `bid_core` is `bid core`. */
export const words = name => name.replaceAll('_', ' ')
/** The same, as it begins a line. */
export const title = name => {
  const text = words(name)
  return text.charAt(0).toLocaleUpperCase(texts.lang) + text.slice(1)
}

let saying
/** Says something to a screen reader when it has finished what it reads. The same words twice are said twice. */
export function say(text) {
  const region = document.getElementById('said')
  region.textContent = ''
  clearTimeout(saying)
  saying = setTimeout(() => {
    region.textContent = text
  }, 100)
}

/**
 * Draws the page. Where what had the focus is gone, the heading that is marked `data-landing` gets it, so that nobody who uses the
 * keyboard alone or listens is thrown back to the beginning.
 */
export function draw(tree) {
  const before = document.activeElement
  render(tree, document.getElementById('page'))
  const isGone = before !== null && before !== document.body && !before.isConnected
  if (isGone && (document.activeElement === null || document.activeElement === document.body)) land()
}

/** Puts the focus on the heading of what is to be done now. */
export function land() {
  document.querySelector('[data-landing]')?.focus({ preventScroll: false })
}

/** A question that stands before everything else. Escape and `onClose` close it; the browser gives the focus back to where it was. */
export class Dialog extends Component {
  box = createRef()
  componentDidMount() {
    this.box.current.showModal()
  }
  componentWillUnmount() {
    this.box.current.close()
  }
  render({ heading, children, onClose }) {
    return html`<dialog ref=${this.box} aria-labelledby="dialog-title" onCancel=${event => {
      event.preventDefault()
      onClose()
    }}><h2 id="dialog-title">${heading}</h2>${children}</dialog>`
  }
}

/** Copies a text; the button says for a while that it is copied. */
export class CopyButton extends Component {
  state = { done: false }
  async copy() {
    const isCopied = await copy(this.props.text)
    this.setState({ done: isCopied })
    say(t(isCopied ? 'page.copied' : 'page.not_copied'))
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.setState({ done: false }), 2500)
  }
  componentWillUnmount() {
    clearTimeout(this.timer)
  }
  render({ label, about }) {
    return html`<button type="button" class="small" aria-label=${about} onClick=${() => this.copy()}>${this.state.done ? t('page.copied') : label}</button>`
  }
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Without TLS or leave the clipboard is closed to a page; a selection can be copied all the same.
    const area = document.createElement('textarea')
    area.value = text
    area.className = 'unseen'
    document.body.append(area)
    const before = document.activeElement
    area.select()
    const isCopied = document.execCommand('copy')
    area.remove()
    before?.focus()
    return isCopied
  }
}

/** What stands where a page cannot be drawn at all. */
export function failed(error) {
  document.getElementById('page').textContent = String(error)
}
