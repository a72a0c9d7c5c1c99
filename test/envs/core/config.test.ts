/** What a person wrote: every mistake is one line that names what would work. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { z as z3 } from 'zod/v3'
import { parseConfig } from '../../../envs/core/config.ts'
import {
  type AnyEnvironment,
  configFields,
  Episode,
  economies,
  Registry,
  resolveConfig,
  solo,
  toolSchema,
  UserError,
  z,
} from '../../../index.ts'
import { conformance } from '../../../testing.ts'
import { scratch } from '../../rollouts/table.ts'
import { toyMarket } from '../../toy_market/index.ts'

const env = toyMarket as unknown as AnyEnvironment
const snake: AnyEnvironment = { ...env, config: z.strictObject({ rain_per_turn: z.int().default(1).describe('units') }) }

test('a preset is overlaid with fields and filled with defaults', () => {
  expect(resolveConfig(env, 'crowded', { horizon: 3 })).toEqual({ traders: 5, horizon: 3 })
  expect(resolveConfig(env, undefined)).toEqual({ traders: 2, horizon: 8 })
})

test('what one economy parsed is no configuration of another', () => {
  const parsed = resolveConfig(env, undefined)
  expect(parseConfig(env, parsed)).toBe(parsed)
  expect(() => parseConfig(snake, parsed)).toThrow("no field 'traders'")
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
    [
      () => resolveConfig(snake, undefined, { rainPerTurn: 3 }),
      "Configuration of toy_market: no field 'rainPerTurn'; it is called 'rain_per_turn' since 0.2.",
    ],
    [
      () => new Episode(env, { horizon: -1 }, 1),
      'Configuration of toy_market: horizon: Too small: expected number to be >=1 (got -1)',
    ],
    [
      () => solo(env, { config: { horizon: -1 } }),
      'Configuration of toy_market: horizon: Too small: expected number to be >=1 (got -1)',
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

describe('schemas are of zod 4, of any copy', () => {
  const declared = (zod: typeof z) => ({
    config: zod.strictObject({ horizon: zod.int().min(1).max(9).default(3).describe('turns of an episode') }),
    args: zod.strictObject({ quantity: zod.int().min(1).max(100).describe('units of grain') }),
  })

  test('a second copy in a project reads like the package’s own', async () => {
    const folder = join(scratch(), 'zod')
    cpSync(join(import.meta.dirname, '../../../node_modules/zod'), folder, { recursive: true })
    const { z: other } = (await import(pathToFileURL(join(folder, 'index.js')).href)) as { z: typeof z }
    expect(other).not.toBe(z)
    const [own, foreign] = [declared(z), declared(other)]
    const economy = { ...env, config: foreign.config }
    expect(configFields(economy)).toEqual(configFields({ ...env, config: own.config }))
    expect(resolveConfig(economy, undefined)).toEqual({ horizon: 3 })
    expect(() => resolveConfig(economy, undefined, { horizn: 3 })).toThrow("no field 'horizn'. Did you mean 'horizon'?")
    expect(() => resolveConfig(economy, undefined, { horizon: 0 })).toThrow(
      'horizon: Too small: expected number to be >=1 (got 0)',
    )
    const tool = (args: typeof own.args) => ({ kind: 'act' as const, description: 'Sells.', args, apply: () => 'Sold.' })
    expect(toolSchema('sell', tool(foreign.args))).toEqual(toolSchema('sell', tool(own.args)))
  })

  test('zod 3 is refused in one line that says where to have the right one', () => {
    const economy = { ...env, config: z3.object({}).strict() as never }
    const message = "toy_market.config: expected a schema of zod 4 (import { z } from 'agoragym'), got a schema of zod 3"
    expect(() => economies.register({ env: { ...economy, id: 'toy_market' } })).toThrow(message)
    expect(() => new Episode(economy, {}, 1)).toThrow(message)
    expect(() => conformance(economy)).toThrow(message)
    const tool = { kind: 'act' as const, description: 'Sells.', args: z3.object({}) as never, apply: () => 'Sold.' }
    expect(() => toolSchema('sell', tool)).toThrow('sell.args: expected a schema of zod 4')
  })
})
