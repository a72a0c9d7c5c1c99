/** The data sets, and that neither a fixed lever nor a player moves what else is drawn. */
import { describe, expect, test } from 'vitest'
import { presets } from '../../../envs/swarm_economy/config.ts'
import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'
import { PROFILE_NAMES, PROFILES } from '../../../envs/swarm_economy/profiles.ts'
import { scenarioRows } from '../../../envs/swarm_economy/scenarios.ts'
import type { SwarmTypes } from '../../../envs/swarm_economy/state.ts'
import { call, type Decision, Episode } from '../../../index.ts'

const parse = (config: object) => swarmEconomy.config.parse(config)
const rows = (config: object, count?: number) => scenarioRows(parse(config), count)
const filled = (config: object, count: number) => rows(config, count).map(row => parse(row.config as object))

test('the data sets have 200 and 500 rows and go on when more are asked for', () => {
  expect(rows({ profile: 'v0.1' }).length).toBe(200)
  expect(rows({ profile: 'v0.1-fixed' }).length).toBe(200)
  expect(rows({ profile: 'v0.2' }).length).toBe(500)
  const [few, many] = [rows({ profile: 'v0.1' }), rows({ profile: 'v0.1' }, 300)]
  expect(many.slice(0, 200)).toEqual(few)
  expect(new Set(many.map(({ seed }) => seed)).size).toBe(300)
  expect(new Set(many.map(({ id }) => id)).size).toBe(300)
  expect(many[7]!.id).toBe('v0.1-medium-007')
})

test('a row leaves nothing open, and its game is played with exactly what it says', () => {
  for (const { config, seed } of rows({ profile: 'v0.2', difficulty: 'mixed' }, 40)) {
    const scenario = parse(config as object)
    expect(Object.entries(scenario).filter(([, value]) => value === null)).toEqual([])
    expect(swarmEconomy.reset(scenario, seed).config).toEqual(scenario)
  }
})

test('levers lie in the ranges of the difficulty', () => {
  const ranges = {
    easy: { tax_rate: [0.02, 0.04], audit_risk: [0.05, 0.1], decay: [0.985, 1], mixes: ['2/1/0', '3/0/0', '3/1/0'] },
    medium: { tax_rate: [0.03, 0.06], audit_risk: [0.08, 0.15], decay: [0.975, 0.995], mixes: ['1/1/1', '1/2/0', '2/1/0'] },
    hard: { tax_rate: [0.05, 0.08], audit_risk: [0.12, 0.2], decay: [0.97, 0.985], mixes: ['0/2/2', '1/1/2', '1/2/1'] },
  } as const
  for (const difficulty of ['easy', 'medium', 'hard'] as const) {
    const usual = filled({ profile: 'v0.2', difficulty, extreme: 'none' }, 200)
    const range = ranges[difficulty]
    for (const lever of ['tax_rate', 'audit_risk', 'decay'] as const) {
      const values = usual.map(scenario => scenario[lever]!)
      const [low, high] = range[lever]
      expect(Math.min(...values)).toBeGreaterThanOrEqual(low)
      expect(Math.max(...values)).toBeLessThanOrEqual(high)
      expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.9 * (high - low))
    }
    expect([...new Set(usual.map(({ mix }) => mix))].sort()).toEqual(range.mixes)
    for (const [lever, low, high] of [
      ['freeze_below', 5, 20],
      ['resources', 50, 150],
      ['bounty_multiplier', 0.5, 2],
    ] as const) {
      const values = usual.map(scenario => scenario[lever]!)
      expect([Math.min(...values) >= low, Math.max(...values) <= high]).toEqual([true, true])
    }
  }
})

test('about one row in ten has a phase shift and one in twenty is extreme, of every kind', () => {
  const scenarios = filled({ profile: 'v0.2' }, 2000)
  const count = (field: 'phase_shift' | 'extreme') => scenarios.filter(scenario => scenario[field] !== 'none').length / 2000
  expect(count('phase_shift')).toBeCloseTo(0.1, 1)
  expect(count('extreme')).toBeCloseTo(0.05, 1)
  expect(count('extreme')).toBeGreaterThan(0.03)
  expect(new Set(scenarios.map(({ phase_shift }) => phase_shift)).size).toBe(5)
  const mixes = Object.fromEntries(scenarios.map(({ extreme, mix }) => [extreme, mix]))
  expect(mixes).toMatchObject({ all_deceptive: '0/0/4', all_honest: '4/0/0', single_type: '0/4/0' })
  expect(scenarios.find(({ extreme }) => extreme === 'high_stakes')).toMatchObject({
    bounty_multiplier: 2,
    audit_risk: 0.3,
    freeze_below: 20,
  })
  expect(scenarios.find(({ extreme }) => extreme === 'sparse')).toMatchObject({ resources: 50 })
  expect(filled({ profile: 'v0.1' }, 200).every(({ extreme, phase_shift }) => extreme === 'none' && phase_shift === 'none')).toBe(
    true,
  )
})

