/** A table: what a caller of live seats gets, on the toy market with scripted players opposite. */
import { describe, expect, test } from 'vitest'
import {
  call,
  Episode,
  EpisodeStopped,
  type PolicyFactory,
  type RewardOptions,
  Table,
  TableError,
  type TableOptions,
  type TableView,
} from '../../../index.ts'
import { type ToyTypes, toyMarket } from '../../toy_market/index.ts'

const sell = call('sell', { quantity: 1 })
const wait = call('wait')
const seller: PolicyFactory<ToyTypes> = () => ({ act: () => sell })
const later: PolicyFactory<ToyTypes> = () => ({ act: async () => sell })
const both = (reward?: RewardOptions): Table<ToyTypes> => new Table(toyMarket, { live: 'all', ...(reward && { reward }) })
const against = (opponent: PolicyFactory<ToyTypes>, options: TableOptions<ToyTypes> = {}): Table<ToyTypes> =>
  new Table(toyMarket, { opponents: { trader_1: opponent }, ...options })

/** Plays to the end and gives all views after the reset. */
async function finish(table: Table<ToyTypes>, seed = 3, decision = sell): Promise<TableView[]> {
  let view = await table.reset(seed)
  const views: TableView[] = []
  while (view.stop === null) {
    view = await table.step(Object.fromEntries(view.acting.map(agent => [agent, decision])))
    views.push(view)
  }
  return views
}
const sum = (views: readonly TableView[], agent = 'trader_0'): number => views.reduce((s, { rewards }) => s + rewards[agent]!, 0)
const code = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof TableError) return error.code
    throw error
  }
  return ''
}

describe('a game', () => {
  test('draws anew for the caller’s seats in every repeat, and alike for the others', async () => {
    const luck: number[] = []
    const gambler: PolicyFactory<ToyTypes> = () => ({
      act({ random }) {
        luck.push(random.float())
        return wait
      },
    })
    const drawn = async (repeat: number) => {
      luck.length = 0
      const table = against(gambler)
      await table.reset(3, repeat)
      const own = table.turn('trader_0').random.float()
      await table.step({ trader_0: wait })
      return { own, others: [...luck] }
    }
    const [first, again, second] = [await drawn(0), await drawn(0), await drawn(1)]
    expect(again).toEqual(first)
    expect([second.own === first.own, second.others]).toEqual([false, first.others])
  })

  test('is the one that an episode plays with the same decisions', async () => {
    const table = both()
    const views = await finish(table)
    const episode = new Episode(toyMarket, {}, 3, { seats: { trader_0: 'caller', trader_1: 'caller' } })
    while (!episode.over) episode.step({ trader_0: sell, trader_1: sell })
    expect(table.log).toEqual(episode.log)
    expect(views.map(({ rewards }) => rewards)).toEqual(episode.log.steps.map(({ rewards }) => rewards))
    expect(views.at(-1)).toMatchObject({
      done: 'truncated',
      truncated: true,
      stop: 'horizon',
      scores: toyMarket.score(episode.log),
    })
  })

  test('is the same whether the others answer at once or later', async () => {
    const [now, then] = [against(seller), against(later)]
    expect(await finish(then)).toEqual(await finish(now))
    expect(then.log).toEqual(now.log)
  })

  test('a missing decision is silence', async () => {
    const table = both()
    await table.reset(3)
    await table.step({ trader_1: sell })
    expect(table.log.steps[0]!.decisions).toEqual({ trader_0: { calls: [] }, trader_1: sell })
  })

  test('goes on without a seat that has retired', async () => {
    const table = both()
    await table.reset(3)
    table.retire('trader_1')
    expect((await table.step({ trader_0: sell })).acting).toEqual(['trader_0'])
    table.retire('trader_0')
    expect((await table.step({ trader_0: sell })).stop).toBe('horizon')
    // For this game alone.
    expect((await table.reset(4)).acting).toEqual(['trader_0', 'trader_1'])
  })

  test('that is stopped while others think tells them, takes no answer any more, and leaves the next game alone', async () => {
    const asked: { readonly signal: AbortSignal; readonly answer: () => void }[] = []
    const slow: PolicyFactory<ToyTypes> = () => ({
      act: ({ signal }) => new Promise(resolve => asked.push({ signal: signal!, answer: () => resolve(sell) })),
    })
    const table = against(slow)
    await table.reset(3)
    const step = table.step({ trader_0: sell })
    table.stop('player_quit')
    expect(asked[0]!.signal.aborted).toBe(true)
    asked[0]!.answer()
    expect(await step).toMatchObject({ t: 0, stop: 'player_quit' })
    await table.reset(4)
    const next = table.step({ trader_0: sell })
    expect(asked[1]!.signal.aborted).toBe(false)
    asked[1]!.answer()
    expect((await next).t).toBe(1)
  })

  test('that is stopped is truncated, says why and keeps what was earned', async () => {
    const table = against(seller)
    await table.reset(3)
    const { rewards } = await table.step({ trader_0: sell })
    const stopped = table.stop('player_quit')
    expect(stopped).toMatchObject({ done: 'stopped', terminated: false, truncated: true, stop: 'player_quit', acting: [] })
    expect(stopped.scores!.trader_0!.reward).toBeCloseTo(rewards.trader_0!, 9)
    expect(table.log.stop).toBe('player_quit')
  })

  test('gives up its log and keeps scores and last observations', async () => {
    const table = against(seller)
    await finish(table)
    const { scores } = table.view
    const observation = table.observe('trader_0')
    table.forget()
    expect([table.view.scores, table.observe('trader_0')]).toEqual([scores, observation])
    expect(code(() => table.log)).toBe('not_reset')
    expect((await table.reset(4)).stop).toBeNull()
  })
})

