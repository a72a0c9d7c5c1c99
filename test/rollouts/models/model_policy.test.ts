/** How a model plays, on the toy economy against the local provider: what it is told, and what becomes of what it says. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { Episode, type EpisodeLog } from '../../../index.ts'
import type { Message } from '../../../rollouts/messages.ts'
import {
  type FakeProvider,
  type FakeProviderOptions,
  type FakeReply,
  startFakeProvider,
} from '../../../rollouts/models/fake/index.ts'
import { costRange, Models, type ModelsOptions } from '../../../rollouts/models/index.ts'
import type { Clock } from '../../../rollouts/models/retry.ts'
import { type CallRow, ProviderError, type TranscribedPolicy } from '../../../rollouts/player.ts'
import { type ToyTypes, toyMarket } from '../../toy_market/index.ts'

let provider: FakeProvider | undefined
afterEach(() => provider?.close())

interface Played {
  readonly log: EpisodeLog<ToyTypes>
  readonly rows: readonly CallRow[]
  readonly policy: TranscribedPolicy
}

interface Game extends ModelsOptions {
  readonly horizon?: number
  readonly env?: never
  readonly economy?: Partial<typeof toyMarket>
  readonly recorded?: readonly CallRow[]
}

/** One model alone on the market. */
async function play(fake: FakeProviderOptions, { horizon = 2, economy, recorded = [], ...options }: Game = {}): Promise<Played> {
  await provider?.close()
  provider = await startFakeProvider(fake)
  const player = new Models(options).player(`openai:m@${provider.url}`)
  const env = { ...toyMarket, ...economy }
  const episode = new Episode(env, { traders: 1, horizon }, 3)
  const rows: CallRow[] = []
  const { signal } = new AbortController()
  const make = player.policies({ key: 'k', signal, recorded, record: row => rows.push(row) })
  const policy = make({ env: env as never, config: episode.config, seat: { agent: 'trader_0', role: 'trader' }, repeat: 0 })
  while (!episode.over) episode.step({ trader_0: await policy.act(episode.turn('trader_0', signal)) })
  return { log: episode.log, rows, policy: policy as TranscribedPolicy }
}

/** A model in its seat, of a game that has begun. */
async function seated(fake: FakeProviderOptions) {
  await provider?.close()
  provider = await startFakeProvider(fake)
  const rollout = new AbortController()
  const episode = new Episode(toyMarket, { traders: 1, horizon: 2 }, 3)
  const make = new Models()
    .player(`openai:m@${provider.url}`)
    .policies({ key: 'k', signal: rollout.signal, recorded: [], record: () => {} })
  const seat = { agent: 'trader_0', role: 'trader' }
  return { policy: make({ env: toyMarket as never, config: episode.config, seat, repeat: 0 }), episode, rollout }
}

/** A script that gives these replies in turn; the last one from then on. */
const saying =
  (...replies: FakeReply[]) =>
  ({ turn }: { turn: number }): FakeReply =>
    replies[Math.min(turn, replies.length - 1)]!

const sell = (quantity: unknown) => ({ name: 'sell', arguments: { quantity } })
const wait = { calls: [{ name: 'wait', arguments: {} }] }
const roles = (messages: readonly Message[]): string => messages.map(({ role }) => role[0]).join('')
const sent = (i: number): readonly Message[] => provider!.requests[i]!.messages

