/** A player needs its half of the contract alone: it plays where the world runs elsewhere. */
import { expect, test } from 'vitest'
import { randomLegal } from '../../../bots/any/random_legal.ts'
import { type AnyTypes, Episode, type Playable, type PlayerTools } from '../../../index.ts'
import { Models } from '../../../rollouts/models/index.ts'
import { startFakeProvider } from '../../../testing.ts'
import { type ToyTypes, toyMarket } from '../../toy_market/index.ts'

/** What somebody's server tells of the toy market: no engine, and tools that say nothing of what they do. */
function remote(): Playable<ToyTypes> {
  const { id, summary, seats, turn, rules, render } = toyMarket
  const tools = Object.fromEntries(
    Object.entries(toyMarket.tools({ traders: 2, horizon: 3 })).map(([name, tool]) => {
      const { apply: _, refuse: __, ...face } = tool as typeof tool & { apply?: unknown; refuse?: unknown }
      return [name, face]
    }),
  ) as PlayerTools<ToyTypes>
  return { id, summary, seats, turn, rules, render, tools: () => tools }
}

const context = () => {
  const env = remote() as Playable<AnyTypes>
  const config = { traders: 2, horizon: 3 }
  return { env, config, seat: env.seats(config)[0]!, repeat: 0 }
}

test('a bot for any economy plays it', () => {
  const world = new Episode(toyMarket, { traders: 2, horizon: 3 }, 4)
  const policy = randomLegal(context())
  while (!world.over) expect(world.step({ trader_0: policy.act(world.turn('trader_0')) as never }).refused).toEqual([])
})

test('so does a model, whose transcript has the rules and the tools', async () => {
  const provider = await startFakeProvider({ script: () => ({ content: '', calls: [{ name: 'wait', arguments: {} }] }) })
  try {
    const rollout = { key: 'k', signal: new AbortController().signal, recorded: [], record: () => {} }
    const models = new Models({})
    const policy = models.player(`openai:m@${provider.url}`).policies(rollout)(context())
    const world = new Episode(toyMarket, { traders: 2, horizon: 3 }, 4)
    while (!world.over) world.step({ trader_0: await policy.act(world.turn('trader_0')) })
    expect(world.log.steps.map(({ decisions }) => decisions.trader_0!.calls[0]?.tool)).toEqual(['wait', 'wait', 'wait'])
    const { messages, tools } = (policy as unknown as { transcript(): { messages: unknown[]; tools: unknown[] } }).transcript()
    expect(JSON.stringify(messages[0])).toContain('You trade grain for 3 turns')
    expect(tools).toHaveLength(3)
  } finally {
    await provider.close()
  }
})
