/** The page of a seat: what its person sees, decides and is told, from consent to payment. Knows the messages of a seat; knows no economy. */
import { connect } from './connection.js'
import { Fields } from './fields.js'
import { blank, read, schemaOf } from './forms.js'
import { labelled, layout, pieces } from './layout.js'
import { answerText, callWords, Decision, focusOn, newWork, wordsOf } from './tools.js'
import { CopyButton, clock, Dialog, draw, failed, html, lang, loadTexts, number, say, t, title } from './ui.js'

/** Seconds left at which a screen reader is told, and the timer is marked. */
const MARKS = [60, 30, 10]
/** What is kept in this window while it is open, so that loading the page again loses nothing that was typed. */
const KEPT = `agoragym:${location.pathname}`

const state = {
  link: 'connecting',
  view: undefined,
  /** When time is up, by `performance.now()`; null without a limit. */
  until: null,
  work: undefined,
  /** The turn that a decision was taken for, until the server goes on. */
  sent: -1,
  busy: false,
  /** The text of the turn before, for who waits. */
  seen: '',
  isRulesOpen: true,
  forms: {},
  formProblems: {},
  formGeneral: '',
  dialog: undefined,
}

let connection
/** The last mark of the turn's time that has been told; what is left at its beginning is told with it. */
let spoken = Number.POSITIVE_INFINITY

function change(part) {
  Object.assign(state, part)
  draw(html`<${Page} ...${state} />`)
}

function changeWork(work) {
  change({ work })
  keep()
}

function keep() {
  const { work, isRulesOpen } = state
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ work, isRulesOpen }))
  } catch {
    // A window that keeps nothing still plays.
  }
}

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? '{}')
  } catch {
    return {}
  }
}

function forget() {
  try {
    sessionStorage.removeItem(KEPT)
  } catch {}
}

/* What the server tells */

function onView(view) {
  const before = state.view
  const { turn } = view
  const known = [state.work, kept().work].find(work => turn !== null && work?.turn === turn.turn)
  const next = {
    view,
    work: turn === null ? state.work : (known ?? newWork(turn)),
    until: turn === null || turn.left_ms === null ? null : performance.now() + turn.left_ms,
    seen: turn === null ? state.seen : turn.text,
  }
  if (turn !== null && before?.turn?.turn !== turn.turn) spoken = markOf(turn.left_ms ?? Number.POSITIVE_INFINITY)
  if (before?.stage !== view.stage) Object.assign(next, { formProblems: {}, formGeneral: '' })
  change(next)
  if (DONE.includes(view.stage)) forget()
  tell(before, view)
}

/** Says aloud what has changed. */
function tell(before, view) {
  const { turn, told, stage } = view
  const isNewTurn = turn !== null && before?.turn?.turn !== turn.turn
  if (before?.stage === stage && !isNewTurn) return
  const results = told.map(each => (each.code === null ? `${toldMark(each)}: ${each.text}` : toldText(each)))
  const left = turn === null || turn.left_ms === null ? '' : t('turn.left', { time: clock(turn.left_ms) })
  const now = t(`say.${stage}`, { n: (turn?.turn ?? 0) + 1 })
  say([before === undefined ? '' : results.join(' '), now, left].filter(Boolean).join(' '))
}

/** A notice of the server in the page's language; the economy's words as they are. */
const toldText = ({ code, text }) => (code === null ? text : t(`told.${code}`))
const toldMark = ({ ok }) => t(ok ? 'told.done' : 'told.refused')

/* What the person does */

/** Sends a message while nothing else is on its way; undefined where that is so, or the answer did not come. */
async function ask(message) {
  if (state.busy) return undefined
  change({ busy: true })
  const answer = await connection.ask(message)
  change({ busy: false })
  if (answer === undefined) say(t('link.unsent'))
  return answer
}

const check = calls => ask({ type: 'check', turn: state.view.turn.turn, calls })

async function decide(calls, anyway = false) {
  const { turn } = state.view.turn
  if (state.sent === turn) return undefined
  const answer = await ask({ type: 'decide', turn, calls, ...(anyway ? { anyway } : {}) })
  if (answer?.ok && state.view.turn?.turn === turn) change({ sent: turn })
  return answer
}

