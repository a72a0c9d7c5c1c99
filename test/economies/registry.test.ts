/** What is registered: every economy's belongings load, and what is looked up is found or told. */
import { describe, expect, test } from 'vitest'
import { passive } from '../../bots/any/passive.ts'
import { Economies } from '../../economies/registry.ts'
import { type AnyEnvironment, economies, environments, learnerOf, rangeOf, resolveConfig, UserError } from '../../index.ts'
import { seat } from '../../rollouts/lineup.ts'
import { playersFor } from '../../rollouts/players/index.ts'
import { toyMarket } from '../toy_market/index.ts'

const docs = (env: AnyEnvironment) => Object.entries(env.metrics.docs)

describe.each(economies.list().map(economy => [economy.env.id, economy] as const))('%s', (_id, economy) => {
  test('its studies carry the ids they are asked for by', async () => {
    for (const [id, load] of Object.entries(economy.studies)) expect((await load()).id).toBe(id)
  })
  test('its other belongings load', async () => {
    expect((await economy.bench?.())?.id ?? economy.env.id).toBe(economy.env.id)
    for (const load of Object.values(economy.exports)) expect((await load()).files).toBeTypeOf('function')
    expect(await economy.audit?.()).not.toBeNull()
  })
  test('the players it names when nobody does exist, and fill its table in every preset', () => {
    const { env, players, opponents } = economy
    const player = playersFor({ economy })
    expect(players.map(player)).toHaveLength(players.length)
    const crowd = Object.entries(opponents).map(([bot, count]) => ({ player: player(`bot:${bot}`), count }))
    const others = crowd.length > 0 ? crowd : [{ player: player('random'), count: 1 }]
    for (const preset of Object.keys(env.presets)) {
      const config = resolveConfig(env, preset)
      const seated = seat(env, config, { learner: player(players[0]!), fixed: {}, opponents: others, exact: false })
      expect(seated.evaluated).toEqual([learnerOf(env.seats(config))])
    }
  })
  test('what it writes as bounds of a metric or a part of the score is read as bounds, in every preset', () => {
    const { env } = economy
    for (const preset of Object.keys(env.presets)) {
      const config = resolveConfig(env, preset)
      const written = {
        ...env.facts?.ranges?.(config),
        ...Object.fromEntries(docs(env).map(([name, { range }]) => [name, range])),
      }
      const bounded = Object.keys(written).filter(name => /^[[({≥≤]|^\d+…/.test(written[name]!))
      expect(bounded.filter(name => Object.values(rangeOf(env, name, config)).every(bound => bound === null))).toEqual([])
    }
  })
  test('the residents that --opponents may name make a configuration', () => {
    const { env, residents } = economy
    if (residents === undefined) return
    const some = Object.fromEntries(residents.types.map(type => [type, 1]))
    expect(() => resolveConfig(env, undefined, residents.fields(some))).not.toThrow()
  })
})

describe('a registry', () => {
  test('takes an economy of an environment alone, and of all its parts', () => {
    const own = new Economies()
    expect(own.register({ env: toyMarket })).toMatchObject({ opponents: {}, players: ['random'], studies: {}, exports: {} })
    expect(Object.keys(own.get('toy_market').bots)).toEqual(['passive', 'random_legal'])
    const other = new Economies()
    const miser = { description: 'Sells nothing.', factory: passive }
    const { bots } = other.register({ env: toyMarket, bots: { miser }, players: ['bot:miser'] })
    expect(Object.keys(bots)).toEqual(['passive', 'random_legal', 'miser'])
  })
  test('refuses an id that is taken, and names the nearest of one that is not there', () => {
    const own = new Economies()
    own.register({ env: toyMarket })
    expect(() => own.register({ env: toyMarket })).toThrow("the environment 'toy_market' is registered already")
    expect(() => own.get('toy_markt')).toThrow(
      new UserError("No environment 'toy_markt'. Environments: toy_market. Did you mean 'toy_market'?"),
    )
    expect(() => own.study('any')).toThrow(new UserError("No study 'any'. Studies: none."))
  })
  test('is seen by its environments alone as well', () => {
    expect(environments.ids()).toEqual(economies.ids())
    for (const { env } of economies.list()) expect(environments.get(env.id)).toBe(env)
  })
})
