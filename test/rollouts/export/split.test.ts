import { expect, test } from 'vitest'
import { parseSplits, SPLIT_RULE, splitOf } from '../../../rollouts/export/split.ts'

const seeds = Array.from({ length: 10_000 }, (_, seed) => seed)

test('a seed finds its part by the first 48 bits of its hash', () => {
  // SHA-256 of "econgym split 0" begins e44f852b, that of "econgym split 8" d3d12147: 0.89 and 0.83 of 2^32. Seeds 1 to 7
  // and 9 lie below 0.67.
  const parts = seeds.slice(0, 10).map(seed => splitOf(seed, parseSplits('train=0.8,test=0.2')))
  expect(parts).toEqual(['test', ...Array(7).fill('train'), 'test', 'train'])
  expect(splitOf(0, parseSplits('train=0.9,test=0.1'))).toBe('train')
})

test('ten seeds lie where they lay in the first version, whatever the package is called', () => {
  const tenths = parseSplits(Array.from({ length: 10 }, (_, i) => `p${i}=0.1`).join(','))
  const pinned = [0, 1, 2, 3, 4, 5, 6, 7, 1000, Number.MAX_SAFE_INTEGER]
  expect(pinned.map(seed => splitOf(seed, tenths))).toEqual([8, 6, 6, 1, 6, 2, 2, 1, 3, 4].map(i => `p${i}`))
  expect(SPLIT_RULE).toContain('SHA-256("econgym split SEED")')
  expect(SPLIT_RULE).toContain("The salt is a constant that outlives the package's name")
})

test('each part gets its share of many seeds', () => {
  const splits = parseSplits('train=0.8,validation=0.15,test=0.05')
  const counts = new Map<string, number>()
  for (const seed of seeds) counts.set(splitOf(seed, splits), (counts.get(splitOf(seed, splits)) ?? 0) + 1)
  // Four standard deviations of a binomial share.
  expect(Math.abs(counts.get('train')! - 8000)).toBeLessThan(160)
  expect(Math.abs(counts.get('validation')! - 1500)).toBeLessThan(143)
  expect(Math.abs(counts.get('test')! - 500)).toBeLessThan(88)
})

test('a larger first part takes seeds from the others and gives none away', () => {
  const small = parseSplits('train=0.5,test=0.5')
  const large = parseSplits('train=0.6,test=0.4')
  const moved = seeds.filter(seed => splitOf(seed, small) === 'train' && splitOf(seed, large) !== 'train')
  expect(moved).toEqual([])
})

test('what shares leave over by rounding goes to the last part', () => {
  // Seed 0 lies at 0.89.
  const short = ['a', 'b', 'c'].map(name => ({ name, share: 0.29 }))
  expect(splitOf(0, short)).toBe('c')
})

test('what is no list of shares is refused in one line', () => {
  const refusals = {
    'train=0.9': 'they sum to 0.9',
    'train=0.5,train=0.5': 'train is given twice',
    '0.9,0.1': 'is no NAME=SHARE',
  }
  for (const [text, why] of Object.entries(refusals)) expect(() => parseSplits(text)).toThrow(why)
  expect(() => parseSplits('train=1.0,test=0')).toThrow("'test=0' is no NAME=SHARE")
  expect(() => parseSplits('../x=1')).toThrow('NAME=SHARE')
})
