/** What a game can be told: a value that makes sense is kept, one that does not is refused by name, and what a rule needs is filled in. */
import { describe, expect, test } from 'vitest'
import { written } from '../../../envs/swarm_economy/config.ts'
import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'
import { PROFILES } from '../../../envs/swarm_economy/profiles.ts'
import { environments, parseConfig } from '../../../index.ts'

const parse = (config: object) => parseConfig(environments.get('swarm_economy'), config) as Record<string, unknown>

describe('an option', () => {
  const share = [[0, 1], [-0.1, 1.1]] as const // biome-ignore format: a pair
  const weight = [[-10, 10], [-10.1, 10.1]] as const // biome-ignore format: a pair
  test.each<[name: string, kept: readonly unknown[], refused: readonly unknown[]]>([
    ['difficulty', ['easy', 'medium', 'hard', 'mixed'], ['simple']],
    ['epochs', [1, 20], [0, 21, 1.5]],
    ['steps_per_epoch', [1, 20], [0, 21, 1.5]],
    ['max_turns', [1, 1000], [0, 1001]],
    ['payoff_weight', ...weight],
    ['reputation_weight', ...weight],
    ['quality_weight', ...weight],
    ['activity_weight', ...weight],
    ['diversity_weight', ...weight],
    ['survival_weight', ...weight],
    ['payoff_scale', [1, 10_000], [0.5, 10_001]],
    ['submission_noise', [0, 2], [-0.1, 2.1]],
    ['bounty_low', [0, 1000], [-1, 1001]],
    ['bounty_high', [0, 1000], [-1, 1001]],
    ['audit_fails_below', ...share],
    ['post_reward', [0, 50], [-1, 51]],
    ['reply_reward', [0, 50], [-1, 51]],
    ['idle_decay_factor', [0, 10], [-1, 11]],
    ['mix', ['0/2/2', '9/9/9', null], ['1/1', '1/1/10', '11/1/1', 'a1/1/1']],
    ['tax_rate', [0, 1, null], [-0.1, 1.1]],
    ['audit_risk', [0, 1, null], [-0.1, 1.1]],
    ['decay', [0, 1, null], [-0.1, 1.1]],
    ['freeze_below', [0, 100, null], [-1, 101]],
    ['resources', [0, 10_000, null], [-1, 10_001]],
    ['bounty_multiplier', [0, 10, null], [-1, 11]],
    ['phase_shift', ['none', 'tax', null], ['all']],
    ['extreme', ['none', 'sparse', null], ['all']],
    ['tasks_low', [0, 10], [-1, 11]],
    ['tasks_high', [0, 10], [-1, 11]],
    ['level_low', [1, 3], [0, 4]],
    ['level_high', [1, 3], [0, 4]],
    ['word_share', ...share],
    ['audit_fine', [0, 10], [-1, 11]],
    ['audit_penalty', [0, 100], [-1, 101]],
    ['loan_limit', [1, 100], [0.5, 101]],
    ['loan_yield', [1, 5], [0.5, 6]],
    ['loan_return', [0, 5], [-1, 6]],
    ['loan_term', [1, 20], [0, 21]],
    ['loans_per_epoch', [1, 20], [0, 21]],
    ['debt_fine', [0, 10], [-1, 11]],
    ['restitution', ...share],
  ])('%s', (name, kept, refused) => {
    for (const value of kept) expect(parse({ [name]: value })[name]).toEqual(value)
    for (const value of refused) expect(() => parse({ [name]: value }), String(value)).toThrow(name)
  })

  test('that is undefined is one that was left out', () => {
    expect(parse({ tax_rate: undefined, max_turns: undefined })).toEqual(parse({}))
  })
})

describe('a rule of our own in a published profile', () => {
  const given = (config: object) => {
    const parsed = parse({ profile: 'v0.1', ...config })
    return Object.keys(parsed).filter(name => !(name in parse({ profile: 'v0.1' })))
  }
  test('has what it needs, as in our own profile, and nothing else', () => {
    expect(given({}).sort()).toEqual([])
    expect(given({ work_rule: 'problems' }).sort()).toEqual(['audit_fine', 'audit_penalty', 'word_share', 'work_rule'])
    expect(given({ trade_rule: 'loans' }).sort()).toEqual(
      [
        'audit_penalty',
        'debt_fine',
        'loan_limit',
        'loan_return',
        'loan_term',
        'loan_yield',
        'loans_per_epoch',
        'restitution',
        'trade_rule',
      ].sort(),
    )
    expect(parse({ profile: 'v0.1', trade_rule: 'loans' }).loan_limit).toBe(PROFILES.standard.loan_limit)
  })
  test('keeps what is given of it', () => {
    expect(parse({ profile: 'v0.1', trade_rule: 'loans', loan_limit: 7 }).loan_limit).toBe(7)
    expect(given({ work_rule: 'words' })).toEqual(['work_rule'])
  })
})

test('what is written down of a configuration is what differs from its profile, and parses to it', () => {
  const of = (config: object) => written(swarmEconomy.config.parse(config))
  expect(of({})).toEqual({ profile: 'standard' })
  expect(of({ profile: 'v0.1', epochs: 3, tax_rate: 0.1 })).toEqual({ profile: 'v0.1', epochs: 3, tax_rate: 0.1 })
  expect(of({ profile: 'v0.1', max_turns: 7 })).toEqual({ profile: 'v0.1', max_turns: 7 })
  expect(of({ profile: 'v0.1', epochs: 3, max_turns: 15 })).toEqual({ profile: 'v0.1', epochs: 3 })
  const config = { profile: 'v0.2', mix: '1/1/1', trade_rule: 'loans', loan_limit: 30, max_turns: 9 }
  expect(parse(of(config))).toEqual(parse(config))
})
