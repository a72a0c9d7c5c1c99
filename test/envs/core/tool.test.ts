/** The gate, and what is derived from a tool's declaration. */
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  type ActionOf,
  type AnyTypes,
  admit,
  check,
  Episode,
  moves,
  plain,
  toolDocs,
  toolSchema,
  toolsFor,
} from '../../../index.ts'
import { toyMarket, toyTools } from '../../toy_market/index.ts'

const episode = () => new Episode(toyMarket, {}, 1)
const OFFERED = Object.keys(toyTools)
const judge = (call: unknown, offered: readonly string[] = OFFERED) => check(toyTools, offered, episode().state, 'trader_0', call)

describe('the gate', () => {
  test('an allowed call passes with parsed arguments', () => {
    expect(judge({ tool: 'sell', args: { quantity: 2 } })).toEqual({ ok: true, action: { tool: 'sell', args: { quantity: 2 } } })
    expect(judge({ tool: 'wait' })).toMatchObject({ ok: true, action: { tool: 'wait' } })
  })

  test.each([
    [null, 'malformed_call', 'A call is {"tool": name, "args": {…}}, got null.'],
    [{ tool: 7 }, 'malformed_call', '{"tool":7}'],
    [{ tool: 'sel', args: {} }, 'unknown_tool', "Tools: sell, wait, value. Did you mean 'sell'?"],
    [{ tool: 'toString', args: {} }, 'unknown_tool', 'No tool "toString"'],
    [{ tool: '__proto__', args: {} }, 'unknown_tool', 'No tool "__proto__"'],
    [{ tool: 'sell', args: { quantity: '3' } }, 'bad_arguments', 'quantity: Invalid input: expected'],
    [{ tool: 'sell', args: { quantity: 1, qtty: 1 } }, 'bad_arguments', 'qtty'],
    [{ tool: 'sell', args: null }, 'bad_arguments', 'sell:'],
    [{ tool: 'sell', args: '{"quantity": 3' }, 'bad_arguments', 'sell:'],
    [{ tool: 'wait', args: [] }, 'bad_arguments', 'wait:'],
    [{ tool: 'sell', args: { quantity: 50 } }, 'no_grain', 'you have 5 units of grain, 50 are too many'],
    [{ tool: 'value', args: { quantity: 1 } }, 'not_a_move', 'Moves: sell, wait.'],
  ])('%j is refused as %s', (call, code, message) => {
    const judged = judge(call)
    expect(judged.ok).toBe(false)
    if (judged.ok) return
    expect(judged.refusal.code).toBe(code)
    expect(judged.refusal.message).toContain(message)
  })

  test('a tool that is not offered is refused, in the economy’s words where it has some', () => {
    const call = { tool: 'sell', args: { quantity: 1 } }
    expect(judge(call, ['wait'])).toMatchObject({
      refusal: { code: 'not_offered', message: 'sell cannot be called now. You may call: wait.' },
    })
    expect(admit(toyTools, ['wait'], call, tool => ({ code: 'wrong_phase', message: `${tool} comes later` }))).toMatchObject({
      refusal: { code: 'wrong_phase' },
    })
  })

  test('10,000 calls of every shape are judged without a throw and refused with a code and a short message', () => {
    const name = fc.oneof(
      fc.constantFrom(...OFFERED, 'toString', '__proto__', 'constructor', 'hasOwnProperty'),
      fc.string(),
      fc.string({ minLength: 5000, maxLength: 6000 }),
    )
    const amount = fc.oneof(
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1e308, -1, 0, 1.5, '3', null, true),
      fc.anything(),
    )
    const call = fc.oneof(
      fc.anything(),
      fc.record({ tool: name, args: fc.oneof(fc.anything(), fc.record({ quantity: amount })) }),
    )
    let accepted = 0
    fc.assert(
      fc.property(call, given => {
        const judged = judge(plain(given))
        if (judged.ok) accepted++
        else {
          expect(judged.refusal.code).toMatch(/^[a-z_]+$/)
          expect(judged.refusal.message.length).toBeGreaterThan(5)
          expect(judged.refusal.message.length).toBeLessThan(600)
        }
      }),
      { numRuns: 10_000, seed: 1 },
    )
    expect(accepted).toBeGreaterThan(0)
  })
})

test('a model’s schema comes from the declaration: closed, described, without $schema', () => {
  expect(toolSchema('sell', toyTools.sell)).toEqual({
    name: 'sell',
    description: 'Sells grain at the price of this turn.',
    parameters: {
      type: 'object',
      properties: { quantity: { type: 'integer', minimum: 1, maximum: 100, description: 'units of grain to sell' } },
      required: ['quantity'],
      additionalProperties: false,
    },
  })
})

test('the bound of a text that is too long for a server’s grammar stands in its description, and holds all the same', () => {
  const { act } = toolsFor<AnyTypes>()
  const args = z.strictObject({
    title: z.string().max(1999),
    text: z.string().max(2000).describe('the report'),
    notes: z.array(z.strictObject({ note: z.string().max(30_000) })).max(3),
  })
  const tools = { report: act({ description: 'Reports.', args, apply: () => 'ok' }) }
  expect(toolSchema('report', tools.report).parameters.properties).toMatchObject({
    title: { type: 'string', maxLength: 1999 },
    text: { type: 'string', description: 'the report; at most 2000 characters' },
    notes: { maxItems: 3, items: { properties: { note: { type: 'string', description: 'at most 30000 characters' } } } },
  })
  expect(JSON.stringify(toolSchema('report', tools.report)).match(/maxLength/g)).toHaveLength(1)
  const told = (length: number) =>
    admit(tools, ['report'], { tool: 'report', args: { title: '', text: 'x'.repeat(length), notes: [] } })
  expect(told(2000).ok).toBe(true)
  expect(told(2001)).toMatchObject({ ok: false, refusal: { code: 'bad_arguments' } })
})

test('the docs table has a row a tool with types and bounds', () => {
  expect(toolDocs(toyTools).split('\n')).toEqual([
    '| tool | arguments | what it does |',
    '|---|---|---|',
    '| `sell` | `quantity` integer 1…100: units of grain to sell | Sells grain at the price of this turn. |',
    '| `wait` | – | Waits for rain. |',
    '| `value` (ask) | `quantity` integer 1…100: units of grain to sell | What a quantity of grain is worth now. |',
  ])
})

test('a question is answered within the turn and changes nothing', () => {
  const game = episode()
  const before = JSON.stringify(game.state)
  expect(game.check('trader_0', { tool: 'value', args: { quantity: 3 } })).toMatchObject({ ok: true, answer: '30' })
  expect(JSON.stringify(game.state)).toBe(before)
  expect(moves(toyTools, OFFERED)).toEqual(['sell', 'wait'])
})

test('the action type is read off the tools', () => {
  type Action = ActionOf<typeof toyTools>
  expectTypeOf<Action['tool']>().toEqualTypeOf<'sell' | 'wait' | 'value'>()
  expectTypeOf<Extract<Action, { tool: 'sell' }>['args']>().toEqualTypeOf<{ quantity: number }>()
})
