/** The experimenter's page: games and seats, who is where, what can be done about it. Knows the messages of the monitor; knows no economy. */
import { connect } from './connection.js'
import { CopyButton, clock, Dialog, draw, failed, html, loadTexts, number, say, t } from './ui.js'

const state = {
  link: 'connecting',
  view: undefined,
  /** When the view came, by `performance.now()`: what has passed since is added to its times. */
  at: 0,
  onlyOpen: false,
  dialog: undefined,
  problem: '',
  busy: false,
}
let connection

function change(part) {
  Object.assign(state, part)
  draw(html`<${Page} ...${state} />`)
}

async function send(message) {
  if (state.busy) return
  change({ busy: true, problem: '' })
  const answer = await connection.ask(message)
  const problem = answer === undefined ? t('link.unsent') : answer.ok ? '' : answer.texts.join(' ')
  change({ busy: false, dialog: undefined, problem })
  say(problem === '' ? t('monitor.done') : problem)
}

/** The address of a seat's page, as this page is reached: a proxy may stand before both. */
const linkOf = path => new URL(`..${path}`, location.href).href

/** Stages of a seat in which its person is to act, or should be there. */
const WANTED = ['consent', 'waiting', 'playing', 'others', 'paused', 'questions']
const isMissing = seat => seat.is_human && !seat.connected && WANTED.includes(seat.stage)
const isOpen = game => game.stage !== 'over' && game.stage !== 'failed'

function Page({ view, link, onlyOpen, dialog, problem, at, busy }) {
  if (link === 'gone') return html`<main class="alone"><h1>${t('link.gone')}</h1><p>${t('monitor.gone')}</p></main>`
  if (view === undefined) return html`<main class="alone"><h1>${t('link.connecting')}</h1></main>`
  document.title = `${t('monitor.title')} – ${view.title}`
  const passed = performance.now() - at
  const games = onlyOpen ? view.games.filter(isOpen) : view.games
  return html`
    <a class="skip" href="#main">${t('page.skip')}</a>
    <header class="top"><div class="names"><h1>${view.title}</h1><p class="seat">${t('monitor.title')}</p></div></header>
    ${link !== 'open' && html`<div class="link" role="alert"><p>${t(`link.${link}`)}</p>${link === 'elsewhere' && html`<button type="button" onClick=${() => connection.again()}>${t('link.use_here')}</button>`}</div>`}
    <main id="main" tabindex="-1" class="monitor">
      <${Summary} view=${view} />
      ${problem !== '' && html`<p class="problem" role="alert">${problem}</p>`}
      <p class="actions">
        <${CopyButton} text=${table(view, linkRows)} label=${t('monitor.copy_links')} />
        <${CopyButton} text=${table(view, codeRows)} label=${t('monitor.copy_codes')} />
        <label class="option"><input type="checkbox" checked=${onlyOpen} onChange=${event => change({ onlyOpen: event.currentTarget.checked })} /><span>${t('monitor.only_open')}</span></label>
      </p>
      ${games.length === 0 && html`<p>${t('monitor.none')}</p>`}
      ${games.map(game => html`<${Game} key=${game.game} game=${game} passed=${passed} isAlone=${view.games.length === 1} />`)}
      ${view.out !== null && html`<p class="note">${t('monitor.out', { out: view.out })}</p>`}
    </main>
    ${dialog !== undefined && html`<${Question} key=${dialog.type} dialog=${dialog} view=${view} busy=${busy} />`}
  `
}

function Summary({ view }) {
  const people = view.games.flatMap(game => game.seats).filter(seat => seat.is_human || seat.link !== null)
  const count = stage => view.games.filter(game => game.stage === stage).length
  const figures = [
    ['monitor.people_here', people.filter(seat => seat.connected).length, people.length],
    ['monitor.missing', people.filter(isMissing).length],
    ['monitor.games_waiting', count('waiting')],
    ['monitor.games_playing', count('playing') + count('paused')],
    ['monitor.games_over', count('over')],
    ...(count('failed') > 0 ? [['monitor.games_failed', count('failed')]] : []),
  ]
  return html`<section aria-labelledby="summary-title"><h2 id="summary-title" class="unseen">${t('monitor.summary')}</h2>
    <dl class="figures">${figures.map(
      ([key, n, of]) =>
        html`<div key=${key}><dt>${t(key)}</dt><dd>${of === undefined ? number(n) : t('monitor.of', { part: n, whole: of })}</dd></div>`,
    )}</dl></section>`
}

const COLUMNS = ['seat', 'player', 'stage', 'here', 'now', 'turns', 'timeouts', 'code', 'link']

