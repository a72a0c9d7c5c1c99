/** What a seat is told through a bridge is what a model is told that the package asks itself, byte for byte, in every economy. */
import { afterEach, describe, expect, test } from 'vitest'
import { type AnyEnvironment, economies, learnerOf, parseConfig, resolveConfig, Table } from '../../index.ts'
import type { Message } from '../../rollouts/messages.ts'
import {
  type FakeProvider,
  type FakeReply,
  randomCalls,
  type Script,
  startFakeProvider,
} from '../../rollouts/models/fake/index.ts'
import { Models } from '../../rollouts/models/index.ts'
import type { CallRow } from '../../rollouts/player.ts'
import { playersFor } from '../../rollouts/players/index.ts'
import { runRollout } from '../../rollouts/run_rollout.ts'
import { Talk, type TalkView } from '../../rollouts/talk.ts'
import { toyMarket } from '../toy_market/index.ts'

let provider: FakeProvider | undefined
afterEach(() => provider?.close())

/** A model that does everything that can go wrong, in turn: asks, errs, breaks its JSON, calls too much, is silent, plays. */
function faulty(asks: ReadonlySet<string>): Script {
  return request => {
    const { tools, turn } = request
    const questions = tools.filter(({ name }) => asks.has(name))
    const drawn = randomCalls(request)
    const call = drawn.calls?.[0]
    const replies: readonly FakeReply[] = [
      drawn,
      questions.length === 0 ? drawn : randomCalls({ ...request, messages: [], tools: questions }),
      { content: 'Mine.', calls: [{ name: 'steal', arguments: { all: true } }, ...(call === undefined ? [] : [call])] },
      { calls: [{ name: tools[0]!.name, arguments: '{"to": ' }] },
      { reasoning: 'Hm. '.repeat(40), content: 'I would rather talk.' },
      { content: 'All at once.', calls: Array.from({ length: 12 }, () => call ?? { name: tools[0]!.name, arguments: {} }) },
      { content: 'Well …', finish: 'length' },
    ]
    return replies[turn % replies.length]!
  }
}

/** A short game of every economy and of the toy one, with who sits opposite. */
const games: readonly (readonly [string, AnyEnvironment, object, Readonly<Record<string, string>>])[] = [
  ...economies.list().map(({ env }) => {
    const presets = Object.keys(env.presets)
    const config = resolveConfig(env, presets.find(preset => /short|quick/.test(preset)) ?? presets[0]!, {})
    const others = env.seats(config).filter(seat => !seat.resident && !seat.learner)
    return [env.id, env, config, Object.fromEntries(others.map(({ agent }) => [agent, 'random']))] as const
  }),
  [
    'the toy market',
    toyMarket as unknown as AnyEnvironment,
    parseConfig(toyMarket as unknown as AnyEnvironment, {}),
    { trader_1: 'random' },
  ],
]

/** The messages of the talk as a client holds them that appends what it is told and what it says. */
async function throughTalk(talk: Talk, agent: string, seed: number, rows: readonly CallRow[]) {
  const heard: Message[] = []
  const prompts: string[] = []
  let said: TalkView = await talk.reset(seed)
  let rewards = 0
  const take = ({ told, view }: TalkView): void => {
    heard.push(...(told[agent] ?? []))
    rewards += view?.rewards[agent] ?? 0
  }
  take(said)
  for (const { reply, usage } of rows) {
    expect(said.waiting).toEqual([agent])
    prompts.push(JSON.stringify(heard))
    const { content, reasoning_content, tool_calls, finish_reason } = reply
    heard.push({
      role: 'assistant',
      content,
      ...(reasoning_content !== undefined && { reasoning_content }),
      ...(tool_calls.length > 0 && { tool_calls }),
    })
    const thinking = usage.output_reasoning ?? 0
    const units = { thinking, output: usage.output - thinking, source: 'reported' as const }
    said = await talk.say({
      [agent]: { content, reasoning_content: reasoning_content ?? null, tool_calls, finish_reason, units },
    })
    take(said)
  }
  return { prompts, rewards, heard }
}

describe('a bridge and an evaluation', () => {
  test.each(games)('say the same to the same replies: %s', async (_id, env, config, others) => {
    const asks = new Set(Object.entries(env.tools(config)).flatMap(([name, { kind }]) => (kind === 'ask' ? [name] : [])))
    provider = await startFakeProvider({ script: faulty(asks), keep: true })
    const economy = economies.has(env.id) ? economies.get(env.id) : { env, bots: economies.list()[0]!.bots }
    const models = new Models()
    const player = playersFor({ economy, models })
    const agent = learnerOf(env.seats(config))
    const rows: CallRow[] = []
    const lineup = {
      [agent]: models.player(`openai:m@${provider.url}`),
      ...Object.fromEntries(Object.entries(others).map(([seat, name]) => [seat, player(name)])),
    }
    const rollout = await runRollout(
      { env, config, seed: 11, repeat: 0, lineup, evaluated: [agent], example: 11 },
      { record: row => rows.push(row) },
    )
    if (!rollout.ok) throw rollout.error
    // What a server adds to its model's messages is its own.
    const transcript = rollout.transcripts[agent]!.messages.map(({ sampled, message }) => {
      const { provider_state: _, ...said } = message as Message & { provider_state?: unknown }
      return { sampled, message: said as Message }
    })
    const counted = rollout.counters[agent]!
    const { repairs } = env.turn(config, agent)
    expect(Math.min(counted.no_tool_call!, counted.unknown_tools!, counted.malformed_arguments!)).toBeGreaterThan(0)
    if (asks.size > 0) expect(counted.questions).toBeGreaterThan(0)
    if (repairs > 0) expect(counted.repairs).toBeGreaterThan(0)

    const { signal } = new AbortController()
    const context = { key: 'k', signal, recorded: [], record: () => {} }
    const factories = Object.fromEntries(Object.entries(others).map(([seat, name]) => [seat, player(name).policies(context)]))
    const talk = new Talk(new Table(env, { config, opponents: factories, reward: { form: 'score' } }))
    const { prompts, rewards, heard } = await throughTalk(talk, agent, 11, rows)

    // What the model was sent, call by call: what stood in its transcript before its answer.
    const sent = transcript.flatMap(({ sampled }, i) =>
      sampled ? [JSON.stringify(transcript.slice(0, i).map(({ message }) => message))] : [],
    )
    expect(prompts.findIndex((prompt, i) => prompt !== sent[i])).toBe(-1)
    expect(prompts.length).toBe(sent.length)
    expect(JSON.stringify(heard.slice(0, transcript.length))).toBe(JSON.stringify(transcript.map(({ message }) => message)))
    // And what left the process is that, in the dialect's own spelling.
    const words = (messages: readonly Message[]) =>
      messages.flatMap(({ role, content }) => (role === 'assistant' ? [] : [content]))
    expect(words(provider.requests.at(-1)!.messages)).toEqual(words(JSON.parse(prompts.at(-1)!)))

    expect(talk.counters(agent)).toEqual(counted)
    const log = talk.table.log
    expect(log.steps).toEqual(rollout.log.steps)
    expect(log.stop).toBe(rollout.log.stop)
    expect(talk.table.view.scores![agent]).toEqual(rollout.scores[agent])
    expect(rewards).toBeCloseTo(rollout.scores[agent]!.reward, 9)
  })
})
