/**
 * Forms of JSON schemas without a page: what a blank form holds, how values fill it, what a filled one says and what is wrong with
 * it. A draft holds what was typed, as it was typed, so that a form can be kept and shown again. Pure; knows no economy and no HTML.
 *
 * A problem is `{ path, key, values }`: where (`answers.0`), which sentence of the texts says it, and the figures in it.
 */

/** The kind of field that a schema asks for; what is not known is written as JSON. */
export function kindOf(schema) {
  if (schema.const !== undefined) return 'const'
  if (Array.isArray(schema.enum)) return 'enum'
  if (variantsOf(schema) !== undefined) return 'variants'
  if (schema.type === 'object') return recordOf(schema) === undefined ? 'object' : 'record'
  if (schema.type === 'array') {
    if (Array.isArray(schema.prefixItems)) return 'tuple'
    if (typeof schema.items !== 'object') return 'json'
    return isPicked(schema) ? 'picked' : 'array'
  }
  if (schema.type === 'integer' || schema.type === 'number') return 'number'
  if (schema.type === 'string' || schema.type === 'boolean' || schema.type === 'null') return schema.type
  return 'json'
}

/** The alternatives of a schema that has several. */
export function variantsOf(schema) {
  if (Array.isArray(schema.type)) return schema.type.map(type => ({ ...schema, type }))
  const all = schema.anyOf ?? schema.oneOf
  return Array.isArray(all) && all.length > 0 ? all : undefined
}

/** The schema of the values, where an object's keys are the reader's own. */
export function recordOf(schema) {
  const own = Object.keys(schema.properties ?? {}).length
  return own === 0 && typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
}

/** Whether an array is a choice among some values, each at most once. */
function isPicked({ items, uniqueItems, maxItems }) {
  return Array.isArray(items.enum) && (uniqueItems === true || (maxItems ?? Number.POSITIVE_INFINITY) <= items.enum.length)
}

/** A schema with its references followed, those of its parts where they are met. */
export function settled(schema, root) {
  let found = typeof schema === 'object' && schema !== null ? schema : {}
  for (let i = 0; i < 20 && typeof found.$ref === 'string'; i++) {
    const { $ref, ...own } = found
    const at = $ref.replace(/^#\/?/, '').split('/').filter(Boolean)
    const target = at.reduce((value, key) => value?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], root)
    found = { ...(target ?? {}), ...own }
  }
  if (Array.isArray(found.allOf)) {
    const { allOf, ...own } = found
    found = Object.assign({}, ...allOf.map(part => settled(part, root)), own)
  }
  return found
}

/** The fields of an object: `[name, schema, whether it must be there]`. */
export function fieldsOf(schema, root) {
  const required = schema.required ?? []
  return Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, settled(inner, root), required.includes(name)])
}

const DEEPEST = 6

/** The draft of a form nobody has touched. */
export function blank(schema, root = schema, depth = 0) {
  // A schema that holds itself opens as far as somebody fills it in.
  if (depth > DEEPEST) return undefined
  return FORMS[kindOf(schema)].blank(schema, root, depth + 1)
}

/** The draft that says a value. */
export function filled(schema, value, root = schema) {
  return value === undefined ? blank(schema, root) : FORMS[kindOf(schema)].filled(schema, value, root)
}

/**
 * What a draft says, and what is wrong with it. A value of undefined is left out. `lang` is how numbers are written.
 */
export function read(schema, draft, lang, { required = true, root = schema, path = '' } = {}) {
  const problems = []
  const say = (where, key, values = {}) => void problems.push({ path: where, key, values })
  const inner = (part, text, isRequired, at) => {
    const found = read(part, text, lang, { required: isRequired, root, path: at })
    problems.push(...found.problems)
    return found.value
  }
  const typed = draft ?? blank(schema, root)
  const value = FORMS[kindOf(schema)].read({ schema, draft: typed, required, root, path, lang, say, inner })
  return { value, problems }
}

const join = (path, part) => (path === '' ? String(part) : `${path}.${part}`)

function counted({ schema, path, say }, length) {
  if (length < (schema.minItems ?? 0)) say(path, 'form.too_few', { n: schema.minItems })
  if (length > (schema.maxItems ?? Number.POSITIVE_INFINITY)) say(path, 'form.too_many', { n: schema.maxItems })
}

const text = {
  blank: () => '',
  filled: (_schema, value) => String(value),
}
/** Fields whose draft is the JSON of one of some values, or `''`. */
const picked = {
  blank: () => '',
  filled: (_schema, value) => JSON.stringify(value),
  read({ draft, required, path, say }) {
    if (draft !== '') return JSON.parse(draft)
    if (required) say(path, 'form.choose')
    return undefined
  },
}

