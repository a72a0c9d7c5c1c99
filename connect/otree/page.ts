/**
 * A page of an oTree server as plain data: its text, its form, its sockets, its time limit. What no tool can answer is refused with
 * the element named. Knows oTree's markup (6.0); sends nothing.
 */
import { parse } from 'parse5'
import { attribute, type Element, elements, find, hasClass, isHidden, named, source, textOf } from './dom.ts'

/** A field of a form. */
export interface Field {
  readonly name: string
  readonly kind: 'integer' | 'number' | 'text' | 'choice' | 'choices' | 'flag'
  readonly label: string
  readonly required: boolean
  /** What stands in it already. */
  readonly value?: string | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
  /** Characters. */
  readonly max_length?: number | undefined
  readonly options?: readonly Option[] | undefined
}

export interface Option {
  /** What is sent. */
  readonly value: string
  readonly label: string
}

export interface Chat {
  readonly channel: string
  readonly socket: string
  readonly participant: number
  readonly nickname: string
  readonly nickname_signed: string
}

export interface Page {
  /** `form`: somebody is to act or to read; `wait`: for others; `over`: no page is left; `other`: none of oTree's. */
  readonly kind: 'form' | 'wait' | 'over' | 'other'
  readonly title: string
  readonly text: string
  readonly fields: readonly Field[]
  /** What is sent as it stands: hidden fields with a value. */
  readonly fixed: Readonly<Record<string, string>>
  /** Whether there is a button that sends the form. */
  readonly submits: boolean
  /** What the server found wrong with what was sent. */
  readonly errors: readonly string[]
  /** Seconds; null where there is no time limit. */
  readonly timeout: number | null
  /** Paths of sockets; null where there is none. */
  readonly wait_socket: string | null
  readonly live_socket: string | null
  readonly advance_socket: string | null
  /** Seconds after which the page loads itself anew; null where it does not. */
  readonly refresh: number | null
  /** Whether participants are grouped as they arrive: then the page is to be asked for again now and then. */
  readonly by_arrival: boolean
  readonly chats: readonly Chat[]
  /** Why no client without a browser can answer it, with the element; absent where one can. */
  readonly refusal?: string
}

/** Where oTree sends whoever has seen the last page. */
const END = '/OutOfRangeNotification/'

/** What an app's schema file says of fields that only a script fills. */
export type KnownFields = Readonly<Record<string, Omit<Field, 'name'>>>

/** Reads a page that was found at that path. `declared` are fields that somebody has described, so that they need no element that can be filled. */
export function parsePage(htmlText: string, path: string, declared: KnownFields = {}): Page {
  const document = parse(htmlText)
  const all = [...elements(document)]
  const scripts = all.filter(({ tagName }) => tagName === 'script')
  const code = scripts.map(source).join('\n')
  const form = all.find(element => element.tagName === 'form' && attribute(element, 'id') === 'form')
  const title = all.find(element => attribute(element, 'id') === '_otree-title')
  const isWait = all.some(element => hasClass(element, 'otree-wait-page'))
  const timeout = /remainingTimeoutSeconds\s*=\s*(-?[\d.]+)/.exec(code)?.[1]
  const socketOf = (id: string): string | null => {
    const element = all.find(each => attribute(each, 'id') === id)
    return (element && attribute(element, 'data-socket-url')) ?? null
  }
  const base = {
    title: title === undefined ? '' : textOf(title),
    fields: [],
    fixed: {},
    submits: false,
    errors: [],
    timeout: timeout === undefined ? null : Number(timeout),
    wait_socket: isWait ? waitSocketIn(code) : null,
    live_socket: socketOf('otree-live'),
    advance_socket: socketOf('websocket-redirect'),
    refresh: refreshOf(all),
    by_arrival: /GBAT_INACTIVE_SECONDS_UNTIL_PROMPT_MSEC\s*=/.test(code),
    chats: chatsOf(code),
  }
  if (isWait) {
    const body = all.find(element => hasClass(element, 'card-body'))
    return { ...base, kind: 'wait', text: body === undefined ? '' : textOf(body, shownAs) }
  }
  const body = all.find(({ tagName }) => tagName === 'body')
  if (form === undefined) {
    const text = body === undefined ? '' : textOf(body, shownAs)
    return { ...base, kind: path.startsWith(END) ? 'over' : 'other', text }
  }
  const controls = [...controlsOf(document, form)]
  const { fields, fixed, submits, refusal } = readForm(form, controls, declared, base)
  const content = find(form, element => hasClass(element, 'otree-content')) ?? form
  return {
    ...base,
    kind: 'form',
    text: textOf(content, shownAs),
    fields,
    fixed,
    submits,
    errors: errorsOf(all),
    ...(refusal !== undefined && { refusal }),
  }
}

