/** Every profile keeps the contract, and so do games with other line-ups. */
import { expect, test } from 'vitest'
import { conformance } from '../../../envs/core/conformance.ts'
import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'

test('every profile keeps the contract', () => {
  const report = conformance(swarmEconomy)
  expect(report.exempt).toEqual({})
  expect(report.steps).toBeGreaterThan(150)
})

test('so do the adversarial line-up, one without bots, and one in which everybody freezes soon', () => {
  conformance(swarmEconomy, {
    seeds: [3],
    configs: [
      { profile: 'v0.2', mix: '0/2/2', textOnlyTurn: 'stop' },
      { profile: 'v0.1-fixed', mix: '0/0/0', submissionNoise: 0.3 },
      { profile: 'v0.2', freezeBelow: 48, decay: 0.97, executeFinalTurn: true },
      { profile: 'v0.1', freezeBelow: 48, textOnlyTurn: 'pass' },
    ],
  })
})
