import { expect, test } from 'vitest'
import { defineEconomy } from '../../economies/economy.ts'
import { lineupOf, seat } from '../../rollouts/lineup.ts'
import { playRuns } from '../../rollouts/run.ts'
import { readSteps } from '../../rollouts/store.ts'
import { toyMarket } from '../toy_market/index.ts'
import { passive, random, scratch, toy } from './table.ts'

const config = toy.config.parse({ traders: 5, horizon: 2 })
const seated = (shuffle: boolean) =>
  seat(toy, config, {
    learner: passive,
    fixed: { trader_4: random },
    opponents: [
      { player: random, count: 1 },
      { player: passive, count: 2 },
    ],
    exact: true,
    shuffle,
  })
const names = (shuffle: boolean, seed: number) => Object.values(lineupOf(seated(shuffle), seed)).map(({ name }) => name)
const SEEDS = [...Array(12).keys()]

test('opponents keep their seats unless they are to be shuffled', () => {
  for (const seed of SEEDS) expect(names(false, seed)).toEqual(['bot:passive', 'random', 'bot:passive', 'bot:passive', 'random'])
})

test('shuffled opponents change places with the seed; the evaluated seat and fixed ones stay, and so does how many there are', () => {
  const drawn = SEEDS.map(seed => names(true, seed))
  expect(new Set(drawn.map(order => order.indexOf('random'))).size).toBe(3)
  for (const order of drawn) {
    expect(order[0]).toBe('bot:passive')
    expect(order[4]).toBe('random')
    expect(order.filter(name => name === 'random')).toHaveLength(2)
  }
  expect(SEEDS.map(seed => names(true, seed))).toEqual(drawn)
})

test('a run of shuffled opponents says so, and its logs say who sat where', async () => {
  const out = scratch()
  const rows = SEEDS.map(seed => ({ index: seed, config, seed }))
  const plan = (shuffle: boolean) => ({
    env: toy,
    preset: 'default',
    set: {},
    config,
    seat: () => seated(shuffle),
    examples: { name: 'seeds', rows },
    repeats: 1,
  })
  const { runs } = await playRuns([plan(true), plan(false)], { out, concurrency: 1 })
  const [shuffled, fixed] = runs
  expect(shuffled!.folder).not.toBe(fixed!.folder)
  expect(shuffled!.metadata.opponents_shuffled).toBe(true)
  expect(fixed!.metadata).not.toHaveProperty('opponents_shuffled')
  const seats = [...readSteps(shuffled!.folder)].map(({ header }) => header)
  for (const { seed, seats: taken } of seats) expect(Object.values(taken)).toEqual(names(true, seed))
})

test('an economy that shuffles a preset it does not have is refused', () => {
  expect(() => defineEconomy({ env: toyMarket, shuffled: ['crowdde'] })).toThrow(/no preset 'crowdde'; presets: default, crowded/)
})
