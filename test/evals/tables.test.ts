/** What each figure of a comparison and of an evaluation is, on players whose rollouts can be counted by hand. */
import { describe, expect, test } from 'vitest'
import type { ValueRange } from '../../envs/core/range.ts'
import { corrected, playerDifferences, settingDifferences } from '../../evals/differences.ts'
import type { Figure } from '../../evals/figures.ts'
import { declaredRange, hull, valueRange } from '../../evals/ranges.ts'
import { evaluationFacts, runsText } from '../../evals/run_table.ts'
import { Setting, settingId } from '../../evals/setting.ts'
import { publishedFigures, settingFigures } from '../../evals/tables.ts'
import { Column } from '../../rollouts/column.ts'
import type { Conduct } from '../../rollouts/conduct.ts'
import type { Metadata } from '../../rollouts/metadata.ts'
import type { ResultFigures } from '../../rollouts/rows.ts'
import type { RunResult } from '../../rollouts/run.ts'

const metadata = (env_version = 1): Metadata =>
  ({
    env_id: 'toy',
    version_info: { env_version },
    config_digest: 'c',
    lineup: { a: 'p', b: 'q' },
    evaluated: ['a'],
    opponents_shuffled: false,
    tools: [{ name: 'sell' }, { name: 'wait' }],
    env_args: { preset: 'default', set: {} },
  }) as unknown as Metadata

/** Four rollouts, three of them priced, with six calls of a model; two sell, and one deals with an honest agent. */
function figures() {
  const setting = new Setting(metadata(), new Map())
  const tally = setting.tally({ id: 'p', label: 'p', player: 'p' })
  const costs = [0.5, 0.5, 1, null]
  const deal = (outcome: string, count: number) => ({ kind: 'trade', side: 'made', partner: 'honest', outcome, count }) as const
  const conducts: Pick<Conduct, 'turns' | 'dealings'>[] = [
    { turns: [['sell'], ['wait']], dealings: [deal('offered', 4), deal('accepted', 3)] },
    { turns: [['wait'], ['wait'], ['sell']], dealings: [] },
    { turns: [['wait']], dealings: [] },
    { turns: [[]], dealings: [] },
  ]
  for (const [i, cost] of costs.entries()) {
    const info = { scores: {}, calls: {}, refused: {}, silent: 0, cost }
    const row = { reward: i, metrics: {}, stop_condition: 'horizon', is_truncated: false, info }
    tally.add(row as unknown as ResultFigures, i, 0.5)
    tally.habits.add({ texts: {}, ...conducts[i]! })
  }
  const usage = { input_uncached: 60, input_cached_read: 40, input_cache_write: 0, output: 20, output_reasoning: 5 }
  for (let call = 0; call < 6; call++) tally.spending.add({ usage, cost: 0.5, retries: 1, latency_ms: 100 })
  return settingFigures(setting, 'toy', { threshold: 0.5, seed: 0 })
}

describe('a figure', () => {
  const all = figures()
  test.each([
    // Six calls of 100 and 20 tokens over four rollouts.
    ['spending', 'model calls', { value: 1.5 }],
    ['spending', 'input tokens', { value: 150 }],
    ['spending', 'output tokens', { value: 30 }],
    ['spending', 'of them read from cache', { value: 0.4 }],
    ['spending', 'of them reasoning', { value: 0.25 }],
    ['spending', 'retries, all rollouts', { value: 6 }],
    // Two dollars of the three rollouts that have a price.
    ['spending', 'USD', { value: 2 / 3, n: 3 }],
    ['spending', 'USD, all priced rollouts', { value: 2 }],
    // Two of four rollouts sell, with the first message and with the third.
    ['first_use', 'sell', { value: 2, n: 2, share: 0.5 }],
    ['first_use', 'wait', { value: 4 / 3, n: 3, share: 0.75 }],
    // Over all rollouts, those without a dealing as well.
    ['dealings', 'trade to honest: offered', { value: 1, n: 4 }],
    ['dealings', 'trade to honest: accepted', { value: 0.75, n: 4 }],
    // Of what was offered, answered or not.
    ['treatment', 'trade to honest: accepted', { value: 0.75, n: 4 }],
    ['stops', 'horizon', { value: 1, n: 4 }],
    ['rollouts', 'scored', { value: 4 }],
    ['scores', 'reward', { value: 1.5, n: 4 }],
  ])('of %s: %s', (table, item, expected) => {
    expect(all.filter(figure => figure.table === table && figure.item === item)).toMatchObject([expected])
  })
})

