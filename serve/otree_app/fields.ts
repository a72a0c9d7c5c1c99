/**
 * The arguments of a tool as fields of an oTree form: which column holds one, what a person reads beside it, how what was typed becomes
 * an argument again (`agora.py` reads the same plan). Knows JSON Schema and oTree's model fields; knows no economy.
 */
import { UserError } from '../../envs/core/errors.ts'
import type { ToolName } from '../../envs/core/tool.ts'

type Schema = Readonly<Record<string, unknown>>

/**
 * How a field becomes an argument. `text`, `integer`, `number` and `choice` are one column; `choices` has a column for each choice
 * that may be ticked, `list` one for each item in order; `lines` is a text with an item a line; `object` has fields of its own, `rows`
 * those of each item; `json` is written as JSON, where a schema is of no form that people fill in; `constant` has no column.
 */
export type FieldKind =
  | 'text'
  | 'integer'
  | 'number'
  | 'choice'
  | 'choices'
  | 'list'
  | 'lines'
  | 'object'
  | 'rows'
  | 'json'
  | 'constant'

/** One argument. */
export interface Field {
  readonly arg: string
  readonly kind: FieldKind
  readonly required: boolean
  /** The columns that hold it. */
  readonly columns: readonly string[]
  /** What is said of several columns together; a column alone says it itself. */
  readonly legend?: string
  /** `choice`: the values, of which a text is its own option and another its JSON; `choices`: those of the columns; `constant`: the one. */
  readonly values?: readonly unknown[]
  /** `list` and `lines`: what an item is. */
  readonly items?: 'text' | 'integer' | 'number'
  /** `object`: its fields; `rows`: those of each item. */
  readonly fields?: readonly Field[]
  readonly rows?: readonly (readonly Field[])[]
  /** What is typed for nothing at all becomes null, and not an argument that was left out. */
  readonly nullable?: true
}

/** A column of the players' table: its name and the expression that declares it. */
export interface Column {
  readonly name: string
  readonly declaration: string
}

export interface Form {
  readonly fields: readonly Field[]
  readonly columns: readonly Column[]
}

/** Columns of a database have names of 63 bytes at most. */
const LONGEST_NAME = 63
/** Integers beyond are no integer column's, on every database. */
const LARGEST = 2 ** 31 - 1
/** Texts up to this length have one line. */
const ONE_LINE = 200
/** Choices that are ticked, and items that have a field each; beyond, a text with one a line. */
const MOST_TICKED = 24
const MOST_ITEMS = 10

/** Kinds whose columns have labels of their parts alone. */
const LABELLED_TOGETHER: readonly FieldKind[] = ['choices', 'object', 'rows']

interface Made {
  readonly field: Field
  readonly columns: readonly Column[]
}

/** The form of a tool's arguments. A UserError where a name is too long for a database. */
export function formOf(tool: ToolName, parameters: Schema): Form {
  const made = fieldsOf(tool, parameters)
  const columns = made.flatMap(each => each.columns)
  const long = columns.find(({ name }) => Buffer.byteLength(name) > LONGEST_NAME)
  if (long !== undefined)
    throw new UserError(
      `${tool}: the column '${long.name}' has a name of more than ${LONGEST_NAME} bytes; shorten the tool's or the argument's name.`,
    )
  return { fields: made.map(({ field }) => field), columns }
}

/** The properties of an object; `place` is what their columns' names begin with, `mark` what their labels' names end with. */
function fieldsOf(place: string, { properties = {}, required = [] }: Schema, mark = ''): Made[] {
  return Object.entries(properties as Readonly<Record<string, Schema>>).map(([arg, schema]) =>
    fieldOf(`${place}__${arg}`, arg, schema, (required as readonly string[]).includes(arg), mark),
  )
}

function fieldOf(name: string, arg: string, given: Schema, needed: boolean, mark: string): Made {
  const { schema, nullable } = withoutNull(given)
  const required = needed && schema.default === undefined
  const title = `${humane(arg)}${mark}`
  const label = `${title}${said(schema, required)}`
  const made = (kind: FieldKind, columns: readonly Column[], more: Partial<Field> = {}): Made => ({
    field: {
      arg,
      kind,
      required,
      columns: columns.map(each => each.name),
      ...(LABELLED_TOGETHER.includes(kind) && { legend: label }),
      ...more,
      ...(nullable && { nullable: true as const }),
    },
    columns,
  })
  const one = (kind: FieldKind, declaration: string, more: Partial<Field> = {}): Made => made(kind, [{ name, declaration }], more)
  const choices = choicesOf(schema)
  if (schema.const !== undefined) return made('constant', [], { values: [schema.const] })
  if (choices !== undefined) {
    const options = choices.map(value => [optionOf(value), shown(value)])
    return one('choice', `models.StringField(label=${python(label)}, blank=True, choices=${python(options)})`, {
      values: choices,
    })
  }
  if (schema.type === 'integer' || schema.type === 'number') return one(schema.type, number(schema, label))
  if (schema.type === 'string') return one('text', text(schema, label))
  if (isFlat(schema)) {
    const inner = fieldsOf(name, schema, mark)
    return made(
      'object',
      inner.flatMap(each => each.columns),
      { fields: inner.map(({ field }) => field) },
    )
  }
  if (schema.type === 'array') return made(...several(name, title, schema, label))
  return one('json', asJson(label))
}

/** Whether a schema is of an object whose fields are all named. */
function isFlat({ type, properties, additionalProperties }: Schema): boolean {
  return type === 'object' && properties !== undefined && additionalProperties === false
}

const asJson = (label: string): string => `models.LongStringField(label=${python(`${label}, written as JSON`)}, blank=True)`

