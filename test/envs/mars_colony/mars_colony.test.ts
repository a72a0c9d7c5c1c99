/** The colony keeps the contract of every economy, and its configuration says what is wrong with one. */
import { describe, expect, test } from 'vitest'
import { conformance } from '../../../envs/core/conformance.ts'
import { marsColony } from '../../../envs/mars_colony/index.ts'
import { COLONIST_IDS } from '../../../envs/mars_colony/state.ts'
import { Episode, environments, parseConfig } from '../../../index.ts'

test('it conforms in every preset and with short and odd shifts', () => {
  const report = conformance(marsColony, {
    configs: [...Object.values(marsColony.presets), { ticks_per_step: 51, max_steps: 40, weights: { survival: 1, quality: 1 } }],
  })
  expect(report.exempt).toEqual({})
  expect(report.steps).toBeGreaterThan(400)
})

describe('configuration', () => {
  test('what is left out depends on the mode, and parsing what was parsed changes nothing', () => {
    const agentic = marsColony.config.parse({})
    expect(agentic).toMatchObject({ mode: 'agentic', max_steps: 25, initial_needs: 60, ticks_per_step: 100, residents: 'medium' })
    const twoLayer = marsColony.config.parse({ mode: 'two-layer' })
    expect(twoLayer).toMatchObject({ max_steps: 100, initial_needs: 80 })
    expect(marsColony.config.parse(twoLayer)).toEqual(twoLayer)
  })

  test.each([
    [{ ticks_per_step: 49 }, /at least 50 ticks/],
    [{ residents: ['honest'] }, /residents/],
    [{ residents: 'brutal' }, /residents/],
    [{ dialogue_events: 101 }, /dialogue_events/],
    [{ weights: { luck: 1 } }, /luck/],
    [{ maxStep: 5 }, /Did you mean 'max_steps'/],
  ])('%j is refused in one line that says why', (config, why) => {
    expect(() => parseConfig(environments.get('mars_colony'), config)).toThrow(why)
  })
})

test('in agentic mode colonist 0 plays among residents, and any of them can be given to a player', () => {
  const seats = marsColony.seats(marsColony.config.parse({}))
  expect(seats.filter(({ resident }) => !resident).map(({ agent }) => agent)).toEqual(['colonist_0'])
  const episode = new Episode(marsColony, {}, 0, { seats: { colonist_6: 'bot:honest' } })
  expect(episode.actors()).toEqual(['colonist_0', 'colonist_6'])
})

test('in two-layer mode nobody plays, and who takes a seat is an adviser', () => {
  expect(new Episode(marsColony, { mode: 'two-layer' }, 0).actors()).toEqual([])
  const advised = new Episode(marsColony, { mode: 'two-layer' }, 0, { seats: { colonist_6: 'bot:honest' } })
  expect(advised.actors()).toEqual(['colonist_6'])
})

test('the rules name what a configuration changes', () => {
  const rules = (config: object) => marsColony.rules(marsColony.config.parse(config), COLONIST_IDS[3]!)
  expect(rules({})).toContain('25 shifts of 100 ticks')
  expect(rules({ weights: { survival: 2 } })).toContain('2 × survival')
  expect(rules({ mode: 'two-layer' })).toContain('recorded as advice and changes nothing')
})