describe('what a model is told', () => {
  test('the rules first, then each turn: what came of its calls, what it sees', async () => {
    await play({ script: saying({ calls: [sell(2), sell(1)] }) }, { horizon: 3 })
    expect(sent(2).map(message => [message.role, message.content])).toEqual([
      ['system', expect.stringContaining('You trade grain for 3 turns')],
      ['user', 'Turn 0. The price is 10. You have 5 units of grain.'],
      ['assistant', ''],
      ['tool', 'Sold 2 for 20.'],
      ['tool', 'Sold 1 for 10.'],
      ['user', expect.stringMatching(/^Turn 1\./)],
      ['assistant', ''],
      ['tool', 'Sold 2 for 18.'],
      ['tool', expect.stringMatching(/Sold 1|Refused/)],
      ['user', expect.stringMatching(/^Turn 2\./)],
    ])
    expect(provider!.requests[0]!.tools.map(({ name }) => name)).toEqual(['sell', 'wait', 'value'])
  })

  test('each result under the id of its own call, however many a message has', async () => {
    await play({ script: saying({ calls: [{ name: 'wait', arguments: {} }, sell(2)] }) })
    const messages = sent(1)
    const said = messages.find(({ role }) => role === 'assistant') as Message & { role: 'assistant' }
    const results = new Map(messages.flatMap(each => (each.role === 'tool' ? [[each.tool_call_id, each.content]] : [])))
    expect(said.tool_calls!.map(({ id, name }) => [name, results.get(id)])).toEqual([
      ['wait', 'You wait.'],
      ['sell', 'Sold 2 for 20.'],
    ])
  })

  test('history only grows, so that everything said before is read from the cache', async () => {
    await play({ script: saying(wait) }, { horizon: 4 })
    for (let i = 1; i < 4; i++) expect(sent(i).slice(0, sent(i - 1).length)).toEqual(sent(i - 1))
  })

  test('a shorter history keeps whole turns, and none at all tells the results in words', async () => {
    await play({ script: saying(wait) }, { horizon: 4, history: 1 })
    expect([0, 1, 2, 3].map(i => roles(sent(i)))).toEqual(['su', 'suatu', 'suatu', 'suatu'])
    expect(sent(3)[1]!.content).toContain('Turn 2.')
    await play({ script: () => wait }, { horizon: 3, history: 0 })
    expect([0, 1, 2].map(i => roles(sent(i)))).toEqual(['su', 'su', 'su'])
    expect(sent(2)[1]!.content).toMatch(/^Result of wait: You wait\.\n\nTurn 2\./)
  })

  test('a persona follows the rules, a seat’s own before the one for all', async () => {
    const persona = (text: string) => ({ name: 'p', text, digest: '' })
    await play({ script: saying(wait) }, { personas: { all: persona('Be kind.'), seats: {} } })
    expect(sent(0)[0]!.content).toMatch(/You trade grain.*\n\nBe kind\.$/s)
    await play({ script: saying(wait) }, { personas: { all: persona('Be kind.'), seats: { trader_0: persona('Be quick.') } } })
    expect(sent(0)[0]!.content).toMatch(/\n\nBe quick\.$/)
  })

  test('tools that may not be called now stay declared and are named as such', async () => {
    await play({ script: saying(wait) }, { economy: { offered: () => ['wait'] } })
    expect(provider!.requests[0]!.tools).toHaveLength(3)
    expect(sent(0)[1]!.content).toMatch(/\n\nYou may call now: wait\.$/)
  })
})