function Game({ game, passed, isAlone }) {
  const id = `game-${game.game}`
  const people = game.seats.filter(seat => seat.is_human && WANTED.includes(seat.stage))
  const missing = people.filter(isMissing).length
  const what = { n: game.game }
  const canEnd = isOpen(game)
  return html`<section class="panel game" aria-labelledby=${id}>
    <header>
      <h2 id=${id} tabindex="-1">${t('monitor.game', what)}</h2>
      <span class=${`stage ${game.stage}`}>${t(`game.${game.stage}`)}</span>
      <span class="quiet">${t('monitor.facts', { t: game.t, seed: String(game.seed) })}${game.stop !== null && ` · ${game.stop}`}</span>
      ${missing > 0 && html`<span class="missing">${t('monitor.are_missing', { n: missing })}</span>`}
      <span class="actions">
        ${game.stage === 'waiting' && html`<${Act} label="monitor.start" about=${t('monitor.start_game', what)} onClick=${() => change({ dialog: { type: 'start', game: game.game } })} />`}
        ${game.stage === 'playing' && html`<${Act} label="monitor.pause" about=${t('monitor.pause_game', what)} onClick=${() => send({ type: 'pause', game: game.game })} />`}
        ${game.stage === 'paused' && html`<${Act} label="monitor.go_on" about=${t('monitor.go_on_game', what)} onClick=${() => send({ type: 'go_on', game: game.game })} />`}
        ${canEnd && html`<${Act} label="monitor.end" about=${t('monitor.end_game', what)} kind="small bad" onClick=${() => change({ dialog: { type: 'end', game: game.game } })} />`}
      </span>
    </header>
    <details open=${canEnd || isAlone}>
      <summary>${t('monitor.seats', { n: game.seats.length })}</summary>
      <div class="scroll" tabindex="0" role="group" aria-label=${t('monitor.seats_of', what)}><table class="seats">
        <thead><tr>${COLUMNS.map(name => html`<th key=${name} scope="col">${t(`monitor.${name}`)}</th>`)}</tr></thead>
        <tbody>${game.seats.map(seat => html`<${Seat} key=${seat.agent} seat=${seat} game=${game} passed=${passed} />`)}</tbody>
      </table></div>
    </details>
  </section>`
}

const Act = ({ label, about, kind = 'small', onClick }) =>
  html`<button type="button" class=${kind} aria-label=${about} onClick=${onClick}>${t(label)}</button>`

function Seat({ seat, game, passed }) {
  const isPerson = seat.link !== null
  const cells = {
    player: seat.player,
    stage: html`<span class=${`stage ${seat.stage}`}>${t(`seat.${seat.stage}`)}</span>`,
    here: isPerson ? html`<${Presence} seat=${seat} passed=${passed} />` : '',
    now: seat.waiting_ms === null ? '' : html`<${Now} seat=${seat} passed=${game.stage === 'paused' ? 0 : passed} />`,
    turns: isPerson ? turnsText(seat) : '',
    timeouts: isPerson ? number(seat.timeouts) : '',
    code: seat.payment_code ?? '',
    link: isPerson
      ? html`<span class="actions"><${CopyButton} text=${linkOf(seat.link)} label=${t('page.copy')} about=${t('monitor.copy_link', { seat: seat.agent, n: game.game })} />
        ${
          seat.is_human &&
          WANTED.includes(seat.stage) &&
          html`<${Act} label="monitor.replace" about=${t('monitor.replace_seat', { seat: seat.agent, n: game.game })} onClick=${() => change({ dialog: { type: 'replace', game: game.game, agent: seat.agent } })} />`
        }</span>`
      : '',
  }
  return html`<tr class=${isMissing(seat) ? 'is-missing' : ''}><th scope="row">${seat.agent}</th>
    ${COLUMNS.slice(1).map(name => html`<td key=${name} data-label=${t(`monitor.${name}`)} class=${cells[name] === '' ? 'none' : ''}>${cells[name] === '' ? html`<span aria-label=${t('monitor.no_value')} role="img">–</span>` : cells[name]}</td>`)}</tr>`
}

const turnsText = ({ human_turns: human, bot_turns: bot }) =>
  bot === 0 ? number(human) : t('monitor.turn_counts', { human, bot })

function Presence({ seat, passed }) {
  if (seat.connected) return html`<span class="here">${t('monitor.is_here')}</span>`
  const time = seat.absent_ms === null ? '' : clock(seat.absent_ms + passed)
  return html`<span class=${isMissing(seat) ? 'away' : 'quiet'}>${t('monitor.is_away', { time })}</span>`
}

function Now({ seat, passed }) {
  const left = seat.left_ms === null ? '' : t('monitor.left', { time: clock(seat.left_ms - passed) })
  return html`<span>${t('monitor.since', { time: clock(seat.waiting_ms + passed) })}${left && html`<br /><span class="quiet">${left}</span>`}</span>`
}

/** What is asked before something that cannot be taken back. */
function Question({ dialog, view, busy }) {
  const close = () => change({ dialog: undefined })
  const { type, game, agent, player = view.bots[0] } = dialog
  const message = type === 'replace' ? { type, game, agent, player } : { type, game }
  return html`<${Dialog} heading=${t(`monitor.ask_${type}`, { n: game, seat: agent ?? '' })} onClose=${close}>
    <p>${t(`monitor.note_${type}`)}</p>
    ${
      type === 'replace' &&
      html`<p class="field"><label for="bot">${t('monitor.by_bot')}</label>
        <select id="bot" onChange=${event => change({ dialog: { ...dialog, player: event.currentTarget.value } })}>${view.bots.map(name => html`<option key=${name} value=${name} selected=${name === player}>${name}</option>`)}</select></p>`
    }
    <p class="actions stacked">
      <button type="button" onClick=${close}>${t('monitor.back')}</button>
      <button type="button" class="bad" aria-disabled=${busy ? 'true' : undefined} onClick=${() => send(message)}>${t(`monitor.yes_${type}`)}</button>
    </p>
  <//>`
}

/* What is copied: tab-separated, as a spreadsheet takes it */

const linkRows = seat => (seat.link === null ? undefined : linkOf(seat.link))
const codeRows = seat => seat.payment_code ?? undefined

function table(view, told) {
  const rows = view.games.flatMap(game =>
    game.seats.flatMap(seat => {
      const value = told(seat)
      return value === undefined ? [] : [`${game.game}\t${seat.agent}\t${value}`]
    }),
  )
  return `${rows.join('\n')}\n`
}

try {
  await loadTexts()
  connection = connect({
    onView: view => change({ view, at: performance.now() }),
    onState: link => change({ link }),
  })
  setInterval(() => state.view !== undefined && change({}), 1000)
} catch (error) {
  failed(error)
}
