/** What of a conversation is sent again, and what makes two requests the same. */
import { describe, expect, test } from 'vitest'
import type { Message } from '../../../rollouts/messages.ts'
import { Conversation, type History, historyName, parseHistory, requestDigest } from '../../../rollouts/models/conversation.ts'

function talked(history: History): Conversation {
  const conversation = new Conversation('rules', history)
  for (let turn = 0; turn < 3; turn++) {
    conversation.open({ role: 'user', content: `turn ${turn}` })
    conversation.append({ role: 'assistant', content: `answer ${turn}`, provider_state: [`signed ${turn}`] })
  }
  return conversation
}

describe('history', () => {
  test.each<[string, string[]]>([
    ['full', ['rules', 'turn 0', 'answer 0', 'turn 1', 'answer 1', 'turn 2', 'answer 2']],
    ['last:1', ['rules', 'turn 1', 'answer 1', 'turn 2', 'answer 2']],
    ['none', ['rules', 'turn 2', 'answer 2']],
  ])('%s', (name, contents) => {
    expect(historyName(parseHistory(name))).toBe(name)
    expect(
      talked(parseHistory(name))
        .messages()
        .map(({ content }) => content),
    ).toEqual(contents)
  })

  test('what the provider signed goes back in a whole conversation, and in a shortened one only within the turn', () => {
    const signed = (history: History) =>
      talked(history)
        .messages()
        .filter(message => message.role === 'assistant')
        .map(message => message.provider_state)
    expect(signed('full')).toEqual([['signed 0'], ['signed 1'], ['signed 2']])
    expect(signed(1)).toEqual([undefined, ['signed 2']])
  })
})

test.each(['last:0', 'last:', 'last:x', 'xlast:1', 'last:1x', 'last:-1', '', 'all'])('%j is no history', text => {
  expect(() => parseHistory(text)).toThrow(`--history: expected full, last:N (N ≥ 1) or none, got '${text}'.`)
})

test('a shortened history of several messages a turn keeps them together, and a state that is no list with its message', () => {
  expect([parseHistory('last:12'), historyName(12), historyName(0), historyName('full')]).toEqual([12, 'last:12', 'none', 'full'])
  const conversation = new Conversation('rules', 2)
  const plain: Message = { role: 'assistant', content: 'b', provider_state: { message: { a: 1 } } }
  for (let turn = 0; turn < 4; turn++) {
    conversation.open({ role: 'user', content: `turn ${turn}` })
    conversation.append(plain)
    conversation.append({ role: 'tool', tool_call_id: 'x', name: 'sell', content: `result ${turn}` })
  }
  const sent = conversation.messages()
  expect(sent.map(({ content }) => content)).toEqual([
    'rules',
    ...[1, 2, 3].flatMap(turn => [`turn ${turn}`, 'b', `result ${turn}`]),
  ])
  expect(sent[2]).toBe(plain)
  expect(conversation.system).toEqual({ role: 'system', content: 'rules' })
  expect([new Conversation('', 0).remembers, conversation.remembers, new Conversation('', 'full').remembers]).toEqual([
    false,
    true,
    true,
  ])
  // What was given out stays as it was.
  const whole = new Conversation('rules', 'full')
  const before = whole.messages()
  whole.open({ role: 'user', content: 'x' })
  expect(before).toHaveLength(1)
  // A message that lost what was signed is the same object whenever it is sent.
  const signed = talked(1)
  expect(signed.messages()[2]).toBe(signed.messages()[2])
  expect(signed.messages()[2]).toStrictEqual({ role: 'assistant', content: 'answer 1' })
})

test('two requests are the same where their messages, tools and settings are', () => {
  const messages: Message[] = [{ role: 'user', content: 'a' }]
  const tool = { name: 'sell', description: '', parameters: {} }
  const settings = { model: 'm' }
  const same = requestDigest([{ role: 'user', content: 'a' }], [{ ...tool }], { model: 'm' })
  expect(requestDigest(messages, [tool], settings)).toBe(same)
  for (const other of [
    requestDigest([...messages, { role: 'assistant', content: 'b' }], [tool], settings),
    requestDigest(messages, [{ ...tool, description: 'Sells.' }], settings),
    requestDigest(messages, [], settings),
    requestDigest(messages, [tool], { model: 'n' }),
  ])
    expect(other).not.toBe(same)
})
