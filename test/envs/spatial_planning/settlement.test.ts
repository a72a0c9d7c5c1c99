/** Decisions, speculation and accounts of a round by hand-computed cases. */
import { describe, expect, test } from 'vitest'
import {
  decideByMedian,
  decideBySum,
  decideByVote,
  eurosOf,
  gameFee,
  settle,
  settleVote,
  sourcesOf,
  speculate,
  speculationResult,
} from '../../../envs/spatial_planning/settlement.ts'

describe('the decision', () => {
  test.each([
    [[5, 4], 0],
    [[4, 5], 1],
    [[5, 5], 1],
  ] as const)('sums %j choose %i', (sums, chosen) => expect(decideBySum(sums, 'laboratory')).toBe(chosen))
  test.each([
    ['nobody traded', [null, null], 1],
    ['only without the project', [9, null], 0],
    ['only with the project', [null, 9], 1],
    ['equal medians', [9, 9], 0],
    ['the project is dearer', [9, 9.5], 1],
    ['the project is cheaper', [9.5, 9], 0],
    ['a market at price 0 does not count', [0, null], 1],
    ['nor does it where the other has no trade', [null, 0], 1],
  ] as const)('medians: %s', (_case, medians, chosen) => expect(decideByMedian(medians, 'laboratory')).toBe(chosen))
  test.each([
    ['more against', 3, 2, 0],
    ['more for', 2, 3, 1],
    ['as many for as against', 2, 2, 1],
    ['all abstain', 0, 0, 1],
    ['one for, four abstain', 0, 1, 1],
  ] as const)('votes: %s', (_case, no, yes, chosen) => expect(decideByVote(no, yes, 'laboratory')).toBe(chosen))
  test('a configured rule decides every tie', () => {
    for (const [tie, chosen] of [
      ['no_project', 0],
      ['project', 1],
    ] as const) {
      expect(decideBySum([5, 5], tie)).toBe(chosen)
      expect(decideByMedian([9, 9], tie)).toBe(chosen)
      expect(decideByMedian([null, null], tie)).toBe(chosen)
      expect(decideByVote(2, 2, tie)).toBe(chosen)
    }
  })
  test('a vote is decided as by the laboratory’s quorum: at least half of the valid votes, the most win, ties build', () => {
    for (let no = 0; no <= 5; no++) {
      for (let yes = 0; yes + no <= 5; yes++) {
        const quorum = Math.floor((no + yes) / 2)
        const standing = [no, yes].map(count => (count >= quorum ? count : -1))
        expect(decideByVote(no, yes, 'laboratory')).toBe(standing[1]! >= standing[0]! ? 1 : 0)
      }
    }
  })
})

describe('speculation', () => {
  test('n buyers share half the difference, which the holder loses', () => {
    const deals = speculate([500], [400], [[4, 5]])
    expect(deals.map(deal => deal.profit)).toEqual([25, 25])
    expect([0, 4, 5].map(player => speculationResult(deals, player))).toEqual([-50, 25, 25])
  })
  test('an over-declared plot costs its buyers and pays its holder', () => {
    const deals = speculate([400], [500], [[4]])
    expect([0, 4].map(player => speculationResult(deals, player))).toEqual([50, -50])
  })
  test('a plot that nobody buys moves nothing', () => expect(speculate([500], [100], [[]])).toEqual([]))
})

describe('accounts', () => {
  const play = {
    values: [500_000, 200_000],
    initial: [400_000, 250_000],
    final: [300_000, 200_000],
    initialDeals: speculate([500_000, 200_000], [400_000, 250_000], [[2], []]),
    finalDeals: speculate([500_000, 200_000], [300_000, 200_000], [[2], []]),
    cash: [60_000, 300_000, 50_000],
    shares: [6, 30, 5],
    initial_tax: 1,
    final_tax: 33,
  }
  const accounts = settle(play)
  test('every part of a land holder’s account', () => {
    expect(accounts[0]).toEqual({
      value: 500_000,
      initial_tax: 4000,
      final_tax: 99_000,
      initialDeals: -50_000,
      finalDeals: -100_000,
      cash: 60_000,
      shares: 6,
      dividend: 6 * 1650,
      payoff: 500_000 - 4000 - 99_000 - 150_000 + 60_000 + 9900,
    })
  })
  test('a speculator has no land and no tax', () => {
    expect(accounts[2]).toMatchObject({
      value: null,
      initial_tax: null,
      final_tax: null,
      payoff: 50_000 + 100_000 + 50_000 + 5 * 1650,
    })
  })
  test('payoffs add up to land less taxes plus dividends and cash', () => {
    expect(accounts.reduce((sum, { payoff }) => sum + payoff, 0)).toBeCloseTo(sourcesOf(play), 6)
  })
  test('compensation passes from the developer to every owner, if the project is built', () => {
    expect(settleVote([100, 1000, 200], 1, 1, 50)).toEqual([150, 900, 250])
    expect(settleVote([100, 1000, 200], 1, 0, 50)).toEqual([100, 1000, 200])
  })
})

test('euros are cents of points at the exchange rate, with the fee for coming', () => {
  const terms = { basePoints: 200_000, pointsPerEuro: 20_000 }
  expect(gameFee(306_449.5, terms)).toBe(25.32)
  expect(eurosOf(306_449.5, terms)).toBe(30.32)
  expect(eurosOf(306_449.5, terms, 0)).toBe(25.32)
  expect(gameFee(-250_000, terms)).toBe(-2.5)
})
