/** That my_economy keeps the contract, and what its rules claim. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, Episode } from 'agoragym'
import { conformance } from 'agoragym/testing'
import { myEconomy } from '../src/economy.ts'

test('it keeps the contract in every preset', () => {
  conformance(myEconomy)
})

test('a pond that is emptied stays empty', () => {
  const game = new Episode(myEconomy, { fishers: 12, turns: 3 }, 1)
  while (!game.over) game.step(Object.fromEntries(game.actors().map(agent => [agent, call('fish', { quantity: 10 })])))
  assert.equal(game.log.stop, 'horizon')
  assert.equal(game.state.pond, 0)
  assert.equal(myEconomy.score(game.log).fisher_0!.reward, 10)
})
