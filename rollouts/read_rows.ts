/**
 * What stands in a line of a run's files, however its JSON is spaced and ordered. What the store writes is recognised and read
 * as far as it is wanted; any other line is parsed whole. Knows lines and the least that a row of each file has; knows no files.
 */
import { type Line, parseLine } from './jsonl.ts'
import type { CallRow } from './player.ts'
import { type ErrorRow, MESSAGES_FIELD, type ResultFigures, type ResultRow, type StepsRow, type TracedEpisode } from './rows.ts'

type Bytes = Pick<Line, 'bytes' | 'length'>
type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => typeof value === 'number'
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)
const areNumbers = (value: unknown): boolean => isObject(value) && Object.values(value).every(isNumber)
const areTexts = (value: unknown): boolean => isObject(value) && Object.values(value).every(isText)
/** A rollout's key. It also names files and stands in lines of an index: nothing in it leads elsewhere or ends one. */
export const isKey = (value: unknown): boolean => isText(value) && /^(?!\.)[^/\\\p{Cc}]+-s\d+-[0-9a-f]+-r\d+$/u.test(value)
const isNumberOrNull = (value: unknown): boolean => value === null || isNumber(value)

/** What readers count on in a row of each file. */
const HAS = {
  results: ({ key, example_id, reward, is_truncated, stop_condition, metrics, info, timing }) =>
    isKey(key) &&
    isNumber(example_id) &&
    isNumber(reward) &&
    typeof is_truncated === 'boolean' &&
    isText(stop_condition) &&
    areNumbers(metrics) &&
    isObject(timing) &&
    isObject(info) &&
    isText(info.seat) &&
    isText(info.player) &&
    isNumber(info.seed) &&
    isNumber(info.repeat) &&
    isNumber(info.steps) &&
    isNumber(info.silent) &&
    isObject(info.scores) &&
    isTexts(info.evaluated) &&
    areNumbers(info.calls) &&
    areNumbers(info.refused),
  traces: ({ id, task, traces }) =>
    isKey(id) &&
    isObject(task) &&
    Array.isArray(traces) &&
    traces.every(
      trace =>
        isObject(trace) &&
        isObject(trace.agent) &&
        isText(trace.agent.name) &&
        Array.isArray(trace.nodes) &&
        isObject(trace.info),
    ),
  steps: ({ key, header, steps, stop }) =>
    isKey(key) &&
    isObject(header) &&
    isText(header.env) &&
    isNumber(header.version) &&
    isNumber(header.seed) &&
    isObject(header.config) &&
    areTexts(header.seats) &&
    (stop === null || isText(stop)) &&
    Array.isArray(steps) &&
    steps.every(
      step =>
        isObject(step) &&
        isNumber(step.t) &&
        isObject(step.decisions) &&
        Object.values(step.decisions).every(decision => isObject(decision) && Array.isArray(decision.calls)) &&
        areNumbers(step.rewards) &&
        Array.isArray(step.events) &&
        isObject(step.results) &&
        Array.isArray(step.refused),
    ),
  calls: ({ key, agent, t, call, model, prompt_tokens, completion_tokens, usage, latency_ms, retries, cost }) =>
    isKey(key) &&
    isText(agent) &&
    isNumber(t) &&
    isNumber(call) &&
    isText(model) &&
    isNumber(prompt_tokens) &&
    isNumber(completion_tokens) &&
    isObject(usage) &&
    isNumber(usage.output) &&
    isNumber(latency_ms) &&
    isNumber(retries) &&
    isNumberOrNull(cost),
  errors: ({ key, attempt, example_id, agent, player, code, message }) =>
    isKey(key) && isNumber(attempt) && isNumber(example_id) && isText(agent) && isText(player) && isText(code) && isText(message),
} as const satisfies Readonly<Record<string, (row: Fields) => boolean>>

/** The kinds of rows. */
export type RowKind = keyof typeof HAS

interface RowTypes {
  results: ResultRow
  traces: TracedEpisode
  steps: StepsRow
  calls: CallRow
  errors: ErrorRow
}

/** The row in a line; undefined where it is none of that kind. */
export function rowIn<K extends RowKind>(kind: K, line: Bytes): RowTypes[K] | undefined {
  const parsed = parseLine(line)
  return 'value' in parsed && isObject(parsed.value) && HAS[kind](parsed.value)
    ? (parsed.value as unknown as RowTypes[K])
    : undefined
}