/** Sends a form of the experimenter's fields. */
async function sendFields(type, fields) {
  const schema = schemaOf(fields)
  const { value, problems } = read(schema, state.forms[type] ?? blank(schema), lang())
  change({ formProblems: wordsOf(problems), formGeneral: '' })
  if (problems.length > 0) {
    focusOn(type, problems[0].path)
    return say(t('form.wrong', { n: problems.length }))
  }
  const answer = await ask({ type, fields: value })
  if (answer !== undefined && !answer.ok) {
    change({ formGeneral: answerText(answer) })
    say(answerText(answer))
  }
}

async function stop(erase) {
  const answer = await ask({ type: 'stop', erase })
  if (answer === undefined) return
  change({ dialog: undefined, formGeneral: answer.ok ? '' : answerText(answer) })
  say(answer.ok ? t(erase ? 'stop.erased' : 'stop.stopped') : answerText(answer))
}

/* What is shown */

function Page(props) {
  const { view, link } = props
  if (link === 'gone') return html`<main class="alone"><h1>${t('link.gone')}</h1><p>${t('link.gone_note')}</p></main>`
  if (view === undefined) return html`<main class="alone"><h1>${t('link.connecting')}</h1></main>`
  const isPlaying = view.stage === 'playing' && view.turn !== null
  document.title = isPlaying ? t('page.your_turn', { title: view.title }) : view.title
  return html`
    <a class="skip" href="#main">${t(isPlaying ? 'page.skip_to_decision' : 'page.skip')}</a>
    <${Head} ...${props} isPlaying=${isPlaying} />
    <${LinkNotice} link=${link} />
    ${
      AT_TABLE[view.stage] === undefined
        ? html`<main id="main" tabindex="-1" class="one" key=${view.stage}><${STAGES[view.stage]} ...${props} /></main>`
        : html`<main class="two" key="table"><${Table} ...${props} isPlaying=${isPlaying} /></main>`
    }
    <${Foot} ...${props} />
    ${props.dialog !== undefined && html`<${StopDialog} ...${props} />`}
  `
}

function Head({ view, isPlaying, until, sent }) {
  const stage = isPlaying && sent === view.turn.turn ? 'others' : view.stage
  return html`<header class="top">
    <div class="names"><h1>${view.title}</h1><p class="seat">${t('page.seat', { seat: view.seat })}</p></div>
    <p class=${`stage ${stage}`}>${t(`stage.${stage}`)}</p>
    ${isPlaying && until !== null && html`<${Timer} until=${until} />`}
    ${
      isPlaying &&
      html`<nav aria-label=${t('page.parts')}><a href="#seen">${t('page.to_seen')}</a><a href="#main">${t('page.to_decision')}</a><a href="#rules">${t('page.to_rules')}</a></nav>`
    }
  </header>`
}

function Timer({ until }) {
  const left = until - performance.now()
  const isLate = left <= MARKS.at(-1) * 1000
  return html`<p class=${`timer ${isLate ? 'late' : ''}`} role="timer" aria-live="off">
    <span class="quiet">${t(left > 0 ? 'turn.time_left' : 'turn.time_up')}</span> <strong>${clock(left)}</strong></p>`
}

function LinkNotice({ link }) {
  if (link === 'open') return null
  return html`<div class="link" role="alert"><p>${t(`link.${link}`)}</p>
    ${link === 'elsewhere' && html`<button type="button" onClick=${() => connection.again()}>${t('link.use_here')}</button>`}</div>`
}

/** The heading of what is to be done now: it gets the focus where what had it is gone. */
const Landing = ({ children, id }) => html`<h2 id=${id} tabindex="-1" data-landing>${children}</h2>`

const Paragraphs = ({ text }) => text.split(/\n{2,}/).map((part, i) => html`<p key=${i} class="kept">${part}</p>`)

