/** Economies as oTree projects: every tool has its form, every file what it is for. With a real oTree they are played in test/otree. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Economies } from '../../economies/registry.ts'
import { economies, resolveConfig, toolSchema } from '../../index.ts'
import { formOf } from '../../serve/otree_app/fields.ts'
import { otreeApp } from '../../serve/otree_app/project.ts'
import { agoragym } from '../commands/console.ts'
import { scratch } from '../rollouts/table.ts'
import { toyMarket } from '../toy_market/index.ts'

interface Planned {
  readonly name: string
  readonly kind: string
  readonly fields: readonly {
    readonly arg: string
    readonly columns: readonly string[]
    readonly kind: string
    readonly required: boolean
  }[]
}

describe.each(economies.list().flatMap(({ env }) => Object.keys(env.presets).map(preset => [env.id, preset] as const)))(
  '%s %s',
  (id, preset) => {
    test('is a project whose forms take every argument of every tool', async () => {
      const { env } = economies.get(id)
      const { files, seats } = await otreeApp({ env: id, preset, rounds: 3, human: 1 })
      const [app, plan, page] = [files[`${id}/__init__.py`]!, files[`${id}/game.json`]!, files[`${id}/Turn.html`]]
      expect(page).toContain('name="tool"')
      for (const [path, text] of Object.entries(files)) expect(text, path).not.toMatch(/@[a-z_]+@/)
      const config = resolveConfig(env, preset)
      expect(files[`${id}/rules/${seats[0]}.txt`]).toBe(`${env.rules(config, seats[0]!).trimEnd()}\n`)
      const { tools } = JSON.parse(plan) as { tools: readonly Planned[] }
      const declared = [...app.matchAll(/^ {4}(\w+) = models\.\w+Field\(.*blank=True/gm)].map(([, name]) => name!)
      expect(new Set(declared).size).toBe(declared.length)
      for (const [name, tool] of Object.entries(env.tools(config))) {
        const { properties = {}, required = [] } = toolSchema(name, tool).parameters as {
          properties?: object
          required?: string[]
        }
        const planned = tools.find(each => each.name === name)!
        expect([planned.kind, planned.fields.map(({ arg }) => arg)]).toEqual([tool.kind, Object.keys(properties)])
        expect(planned.fields.filter(each => each.required).map(({ arg }) => arg)).toEqual(required)
        for (const { columns, kind } of planned.fields) {
          // Shipped economies need nobody to write JSON.
          expect(kind).not.toBe('json')
          expect(columns.length).toBeGreaterThan(0)
          for (const column of columns) expect(declared).toContain(column)
        }
      }
    })
  },
)

describe('a field', () => {
  const field = (schema: object, required = true) => {
    const form = formOf('go', { type: 'object', properties: { it: schema }, ...(required && { required: ['it'] }) })
    return { ...form.fields[0]!, says: form.columns.map(({ declaration }) => declaration) }
  }

  test.each([
    [
      'a whole number with bounds',
      { type: 'integer', minimum: -2, maximum: 9 },
      'integer',
      /IntegerField\(.*\(a whole number from -2 to 9\).*min=-2, max=9\)/,
    ],
    ['a number without bounds', { type: 'number' }, 'number', /FloatField\(.*min=None, max=None\)/],
    ['a number beyond integer columns', { type: 'integer', minimum: 0, maximum: 2 ** 40 }, 'integer', /FloatField\(/],
    [
      'a short text',
      { type: 'string', maxLength: 20, description: 'a "word"' },
      'text',
      /StringField\(label="It: a \\"word\\" \(at most 20 characters\)", blank=True, max_length=20\)/,
    ],
    ['a long text', { type: 'string', maxLength: 5000 }, 'text', /LongStringField/],
    ['a choice', { enum: ['up', 'down'] }, 'choice', /choices=\[\["up", "up"\], \["down", "down"\]\]/],
    ['yes or no', { type: 'boolean' }, 'choice', /choices=\[\["true", "Yes"\], \["false", "No"\]\]/],
    ['null or a number', { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }] }, 'integer', /min=1, max=None/],
    [
      'several of a few',
      { type: 'array', items: { enum: ['a', 'b'] } },
      'choices',
      /BooleanField\(label="a", blank=True, widget=widgets.CheckboxInput\)/,
    ],
    [
      'a few numbers',
      { type: 'array', items: { type: 'integer', minimum: 0, maximum: 9 }, maxItems: 2 },
      'list',
      /IntegerField\(label="It 1.*min=0/,
    ],
    ['many texts', { type: 'array', items: { type: 'string' } }, 'lines', /LongStringField\(label="It, one a line"/],
    [
      'an object',
      { type: 'object', properties: { x: { type: 'number' } } },
      'json',
      /LongStringField\(label="It, written as JSON"/,
    ],
  ])('for %s', (_name, schema, kind, declaration) => {
    const made = field(schema)
    expect(made.kind).toBe(kind)
    expect(made.says[0]).toMatch(declaration)
  })

  test('of several columns says once what they are for, and rows of objects are read as such', () => {
    const item = {
      type: 'object',
      properties: { plot: { enum: ['a', 'b'] }, worth: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } },
      required: ['plot', 'worth'],
      additionalProperties: false,
    }
    const rows = field({ type: 'array', items: item, maxItems: 2, description: 'what they are worth' })
    expect(rows).toMatchObject({ kind: 'rows', legend: 'It: what they are worth (at most 2)' })
    expect(rows.columns).toEqual(['go__it__1__plot', 'go__it__1__worth', 'go__it__2__plot', 'go__it__2__worth'])
    expect(rows.says[3]).toBe('models.FloatField(label="Worth 2 (a whole number from 0)", blank=True, min=0, max=None)')
    expect(field(item)).toMatchObject({ kind: 'object', columns: ['go__it__plot', 'go__it__worth'] })
    expect(field({ type: 'array', items: { enum: ['a', 'b'] }, description: 'those you want' }).legend).toBe('It: those you want')
  })

  test('has no column where there is nothing to choose, and says what may be left empty', () => {
    expect(field({ const: 7 })).toMatchObject({ kind: 'constant', columns: [], values: [7] })
    expect(field({ type: 'string' }, false).says[0]).toContain('"It (may be left empty)"')
    expect(field({ type: 'integer', default: 3 })).toMatchObject({ required: false })
    expect(field({ anyOf: [{ type: 'string' }, { type: 'null' }] })).toMatchObject({ nullable: true })
    expect(() => formOf('t'.repeat(40), { properties: { [`a${'b'.repeat(30)}`]: { type: 'string' } } })).toThrow('63 bytes')
  })
})

describe('the project', () => {
  const toys = new Economies()
  toys.register({ env: toyMarket })

  test('of an economy of one’s own has its seats, its turn of several calls and rounds for the longest silent game', async () => {
    const { files, seats, rounds } = await otreeApp({
      economies: toys,
      env: 'toy_market',
      human: 2,
      rate: 0.5,
      fee: 3,
      secretKey: 'k',
    })
    expect(seats).toEqual(['trader_0', 'trader_1'])
    const { horizon } = resolveConfig(toyMarket, Object.keys(toyMarket.presets)[0]!) as { horizon: number }
    expect(rounds).toBe(horizon + 1)
    const app = files['toy_market/__init__.py']!
    expect(app).toContain(`NUM_ROUNDS = ${rounds}\n`)
    expect(app).toContain('PLAYERS_PER_GROUP = 2\n')
    expect(app).toContain('CALLS_PER_TURN = 2\n')
    expect(JSON.parse(files['toy_market/game.json']!)).toMatchObject({ end_tool: 'end_turn', make: { live: seats } })
    expect(files['settings.py']).toMatch(/payoff_rate=0\.5,[\s\S]*participation_fee=3\.00/)
    expect(await otreeApp({ economies: toys, env: 'toy_market', human: 2, rate: 0.5, fee: 3, secretKey: 'k' })).toEqual({
      files,
      app: 'toy_market',
      seats,
      rounds,
    })
  })

  test.each([
    [{ env: 'toy_marked' }, "Did you mean 'toy_market'?"],
    [{ env: 'toy_market', human: 9 }, 'expected 1 to 2'],
    [{ env: 'toy_market', human: ['trader_7'] }, "No seat 'trader_7'"],
    [{ env: 'toy_market', currency: 'euro' }, 'ISO 4217'],
    [{ env: 'toy_market', rounds: 1 }, 'expected an integer from 2'],
  ])('is refused for %j', async (options, why) => {
    await expect(otreeApp({ economies: toys, ...options })).rejects.toThrow(why)
  })

  test('is written by the command, over nothing that is there', async () => {
    const cwd = scratch()
    writeFileSync(join(cwd, 'c.json'), '{"epochs": 1}')
    const line = 'otree-app swarm_economy --preset short --config c.json --fee 5 --out lab'
    const { code, out } = await agoragym(line, { cwd })
    expect(code).toBe(0)
    expect(out).toContain('lab/swarm_economy/__init__.py\n')
    expect(out).toContain('People sit in learner; 4 decisions a game at most.\n')
    expect(out).toContain('Nobody is paid for the score yet')
    expect(out).toContain('  npx agoragym serve\n  cd lab\n')
    expect(await agoragym(line, { cwd })).toMatchObject({ code: 2, err: expect.stringContaining('not empty') })
    expect(await agoragym('otree-app swarm_economy --rate -1', { cwd })).toMatchObject({ code: 2 })
  })
})
