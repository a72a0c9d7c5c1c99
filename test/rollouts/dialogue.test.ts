/** Turns that a server makes up as it goes: tools of their own, and decisions that nobody waits for any longer. */
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import type { AnyTypes, Turn } from '../../index.ts'
import { Dialogue, openTerminal } from '../../rollouts.ts'
import { toyMarket, toyTools } from '../toy_market/index.ts'

const config = { traders: 1, horizon: 3 }
const observation = { shared: { t: 0, price: 10, cash: [0] }, agent: 'trader_0', grain: 5 }
const turn = (more: Partial<Turn<AnyTypes>> = {}): Turn<AnyTypes> => ({
  agent: 'trader_0',
  t: 0,
  observation,
  offered: Object.keys(toyTools),
  results: [],
  random: undefined as never,
  repeat: 0,
  check: () => ({ ok: true, action: { tool: 'wait', args: {} } }),
  ...more,
})
const dialogue = () => new Dialogue({ env: toyMarket, config, seat: { agent: 'trader_0', role: 'trader' }, repeat: 0 })
const names = ({ tools }: Dialogue): string[] => tools.map(({ name }) => name)

test('a turn with tools of its own offers those, and the next without them the economy’s again', () => {
  const spoken = dialogue()
  spoken.open(turn({ tools: { wait: toyTools.wait }, offered: ['wait'] }))
  expect(names(spoken)).toEqual(['wait'])
  expect(spoken.messages().at(-1)!.content).not.toContain('You may call now')
  spoken.open(turn())
  expect(names(spoken)).toEqual(['sell', 'wait', 'value'])
})

test('a decision that was not waited for is told at the next turn; one that was merely not heard yet is not', () => {
  const spoken = dialogue()
  spoken.open(turn({ signal: AbortSignal.abort() }))
  spoken.open(turn())
  expect(spoken.messages().at(-1)!.content).toMatch(
    /^You had not decided when the time was up: your turn was passed\.\n\nTurn 0\./,
  )
  spoken.open(turn())
  expect(spoken.messages().at(-1)!.content).toMatch(/^Turn 0\./)
})

test('a person’s line answers the question that is open, not one that was given up', async () => {
  const input = new Readable({ read() {} })
  const { terminal, close } = openTerminal({ input: () => input, write: () => {}, echoes: false })
  const given = new AbortController()
  const first = terminal.ask('first? ', given.signal)
  given.abort(new Error('too late'))
  await expect(first).rejects.toThrow('too late')
  // Typed before the next question is put, it waits for that.
  input.push('mine\n')
  await new Promise(resolve => setImmediate(resolve))
  expect(await terminal.ask('second? ')).toBe('mine')
  close()
})
