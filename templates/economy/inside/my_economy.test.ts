/** That my_economy keeps the contract, and what its rules claim. */
import { expect, test } from 'vitest'
import { conformance } from '../../../envs/core/conformance.ts'
import { Episode } from '../../../envs/core/episode.ts'
import { call } from '../../../envs/core/policy.ts'
import { myEconomy } from '../../../envs/my_economy/index.ts'

test('it keeps the contract in every preset', () => {
  expect(conformance(myEconomy).exempt).toEqual({})
})

test('a pond that is emptied stays empty', () => {
  const game = new Episode(myEconomy, { fishers: 12, turns: 3 }, 1)
  while (!game.over) game.step(Object.fromEntries(game.actors().map(agent => [agent, call('fish', { quantity: 10 })])))
  expect(game.log.stop).toBe('horizon')
  expect(game.state.pond).toBe(0)
  expect(myEconomy.score(game.log).fisher_0!.reward).toBe(10)
})
