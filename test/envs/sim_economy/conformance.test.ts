/** sim_economy keeps the contract of every economy: presets, every governance module and shock by itself, all at once. */
import { expect, test } from 'vitest'
import type { z } from 'zod'
import { conformance } from '../../../envs/core/conformance.ts'
import type { configSchema } from '../../../envs/sim_economy/config.ts'
import { simEconomy } from '../../../envs/sim_economy/index.ts'

/** Each governance module and each shock, as configuration fields. */
const OPTIONS: Readonly<Record<string, Partial<z.input<typeof configSchema>>>> = {
  fee_cap: { fee_cap: { window: 4, ratio: 0.5 } },
  reinvestment_rebate: { reinvestment_rebate: {} },
  debt_rail: { debt_rail: { cap: 100 } },
  contract_scaffold: { contract_scaffold: {} },
  concentration_monitor: { concentration_monitor: { limit: 0.1 } },
  fee_rate: { shocks: [{ shock: 'fee_rate', turn: 3, factor: 2.5 }] },
  confiscate: { shocks: [{ shock: 'confiscate', turn: 3, share: 0.3333 }] },
  wage_stop: { shocks: [{ shock: 'wage_stop', turn: 2, length: 5 }] },
}

const everything = {
  core_auction: true,
  block_reward: 7,
  horizon_turns: 40,
  ...Object.assign({}, ...Object.values(OPTIONS)),
  shocks: Object.values(OPTIONS).flatMap(({ shocks = [] }) => shocks),
}

test('the presets conform', () => {
  const report = conformance(simEconomy)
  expect(report.exempt).toEqual({})
  expect(report.passed).toContain('invariants')
})

test.each(Object.entries({ ...OPTIONS, everything }))('%s conforms', (_name, config) => {
  const report = conformance(simEconomy, { configs: [{ ...config, horizon_turns: 30 }], seeds: [0] })
  expect(report.steps).toBeGreaterThanOrEqual(60)
})
