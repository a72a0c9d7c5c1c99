/** The fields of a form, drawn from a schema and a draft (`forms.js`). Knows no tool, no view and no socket. */
import { blank, fieldsOf, kindOf, readNumber, recordOf, settled, variantsOf } from './forms.js'
import { html, lang, number, t, title, words } from './ui.js'

/** Up to so many values are all shown; more are a list to open. */
const SHOWN = 6
/** Texts that may be longer than so many characters get a box of several lines. */
const LINE = 120

/**
 * The field of a schema and all within it. `form` is `{ id, root, problems, suggestions }`: the problems by path in words, and values
 * worth suggesting by path. `set` is told the new draft.
 */
export function Field(props) {
  const { schema, draft, form } = props
  const typed = draft ?? blank(schema, form.root)
  return FIELDS[kindOf(schema)]({ ...props, draft: typed, id: idOf(form, props.path) })
}

/** The fields of an object at the root of a form. */
export function Fields({ schema, draft, set, form, path = '' }) {
  return fieldsOf(schema, form.root).map(
    ([name, inner, required]) => html`<${Field} key=${name} form=${form} schema=${inner} required=${required}
      label=${inner.title ?? title(name)} path=${path === '' ? name : `${path}.${name}`} draft=${draft.fields[name]}
      set=${value => set({ ...draft, on: true, fields: { ...draft.fields, [name]: value } })} />`,
  )
}

export const idOf = (form, path) => `${form.id}-${path.replaceAll('.', '-')}`

/** A text of a label with what it is for and what is wrong; `labelled` is the field that they are of. */
function Labelled({ id, label, required, schema, bounds, form, path, children }) {
  return html`<div class="field">
    <label for=${id}>${label}${required ? '' : html` <span class="quiet">${t('form.optional')}</span>`}</label>
    <${Notes} id=${id} schema=${schema} bounds=${bounds} />
    ${children}
    <${Problem} id=${id} form=${form} path=${path} />
  </div>`
}

function Group({ id, label, required, schema, bounds, form, path, children, kind = 'group' }) {
  return html`<fieldset class=${`field ${kind}`} id=${id} tabindex="-1" aria-describedby=${described(id, schema, bounds, form, path)}>
    <legend>${label}${required ? '' : html` <span class="quiet">${t('form.optional')}</span>`}</legend>
    <${Notes} id=${id} schema=${schema} bounds=${bounds} />
    ${children}
    <${Problem} id=${id} form=${form} path=${path} />
  </fieldset>`
}

function Notes({ id, schema, bounds }) {
  const said = noteOf(schema, bounds)
  return said === '' ? null : html`<p class="note" id=${`${id}-note`}>${said}</p>`
}

function noteOf(schema, bounds) {
  const usual = schema.default === undefined ? '' : t('form.default', { value: String(schema.default) })
  const said = schema.description ?? ''
  const sentence = said === '' || /[.!?]$/.test(said) ? said : `${said}.`
  return [sentence.charAt(0).toLocaleUpperCase(lang()) + sentence.slice(1), bounds ?? '', usual].filter(Boolean).join(' ')
}

function Problem({ id, form, path }) {
  const wrong = form.problems[path]
  return wrong === undefined ? null : html`<p class="problem" id=${`${id}-problem`}>${wrong}</p>`
}

const described = (id, schema, bounds, form, path) =>
  [noteOf(schema, bounds) === '' ? '' : `${id}-note`, form.problems[path] === undefined ? '' : `${id}-problem`]
    .filter(Boolean)
    .join(' ') || undefined

/** What an input says of itself to those who do not see it. */
const stated = ({ id, schema, form, path, required }, bounds) => ({
  id,
  'aria-describedby': described(id, schema, bounds, form, path),
  'aria-invalid': form.problems[path] === undefined ? undefined : 'true',
  'aria-required': required ? 'true' : undefined,
})

function lengthBounds({ minLength, maxLength }) {
  if (maxLength === undefined) return ''
  return (minLength ?? 0) > 1
    ? t('form.length_between', { least: minLength, most: maxLength })
    : t('form.length', { n: maxLength })
}