test('a scenario is an example under a seed: where either is another, so is the scenario', () => {
  const setting = new Setting(metadata(), new Map())
  const number = (example_id: number, seed: number): number =>
    setting.scenario({ example_id, info: { seed } } as unknown as ResultFigures)
  expect([number(0, 5), number(1, 5), number(0, 6), number(0, 5)]).toEqual([0, 1, 2, 0])
})

test('players are compared under one economy, version, configuration and opponents, and whatever seat is theirs', () => {
  const { lineup, ...rest } = metadata()
  const others: object[] = [
    { env_id: 'other' },
    { version_info: { env_version: 2 } },
    { config_digest: 'd' },
    { lineup: { ...lineup, b: 'r' } },
    { opponents_shuffled: true },
  ]
  for (const other of others) expect(settingId({ ...rest, lineup, ...other } as Metadata)).not.toBe(settingId(metadata()))
  expect(settingId({ ...rest, lineup: { a: 'another', b: 'q' } })).toBe(settingId(metadata()))
})

interface Row {
  readonly reward?: number
  readonly calls?: Readonly<Record<string, number>>
  readonly refused?: Readonly<Record<string, number>>
  readonly metrics?: Readonly<Record<string, number>>
  readonly scores?: Readonly<Record<string, number>>
  readonly silent?: number
  readonly stop?: string
  readonly is_truncated?: boolean
}

/** A setting of players by name, each with its rows by scenario. */
function settingOf(players: Readonly<Record<string, readonly (readonly Row[])[]>>, meta = metadata(), threshold = 0.5): Setting {
  const setting = new Setting(meta, new Map())
  for (const [name, scenarios] of Object.entries(players)) {
    const tally = setting.tally({ id: name, label: name, player: name })
    for (const [scenario, rows] of scenarios.entries())
      for (const {
        reward = 0,
        calls = {},
        refused = {},
        metrics = {},
        scores = {},
        silent = 0,
        stop = 'horizon',
        is_truncated = false,
      } of rows) {
        const info = { scores, calls, refused, silent, cost: null }
        tally.add({ reward, metrics, stop_condition: stop, is_truncated, info } as unknown as ResultFigures, scenario, threshold)
      }
  }
  return setting
}
const told = (setting: Setting, table: string) =>
  settingFigures(setting, 'toy', { threshold: 0.5, seed: 0 }).filter(figure => figure.table === table)
/** Player, item and value of each. */
const values = (figures: readonly Figure[]) => figures.map(({ player, item, value }) => [player, item, value])

test('the baseline is whom somebody names, or whom the experiment named, or the first', () => {
  const rows = { p: [[{}]], q: [[{}]] }
  const named = settingOf(rows, { ...metadata(), experiment: { baseline: 'q' } } as unknown as Metadata)
  expect(
    [named.baseline('p'), named.baseline(undefined), settingOf(rows).baseline(undefined)].map(tally => tally!.label),
  ).toEqual(['p', 'q', 'p'])
})

describe('passes', () => {
  test('speak of the scenarios that the player has played, however many others there are', () => {
    const setting = settingOf({ p: [[], [{ reward: 1 }, { reward: 1 }], [{}]] })
    expect(told(setting, 'passes').find(({ item }) => item.startsWith('pass@2'))).toMatchObject({ value: 1, n: 1, share: 0.5 })
  })

  test('are told of every power of two below the most repeats, and of these, over the scenarios that have as many', () => {
    // Two of four repeats pass in one scenario, one of two in the other.
    const scenarios = [
      [1, 1, 0, 0],
      [1, 0],
    ].map(rewards => rewards.map(reward => ({ reward })))
    const figures = told(settingOf({ p: scenarios }), 'passes')
    const rounded = figures.map(({ item, value, share }) => [item, Number(value!.toFixed(9)), share])
    expect(rounded).toEqual([
      ['pass@1 (reward ≥ 0.5)', 0.5, undefined],
      // (1 − 1/6 + 1) / 2
      ['pass@2 (reward ≥ 0.5)', 0.916666667, undefined],
      ['pass@4 (reward ≥ 0.5)', 1, 0.5],
      // (1/6 + 0) / 2
      ['pass^2 (reward ≥ 0.5)', 0.083333333, undefined],
      ['pass^4 (reward ≥ 0.5)', 0, 0.5],
    ])
  })

  test('are told once where every scenario was played once, and not at all of nobody', () => {
    expect(told(settingOf({ p: [[{ reward: 1 }], [{ reward: 0 }]] }), 'passes').map(({ item }) => item)).toEqual([
      'pass@1 (reward ≥ 0.5)',
    ])
    expect(told(settingOf({ p: [] }), 'passes')).toEqual([])
  })
})

