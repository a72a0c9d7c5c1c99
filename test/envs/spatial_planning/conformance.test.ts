/** spatial_planning keeps the contract of every economy, under all three treatments and every option. */
import { expect, test } from 'vitest'
import { conformance } from '../../../envs/core/conformance.ts'
import { presets } from '../../../envs/spatial_planning/config.ts'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'

/** A whole short session of each treatment: two paid rounds, markets of two turns. */
const SHORT = { rounds: 2, ticks: 2, chat_before: 1, chat_after: 1 }

test.each(['harberger', 'futarchy', 'voting'])('%s conforms to the end of a session', treatment => {
  const report = conformance(spatialPlanning, { configs: [{ ...SHORT, treatment }], seeds: [0], maxSteps: 100 })
  expect(report.exempt).toEqual({})
  expect(report.passed).toEqual(expect.arrayContaining(['rewards', 'invariants', 'candidates', 'unaliased']))
})

test('a small roster with practice, other rules and laboratory stimuli conforms', () => {
  const other = { owners: 2, speculators: 2, session: 4, practice: true, ticks: 3, rounds: 1 }
  const configs = [
    { ...other, treatment: 'harberger', declarations: 'speculators', tie: 'no_project', signals: 'multiplicative' },
    { ...other, treatment: 'futarchy', cash: { owner: 9000, developer: 0, speculator: 20_000 }, final_tax: 20 },
    // Without conversation or drawn values nothing of a vote depends on the seed.
    { ...other, treatment: 'voting', chat_before: 0, chat_after: 0, session: 0 },
  ]
  expect(conformance(spatialPlanning, { configs, seeds: [3], maxSteps: 80 }).steps).toBeGreaterThan(100)
})

test('what training adds conforms: appraisals, fees, promises, values that are alike, brief markets', () => {
  const { harberger_train, voting_train } = presets
  const configs = [harberger_train, voting_train].map(preset => ({ ...preset, rounds: 1 }))
  expect(conformance(spatialPlanning, { configs, seeds: [2], maxSteps: 60 }).steps).toBeGreaterThan(30)
})

test('every preset is a configuration, and the first is the default', () => {
  for (const preset of Object.values(presets)) expect(() => spatialPlanning.config.parse(preset)).not.toThrow()
  expect(spatialPlanning.config.parse({})).toEqual(spatialPlanning.config.parse(presets.harberger))
})

test('more shares than there are cannot be handed out', () => {
  const crowded = { shares: { owner: 10, developer: 30, speculator: 5 } }
  expect(spatialPlanning.config.safeParse(crowded).error?.issues[0]).toMatchObject({ path: ['shares'] })
  expect(spatialPlanning.config.safeParse({ ...crowded, owners: 4 }).success).toBe(true)
})