function numberBounds({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }) {
  const kind = t(type === 'integer' ? 'form.whole_number' : 'form.a_number')
  const bounds = [
    minimum !== undefined && maximum !== undefined && t('form.between', { least: minimum, most: maximum }),
    minimum !== undefined && maximum === undefined && t('form.from', { least: minimum }),
    minimum === undefined && maximum !== undefined && t('form.to', { most: maximum }),
    exclusiveMinimum !== undefined && t('form.above', { least: exclusiveMinimum }),
    exclusiveMaximum !== undefined && t('form.below', { most: exclusiveMaximum }),
    multipleOf !== undefined && multipleOf !== 1 && t('form.in_steps', { step: multipleOf }),
  ].filter(Boolean)
  return bounds.length === 0 ? `${kind}.` : `${kind}, ${bounds.join(', ')}.`
}

function countBounds({ minItems = 0, maxItems }) {
  if (maxItems === undefined) return minItems > 0 ? t('form.at_least', { n: minItems }) : ''
  return minItems > 0 ? t('form.count_between', { least: minItems, most: maxItems }) : t('form.at_most', { n: maxItems })
}

/** A value among some, as words. */
const valueWords = value => (typeof value === 'string' ? words(value) : typeof value === 'number' ? number(value) : String(value))

/** Arrow keys go on by one step, within the bounds. */
function stepped(event, schema, draft, set) {
  const by = { ArrowUp: 1, ArrowDown: -1 }[event.key]
  if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return
  const { minimum, maximum, type } = schema
  if (type !== 'integer' && schema.multipleOf === undefined) return
  const step = schema.multipleOf ?? 1
  const value = readNumber(draft, lang())
  const next = typeof value === 'number' ? value + by * step : (minimum ?? 0)
  event.preventDefault()
  set(String(Number(Math.min(maximum ?? Infinity, Math.max(minimum ?? -Infinity, next)).toPrecision(15))))
}

/** A row of radio buttons, or a list to open where there are many. */
function Choice(props) {
  const { id, draft, set, options, required, label, form, path, schema, bounds } = props
  if (options.length > SHOWN)
    return html`<${Labelled} ...${props}>
      <select ...${stated(props, bounds)} value=${draft} onChange=${event => set(event.currentTarget.value)}>
        <option value="">${required ? t('form.pick') : without(schema)}</option>
        ${options.map(([value, name]) => html`<option key=${value} value=${value} selected=${draft === value}>${name}</option>`)}
      </select>
    <//>`
  const all = required ? options : [...options, ['', without(schema)]]
  return html`<${Group} kind="choices" id=${id} label=${label} required=${required} schema=${schema} bounds=${bounds} form=${form} path=${path}>
    ${all.map(
      (
        [value, name],
        i,
      ) => html`<label class="option" key=${value}><input type="radio" id=${`${id}-o${i}`} name=${id} value=${value}
        checked=${draft === value} aria-invalid=${form.problems[path] === undefined ? undefined : 'true'}
        onChange=${() => set(value)} /><span>${name}</span></label>`,
    )}
  <//>`
}

/** How a person is offered to say nothing. */
const without = schema => t(schema.asked ? 'form.no_answer' : 'form.leave_out')

const yesNo = () => [
  ['true', t('form.yes')],
  ['false', t('form.no')],
]