test('what one player never did is 0 beside the others, in the order of the tools, and refusals by their codes', () => {
  const setting = settingOf({
    p: [[{ calls: { wait: 1, own: 2, sell: 3 }, refused: { no_grain: 2 } }], [{ calls: { wait: 1 } }]],
    q: [[{ calls: { sell: 4 }, refused: { bad_arguments: 1 }, silent: 1 }]],
  })
  expect(values(told(setting, 'calls'))).toEqual([
    ['p', 'sell', 1.5],
    ['p', 'wait', 1],
    ['p', 'own', 1],
    ['p', '(silence)', 0],
    ['q', 'sell', 4],
    ['q', 'wait', 0],
    ['q', 'own', 0],
    ['q', '(silence)', 1],
  ])
  expect(values(told(setting, 'refusals'))).toEqual([
    ['p', 'bad_arguments', 0],
    ['p', 'no_grain', 1],
    ['q', 'bad_arguments', 1],
    ['q', 'no_grain', 0],
  ])
  // Where nobody was silent that is no column.
  expect(told(settingOf({ p: [[{ calls: { sell: 1 } }]] }), 'calls').map(({ item }) => item)).toEqual(['sell'])
})

test('the parts of a score stand with the reward, metrics apart, and of what is not defined nothing is told', () => {
  const setting = settingOf({
    p: [[{ reward: 1, scores: { reward: 1, payoff: 1, quality: 0 }, metrics: { payoff: 1, earned: 5, num_turns: 3 } }]],
  })
  expect(values(told(setting, 'scores'))).toEqual([
    ['p', 'reward', 1],
    ['p', 'payoff', 1],
  ])
  expect(values(told(setting, 'metrics'))).toEqual([['p', 'earned', 5]])
  expect(values(told(setting, 'rollouts'))).toEqual([
    ['p', 'scored', 1],
    ['p', 'truncated', 0],
    ['p', 'failed', 0],
    ['p', 'missing', 0],
    ['p', 'scenarios', 1],
  ])
  expect(values(told(settingOf({ p: [[{ is_truncated: true }, {}], [{}]] }), 'rollouts')).map(([, , value]) => value)).toEqual([
    3, 1, 0, 0, 2,
  ])
})

test('of players without a model nothing is told of spending', () => {
  expect(told(settingOf({ p: [[{}]] }), 'spending')).toEqual([])
})

test('every way a rollout ended is told of every player as a share', () => {
  const setting = settingOf({ p: [[{ stop: 'horizon' }, { stop: 'closed' }, { stop: 'horizon' }]], q: [[{ stop: 'horizon' }]] })
  expect(values(told(setting, 'stops'))).toEqual([
    ['p', 'horizon', 2 / 3],
    ['q', 'horizon', 1],
    ['p', 'closed', 1 / 3],
    ['q', 'closed', 0],
  ])
})

describe('the histogram of turns', () => {
  const turns = (numbers: readonly number[]) => [numbers.map(num_turns => ({ metrics: { num_turns } }))]
  const bars = (...players: readonly (readonly number[])[]) =>
    values(told(settingOf(Object.fromEntries(players.map((numbers, i) => [`p${i}`, turns(numbers)]))), 'turns')).map(
      ([player, item, value]) => `${player} ${item}: ${Number((value as number).toFixed(3))}`,
    )
  test('has a bar a number where there are few of them, the same for all players', () => {
    expect(bars([3, 5, 5], [4])).toEqual(['p0 3: 0.333', 'p1 3: 0', 'p0 4: 0', 'p1 4: 1', 'p0 5: 0.667', 'p1 5: 0'])
    expect(bars([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])).toHaveLength(12)
  })
  test('and else bars of a round width, at most twelve and a rest', () => {
    // From 1 to 13: the least width of which twelve are enough is 2.
    expect(bars([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])).toEqual([
      'p0 0–1: 0.077',
      'p0 2–3: 0.154',
      'p0 4–5: 0.154',
      'p0 6–7: 0.154',
      'p0 8–9: 0.154',
      'p0 10–11: 0.154',
      'p0 12–13: 0.154',
    ])
    const wide = Array.from({ length: 13 }, (_, i) => 3000 * i)
    expect(bars(wide)).toHaveLength(13)
    expect(bars(wide)[1]).toBe('p0 3000–5999: 0.077')
  })
})

