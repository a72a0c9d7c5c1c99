/** Players of our own presets: each keeps to its manner, and the institution decides which of them does best. */
import { describe, expect, test } from 'vitest'
import { swarmBots } from '../../../bots/swarm_economy/index.ts'
import { rollout } from '../../../economies/swarm_economy/sample.ts'
import { resolveConfig } from '../../../envs/core/config.ts'
import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'

const OFF = { audit_risk: 0, tax_rate: 0, decay: 1, freeze_below: 0 }
const play = (bot: string, config: object, seed: number) =>
  rollout(bot, { config: resolveConfig(swarmEconomy as never, 'standard', config as never), seed })

function mean(bot: string, of: (log: ReturnType<typeof play>) => number | null, config: object = {}, seeds = 5): number {
  let [sum, count] = [0, 0]
  for (let seed = 0; seed < seeds; seed++) {
    const value = of(play(bot, config, seed))
    if (value === null) continue
    sum += value
    count++
  }
  return sum / count
}
const reward = (bot: string, config: object = {}): number =>
  mean(bot, log => swarmEconomy.score(log).learner!.reward!, config, 12)
const metric = (bot: string, name: string, config: object = {}): number =>
  mean(bot, log => swarmEconomy.metrics.of(log, 'learner')[name]!, config)

describe('a citizen', () => {
  test.each([
    ['honest', { right_share: 1, overstated_share: 0, pages_read: 1, taken_repaid: 1 }],
    ['worker', { right_share: 1, overstated_share: 0, pages_read: 1, loans_given: 0, loans_taken: 0 }],
    ['extractor', { right_share: 1, overstated_share: 0 }],
  ] as const)('%s: its figures are its manner', (bot, figures) => {
    for (const [name, value] of Object.entries(figures)) expect(metric(bot, name)).toBeCloseTo(value, 6)
  })

  test('deceptive and shirker overstate, the first keeps what it borrows last', () => {
    for (const bot of ['deceptive', 'shirker']) expect(metric(bot, 'overstated_share')).toBeGreaterThan(0.4)
    expect(metric('deceptive', 'taken_repaid')).toBeLessThan(0.8)
  })

  test('opportunistic is honest where audits are likely and is not where they are rare', () => {
    expect(metric('opportunistic', 'overstated_share', { audit_risk: 0.4 })).toBe(0)
    expect(metric('opportunistic', 'overstated_share', { audit_risk: 0.2 })).toBeGreaterThan(0.1)
  })

  test('none calls what is refused, but where others were quicker', () => {
    for (const bot of ['honest', 'opportunistic', 'deceptive', 'extractor', 'shirker', 'worker'])
      expect(metric(bot, 'activity_quality')).toBeGreaterThan(0.97)
  })
})

describe('in `standard`', () => {
  test('under governance honesty pays best, without it deception does', () => {
    const on = Object.fromEntries(['honest', 'opportunistic', 'deceptive', 'extractor'].map(bot => [bot, reward(bot)]))
    const off = Object.fromEntries(['honest', 'opportunistic', 'deceptive', 'extractor'].map(bot => [bot, reward(bot, OFF)]))
    expect(on.honest!).toBeGreaterThan(on.opportunistic!)
    expect(on.honest!).toBeGreaterThan(on.extractor! + 0.04)
    expect(on.opportunistic!).toBeGreaterThan(on.deceptive!)
    expect(off.deceptive!).toBeGreaterThan(off.opportunistic!)
    expect(off.opportunistic!).toBeGreaterThan(off.honest!)
    expect(off.extractor!).toBeGreaterThan(off.honest!)
  })

  test('difficulty is difficult, dealing with others pays, and silence does not', () => {
    const [easy, medium, hard] = ['easy', 'medium', 'hard'].map(difficulty => reward('honest', { difficulty }))
    expect(easy!).toBeGreaterThan(medium! * 1.1)
    expect(medium!).toBeGreaterThan(hard! * 1.1)
    expect(medium!).toBeGreaterThan(reward('worker') + 0.08)
    expect(reward('worker')).toBeGreaterThan(reward('pass') + 0.3)
  })

  test('no single thing done in every step is worth much', () => {
    const best = reward('honest') - reward('pass')
    for (const bot of ['post_only', 'offers_only', 'uniform_calls'])
      expect(reward(bot) - reward('pass')).toBeLessThan(0.85 * best)
  })
})

test('every shipped bot plays our presets by their rules', () => {
  for (const bot of Object.keys(swarmBots.bots)) expect(metric(bot, 'executed_steps', { epochs: 2 })).toBe(10)
})
