// agoragym/connect: a protocol of one's own. Its server is in this process and asks each seat three times for a price; a real adapter
// would speak to somebody's.
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'agoragym'
import { anyBots } from 'agoragym/bots'
import { type Adapter, type Ask, connectedRun, type Server } from 'agoragym/connect'
import { playersFor } from 'agoragym/rollouts'

const price = {
  kind: 'act' as const,
  description: 'Names your price.',
  args: z.strictObject({ price: z.int().min(1).max(9).describe('points') }),
  candidates: () => [{ price: 3 }, { price: 7 }],
}
const env: Server['economy']['env'] = {
  id: 'price_desk',
  summary: 'Name a price, three times.',
  seats: () => [{ agent: 'seller', role: 'seller', learner: true }],
  tools: () => ({ price }),
  turn: () => ({ maxCalls: 1, repairs: 1, onSilence: 'pass' }),
  rules: () => 'Name a price from 1 to 9 whenever you are asked.',
  render: ({ round }) => `Round ${round} of 3.`,
}

const adapter: Adapter = {
  id: 'desk',
  async open({ seat }, wire) {
    let ended = (): void => {}
    let earned = 0
    return {
      env,
      config: {},
      seat: { agent: `seller_${seat}`, role: 'seller' },
      identity: `seller ${seat}`,
      resume: { seat },
      async *events() {
        for (let round = 1; round <= 3; round++) {
          const ask: Ask = {
            id: `${round}`,
            t: round - 1,
            observation: { round },
            offered: ['price'],
            check: call => {
              const { tool, args } = call as { tool: string; args: unknown }
              const parsed = price.args.safeParse(args)
              return parsed.success
                ? { ok: true, action: { tool, args: parsed.data } }
                : { ok: false, tool, refusal: { code: 'bad_arguments', message: 'A price is an integer from 1 to 9.' } }
            },
            deadline: Date.now() + 60_000,
            repeatable: false,
            fallback: 'No price is a price of 1.',
          }
          const over = new Promise<void>(resolve => {
            ended = resolve
          })
          yield { kind: 'due', ask }
          await over
        }
        yield { kind: 'over', result: { reward: earned, stop: 'finished', metrics: { earned }, info: {} } }
      },
      async send(_ask, call) {
        wire('out', { call })
        earned += (call.args as { price: number }).price
        return { ok: true, text: 'Noted.' }
      },
      reconcile: async () => 'closed',
      ended: () => ended(),
      close: () => {},
    }
  },
}

const economy = { env, bots: anyBots }
const host = async (id: string) => ({ id, adapter })
const folder = mkdtempSync(join(tmpdir(), 'agoragym-'))
const { sessions } = await connectedRun({
  server: {
    protocol: 'desk',
    address: 'memory',
    economy,
    facts: {},
    begin: repeat => host(`day_${repeat}`),
    again: known => host(known.id),
  },
  seats: { 1: playersFor({ economy })('random') },
  folder,
  repeats: 2,
  concurrency: 1,
  resume: false,
  signal: new AbortController().signal,
})
for (const { id, outcomes } of sessions) console.log(id, outcomes[0]?.result?.reward)
console.log(readFileSync(join(folder, 'decisions.jsonl'), 'utf8').split('\n').length - 1, 'decisions')