/** An array: ticked, item by item, or one a line. */
function several(name: string, title: string, schema: Schema, label: string): [FieldKind, readonly Column[], Partial<Field>] {
  const items = (schema.items ?? {}) as Schema
  const values = choicesOf(items)
  if (values !== undefined && values.length <= MOST_TICKED) {
    const columns = values.map((value, i) => ({
      name: `${name}__${i + 1}`,
      declaration: `models.BooleanField(label=${python(shown(value))}, blank=True, widget=widgets.CheckboxInput)`,
    }))
    return ['choices', columns, { values }]
  }
  const most = (schema.maxItems as number | undefined) ?? Number.POSITIVE_INFINITY
  const places = most <= MOST_ITEMS ? Array.from({ length: most }, (_, i) => i + 1) : undefined
  if (isFlat(items) && places !== undefined) {
    const rows = places.map(i => fieldsOf(`${name}__${i}`, items, ` ${i}`))
    const columns = rows.flat().flatMap(each => each.columns)
    return ['rows', columns, { rows: rows.map(row => row.map(({ field }) => field)) }]
  }
  const kind = items.type === 'integer' || items.type === 'number' ? items.type : items.type === 'string' ? 'text' : undefined
  if (kind === undefined) return ['json', [{ name, declaration: asJson(label) }], {}]
  if (places === undefined)
    return [
      'lines',
      [{ name, declaration: `models.LongStringField(label=${python(`${label}, one a line`)}, blank=True)` }],
      { items: kind },
    ]
  const columns = places.map(i => {
    const each = `${title} ${i}${i === 1 ? label.slice(title.length) : ''}`
    return { name: `${name}__${i}`, declaration: kind === 'text' ? line(items, each) : number(items, each) }
  })
  return ['list', columns, { items: kind }]
}

function number(schema: Schema, label: string): string {
  const { type } = schema
  const { minimum, maximum } = boundsOf(schema)
  const fits = (bound: number | undefined): boolean => bound !== undefined && Math.abs(bound) <= LARGEST
  const model = type === 'integer' && fits(minimum) && fits(maximum) ? 'IntegerField' : 'FloatField'
  // oTree takes 0 for the least where nothing is said.
  return `models.${model}(label=${python(label)}, blank=True, min=${python(minimum ?? null)}, max=${python(maximum ?? null)})`
}

/** The bounds of a number; those of every safe integer are none. */
function boundsOf(schema: Schema): { readonly minimum: number | undefined; readonly maximum: number | undefined } {
  const { minimum, maximum } = schema as Readonly<Record<string, number | undefined>>
  const real = (bound: number | undefined): number | undefined =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? bound : undefined
  return { minimum: real(minimum), maximum: real(maximum) }
}

function text(schema: Schema, label: string): string {
  return ((schema.maxLength as number | undefined) ?? Number.POSITIVE_INFINITY) <= ONE_LINE
    ? line(schema, label)
    : `models.LongStringField(label=${python(label)}, blank=True)`
}

function line({ maxLength }: Schema, label: string): string {
  return `models.StringField(label=${python(label)}, blank=True${maxLength === undefined ? '' : `, max_length=${String(maxLength)}`})`
}

/** A schema that may be null besides, without that. */
function withoutNull(schema: Schema): { schema: Schema; nullable: boolean } {
  const { anyOf, ...rest } = schema as { anyOf?: readonly Schema[] }
  const others = anyOf?.filter(({ type }) => type !== 'null')
  if (anyOf === undefined || others!.length !== 1) return { schema, nullable: false }
  return { schema: { ...others![0], ...rest }, nullable: others!.length < anyOf.length }
}

function choicesOf({ type, enum: values }: Schema): readonly unknown[] | undefined {
  if (Array.isArray(values)) return values
  return type === 'boolean' ? [true, false] : undefined
}

/** What a person is told of an argument beside its name: what it is for, its bounds, and that it may be left empty. */
function said(schema: Schema, required: boolean): string {
  const { type, description, maxLength, maxItems } = schema as Readonly<Record<string, number | undefined>>
  const { minimum, maximum } = boundsOf(schema)
  const bounds =
    minimum !== undefined || maximum !== undefined
      ? range(type === ('integer' as unknown) ? 'a whole number' : 'a number', minimum, maximum)
      : type === ('string' as unknown) && maxLength !== undefined && choicesOf(schema) === undefined
        ? `at most ${maxLength} characters`
        : maxItems !== undefined && choicesOf((schema.items ?? {}) as Schema) === undefined
          ? `at most ${maxItems}`
          : undefined
  const words = String(description ?? '')
  const hints = [bounds !== undefined && !words.includes(bounds) ? bounds : undefined, required ? undefined : 'may be left empty']
  const hint = hints.filter(Boolean).join('; ')
  return `${words === '' ? '' : `: ${words}`}${hint === '' ? '' : ` (${hint})`}`
}

/** What stands for a value in a form: a text for itself, anything else for its JSON. */
function optionOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function range(what: string, minimum: number | undefined, maximum: number | undefined): string {
  const least = minimum === undefined ? '' : ` from ${minimum.toLocaleString('en-US')}`
  return `${what}${least}${maximum === undefined ? '' : ` to ${maximum.toLocaleString('en-US')}`}`
}

function shown(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  return optionOf(value)
}

/** A snake_case name as a person reads it. */
export function humane(name: string): string {
  const words = name.replaceAll('_', ' ')
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`
}

/** A value of JSON as Python writes it. */
export function python(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`
  if (typeof value === 'object')
    return `{${Object.entries(value)
      .map(([key, inner]) => `${python(key)}: ${python(inner)}`)
      .join(', ')}}`
  return JSON.stringify(value)
}
