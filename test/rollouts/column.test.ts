import { describe, expect, test } from 'vitest'
import { stream } from '../../envs/core/random.ts'
import { Games } from '../../evals/games.ts'
import { CLUSTERS, Column, Moments } from '../../rollouts/column.ts'

describe('moments', () => {
  test('count, mean and standard deviation are those of the values', () => {
    const moments = new Moments()
    for (const value of [2, 4, 4, 4, 5, 5, 7, 9]) moments.add(value)
    expect(moments).toMatchObject({ n: 8, mean: 5, min: 2, max: 9 })
    expect(moments.sd).toBeCloseTo(Math.sqrt(32 / 7), 12)
    expect(new Moments().sd).toBeNull()
  })

  test('a large offset costs no precision', () => {
    const moments = new Moments()
    for (const value of [4, 7, 13, 16]) moments.add(1e9 + value)
    expect(moments.sd).toBeCloseTo(Math.sqrt(30), 6)
  })

  test('zeros added at once are zeros added one by one', () => {
    const random = stream(1, 'zeros')
    const together = new Moments()
    const apart = new Moments()
    for (let i = 0; i < 20; i++) {
      const value = random.int(1, 9)
      together.add(value)
      apart.add(value)
    }
    together.addZeros(7)
    for (let i = 0; i < 7; i++) apart.add(0)
    expect(together.mean).toBeCloseTo(apart.mean, 12)
    expect(together.sd).toBeCloseTo(apart.sd!, 12)
    expect(together).toMatchObject({ n: 27, min: 0 })
  })
})

describe('columns', () => {
  test('values are added up by scenario', () => {
    const column = new Column()
    column.addTo(0, 1)
    column.addTo(100, 5)
    column.addTo(0, 2)
    expect([column.sums[0], column.counts[0], column.sums[100], column.counts[100]]).toEqual([3, 2, 5, 1])
    expect(column).toMatchObject({ n: 3 })
  })

  test('what was told only where it is above 0 is filled up with zeros, once', () => {
    const rows = new Column()
    const calls = new Column()
    for (let i = 0; i < 10; i++) rows.addTo(i % 5, 1)
    calls.addTo(3, 4)
    calls.fillTo(rows)
    calls.fillTo(rows)
    expect(calls).toMatchObject({ n: 10, mean: 0.4 })
    expect(calls.counts[0]).toBe(2)
    expect(calls.sums[3]).toBe(4)
  })

  test('beyond so many scenarios memory stays, and sums do', () => {
    const column = new Column()
    for (let i = 0; i < 3 * CLUSTERS; i++) column.addTo(i, 1)
    expect(column.sums.length).toBe(CLUSTERS)
    expect(column.sums[7]).toBe(3)
  })
})

describe('games', () => {
  test('points go to the higher result and are shared where they are equal, whoever is named first', () => {
    const games = new Games()
    expect(games.empty).toBe(true)
    games.play(0, 0, 1, 5, 3)
    games.play(0, 1, 0, 5, 3)
    games.play(2, 1, 0, 4, 4)
    expect(games.empty).toBe(false)
    expect(games.points()).toEqual([
      { cluster: 0, i: 0, j: 1, pi: 1, pj: 1 },
      { cluster: 2, i: 0, j: 1, pi: 0.5, pj: 0.5 },
    ])
  })
})