describe('rewards', () => {
  const unit = { low: -0.1, high: 0.9 }
  const start = async (): Promise<{ score: number; end: number }> => {
    const table = against(seller)
    await finish(table)
    return { score: table.initial.trader_0!.reward, end: table.view.scores!.trader_0!.reward }
  }

  test('add up to the change of the score, or to the score, or end at it', async () => {
    const { score, end } = await start()
    expect(sum(await finish(against(seller)))).toBeCloseTo(end - score, 9)
    expect(sum(await finish(against(seller, { reward: { form: 'score' } })))).toBeCloseTo(end, 9)
    expect((await finish(against(seller, { reward: { form: 'total' } }))).at(-1)!.rewards.trader_0).toBe(end)
  })

  test('on the unit scale do so in [0, 1], clipped and counted', async () => {
    const { score, end } = await start()
    const scaled = (value: number): number => Math.min(1, Math.max(0, value + 0.1))
    expect(sum(await finish(against(seller, { reward: { form: 'score', unit } })))).toBeCloseTo(scaled(end), 9)
    expect(sum(await finish(against(seller, { reward: { unit } })))).toBeCloseTo(scaled(end) - scaled(score), 9)
    const tight = against(seller, { reward: { form: 'total', unit: { low: 0, high: 0.1 } } })
    expect((await finish(tight)).at(-1)!.rewards.trader_0).toBe(1)
    expect(tight.clipped).toBeGreaterThan(0)
  })

  test('relative to honest play are what is above it, by a figure or by a second game of the same seed', async () => {
    const { end } = await start()
    const waiting = await finish(against(seller), 3, wait)
    const lazy = waiting.at(-1)!.scores!.trader_0!.reward
    const honest = (options: NonNullable<TableOptions<ToyTypes>['reward']>) => finish(against(seller, { reward: options }))
    expect(sum(await honest({ form: 'score', honest: { trader_0: 2 } }))).toBeCloseTo(end - 2, 9)
    expect(sum(await honest({ form: 'score', honest: () => ({ act: () => wait }) }))).toBeCloseTo(end - lazy, 9)
    expect(sum(await honest({ form: 'score', honest: () => ({ act: async () => wait }) }))).toBeCloseTo(end - lazy, 9)
    expect((await honest({ form: 'total', honest: seller })).at(-1)!.rewards.trader_0).toBeCloseTo(0, 9)
    expect((await honest({ form: 'total', unit, honest: { trader_0: 1000 } })).at(-1)!.rewards.trader_0).toBe(-1)
    expect(() => against(seller, { reward: { honest: { trader_0: 1 } } })).toThrow('relative to honest play')
  })

  test('of what happens before a seat’s first turn and between its turns are not lost', async () => {
    // One seat acts in a step, and a step pays everybody 1.
    const alternating: typeof toyMarket = {
      ...toyMarket,
      actors: ({ t }) => [`trader_${1 - (t % 2)}`],
      step: (state, decisions) => ({ ...toyMarket.step(state, decisions), rewards: { trader_0: 1, trader_1: 1 } }),
      score: log => {
        const scores = toyMarket.score(log)
        return Object.fromEntries(Object.entries(scores).map(([agent, parts]) => [agent, { ...parts, reward: log.steps.length }]))
      },
    }
    const table = new Table(alternating, { opponents: { trader_1: seller } })
    expect(await table.reset(3)).toMatchObject({ t: 1, acting: ['trader_0'], rewards: { trader_0: 0 } })
    const views = await finish(table)
    expect(views.map(({ rewards }) => rewards.trader_0)).toEqual([3, 2, 2, 1])
    expect(table.view.scores!.trader_0!.reward).toBe(8)
    const over = new Table(alternating, { opponents: { trader_1: seller }, config: { horizon: 1 } })
    expect(await over.reset(3)).toMatchObject({ stop: 'horizon', rewards: { trader_0: 1 } })
  })
})