describe('what becomes of what a model says', () => {
  const norepair = { turn: () => ({ maxCalls: 2, repairs: 0, onSilence: 'pass' as const }) }

  test.each<[string, FakeReply, string, object]>([
    [
      'arguments that are no JSON',
      { calls: [{ name: 'sell', arguments: '{"quantity": 2' }] },
      'bad_arguments',
      { malformed_arguments: 2 },
    ],
    ['arguments of another shape', { calls: [sell('many')] }, 'bad_arguments', { malformed_arguments: 0 }],
    ['a tool that does not exist', { calls: [{ name: 'steal', arguments: {} }] }, 'unknown_tool', { unknown_tools: 2 }],
    ['a call that is not allowed', { calls: [sell(50)] }, 'no_grain', {}],
    ['more calls than a message has', { calls: [sell(1), sell(1), sell(1)] }, 'too_many_calls', {}],
  ])('%s: refused, recorded, told', async (_name, reply, code, counters) => {
    const { log, policy } = await play({ script: saying(reply) }, { economy: norepair })
    expect(log.steps[0]!.refused.at(-1)).toMatchObject({ agent: 'trader_0', code })
    expect(sent(1).findLast(({ role }) => role === 'tool')!.content).toContain(`Refused (${code})`)
    expect(policy.counters!()).toMatchObject(counters)
  })

  test('no arguments at all are empty arguments', async () => {
    const { log } = await play({ script: saying({ calls: [{ name: 'wait', arguments: '' }] }) })
    expect(log.steps[0]!.results.trader_0).toEqual([{ ok: true, text: 'You wait.' }])
  })

  test('a refused call is given back as often as the economy says, then it counts', async () => {
    const mended = await play({ script: saying({ calls: [sell(1), sell(50)] }, { calls: [sell(5)] }) }, { horizon: 1 })
    expect(mended.log.steps[0]!.decisions.trader_0!.calls).toEqual([{ tool: 'sell', args: { quantity: 5 } }])
    expect(mended.log.steps[0]!.refused).toEqual([])
    expect(
      sent(1)
        .slice(3)
        .map(({ content }) => content),
    ).toEqual([expect.stringContaining('another call of the message was refused'), expect.stringContaining('Refused (no_grain)')])
    expect(mended.policy.counters!()).toMatchObject({ calls: 2, repairs: 1 })

    const stubborn = await play({ script: saying({ calls: [sell(50)] }) }, { horizon: 1 })
    expect(stubborn.log.steps[0]!.refused).toMatchObject([{ code: 'no_grain' }])
    expect(stubborn.policy.counters!()).toMatchObject({ calls: 2, repairs: 1 })
  })

  test('a refusal of a call beyond the limit of a message is no reason to give the message back', async () => {
    const turn = () => ({ maxCalls: 1, repairs: 1, onSilence: 'pass' as const })
    const { rows, log } = await play({ script: saying({ calls: [sell(1), sell(50)] }) }, { horizon: 1, economy: { turn } })
    expect(rows).toHaveLength(1)
    expect(log.steps[0]!.decisions.trader_0!.calls).toHaveLength(2)
  })

  test('questions are answered within the turn, also beside a move', async () => {
    const ask = { name: 'value', arguments: { quantity: 3 } }
    const { log, policy } = await play({ script: saying({ calls: [ask] }, { calls: [ask, sell(3)] }, wait) })
    expect(log.steps[0]!.decisions.trader_0!.calls).toEqual([{ tool: 'sell', args: { quantity: 3 } }])
    expect(sent(1).at(-1)).toMatchObject({ role: 'tool', content: '30' })
    expect(roles(sent(2))).toBe('suatattu')
    expect(policy.counters!()).toMatchObject({ questions: 2, calls: 3 })
  })

  test('a model that only asks is silent in the end', async () => {
    const { log, policy } = await play(
      { script: () => ({ calls: [{ name: 'value', arguments: { quantity: 1 } }] }) },
      { horizon: 1 },
    )
    expect(log.steps[0]!.decisions.trader_0!.calls).toEqual([])
    expect(policy.counters!()).toMatchObject({ questions: 8, no_tool_call: 1 })
  })

  test.each([
    ['an answer cut off', { content: 'Let me', finish: 'length' }, { length_stops: 1, no_tool_call: 1 }],
    ['a refusal to play', { content: 'No.', finish: 'refusal' }, { refusals: 1, no_tool_call: 1 }],
    ['an empty answer', {}, { no_tool_call: 1 }],
  ] as const)('%s is silence, and counted', async (_name, reply, counters) => {
    const { log, policy } = await play({ script: saying(reply) }, { horizon: 1 })
    expect(log.steps[0]!.decisions.trader_0!.calls).toEqual([])
    expect(policy.counters!()).toMatchObject(counters)
  })
})

