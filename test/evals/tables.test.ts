/** What each figure of a comparison is divided by, on a player whose rollouts can be counted by hand. */
import { describe, expect, test } from 'vitest'
import { Setting, settingId } from '../../evals/setting.ts'
import { settingFigures } from '../../evals/tables.ts'
import type { Conduct } from '../../rollouts/conduct.ts'
import type { Metadata } from '../../rollouts/metadata.ts'
import type { ResultFigures } from '../../rollouts/rows.ts'

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