const FORMS = {
  object: {
    blank: (schema, root, depth) => ({
      on: false,
      fields: Object.fromEntries(fieldsOf(schema, root).map(([name, inner]) => [name, blank(inner, root, depth)])),
    }),
    filled: (schema, value, root) => ({
      on: true,
      fields: Object.fromEntries(fieldsOf(schema, root).map(([name, inner]) => [name, filled(inner, value?.[name], root)])),
    }),
    read({ schema, draft, required, root, path, inner }) {
      if (!required && !draft.on) return undefined
      const pairs = fieldsOf(schema, root).map(([name, part, isRequired]) => [
        name,
        inner(part, draft.fields[name], isRequired, join(path, name)),
      ])
      return Object.fromEntries(pairs.filter(([, value]) => value !== undefined))
    },
  },
  record: {
    blank: () => [],
    filled: (schema, value, root) =>
      Object.entries(value).map(([key, each]) => ({ key, draft: filled(settled(recordOf(schema), root), each, root) })),
    read({ schema, draft, required, root, path, say, inner }) {
      if (draft.length === 0 && !required) return undefined
      const names = draft.map(({ key }) => key.trim())
      names.forEach((name, i) => {
        if (name === '') say(join(path, `${i}.key`), 'form.required')
        else if (names.indexOf(name) !== i) say(join(path, `${i}.key`), 'form.twice')
      })
      return Object.fromEntries(
        draft.map((row, i) => [names[i], inner(settled(recordOf(schema), root), row.draft, true, join(path, i))]),
      )
    },
  },
  array: {
    blank: (schema, root, depth) =>
      Array.from({ length: schema.minItems ?? 0 }, () => blank(settled(schema.items, root), root, depth)),
    filled: (schema, value, root) => value.map(each => filled(settled(schema.items, root), each, root)),
    read(form) {
      const { schema, draft, required, root, path, say, inner } = form
      if (draft.length === 0 && !required) return undefined
      counted(form, draft.length)
      const values = draft.map((each, i) => inner(settled(schema.items, root), each, true, join(path, i)))
      if (schema.uniqueItems === true && new Set(values.map(value => JSON.stringify(value))).size < values.length)
        say(path, 'form.twice')
      return values
    },
  },
  /** Some of a few values. A choice of none counts as one where the field must be there. */
  picked: {
    blank: () => [],
    filled: (_schema, value) => value.map(each => JSON.stringify(each)),
    read(form) {
      const { schema, draft, required } = form
      if (draft.length === 0 && !required) return undefined
      counted(form, draft.length)
      // In the order of the schema, however they were ticked.
      return schema.items.enum.filter(value => draft.includes(JSON.stringify(value)))
    },
  },
  tuple: {
    blank: (schema, root, depth) => ({
      on: false,
      items: schema.prefixItems.map(part => blank(settled(part, root), root, depth)),
    }),
    filled: (schema, value, root) => ({
      on: true,
      items: schema.prefixItems.map((part, i) => filled(settled(part, root), value[i], root)),
    }),
    read({ schema, draft, required, root, path, inner }) {
      if (!required && !draft.on) return undefined
      return schema.prefixItems.map((part, i) => inner(settled(part, root), draft.items[i], true, join(path, i)))
    },
  },
  variants: {
    blank: (schema, root, depth) => ({
      pick: '',
      drafts: variantsOf(schema).map(part => blank(settled(part, root), root, depth)),
    }),
    filled(schema, value, root) {
      const parts = variantsOf(schema).map(part => settled(part, root))
      const pick = parts.findIndex(part => fits(part, value))
      return {
        pick: pick < 0 ? '' : String(pick),
        drafts: parts.map((part, i) => (i === pick ? filled(part, value, root) : blank(part, root))),
      }
    },
    read({ schema, draft, required, root, path, say, inner }) {
      if (draft.pick === '') {
        if (required) say(path, 'form.choose')
        return undefined
      }
      const at = Number(draft.pick)
      return inner(settled(variantsOf(schema)[at], root), draft.drafts[at], true, join(path, `variant${at}`))
    },
  },
  string: {
    ...text,
    read({ schema, draft, required, path, say }) {
      const least = schema.minLength ?? 0
      if (draft === '' && !required) return undefined
      if (draft === '' && least > 0) say(path, 'form.required')
      else if (draft.length < least) say(path, 'form.too_short', { n: least })
      // The field itself sets no bound: it would cut what is pasted and not say so.
      if (draft.length > (schema.maxLength ?? Number.POSITIVE_INFINITY))
        say(path, 'form.too_long', { n: schema.maxLength, over: draft.length - schema.maxLength })
      if (draft !== '' && !matches(schema.pattern, draft)) say(path, 'form.pattern')
      return draft
    },
  },
  number: {
    blank: () => '',
    filled: (_schema, value) => String(value),
    read({ schema, draft, required, path, lang, say }) {
      if (draft.trim() === '') {
        if (required) say(path, 'form.required')
        return undefined
      }
      const value = readNumber(draft, lang)
      if (value === 'either') return void say(path, 'form.ambiguous')
      if (value === undefined) return void say(path, 'form.number')
      const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
      if (schema.type === 'integer' && !Number.isSafeInteger(value)) say(path, 'form.whole')
      else if (minimum !== undefined && value < minimum) say(path, 'form.too_small', { least: minimum })
      else if (maximum !== undefined && value > maximum) say(path, 'form.too_big', { most: maximum })
      else if (exclusiveMinimum !== undefined && value <= exclusiveMinimum)
        say(path, 'form.not_above', { least: exclusiveMinimum })
      else if (exclusiveMaximum !== undefined && value >= exclusiveMaximum)
        say(path, 'form.not_below', { most: exclusiveMaximum })
      else if (multipleOf !== undefined && !isMultiple(value, multipleOf)) say(path, 'form.step', { step: multipleOf })
      return value
    },
  },
  /** `must` is a box that has to be ticked, such as for a consent. */
  boolean: {
    ...picked,
    read(form) {
      const value = picked.read(form)
      if (form.schema.must === true && value !== true) form.say(form.path, 'form.must')
      return value
    },
  },
  enum: picked,
  const: {
    blank: () => '',
    filled: schema => JSON.stringify(schema.const),
    read: ({ schema, draft, required }) => (required || draft !== '' ? schema.const : undefined),
  },
  null: {
    blank: () => '',
    filled: () => 'null',
    read: ({ draft, required }) => (required || draft !== '' ? null : undefined),
  },
  json: {
    blank: () => '',
    filled: (_schema, value) => JSON.stringify(value),
    read({ draft, required, path, say }) {
      if (draft.trim() === '') {
        if (required) say(path, 'form.required')
        return undefined
      }
      try {
        return JSON.parse(draft)
      } catch {
        say(path, 'form.json')
        return undefined
      }
    },
  },
}

