/** A turn's decision: the tools as forms, the calls that will be sent, questions that are answered at once. Knows a turn; knows no stage and no socket. */
import { Fields, idOf } from './fields.js'
import { blank, fieldsOf, filled, read } from './forms.js'
import { html, lang, number, say, t, title, words } from './ui.js'

/** Proposals that are shown before somebody asks for all. */
const FEW = 6

/** What a person has filled in for a turn, and what is wrong with it. Plain data: it is kept when the page is loaded again. */
export const newWork = turn => {
  const moves = turn.tools.filter(tool => !tool.is_ask)
  return {
    turn: turn.turn,
    /** The tool whose form is open; `''` for doing nothing. */
    open: moves.length === 1 ? moves[0].name : null,
    drafts: {},
    calls: [],
    problems: {},
    /** By tool, what the server said of the form as a whole. */
    refused: {},
    /** By place in the list of calls, what the server said of it. */
    wrong: {},
    general: '',
    /** Calls of which one was refused that an earlier one may make right: they can be sent all the same. */
    anyway: null,
    answers: {},
    all: {},
  }
}

const draftOf = (work, tool) => work.drafts[tool.name] ?? blank(tool.parameters)

/**
 * The decision of a turn. `table` is `{ turn, work, busy, change(work), check(calls), decide(calls) }`: `check` and `decide` resolve
 * with the server's answer, or with undefined where the connection was lost.
 */
export function Decision(table) {
  const { turn, work } = table
  const moves = turn.tools.filter(tool => !tool.is_ask)
  const questions = turn.tools.filter(tool => tool.is_ask)
  const isList = turn.max_calls === null || turn.max_calls > 1
  return html`<section class="panel decision" id="decision" aria-labelledby="decision-title" key=${turn.turn}>
    <h2 id="decision-title" tabindex="-1" data-landing>${t('turn.decide')} <span class="quiet">${t('turn.number', { n: turn.turn + 1 })}</span></h2>
    ${work.general !== '' && html`<p class="problem" role="alert">${work.general}</p>`}
    ${
      work.anyway !== null &&
      html`<div class="anyway"><p>${t('turn.anyway_note')}</p>
        <p class="actions"><${Send} busy=${table.busy} kind="small" onClick=${() => table.decide(work.anyway, true)}>${t('turn.anyway', { n: work.anyway.length })}<//></p></div>`
    }
    ${isList && html`<${Calls} ...${table} />`}
    <div class="tools">
      ${moves.map(tool => html`<${Tool} key=${tool.name} ...${table} tool=${tool} isList=${isList} />`)}
      <${Fold} name="" ...${table} heading=${t('turn.nothing')} line=${t('turn.nothing_line')}>
        <p>${t(`turn.nothing_${turn.on_silence}`)}</p>
        <p class="actions"><${Send} busy=${table.busy} onClick=${() => send(table, [])}>${t('turn.nothing')}<//></p>
      <//>
    </div>
    ${
      questions.length > 0 &&
      html`<h3 class="apart">${t('turn.questions')}</h3><p class="note">${t('turn.questions_note')}</p>
        <div class="tools">${questions.map(tool => html`<${Tool} key=${tool.name} ...${table} tool=${tool} isList=${false} />`)}</div>`
    }
  </section>`
}

/** A tool or a choice that opens; one at a time. */
function Fold({ name, work, change, heading, line, children }) {
  const isOpen = work.open === name
  return html`<details class="tool" open=${isOpen} onToggle=${event => {
    const open = event.currentTarget.open
    if (open !== isOpen) change({ ...work, open: open ? name : null })
  }}>
    <summary><span class="name">${heading}</span>${line && html` <span class="quiet">${line}</span>`}</summary>
    ${isOpen && html`<div class="body">${children}</div>`}
  </details>`
}

function Tool(props) {
  const { tool, work, change, busy, isList, turn } = props
  const draft = draftOf(work, tool)
  const set = next => {
    // What was typed since is judged anew.
    change({
      ...work,
      drafts: { ...work.drafts, [tool.name]: next },
      problems: { ...work.problems, [tool.name]: {} },
      refused: { ...work.refused, [tool.name]: '' },
      anyway: null,
    })
  }
  const form = {
    id: `tool-${tool.name}`,
    root: tool.parameters,
    problems: work.problems[tool.name] ?? {},
    suggestions: suggestionsOf(tool),
  }
  const isFull = turn.max_calls !== null && work.calls.length >= turn.max_calls
  const answer = work.answers[tool.name]
  return html`<${Fold} name=${tool.name} ...${props} heading=${title(tool.name)} line=${tool.description}>
    <${Proposals} ...${props} set=${set} />
    <${Fields} schema=${tool.parameters} draft=${draft} set=${set} form=${form} />
    ${work.refused[tool.name] && html`<p class="problem" role="alert" id=${`tool-${tool.name}-refused`}>${work.refused[tool.name]}</p>`}
    <p class="actions">
      ${tool.is_ask && html`<${Send} busy=${busy} kind="small" onClick=${() => question(props)}>${t('turn.ask')}<//>`}
      ${!tool.is_ask && html`<${Send} busy=${busy} isOff=${isFull} onClick=${() => sendTool(props)}>${work.calls.length === 0 ? t('turn.send') : t('turn.send_with', { n: work.calls.length + 1 })}<//>`}
      ${!tool.is_ask && isList && html`<${Send} busy=${busy} isOff=${isFull} kind="small" onClick=${() => add(props)}>${t('turn.add')}<//>`}
    </p>
    ${isFull && !tool.is_ask && html`<p class="note">${t('turn.full', { n: turn.max_calls })}</p>`}
    ${answer && html`<p class="answer"><span class="quiet">${answer.asked}</span><br />${answer.text}</p>`}
  <//>`
}