test('what follows what is told as a share of what comes next, the commonest of all players first', () => {
  const setting = settingOf({ p: [[{}]], q: [[{}]] })
  const [p, q] = setting.tallies
  p!.habits.add({ texts: {}, turns: [['sell'], ['wait'], ['wait']] })
  q!.habits.add({ texts: { 'sell.note': [4, 8] }, turns: [['wait'], ['wait'], []] })
  expect(values(told(setting, 'sequences'))).toEqual([
    ['p', 'wait → wait', 0.5],
    ['q', 'wait → wait', 0.5],
    ['q', '(silence) → (end)', 1],
    ['p', '(start) → sell', 1],
    ['q', '(start) → wait', 1],
    ['p', 'sell → wait', 1],
    ['p', 'wait → (end)', 0.5],
    ['q', 'wait → (silence)', 0.5],
  ])
  expect(values(told(setting, 'texts'))).toEqual([['q', 'sell.note', 6]])
})

test('dealings are told of every player by side and partner, offers first, and what came of offers as their share', () => {
  const setting = settingOf({ p: [[{}]], q: [[{}]] })
  const deal = (side: 'made' | 'received', outcome: string, count: number) => ({
    kind: 'trade',
    side,
    partner: 'honest',
    outcome,
    count,
  })
  const [p, q] = setting.tallies
  p!.habits.add({
    texts: {},
    turns: [],
    dealings: [deal('made', 'accepted', 1), deal('made', 'offered', 4)],
    partners: 2,
    favourite: 0.75,
  })
  q!.habits.add({ texts: {}, turns: [], dealings: [deal('received', 'offered', 2)] })
  expect(values(told(setting, 'dealings'))).toEqual([
    ['p', 'trade to honest: offered', 4],
    ['p', 'trade to honest: accepted', 1],
    ['p', 'trade from honest: offered', 0],
    ['q', 'trade to honest: offered', 0],
    ['q', 'trade to honest: accepted', 0],
    ['q', 'trade from honest: offered', 2],
  ])
  expect(values(told(setting, 'treatment'))).toEqual([['p', 'trade to honest: accepted', 0.25]])
  // All of one kind stand together, also where another's name begins alike.
  const kinds = settingOf({ p: [[{}]] })
  const sent = (kind: string, side: 'made' | 'received') => ({ kind, side, partner: 'x', outcome: 'sent', count: 1 })
  const dealings = [sent('tradein', 'made'), sent('trade', 'received'), sent('trade', 'made')]
  kinds.tallies[0]!.habits.add({ texts: {}, turns: [], dealings })
  expect(told(kinds, 'dealings').map(({ item }) => item)).toEqual([
    'trade to x: sent',
    'trade from x: sent',
    'tradein to x: sent',
  ])
  expect(values(told(setting, 'partners'))).toEqual([
    ['p', 'agents dealt with', 2],
    ['p', 'share of dealings with the most frequent one', 0.75],
    ['q', 'agents dealt with', 0],
  ])
})