const STAGES = {
  consent(props) {
    const { consent } = props.view
    return html`<section class="panel" key="consent" aria-labelledby="consent-title">
      <${Landing} id="consent-title">${t('consent.title')}<//>
      <${Paragraphs} text=${consent.text} />
      <${AskedFields} ...${props} type="consent" fields=${consent.fields} />
      <p class="actions">
        <${Button} busy=${props.busy} kind="main" onClick=${() => sendFields('consent', consent.fields)}>${t('consent.agree')}<//>
        <${Button} onClick=${() => change({ dialog: 'refuse' })}>${t('consent.refuse')}<//>
      </p>
    </section>`
  },
  waiting(props) {
    const { room } = props.view
    return html`<section class="panel" key="waiting" aria-labelledby="waiting-title">
      <${Landing} id="waiting-title">${t('waiting.title')}<//>
      ${room && html`<p><progress aria-label=${t('waiting.room')} value=${room.here} max=${room.needed}></progress> ${t('waiting.here', { here: room.here, needed: room.needed })}</p>`}
      <p>${t('waiting.note')}</p>
    </section>
    <${Rules} ...${props} />`
  },
  questions(props) {
    const { questions } = props.view
    return html`<section class="panel" key="questions" aria-labelledby="questions-title">
      <${Landing} id="questions-title">${t('questions.title')}<//>
      <p>${t('questions.note')}</p>
      <${AskedFields} ...${props} type="questions" fields=${questions} />
      <p class="actions"><${Button} busy=${props.busy} kind="main" onClick=${() => sendFields('questions', questions)}>${t('questions.send')}<//></p>
    </section>`
  },
  over(props) {
    const { result } = props.view
    return html`<section class="panel" key="over" aria-labelledby="over-title">
      <${Landing} id="over-title">${t('over.title')}<//>
      ${result !== null && html`<${Result} result=${result} />`}
      <p>${t('over.thanks')}</p>
    </section>
    <${Told} told=${props.view.told} />
    <${History} history=${props.view.history} />`
  },
  failed: () => html`<section class="panel" key="failed" aria-labelledby="failed-title">
    <${Landing} id="failed-title">${t('failed.title')}<//>
    <p>${t('failed.note')}</p>
  </section>`,
  left: ({ view }) => html`<section class="panel" key="left" aria-labelledby="left-title">
    <${Landing} id="left-title">${t('left.title')}<//>
    <p>${t('left.note')}</p>
    ${view.result !== null && html`<${Result} result=${view.result} />`}
  </section>`,
}
/** Stages in which the game is there to be read, and what is said in them beside it. */
const AT_TABLE = {
  playing: ['turn.sent', 'turn.sent_note'],
  others: ['others.title', 'others.note'],
  paused: ['paused.title', 'paused.note'],
  replaced: ['replaced.title', 'replaced.note'],
}

/** What is seen, what is to be decided or waited for, and what can be read: in these places all through the game, so that nobody who reads is disturbed. */
function Table(props) {
  const { view, work, sent, busy, link, seen, isPlaying } = props
  const { turn, stage } = view
  const isDeciding = isPlaying && sent !== turn.turn
  const text = turn?.text ?? seen
  const [heading, note] = AT_TABLE[stage]
  return html`
    <div class="column" key="seen">${text !== '' && html`<${Seen} text=${text} isOld=${turn === null} />`}</div>
    <div class="column side ${isDeciding ? '' : 'first'}" id="main" tabindex="-1" key="side">
      <${Told} told=${view.told} />
      ${
        isDeciding
          ? html`<${Decision} key=${turn.turn} turn=${turn} work=${work} busy=${busy || link !== 'open'} change=${changeWork} check=${check} decide=${decide} />`
          : html`<section class="panel" key=${stage} aria-labelledby="now-title">
              <${Landing} id="now-title">${t(heading)}<//><p>${t(note)}</p>
              ${stage !== 'paused' && stage !== 'replaced' && html`<p class="working" aria-hidden="true"><i></i><i></i><i></i></p>`}
            </section>`
      }
      ${stage === 'replaced' && view.result !== null && html`<section class="panel" key="result"><${Result} result=${view.result} /></section>`}
      ${isPlaying && turn.left_ms !== null && html`<p class="note">${t(`turn.time_${turn.on_silence}`)}</p>`}
    </div>
    <div class="column" key="more"><${Rules} ...${props} /><${History} history=${view.history} /></div>`
}

