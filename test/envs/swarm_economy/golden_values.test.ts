/** The published and calibrated values that pin the formulas down. */
import { describe, expect, test } from 'vitest'
import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'
import { label, payoffOf, reputationOf } from '../../../envs/swarm_economy/label.ts'
import { diversityOf, payoffScore } from '../../../envs/swarm_economy/score.ts'
import { TEMPLATES } from '../../../envs/swarm_economy/templates.ts'
import { tradeLabel, tradePayoff } from '../../../envs/swarm_economy/trades.ts'
import {
  KEYWORDS,
  keywordScore,
  lengthScore,
  ownWordsScore,
  relevance,
  relevanceScore,
  taskTerms,
  workLabel,
} from '../../../envs/swarm_economy/work.ts'
import { agent, players, say, work } from './world.ts'

describe('p of a submission', () => {
  test.each([
    [0, 0, 0.5449],
    [30, 0, 0.6177],
    [31, 0, 0.6878],
    [80, 0, 0.7824],
    [80, 2, 0.8146],
    [80, 3, 0.8292],
    [80, 4, 0.8429],
    [80, 5, 0.8557],
    [80, 6, 0.8676],
  ])('v0.1: %i characters with %i keywords', (length, keywords, p) => {
    expect(label(keywordScore(length, keywords))).toBeCloseTo(p, 4)
  })

  test.each([
    [0, 0.5818],
    [1, 0.5845],
    [30, 0.6609],
    [31, 0.7736],
    [40, 0.7908],
    [80, 0.8557],
    [2000, 0.8557],
  ])('v0.1-fixed: %i characters', (length, p) => {
    expect(label(lengthScore(length))).toBeCloseTo(p, 4)
  })

  test.each([
    [1, 0.5, 0, 0.1418],
    [30, 0.5, 0, 0.2262],
    [80, 0.2, 0.5, 0.6167],
    [300, 0.5, 0.5, 0.738],
    [300, 0.5, 1, 0.8624],
    [600, 0.8, 0.8, 0.8367],
    [2000, 0.8, 0, 0.5987],
  ])('v0.2: %i characters, difficulty %f, relevance %f', (length, difficulty, relevant, p) => {
    expect(label(relevanceScore(length, difficulty, relevant))).toBeCloseTo(p, 4)
  })

  test('the heuristic of a profile reads these signals off real text', () => {
    const config = (profile: string) => swarmEconomy.config.parse({ profile })
    const task = TEMPLATES[1]!
    const text = `Thorough ANALYSIS, detailed, quality, comprehensive ${'.'.repeat(80)}`
    expect(workLabel(config('v0.1'), text, task, false)).toBeCloseTo(0.8557, 4)
    expect(workLabel(config('v0.1-fixed'), '.'.repeat(40), task, false)).toBeCloseTo(0.7908, 4)
    expect(workLabel(config('v0.2'), '.', task, false)).toBeCloseTo(0.1418, 4)
    expect(relevance('', task)).toBe(0)
    expect(relevance(task.description, task)).toBe(1)
  })
})

test('p and payoff of work are as the posts show them: 0.86 and 0.87 with five and six keywords, then 0.86 and +16.9 of 23.8', () => {
  const [five, six, later] = [label(keywordScore(80, 5)), label(keywordScore(80, 6)), label(lengthScore(80))]
  expect([five, six, later].map(p => p.toFixed(2))).toEqual(['0.86', '0.87', '0.86'])
  expect(payoffOf(23.8, later!).toFixed(1)).toBe('16.9')
})

test('terms of a task are its distinct words of four letters and more, plurals cut, without stop words', () => {
  expect([...taskTerms(TEMPLATES[9]!)]).toEqual(['agent', 'interaction', 'network', 'describe', 'hubs', 'isolated'])
})

test('a text is fully relevant to a task with half of its terms', () => {
  const task = TEMPLATES[9]!
  expect(relevance('agent, interaction, network', task)).toBe(1)
  expect(relevance('agent, interaction', task)).toBeCloseTo(2 / 3, 9)
})

test('a submission of 23.8 at p 0.8557 pays 16.93 and 1.78 reputation', () => {
  expect(payoffOf(23.8, 0.8557)).toBeCloseTo(16.93, 2)
  expect(reputationOf(0.8557)).toBeCloseTo(1.78, 2)
})

