/** The messages that a model in a scripted seat would have had. */
import { describe, expect, test } from 'vitest'
import { anyBots, Episode, economies, resolveConfig } from '../../index.ts'
import { rolloutLines } from '../../rollouts/lines.ts'
import { seat } from '../../rollouts/lineup.ts'
import type { Transcript } from '../../rollouts/messages.ts'
import type { Player } from '../../rollouts/player.ts'
import { playersFor } from '../../rollouts/players/index.ts'
import { figuresIn } from '../../rollouts/record.ts'
import { runRollout } from '../../rollouts/run_rollout.ts'
import { traceNodes } from '../../rollouts/trace_rows.ts'
import { transcribe } from '../../rollouts/transcript.ts'
import { passive, random, shortConfig, toy, toySpec } from './table.ts'

test('are the rules, each observation, each decision as calls, each result', () => {
  const episode = new Episode(toy, shortConfig, 1)
  const calls = [
    { tool: 'sell', args: { quantity: 2 } },
    { tool: 'sell', args: { quantity: 99 } },
  ]
  episode.step({ trader_0: { calls } })
  episode.step({ trader_0: { calls: [] }, trader_1: { calls: [null as never] } })
  const { trader_0, trader_1 } = transcribe(toy, episode.log, ['trader_0', 'trader_1'])
  const grain = (episode.log.steps[0]!.events.at(-1) as { grain: number[] }).grain[0]!
  expect(trader_0!.messages.map(({ message, t, sampled }) => ({ ...message, t, sampled }))).toEqual([
    { role: 'system', content: toy.rules(shortConfig, 'trader_0'), t: 0, sampled: false },
    { role: 'user', content: 'Turn 0. The price is 10. You have 5 units of grain.', t: 0, sampled: false },
    {
      role: 'assistant',
      content: '',
      tool_calls: [
        { id: 'call_0_0', name: 'sell', arguments: '{"quantity":2}' },
        { id: 'call_0_1', name: 'sell', arguments: '{"quantity":99}' },
      ],
      t: 0,
      sampled: true,
    },
    { role: 'tool', tool_call_id: 'call_0_0', name: 'sell', content: 'Sold 2 for 20.', t: 0, sampled: false },
    {
      role: 'tool',
      tool_call_id: 'call_0_1',
      name: 'sell',
      content: 'Refused (no_grain): sell: you have 3 units of grain, 99 are too many',
      t: 0,
      sampled: false,
    },
    { role: 'user', content: `Turn 1. The price is 9. You have ${3 + grain} units of grain.`, t: 1, sampled: false },
    { role: 'assistant', content: '', t: 1, sampled: true },
  ])
  expect(trader_0!.tools.map(({ name }) => name)).toEqual(['sell', 'wait', 'value'])
  // What is no call at all is shown as it came.
  expect(trader_1!.messages.at(-2)!.message).toMatchObject({ tool_calls: [{ id: 'call_1_0', name: 'null', arguments: '{}' }] })
})

test('are the same whether written down as it plays or made from the log', () => {
  for (const economy of [{ env: toy, bots: anyBots }, ...economies.list()]) {
    const { env } = economy
    const config = resolveConfig(env, undefined)
    const player = playersFor({ economy })('random')
    const seated = seat(env, config, { learner: player, fixed: {}, opponents: [{ player, count: 1 }], exact: false })
    const rollout = runRollout({ env, config, seed: 2, repeat: 0, example: 2, ...seated }, { transcripts: true })
    if (rollout instanceof Promise || !rollout.ok) throw new Error('expected a rollout at once')
    expect(rollout.transcripts).toEqual(transcribe(env, rollout.log, seated.evaluated))
  }
})

describe('token ids on nodes', () => {
  const said = (prompt: number[], answer: number[]): Transcript['messages'] => [
    { message: { role: 'user', content: 'q' }, t: 0, sampled: false },
    {
      message: { role: 'assistant', content: 'a' },
      t: 0,
      sampled: true,
      prompt_token_ids: prompt,
      token_ids: answer,
      logprobs: [-1],
    },
  ]
  const nodes = (messages: Transcript['messages']) => traceNodes({ source: 'model', tools: [], messages })

  test('join to the prompts and answers along the chain', () => {
    const chain = nodes([...said([1, 2], [3]), ...said([1, 2, 3, 4], [5])])
    expect(chain.flatMap(({ token_ids }) => token_ids)).toEqual([1, 2, 3, 4, 5])
    expect(chain.flatMap(({ mask }) => mask)).toEqual([0, 0, 1, 0, 1])
    expect(chain.map(({ parent }) => parent)).toEqual([undefined, 0, 1, 2])
    expect(chain[1]!.logprobs).toEqual([-1])
  })

  test('stand on answers only once a prompt does not go on from what was said', () => {
    const chain = nodes([...said([1, 2], [3]), ...said([1, 9], [5]), ...said([1, 9, 5, 6], [7])])
    expect(chain.map(({ token_ids }) => token_ids)).toEqual([[1, 2], [3], undefined, [5], undefined, [7]])
  })

  test('are absent where the server gave none', () => {
    const [, answer] = said([], [])
    const { token_ids: _, prompt_token_ids: __, logprobs: ___, ...plain } = answer!
    expect(nodes([plain])).toEqual([{ message: { role: 'assistant', content: 'a' }, sampled: true }])
  })
})

test('are marked as the words of whoever sat there, also where they are made from the log', () => {
  const person: Player = { ...passive, kind: 'human' }
  const rollout = runRollout(toySpec({ config: shortConfig, evaluated: ['trader_0', 'trader_1'] }, random, person))
  if (rollout instanceof Promise || !rollout.ok) throw new Error('expected a rollout at once')
  const rows = figuresIn(rolloutLines(rollout).figures).rows.map(({ info }) => info)
  expect(rows.map(({ seat: own, transcript }) => [own, transcript])).toEqual([
    ['trader_0', 'scripted'],
    ['trader_1', 'human'],
  ])
})
