/** sim_economy keeps the contract of every economy: presets, every governance module and shock by itself, all at once. */
import { expect, test } from 'vitest'
import { conformance } from '../../../envs/core/conformance.ts'
import { type ConfigInput, presets } from '../../../envs/sim_economy/config.ts'
import { simEconomy } from '../../../envs/sim_economy/index.ts'

/** Each governance module and each shock, as configuration fields. */
const OPTIONS: Readonly<Record<string, ConfigInput>> = {
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

test.each(Object.entries({ ...OPTIONS, everything }))('%s conforms, over the published rules and over ours', (_name, config) => {
  for (const preset of [presets.paper, presets.standard]) {
    const report = conformance(simEconomy, { configs: [{ ...preset, ...config, horizon_turns: 12 }], seeds: [0] })
    expect(report.steps).toBe(24)
  }
})

/** Each additional option switched off. */
const OFF = {
  job_wage: null,
  fee_ceiling: null,
  contract_value: 0,
  delivery_effort: 0,
  effort_swing: null,
  disguise_rate: 0,
  attestation_fee: 0,
  reputation_basis: 'truth',
  contract_limit: null,
  payoff_scale: null,
  audit: null,
} satisfies ConfigInput

test.each(Object.entries(OFF))('the standard rules without %s conform, and the published rules with it alone', (name, off) => {
  const alone = simEconomy.config.parse({})[name as keyof typeof OFF]
  const configs = [
    { [name]: off, horizon_turns: 10 },
    { ...presets.paper, [name]: alone, horizon_turns: 10 },
  ]
  expect(conformance(simEconomy, { configs, seeds: [0] }).steps).toBe(40)
})

test('the options switched off one by one are all of ours', () => {
  const published = Object.keys(simEconomy.config.parse(presets.paper))
  expect(Object.keys(simEconomy.config.parse({})).filter(name => !published.includes(name))).toEqual(Object.keys(OFF))
})