describe('a message without a tool call', () => {
  const words = { content: 'I would rather talk.' }

  test.each<[string, FakeReply, RegExp]>([
    ['words', words, /^You called no tool: your turn was passed\./],
    ['nothing', {}, /^You called no tool: your turn was passed\./],
    [
      'an answer cut off',
      { content: 'Let me', finish: 'length' },
      /^Your answer was cut off by its length before it called a tool/,
    ],
    ['a refusal', { content: 'No.', finish: 'refusal' }, /^You called no tool: your turn was passed\./],
  ])('of %s is told for what it was, once', async (_what, reply, told) => {
    await play({ script: saying(reply, wait) }, { horizon: 3 })
    const users = (i: number) => sent(i).filter(({ role }) => role === 'user')
    expect(users(1).at(-1)!.content).toMatch(told)
    expect(users(2).at(-1)!.content).toMatch(/^Turn 2\./)
  })

  test('is a pass where the economy says so, and the model is told', async () => {
    const { log } = await play({ script: saying(words, wait) })
    expect(log.steps.map(({ decisions }) => decisions.trader_0!.calls.length)).toEqual([0, 1])
    expect(sent(1).at(-1)!.content).toMatch(/^You called no tool: your turn was passed\.\n\nTurn 1\./)
  })

  test('is asked about again, twice, where nudging was chosen', async () => {
    const heard = await play({ script: saying(words, wait) }, { horizon: 1, noToolCall: 'nudge' })
    expect(heard.log.steps[0]!.results.trader_0).toEqual([{ ok: true, text: 'You wait.' }])
    expect(sent(1).at(-1)!.content).toBe('You called no tool. Call one of: sell, wait, value.')
    const deaf = await play({ script: saying(words) }, { horizon: 1, noToolCall: 'nudge' })
    expect(deaf.rows).toHaveLength(3)
    expect(deaf.policy.counters!()).toMatchObject({ nudges: 2, no_tool_call: 1 })
  })

  test('passes by a move of the economy’s where its silence would end the game and passing was chosen', async () => {
    const turn = () => ({ maxCalls: 2, repairs: 1, onSilence: 'stop' as const, passTool: 'wait' })
    const { log } = await play({ script: saying(words) }, { horizon: 2, economy: { turn }, noToolCall: 'pass' })
    expect(log.steps.map(({ decisions }) => decisions.trader_0!.calls)).toEqual([
      [{ tool: 'wait', args: {} }],
      [{ tool: 'wait', args: {} }],
    ])
    expect(sent(1).map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user'])
  })

  test('is the last word where stopping was chosen or is the economy’s own way', async () => {
    const chosen = await play({ script: saying(words) }, { horizon: 4, noToolCall: 'stop' })
    expect(chosen.rows).toHaveLength(1)
    expect(chosen.log.steps).toHaveLength(4)
    const turn = () => ({ maxCalls: 2, repairs: 1, onSilence: 'stop' as const })
    expect((await play({ script: saying(words) }, { horizon: 4, economy: { turn } })).rows).toHaveLength(1)
  })
})

describe('units', () => {
  test('are the tokens of all calls of the message, the reasoning apart', async () => {
    const reply = { reasoning: 'r'.repeat(40), calls: [sell(50)] }
    const { log, rows } = await play({ script: saying(reply) }, { horizon: 1 })
    expect(rows).toHaveLength(2)
    const output = rows[0]!.usage.output - 10
    expect(log.steps[0]!.decisions.trader_0!.units).toEqual({ thinking: 20, output: 2 * output, source: 'reported' })
  })
})

describe('going on inside an episode', () => {
  const script = ({ random, turn }: { random: { int(a: number, b: number): number }; turn: number }): FakeReply => ({
    content: `turn ${turn}`,
    calls: [sell(random.int(1, 2))],
  })

  test('recorded answers are played again, and only what comes after them is asked', async () => {
    const whole = await play({ script }, { horizon: 4 })
    for (let kept = 0; kept <= whole.rows.length; kept++) {
      const again = await play({ script }, { horizon: 4, recorded: whole.rows.slice(0, kept) })
      expect(again.log).toEqual(whole.log)
      expect(again.rows.map(({ call }) => call)).toEqual(whole.rows.slice(kept).map(({ call }) => call))
      expect(provider!.requests).toHaveLength(whole.rows.length - kept)
      expect(again.policy.transcript()).toEqual(whole.policy.transcript())
    }
  })

  test('an answer to another request is not played, nor is any after it', async () => {
    const whole = await play({ script }, { horizon: 3 })
    const other = whole.rows.map((row, i) => (i === 1 ? { ...row, request: 'another' } : row))
    const again = await play({ script }, { horizon: 3, recorded: other })
    expect(again.log).toEqual(whole.log)
    expect(again.rows.map(({ call }) => call)).toEqual(whole.rows.slice(1).map(({ call }) => call))
  })
})

describe('a call under way', () => {
  const hanging: FakeProviderOptions = { script: () => wait, fault: () => 'hung' }
  /** A model whose call hangs, and how it can be given up. */
  async function hung(own: boolean) {
    const { policy, episode, rollout } = await seated(hanging)
    const turn = new AbortController()
    const acting = policy.act(episode.turn('trader_0', own ? turn.signal : rollout.signal)) as Promise<unknown>
    acting.catch(() => {})
    while (provider!.counts.hung !== 1) await new Promise(setImmediate)
    return { acting, turn, rollout }
  }

  test('ends with the rollout that it belongs to, whether its turn may be given up alone or not', async () => {
    for (const own of [true, false]) {
      const { acting, rollout } = await hung(own)
      rollout.abort(new Error('enough'))
      await expect(acting).rejects.toThrow('enough')
    }
  })

  test('ends with its turn, where that is given up alone', async () => {
    const { acting, turn } = await hung(true)
    turn.abort(new Error('too late'))
    await expect(acting).rejects.toThrow('too late')
  })

  test('is not begun once its rollout or its turn is over', async () => {
    for (const own of [true, false]) {
      const { policy, episode, rollout } = await seated(hanging)
      const turn = AbortSignal.abort(new Error('over'))
      if (!own) rollout.abort(new Error('over'))
      await expect(policy.act(episode.turn('trader_0', own ? turn : rollout.signal))).rejects.toThrow('over')
      expect(provider!.requests).toEqual([])
    }
  })
})

describe('what a run would take', () => {
  /** What is measured of a seat that nobody asks for anything. */
  async function measured(options: ModelsOptions, horizon = 3) {
    const models = new Models({ prices: () => ({ 'openai:m': { input: 2, output: 8 } }), ...options })
    const player = models.player('openai:m')
    const { name, kind, details, policies } = models.measuring(player)
    expect({ name, kind, details }).toEqual({ name: player.name, kind: player.kind, details: player.details })
    const episode = new Episode(toyMarket, { traders: 1, horizon }, 3)
    const { signal } = new AbortController()
    const seat = { agent: 'trader_0', role: 'trader' }
    const policy = policies(undefined as never)({ env: toyMarket as never, config: episode.config, seat, repeat: 0 })
    while (!episode.over) episode.step({ trader_0: await policy.act(episode.turn('trader_0', signal)) })
    return models.measured.get(player.name)!
  }

  test('is measured by what a model would be told, and assumed of what it says', async () => {
    const whole = await measured({})
    expect(whole).toMatchObject({ calls: 3, completion: 900, price: { input: 2, output: 8 } })
    // Everything but the last prompt is sent again, and what was said with it.
    const shorter = await measured({}, 2)
    expect(whole.repeated).toBe(shorter.prompt)
    expect((await measured({}, 1)).repeated).toBe(0)
    expect(whole.prompt).toBeGreaterThan(3 * (await measured({}, 1)).prompt + 3 * 300)
    const none = await measured({ history: 0 })
    expect(none).toMatchObject({ calls: 3, repeated: 0 })
    expect(none.prompt).toBeLessThan(whole.prompt - 2 * 300)
    expect(await measured({ sampling: { max_tokens: 7 } })).toMatchObject({ completion: 21 })
    expect(await measured({ sampling: { max_tokens: 7000 } })).toMatchObject({ completion: 900 })
    // A persona is told with the rules, after an empty line, which JSON writes in four characters: four are a token.
    const persona = { name: 'p', text: 'x'.repeat(396), digest: '' }
    expect((await measured({ personas: { all: persona, seats: {} } })).prompt - whole.prompt).toBe(300)
    expect((await measured({ prices: () => ({}) })).price).toBeNull()
  })

  test('costs the least where all that is repeated is read from a cache, the most where nothing is', () => {
    const sum = { calls: 2, prompt: 1000, repeated: 400, completion: 100 }
    const [least, most] = costRange(sum, { input: 2, cached_read: 0.5, cache_write: 3, output: 8 })
    expect(least).toBeCloseTo((600 * 3 + 400 * 0.5 + 100 * 8) / 1e6, 12)
    expect(most).toBeCloseTo((1000 * 3 + 100 * 8) / 1e6, 12)
    const plain = costRange(sum, { input: 2, output: 8 })
    expect(plain[0]).toBeCloseTo(0.0028, 12)
    expect(plain[1]).toBeCloseTo(0.0028, 12)
  })
})

test('calls that say the same have an answer each in the cache', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'agoragym-'))
  onTestFinished(() => rmSync(cache, { recursive: true, force: true }))
  const blank = { horizon: 4, history: 0, cache, economy: { render: () => 'Nothing new.' } } as const
  const first = await play({ script: () => wait }, blank)
  expect(provider!.requests).toHaveLength(4)
  expect(first.rows.every(({ cached }) => cached === undefined)).toBe(true)
})

