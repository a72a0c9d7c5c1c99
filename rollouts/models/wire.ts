/**
 * What goes back to a server of what was said: a model may have invented any name, id and arguments, and servers refuse a
 * conversation that holds them. What was said stays in the records; what is sent is spelled as every server takes it. Knows
 * the package's messages; knows no dialect.
 */
import type { Message, ToolCall } from '../messages.ts'
import type { Forms } from './forms.ts'
import { isDeep, parsed } from './json.ts'

/** What stands in history for an answer that said nothing: cut off while thinking, say. A turn must not be empty. */
export const NOTHING_SAID = '(no answer)'

const NAME_LENGTH = 64
/** OpenAI's limit, the narrowest of those that everybody keeps to. */
const ID_LENGTH = 40

/** A tool's name as every server takes it: letters, digits, `_` and `-`, a letter or `_` first, at most 64. */
export function wireName(name: string): string {
  const plain = name.replace(/[^a-zA-Z0-9_-]+/g, '_').slice(0, NAME_LENGTH)
  if (/^_*$/.test(plain)) return 'unknown_tool'
  return /^[a-zA-Z_]/.test(plain) ? plain : `_${plain}`.slice(0, NAME_LENGTH)
}

/** What arguments that were written as text say; undefined where they are no JSON object of a readable depth. */
export function argumentsOf(written: string): Readonly<Record<string, unknown>> | undefined {
  if (written.trim() === '') return {}
  let value = parsed(written)
  // Some servers encode what is encoded already.
  if (typeof value === 'string') value = parsed(value)
  if (value === null) return {}
  return typeof value === 'object' && !Array.isArray(value) && !isDeep(value) ? (value as Record<string, unknown>) : undefined
}

/**
 * The arguments of a recorded call as JSON of an object. History is sent back to servers that parse it: what was no object
 * when it was written goes back wrapped in one, everything else byte by byte, so that it is found in their caches.
 */
export function argumentsJson(written: string): string {
  const value = argumentsOf(written)
  if (value === undefined) return JSON.stringify({ unparsed: written })
  return written.trimStart().startsWith('{') ? written : JSON.stringify(value)
}

/**
 * The conversation as it is sent: names and ids as servers take them, ids unique in it, and in the form that the endpoint
 * wants. A message that need not be changed is the same object, so that what was translated before is found again.
 */
export function wireMessages(messages: readonly Message[], forms: Forms, tools: ReadonlySet<string>): readonly Message[] {
  const sent: Message[] = []
  const used = new Set<string>()
  let ids: ReadonlyMap<string, string> = new Map()
  let n = 0
  for (const message of messages) {
    if (message.role === 'assistant' && message.tool_calls !== undefined) {
      const known = new Map<string, string>()
      const calls = message.tool_calls.map(call => {
        const id = forms.has('short_ids') ? String(++n).padStart(9, '0') : wireId(call.id, used)
        used.add(id)
        known.set(call.id, id)
        const name = forms.has('plain_names') && !tools.has(call.name) ? 'unknown_tool' : wireName(call.name)
        return id === call.id && name === call.name ? call : { ...call, id, name }
      })
      ids = known
      sent.push(calls.every((call, i) => call === message.tool_calls![i]) ? message : { ...message, tool_calls: calls })
    } else if (message.role === 'tool') {
      const id = ids.get(message.tool_call_id) ?? message.tool_call_id
      const name = wireName(message.name)
      sent.push(id === message.tool_call_id && name === message.name ? message : { ...message, tool_call_id: id, name })
    } else sent.push(message)
  }
  if (forms.has('system_as_user')) rulesToUser(sent)
  return forms.has('user_in_result') ? userInResults(sent) : sent
}

/** The rules of what is sent, for protocols that take them apart from the messages; undefined where there are none. */
export function rulesOf(sent: readonly Message[]): string | undefined {
  const rules = sent.flatMap(({ role, content }) => (role === 'system' ? [content] : []))
  return rules.length === 0 ? undefined : rules.join('\n\n')
}

function wireId(id: string, used: ReadonlySet<string>): string {
  const plain = id.replace(/[^a-zA-Z0-9_-]+/g, '_').slice(0, ID_LENGTH)
  if (plain !== '' && !used.has(plain)) return plain
  for (let i = used.size; ; i++) if (!used.has(`call_again_${i}`)) return `call_again_${i}`
}

function rulesToUser(sent: Message[]): void {
  const rules = sent.filter(({ role }) => role === 'system').map(({ content }) => content)
  const rest = sent.filter(({ role }) => role !== 'system')
  const first = rest.findIndex(({ role }) => role === 'user')
  if (first === -1) rest.unshift({ role: 'user', content: rules.join('\n\n') })
  else rest[first] = { role: 'user', content: [...rules, rest[first]!.content].join('\n\n') }
  sent.splice(0, sent.length, ...rest)
}

function userInResults(sent: readonly Message[]): readonly Message[] {
  const merged: Message[] = []
  for (const message of sent) {
    const last = merged.at(-1)
    if (message.role === 'user' && (last?.role === 'tool' || last?.role === 'user'))
      merged[merged.length - 1] = { ...last, content: `${last.content}\n\n${message.content}` }
    else merged.push(message)
  }
  return merged
}

/** Gives every call of a message an id of its own: some servers send none, or the same twice. */
export function withIds(calls: readonly ToolCall[]): ToolCall[] {
  const seen = new Set<string>()
  return calls.map((call, i) => {
    let id = call.id
    for (let n = i; id === '' || seen.has(id); n++) id = `call_${n}`
    seen.add(id)
    return id === call.id ? call : { ...call, id }
  })
}