describe('wins', () => {
  test('strengths are on the scale of Elo: who wins ten of eleven games is 400 points stronger', () => {
    const [won, lost] = [[{ reward: 1 }], [{ reward: 0 }]]
    const scenarios = Array.from({ length: 11 }, (_, i) => i > 0)
    const setting = settingOf({ p: scenarios.map(wins => (wins ? won : lost)), q: scenarios.map(wins => (wins ? lost : won)) })
    const [p, q] = told(setting, 'wins').filter(({ item }) => item === 'strength')
    expect(p!.value! - q!.value!).toBeCloseTo(400, 6)
  })

  test('of a scenario are one observation: to beat a second player in the same ones makes no interval narrower', () => {
    const won = [1, 0, 1, 1].map(reward => [{ reward }])
    const lost = [0, 1, 0, 0].map(reward => [{ reward }])
    const [one, two] = [settingOf({ p: won, q: lost }), settingOf({ p: won, q: lost, r: lost })].map(setting =>
      told(setting, 'wins').find(({ player, item }) => player === 'p' && item.startsWith('points')),
    )
    expect([one!.n, two!.n]).toEqual([4, 8])
    expect([two!.low, two!.high]).toEqual([expect.closeTo(one!.low!, 9), expect.closeTo(one!.high!, 9)])
  })

  test('are points on the scenarios that both played, the higher mean reward taking one, equal ones half each', () => {
    // p wins the first scenario by its mean, the second is even, the third only p played.
    const setting = settingOf({
      p: [[{ reward: 1 }, { reward: 0 }], [{ reward: 2 }], [{ reward: 9 }]],
      q: [[{ reward: 0.4 }], [{ reward: 2 }], []],
    })
    const points = told(setting, 'wins').filter(({ item }) => item.startsWith('points'))
    expect(points.map(({ player, item, value, n }) => [player, item, value, n])).toEqual([
      ['p', 'points a shared scenario', 0.75, 2],
      ['q', 'points a shared scenario', 0.25, 2],
    ])
    const strength = told(setting, 'wins').filter(({ item }) => item === 'strength')
    // On Elo's scale, where 0 is the mean of those that met.
    expect(strength[0]!.value).toBeCloseTo(-strength[1]!.value!, 6)
    expect(strength[0]!.value).toBeGreaterThan(0)
    expect(
      told(setting, 'wins')
        .filter(({ item }) => item === 'group')
        .map(({ value }) => value),
    ).toEqual([1, 1])
  })

  test('are those of the rollouts that players shared, where there are some', () => {
    const setting = settingOf({ p: [[{ reward: 1 }]], q: [[{ reward: 0 }]] })
    setting.games.play(0, 0, 1, 3, 5)
    expect(values(told(setting, 'wins').filter(({ item }) => item.startsWith('points')))).toEqual([
      ['p', 'points a shared rollout', 0],
      ['q', 'points a shared rollout', 1],
    ])
  })

  test('are none of one player, or of players that met on nothing', () => {
    expect(told(settingOf({ p: [[{ reward: 1 }]] }), 'wins')).toEqual([])
    expect(told(settingOf({ p: [[{ reward: 1 }], []], q: [[], [{ reward: 1 }]] }), 'wins')).toEqual([])
  })
})

test('a published run is a player of its own, with what was published and no more', () => {
  const run = { player: 'gpt', env: 'toy', preset: 'default', set: {}, n: 7 }
  expect(publishedFigures(run, 'toy')).toEqual([
    { table: 'rollouts', setting: 'toy', player: 'gpt (published)', item: 'scored', unit: 'count', n: 7, value: 7 },
  ])
  const all = publishedFigures(
    {
      ...run,
      scores: { reward: { mean: 2, sd: 1 } },
      metrics: { earned: { mean: 3 } },
      calls: { sell: { mean: 4 } },
      stops: { horizon: 0.5 },
    },
    'toy',
  )
  expect(all.slice(1).map(({ table, item, unit, value, sd }) => [table, item, unit, value, sd])).toEqual([
    ['scores', 'reward', 'number', 2, 1],
    ['metrics', 'earned', 'number', 3, undefined],
    ['calls', 'sell', 'number', 4, undefined],
    ['stops', 'horizon', 'share', 0.5, undefined],
  ])
})