describe('mistakes', () => {
  test.each<[string, string, (table: Table<ToyTypes>) => unknown]>([
    ['a step before a reset', 'not_reset', table => table.step({})],
    ['a log before a reset', 'not_reset', table => table.log],
    ['a decision for somebody else', 'not_your_turn', table => [table.reset(1), table.step({ trader_1: sell })]],
    ['a question about somebody else', 'unknown_seat', table => [table.reset(1), table.check('trader_1', sell)]],
    ['a step after the end', 'episode_over', table => [table.reset(1), table.stop('x'), table.step({})]],
    ['a step of a closed table', 'closed', table => [table.reset(1), table.close(), table.step({})]],
  ])('%s is named', (_name, expected, work) => {
    expect(code(() => work(against(seller)))).toBe(expected)
  })

  test('seats that do not fit are named', () => {
    expect(() => new Table(toyMarket)).toThrow("seat 'trader_1' of toy_market needs an opponent")
    expect(() => new Table(toyMarket, { live: ['trader_7'] })).toThrow("no seat 'trader_7'")
    expect(() => new Table(toyMarket, { live: 'all', opponents: { trader_1: seller } })).toThrow('is live and has an opponent')
  })

  test('of another player end its game and not the table', async () => {
    let fails = true
    const broken: PolicyFactory<ToyTypes> = () => ({
      act: async () => {
        if (fails) throw new Error('no answer')
        return sell
      },
    })
    const table = against(broken)
    await table.reset(3)
    await expect(table.step({ trader_0: sell })).rejects.toMatchObject({ code: 'player_failed' })
    expect(code(() => table.step({ trader_0: sell }))).toBe('player_failed')
    fails = false
    expect((await finish(table)).at(-1)!.stop).toBe('horizon')
  })

  test('a player that quits stops the game', async () => {
    const quitter: PolicyFactory<ToyTypes> = () => ({
      act: () => {
        throw new EpisodeStopped('player_quit')
      },
    })
    const table = against(quitter)
    await table.reset(3)
    expect(await table.step({ trader_0: sell })).toMatchObject({ done: 'stopped', stop: 'player_quit' })
  })

  test('two steps at once are refused, and a closed table tells those who think', async () => {
    let aborted = false
    const slow: PolicyFactory<ToyTypes> = () => ({
      act: ({ signal }) =>
        new Promise((_, reject) =>
          signal!.addEventListener('abort', () => {
            aborted = true
            reject(signal!.reason)
          }),
        ),
    })
    const table = against(slow)
    await table.reset(3)
    const step = table.step({ trader_0: sell })
    expect(code(() => table.step({ trader_0: sell }))).toBe('busy')
    table.close()
    await expect(step).rejects.toMatchObject({ code: 'closed' })
    expect(aborted).toBe(true)
  })
})
