/**
 * From a page to the tools that answer it: `submit` with an argument a field, the messages of a live page, `chat`. What is sent is
 * made of checked arguments alone. Knows pages; sends nothing.
 */
import { z } from 'zod'
import type { AnyTypes } from '../../envs/core/environment.ts'
import { UserError } from '../../envs/core/errors.ts'
import { short } from '../../envs/core/plain.ts'
import type { PlayerTool, PlayerTools } from '../../envs/core/tool.ts'
import type { Field, Option } from './page.ts'
import type { SendTool } from './schema.ts'

/** What of a page decides which tools there are. */
export interface Answerable {
  readonly fields: readonly Field[]
  /** Whether the form can be sent. */
  readonly submits: boolean
  /** The tools of a live page; `generic` where no schema tells of them. Null for a page that is not live. */
  readonly live: Readonly<Record<string, SendTool>> | 'generic' | null
  /** Channels of chats. */
  readonly chats: readonly string[]
}

type Tools = PlayerTools<AnyTypes>
type Tool = PlayerTool<AnyTypes>

export const SUBMIT = 'submit'
export const CHAT = 'chat'
/** The tool of a live page that nobody has described. */
export const LIVE_SEND = 'live_send'

/** Characters of a text that no field bounds. */
const MOST_TEXT = 10_000
/** Arguments that are tried for a form at most. */
const MOST_CANDIDATES = 256

const made = new Map<string, Tools>()

/** The tools of a page; the same object for equal pages. A UserError where a live page's schema takes a name that is ours. */
export function toolsOf(page: Answerable): Tools {
  const { fields, submits, live, chats } = page
  const key = JSON.stringify([fields, submits, live, chats])
  let tools = made.get(key)
  if (tools === undefined) {
    tools = {
      ...(submits && { [SUBMIT]: submitTool(fields) }),
      ...(live === 'generic' && { [LIVE_SEND]: GENERIC }),
      ...(typeof live === 'object' && live !== null && Object.fromEntries(Object.entries(live).map(liveTool))),
      ...(chats.length > 0 && { [CHAT]: chatTool(chats) }),
    }
    made.set(key, tools)
  }
  return tools
}

function submitTool(fields: readonly Field[]): Tool {
  const args = z.strictObject(Object.fromEntries(fields.map(field => [field.name, schemaOf(field)])))
  const description =
    fields.length === 0 ? 'Leaves this page: the next one follows.' : 'Sends the form of this page: the next one follows.'
  const possible = candidatesOf(fields)
  return { kind: 'act', description, args, candidates: () => possible }
}

const GENERIC: Tool = {
  kind: 'act',
  description: 'Sends a message to the page’s live server, as its own script would: a JSON object of the app’s choice.',
  args: z.strictObject({ message: z.record(z.string(), z.unknown()).describe('the message, a JSON object') }),
}

function liveTool([name, { description, args }]: [string, SendTool]): [string, Tool] {
  if (name === SUBMIT || name === CHAT) throw new UserError(`A live page's tool cannot be called ${name}; choose another name.`)
  const shape = z.strictObject(
    Object.fromEntries(
      Object.entries(args).map(([field, schema]) => {
        try {
          return [field, z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).describe(schema.description)]
        } catch (error) {
          throw new UserError(`${name}.${field}: expected a JSON Schema, got ${short(schema)} (${(error as Error).message}).`)
        }
      }),
    ),
  )
  const values = Object.entries(args).map(([field, schema]): [string, readonly unknown[]] => [field, valuesOfSchema(schema)])
  const possible = combined(values)
  return [name, { kind: 'act', description, args: shape, candidates: () => possible }]
}

function chatTool(chats: readonly string[]): Tool {
  const text = z.string().min(1).max(MOST_TEXT).describe('what you write')
  const args =
    chats.length === 1
      ? z.strictObject({ text })
      : z.strictObject({ channel: z.enum(chats as [string, ...string[]]).describe('which chat'), text })
  const possible = chats.map(channel => (chats.length === 1 ? { text: 'Hello.' } : { channel, text: 'Hello.' }))
  return { kind: 'act', description: 'Writes to the chat of this page.', args, candidates: () => possible }
}

const isBoolean = (options: readonly Option[]): boolean =>
  options.length === 2 && options.every(({ value }) => value === 'True' || value === 'False')
const isNumeric = (options: readonly Option[]): boolean => options.every(({ value }) => /^-?(0|[1-9]\d{0,14})$/.test(value))

/** An option as an argument: a boolean or an integer where all options of the field are. */
function argumentOf(value: string, options: readonly Option[]): string | number | boolean {
  if (isBoolean(options)) return value === 'True'
  return isNumeric(options) ? Number(value) : value
}

function choiceOf(options: readonly Option[]): z.ZodType {
  if (isBoolean(options)) return z.boolean()
  const values = options.map(({ value }) => argumentOf(value, options))
  return isNumeric(options) ? z.literal(values as number[]) : z.enum(values as [string, ...string[]])
}

