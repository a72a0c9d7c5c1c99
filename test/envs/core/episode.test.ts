/** One game: its log, its replay, its end, and the single-agent view. */
import { describe, expect, test } from 'vitest'
import { call, Episode, type PolicyFactory, replay, solo, verify } from '../../../index.ts'
import { type ToyTypes, toyMarket } from '../../toy_market/index.ts'

const sell = call('sell', { quantity: 1 })
const seller: PolicyFactory<ToyTypes> = () => ({ act: ({ observation }) => (observation.grain > 0 ? sell : { calls: [] }) })

function played(seed = 3): Episode<ToyTypes> {
  const episode = new Episode(toyMarket, {}, seed)
  while (!episode.over) episode.step({ trader_0: sell, trader_1: call('wait') })
  return episode
}

function stopped(episode: Episode<ToyTypes>): Episode<ToyTypes> {
  episode.stop('tired')
  return episode
}

describe('Episode', () => {
  test('a header says what was played and by whom', () => {
    const { header } = new Episode(toyMarket, { traders: 3 }, 5, { repeat: 2, seats: { trader_1: 'bot:honest' } })
    expect(header).toEqual({
      env: 'toy_market',
      version: 1,
      config: { traders: 3, horizon: 8 },
      seed: 5,
      repeat: 2,
      seats: { trader_0: 'unnamed', trader_1: 'bot:honest', trader_2: 'unnamed' },
    })
  })

  test('equal seeds and decisions give equal bytes', () => {
    expect(JSON.stringify(played().log)).toBe(JSON.stringify(played().log))
    expect(JSON.stringify(played(4).log)).not.toBe(JSON.stringify(played(3).log))
  })

  test('a missing decision is silence', () => {
    const episode = new Episode(toyMarket, {}, 3)
    expect(episode.step({}).decisions).toEqual({ trader_0: { calls: [] }, trader_1: { calls: [] } })
  })

  test('what a policy keeps and changes afterwards does not reach the log', () => {
    const episode = new Episode(toyMarket, {}, 3)
    const decision = { calls: [{ tool: 'sell', args: { quantity: 1 } }] }
    episode.step({ trader_0: decision })
    decision.calls[0]!.args.quantity = 99
    expect(episode.log.steps[0]!.decisions.trader_0!.calls[0]!.args).toEqual({ quantity: 1 })
  })

  test('what cannot be JSON is judged, logged and replayed as the same text', () => {
    const episode = new Episode(toyMarket, {}, 3)
    const { refused } = episode.step({ trader_0: call('sell', { quantity: Number.NaN }) })
    expect(refused).toMatchObject([{ agent: 'trader_0', tool: 'sell', code: 'bad_arguments' }])
    episode.stop('enough')
    expect(verify(toyMarket as never, JSON.parse(JSON.stringify(episode.log)))).toBeUndefined()
  })

  test('the last results are what a turn carries', () => {
    const episode = new Episode(toyMarket, {}, 3)
    expect(episode.turn('trader_0').results).toEqual([])
    episode.step({ trader_0: { calls: [...sell.calls, ...call('sell', { quantity: 50 }).calls, ...sell.calls] } })
    expect(episode.turn('trader_0').results).toEqual([
      { ok: true, text: 'Sold 1 for 10.' },
      { ok: false, text: expect.stringContaining('Refused (no_grain)') },
      { ok: false, text: expect.stringContaining('Refused (too_many_calls)') },
    ])
    // Silence has none, though nobody is told anything of it.
    episode.step({})
    expect(episode.turn('trader_0').results).toEqual([])
  })

  test('an agent that sat a step out still carries what came of its last decision', () => {
    const inTurns = { ...toyMarket, actors: (state: { t: number }) => [`trader_${state.t % 2}`] }
    const episode = new Episode(inTurns, {}, 3)
    episode.step({ trader_0: sell })
    episode.step({ trader_1: call('wait') })
    expect(episode.turn('trader_0').results).toEqual([{ ok: true, text: 'Sold 1 for 10.' }])
  })

  test('a policy’s stream depends on seat, step and repeat, and not on who else draws', () => {
    const draw = (agent: string, repeat: number, t: number): number => {
      const episode = new Episode(toyMarket, {}, 3, { repeat })
      for (let i = 0; i < t; i++) episode.step({})
      return episode.turn(agent).random.float()
    }
    const numbers = [draw('trader_0', 0, 0), draw('trader_1', 0, 0), draw('trader_0', 1, 0), draw('trader_0', 0, 1)]
    expect(new Set(numbers).size).toBe(4)
    expect(draw('trader_0', 0, 0)).toBe(numbers[0])
  })

  test.each<[string, (episode: Episode<ToyTypes>) => unknown, string]>([
    ['stepping a finished game', episode => stopped(episode).step({}), 'the episode is over (tired)'],
    [
      'deciding for nobody',
      episode => episode.step({ trader_7: sell }),
      '"trader_7" may not act now; expected decisions of trader_0, trader_1',
    ],
    [
      'a decision without calls',
      episode => episode.step({ trader_0: {} as never }),
      'expected a decision { calls: [{ tool, args }] } of trader_0, got {}',
    ],
    [
      'units below zero',
      episode => episode.step({ trader_0: { calls: [], units: { thinking: -1, output: 0, source: 'reported' } } }),
      'expected units',
    ],
  ])('%s is the caller’s bug and throws', (_name, act, message) => {
    expect(() => act(new Episode(toyMarket, {}, 3))).toThrow(message)
  })

  test.each([
    [
      'an unknown seat',
      () => new Episode(toyMarket, {}, 1, { seats: { trader_9: 'x' } }),
      "no seat 'trader_9' in toy_market; seats: trader_0, trader_1",
    ],
    ['a seed below zero', () => new Episode(toyMarket, {}, -1), 'seed: expected an integer'],
    [
      'a repeat that is no integer',
      () => new Episode(toyMarket, {}, 1, { repeat: 0.5 }),
      'repeat: expected an integer ≥ 0, got 0.5',
    ],
    ['an unknown field', () => new Episode(toyMarket, { horizonn: 2 }, 1), "no field 'horizonn'. Did you mean 'horizon'?"],
  ])('%s throws when the episode is made', (_name, make, message) => {
    expect(make).toThrow(message)
  })
})

