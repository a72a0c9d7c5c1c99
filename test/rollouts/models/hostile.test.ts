/** Every field of every answer, streamed or not, replaced by what it cannot be: an answer that can be played, or a failure that is classed. */
import { describe, expect, test } from 'vitest'
import { toCall } from '../../../rollouts/dialogue.ts'
import type { Message } from '../../../rollouts/messages.ts'
import { anthropic } from '../../../rollouts/models/anthropic.ts'
import { classify } from '../../../rollouts/models/failure.ts'
import type { Dialect } from '../../../rollouts/models/fake/index.ts'
import { Forms } from '../../../rollouts/models/forms.ts'
import type { Model, ModelRequest } from '../../../rollouts/models/model.ts'
import { openAiChat } from '../../../rollouts/models/openai_chat.ts'
import { openAiResponses } from '../../../rollouts/models/openai_responses.ts'
import { unitsOf } from '../../../rollouts/models/usage.ts'
import { usual } from './memory.ts'

const DIALECTS: readonly Dialect[] = ['chat', 'responses', 'messages']

const deep = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)
/** What may stand anywhere. */
const HOSTILE: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  0.5,
  2 ** 70,
  '',
  'error',
  '\ud83d',
  [],
  [null, 7, 'x'],
  {},
  { type: 'text', text: { deep: [] } },
  { error: { message: ['x'] } },
  deep(2000),
]

/** Fewer for the many events of a stream, which are read by the same readers. */
const IN_STREAMS = [null, 'error', { error: { message: ['x'] } }]

const SELL = { name: 'sell', description: 'Sells.', parameters: { type: 'object' } }
const ASKED: readonly Message[] = [
  { role: 'system', content: 'You trade.' },
  { role: 'user', content: 'Turn 0.' },
]
const request = (messages: readonly Message[]): ModelRequest => ({
  messages,
  tools: [SELL],
  sampling: {},
  parallel: true,
  session: 's',
  signal: new AbortController().signal,
})

function modelOf(dialect: Dialect, answer: (body: unknown) => unknown): Model {
  const post = async (body: unknown) => answer(body)
  const rest = { model: 'm', extraBody: {}, forms: new Forms() }
  if (dialect === 'messages') return anthropic({ ...rest, client: { messages: post } })
  const options = { ...rest, own: false, client: { chat: post, responses: post } }
  return dialect === 'chat' ? openAiChat(options) : openAiResponses(options)
}

/** Every value inside plain data, by its path. */
function* pathsOf(value: unknown, path: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  yield path
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) yield* pathsOf(inner, [...path, Array.isArray(value) ? Number(key) : key])
}

function replaced(value: unknown, [key, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (key === undefined) return by
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>
  copy[key] = replaced(copy[key], rest, by)
  return copy
}

/** Asks, and holds what comes to what the rest of the package relies on; the conversation can then go on. */
async function holds(dialect: Dialect, answer: unknown): Promise<void> {
  let answered: Awaited<ReturnType<Model['complete']>>
  try {
    answered = await modelOf(dialect, () => answer).complete(request(ASKED))
  } catch (error) {
    const { code, message } = classify(error, false, 0)
    expect(['malformed_reply', 'server_error', 'bad_request', 'rate_limited', 'auth', 'not_found', 'quota']).toContain(code)
    expect(typeof message).toBe('string')
    return
  }
  const { reply, usage, model } = answered
  expect(typeof model).toBe('string')
  expect(typeof reply.content).toBe('string')
  expect(['stop', 'tool_calls', 'length', 'refusal']).toContain(reply.finish_reason)
  for (const call of reply.tool_calls) {
    expect(Object.values({ id: call.id, name: call.name, arguments: call.arguments }).map(value => typeof value)).toEqual([
      'string',
      'string',
      'string',
    ])
    JSON.stringify(toCall(call))
  }
  const { output_reasoning, estimated: _e, repaired: _r, ...counts } = usage
  for (const n of [...Object.values(counts), output_reasoning ?? 0]) expect(Number.isSafeInteger(n) && n >= 0).toBe(true)
  const units = unitsOf([{ reply, usage }])
  expect(Number.isSafeInteger(units.thinking) && Number.isSafeInteger(units.output) && units.output >= 0).toBe(true)
  expect(JSON.stringify(reply)).not.toMatch(/(?<!\\)\\ud[89a-f]/)

  const { content, tool_calls, provider_state } = reply
  const said: Message = { role: 'assistant', content, tool_calls, ...(provider_state !== undefined && { provider_state }) }
  const results = tool_calls.map(({ id, name }): Message => ({ role: 'tool', tool_call_id: id, name, content: 'done' }))
  // It can be sent back, whatever it was.
  const next = [...ASKED, said, ...results, { role: 'user', content: 'Turn 1.' } as const]
  let sent = ''
  await modelOf(dialect, body => {
    sent = JSON.stringify(body)
    return usual(dialect).written.body
  }).complete(request(next))
  expect(sent).not.toBe('')
}

describe.each(DIALECTS)('%s', dialect => {
  test('whatever stands in the place of any field of an answer', async () => {
    const { body } = usual(dialect).written
    const paths = [...pathsOf(body)]
    expect(paths.length).toBeGreaterThan(20)
    for (const path of paths) for (const hostile of HOSTILE) await holds(dialect, replaced(body, path, hostile))
  })

  test('whatever stands in the place of any field of an event of a stream', async () => {
    const { events = [{ type: 'response.completed', response: usual(dialect).written.body }] } = usual(dialect).written
    const streamed = (all: readonly unknown[]): string => all.map(event => `data: ${JSON.stringify(event) ?? ''}\n\n`).join('')
    await holds(dialect, streamed(events))
    for (const [i, event] of events.entries())
      for (const path of pathsOf(event))
        for (const hostile of IN_STREAMS) await holds(dialect, streamed(events.with(i, replaced(event, path, hostile) as never)))
  })

  test('a stream without one of its events', async () => {
    const { events = [] } = usual(dialect).written
    for (const [i] of events.entries()) {
      await holds(
        dialect,
        events
          .toSpliced(i, 1)
          .map(event => `data: ${JSON.stringify(event)}\n\n`)
          .join(''),
      )
      await holds(
        dialect,
        events
          .slice(0, i)
          .map(event => `data: ${JSON.stringify(event)}\n\n`)
          .join(''),
      )
    }
  })
})