/** A button that cannot be pressed twice: while it waits it keeps its place and the focus, and does nothing. */
function Send({ busy, isOff = false, kind = 'main', onClick, children }) {
  const isIdle = busy || isOff
  return html`<button type="button" class=${kind} aria-disabled=${isIdle ? 'true' : undefined} onClick=${() => !isIdle && onClick()}>${children}</button>`
}

function Proposals({ tool, work, change, set }) {
  if (tool.proposals.length === 0 || fieldsOf(tool.parameters, tool.parameters).length === 0) return null
  const isAll = work.all[tool.name] || tool.proposals.length <= FEW + 1
  const shown = isAll ? tool.proposals : tool.proposals.slice(0, FEW)
  return html`<div class="proposals" role="group" aria-label=${t('turn.proposals')}>
    <span class="quiet">${t('turn.proposals')}</span>
    ${shown.map(({ args }, i) => html`<${Proposal} key=${i} text=${argsWords(args)} onFill=${() => set(filled(tool.parameters, args))} />`)}
    ${!isAll && html`<button type="button" class="small" onClick=${() => change({ ...work, all: { ...work.all, [tool.name]: true } })}>${t('turn.more', { n: tool.proposals.length - FEW })}</button>`}
  </div>`
}

/** One click fills the form; nothing is sent. */
function Proposal({ text, onFill }) {
  return html`<button type="button" class="chip" onClick=${() => {
    onFill()
    say(t('turn.filled', { text }))
  }}>${text}</button>`
}

/** Words that the proposals use for a field of text, worth suggesting while it is typed. */
function suggestionsOf(tool) {
  const said = tool.proposals.flatMap(({ args }) => Object.entries(args)).filter(([, value]) => typeof value === 'string')
  return Object.fromEntries(
    said.map(([name]) => [name, [...new Set(said.flatMap(([other, value]) => (other === name ? [value] : [])))]]),
  )
}

