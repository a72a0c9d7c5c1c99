/** A row of a study passes inside its tolerance and its bounds, and no other way. */
import { expect, test } from 'vitest'
import { row } from '../../evals/study.ts'

const fields = { group: 'g', figure: 'f', kind: 'published', published: 10, n: 1 } as const

test.each([
  ['without a tolerance it is not judged', { ours: 99 }, null],
  ['without a published figure neither', { published: null, ours: 99, tolerance: 1 }, null],
  ['at the edge of its tolerance', { ours: 10.5, tolerance: 0.5 }, true],
  ['beyond it', { ours: 10.51, tolerance: 0.5 }, false],
  ['beyond it, below', { ours: 9.49, tolerance: 0.5 }, false],
  ['exactly, but for the dust of a sum of floats', { published: 0.3, ours: 0.1 + 0.2, tolerance: 0 }, true],
  ['no number is inside nothing', { ours: Number.NaN, tolerance: 1e9 }, false],
  ['as many as required', { ours: 17, least: 17 }, true],
  ['one fewer', { ours: 16, least: 17 }, false],
  ['up to a bound', { ours: 7000, most: 7000 }, true],
  ['above it', { ours: 7001, most: 7000 }, false],
  ['no number reaches no bound', { ours: Number.NaN, least: -1e9 }, false],
  ['a bound of ours needs no published figure', { published: null, ours: 3, most: 2 }, false],
  ['all must hold', { ours: 10, tolerance: 1, most: 9 }, false],
])('%s', (_name, changed, ok) => {
  expect(row({ ...fields, ...changed }).ok).toBe(ok)
})
