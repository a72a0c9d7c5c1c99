/** What a person wrote: every mistake is one line that names what would work. */
import { describe, expect, test } from 'vitest'
import { type AnyEnvironment, configFields, Registry, resolveConfig, UserError } from '../../../index.ts'
import { toyMarket } from '../../toy_market/index.ts'

const env = toyMarket as unknown as AnyEnvironment

test('a preset is overlaid with fields and filled with defaults', () => {
  expect(resolveConfig(env, 'crowded', { horizon: 3 })).toEqual({ traders: 5, horizon: 3 })
  expect(resolveConfig(env, undefined)).toEqual({ traders: 2, horizon: 8 })
})

test('fields are listed with description and default', () => {
  expect(configFields(env)).toMatchObject([
    { name: 'traders', description: 'how many traders', default: 2 },
    { name: 'horizon', description: 'turns of an episode', default: 8 },
  ])
})

describe('a wrong word is one line', () => {
  test.each([
    [() => resolveConfig(env, 'crowdd'), "No preset 'crowdd' of toy_market. Presets: default, crowded. Did you mean 'crowded'?"],
    [
      () => resolveConfig(env, undefined, { horizn: 3 }),
      "Configuration of toy_market: no field 'horizn'. Did you mean 'horizon'?",
    ],
    [
      () => resolveConfig(env, undefined, { horizon: 0 }),
      'Configuration of toy_market: horizon: Too small: expected number to be >=1 (got 0)',
    ],
    [
      () => resolveConfig(env, undefined, { horizon: 'x' }),
      'Configuration of toy_market: horizon: Invalid input: expected number, received string (got "x")',
    ],
  ])('%#', (act, message) => {
    expect(act).toThrow(new UserError(message))
  })

  test('an environment nobody knows', () => {
    const registry = new Registry<typeof toyMarket>('environment')
    registry.add(toyMarket.id, toyMarket)
    expect(() => registry.get('toy_markt')).toThrow(
      new UserError("No environment 'toy_markt'. Environments: toy_market. Did you mean 'toy_market'?"),
    )
    expect(() => registry.add(toyMarket.id, toyMarket)).toThrow("the environment 'toy_market' is registered already")
    expect(registry.get('toy_market').id).toBe('toy_market')
  })
})
