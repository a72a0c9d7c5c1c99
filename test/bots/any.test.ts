/** The bots of any economy: what they may call, and whose chance they take. */
import { expect, test } from 'vitest'
import { z } from 'zod'
import { anyBots } from '../../bots/index.ts'
import { type Decision, stream } from '../../index.ts'

const args = z.strictObject({ of: z.string() })
/** A market of goods: what is bought is seen, what is sold is not known, and waiting needs nothing. */
const tools = {
  buy: { kind: 'act', args, candidates: ({ goods }: { goods: string[] }) => goods.map(of => ({ of })) },
  sell: { kind: 'act', args },
  wait: { kind: 'act', args: z.strictObject({}) },
  look: { kind: 'ask', args: z.strictObject({}) },
}
const refuses = (...refused: string[]) => ({
  check: ({ tool, args }: { tool: string; args: { of?: string } }) => ({ ok: !refused.includes(args.of ?? tool) }),
})
function calls(name: string, turn: object = {}, draws = 400): string[] {
  const policy = anyBots[name]!.factory({ env: { tools: () => tools }, config: {} } as never)
  return Array.from({ length: draws }, (_, draw) => {
    const usual = {
      observation: { goods: ['corn', 'salt'] },
      offered: Object.keys(tools),
      random: stream(draw, 'seat'),
      ...refuses(),
    }
    const decision = policy.act({ ...usual, ...turn } as never) as Decision
    return (decision.calls as { tool: string; args: { of?: string } }[])
      .map(({ tool, args }) => [tool, args.of].join(' ').trim())
      .join(', ')
  })
}
const share = (made: readonly string[], what: string) => made.filter(call => call === what).length / made.length

test('random legal draws a move, then one of what it knows to do with it; never a question, nor what it knows no arguments of', () => {
  const made = calls('random_legal')
  expect(new Set(made)).toEqual(new Set(['wait', 'buy corn', 'buy salt']))
  expect(share(made, 'wait')).toBeCloseTo(1 / 2, 1)
  expect(share(made, 'buy salt')).toBeCloseTo(1 / 4, 1)
})

test('of what is offered alone, and of what the gate lets pass, else it is silent', () => {
  expect(new Set(calls('random_legal', { offered: ['buy'] }, 40))).toEqual(new Set(['buy corn', 'buy salt']))
  expect(new Set(calls('random_legal', refuses('corn', 'wait'), 40))).toEqual(new Set(['buy salt']))
  expect(new Set(calls('random_legal', refuses('corn', 'salt'), 40))).toEqual(new Set(['wait']))
  for (const turn of [refuses('corn', 'salt', 'wait'), { offered: ['sell', 'look'] }, { offered: [] }])
    expect(new Set(calls('random_legal', turn, 10))).toEqual(new Set(['']))
  // Where a server makes up the tools of a turn they are the ones.
  expect(new Set(calls('random_legal', { tools: { look: tools.wait } }, 10))).toEqual(new Set(['look']))
})

test('by its own chance, the same each time', () => {
  expect(calls('random_legal')).toEqual(calls('random_legal'))
  expect(new Set(calls('random_legal', { random: { pick: <T>(of: readonly T[]): T => of[0]! } }, 5))).toEqual(
    new Set(['buy corn']),
  )
})

test('silence is silent, whatever is offered', () => {
  expect(new Set(calls('passive', {}, 5))).toEqual(new Set(['']))
})