/** The path of the socket that ends a wait, from the script that opens it; null where there is none. */
export function waitSocketIn(code: string): string | null {
  return /makeReconnectingWebSocket\("([^"]+)"\)/.exec(code)?.[1]?.replaceAll('&amp;', '&') ?? null
}

const CONTROLS = ['input', 'select', 'textarea', 'button']

/** What the browser would send with the form: what stands in it, or says that it belongs to it. */
function* controlsOf(document: Parameters<typeof elements>[0], form: Element): Generator<Element> {
  const inside = new Set(elements(form))
  for (const element of elements(document)) {
    if (!CONTROLS.includes(element.tagName)) continue
    const owner = attribute(element, 'form')
    if (owner === undefined ? inside.has(element) : owner === attribute(form, 'id')) yield element
  }
}

/** What stands in the text for an element: fields by their names, so that a reader finds the arguments. */
function shownAs(element: Element): string | undefined {
  const { tagName } = element
  const name = attribute(element, 'name')
  const type = (attribute(element, 'type') ?? 'text').toLowerCase()
  if (hasClass(element, 'powered-by-otree') || hasClass(element, 'form-control-errors') || hasClass(element, 'otree-chat'))
    return ''
  if (tagName === 'button') return name === undefined ? '' : `[${name}=${attribute(element, 'value') ?? ''}] ${textOf(element)}`
  if (tagName === 'input' && ['submit', 'button', 'reset', 'hidden'].includes(type)) return ''
  if (tagName === 'input' && ['radio', 'checkbox'].includes(type))
    return name === undefined ? '' : `[${name}=${attribute(element, 'value') ?? 'on'}]`
  if (['input', 'select', 'textarea'].includes(tagName)) return name === undefined ? '' : `[${name}]`
  if (tagName === 'canvas' || tagName === 'iframe' || tagName === 'svg') return `[${tagName}]`
  return undefined
}

interface Form extends Pick<Page, 'fields' | 'fixed' | 'submits'> {
  readonly refusal?: string
}

function readForm(
  form: Element,
  controls: readonly Element[],
  declared: KnownFields,
  { timeout, live_socket, chats }: Pick<Page, 'timeout' | 'live_socket' | 'chats'>,
): Form {
  const fields = new Map<string, Field>()
  const fixed: Record<string, string> = {}
  const labels = labelsOf(form)
  let submits = false
  let refusal: string | undefined
  const refuse = (element: Element, why: string): void => {
    refusal ??= `${named(element)}: ${why}`
  }
  const action = attribute(form, 'action') ?? ''
  if (/^\s*javascript:/i.test(action)) refuse(form, 'the form is sent by a script alone (trials)')
  for (const element of controls) {
    const { tagName } = element
    const type = tagName === 'input' ? (attribute(element, 'type') ?? 'text').toLowerCase() : tagName
    const name = attribute(element, 'name')
    if (attribute(element, 'disabled') !== undefined) continue
    if (type === 'button' || type === 'submit') {
      if ((attribute(element, 'type') ?? 'submit') !== 'submit') continue
      submits = true
      if (name !== undefined && tagName === 'button' && name !== BACK)
        addOption(fields, name, 'choice', true, name, { value: attribute(element, 'value') ?? '', label: textOf(element) })
      continue
    }
    if (name === undefined || name === '' || type === 'reset') continue
    if (Object.hasOwn(declared, name)) continue
    const known = fields.get(name)
    const label =
      labels.get(attribute(element, 'id') ?? '') ?? labels.get(`id_${name}`) ?? attribute(element, 'placeholder') ?? name
    const required = attribute(element, 'required') !== undefined
    const value = tagName === 'textarea' ? textOf(element) : (attribute(element, 'value') ?? '')
    switch (type) {
      case 'hidden':
        if (value === '') refuse(element, 'a field that only a script fills')
        else fixed[name] = value
        break
      case 'file':
      case 'image':
        refuse(element, 'no tool can fill it')
        break
      case 'radio':
      case 'checkbox': {
        const own = labels.get(attribute(element, 'id') ?? '') ?? value
        const group = labels.get(`id_${name}`) ?? name
        addOption(fields, name, type === 'radio' ? 'choice' : 'choices', required || known?.required === true, group, {
          value: value === '' ? 'on' : value,
          label: own,
        })
        break
      }
      case 'select': {
        const options = [...elements(element)]
          .filter(each => each.tagName === 'option' && attribute(each, 'disabled') === undefined)
          .map(each => ({ value: attribute(each, 'value') ?? textOf(each), label: textOf(each) }))
          .filter(option => option.value !== '')
        const many = attribute(element, 'multiple') !== undefined
        fields.set(name, { name, kind: many ? 'choices' : 'choice', label, required, options })
        break
      }
      default:
        fields.set(name, { name, ...inputOf(element, type), label, required, ...(value !== '' && { value }) })
    }
  }
  for (const [name, field] of Object.entries(declared)) fields.set(name, { name, ...field })
  // One box that is ticked or not.
  for (const [name, field] of fields)
    if (field.kind === 'choices' && field.options?.length === 1 && isCheckbox(controls, name))
      fields.set(name, { ...field, kind: 'flag', label: field.label === name ? field.options[0]!.label : field.label })
  const empty = [...fields.values()].find(
    ({ kind, options }) => (kind === 'choice' || kind === 'choices') && options?.length === 0,
  )
  const select = empty && controls.find(element => attribute(element, 'name') === empty.name)
  if (select !== undefined) refuse(select, 'only a script gives it options')
  if (!submits && live_socket === null && timeout === null && chats.length === 0) {
    const culprit =
      find(form, ({ tagName }) => ['canvas', 'iframe', 'object', 'embed'].includes(tagName) || tagName.includes('-')) ??
      controls.find(({ tagName }) => tagName === 'button') ??
      find(form, each => each.tagName === 'script' && attribute(each, 'src') === undefined) ??
      form
    refuse(culprit, 'the page has no button that sends its form; only a script goes on')
  }
  return { fields: [...fields.values()], fixed, submits, ...(refusal !== undefined && { refusal }) }
}

