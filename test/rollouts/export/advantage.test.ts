import { expect, test } from 'vitest'
import { estimatorNamed, groupMoments } from '../../../rollouts/export/advantage.ts'

const grpo = estimatorNamed('grpo')
const drGrpo = estimatorNamed('dr-grpo')

test('a group of 1, 2, 3 and 6 has mean 3 and a standard deviation of √(14/3)', () => {
  const { mean, sd } = groupMoments([1, 2, 3, 6])
  expect(mean).toBe(3)
  expect(sd).toBeCloseTo(Math.sqrt(14 / 3), 12)
})

test('GRPO divides the distance from the mean by the standard deviation plus 0.0001', () => {
  const [first, , third, last] = grpo.of([1, 2, 3, 6])
  // 2 ÷ (2.160247 + 0.0001) and 3 ÷ the same.
  expect(first).toBeCloseTo(-0.925777, 6)
  expect(third).toBe(0)
  expect(last).toBeCloseTo(1.388666, 6)
})

test('Dr. GRPO is the distance from the mean', () => {
  expect(drGrpo.of([1, 2, 3, 6])).toEqual([-2, -1, 0, 3])
})

test('equal rewards and single rollouts have no advantage', () => {
  expect(grpo.of([0.7, 0.7, 0.7])).toEqual([0, 0, 0])
  expect(grpo.of([5])).toEqual([0])
  expect(drGrpo.of([5])).toEqual([0])
})

test('GRPO is the default, and a misspelt estimator is told the nearest', () => {
  expect(estimatorNamed()).toBe(grpo)
  expect(() => estimatorNamed('grop')).toThrow("Estimators: grpo, dr-grpo. Did you mean 'grpo'?")
})
