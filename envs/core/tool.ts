/**
 * Tools: what agents may do, each declared once. Model schemas, validation, refusal texts, the docs table and the action
 * type are all derived from the declaration. Knows nothing about any economy.
 */
import { z } from 'zod'
import { nearest } from './errors.ts'
import { deepFreeze, short } from './plain.ts'
import { checkSchema } from './schema.ts'
import { shorten } from './text.ts'

export type AgentId = string
export type ToolName = string

/** One call of a tool, as an agent makes it. Nothing about it is trusted before `check`. */
export interface Call {
  readonly tool: ToolName
  readonly args: unknown
}

/** Why a call was not carried out: a snake_case code to count, and a message that says what would have worked. */
export interface Refusal {
  readonly code: string
  readonly message: string
}

/** The types a tool speaks of: the state it judges and changes, the events it emits, the observation an agent has. */
export interface ToolTypes extends PlayerToolTypes {
  State: object
  Event: { readonly type: string }
}

/** Those of them that players speak of. */
export interface PlayerToolTypes {
  Observation: object
}

interface ToolBase<T extends PlayerToolTypes, Args> {
  /** One or two sentences for the agent: what it does, what it costs, when it is refused. */
  readonly description: string
  /** A strict object schema, a module constant, every field described and bounded. */
  readonly args: z.ZodType<Args>
  /** Some arguments that are legal now, from what the agent sees; `[{}]` by default where no argument is required. */
  candidates?(observation: T['Observation']): readonly Args[]
}

/** A move: judged by `refuse`, carried out by `apply` on the step's draft of the state. */
export interface ActTool<T extends ToolTypes, Args = unknown> extends ToolBase<T, Args> {
  readonly kind: 'act'
  /** Why `agent` may not do this now, or undefined. Pure. */
  refuse?(state: T['State'], agent: AgentId, args: Args): Refusal | undefined
  /** Carries out an accepted call on the draft; the text it returns is the tool result the agent reads. */
  apply(draft: T['State'], agent: AgentId, args: Args, emit: (event: T['Event']) => void): string
}

/** A question (a calculator, a note): answered within the turn, changes nothing, stands in the trace only. */
export interface AskTool<T extends PlayerToolTypes, Args = unknown> extends ToolBase<T, Args> {
  readonly kind: 'ask'
  answer(observation: T['Observation'], args: Args): string
}

/** A tool as a player meets it: what it is for and what it takes. What a move does is the engine's; a question answers itself. */
export type PlayerTool<T extends PlayerToolTypes, Args = unknown> =
  | (ToolBase<T, Args> & { readonly kind: 'act' })
  | AskTool<T, Args>

// biome-ignore lint/suspicious/noExplicitAny: tools of unknown arguments meet here; `check` parses before anything reads them.
export type PlayerTools<T extends PlayerToolTypes> = Readonly<Record<ToolName, PlayerTool<T, any>>>

export type Tool<T extends ToolTypes, Args = unknown> = ActTool<T, Args> | AskTool<T, Args>

// biome-ignore lint/suspicious/noExplicitAny: tools of unknown arguments meet here; `check` parses before anything reads them.
export type ToolSet<T extends ToolTypes> = Readonly<Record<ToolName, Tool<T, any>>>

/** Fixes the economy's types once, so that each tool's arguments are inferred from its schema. */
export function toolsFor<T extends ToolTypes>() {
  return {
    act: <Args>(tool: Omit<ActTool<T, Args>, 'kind'>): ActTool<T, Args> => ({ kind: 'act', ...tool }),
    ask: <Args>(tool: Omit<AskTool<T, Args>, 'kind'>): AskTool<T, Args> => ({ kind: 'ask', ...tool }),
  }
}

/** `{ tool: 'bid', args: { … } } | { tool: 'ask', args: { … } }`, read off the tools: the moves a bot can write down. */
export type ActionOf<Tools> = {
  // biome-ignore lint/suspicious/noExplicitAny: a conditional type can only infer Args beside a wildcard.
  [K in keyof Tools & string]: Tools[K] extends Tool<any, infer Args> ? { readonly tool: K; readonly args: Args } : never
}[keyof Tools & string]

/** What `check` says of one call. `args` are parsed; for an `ask` tool `answer` is the reply. */
export type Checked<Action = Call> =
  | { readonly ok: true; readonly action: Action; readonly answer?: string }
  | { readonly ok: false; readonly tool: ToolName; readonly refusal: Refusal }

/** What each tool of a set says to a call without arguments: most calls of long runs have none, rightly or not. */
const emptyCalls = new WeakMap<object, ReadonlyMap<ToolName, Checked>>()

