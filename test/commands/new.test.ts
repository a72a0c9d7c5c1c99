/** `agoragym new economy`: what it writes, and what it refuses; CI follows the steps it prints (scripts/recipe.mjs). */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scratch } from '../rollouts/table.ts'
import { agoragym } from './console.ts'

const ROOT = join(import.meta.dirname, '..', '..')

describe('outside the repository', () => {
  test('a project is written: rules, bots, plugin, test, and the steps to go on with', async () => {
    const cwd = scratch()
    const { code, out } = await agoragym('new economy tide_pool', { cwd })
    expect(code).toBe(0)
    for (const file of ['package.json', 'src/economy.ts', 'src/bots.ts', 'src/plugin.ts', 'test/tide_pool.test.ts', '.gitignore'])
      expect(out).toContain(`tide_pool/${file}\n`)
    expect(out).toContain('Next:\n  cd tide_pool\n  npm install\n  npm test\n  npx agoragym eval tide_pool --seeds 20\n')
    const read = (file: string): string => readFileSync(join(cwd, 'tide_pool', file), 'utf8')
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(JSON.parse(read('package.json'))).toMatchObject({ name: 'tide_pool', dependencies: { agoragym: `^${version}` } })
    expect(read('src/economy.ts')).toContain('export const tidePoolEconomy: Environment<TidePoolEconomyTypes> = {')
    for (const file of ['src/economy.ts', 'src/bots.ts', 'README.md']) expect(read(file)).not.toMatch(/my_?economy/i)
  })

  test.each([
    ['TidePool', "Try 'tide_pool'."],
    ['tide-pool', "Try 'tide_pool'."],
    ['9lives', "Try 'lives'."],
    ['x'.repeat(41), `got '${'x'.repeat(41)}'`],
  ])('%s is no name, and the nearest is named', async (name, advice) => {
    const { code, err } = await agoragym(`new economy ${name}`, { cwd: scratch() })
    expect(code).toBe(2)
    expect(err).toContain("An economy's name is snake_case")
    expect(err).toContain(advice)
  })

  test('nothing is overwritten, and no economy of the package is taken', async () => {
    const cwd = scratch()
    mkdirSync(join(cwd, 'tide_pool'))
    writeFileSync(join(cwd, 'tide_pool', 'mine.txt'), 'mine')
    expect(await agoragym('new economy tide_pool', { cwd })).toMatchObject({ code: 2, err: expect.stringContaining('not empty') })
    expect((await agoragym('new economy mars_colony', { cwd })).err).toContain("There is an economy 'mars_colony' already")
    expect((await agoragym('new econmy tide_pool', { cwd })).err).toContain("Did you mean 'economy'?")
  })
})

test('inside the repository its folders are written and the registry has its two lines, in their order', async () => {
  const cwd = scratch()
  cpSync(join(ROOT, 'package.json'), join(cwd, 'package.json'))
  mkdirSync(join(cwd, 'economies'))
  cpSync(join(ROOT, 'economies', 'registry.ts'), join(cwd, 'economies', 'registry.ts'))
  const { code, out } = await agoragym('new economy old_town', { cwd })
  expect(code).toBe(0)
  for (const folder of ['envs', 'bots', 'economies']) expect(out).toContain(`${folder}/old_town/index.ts\n`)
  for (const step of ['npm run format', 'npm run golden', 'npm run docs']) expect(out).toContain(`  ${step}\n`)
  const lines = readFileSync(join(cwd, 'economies', 'registry.ts'), 'utf8').split('\n')
  const imports = lines.filter(line => line.startsWith('import { economy as '))
  expect(imports).toEqual([...imports].sort((a, b) => (a.split("'")[1]! < b.split("'")[1]! ? -1 : 1)))
  expect(imports).toContain("import { economy as oldTownEconomy } from './old_town/index.ts'")
  expect(lines.filter(line => line.startsWith('economies.register(')).at(-1)).toBe('economies.register(oldTownEconomy)')
  // What it imports is there: nothing of the package's own name is left.
  const rules = readFileSync(join(cwd, 'envs', 'old_town', 'index.ts'), 'utf8')
  expect(rules).toContain('old_town')
  expect(rules).not.toContain("'agoragym'")
  expect(readFileSync(join(cwd, 'bots', 'old_town', 'index.ts'), 'utf8')).not.toContain("'agoragym'")
})
