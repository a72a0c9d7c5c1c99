/**
 * One seat's conversation with its model: what was said, what of it is sent again, and the digest that a resume compares.
 * Append-only, so that a provider's cache holds. Knows no provider and no economy.
 */
import { hash } from 'node:crypto'
import { UserError } from '../../envs/core/errors.ts'
import type { Message } from '../messages.ts'

/** How much of the game a model is shown again: everything, nothing (0), or its last so many turns. */
export type History = 'full' | number

/** Reads `full`, `none` or `last:N`. */
export function parseHistory(text: string): History {
  if (text === 'full') return 'full'
  if (text === 'none') return 0
  const turns = Number(/^last:(\d+)$/.exec(text)?.[1])
  if (!(turns >= 1)) throw new UserError(`--history: expected full, last:N (N ≥ 1) or none, got '${text}'.`)
  return turns
}

export function historyName(history: History): string {
  return history === 'full' ? 'full' : history === 0 ? 'none' : `last:${history}`
}

export class Conversation {
  readonly #history: History
  /** The system message and what is still sent of the rest. */
  #messages: Message[]
  /** Where turns begin among the messages: with what the user says; they end with the results of what the model did. */
  #turns: number[] = []

  constructor(system: string, history: History) {
    this.#messages = [{ role: 'system', content: system }]
    this.#history = history
  }

  get system(): Message {
    return this.#messages[0]!
  }

  /** Begins a turn. */
  open(message: Message): void {
    this.#turns.push(this.#messages.length)
    this.#messages.push(message)
    if (this.#history === 'full' || this.#turns.length <= this.#history + 1) return
    // What is never sent again need not be kept.
    const [first, second] = this.#turns as [number, number]
    this.#messages.splice(first, second - first)
    this.#turns = this.#turns.slice(1).map(start => start - (second - first))
  }

  append(message: Message): void {
    this.#messages.push(message)
  }

  /** Whether results of the turn before still stand beside the calls they answer. */
  get remembers(): boolean {
    return this.#history !== 0
  }

  /** The messages of the next request. */
  messages(): readonly Message[] {
    if (this.#history === 'full') return this.#messages.slice()
    // Signed reasoning, which is a list, belongs to the conversation as it was; what is left of a shortened one goes without.
    // The fields that a server added to a message belong to that message.
    const now = this.#turns.at(-1)!
    return this.#messages.map((message, i) => (i < now ? withoutState(message) : message))
  }
}

const bare = new WeakMap<Message, Message>()

function withoutState(message: Message): Message {
  if (message.role !== 'assistant' || !Array.isArray(message.provider_state)) return message
  let known = bare.get(message)
  if (known === undefined) {
    const { provider_state: _, ...rest } = message
    known = rest
    bare.set(message, known)
  }
  return known
}

const digests = new WeakMap<object, string>()

function digestOnce(value: object): string {
  let known = digests.get(value)
  if (known === undefined) {
    known = hash('sha256', JSON.stringify(value))
    digests.set(value, known)
  }
  return known
}

/**
 * SHA-256 of a request, in hex: of its settings, tools and messages. Each is digested once, however often it is sent.
 */
export function requestDigest(messages: readonly Message[], tools: readonly object[], settings: object): string {
  return hash('sha256', [settings, ...tools, ...messages].map(digestOnce).join())
}
