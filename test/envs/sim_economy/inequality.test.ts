/** The inequality figures by hand, signs and edges included. */
import { expect, test } from 'vitest'
import { gini, shiftedGini, shiftOf, topShare } from '../../../envs/sim_economy/inequality.ts'

test.each([
  ['equal wealth', [7, 7, 7], 0],
  ['one has everything: (n − 1) / n', [0, 0, 0, 9], 0.75],
  ['the order does not matter: 2 · (1 + 4 + 9) / 18 − 4/3', [3, 1, 2], 28 / 18 - 4 / 3],
  ['debts as they are: 2 · (−3 − 2 − 3) / (3 · −5) − 4/3', [-1, -3, -1], 16 / 15 - 4 / 3],
  ['nothing in sum', [-2, 2], 0],
])('gini of %s', (_what, values, expected) => {
  expect(gini(values)).toBeCloseTo(expected, 12)
})

test('the shift makes the smallest value 1, where it is not above 0', () => {
  expect([shiftOf([1, 5]), shiftOf([0, 5]), shiftOf([-3, 5])]).toEqual([0, 1, 4])
  expect(shiftedGini([-3, 5])).toBe(gini([1, 9]))
})

test('the top share is 0 where wealth does not add up to something', () => {
  expect([topShare([1, 3]), topShare([5, -5]), topShare([-1, -3])]).toEqual([0.75, 0, 0])
})
