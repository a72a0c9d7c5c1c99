/** Ready-made scripts for the fake provider: a model that calls tools at random, and one that repeats what was recorded. */
import type { Random } from '../../../envs/core/random.ts'
import type { Message, TranscriptMessage } from '../../messages.ts'
import { list, object } from '../json.ts'
import type { FakeReply } from './dialects.ts'
import type { Script } from './provider.ts'

/** Calls one tool a message, with arguments drawn within its schema; keeps to the tools that the last message says may be called now. */
export const randomCalls: Script = ({ messages, tools, random }) => {
  const last = messages.findLast(({ role }) => role === 'user')?.content ?? ''
  const named = /You may call now: (.+)\.$/.exec(last)?.[1]?.split(', ')
  const callable = named === undefined ? tools : tools.filter(({ name }) => named.includes(name))
  if (callable.length === 0) return { content: 'There is nothing to call.' }
  const { name, parameters } = random.pick(callable)
  return { content: 'I try something.', calls: [{ name, arguments: object(drawn(parameters, random)) }] }
}

/** A value within a JSON Schema, as far as types, enumerations and bounds go. */
function drawn(schema: Readonly<Record<string, unknown>>, random: Random): unknown {
  if (schema.const !== undefined) return schema.const
  if (Array.isArray(schema.enum)) return random.pick(schema.enum)
  const choices = list(schema.anyOf ?? schema.oneOf)
  if (choices.length > 0) return drawn(random.pick(choices), random)
  const bound = (name: string, otherwise: number): number =>
    typeof schema[name] === 'number' ? (schema[name] as number) : otherwise
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(object(schema.properties))
          .filter(([field]) => (Array.isArray(schema.required) ? schema.required : []).includes(field))
          .map(([field, inner]) => [field, drawn(object(inner), random)]),
      )
    case 'array': {
      const least = bound('minItems', 0)
      const length = random.int(least, Math.max(least, Math.min(bound('maxItems', least + 2), least + 2)))
      return Array.from({ length }, () => drawn(object(schema.items), random))
    }
    case 'integer': {
      const least = bound('minimum', 0)
      return random.int(least, Math.min(bound('maximum', least + 10), least + 10))
    }
    case 'number': {
      const least = bound('minimum', 0)
      return random.uniform(least, Math.min(bound('maximum', least + 10), least + 10))
    }
    case 'boolean':
      return random.chance(0.5)
    case 'string':
      return random.pick(WORDS).slice(0, bound('maxLength', 80)).padEnd(bound('minLength', 0), '.')
    default:
      return null
  }
}

const WORDS = ['I offer a fair deal.', 'Here is what you asked for.', 'No.', 'Let us work together.', 'agent_1']

/** Repeats the answers of a recorded conversation: the first request gets the first, and so on; then it has nothing to say. */
export function fromTranscript(messages: readonly TranscriptMessage[]): Script {
  const answers = messages.flatMap(({ message }) => (message.role === 'assistant' ? [asReply(message)] : []))
  return ({ turn }) => answers[turn] ?? {}
}

function asReply({ content, reasoning_content, tool_calls = [] }: Message & { role: 'assistant' }): FakeReply {
  return {
    ...(content !== '' && { content }),
    ...(reasoning_content !== undefined && { reasoning: reasoning_content }),
    calls: tool_calls.map(({ name, arguments: written }) => ({ name, arguments: written })),
  }
}
