import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { stream } from '../../index.ts'
import { SortedLines } from '../../rollouts/sorted.ts'
import { scratch } from './table.ts'

test('lines come back in order, however few are held at once', () => {
  const random = stream(7, 'lines')
  const lines = Array.from({ length: 1000 }, () => `key-${random.int(0, 300)}\t${random.int(0, 9)}`)
  for (const most of [1, 7, 1000, 2000]) {
    const sorted = new SortedLines(scratch(), most)
    for (const line of lines) sorted.add(line)
    expect([...sorted.inOrder()]).toEqual([...lines].sort())
  }
})

test('no more is held than was allowed', () => {
  const place = scratch()
  const sorted = new SortedLines(place, 10)
  for (let i = 0; i < 95; i++) sorted.add(String(i))
  expect(readdirSync(place)).toHaveLength(9)
})

test('nothing in, nothing out', () => {
  expect([...new SortedLines(scratch()).inOrder()]).toEqual([])
})
