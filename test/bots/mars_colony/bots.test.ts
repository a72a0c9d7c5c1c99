/** The colony's bots: what each is worth beside residents, in the order and near the figures of the rules' prototype. */
import { beforeAll, describe, expect, test } from 'vitest'
import { marsColonyBots } from '../../../bots/mars_colony/index.ts'
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

const SEEDS = 100
/** Composite scores of a bot in colonist 0's seat, over a hundred sessions of the default configuration. */
function scoresOf(name: string, config: object = {}, seeds = SEEDS): Scores[] {
  const factory = marsColonyBots.bots[name]!.factory
  // Only the erratic one calls without looking: building where there is nothing left to build.
  return Array.from({ length: seeds }, (_, seed) => {
    const { log } = play({ colonist_0: factory }, seed, config, name === 'erratic' ? 25 : 0)
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
    // Three standard errors of a difference of two means of a hundred, and rounding.
    const slack = 3 * Math.SQRT2 * (sd / Math.sqrt(SEEDS)) + 0.003
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
    const quality = (name: string): number => mean(ours[name]!.map(scores => scores.quality))
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

describe('bots that treat others as residents do', () => {
  const { honest, opportunistic, deceptive } = marsColonyBots.bots
  const table = (seed: number): Episode =>
    play(
      Object.fromEntries(
        Array.from({ length: 10 }, (_, i) => [`colonist_${i}`, (i < 6 ? honest : i < 8 ? opportunistic : deceptive)!.factory]),
      ),
      seed,
    )
  const pledgesOf = (episode: Episode, from: number, to: number) =>
    (episode.log.steps.flatMap(({ events }) => events) as MarsEvent[]).flatMap(event =>
      event.type === 'pledge_settled' && Number(event.from.slice(9)) >= from && Number(event.from.slice(9)) < to
        ? [event.outcome]
        : [],
    )

  test('play a whole table: the honest keep what they promise, the deceptive break more than they keep', () => {
    for (const seed of [1, 2, 3]) {
      const episode = table(seed)
      const honestOnes = pledgesOf(episode, 0, 6)
      expect(honestOnes.length).toBeGreaterThan(10)
      expect(honestOnes.filter(outcome => outcome === 'broken')).toEqual([])
      const deceivers = pledgesOf(episode, 8, 10)
      const broken = deceivers.filter(outcome => outcome === 'broken').length
      expect(broken).toBeGreaterThan(deceivers.length / 2)
      const scores = marsColony.score(episode.log as EpisodeLog<never>)
      expect(scores.colonist_0!.reputation).toBeGreaterThan(scores.colonist_9!.reputation)
    }
  })
})

test('every bot plays a seat without a call being refused, and has a description', () => {
  for (const [name, { factory, description }] of Object.entries(marsColonyBots.bots)) {
    expect(description).toMatch(/\.$/)
    play({ colonist_0: factory, colonist_5: factory }, 4, { residents: 'hard' }, name === 'erratic' ? 50 : 0)
  }
  for (const player of marsColonyBots.players)
    expect(player === 'random' || Object.hasOwn(marsColonyBots.bots, player.slice(4))).toBe(true)
})
