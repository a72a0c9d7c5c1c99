import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { AnyEnvironment, Dealing } from '../../envs/core/environment.ts'
import { Episode } from '../../envs/core/episode.ts'
import { toolsFor } from '../../envs/core/tool.ts'
import { END, Habits, SILENCE, START } from '../../evals/habits.ts'
import { conductOf } from '../../rollouts/conduct.ts'
import { type ToyTypes, toyMarket, toyTools } from '../toy_market/index.ts'

const env = toyMarket as unknown as AnyEnvironment

/** Plays these messages of trader_0, each a list of tools. */
function play(messages: readonly (readonly string[])[], of: AnyEnvironment = env): Episode {
  const episode = new Episode(of, { horizon: messages.length }, 1, { seats: { trader_0: 'bot:a', trader_1: 'bot:b' } })
  for (const tools of messages)
    episode.step({ trader_0: { calls: tools.map(tool => ({ tool, args: tool === 'sell' ? { quantity: 1 } : {} })) } })
  return episode
}

const add = (habits: Habits, log: Episode['log'], of: AnyEnvironment = env): void =>
  habits.add(conductOf(of, log, ['trader_0']).trader_0!)

const follows = (habits: Habits): Record<string, Record<string, number>> =>
  Object.fromEntries([...habits.follows].map(([from, next]) => [from, Object.fromEntries(next)]))

describe('calls in their order', () => {
  test('what follows what is counted over messages, with start, end and silence', () => {
    const habits = new Habits()
    add(habits, play([['sell', 'wait'], [], ['wait']]).log)
    expect(follows(habits)).toEqual({
      [START]: { sell: 1 },
      sell: { wait: 1 },
      wait: { [SILENCE]: 1, [END]: 1 },
      [SILENCE]: { wait: 1 },
    })
  })

  test('first use counts messages from 1 and only rollouts that have one', () => {
    const habits = new Habits()
    add(habits, play([['wait'], ['sell'], ['sell']]).log)
    add(habits, play([['wait'], [], []]).log)
    expect(habits.rollouts).toBe(2)
    expect(habits.firstUse.get('sell')).toMatchObject({ n: 1, mean: 2 })
    expect(habits.firstUse.get('wait')).toMatchObject({ n: 2, mean: 1 })
  })

  test('a tool that does not exist has one name, whatever was called, and refused calls count', () => {
    const habits = new Habits()
    add(habits, play([['toString', 'steal', 'wait']]).log)
    expect(follows(habits)).toEqual({
      [START]: { unknown_tool: 1 },
      unknown_tool: { unknown_tool: 1, wait: 1 },
      wait: { [END]: 1 },
    })
  })

  test('a seat that never acts leaves no trace of calls', () => {
    const habits = new Habits()
    const { log } = new Episode(env, {}, 1)
    add(habits, log)
    expect(habits.follows.size).toBe(0)
    expect(habits.rollouts).toBe(1)
  })
})

test('the length of free text is measured by tool and argument; names, numbers and choices are no text', () => {
  const { act } = toolsFor<ToyTypes>()
  const say = act({
    description: 'Says something.',
    args: z.strictObject({
      content: z.string().max(500).describe('words'),
      to: z.string().max(64).describe('whom'),
      tone: z.enum(['kind', 'harsh']).describe('how'),
    }),
    apply: () => 'Said.',
  })
  const tools = { ...toyTools, say }
  const talking = { ...env, tools: () => tools, offered: () => Object.keys(tools) } as AnyEnvironment
  const habits = new Habits()
  const { log } = play([['wait'], ['wait'], ['wait']], talking)
  const decisions = [{ content: 'hello' }, { content: 'good morning', to: 'trader_1', tone: 'kind' }, { content: 7 }]
  const steps = log.steps.map((record, t) => ({
    ...record,
    decisions: { trader_0: { calls: [{ tool: 'say', args: decisions[t] }] } },
  }))
  add(habits, { ...log, steps }, talking)
  expect([...habits.texts].map(([name, { n, mean }]) => [name, n, mean])).toEqual([['say.content', 2, 8.5]])
})

describe('dealings', () => {
  const dealing = (from: string, to: string, outcome: string): Dealing => ({ t: 0, kind: 'trade', from, to, outcome })
  const trading: AnyEnvironment = {
    ...env,
    facts: {
      kinds: () => ({ trader_1: 'honest' }),
      dealings: () => [
        dealing('trader_1', 'trader_0', 'offered'),
        dealing('trader_1', 'trader_0', 'accepted'),
        dealing('trader_0', 'trader_1', 'offered'),
        dealing('trader_0', 'trader_2', 'offered'),
        dealing('trader_2', 'trader_1', 'offered'),
      ],
    },
  }

  test('they are counted by side, kind of partner and outcome, and others’ are left out', () => {
    const habits = new Habits()
    const three = { ...trading, seats: () => ['trader_0', 'trader_1', 'trader_2'].map(agent => ({ agent, role: 'trader' })) }
    const episode = new Episode(three, { traders: 3 }, 1, { seats: { trader_0: 'bot:a', trader_1: 'bot:b', trader_2: 'bot:c' } })
    add(habits, episode.log, three)
    const counts = [...habits.dealings.values()].map(({ side, partner, outcome, moments }) => [
      side,
      partner,
      outcome,
      moments.mean,
    ])
    expect(counts).toEqual([
      ['received', 'honest', 'offered', 1],
      ['received', 'honest', 'accepted', 1],
      ['made', 'honest', 'offered', 1],
      ['made', 'bot:c', 'offered', 1],
    ])
    expect(habits.partners).toMatchObject({ n: 1, mean: 2 })
    expect(habits.favourite).toMatchObject({ n: 1, mean: 0.75 })
  })
})