describe('differences', () => {
  const rewards = (...each: readonly number[]) => each.map(reward => [{ reward, metrics: { earned: 2 * reward, num_turns: 3 } }])

  test('are those of each player from the baseline, named or the first, in the reward and every metric of both', () => {
    const setting = settingOf({
      p: rewards(0, 1, 2),
      q: rewards(1, 3, 2),
      r: [[{ reward: 1 }], [{ reward: 1 }], [{ reward: 1 }]],
    })
    const named = (called: string | undefined) => playerDifferences(setting, 'toy', called)
    expect(values(named(undefined)).filter(([, item]) => item === 'reward' || item === 'earned')).toEqual([
      ['q − p', 'reward', 1],
      ['r − p', 'reward', 0],
      ['q − p', 'earned', 2],
    ])
    expect(named(undefined)[0]).toMatchObject({
      table: 'differences',
      setting: 'toy',
      unit: 'number',
      n: 3,
      p: expect.any(Number),
      family: 'reward in toy: players against p',
    })
    expect(values(named('q')).filter(([, item]) => item === 'reward')).toEqual([
      ['p − q', 'reward', -1],
      ['r − q', 'reward', -1],
    ])
    expect(playerDifferences(new Setting(metadata(), new Map()), 'toy', undefined)).toEqual([])
  })

  test('of settings are those of each player from the first setting of the same economy', () => {
    const settings = [
      settingOf({ p: rewards(0, 1, 2), q: rewards(0, 0, 1) }),
      settingOf({ p: rewards(5, 5, 5) }, { ...metadata(), env_id: 'other' }),
      settingOf({ p: rewards(2, 1, 3), s: rewards(9, 9, 9) }),
    ]
    expect(settingDifferences(settings, ['a', 'b', 'c'])).toMatchObject([
      { table: 'settings', setting: 'a', player: 'p', item: 'c', value: 1, n: 3, family: 'reward of p: settings against a' },
    ])
  })

  test('are corrected over those of one family, and over all of one table', () => {
    const figure = (table: string, family: string, p?: number) =>
      ({
        table,
        setting: 's',
        player: 'x',
        item: 'i',
        unit: 'number',
        n: 1,
        value: 0,
        ...(p !== undefined && { p, family }),
      }) as Figure
    const told = corrected([
      figure('differences', 'a', 0.01),
      figure('scores', ''),
      figure('differences', 'a', 0.04),
      figure('differences', 'b', 0.03),
      figure('settings', 'a', 0.02),
    ])
    expect(told[1]).toEqual(figure('scores', ''))
    // Holm: 2 · 0.01 and 0.04 of two; Benjamini and Hochberg: 3 · 0.01, and 3/3 · 0.04 and 3/2 · 0.03 of three, no less than before.
    expect(told.map(({ p_adjusted }) => p_adjusted)).toEqual([0.02, undefined, 0.04, 0.03, 0.02])
    expect(told.map(({ q }) => q && Number(q.toFixed(9)))).toEqual([0.03, undefined, 0.04, 0.04, 0.02])
  })
})

test('a share is a share, a count a count and a mean a number in every table', () => {
  const setting = settingOf({
    p: [[{ reward: 1, calls: { sell: 1 }, refused: { no: 1 }, metrics: { earned: 1 } }], [{ reward: 0 }]],
    q: [[{ reward: 0 }], [{ reward: 1 }]],
  })
  const usage = { input_uncached: 6, input_cached_read: 4, input_cache_write: 0, output: 2, output_reasoning: 1 }
  for (const tally of setting.tallies) {
    tally.habits.add({
      texts: { 'sell.note': [3] },
      turns: [['sell']],
      dealings: ['offered', 'accepted'].map(outcome => ({ kind: 'trade', side: 'made', partner: 'honest', outcome, count: 1 })),
    })
    tally.spending.add({ usage, cost: 1, retries: 0, latency_ms: 5 })
  }
  const units = new Map<string, Set<string>>()
  for (const { table, unit } of settingFigures(setting, 'toy', { threshold: 0.5, seed: 0 }))
    units.set(table, (units.get(table) ?? new Set()).add(unit))
  expect(Object.fromEntries([...units].map(([table, found]) => [table, [...found].sort().join()]))).toEqual({
    rollouts: 'count',
    scores: 'number',
    metrics: 'number',
    passes: 'share',
    spending: 'count,number,share',
    first_use: 'number',
    partners: 'number',
    texts: 'number',
    calls: 'number',
    refusals: 'number',
    sequences: 'share',
    dealings: 'number',
    treatment: 'share',
    wins: 'count,number,share',
    stops: 'share',
    turns: 'share',
  })
})

