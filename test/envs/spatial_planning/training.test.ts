/** The training presets: values in strata, plots that speculators are shown, rewards in a unit of their own, fewer tools. */
import { describe, expect, test } from 'vitest'
import { honest } from '../../../bots/spatial_planning/honest.ts'
import { presets } from '../../../envs/spatial_planning/config.ts'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import { rangeOf, rosterOf } from '../../../envs/spatial_planning/roster.ts'
import { rewardOf } from '../../../envs/spatial_planning/score.ts'
import { inspectedPlots, stimulusOf } from '../../../envs/spatial_planning/stimuli.ts'
import { Episode, type PolicyFactory, verify } from '../../../index.ts'

const TRAINING = Object.keys(presets).filter(name => name.endsWith('_train')) as (keyof typeof presets)[]
const PUBLISHED = Object.keys(presets).filter(name => !name.endsWith('_train')) as (keyof typeof presets)[]
const configOf = (preset: keyof typeof presets, more: object = {}) =>
  spatialPlanning.config.parse({ ...presets[preset], ...more })

/** Everybody honest. */
function play(config: object, seed = 1): Episode {
  const episode = new Episode(spatialPlanning, config, seed) as unknown as Episode
  const seats = spatialPlanning.seats(episode.config as never)
  const policies = new Map(
    seats.map(seat => [
      seat.agent,
      (honest as PolicyFactory<never>)({ env: spatialPlanning as never, config: episode.config as never, seat, repeat: 0 }),
    ]),
  )
  while (!episode.over)
    episode.step(
      Object.fromEntries(episode.actors().map(agent => [agent, policies.get(agent)!.act(episode.turn(agent) as never) as never])),
    )
  return episode
}

test('what was published carries none of the options of training', () => {
  for (const preset of PUBLISHED)
    for (const option of [
      'values',
      'inspect',
      'signal_width',
      'appraisals',
      'purchase_fee',
      'pledges',
      'reward_scale',
      'reward_cap',
      'brief',
      'aids',
    ])
      expect(configOf(preset)).not.toHaveProperty(option)
})

describe('stratified values', () => {
  const config = configOf('harberger_train', { values: 'stratified' })
  const rounds = (seed: number) => Array.from({ length: config.rounds }, (_, i) => stimulusOf(config, seed, i + 1).values)

  test('each value of a plot comes once from each fifth of its range', () => {
    for (const seed of [0, 1, 2, 3]) {
      const values = rounds(seed)
      for (const [plot, name] of rosterOf(config).plots.entries())
        for (const condition of [0, 1] as const) {
          const { low, high } = rangeOf(name, condition)
          // Values are whole thousands, so one on an edge may be a rounding away from its fifth.
          const fifths = values.map(round => Math.min(4, Math.floor((5 * (round[plot]![condition] - low)) / (high - low + 1))))
          const sums = values.map(round => round[plot]![condition])
          expect(new Set(sums).size).toBeGreaterThan(1)
          expect(fifths.sort().at(0)).toBe(0)
          expect(fifths.at(-1)).toBe(4)
          expect(new Set(fifths).size).toBeGreaterThanOrEqual(4)
        }
    }
  })

  test('the mean of a session hardly differs between seeds, as it does for independent values', () => {
    const spread = (values: 'stratified' | 'independent'): number => {
      const own = { ...config, values }
      const means = Array.from({ length: 60 }, (_, seed) => {
        const all = Array.from({ length: config.rounds }, (_, i) => stimulusOf(own, seed, i + 1).values[0]![0])
        return all.reduce((a, b) => a + b) / all.length
      })
      const mean = means.reduce((a, b) => a + b) / means.length
      return Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / means.length)
    }
    expect(spread('stratified')).toBeLessThan(spread('independent') / 3)
  })
})

describe('plots that speculators are shown', () => {
  test('are as many as the configuration says, true, and shown to speculators alone', () => {
    const config = configOf('harberger_speculator_train')
    const state = spatialPlanning.reset(config, 4)
    const shared = spatialPlanning.shared(state)
    const seen = spatialPlanning.observe(state, 'speculator_2', shared)
    expect(seen.inspected).toHaveLength(2)
    const { plots } = rosterOf(config)
    for (const { plot, values } of seen.inspected!) expect(values).toEqual(state.stimulus.values[plots.indexOf(plot)])
    expect(spatialPlanning.observe(state, 'developer', shared).inspected).toEqual([])
    expect(spatialPlanning.render(seen)).toContain('## Plots you were shown')
    expect(spatialPlanning.observe(spatialPlanning.reset(configOf('harberger'), 4), 'speculator_2', shared)).not.toHaveProperty(
      'inspected',
    )
  })

  test('differ between speculators and rounds', () => {
    const config = configOf('harberger_speculator_train')
    const shown = new Set([1, 2, 3].flatMap(round => [6, 7, 8].map(player => inspectedPlots(config, 1, round, player).join())))
    expect(shown.size).toBeGreaterThan(4)
  })

  test('are told of in the rules', () => {
    expect(spatialPlanning.rules(configOf('harberger_speculator_train'), 'developer')).toContain(
      'each speculator is shown those of 2 plots',
    )
    expect(spatialPlanning.rules(configOf('harberger'), 'developer')).not.toContain('is shown')
  })
})

