/**
 * The arguments of a tool as fields of an oTree form: which column holds one, what a person reads beside it, how what was typed becomes
 * an argument again (`agora.py` reads the same plan). Knows JSON Schema and oTree's model fields; knows no economy.
 */
import { UserError } from '../../envs/core/errors.ts'
import type { ToolName } from '../../envs/core/tool.ts'

type Schema = Readonly<Record<string, unknown>>

/**
 * How a field becomes an argument. `text`, `integer`, `number` and `choice` are one column; `choices` has a column for each choice
 * that may be ticked, `list` one for each item in order; `lines` is a text with an item a line; `json` is written as JSON, where a
 * schema is of no form that people fill in; `constant` has no column.
 */
export type FieldKind = 'text' | 'integer' | 'number' | 'choice' | 'choices' | 'list' | 'lines' | 'json' | 'constant'

/** One argument. */
export interface Field {
  readonly arg: string
  readonly kind: FieldKind
  readonly required: boolean
  /** The columns that hold it. */
  readonly columns: readonly string[]
  /** `choice`: the values, of which a text is its own option and another its JSON; `choices`: those of the columns; `constant`: the one. */
  readonly values?: readonly unknown[]
  /** `list` and `lines`: what an item is. */
  readonly items?: 'text' | 'integer' | 'number'
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
/** Integers beyond are no integer column's. */
const LARGEST = 2 ** 31 - 1
/** Texts up to this length have one line. */
const ONE_LINE = 200
/** Choices that are ticked, and items that have a field each; beyond, a text with one a line. */
const MOST_TICKED = 24
const MOST_ITEMS = 10

/** The form of a tool's arguments. A UserError where a name is too long for a database. */
export function formOf(tool: ToolName, parameters: Schema): Form {
  const { properties = {}, required = [] } = parameters as {
    properties?: Readonly<Record<string, Schema>>
    required?: readonly string[]
  }
  const made = Object.entries(properties).map(([arg, schema]) => fieldOf(tool, arg, schema, required.includes(arg)))
  const columns = made.flatMap(({ columns }) => columns)
  const long = columns.find(({ name }) => Buffer.byteLength(name) > LONGEST_NAME)
  if (long !== undefined)
    throw new UserError(
      `${tool}: the column '${long.name}' has a name of more than ${LONGEST_NAME} bytes; shorten the tool's or the argument's name.`,
    )
  return { fields: made.map(({ field }) => field), columns }
}

function fieldOf(tool: ToolName, arg: string, given: Schema, needed: boolean): { field: Field; columns: readonly Column[] } {
  const { schema, nullable } = withoutNull(given)
  const name = `${tool}__${arg}`
  const required = needed && schema.default === undefined
  const label = `${humane(arg)}${said(schema, required)}`
  const one = (kind: FieldKind, declaration: string, more: Partial<Field> = {}) => made(kind, [{ name, declaration }], more)
  const made = (kind: FieldKind, columns: readonly Column[], more: Partial<Field> = {}) => ({
    field: {
      arg,
      kind,
      required,
      columns: columns.map(each => each.name),
      ...more,
      ...(nullable && { nullable: true as const }),
    },
    columns,
  })
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
  if (schema.type === 'array') return made(...several(name, arg, schema, label))
  return one('json', `models.LongStringField(label=${python(`${label}, written as JSON`)}, blank=True)`)
}

/** An array: ticked, item by item, or one a line. */
function several(name: string, arg: string, schema: Schema, label: string): [FieldKind, readonly Column[], Partial<Field>] {
  const items = (schema.items ?? {}) as Schema
  const values = choicesOf(items)
  if (values !== undefined && values.length <= MOST_TICKED) {
    const columns = values.map((value, i) => ({
      name: `${name}__${i + 1}`,
      declaration: `models.BooleanField(label=${python(shown(value))}, blank=True, widget=widgets.CheckboxInput)`,
    }))
    return ['choices', columns, { values }]
  }
  const kind = items.type === 'integer' || items.type === 'number' ? items.type : items.type === 'string' ? 'text' : undefined
  if (kind === undefined)
    return [
      'json',
      [{ name, declaration: `models.LongStringField(label=${python(`${label}, written as JSON`)}, blank=True)` }],
      {},
    ]
  const most = schema.maxItems as number | undefined
  if (most === undefined || most > MOST_ITEMS)
    return [
      'lines',
      [{ name, declaration: `models.LongStringField(label=${python(`${label}, one a line`)}, blank=True)` }],
      { items: kind },
    ]
  const columns = Array.from({ length: most }, (_, i) => {
    const each = `${humane(arg)} ${i + 1}${i === 0 ? label.slice(humane(arg).length) : ''}`
    return {
      name: `${name}__${i + 1}`,
      declaration: kind === 'text' ? line(items, each) : number({ ...items, type: kind }, each),
    }
  })
  return ['list', columns, { items: kind }]
}

function number(schema: Schema, label: string): string {
  const { minimum, maximum, type } = schema as Readonly<Record<string, number | undefined>>
  const fits = (bound: number | undefined): boolean => bound === undefined || Math.abs(bound) <= LARGEST
  const model = type === ('integer' as unknown) && fits(minimum) && fits(maximum) ? 'IntegerField' : 'FloatField'
  // oTree takes 0 for the least where nothing is said.
  return `models.${model}(label=${python(label)}, blank=True, min=${python(minimum ?? null)}, max=${python(maximum ?? null)})`
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
  const { type, description, minimum, maximum, maxLength, maxItems } = schema as Readonly<Record<string, number | undefined>>
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