const FIELDS = {
  string(props) {
    const { id, schema, draft, set, form, path } = props
    const bounds = lengthBounds(schema)
    const suggestions = form.suggestions?.[path] ?? []
    const listId = `${id}-list`
    const isLong = (schema.maxLength ?? Infinity) > LINE
    const common = { ...stated(props, bounds), value: draft, onInput: event => set(event.currentTarget.value) }
    return html`<${Labelled} ...${props} bounds=${bounds}>
      ${
        isLong
          ? html`<textarea ...${common} rows=${schema.rows ?? 3}></textarea>`
          : html`<input type="text" ...${common} autocomplete="off" list=${suggestions.length > 0 ? listId : undefined} />`
      }
      ${suggestions.length > 0 && !isLong && html`<datalist id=${listId}>${suggestions.map(each => html`<option key=${each} value=${each} />`)}</datalist>`}
      ${isLong && schema.maxLength !== undefined && html`<p class="count" aria-hidden="true">${t('form.used', { used: draft.length, most: schema.maxLength })}</p>`}
    <//>`
  },
  number(props) {
    const { schema, draft, set } = props
    const bounds = numberBounds(schema)
    const value = readNumber(draft, lang())
    return html`<${Labelled} ...${props} bounds=${bounds}>
      <span class="beside"><input type="text" inputmode=${schema.type === 'integer' && (schema.minimum ?? -1) >= 0 ? 'numeric' : 'decimal'} autocomplete="off"
        ...${stated(props, bounds)} value=${draft} onInput=${event => set(event.currentTarget.value)}
        onKeyDown=${event => stepped(event, schema, draft, set)} />
      ${typeof value === 'number' && Math.abs(value) >= 1000 && html`<span class="quiet echo" aria-hidden="true">= ${number(value)}</span>`}</span>
    <//>`
  },
  boolean(props) {
    const { id, schema, label, draft, set, form, path, required } = props
    if (!schema.box) return html`<${Choice} ...${props} options=${yesNo()} />`
    return html`<div class="field">
      <label class="option"><input type="checkbox" ...${stated({ ...props, required: schema.must }, '')} checked=${draft === 'true'}
        onChange=${event => set(event.currentTarget.checked ? 'true' : schema.must ? '' : 'false')} />
      <span>${label}${required ? '' : html` <span class="quiet">${t('form.optional')}</span>`}</span></label>
      <${Problem} id=${id} form=${form} path=${path} />
    </div>`
  },
  enum: props =>
    html`<${Choice} ...${props} options=${props.schema.enum.map(value => [JSON.stringify(value), valueWords(value)])} />`,
  const: props =>
    props.required
      ? null
      : html`<${Choice} ...${props} options=${[[JSON.stringify(props.schema.const), valueWords(props.schema.const)]]} />`,
  null: props =>
    props.required
      ? html`<p class="note">${t('form.nothing')}</p>`
      : html`<${Choice} ...${props} options=${[['null', t('form.nothing')]]} />`,
  json(props) {
    const bounds = t('form.as_json')
    return html`<${Labelled} ...${props} bounds=${bounds}>
      <textarea class="code" rows="3" ...${stated(props, bounds)} value=${props.draft} onInput=${event => props.set(event.currentTarget.value)}></textarea>
    <//>`
  },
  object(props) {
    const { schema, draft, set, form, path, required, id } = props
    return html`<${Group} ...${props}>
      ${!required && html`<${Switch} id=${id} draft=${draft} onChange=${on => set({ ...draft, on })} />`}
      ${(required || draft.on) && html`<${Fields} schema=${schema} draft=${draft} form=${form} path=${path} set=${set} />`}
    <//>`
  },
  tuple(props) {
    const { schema, draft, set, form, path, required, id } = props
    return html`<${Group} ...${props}>
      ${!required && html`<${Switch} id=${id} draft=${draft} onChange=${on => set({ ...draft, on })} />`}
      ${
        (required || draft.on) &&
        schema.prefixItems.map(
          (part, i) => html`<${Field} key=${i} form=${form} schema=${settled(part, form.root)} required=${true}
            label=${settled(part, form.root).title ?? number(i + 1)} path=${`${path}.${i}`} draft=${draft.items[i]}
            set=${value => set({ on: true, items: draft.items.with(i, value) })} />`,
        )
      }
    <//>`
  },
  variants(props) {
    const { schema, draft, set, form, path, label } = props
    const parts = variantsOf(schema).map(part => settled(part, form.root))
    const at = draft.pick === '' ? undefined : Number(draft.pick)
    const part = parts[at]
    return html`<div class="variants">
      <${Choice} ...${props} draft=${draft.pick} set=${pick => set({ ...draft, pick })} options=${parts.map((each, i) => [String(i), kindWords(each)])} />
      ${
        part !== undefined &&
        !['const', 'null'].includes(kindOf(part)) &&
        html`<${Field} key=${at} form=${form} schema=${part} required=${true} label=${label} path=${`${path}.variant${at}`}
          draft=${draft.drafts[at]} set=${value => set({ ...draft, drafts: draft.drafts.with(at, value) })} />`
      }
    </div>`
  },
  picked(props) {
    const { id, schema, draft, set, form, path } = props
    return html`<${Group} ...${props} kind="choices" bounds=${countBounds(schema)}>
      ${schema.items.enum.map((value, i) => {
        const key = JSON.stringify(value)
        return html`<label class="option" key=${key}><input type="checkbox" id=${`${id}-o${i}`} checked=${draft.includes(key)}
          aria-invalid=${form.problems[path] === undefined ? undefined : 'true'}
          onChange=${event => set(event.currentTarget.checked ? [...draft, key] : draft.filter(each => each !== key))} /><span>${valueWords(value)}</span></label>`
      })}
    <//>`
  },
  array(props) {
    const { schema, draft, set, form, path, label } = props
    const part = settled(schema.items, form.root)
    const most = schema.maxItems ?? Infinity
    return html`<${Group} ...${props} bounds=${countBounds(schema)}>
      <${Rows} id=${props.id} label=${label} count=${draft.length} most=${most}
        onAdd=${() => set([...draft, blank(part, form.root)])}
        onRemove=${at => set(draft.toSpliced(at, 1))}
        row=${at => html`<${Field} form=${form} schema=${part} required=${true} label=${t('form.entry', { what: label, n: at + 1 })}
          path=${`${path}.${at}`} draft=${draft[at]} set=${value => set(draft.with(at, value))} />`} />
    <//>`
  },
  record(props) {
    const { schema, draft, set, form, path, label } = props
    const part = settled(recordOf(schema), form.root)
    const keyed = { type: 'string', maxLength: LINE }
    return html`<${Group} ...${props}>
      <${Rows} id=${props.id} label=${label} count=${draft.length} most=${Infinity}
        onAdd=${() => set([...draft, { key: '', draft: blank(part, form.root) }])}
        onRemove=${at => set(draft.toSpliced(at, 1))}
        row=${at => html`
          <${Field} key="name" form=${form} schema=${keyed} required=${true} label=${t('form.name')} path=${`${path}.${at}.key`}
            draft=${draft[at].key} set=${key => set(draft.with(at, { ...draft[at], key }))} />
          <${Field} key="value" form=${form} schema=${part} required=${true} label=${t('form.value')} path=${`${path}.${at}`}
            draft=${draft[at].draft} set=${value => set(draft.with(at, { ...draft[at], draft: value }))} />`} />
    <//>`
  },
}