/** The calls that will be sent, in their order. */
function Calls(props) {
  const { work, turn, busy, change } = props
  const move = (at, by) => {
    const calls = work.calls.toSpliced(at, 1)
    change({ ...work, calls: calls.toSpliced(at + by, 0, work.calls[at]), wrong: {}, anyway: null })
    say(t('turn.moved', { n: at + by + 1 }))
    document.getElementById(`call-${at + by}`)?.focus()
  }
  const remove = at => {
    change({ ...work, calls: work.calls.toSpliced(at, 1), wrong: {}, anyway: null })
    say(t('turn.removed'))
    document.getElementById('calls-title')?.focus()
  }
  return html`<section class="calls" aria-labelledby="calls-title">
    <h3 id="calls-title" tabindex="-1">${t('turn.list')}${turn.max_calls !== null && html` <span class="quiet">${t('turn.list_of', { used: work.calls.length, most: turn.max_calls })}</span>`}</h3>
    ${
      work.calls.length === 0
        ? html`<p class="note">${turn.max_calls === null ? t('turn.list_empty_any') : t('turn.list_empty', { n: turn.max_calls })}</p>`
        : html`<ol>${work.calls.map(
            (call, at) => html`<li key=${`${at}-${callWords(call)}`} id=${`call-${at}`} tabindex="-1">
              <span class="what">${callWords(call)}</span>
              <span class="actions">
                ${at > 0 && html`<button type="button" class="small" aria-label=${t('turn.earlier_one', { n: at + 1 })} onClick=${() => move(at, -1)}>${t('turn.earlier')}</button>`}
                ${at < work.calls.length - 1 && html`<button type="button" class="small" aria-label=${t('turn.later_one', { n: at + 1 })} onClick=${() => move(at, 1)}>${t('turn.later')}</button>`}
                <button type="button" class="small" aria-label=${t('turn.remove_one', { n: at + 1 })} onClick=${() => remove(at)}>${t('form.remove')}</button>
              </span>
              ${work.wrong[at] && html`<p class="problem" role="alert">${work.wrong[at]}</p>`}
            </li>`,
          )}</ol>
          <p class="actions"><${Send} busy=${busy} onClick=${() => send(props, work.calls)}>${t('turn.send_list', { n: work.calls.length })}<//></p>`
    }
  </section>`
}

/** A call in words: its tool and what it says. */
export function callWords({ tool, args }) {
  const said = argsWords(args)
  return said === '' ? title(tool) : `${title(tool)}: ${said}`
}

const argsWords = args =>
  Object.entries(args)
    .map(([name, value]) => `${words(name)} ${valueText(value)}`)
    .join('; ')

function valueText(value) {
  if (typeof value === 'number') return number(value)
  if (typeof value === 'boolean') return t(value ? 'form.yes' : 'form.no')
  if (Array.isArray(value)) return value.length === 0 ? t('form.none') : value.map(valueText).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The call that a tool's form says; undefined where something is wrong with it, which is then shown and gets the focus. */
function callOf({ tool, work, change }) {
  const { value, problems } = read(tool.parameters, draftOf(work, tool), lang())
  if (problems.length === 0) return { tool: tool.name, args: value }
  change({ ...work, problems: { ...work.problems, [tool.name]: wordsOf(problems) } })
  focusOn(`tool-${tool.name}`, problems[0].path)
  say(t('form.wrong', { n: problems.length }))
  return undefined
}

/** The first problem of each field, in words. */
export function wordsOf(problems) {
  const found = {}
  for (const { path, key, values } of problems) found[path] ??= t(key, values)
  return found
}

/** Puts the focus on the field of a path, or the first control within it. */
export function focusOn(id, path) {
  const field = document.getElementById(idOf({ id }, path))
  const control = field?.matches('fieldset') ? (field.querySelector('input, select, textarea') ?? field) : field
  control?.focus()
}

async function sendTool(props) {
  const call = callOf(props)
  if (call !== undefined) await send(props, [...props.work.calls, call], props.tool)
}

async function add(props) {
  const { tool, work, check, change } = props
  const call = callOf(props)
  if (call === undefined) return
  const answer = await check([call])
  if (answer === undefined) return
  if (!answer.ok) return refuse({ ...props, work: { ...work, calls: [] } }, [call], answer, tool)
  change({
    ...work,
    calls: [...work.calls, call],
    drafts: { ...work.drafts, [tool.name]: blank(tool.parameters) },
    problems: { ...work.problems, [tool.name]: {} },
    refused: { ...work.refused, [tool.name]: '' },
  })
  say(t('turn.added', { n: work.calls.length + 1, text: callWords(call) }))
}

async function question(props) {
  const { tool, work, check, change } = props
  const call = callOf(props)
  if (call === undefined) return
  const answer = await check([call])
  if (answer === undefined) return
  if (!answer.ok) return refuse(props, [call], answer, tool)
  const text = answer.texts.join('\n')
  change({ ...work, answers: { ...work.answers, [tool.name]: { asked: callWords(call), text } } })
  say(text)
}

/** Sends calls as the turn's decision; `tool` is the one whose form gave the last of them. */
async function send(props, calls, tool) {
  const answer = await props.decide(calls)
  if (answer !== undefined && !answer.ok) refuse(props, calls, answer, tool)
}

/** What an answer says, in the page's language where it is the server's own. */
export const answerText = ({ code, texts }) =>
  code === undefined || code === 'refused' || code === 'bad_fields' ? texts.filter(Boolean).join(' ') : t(`answer.${code}`)

/** Shows what the server says is wrong: at the field it names, at the form or at the call of the list. */
function refuse({ work, change }, calls, answer, tool) {
  const next = { ...work, wrong: {}, general: '', anyway: null }
  if (answer.code !== 'refused' || answer.texts.length !== calls.length) {
    change({ ...next, general: answerText(answer) })
    return say(answerText(answer))
  }
  let path
  answer.texts.forEach((text, at) => {
    if (text === '') return
    if (at > 0) next.anyway = calls
    if (at < work.calls.length || tool === undefined) next.wrong[at] = text
    else {
      path = fieldNamed(tool, text)
      if (path === undefined) next.refused = { ...next.refused, [tool.name]: text }
      else next.problems = { ...next.problems, [tool.name]: { [path]: text } }
    }
  })
  change(next)
  if (path !== undefined) focusOn(`tool-${tool.name}`, path)
  say(answerText(answer))
}

/** The field that a refusal of badly formed arguments is about, such as `declare: project: Too big`. */
function fieldNamed(tool, text) {
  const names = fieldsOf(tool.parameters, tool.parameters).map(([name]) => name)
  return names.find(name => new RegExp(`(^|: )${name}(\\.[\\w.]+)?: `).test(text))
}