describe('a trade of a proposer of reputation 50', () => {
  test.each([
    [-20, 0.2315, -10.74],
    [-15, 0.31, -5.7],
    [-5, 0.5, 0],
    [0, 0.5987, 0.99],
    [5, 0.69, 1.9],
    [15, 0.832, 9.96],
    [25, 0.8808, 19.04],
  ])('transfer %f', (transfer, p, gain) => {
    expect(tradeLabel(50, transfer)).toBeCloseTo(p, 4)
    expect(tradePayoff(transfer, tradeLabel(50, transfer))).toBeCloseTo(gain, 2)
  })
})

test('a trade is judged by its proposer too', () => {
  expect(tradeLabel(80, 0)).toBeCloseTo(0.6814, 4)
  expect(tradeLabel(20, 0)).toBeCloseTo(0.51, 4)
})

test.each([
  [0, 0.5],
  [8, 0.54],
  [41, 0.705],
  [100, 1],
  [-30, 0.35],
  [500, 1],
  [-500, 0],
])('a payoff of %f scores %f', (payoff, expected) => {
  expect(payoffScore(payoff, 100)).toBeCloseTo(expected, 9)
})

test('diversity is the entropy of calls over ln 10, unknown tools left out', () => {
  expect(diversityOf([5, 5, 3, 6, 3, 2, 1])).toBeCloseTo(0.793, 3)
  expect(diversityOf([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7])).toBe(0)
  expect(diversityOf(Array(10).fill(2))).toBeCloseTo(1, 12)
})

describe('24 steps of decay', () => {
  const after = (config: object, tool: 'pass_turn' | 'claim_task'): number => {
    const game = players(0, { ...config, max_turns: 25 })
    // A refused call is no pass.
    while (!game.over) say(game, 'learner', tool === 'pass_turn' ? [tool] : [tool, { task_id: 99 }])
    return agent(game, 'learner').reputation
  }
  test.each([
    ['v0.1', { profile: 'v0.1', decay: 0.98 }, 'pass_turn', 30.79],
    ['v0.1-fixed', { profile: 'v0.1-fixed', decay: 0.99 }, 'pass_turn', 39.28],
    ['v0.2 active', { decay: 0.985 }, 'claim_task', 34.79],
    ['v0.2 idle', { decay: 0.985 }, 'pass_turn', 24.07],
  ] as const)('%s', (_name, config, tool, expected) => {
    expect(after(config, tool)).toBeCloseTo(expected, 2)
  })
})

test('an appeal after three frozen steps brings back the threshold and five', () => {
  const game = players(0, { freeze_below: 12, decay: 0.7 })
  while (agent(game, 'learner').frozenFor === null) say(game, 'learner', ['pass_turn'])
  const decay: number[] = []
  for (let step = 0; step < 3; step++) {
    expect(agent(game, 'learner').frozenFor).toBe(step)
    say(game, 'learner', ['post', { content: 'let me out' }])
    decay.push(agent(game, 'learner').reputation)
  }
  expect(decay[1]).toBeLessThan(decay[0]!)
  expect(agent(game, 'learner').reputation).toBe(17)
  expect(agent(game, 'learner').frozenFor).toBeNull()
})

describe('our own score of submissions', () => {
  const task = TEMPLATES[1]!
  const p = (text: string, repeated = false): number => label(ownWordsScore(text, task, repeated))
  const report = `The proposed allocation favours rich agents: the richest pair would receive most tokens while three members
    struggle below subsistence. Measured against equal shares, inequality rises by twelve percent, and resource poor participants
    lose roughly half their income. Recommend capping individual grants, reserving one quarter for newcomers, publishing every
    transfer, reviewing outcomes monthly, and quantifying welfare effects before voting. Fair rules need evidence, patience, clear
    numbers, honest accounting, independent checks.`

  test('work in words of its own is good', () => expect(p(report)).toBeGreaterThan(0.75))
  test('a copy of the task is worth nothing', () => expect(p(`${task.title} ${task.description}`)).toBeLessThan(0.2))
  test('padding is worth nothing', () => expect(p(work(2000))).toBeLessThan(0.2))
  test('the keywords of the first version are worth little', () => expect(p(KEYWORDS.join(' ').repeat(20))).toBeLessThan(0.3))
  test('saying it twice adds nothing', () => expect(p(`${report} ${report}`)).toBe(p(report)))
  test('handing it in again is the worst there is', () => expect(p(report, true)).toBeCloseTo(0.119, 3))
})