function emptyCallsOf<T extends PlayerToolTypes>(tools: PlayerTools<T>): ReadonlyMap<ToolName, Checked> {
  let known = emptyCalls.get(tools)
  if (known === undefined) {
    known = new Map(Object.keys(tools).map(name => [name, deepFreeze(parse(tools, name, {}))]))
    emptyCalls.set(tools, known)
  }
  return known
}

function parse<T extends PlayerToolTypes>(tools: PlayerTools<T>, name: ToolName, args: unknown): Checked {
  if (typeof args === 'string') return refused(name, 'bad_arguments', `${name}: ${noJson(args)}`)
  const parsed = tools[name]!.args.safeParse(args)
  if (!parsed.success) return refused(name, 'bad_arguments', `${name}: ${explain(parsed.error)}`)
  return { ok: true, action: { tool: name, args: parsed.data } }
}

/** What is wrong with arguments that came as the text they were written as. */
function noJson(text: string): string {
  try {
    JSON.parse(text)
  } catch (error) {
    const { message } = error as Error
    const at = Number(/position (\d+)/.exec(message)?.[1] ?? Number.NaN)
    const isCut = /end of JSON input|Unterminated/.test(message) || at >= text.length
    if (isCut) return `the JSON of the arguments is cut off after ${text.length} characters; write it to its end.`
    return `the arguments are no JSON: ${shorten(message.replace(/\s+/g, ' '), 120)}.`
  }
  return 'expected a JSON object of arguments, got a text.'
}

function isEmpty(args: unknown): boolean {
  if (typeof args !== 'object' || args === null) return false
  for (const _key in args) return false
  return !Array.isArray(args)
}

/**
 * The first half of the single gate: a known tool, one of those offered to the agent now, and well-formed arguments.
 * `withheld` words the refusal of a tool that exists and is not offered.
 */
export function admit<T extends PlayerToolTypes>(
  tools: PlayerTools<T>,
  offered: readonly ToolName[],
  call: unknown,
  withheld: (tool: ToolName) => Refusal = tool => notOffered(tool, offered),
): Checked {
  if (typeof call !== 'object' || call === null || typeof (call as Call).tool !== 'string') {
    return refused('', 'malformed_call', `A call is {"tool": name, "args": {…}}, got ${short(call)}.`)
  }
  const { tool: name, args } = call as Call
  const empty = emptyCallsOf(tools).get(name)
  if (empty === undefined) {
    const known = Object.keys(tools)
    return refused(
      name.slice(0, 64),
      'unknown_tool',
      `No tool ${short(name, 66)}. Tools: ${known.join(', ')}.${nearest(name, known)}`,
    )
  }
  if (!offered.includes(name)) return { ok: false, tool: name, refusal: withheld(name) }
  return args === undefined || isEmpty(args) ? empty : parse(tools, name, args)
}

/**
 * The single gate for every call, from a bot, a model or a file: known, offered, well-formed, allowed now. Never throws
 * for what an agent sent.
 */
export function check<T extends ToolTypes>(
  tools: ToolSet<T>,
  offered: readonly ToolName[],
  state: T['State'],
  agent: AgentId,
  call: unknown,
  withheld?: (tool: ToolName) => Refusal,
): Checked {
  return allow(tools, offered, state, agent, admit(tools, offered, call, withheld))
}

/** The second half of the gate: whether an admitted call is a move, and allowed in this state. */
export function allow<T extends ToolTypes>(
  tools: ToolSet<T>,
  offered: readonly ToolName[],
  state: T['State'],
  agent: AgentId,
  admitted: Checked,
): Checked {
  if (!admitted.ok) return admitted
  const { tool: name, args } = admitted.action
  const tool = tools[name]!
  if (tool.kind === 'ask')
    return refused(
      name,
      'not_a_move',
      `${name} is answered within the turn; it is not a move. Moves: ${moves(tools, offered).join(', ')}.`,
    )
  const refusal = tool.refuse?.(state, agent, args)
  return refusal === undefined ? admitted : { ok: false, tool: name, refusal }
}

/** The refusal of a tool that exists and cannot be called now. */
export function notOffered(tool: ToolName, offered: readonly ToolName[]): Refusal {
  return { code: 'not_offered', message: `${tool} cannot be called now. You may call: ${offered.join(', ') || 'nothing'}.` }
}

/** The names of the offered tools that are moves. */
export function moves<T extends PlayerToolTypes>(tools: PlayerTools<T>, offered: readonly ToolName[]): ToolName[] {
  return offered.filter(name => tools[name]?.kind === 'act')
}

function refused(tool: ToolName, code: string, message: string): Checked & { ok: false } {
  return { ok: false, tool, refusal: { code, message } }
}