describe('the time box of a seat', () => {
  /** Every look at this clock is a second later; a wait of less than one is over at once, a longer one never. */
  function ticking(): Clock {
    let seconds = 0
    return {
      now: () => 1000 * seconds++,
      after(ms, callback) {
        const timer = ms < 1000 ? setTimeout(callback) : undefined
        return () => clearTimeout(timer)
      },
      random: () => 0,
    }
  }

  test('counts the attempts that failed as well as those that were answered', async () => {
    let attempts = 0
    // Two failures before each answer: three turns take nine attempts of at least a second, three of them answered.
    const fake: FakeProviderOptions = { script: () => wait, fault: () => (attempts++ % 3 < 2 ? 'server_error' : undefined) }
    const within = (seconds: number) => play(fake, { horizon: 3, clock: ticking(), timeoutEpisodeMs: 1000 * seconds })
    expect((await within(1000)).rows).toHaveLength(3)
    attempts = 0
    await expect(within(8)).rejects.toThrow(ProviderError)
    expect(attempts).toBeLessThan(9)
  })
})

test('the transcript is what was told and said, with the calls and where they stand', async () => {
  const { policy } = await play({ script: saying({ reasoning: 'hm', calls: [sell(1)] }) })
  const { source, tools, messages } = policy.transcript()
  expect(source).toBe('model')
  expect(tools.map(({ name }) => name)).toEqual(['sell', 'wait', 'value'])
  expect(messages.map(({ message, t, sampled, call }) => [message.role, t, sampled, call])).toEqual([
    ['system', 0, false, undefined],
    ['user', 0, false, undefined],
    ['assistant', 0, true, 0],
    ['tool', 1, false, undefined],
    ['user', 1, false, undefined],
    ['assistant', 1, true, 1],
  ])
})
