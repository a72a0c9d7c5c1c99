/**
 * What the three dialects share: reading loosely what servers answer, sending back strictly what they accept, and doing
 * without the sampling options that a model turns out to refuse.
 */
import type { ToolCall } from '../messages.ts'
import type { Reply } from '../player.ts'

type Json = Readonly<Record<string, unknown>>

/** The value as an object; empty where it is none. */
export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

/** The value as a list of objects; empty where it is none. */
export function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(object) : []
}

/** Text that may come as a string, as parts, or not at all. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value
  return list(value)
    .map(part => (typeof part.text === 'string' ? part.text : ''))
    .join('')
}

/** The arguments of a call as the text that was written, also where a server sends them parsed. */
export function argumentsText(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}

/**
 * The arguments of a recorded call as JSON of an object. History is sent back to servers that parse it: what was no object
 * when it was written goes back wrapped in one, everything else byte by byte, so that it is found in their caches.
 */
export function argumentsJson(written: string): string {
  if (written.trim() === '') return '{}'
  try {
    const parsed: unknown = JSON.parse(written)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return written
  } catch {
    // Falls through: the text itself is what there is.
  }
  return JSON.stringify({ unparsed: written })
}

/** Gives every call of a message an id of its own: some servers send none, or the same twice. */
export function withIds(calls: readonly ToolCall[]): ToolCall[] {
  const seen = new Set<string>()
  return calls.map((call, i) => {
    const id = call.id === '' || seen.has(call.id) ? `call_${i}` : call.id
    seen.add(id)
    return { ...call, id }
  })
}

/** What stands in history for an answer that said nothing: cut off while thinking, say. A turn must not be empty. */
export const NOTHING_SAID = '(no answer)'

/** Puts a reply together, leaving out what is absent. */
export function reply(fields: {
  readonly content: string
  readonly reasoning: string
  readonly calls: readonly ToolCall[]
  readonly finish: Reply['finish_reason']
  readonly rest?: Partial<Reply>
}): Reply {
  const { content, reasoning, calls, finish, rest } = fields
  return {
    content,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    tool_calls: withIds(calls),
    finish_reason: calls.length > 0 && finish === 'stop' ? 'tool_calls' : finish,
    ...rest,
  }
}

/**
 * Sends requests without the options that this model refused before: a 400 that names an optional field is answered by one
 * more try without it, and the field is not sent again.
 */
export class Optional {
  readonly #refused = new Set<string>()

  /** The options this model did not take. */
  get refused(): readonly string[] {
    return [...this.#refused]
  }

  /** `optional` are the fields of `body` that the request can do without. */
  async send<T>(body: Json, optional: readonly string[], post: (body: Json) => Promise<T>): Promise<T> {
    const kept = Object.fromEntries(
      Object.entries(body).filter(([name, value]) => value !== undefined && !this.#refused.has(name)),
    )
    try {
      return await post(kept)
    } catch (error) {
      const field = refusedField(
        error,
        optional.filter(name => Object.hasOwn(kept, name)),
      )
      if (field === undefined) throw error
      this.#refused.add(field)
      return this.send(body, optional, post)
    }
  }
}

function refusedField(error: unknown, sent: readonly string[]): string | undefined {
  const { status, param, message } = error as { status?: unknown; param?: unknown; message?: unknown }
  if (status !== 400 && status !== 422) return undefined
  // `reasoning.effort` is refused by the field it lies in.
  const named = typeof param === 'string' ? param.split('.')[0] : undefined
  return sent.find(field => field === named) ?? sent.find(field => new RegExp(`\\b${field}\\b`).test(String(message)))
}