/** The name of oTree's button that goes back a page, which is no answer. */
const BACK = 'back_button'

function isCheckbox(controls: readonly Element[], name: string): boolean {
  return controls.some(element => attribute(element, 'name') === name && attribute(element, 'type') === 'checkbox')
}

function addOption(
  fields: Map<string, Field>,
  name: string,
  kind: 'choice' | 'choices',
  required: boolean,
  label: string,
  option: Option,
): void {
  const known = fields.get(name)
  fields.set(name, { name, kind, label, required, options: [...(known?.options ?? []), option] })
}

/** What an input of that type takes. oTree writes numbers with decimals as texts that ask for a keypad. */
function inputOf(element: Element, type: string): Pick<Field, 'kind' | 'min' | 'max' | 'max_length'> {
  const number = (name: string): number | undefined => {
    const text = attribute(element, name)
    return text === undefined || text.trim() === '' || !Number.isFinite(Number(text)) ? undefined : Number(text)
  }
  const [min, max, maxLength] = [number('min'), number('max'), number('maxlength')]
  const bounds = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) }
  if (type === 'number' || type === 'range') {
    const step = attribute(element, 'step')
    const isWhole = step === undefined || (step !== 'any' && Number.isInteger(Number(step)))
    return { kind: isWhole ? 'integer' : 'number', ...bounds }
  }
  if (type === 'text' && attribute(element, 'inputmode') !== undefined) return { kind: 'number', ...bounds }
  return { kind: 'text', ...(maxLength !== undefined && { max_length: maxLength }) }
}

/** Labels by the id of what they are for. */
function labelsOf(form: Element): Map<string, string> {
  const labels = new Map<string, string>()
  for (const element of elements(form)) {
    if (element.tagName !== 'label') continue
    const text = textOf(element, shownAs)
    const inner = find(element, ({ tagName }) => CONTROLS.includes(tagName))
    const target = attribute(element, 'for') ?? (inner && attribute(inner, 'id'))
    if (target !== undefined) labels.set(target, text)
  }
  return labels
}

/** What the server says is wrong: of the whole form, and of fields. */
function errorsOf(all: readonly Element[]): string[] {
  const whole = all.filter(element => hasClass(element, 'otree-form-errors')).map(element => textOf(element))
  const single = all.flatMap(element => {
    if (!hasClass(element, 'form-control-errors') || isHidden(element)) return []
    const box = all.find(each => hasClass(each, '_formfield') && [...elements(each)].includes(element))
    const control = box && find(box, each => attribute(each, 'name') !== undefined)
    const name = control && attribute(control, 'name')
    return [`${name === undefined ? '' : `${name}: `}${textOf(element)}`]
  })
  return [...whole, ...single].filter(text => text !== '')
}

function refreshOf(all: readonly Element[]): number | null {
  const meta = all.find(each => each.tagName === 'meta' && attribute(each, 'http-equiv')?.toLowerCase() === 'refresh')
  const seconds = Number.parseFloat(meta === undefined ? '' : (attribute(meta, 'content') ?? ''))
  return Number.isFinite(seconds) ? seconds : null
}

/** The chats of a page, which oTree writes into a script. */
function chatsOf(code: string): Chat[] {
  return [...code.matchAll(/varsFromDjango\s*=\s*(\{.*?\});/g)].flatMap(([, json]) => {
    const read = JSON.parse(json!) as Record<string, unknown>
    return [
      {
        channel: String(read.channel),
        socket: String(read.socket_path),
        participant: Number(read.participant_id),
        nickname: String(read.nickname),
        nickname_signed: String(read.nickname_signed),
      },
    ]
  })
}