/** What begins a line of the store's own. */
const OWN = { key: /^\{"key":"([^"\\]+)"/, id: /^\{"id":"([^"\\]+)"/ } as const

const CLOSING_BRACE = 0x7d

/** The rollout's key in a line of that kind; empty where the line has none. */
export function keyOf(kind: RowKind, line: Bytes): string {
  const field = kind === 'traces' ? 'id' : 'key'
  const own = line.bytes.at(-1) === CLOSING_BRACE ? OWN[field].exec(line.bytes.toString('latin1', 0, 512))?.[1] : undefined
  if (own !== undefined) return own
  const parsed = parseLine(line)
  const key = 'value' in parsed && isObject(parsed.value) ? parsed.value[field] : undefined
  return isText(key) && isKey(key) ? key : ''
}

/** The beginning of a line of the store's own up to a field, as an object; undefined where it is none, or no row of that kind. */
function headOf(kind: RowKind, { bytes, length }: Bytes, cut: string): Fields | undefined {
  const end = bytes.indexOf(cut)
  if (end < 0 || bytes.at(-1) !== CLOSING_BRACE || bytes.length < length || bytes.toString('latin1', 0, 8) !== '{"key":"')
    return undefined
  try {
    const head = JSON.parse(`${bytes.toString('utf8', 0, end)}}`) as Fields
    return HAS[kind](head) ? head : undefined
  } catch {
    return undefined
  }
}

/** A result row without its long fields, which are not even parsed where the store wrote them last; undefined where the line is none. */
export function figuresIn(line: Bytes): ResultFigures | undefined {
  const head = headOf('results', line, MESSAGES_FIELD) as unknown as ResultFigures | undefined
  // A model's row has its tokens before its messages; where it has not, somebody has ordered its fields anew.
  if (head !== undefined && (head.info.cost === undefined || head.token_usage !== undefined)) return head
  const row = rowIn('results', line)
  if (row === undefined) return undefined
  const { prompt: _p, completion: _c, tool_defs: _t, ...figures } = row
  return figures
}

/** What stands last in a call's row: a reader of figures stops there. */
const REPLY_FIELD = ',"reply":{'

/** A row of calls.jsonl without its reply; undefined where the line is none. */
export function callFiguresIn(line: Bytes): Omit<CallRow, 'reply'> | undefined {
  const head = headOf('calls', line, REPLY_FIELD) as unknown as Omit<CallRow, 'reply'> | undefined
  if (head !== undefined) return head
  const row = rowIn('calls', line)
  if (row === undefined) return undefined
  const { reply: _, ...figures } = row
  return figures
}

/** The long fields of a result row. */
type LongFields = Record<'prompt' | 'completion' | 'tool_defs', string>

/** The long fields of a result row as JSON text; undefined where the line is none. */
export function longFieldsIn(line: Bytes): LongFields | undefined {
  const own = headOf('results', line, MESSAGES_FIELD) === undefined ? undefined : ownLongFields(line.bytes)
  if (own !== undefined) return own
  const row = rowIn('results', line)
  if (row === undefined || ![row.prompt, row.completion, row.tool_defs].every(Array.isArray)) return undefined
  const { prompt, completion, tool_defs } = row
  return { prompt: JSON.stringify(prompt), completion: JSON.stringify(completion), tool_defs: JSON.stringify(tool_defs) }
}

/** The same as they stand in a line that the store wrote, where these fields are the last, in this order. */
function ownLongFields(bytes: Buffer): LongFields | undefined {
  // A quotation mark inside a string is escaped, and messages have no field of these names: the first of each is the row's.
  const prompt = Math.max(0, bytes.indexOf(MESSAGES_FIELD))
  const completion = Math.max(0, bytes.indexOf(',"completion":[', prompt))
  const tools = Math.max(0, bytes.indexOf(',"tool_defs":[', completion))
  if (prompt === 0 || completion === 0 || tools === 0) return undefined
  const between = (from: number, field: string, to: number): string => bytes.toString('utf8', from + field.length, to)
  const fields = {
    prompt: between(prompt, ',"prompt":', completion),
    completion: between(completion, ',"completion":', tools),
    tool_defs: between(tools, ',"tool_defs":', bytes.length - 1),
  }
  try {
    JSON.parse(fields.tool_defs)
    return fields
  } catch {
    return undefined
  }
}