function Seen({ text, isOld = false }) {
  return html`<section class="panel" id="seen" tabindex="-1" aria-labelledby="seen-title">
    <h2 id="seen-title">${t(isOld ? 'seen.old' : 'seen.title')}</h2>
    <${Laid} text=${text} />
  </section>`
}

function Rules({ view, isRulesOpen }) {
  if (view.rules === '') return null
  return html`<details class="panel" id="rules" tabindex="-1" open=${isRulesOpen} onToggle=${event => {
    if (event.currentTarget.open === isRulesOpen) return
    change({ isRulesOpen: event.currentTarget.open })
    keep()
  }}>
    <summary><h2>${t('rules.title')}</h2></summary>
    <${Laid} text=${view.rules} />
  </details>`
}

/** An economy's text, laid out. Everything in it is text: nothing that somebody wrote becomes part of the page. */
function Laid({ text }) {
  return html`<div class="laid">${layout(text).map((block, i) => html`<${BLOCKS[block.kind]} key=${i} ...${block} />`)}</div>`
}

const Pieces = ({ text }) => pieces(text).map((piece, i) => (i % 2 === 0 ? piece : html`<code key=${i}>${piece}</code>`))
const Line = ({ text }) => {
  const [label, rest] = labelled(text)
  return label === '' ? html`<${Pieces} text=${text} />` : html`<strong>${label}</strong><${Pieces} text=${rest} />`
}

const BLOCKS = {
  heading: ({ level, text }) => (level === 1 ? html`<h3 class="first">${text}</h3>` : html`<h3>${text}</h3>`),
  lines: ({ lines }) => lines.map((line, i) => html`<p key=${i}><${Line} text=${line} /></p>`),
  list: ({ items }) => html`<ul>${items.map((item, i) => html`<li key=${i}><${Pieces} text=${item} /></li>`)}</ul>`,
  steps: ({ start, items }) =>
    html`<ol start=${start}>${items.map((lines, i) => html`<li key=${i}>${lines.map((line, j) => html`<p key=${j}><${Pieces} text=${line} /></p>`)}</li>`)}</ol>`,
  table: ({ head, rows }) => html`<div class="scroll" tabindex="0" role="group" aria-label=${t('seen.table')}><table>
    ${head && html`<thead><tr>${head.map((cell, i) => html`<th key=${i} scope="col">${cell}</th>`)}</tr></thead>`}
    <tbody>${rows.map((row, i) => html`<tr key=${i}>${row.map((cell, j) => (j === 0 ? html`<th key=${j} scope="row">${cell}</th>` : html`<td key=${j}>${cell}</td>`))}</tr>`)}</tbody>
  </table></div>`,
}

function Told({ told }) {
  if (told.length === 0) return null
  return html`<section class="told panel" aria-labelledby="told-title"><h2 id="told-title">${t('told.title')}</h2>
    <ul>${told.map(
      (each, i) =>
        html`<li key=${i} class=${each.code !== null ? 'notice' : each.ok ? 'done' : 'refused'}>${each.code === null && html`<strong>${toldMark(each)}</strong> `}${toldText(each)}</li>`,
    )}</ul></section>`
}

function History({ history }) {
  if (history.length === 0) return null
  return html`<details class="panel" id="history"><summary><h2>${t('history.title')} <span class="quiet">${t('history.count', { n: history.length })}</span></h2></summary>
    <ol class="history" reversed>${history.toReversed().map(
      ({
        turn,
        sent,
        results,
      }) => html`<li key=${turn} value=${turn + 1}>${sent.length === 0 ? html`<p>${t('history.nothing')}</p>` : sent.map((text, i) => html`<p key=${i}>${sentWords(text)}</p>`)}
        ${results.length > 0 && html`<ul>${results.map((text, i) => html`<li key=${i} class="quiet">${text}</li>`)}</ul>`}</li>`,
    )}</ol></details>`
}

/** A call as the server keeps it, `tool {…}`, in the words of the page. */
function sentWords(text) {
  const [, tool, args = '{}'] = /^(\w+)(?: (\{.*\}))?$/s.exec(text) ?? []
  try {
    return tool === undefined ? text : callWords({ tool, args: JSON.parse(args) })
  } catch {
    return text
  }
}

