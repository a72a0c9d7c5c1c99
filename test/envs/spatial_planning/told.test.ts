/** The words a player is told, line by line, on observations made by hand and in games: what stands there is what the fields say. */
import { describe, expect, test } from 'vitest'
import { facts } from '../../../envs/spatial_planning/facts.ts'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import type { Observation } from '../../../envs/spatial_planning/observe.ts'
import { points } from '../../../envs/spatial_planning/words.ts'
import { call, declare, game, goTo, step, turnOf } from './table.ts'

const rules = (config: object): string => spatialPlanning.rules(game(config).config, 'owner_1')
const lines = (seen: object): string[] => spatialPlanning.render(seen as Observation).split('\n')

describe('a number', () => {
  test.each([
    [0, '0'],
    [-0.001, '0'],
    [-1, '-1'],
    [999, '999'],
    [-1234.5, '-1,234.5'],
    [1_234_567.891, '1,234,567.89'],
  ])('%f is %s', (amount, words) => expect(points(amount)).toBe(words))
})

describe('the own declarations', () => {
  const table = game({ treatment: 'harberger', session: 1, ticks: 1, rounds: 1 })
  step(table, declare({ owner_1: [390_001, 210_001], developer: [300_001, 800_001] }))
  const seen = table.observe('owner_1')

  test('are repeated with those of others', () => {
    expect(lines(seen)).toContain('You declared 390,001 without and 210,001 with the project.')
    expect(lines(seen)).toContain('owner_1: no project 390,001')
  })
  test('stand once where turns are brief and they are among what all see, and at all where nobody sees any', () => {
    const brief = { ...seen, shared: { ...seen.shared, brief: true } }
    expect(lines(brief).join()).not.toContain('You declared')
    expect(lines({ ...brief, declarations: null })).toContain('You declared 390,001 without and 210,001 with the project.')
  })
})

test('which condition prices would choose is told while they do, and what was chosen afterwards', () => {
  const table = goTo(game({ treatment: 'futarchy', session: 1, ticks: 1, rounds: 1 }), 'market')
  const seen = table.observe('owner_1')
  const head = (leading: 0 | 1 | null) =>
    lines({
      ...seen,
      shared: { ...seen.shared, leading: leading === null ? null : (['no_project', 'project'] as const)[leading] },
    })
  expect(head(1)[1]).toBe('The prices would now choose: project.')
  expect(head(0)[1]).toBe('The prices would now choose: no project.')
  expect(head(null).join()).not.toContain('would now choose')
  goTo(table, 'final_declaration')
  expect(lines(table.observe('owner_1'))[1]).toBe('Chosen: project.')
})

test('what speculators published of a plot is one line, those who say the same together', () => {
  const table = goTo(game({ treatment: 'harberger', session: 1, ticks: 1, rounds: 1 }), 'speculation')
  const seen = table.observe('owner_1')
  const said = (speculator: string, plot: string, without: number, project: number) => ({
    speculator,
    plot,
    values: [without, project],
  })
  const appraisals = [
    said('speculator_1', 'owner_1', 400_000, 200_000),
    said('speculator_2', 'owner_2', 1, 2),
    said('speculator_3', 'owner_1', 400_000, 200_000),
    said('speculator_4', 'owner_1', 350_000, 200_000),
  ]
  expect(lines({ ...seen, appraisals }).filter(line => line.includes('speculator_'))).toEqual([
    'owner_1: 400,000 / 200,000 (speculator_1, speculator_3); 350,000 / 200,000 (speculator_4)',
    'owner_2: 1 / 2 (speculator_2)',
  ])
})

test('the result of a vote is its counts and money, with the fine where there is one', () => {
  const table = game({ treatment: 'voting', session: 1, rounds: 2, owners: 3 })
  goTo(table, 'vote')
  step(table, { owner_1: [call('vote', { choice: 'project' })], owner_2: [call('vote', { choice: 'no_project' })] })
  const text = lines(table.observe('owner_1')).join('\n')
  expect(text).toMatch(/1 for, 1 against; value [\d,]+, compensation 0, total [\d,]+/)
  expect(text).not.toContain('speculation')
})

test('private signals are what the rules say: an amount more or less, or a factor', () => {
  const base = { treatment: 'harberger', session: 0, rounds: 1 }
  expect(rules({ ...base, signals: 'additive' })).toContain('plus a number drawn anew for each player between −')
  expect(rules({ ...base, signals: 'multiplicative' })).toContain(
    'times a number drawn anew for each player between 0.95 and 1.05',
  )
})

test('a log in terms of all economies: who is what, who dealt with whom, and points after each step, without practice', () => {
  const table = game({ treatment: 'harberger', owners: 2, speculators: 2, session: 4, rounds: 1, ticks: 3, practice: true })
  goTo(table, 'market', 1)
  step(turnOf(table, 'owner_1'), { owner_1: [call('place_limit_order', { side: 'ask', price: 8100 })] })
  step(turnOf(table, 'speculator_1'), { speculator_1: [call('trade_now', { side: 'buy' })] })
  const t = table.log.steps.length - 1
  step(turnOf(table, 'owner_2'), { owner_2: [call('place_limit_order', { side: 'bid', price: 7000 })] })
  step(turnOf(table, 'speculator_2'), { speculator_2: [call('trade_now', { side: 'sell' })] })
  while (!table.over) step(table)
  const { log } = table
  const practised = log.steps.flatMap(({ events }) => events.filter(event => event.type === 'round_settled' && event.practice))
  expect(practised).toHaveLength(1)
  // Euros have no bounds, unless the configuration caps them.
  expect(facts.ranges!(table.config)).toEqual({ reputation: '[0, 1]' })
  expect(facts.ranges!({ ...table.config, reward_cap: 2 })).toEqual({ reputation: '[0, 1]', reward: '[−2, 2]' })
  expect(facts.kinds!(log)).toEqual({
    owner_1: 'owner',
    developer: 'developer',
    owner_2: 'owner',
    speculator_1: 'speculator',
    speculator_2: 'speculator',
  })
  const [first, second, ...more] = facts.dealings!(log)
  expect(first).toEqual({ t, kind: 'share', from: 'owner_1', to: 'speculator_1', outcome: 'traded' })
  expect(second).toMatchObject({ from: 'owner_2', to: 'speculator_2' })
  expect(more).toEqual([])
  const points = facts.standings!(log).points!
  const settled = log.steps.flatMap(({ events }, at) =>
    events.flatMap(event => (event.type === 'round_settled' && !event.practice ? [{ at, payoffs: event.payoffs }] : [])),
  )
  expect(settled).toHaveLength(1)
  const [{ at, payoffs }] = settled as [(typeof settled)[number]]
  for (const agent of ['owner_1', 'speculator_2']) {
    expect(points[agent]).toHaveLength(log.steps.length)
    expect(points[agent]!.slice(0, at).every(sum => sum === 0)).toBe(true)
    expect(points[agent]!.at(-1)).toBe(payoffs[agent])
  }
})