describe('replay', () => {
  test('reproduces a log from its decisions, also one stopped from outside', () => {
    const log = played().log
    expect(replay(toyMarket, log)).toEqual(log)
    const stopped = new Episode(toyMarket, {}, 3)
    stopped.step({})
    stopped.stop('budget')
    expect(replay(toyMarket, stopped.log)).toEqual(stopped.log)
  })

  type Writable = { header: Record<string, unknown>; steps: Record<string, never>[]; stop: string }
  const tamper = (change: (log: Writable) => void) => {
    const log = JSON.parse(JSON.stringify(played().log))
    change(log)
    return verify(toyMarket as never, log)
  }

  test('an untouched log has no divergence', () => {
    expect(tamper(() => {})).toBeUndefined()
  })

  test.each<[string, (log: Writable) => void, number | null, string]>([
    ['an altered reward', log => Object.assign(log.steps[4]!.rewards!, { trader_0: 5 }), 4, 'rewards.trader_0'],
    ['an altered decision', log => Object.assign(log.steps[2]!.decisions!, { trader_1: sell }), 2, 'rewards.trader_1'],
    ['a step taken out', log => log.steps.splice(3, 1), 3, 't: expected 3, got 4'],
    ['a step added', log => log.steps.push(log.steps[7]!), 8, 'the game ended before this step'],
    ['another stop', log => Object.assign(log, { stop: 'terminated' }), null, 'stop: expected horizon, got terminated'],
    [
      'another version',
      log => Object.assign(log.header, { version: 9 }),
      null,
      'plays toy_market version 1, the log is of version 9',
    ],
    ['a seed that is none', log => Object.assign(log.header, { seed: 'x' }), null, 'seed: expected an integer'],
    ['a decision of a stranger', log => Object.assign(log.steps[1]!.decisions!, { trader_9: sell }), 1, 'may not act now'],
  ])('%s is named with its step', (_name, change, t, text) => {
    const found = tamper(change)
    expect(found?.t).toBe(t)
    expect(found?.difference).toContain(text)
  })
})

describe('solo', () => {
  test('plays one seat against policies and gives what Gymnasium gives', () => {
    const game = solo(toyMarket, { opponents: { trader_1: seller } })
    expect(game.reset(3)).toMatchObject({ observation: { agent: 'trader_0' }, info: { legal: ['sell', 'wait', 'value'], t: 0 } })
    let steps = 0
    let reward = 0
    for (;;) {
      const step = game.step(sell)
      if (step instanceof Promise) throw new Error('a scripted opponent answers at once')
      steps++
      reward += step.reward
      if (step.truncated || step.terminated) {
        expect(step).toMatchObject({ truncated: true, terminated: false, info: { legal: [] } })
        break
      }
    }
    expect(steps).toBe(8)
    const scores = toyMarket.score(game.log)
    expect(reward).toBeCloseTo(scores.trader_0!.reward, 9)
    expect(scores.trader_1!.reward).toBeGreaterThan(0)
  })

  test('answers with a promise when an opponent does, with the same log', async () => {
    const slow: PolicyFactory<ToyTypes> = context => ({ act: async turn => seller(context).act(turn) })
    const finish = async (opponent: PolicyFactory<ToyTypes>) => {
      const game = solo(toyMarket, { opponents: { trader_1: opponent } })
      await game.reset(3)
      while (!(await game.step(sell)).truncated);
      return game.log
    }
    expect(await finish(slow)).toEqual(await finish(seller))
  })

  test('without a seed the next one is played', () => {
    const game = solo(toyMarket, { opponents: { trader_1: seller } })
    game.reset(3)
    game.reset()
    expect(game.log.header.seed).toBe(4)
  })

  test('a seat without an opponent and a seat that does not exist are named', () => {
    expect(() => solo(toyMarket)).toThrow("seat 'trader_1' of toy_market needs an opponent")
    expect(() => solo(toyMarket, { seat: 'trader_5' })).toThrow("no seat 'trader_5' in toy_market")
  })

  test('a bot against itself remembers nothing of the other seat', () => {
    const counter: PolicyFactory<ToyTypes> = () => {
      let turns = 0
      return { act: () => (++turns % 2 === 0 ? sell : call('wait')) }
    }
    const game = solo(toyMarket, { opponents: { trader_1: counter } })
    game.reset(1)
    game.step(call('wait'))
    expect(game.log.steps[0]!.decisions.trader_1).toEqual(call('wait'))
    game.reset(1)
    game.step(call('wait'))
    expect(game.log.steps[0]!.decisions.trader_1).toEqual(call('wait'))
  })
})
