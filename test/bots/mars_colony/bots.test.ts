/** The colony's bots: what each is worth beside residents, in the order and near the figures of the rules' prototype. */
import { beforeAll, describe, expect, test } from 'vitest'
import { anyBots } from '../../../bots/index.ts'
import { marsColonyBots } from '../../../bots/mars_colony/index.ts'
import { WITHOUT } from '../../../envs/mars_colony/config.ts'
import { marsColony } from '../../../envs/mars_colony/index.ts'
import type { MarsEvent } from '../../../envs/mars_colony/state.ts'
import { type AnyPolicyFactory, type Decision, Episode, type EpisodeLog, type Scores } from '../../../index.ts'

/** Plays the named bots on their seats; whatever they call must pass. */
function play(bots: Readonly<Record<string, AnyPolicyFactory>>, seed: number, config: object = {}, refusals = 0): Episode {
  const seats = Object.fromEntries(Object.keys(bots).map(agent => [agent, 'bot']))
  const episode = new Episode(marsColony, config, seed, { seats }) as unknown as Episode
  const policies = new Map(
    Object.entries(bots).map(([agent, factory]) => {
      const seat = marsColony.seats(episode.config).find(place => place.agent === agent)!
      return [agent, factory({ env: episode.env, config: episode.config, seat, repeat: 0 })]
    }),
  )
  let refused = 0
  while (!episode.over) {
    const decisions: Record<string, Decision> = {}
    for (const agent of episode.actors()) decisions[agent] = policies.get(agent)!.act(episode.turn(agent)) as Decision
    refused += episode.step(decisions).refused.length
  }
  expect(refused).toBeLessThanOrEqual(refusals)
  return episode
}

const SEEDS = 50
/** The rules of that prototype: no weather, illness, fields or payments. */
const PLAIN = { ...WITHOUT, weights: { survival: 0, quality: 0 } }
/** Composite scores of a bot in colonist 0's seat, over fifty sessions by the plain rules. */
function scoresOf(name: string, config: object = {}, seeds = SEEDS): Scores[] {
  const factory = marsColonyBots.bots[name]!.factory
  // Only the erratic one calls without looking: building where there is nothing left to build.
  return Array.from({ length: seeds }, (_, seed) => {
    const { log } = play({ colonist_0: factory }, seed, { ...PLAIN, ...config }, name === 'erratic' ? 25 : 0)
    return marsColony.score(log as EpisodeLog<never>).colonist_0!
  })
}
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Composite and its standard deviation, payoff, reputation and survival of the prototype, 100 seeds of another generator. */
const PROTOTYPE: Readonly<
  Record<string, readonly [composite: number, sd: number, payoff: number, reputation: number, survival: number]>
> = {
  cooperator: [0.801, 0.021, 0.608, 0.643, 1],
  pledger: [0.793, 0.023, 0.598, 0.647, 1],
  balanced: [0.762, 0.017, 0.612, 0.5, 1],
  friendly: [0.762, 0.017, 0.612, 0.5, 1],
  builder: [0.667, 0.056, 0.463, 0.681, 1],
  hostile: [0.638, 0.015, 0.546, 0.306, 1],
  worker: [0.554, 0.004, 0.404, 0.5, 0.8],
  erratic: [0.457, 0.078, 0.285, 0.573, 1],
  deceiver: [0.234, 0, 0.179, 0.182, 0.32],
  idle: [0.15, 0, 0, 0.5, 0.8],
}

describe('beside five honest, two opportunistic and two deceptive residents, 25 shifts', () => {
  const ours: Record<string, Scores[]> = {}
  beforeAll(() => {
    for (const name of Object.keys(PROTOTYPE)) ours[name] = scoresOf(name)
  }, 120_000)

  test.each(Object.entries(PROTOTYPE))('%s is worth what it was', (name, [composite, sd, payoff, reputation, survival]) => {
    // Three standard errors of a difference of two means, the prototype's of a hundred, and rounding.
    const slack = 3 * sd * Math.sqrt(1 / 100 + 1 / SEEDS) + 0.003
    const of = (part: string): number => mean(ours[name]!.map(scores => scores[part]!))
    expect(Math.abs(of('reward') - composite)).toBeLessThan(slack)
    expect(Math.abs(of('payoff') - payoff)).toBeLessThan(slack)
    expect(Math.abs(of('reputation') - reputation)).toBeLessThan(0.02)
    expect(Math.abs(of('survival') - survival)).toBeLessThan(0.005)
  })

  test('helping pays more than looking after oneself, and that more than spite, chance, deceit and idleness', () => {
    const order = ['cooperator', 'balanced', 'hostile', 'erratic', 'deceiver', 'idle']
    const means = order.map(name => mean(ours[name]!.map(({ reward }) => reward)))
    expect(means).toEqual([...means].sort((a, b) => b - a))
  })

  test('a warm word is worth company, not credits', () => {
    const quality = (name: string): number => mean(ours[name]!.map(scores => scores.quality!))
    expect(quality('friendly')).toBeGreaterThan(0.9)
    expect(quality('balanced')).toBeLessThan(0.75)
    expect(quality('hostile')).toBeLessThan(0.2)
    expect(ours.friendly!.map(({ payoff }) => payoff)).toEqual(ours.balanced!.map(({ payoff }) => payoff))
  })
})

