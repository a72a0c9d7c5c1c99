/** What calls that come one by one are told, and when they make up a turn. */
import { describe, expect, test } from 'vitest'
import type { Call, Checked, TurnRule } from '../../index.ts'
import { TurnBuffer } from '../../rollouts/turn_buffer.ts'

const call = (tool: string): Call => ({ tool, args: {} })
const rule = (fields: Partial<TurnRule>): TurnRule => ({ maxCalls: 3, repairs: 1, onSilence: 'pass', ...fields })
/** `ask` is a question, `no` is refused, everything else may be done. */
const check = (made: unknown): Checked => {
  const { tool } = made as { tool: string }
  if (tool === 'no') return { ok: false, tool, refusal: { code: 'never', message: 'not that' } }
  return { ok: true, action: { tool, args: {} }, ...(tool === 'ask' && { answer: '42' }) }
}
const tools = (buffer: TurnBuffer, ...names: string[]) =>
  names.map(name => {
    const { decision } = buffer.call(call(name), check)
    return decision?.calls.map(({ tool }) => tool)
  })

describe('a turn', () => {
  test('of several calls is full, or is ended', () => {
    const buffer = new TurnBuffer(rule({}))
    expect(buffer.endTool?.name).toBe('end_turn')
    expect(tools(buffer, 'a', 'b', 'c')).toEqual([undefined, undefined, ['a', 'b', 'c']])
    expect(tools(buffer, 'a', 'end_turn')).toEqual([undefined, ['a']])
    expect(tools(buffer, 'end_turn')).toEqual([[]])
  })

  test('of one call, or of as many as one likes, is each call by itself', () => {
    for (const maxCalls of [1, Number.POSITIVE_INFINITY]) {
      const buffer = new TurnBuffer(rule({ maxCalls }))
      expect(buffer.endTool).toBeUndefined()
      expect(tools(buffer, 'a', 'b')).toEqual([['a'], ['b']])
    }
  })

  test('is ended by the move that does nothing, which stands alone only', () => {
    const buffer = new TurnBuffer(rule({ passTool: 'pass' }))
    expect(tools(buffer, 'a', 'pass')).toEqual([undefined, ['a']])
    expect(tools(buffer, 'pass')).toEqual([['pass']])
  })

  test('holds no question, and a refused call once its repairs are used up', () => {
    const buffer = new TurnBuffer(rule({ maxCalls: 2 }))
    expect(buffer.call(call('ask'), check)).toEqual({ ok: true, text: '42' })
    expect(buffer.call(call('no'), check)).toEqual({ ok: false, text: 'Refused (never): not that' })
    expect(tools(buffer, 'a', 'no')).toEqual([undefined, ['a', 'no']])
    // The next turn has its own repair.
    expect(buffer.call(call('no'), check).decision).toBeUndefined()
  })

  test('comes to its end whatever is called', () => {
    const buffer = new TurnBuffer(rule({ repairs: 2 }))
    expect(tools(buffer, 'no', 'no', 'no', 'no', 'no').map(calls => calls?.length)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      3,
    ])
  })
})