/** Whether a value is of a schema's type: enough to tell alternatives apart. */
function fits(schema, value) {
  if (schema.const !== undefined) return schema.const === value
  if (Array.isArray(schema.enum)) return schema.enum.includes(value)
  if (schema.type === 'array') return Array.isArray(value)
  if (schema.type === 'null') return value === null
  if (schema.type === 'integer') return Number.isInteger(value)
  if (schema.type !== 'object') return typeof value === schema.type
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const properties = schema.properties ?? {}
  return (
    (schema.required ?? []).every(name => name in value) &&
    Object.entries(properties).every(([name, part]) => !(name in value) || part.const === undefined || part.const === value[name])
  )
}

function matches(pattern, value) {
  if (typeof pattern !== 'string') return true
  try {
    return new RegExp(pattern, 'u').test(value)
  } catch {
    // A pattern that this browser cannot read is the server's to judge.
    return true
  }
}

/** Whether a number is a whole number of steps, but for the rounding of binary fractions. */
function isMultiple(value, step) {
  const steps = value / step
  return Math.abs(steps - Math.round(steps)) < 1e-9 * Math.max(1, Math.abs(steps))
}

/**
 * The number that a text says: as the economies write it (`536,000.5`) or as the language does (`536.000,5`), with or without marks
 * between thousands. Undefined where it is none, `either` where the two ways would read different numbers.
 */
export function readNumber(typed, lang) {
  const said = [...new Set([lang, 'en'].map(each => readIn(typed, each)).filter(value => value !== undefined))]
  return said.length > 1 ? 'either' : said[0]
}

function readIn(typed, lang) {
  const parts = new Intl.NumberFormat(lang, { useGrouping: true }).formatToParts(1234567.8)
  const markOf = type => parts.find(part => part.type === type)?.value ?? ''
  const [group, decimal] = [markOf('group'), markOf('decimal')]
  const plain = typed
    .trim()
    .replace(/^[−–]/, '-')
    .replace(/[\u00a0\u202f]/g, ' ')
  const mark = group.replace(/[\u00a0\u202f]/g, ' ')
  const escaped = text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const shape = new RegExp(
    `^([+-]?)(\\d+|\\d{1,3}(?:${escaped(mark)}\\d{3})+)?(?:${escaped(decimal)}(\\d*))?(?:[eE]([+-]?\\d{1,3}))?$`,
  )
  const [, sign, whole, rest, power] = shape.exec(plain) ?? []
  if (whole === undefined && (rest === undefined || rest === '')) return undefined
  const value = Number(`${sign}${(whole ?? '0').split(mark).join('')}.${rest || '0'}e${power ?? '0'}`)
  return Number.isFinite(value) ? value : undefined
}

/** What is asked of a person as a schema: a consent form or a questionnaire. */
export function schemaOf(fields) {
  const types = {
    text: () => ({ type: 'string', maxLength: 4000, rows: 2 }),
    number: () => ({ type: 'number' }),
    choice: ({ choices = [] }) => ({ enum: [...choices] }),
    checkbox: ({ required }) => ({ type: 'boolean', box: true, must: required }),
  }
  return {
    type: 'object',
    properties: Object.fromEntries(
      fields.map(field => {
        const schema = types[field.type](field)
        return [
          field.name,
          { ...schema, asked: true, title: field.label, ...(field.required && field.type === 'text' ? { minLength: 1 } : {}) },
        ]
      }),
    ),
    required: fields.filter(field => field.required).map(({ name }) => name),
  }
}