/** Says whether what may be left out is filled in. */
function Switch({ id, draft, onChange }) {
  return html`<label class="option"><input type="checkbox" id=${`${id}-on`} checked=${draft.on}
    onChange=${event => onChange(event.currentTarget.checked)} /><span>${t('form.fill_in')}</span></label>`
}

/** Repeated groups with a button to add one and one to remove each. */
function Rows({ id, label, count, most, onAdd, onRemove, row }) {
  return html`
    ${
      count > 0 &&
      html`<ol class="rows">${Array.from(
        { length: count },
        (_, at) => html`<li key=${at}><div class="row">${row(at)}</div>
          <button type="button" class="small" aria-label=${t('form.remove_entry', { what: label, n: at + 1 })} onClick=${() => {
            onRemove(at)
            document.getElementById(`${id}-add`)?.focus()
          }}>${t('form.remove')}</button></li>`,
      )}</ol>`
    }
    <button type="button" class="small" id=${`${id}-add`} aria-disabled=${count >= most ? 'true' : undefined}
      onClick=${() => count < most && onAdd()}>${t('form.add_entry', { what: label })}</button>`
}

/** An alternative in a word or two. */
function kindWords(schema) {
  if (schema.title !== undefined) return schema.title
  const kind = kindOf(schema)
  if (kind === 'const') return valueWords(schema.const)
  if (kind === 'enum') return schema.enum.map(valueWords).join(', ')
  if (kind === 'object') {
    const fixed = Object.values(schema.properties ?? {}).find(part => part.const !== undefined)
    return fixed === undefined
      ? Object.keys(schema.properties ?? {})
          .map(words)
          .join(', ')
      : valueWords(fixed.const)
  }
  return t(`kind.${kind}`)
}