function schemaOf(field: Field): z.ZodType {
  const { kind, min, max, max_length = MOST_TEXT, options = [], required } = field
  const bounded = <T extends z.ZodNumber | z.ZodInt>(number: T): T => {
    const low = min === undefined ? number : number.min(min)
    return (max === undefined ? low : low.max(max)) as T
  }
  const schema = {
    integer: () => bounded(z.int()),
    number: () => bounded(z.number()),
    text: () =>
      z
        .string()
        .max(max_length)
        .min(required ? 1 : 0),
    choice: () => choiceOf(options),
    choices: () =>
      z
        .array(choiceOf(options))
        .max(options.length)
        .min(required ? 1 : 0),
    flag: () => z.boolean(),
  }[kind]()
  const described = schema.describe(describedField(field))
  return required && kind !== 'flag' ? described : described.optional()
}

/** The label, what the options mean where their values do not say it, and what stands in the field. */
function describedField({ label, options = [], value }: Field): string {
  const meanings = options
    .filter(option => option.label !== '' && option.label !== option.value)
    .map(option => `${JSON.stringify(argumentOf(option.value, options))} = ${option.label}`)
  return [
    label,
    ...(meanings.length > 0 ? [meanings.join('; ')] : []),
    ...(value === undefined ? [] : [`now ${JSON.stringify(value)}`]),
  ].join(' – ')
}

/** The body of the form: what a browser would send for these arguments. */
export function formBody(fields: readonly Field[], args: Readonly<Record<string, unknown>>): URLSearchParams {
  const body = new URLSearchParams()
  for (const { name, kind, options = [] } of fields) {
    const value = args[name]
    const sent = (one: unknown): string => options.find(option => argumentOf(option.value, options) === one)?.value ?? String(one)
    if (value === undefined) {
      // An empty text is sent, an empty box or list is not.
      if (kind !== 'flag' && kind !== 'choices' && kind !== 'choice') body.append(name, '')
    } else if (kind === 'flag') {
      if (value === true) body.append(name, options[0]?.value ?? 'on')
    } else for (const one of Array.isArray(value) ? value : [value]) body.append(name, sent(one))
  }
  return body
}

function candidatesOf(fields: readonly Field[]): readonly object[] {
  return combined(
    fields.map((field): [string, readonly unknown[]] => {
      const { name, kind, min, max, max_length, options = [], required, value } = field
      const all = options.map(option => argumentOf(option.value, options))
      const standing =
        value !== undefined && (kind === 'integer' || kind === 'number') ? [Number(value)] : value === undefined ? [] : [value]
      const values = {
        integer: () => spread(min ?? 0, max ?? (min ?? 0) + 100, true),
        number: () => spread(min ?? 0, max ?? (min ?? 0) + 100, false),
        text: () => (required ? ['no answer'.slice(0, max_length)] : [undefined]),
        choice: () => all,
        choices: () => [all.slice(0, 1), ...(required ? [] : [[]]), all],
        flag: () => [false, true],
      }[kind]()
      return [name, [...new Set<unknown>([...standing, ...values])]]
    }),
  )
}

/** At most eleven numbers from `low` to `high`, evenly. */
function spread(low: number, high: number, whole: boolean): number[] {
  const steps = whole ? Math.min(10, high - low) : 10
  return [
    ...new Set(
      Array.from({ length: steps + 1 }, (_, i) => {
        const value = low + (steps === 0 ? 0 : ((high - low) * i) / steps)
        return whole ? Math.round(value) : value
      }),
    ),
  ]
}

function valuesOfSchema(schema: Readonly<Record<string, unknown>>): readonly unknown[] {
  const {
    type,
    enum: values,
    minimum,
    maximum,
  } = schema as {
    type?: string
    enum?: unknown[]
    minimum?: number
    maximum?: number
  }
  if (values !== undefined) return values
  if (type === 'integer' || type === 'number') return spread(minimum ?? 0, maximum ?? (minimum ?? 0) + 100, type === 'integer')
  if (type === 'boolean') return [false, true]
  return type === 'string' ? ['Hello.'] : []
}

/** The first number from `least` on that has no divisor in common with `all`: steps of it visit everything. */
function coprime(least: number, all: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))
  let step = least
  while (divisor(step, all) !== 1) step++
  return step
}

/** Every combination of the values, or so many of them all over. The first has the first value of each. */
function combined(values: readonly (readonly [string, readonly unknown[]])[]): readonly object[] {
  const all = values.reduce((product, [, each]) => product * each.length, 1)
  if (all === 0) return []
  const count = Math.min(all, MOST_CANDIDATES)
  const step = count === all ? 1 : coprime(Math.floor(0.618 * all), all)
  return Array.from({ length: count }, (_, i) => {
    let at = (i * step) % all
    const picked: [string, unknown][] = []
    for (const [name, each] of values) {
      const value = each[at % each.length]
      at = Math.floor(at / each.length)
      if (value !== undefined) picked.push([name, value])
    }
    return Object.fromEntries(picked)
  })
}