function Result({ result }) {
  const { scores, payoff, payment_code: code, finish_url: url } = result
  const parts = Object.entries(scores).filter(([, value]) => value !== null)
  return html`
    ${payoff !== null && html`<p class="payoff kept">${payoff}</p>`}
    ${code !== null && html`<div class="code"><p><span class="quiet">${t('over.code')}</span><br /><strong class="code-text">${code}</strong></p><${CopyButton} text=${code} label=${t('page.copy')} about=${t('over.copy_code')} /></div>`}
    ${isWeb(url) && html`<p class="actions"><a class="button main" href=${url} rel="noreferrer">${t('over.finish')}</a></p>`}
    ${parts.length > 0 && html`<h3>${t('over.scores')}</h3><dl class="scores">${parts.map(([name, value]) => html`<div key=${name}><dt>${title(name)}</dt><dd>${number(value, 3)}</dd></div>`)}</dl>`}`
}

/** A link that leads to a page and runs nothing. */
const isWeb = url => url !== null && URL.canParse(url) && ['https:', 'http:'].includes(new URL(url).protocol)

function AskedFields({ type, fields, forms, formProblems, formGeneral }) {
  const schema = schemaOf(fields)
  const form = { id: type, root: schema, problems: formProblems }
  return html`<div class="asked"><${Fields} schema=${schema} draft=${forms[type] ?? blank(schema)} form=${form}
      set=${draft => change({ forms: { ...state.forms, [type]: draft }, formProblems: {} })} />
    ${formGeneral !== '' && html`<p class="problem" role="alert">${formGeneral}</p>`}</div>`
}

function Button({ busy = false, kind = '', onClick, children }) {
  return html`<button type="button" class=${kind} aria-disabled=${busy ? 'true' : undefined} onClick=${() => !busy && onClick()}>${children}</button>`
}

/** Stages after which nothing is left to stop. */
const DONE = ['over', 'left', 'replaced', 'failed']

function Foot({ view, formGeneral }) {
  if (view.stage === 'consent') return null
  const isDone = DONE.includes(view.stage)
  return html`<footer class="foot">
    ${isDone && formGeneral !== '' && html`<p class="problem" role="alert">${formGeneral}</p>`}
    <p class="actions">${
      isDone
        ? html`<button type="button" onClick=${() => change({ dialog: 'erase' })}>${t('stop.erase')}</button>`
        : html`<button type="button" onClick=${() => change({ dialog: 'stop' })}>${t('stop.stop')}</button>`
    }</p>
  </footer>`
}

/** What each question before leaving offers: the answers, as what to delete. */
const LEAVING = {
  stop: [
    ['stop.keep', false],
    ['stop.and_erase', true],
  ],
  refuse: [['stop.refuse', true]],
  erase: [['stop.erase_now', true]],
}

function StopDialog({ dialog, busy }) {
  const close = () => change({ dialog: undefined })
  return html`<${Dialog} key=${dialog} heading=${t(`${dialog}.question`)} onClose=${close}>
    <p>${t(`${dialog}.note`)}</p>
    <p class="actions stacked">
      <button type="button" class="main" onClick=${close}>${t(`${dialog}.back`)}</button>
      ${LEAVING[dialog].map(([key, erase]) => html`<${Button} key=${key} busy=${busy} kind="bad" onClick=${() => stop(erase)}>${t(key)}<//>`)}
    </p>
  <//>`
}

/* The clock: redraws what counts down, and says it at a few marks */

/** The mark that so many milliseconds are at or below; infinite above all. */
const markOf = ms => MARKS.findLast(each => ms <= each * 1000) ?? Number.POSITIVE_INFINITY

function tick() {
  const { view, until, sent } = state
  if (view?.stage !== 'playing' || until === null || sent === view.turn.turn) return
  const left = until - performance.now()
  if (left > 0 && markOf(left) < spoken) {
    spoken = markOf(left)
    say(t('turn.left', { time: clock(left) }))
  }
  change({})
}

try {
  await loadTexts()
  state.isRulesOpen = kept().isRulesOpen ?? true
  connection = connect({ onView, onState: link => change({ link }) })
  setInterval(tick, 1000)
} catch (error) {
  failed(error)
}