test('a reward is the payoff in the unit of its role, and step rewards add up to it', () => {
  const scale = presets.harberger_train.reward_scale
  const { log } = play(presets.harberger_train)
  const scores = spatialPlanning.score(log as never)
  for (const { agent, role } of spatialPlanning.seats(configOf('harberger_train'))) {
    const { reward, payoff } = scores[agent]!
    expect(reward).toBeCloseTo(payoff! / scale[role as keyof typeof scale], 10)
    expect(log.steps.reduce((sum, { rewards }) => sum + (rewards[agent] ?? 0), 0)).toBeCloseTo(reward, 10)
  }
  expect(verify(spatialPlanning, log as never)).toBeUndefined()
})

test('a round counts within its part of the cap, however much was lost', () => {
  const config = configOf('voting_train')
  const developer = rosterOf(config).index.developer!
  expect(rewardOf(config, developer, -25_000_000)).toBe(-2 / 5)
  expect(rewardOf(config, developer, 25_000_000)).toBe(2 / 5)
  expect(rewardOf(configOf('voting'), developer, -25_000_000)).toBe(-100)
})

test('without aids neither the calculator nor notes are there, and the prompt fits', () => {
  for (const preset of TRAINING) {
    const config = configOf(preset)
    expect(Object.keys(spatialPlanning.tools(config))).not.toContain('calculate')
    expect(spatialPlanning.tools(config)).toBe(spatialPlanning.tools(configOf(preset)))
    const state = spatialPlanning.reset(config, 0)
    for (const { agent } of spatialPlanning.seats(config)) expect(spatialPlanning.offered(state, agent)).not.toContain('note')
  }
  expect(Object.keys(spatialPlanning.tools(configOf('harberger')))).toContain('calculate')
})

test('a tax on the first declaration makes the largest false one dearer than the truth', () => {
  const brazenGain = (initial_tax: number): number => {
    const config = { ...presets.harberger_train, initial_tax }
    const gains = [1, 2, 3, 4, 5, 6].map(seed => {
      const truthful = spatialPlanning.score(play(config, seed).log as never).developer!.payoff!
      const episode = new Episode(spatialPlanning, config, seed) as unknown as Episode
      const policies = new Map(
        spatialPlanning
          .seats(episode.config as never)
          .map(seat => [
            seat.agent,
            (honest as PolicyFactory<never>)({ env: spatialPlanning as never, config: episode.config as never, seat, repeat: 0 }),
          ]),
      )
      while (!episode.over)
        episode.step(
          Object.fromEntries(
            episode.actors().map(agent => {
              const turn = episode.turn(agent) as never as { observation: ReturnType<typeof spatialPlanning.observe> }
              const { shared, land } = turn.observation
              const lies = agent === 'developer' && shared.phase === 'declaration'
              return [
                agent,
                lies
                  ? { calls: [{ tool: 'declare', args: { no_project: 0, project: land!.cap[1] } }] }
                  : (policies.get(agent)!.act(turn as never) as never),
              ]
            }),
          ),
        )
      return spatialPlanning.score(episode.log as never).developer!.payoff! - truthful
    })
    return gains.reduce((a, b) => a + b) / gains.length
  }
  expect(brazenGain(0)).toBeGreaterThan(0)
  expect(brazenGain(10)).toBeLessThan(0)
})

describe('matched values', () => {
  /** What the developer and the owners have of their land over a session among truthful players, after taxes. */
  const worths = (values: 'matched' | 'stratified', seed: number): readonly [developer: number, owners: number] => {
    const config = configOf('harberger_train', { values })
    const sums = [0, 0]
    for (let round = 1; round <= config.rounds; round++) {
      const { values: drawn } = stimulusOf(config, seed, round)
      const [without, with_] = [0, 1].map(condition => drawn.reduce((sum, pair) => sum + pair[condition]!, 0))
      const chosen = with_! >= without! ? 1 : 0
      for (const [plot, pair] of drawn.entries()) sums[plot === 1 ? 0 : 1]! += pair[chosen]
    }
    return sums as [number, number]
  }
  const spread = (values: 'matched' | 'stratified', whose: 0 | 1): number => {
    const all = Array.from({ length: 30 }, (_, seed) => worths(values, seed)[whose])
    const mean = all.reduce((a, b) => a + b) / all.length
    return Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length)
  }

  test('make one session worth as much as another to the developer and to the owners', () => {
    for (const whose of [0, 1] as const) expect(spread('matched', whose)).toBeLessThan(0.75 * spread('stratified', whose))
  })

  test('come once from each part of their range, another way for each seed, and the practice round is drawn freely', () => {
    const config = configOf('futarchy_train', { practice: true })
    for (const seed of [1, 2])
      for (const [plot, name] of rosterOf(config).plots.entries())
        for (const condition of [0, 1] as const) {
          const { low, high } = rangeOf(name, condition)
          const values = Array.from({ length: 5 }, (_, i) => stimulusOf(config, seed, i + 1).values[plot]![condition]).sort(
            (a, b) => a - b,
          )
          for (const [part, value] of values.entries()) {
            // Values are whole thousands.
            expect(value).toBeGreaterThanOrEqual(low + (part / 5) * (high - low) - 500)
            expect(value).toBeLessThanOrEqual(low + ((part + 1) / 5) * (high - low) + 500)
          }
        }
    expect(stimulusOf(config, 1, 1)).not.toEqual(stimulusOf(config, 2, 1))
    expect(stimulusOf(config, 1, 1)).toEqual(stimulusOf(config, 1, 1))
    expect(stimulusOf(config, 1, 0).values).toEqual(stimulusOf({ ...config, values: 'independent' }, 1, 0).values)
  })
})
