/** What a session can be told: a value that makes sense is kept, one that does not is refused by name, and what is left out has a default. */
import { describe, expect, test } from 'vitest'
import { marsColony } from '../../../envs/mars_colony/index.ts'
import { environments, parseConfig } from '../../../index.ts'

const parse = (config: object) => parseConfig(environments.get('mars_colony'), config) as Record<string, unknown>
const labour = (low: number, high: number) => ({ low, high })

describe('an option', () => {
  test.each<[name: string, kept: readonly unknown[], refused: readonly unknown[]]>([
    ['ticks_per_step', [50, 10_000], [0, 10_001, 60.5]],
    ['max_steps', [1, 10_000], [0, 10_001, 1.5]],
    ['initial_needs', [0, 100], [-1, 101, 0.5]],
    ['dialogue_events', [0, 100], [-1, 101]],
    ['need_spread', [0, 50], [-1, 51]],
    ['storms', [0, 1], [-0.1, 1.1]],
    ['storm_pay', [0, 1], [-0.1, 1.1]],
    ['storm_drain', [0, 1000], [-1, 1001]],
    ['illness', [0, 1], [-0.1, 1.1]],
    ['ill_pay', [0, 1], [-0.1, 1.1]],
    ['fields', [1, 6], [0, 7]],
    ['rich_pay', [0, 10], [-0.1, 10.1]],
    ['poor_pay', [0, 10], [-0.1, 10.1]],
    ['advance', [0, 10], [-0.1, 10.1]],
    ['harvest', [0, 10], [-0.1, 10.1]],
    ['bond_yield', [0, 10], [-0.1, 10.1]],
    ['mutual_harvest', [0, 1], [-0.1, 1.1]],
    ['site_labour', [labour(1, 100_000), labour(7, 7)], [labour(0, 5), labour(5, 100_001), labour(5, 4)]],
    ['start_credits', [0, 100], [-1, 101]],
    ['broken_reputation', [-100, 0], [-101, 1]],
    ['unchosen', ['working', 'walking'], ['resting']],
    ['trust_bond', [-100, 100], [-101, 101]],
    ['favour_bond', [-100, 100], [-101, 101]],
    ['par', [0.01, 100], [0, 101]],
    ['payoff_cap', [0, 10], [-0.1, 10.1]],
    ['quality_floor', [1, 1000], [0, 1001]],
    ['residents', ['easy', Array(10).fill('deceptive')], [Array(9).fill('honest'), Array(11).fill('honest'), ['nobody']]],
    ['mode', ['agentic'], ['both']],
  ])('%s', (name, kept, refused) => {
    for (const value of kept) expect(parse({ [name]: value })[name]).toEqual(value)
    for (const value of refused) expect(() => parse({ [name]: value }), String(value)).toThrow(name)
  })

  test.each(['payoff', 'reputation', 'survival', 'quality'])('the weight of %s', part => {
    for (const value of [0, 10]) expect(parse({ weights: { [part]: value } }).weights).toMatchObject({ [part]: value })
    for (const value of [-0.1, 10.1]) expect(() => parse({ weights: { [part]: value } })).toThrow(part)
  })

  test('that is undefined is one that was left out', () => {
    expect(parse({ storms: undefined, weights: { payoff: undefined } })).toEqual(parse({}))
    expect(parse({ mode: 'two-layer', storms: undefined })).toEqual(parse({ mode: 'two-layer' }))
  })
})

test('the composite counts survival and quality where players act, and neither where the substrate does', () => {
  expect(parse({}).weights).toEqual({ payoff: 1, reputation: 0.3, survival: 0.2, quality: 0.1 })
  expect(parse({ mode: 'two-layer' }).weights).toEqual({ payoff: 1, reputation: 0.3, survival: 0, quality: 0 })
})

test('shifts may be shorter than a pledge where nobody pledges', () => {
  expect(parse({ mode: 'two-layer', ticks_per_step: 1 }).ticks_per_step).toBe(1)
  expect(() => parse({ ticks_per_step: 49 })).toThrow(/at least 50 ticks/)
})

test('every institution has to be said where one is, and is on or off', () => {
  expect(() => parse({ governance: { pay: true } })).toThrow(/trust/)
  const all = { pay: false, trust: false, memory: false, suspension: false }
  expect(parse({ governance: all }).governance).toEqual(all)
  expect(parse({}).governance).toEqual({ pay: true, trust: true, memory: true, suspension: true })
})

test('presets differ in what their names say', () => {
  const preset = (name: keyof typeof marsColony.presets) =>
    marsColony.config.parse(marsColony.presets[name]) as never as Record<string, number>
  const [easy, plain, hard, short] = [preset('easy'), preset('agentic'), preset('hard'), preset('short')]
  for (const luck of ['storms', 'illness']) {
    expect(easy[luck]).toBeLessThan(plain[luck]!)
    expect(plain[luck]).toBeLessThan(hard[luck]!)
  }
  expect([easy.residents, plain.residents, hard.residents]).toEqual(['easy', 'medium', 'hard'])
  expect(short.max_steps).toBeLessThan(plain.max_steps!)
  expect(preset('two-layer').mode).toBe('two-layer')
})
