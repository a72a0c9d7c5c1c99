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
      { profile: 'v0.2', mix: '0/2/2', text_only_turn: 'stop' },
      { profile: 'v0.1-fixed', mix: '0/0/0', submission_noise: 0.3 },
      { profile: 'v0.2', freeze_below: 48, decay: 0.97, execute_final_turn: true },
      { profile: 'v0.1', freeze_below: 48, text_only_turn: 'pass' },
    ],
  })
})