describe('the range of a figure', () => {
  const column = (...values: readonly number[]): Column => {
    const made = new Column()
    for (const [i, value] of values.entries()) made.addTo(i, value)
    return made
  }
  const UNBOUNDED = { low: null, high: null }
  test.each<[what: string, declared: ValueRange, values: number[], others: number[][], found: object]>([
    ['nothing declared, 0 and 1', UNBOUNDED, [0, 1], [], { low: 0, high: 1, ends: true }],
    ['nothing declared, 0 here and 1 there', UNBOUNDED, [0, 0], [[1]], { low: 0, high: 1, ends: true }],
    ['nothing declared, 1 alone', UNBOUNDED, [1, 1], [[1]], UNBOUNDED],
    ['nothing declared, other values', UNBOUNDED, [0, 1], [[0.5]], UNBOUNDED],
    ['a least value', { low: 0, high: null }, [0, 7], [], { low: 0, high: null }],
    ['a greatest value', { low: null, high: 9 }, [0, 7], [], { low: null, high: 9 }],
    ['a least value that another player is below', { low: 0, high: null }, [0, 7], [[-1]], UNBOUNDED],
    ['a greatest value that another player is above', { low: null, high: 9 }, [0, 7], [[10]], UNBOUNDED],
    ['a share', { low: 0, high: 1 }, [0, 0.5], [], { low: 0, high: 1 }],
    ['a share that is all or nothing', { low: 0, high: 1 }, [0, 1], [[0.5]], { low: 0, high: 1, ends: true }],
    ['another interval', { low: 0, high: 5 }, [0, 1], [], { low: 0, high: 5 }],
  ])('%s', (_what, declared, values, others, found) => {
    const [own, ...rest] = [values, ...others].map(each => column(...each))
    expect(valueRange(declared, own!, [own!, ...rest])).toEqual(found)
  })

  test('of any of several is bounded where all of them are', () => {
    expect(
      hull([
        { low: 0, high: 1 },
        { low: -2, high: 3 },
      ]),
    ).toEqual({ low: -2, high: 3 })
    expect(
      hull([
        { low: 0, high: 1 },
        { low: null, high: 3 },
      ]),
    ).toEqual({ low: null, high: 3 })
    expect(
      hull([
        { low: 0, high: null },
        { low: 1, high: 3 },
      ]),
    ).toEqual({ low: 0, high: null })
  })

  test('of what the runner counts begins at 0 in every economy, and is not known of one that is not registered', () => {
    for (const name of ['num_turns', 'model_no_tool_call', 'human_seconds'])
      expect(declaredRange(undefined, name, undefined)).toEqual({ low: 0, high: null })
    for (const name of ['earned', 'a_num_of', 'survival']) expect(declaredRange(undefined, name, undefined)).toEqual(UNBOUNDED)
  })
})