describe('the same bots elsewhere', () => {
  test('among more honest residents everybody is better off than among more deceptive ones', () => {
    const worth = (residents: string, name: string): number => mean(scoresOf(name, { residents }, 25).map(({ reward }) => reward))
    for (const name of ['balanced', 'cooperator']) expect(worth('easy', name)).toBeGreaterThan(worth('hard', name) + 0.01)
  })

  test('over a hundred shifts early sites pay back and neglect does not', () => {
    const worth = (name: string): number => mean(scoresOf(name, { max_steps: 100 }, 4).map(({ reward }) => reward))
    const [cooperator, builder, balanced, worker] = [worth('cooperator'), worth('builder'), worth('balanced'), worth('worker')]
    expect(cooperator).toBeGreaterThan(builder)
    expect(builder).toBeGreaterThan(balanced)
    expect(worker).toBeLessThan(0.3)
  })
})

describe('the three kinds in the standard colony', () => {
  const SEEDS_OF_KINDS = 12
  const games = (name: string, config: object = {}): Episode[] =>
    Array.from({ length: SEEDS_OF_KINDS }, (_, seed) => play({ colonist_0: marsColonyBots.bots[name]!.factory }, seed, config))
  const worth = (name: string, config?: object): number =>
    mean(games(name, config).map(({ log }) => marsColony.score(log as EpisodeLog<never>).colonist_0!.reward))
  const outcomes = (name: string): string[] =>
    games(name).flatMap(({ log }) =>
      (log.steps.flatMap(({ events }) => events) as MarsEvent[]).flatMap(event =>
        event.type === 'pledge_settled' && event.from === 'colonist_0' ? [event.outcome] : [],
      ),
    )

  test('the honest keep every promise, the deceptive none, the opportunistic the first ones', () => {
    expect(new Set(outcomes('honest'))).toEqual(new Set(['kept']))
    expect(new Set(outcomes('deceptive'))).toEqual(new Set(['broken']))
    const opportunistic = outcomes('opportunistic')
    expect(opportunistic.filter(outcome => outcome === 'kept').length).toBeGreaterThan(SEEDS_OF_KINDS)
    expect(opportunistic.filter(outcome => outcome === 'broken').length).toBeGreaterThan(SEEDS_OF_KINDS)
  })

  test('honesty pays under the colony’s institutions, deceit without them', () => {
    const without = { governance: { pay: false, trust: false, memory: false, suspension: false }, weights: { reputation: 0 } }
    expect(worth('honest') - worth('opportunistic')).toBeGreaterThan(0.1)
    expect(worth('opportunistic') - worth('deceptive')).toBeGreaterThan(0.1)
    expect(worth('deceptive', without) - worth('honest', without)).toBeGreaterThan(0.1)
  })

  test('more trouble and more deceivers make it harder', () => {
    const [easy, medium, hard] = ['easy', 'agentic', 'hard'].map(preset => worth('honest', marsColony.presets[preset]))
    expect(easy!).toBeGreaterThan(medium!)
    expect(medium!).toBeGreaterThan(hard!)
  })

  test('sit still where the substrate plays', () => {
    for (const { log } of games('honest', { mode: 'two-layer', max_steps: 2 })) expect(log.steps[0]!.refused).toEqual([])
  })
})

test('every bot plays a seat without a call being refused, and has a description', () => {
  for (const [name, { factory, description }] of Object.entries(marsColonyBots.bots)) {
    expect(description).toMatch(/\.$/)
    play({ colonist_0: factory, colonist_5: factory }, 4, { residents: 'hard' }, name === 'erratic' ? 50 : 0)
  }
  for (const player of marsColonyBots.players)
    expect(player === 'random' || Object.hasOwn({ ...anyBots, ...marsColonyBots.bots }, player.slice(4))).toBe(true)
})
