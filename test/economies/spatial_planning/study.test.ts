/** The study: it finds the prototype's figures with the players they are for, and not with others. */
import { describe, expect, test } from 'vitest'
import { groups, judge, spatialPlanningStudy } from '../../../economies/spatial_planning/study.ts'

const named = (name: string) => groups.find(group => group.name.startsWith(name))!
const failed = (name: string, lineup = named(name).lineup) =>
  judge({ ...named(name), lineup }, 1).filter(({ ok }) => ok === false)

describe('with one seed of every laboratory session', () => {
  test.each([
    'harberger: honest owners, deceptive developer',
    'harberger: opportunistic owners, opportunistic developer, honest speculators',
    'voting: honest owners',
    'voting: rational_vote',
    'voting: never_project',
  ])('%s lies within its tolerances', name => expect(failed(name)).toEqual([]))

  test('an honest developer in the liar’s place does not', () => {
    const name = 'harberger: honest owners, deceptive developer'
    const figures = failed(name, { ...named(name).lineup, developer: 'honest' }).map(({ figure }) => figure)
    expect(figures).toEqual(expect.arrayContaining(['efficiency', 'correct decisions, of 55', 'project chosen, of 55']))
  })
})

test('every figure is a prototype’s, with a tolerance', () => {
  expect(groups).toHaveLength(20)
  const rows = judge(named('voting: honest owners'), 1)
  expect(rows.map(({ figure }) => figure)).toEqual([
    'efficiency',
    'correct decisions, of 55',
    'project chosen, of 55',
    'payoff of the developer, thousands',
    'payoff of an owner, thousands',
  ])
  // A hundredth of efficiency, three rounds of 55, a tenth of a payoff.
  const tenths = rows.slice(3).map(({ published }) => expect.closeTo(Math.abs(published!) / 10, 6))
  expect(rows.map(({ tolerance }) => tolerance)).toEqual([0.01, 3, 3, ...tenths])
  expect(rows.every(({ kind, tolerance, n }) => kind === 'prototype' && tolerance !== undefined && n === 55)).toBe(true)
})

test('a wrong number of seeds is told in one line', async () => {
  const context = { options: { seeds: 0 }, signal: new AbortController().signal, progress: () => {} }
  await expect(spatialPlanningStudy.run(context)).rejects.toThrow('--seeds: expected an integer from 1, got 0.')
})
