/** Public data has one spelling: configuration fields, metrics, parts of scores, tools, their arguments and event fields are snake_case. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { configFields, Episode, economies, resolveConfig, toolSchema } from '../index.ts'

const GOLDEN = join(import.meta.dirname, 'golden')
const snake = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/
const misspelt = (names: Iterable<string>): string[] => [...new Set(names)].filter(name => !snake.test(name))

/** Every key of a JSON value, but for those that are data themselves: agents, and a schema's own words. */
function* keys(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* keys(item)
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) {
      yield key
      yield* keys(inner)
    }
}

describe.each(economies.list().map(({ env }) => [env.id, env] as const))('%s', (_id, env) => {
  const presets = Object.keys(env.presets)

  test('configuration fields and metrics', () => {
    expect(misspelt(configFields(env).map(({ name }) => name))).toEqual([])
    expect(misspelt(Object.keys(env.metrics.docs))).toEqual([])
  })

  test.each(presets)('parts of scores, tools and arguments of %s', preset => {
    const config = resolveConfig(env, preset)
    const names = Object.entries(env.tools(config)).flatMap(([name, tool]) => {
      const { properties = {} } = toolSchema(name, tool).parameters as { properties?: object }
      return [name, ...Object.keys(properties)]
    })
    expect(misspelt(names)).toEqual([])
    const { log } = new Episode(env, config, 1)
    expect(misspelt(Object.values(env.score(log)).flatMap(parts => Object.keys(parts)))).toEqual([])
    expect(misspelt(keys(config))).toEqual([])
  })
})

test('fields of events, as the playthroughs have them', () => {
  const found = readdirSync(GOLDEN).flatMap(file =>
    readFileSync(join(GOLDEN, file), 'utf8')
      .split('\n')
      .flatMap(line => {
        const text = /^\s*\* (\{.*\})$/.exec(line)?.[1]
        try {
          return text === undefined ? [] : [...keys(JSON.parse(text))]
        } catch {
          return []
        }
      }),
  )
  expect(found.length).toBeGreaterThan(1000)
  expect(misspelt(found)).toEqual([])
})