/** A zod error in one line of at most 400 characters. */
export function explain(error: z.ZodError): string {
  const lines = error.issues.slice(0, 5).map(issue => {
    const at = issue.path.map(String).join('.')
    return at === '' ? issue.message : `${at}: ${issue.message}`
  })
  return shorten(lines.join('; ').replace(/\s+/g, ' '), 400)
}

/** Legal arguments to try for a tool, from what the agent sees; empty where none is known. */
export function candidates<T extends PlayerToolTypes>(tool: PlayerTool<T>, observation: T['Observation']): readonly unknown[] {
  if (tool.candidates !== undefined) return tool.candidates(observation)
  return tool.args.safeParse({}).success ? [{}] : []
}

/** A tool as a model's API wants it: the root is an object, `$schema` is stripped, defaults stay optional. */
export interface ToolSchema {
  readonly name: ToolName
  readonly description: string
  readonly parameters: Readonly<Record<string, unknown>>
}

const schemas = new WeakMap<object, ToolSchema>()

/**
 * Texts whose bound is this long or longer have it in their description only. llama.cpp, and what is built on it, makes one
 * grammar of the schemas of all tools and refuses the whole request for a longer repetition (its MAX_REPETITION_THRESHOLD).
 */
const LONG_TEXT = 2000

function sayLongBounds({ jsonSchema }: { readonly jsonSchema: { maxLength?: number; description?: string } }): void {
  const { maxLength, description } = jsonSchema
  if (maxLength === undefined || maxLength < LONG_TEXT) return
  jsonSchema.description = [description, `at most ${maxLength} characters`].filter(Boolean).join('; ')
  delete jsonSchema.maxLength
}

/** The model schema of one tool. Throws where the arguments are not an object at the root. */
export function toolSchema<T extends PlayerToolTypes>(name: ToolName, tool: PlayerTool<T>): ToolSchema {
  let known = schemas.get(tool)
  if (known === undefined) {
    checkSchema(tool.args, `${name}.args`)
    const { $schema: _, ...parameters } = z.toJSONSchema(tool.args, { io: 'input', override: sayLongBounds }) as Record<
      string,
      unknown
    >
    if (parameters.type !== 'object')
      throw new TypeError(`${name}: expected arguments with an object at the root, got ${short(parameters)}`)
    known = { name, description: tool.description, parameters }
    schemas.set(tool, known)
  }
  return known
}

/** The tools table of an economy's documentation, as Markdown. */
export function toolDocs<T extends PlayerToolTypes>(tools: PlayerTools<T>): string {
  const rows = Object.entries(tools).map(([name, tool]) => {
    const { properties = {}, required = [] } = toolSchema(name, tool).parameters as {
      properties?: Record<string, Record<string, unknown>>
      required?: readonly string[]
    }
    const args = Object.entries(properties).map(
      ([field, schema]) =>
        `\`${field}${required.includes(field) ? '' : '?'}\` ${typeName(schema)}: ${String(schema.description ?? '')}`,
    )
    return `| \`${name}\`${tool.kind === 'ask' ? ' (ask)' : ''} | ${args.join('<br>') || '–'} | ${tool.description} |`
  })
  return ['| tool | arguments | what it does |', '|---|---|---|', ...rows].join('\n')
}

/** A JSON Schema's type in a few words, with its bounds. */
export function typeName(schema: Record<string, unknown>): string {
  if (Array.isArray(schema.enum)) return schema.enum.map(value => JSON.stringify(value)).join(' \\| ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map(inner => typeName(inner as Record<string, unknown>)).join(' \\| ')
  const type = String(schema.type)
  const { low: lows, high: highs, unit } = BOUNDS[type] ?? NUMBER_BOUNDS
  const [low, high] = [lows, highs].map(keys => keys.map(key => schema[key]).find(bound => bound !== undefined))
  if (low === undefined && high === undefined) return type
  if (high === undefined) return `${type} ≥ ${low}${unit}`
  return `${type} ${low ?? ''}…${high}${unit}`
}

interface Bounds {
  readonly low: readonly string[]
  readonly high: readonly string[]
  readonly unit: string
}
const NUMBER_BOUNDS: Bounds = { low: ['minimum', 'exclusiveMinimum'], high: ['maximum'], unit: '' }
/** Which keywords of a JSON Schema bound what is no number, and what they count. */
const BOUNDS: Readonly<Record<string, Bounds>> = {
  string: { low: ['minLength'], high: ['maxLength'], unit: ' characters' },
  array: { low: ['minItems'], high: ['maxItems'], unit: ' items' },
}