describe('the table of an evaluation', () => {
  const column = (...values: readonly number[]): Column => {
    const made = new Column()
    for (const [i, value] of values.entries()) made.addTo(i, value)
    return made
  }
  const NOTHING = { usage: null, cost: null, traffic: null, dropped: {}, adaptations: {}, pass_at_k: {}, pass_all_k: {} }
  const run = (player: string, summary: object, more: object = {}): RunResult => {
    const facts = {
      player,
      player_kind: 'bot',
      lineup: { a: player, b: 'q', c: 'q' },
      examples: 'seeds 0:2',
      rollouts_per_example: 1,
    }
    const base = { ok: 2, failed: 0, truncated: 0, metrics: {}, stops: {}, calls: {}, refused: {}, ...NOTHING }
    return {
      folder: `runs/${player}`,
      env: undefined,
      metadata: { ...metadata(), planned: 2, ...facts, ...more },
      summary: { ...base, reward: column(1, 3), ...summary },
    } as unknown as RunResult
  }
  const usage = { input_uncached: 60, input_cached_read: 20, input_cache_write: 20, output: 50, output_reasoning: 10 }
  const traffic = { calls: 9, cached: 4, retries: 3, latency_p50_ms: 1500, latency_p95_ms: null }
  const asked = { usage: { ...usage, estimated: true }, cost: 0.5, traffic }
  /** The cells of the row of that label. */
  const row = (text: string, label: string): string[] | undefined =>
    text
      .split('\n')
      .map(line => line.trim().split(/ {2,}/))
      .find(([first]) => first === label)
      ?.slice(1)

  test('has what each run came to', () => {
    const text = runsText([
      run('p', { failed: 1, truncated: 2, stops: { horizon: 2 }, calls: { sell: 1.5 }, metrics: { payoff: column(0, 4) } }),
      run('s', { stops: { closed: 2 }, calls: { wait: 2 }, refused: { no_grain: 1 } }),
    ])
    expect(text).toMatch(/^toy \(default\), seeds 0:2, a against 2 q\n/)
    expect(row(text, 'rollouts')).toEqual(['2', '2'])
    expect(row(text, 'failed')).toEqual(['1', '0'])
    expect(row(text, 'truncated')).toEqual(['2', '0'])
    expect(row(text, 'reward')![0]).toMatch(/^2\.000 \[/)
    expect(row(text, 'payoff')).toEqual([expect.stringMatching(/^2\.000 \[/), '–'])
    expect(row(text, 'horizon')).toEqual(['2', '–'])
    expect(row(text, 'closed')).toEqual(['–', '2'])
    expect(row(text, 'sell')).toEqual(['1.500', '–'])
    expect(row(text, 'no_grain')).toEqual(['–', '1.000'])
    expect(row(text, 'played')).toBeUndefined()
    expect(row(text, 'model calls')).toBeUndefined()
    expect(text).not.toContain('baseline')
  })

  test('says what was played by each where that is not the same, what was set, and who is the baseline', () => {
    const set = { env_args: { preset: 'default', set: { horizon: 3 } }, experiment: { baseline: 's' } }
    const text = runsText([run('p', {}, { ...set, rollouts_per_example: 4 }), run('s', {}, set)])
    expect(text).toMatch(/^toy \(default, horizon=3\), a against 2 q\n/)
    expect(row(text, 'played')).toEqual(['seeds 0:2, 4 repeats', 'seeds 0:2'])
    expect(text.replaceAll('\n', ' ')).toContain('The baseline of comparisons is s.')
    expect(runsText([run('s', {}, set)])).not.toContain('baseline')
    // Who has the economy to itself plays against nobody.
    expect(runsText([run('s', {}, { lineup: { a: 's' } })])).toMatch(/^toy \(default\), seeds 0:2, a\n/)
    expect(row(runsText([run('p', { refused: {} })]), 'refused a rollout')).toBeUndefined()
  })

  test('has what models were asked and what it took, and nothing in the column of who is none', () => {
    const text = runsText([run('p', { ...asked, metrics: { model_no_tool_call: column(1, 1) } }), run('s', {})])
    expect(row(text, 'calls')).toEqual(['9 (4 from cache)', '–'])
    expect(row(text, 'without a tool call')).toEqual([expect.stringMatching(/^1\.000 /), '–'])
    expect(row(text, 'malformed arguments')).toEqual(['–', '–'])
    expect(row(text, 'prompt tokens')).toEqual(['100.0', '–'])
    expect(row(text, 'read from cache')).toEqual(['20 %', '–'])
    expect(row(text, 'completion tokens')).toEqual(['50.00 (estimated)', '–'])
    expect(row(text, 'reasoning')).toEqual(['20 %', '–'])
    expect(row(text, 'cost in USD')).toEqual(['0.5000', '–'])
    expect(row(text, 'a rollout')).toEqual(['0.2500', '–'])
    expect(row(text, 'retries')).toEqual(['3', '–'])
    expect(row(text, 'latency, median')).toEqual(['1.500 s', '–'])
    expect(row(text, '95 %')).toEqual(['–', '–'])
    const plain = { traffic: { ...traffic, cached: 0 }, usage: { ...usage, output: 0, output_reasoning: null }, cost: null }
    const other = runsText([run('p', plain)])
    expect(row(other, 'calls')).toEqual(['9'])
    expect(row(other, 'completion tokens')).toEqual(['0.000'])
    expect(row(other, 'reasoning')).toEqual(['–'])
    expect(row(other, 'cost in USD')).toEqual(['price unknown'])
    expect(row(other, 'a rollout')).toEqual(['–'])
  })

  test('is none where no rollout was played to its end', () => {
    expect(runsText([run('p', { ok: 0, reward: column() })])).toContain('No rollout was played to its end.')
  })

  test('for a machine has the interval of the table, and null of what nobody has', () => {
    const experiment = { experiment: { baseline: 's' } }
    const of = { ...experiment, planned: 3 }
    const [p, s] = evaluationFacts([run('p', { metrics: { earned: column(2, 4), none: column() } }, of), run('s', {})])
    expect(p).toMatchObject({
      folder: 'runs/p',
      env: 'toy',
      player: 'p',
      baseline: 's',
      evaluated: ['a'],
      planned: 3,
      ok: 2,
      reward: { n: 2, mean: 2, low: expect.any(Number), high: expect.any(Number), method: expect.any(String) },
      metrics: { earned: { n: 2, mean: 3 }, none: null },
    })
    expect(s).not.toHaveProperty('baseline')
    expect(s).not.toHaveProperty('label')
  })
})