test('an epoch brings two tasks or three, either as likely, and one where a scenario is sparse', () => {
  const tasks = (config: object, count: number) =>
    Array.from({ length: count }, (_, seed) => swarmEconomy.reset(parse({ profile: 'v0.2', ...config }), seed).tasks.length)
  const usual = tasks({ extreme: 'none' }, 400)
  expect(new Set(usual)).toEqual(new Set([2, 3]))
  expect(Math.abs(usual.filter(count => count === 3).length / usual.length - 0.5)).toBeLessThan(0.07)
  expect(new Set(tasks({ extreme: 'sparse' }, 20))).toEqual(new Set([1]))
})

test('a row of one profile is the row of another in all that both leave open', () => {
  const [early, late] = [filled({ profile: 'v0.1' }, 50), filled({ profile: 'v0.2', extreme: 'none' }, 50)]
  for (const [i, scenario] of early.entries()) {
    const { mix, tax_rate, audit_risk } = late[i]!
    expect(scenario).toMatchObject({ mix, tax_rate, audit_risk })
  }
  expect(rows({ profile: 'v0.1' }, 50).map(({ seed }) => seed)).toEqual(rows({ profile: 'v0.2' }, 50).map(({ seed }) => seed))
})

test('fixing a lever moves no other', () => {
  const open = filled({ profile: 'v0.2' }, 60)
  const fixed = filled({ profile: 'v0.2', tax_rate: 0, phase_shift: 'none' }, 60)
  expect(fixed).toEqual(open.map(scenario => ({ ...scenario, tax_rate: 0, phase_shift: 'none' })))
})

describe('a single game', () => {
  test('draws from its seed what the configuration leaves open, for the seats it has', () => {
    for (const difficulty of ['easy', 'medium', 'hard', 'mixed'] as const) {
      const config = parse({ profile: 'v0.2', difficulty })
      const games = Array.from({ length: 40 }, (_, seed) => swarmEconomy.reset(config, seed))
      expect(new Set(games.map(({ config: { tax_rate } }) => tax_rate)).size).toBeGreaterThan(10)
      expect(new Set(games.map(({ config: { mix } }) => mix)).size).toBeGreaterThan(1)
      for (const { agents } of games) expect(agents.length).toBe(swarmEconomy.seats(config).length)
    }
  })

  test('shuffles bot types over the ids', () => {
    const config = parse({ profile: 'v0.1', mix: '1/1/1' })
    const firsts = Array.from({ length: 30 }, (_, seed) => swarmEconomy.reset(config, seed).agents[1]!.type)
    expect(new Set(firsts).size).toBe(3)
  })

  test('two policies meet the same tasks and bounties', () => {
    const pass = (): Decision => call('pass_turn')
    const busy = ({ observation: { shared, task } }: ReturnType<Episode<SwarmTypes>['turn']>): Decision =>
      task !== null
        ? call('submit_work', { task_id: task.task, content: 'done' })
        : shared.tasks.length > 0
          ? call('claim_task', { task_id: shared.tasks[0]!.task })
          : call('propose_trade', { counterparty_id: 'agent_0', content: 'x', offered_transfer: 1 })
    const tasks = (policy: typeof busy, seed: number, config: object) => {
      const episode = new Episode(swarmEconomy, config, seed)
      while (!episode.over) episode.step({ learner: policy(episode.turn('learner')) })
      return episode.log.steps.flatMap(step => step.events).filter(({ type }) => type === 'epoch_started')
    }
    for (const { config, seed } of rows({ profile: 'v0.2' }, 10)) {
      const calm = tasks(pass, seed, config as object)
      expect(calm.length).toBe(5)
      expect(tasks(busy, seed, config as object)).toEqual(calm)
    }
  })
})

describe('a configuration', () => {
  test.each(PROFILE_NAMES)('of %s spells out every option and parses to itself', profile => {
    const config = parse(presets[profile])
    expect(config).toEqual({ profile, ...PROFILES[profile], max_turns: profile === 'short' ? 12 : 25 })
    expect(parse(JSON.parse(JSON.stringify(config)))).toEqual(config)
  })

  test('changes one option alone', () => {
    const { text_only_turn, ...rest } = parse({ profile: 'v0.2', text_only_turn: 'stop' })
    const { text_only_turn: usual, ...same } = parse({ profile: 'v0.2' })
    expect([text_only_turn, usual]).toEqual(['stop', 'pass'])
    expect(rest).toEqual(same)
  })

  test('allows a message for each step where nothing else is said', () => {
    expect(parse({ epochs: 10 }).max_turns).toBe(50)
    expect(parse({ epochs: 10, max_turns: 25 }).max_turns).toBe(25)
  })

  test('names a wrong mix', () => {
    expect(() => parse({ mix: 'three honest ones' })).toThrow('honest/opportunistic/deceptive')
  })
})
