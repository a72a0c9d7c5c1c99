/** What users add to the command line: modules named with --import, and the config file. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { metrics } from '../../index.ts'
import { scratch } from '../rollouts/table.ts'
import { agoragym } from './console.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** A folder with files in it. */
function folder(files: Readonly<Record<string, string>>): string {
  const at = scratch()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(at, path, '..'), { recursive: true })
    writeFileSync(join(at, path), text)
  }
  return at
}

/** A module that adds the toy market under an id of its own, with a bot. */
const market = (id: string, more = '') => `
import { call, defineEconomy } from '${ROOT}/index.ts'
import { toyMarket } from '${ROOT}/test/toy_market/index.ts'
const seller = () => ({ act: ({ observation }) => observation.grain > 0 ? call('sell', { quantity: 1 }) : call('wait') })
export default {
  economies: [defineEconomy({ env: { ...toyMarket, id: '${id}' }, bots: { seller: { description: 'Sells one.', factory: seller } }, players: ['bot:seller'] })],
  ${more}
}
`
const EVAL = 'eval ID --seeds 2'
const evaluate = (id: string, cwd: string, more = '') => agoragym(`${EVAL.replace('ID', id)}${more}`, { cwd })

describe('--import', () => {
  test('brings an economy with its bots to every command', async () => {
    const cwd = folder({ 'mine.js': market('first_market') })
    const more = ' --import ./mine.js'
    expect((await agoragym(`envs${more}`, { cwd })).out).toContain('first_market')
    expect((await agoragym(`describe first_market${more}`, { cwd })).out).toContain('bot:seller')
    const { code, out } = await evaluate('first_market', cwd, more)
    expect(code).toBe(0)
    expect(out).toContain('bot:seller')
    expect((await agoragym(`compare runs${more}`, { cwd })).out).toContain('first_market')
    expect((await agoragym(`replay runs${more}`, { cwd })).code).toBe(0)
    expect((await agoragym(`export runs --format steps --out data --include-truncated${more}`, { cwd })).code).toBe(0)
  })

  test('can be given several times, and the same module twice', async () => {
    const cwd = folder({ 'a.js': market('second_market'), 'b.mjs': market('third_market') })
    const { out, code } = await agoragym('envs --import ./a.js --import=./b.mjs --import a.js', { cwd })
    expect(code).toBe(0)
    expect(out).toContain('second_market')
    expect(out).toContain('third_market')
  })

  test('brings bots for an economy that is there, players, providers, metrics and judges', async () => {
    const judge = `judges: { calm: { description: 'calm', least: 0, greatest: 1, source: 'mine', rubric: 'Calm is 1.' } },`
    const cwd = folder({
      'mine.js': `
        import { PASS } from '${ROOT}/index.ts'
        const idle = () => ({ act: () => PASS })
        export default [
          { bots: { sim_economy: { idler: { description: 'Idles.', factory: idle } } } },
          {
            players: { lazy: text => ({ name: text, kind: 'bot', details: {}, policies: () => idle }) },
            providers: { nearby: { url: 'http://127.0.0.1:9/v1', protocol: 'openai', key: null } },
            metrics: { silences: { description: 'silent turns', formula: 'count', range: '≥ 0', source: 'mine', of: ({ result }) => result.info.silent } },
            ${judge}
          },
        ]`,
    })
    const players = 'bot:idler,lazy:very'
    const line = `eval sim_economy --players ${players} --seeds 1 --set horizon_turns=3 --import ./mine.js`
    const { code, out, err } = await agoragym(line, { cwd })
    expect([code, err.includes('No ')]).toEqual([0, false])
    expect(out).toContain('lazy:very')
    expect((await agoragym('eval sim_economy --players nearby:m --seeds 1 --dry-run --import ./mine.js', { cwd })).out).toContain(
      'nearby:m',
    )
    expect((await agoragym('score runs --import ./mine.js --metric silences', { cwd })).out).toContain('silences')
    expect((await agoragym('compare runs --all', { cwd })).out).toMatch(/silences +3\.000/)
  })

  test.each([
    ['a path that is not there', './gone.js', /^--import \.\/gone\.js: no file \S+gone\.js\.$/],
    [
      'a package that is not there',
      'gone-economies',
      /^--import gone-economies: no such package can be found from \S+\. Install it there, or write \.\/ before the path of a file\.$/,
    ],
    ['no default export', './empty.js', /^--import \.\/empty\.js: expected a default export, a plugin such as/],
    ['a default export that is none', './number.js', /expected a default export, a plugin/],
    [
      'a field that a plugin has not',
      './typo.js',
      /A plugin has no field 'economy'\. Fields: economies, .*Did you mean 'economies'\?$/,
    ],
    ['a field of another kind', './list.js', /A plugin's bots: expected an object of things by name\.$/],
    ['bots of an economy that is not there', './homeless.js', /No environment 'sim_econmy'.*Did you mean 'sim_economy'\?$/],
    ['a name that is taken', './taken.js', /the environment 'sim_economy' is registered already$/],
    ['an error of its own', './throws.js', /throws\.js: TypeError: .*\(\S*throws\.js:1:\d+\)\.$/],
    ['a syntax error', './syntax.js', /^--import \.\/syntax\.js: \w+: .+$/],
    ['an import that is not there', './imports.js', /^--import \.\/imports\.js: .*nothing\.js/],
  ])('of %s is one clear line, and the code is 2', async (_what, specifier, line) => {
    const cwd = folder({
      'empty.js': '',
      'number.js': 'export default 7',
      'typo.js': 'export default { economy: [] }',
      'list.js': 'export default { bots: [] }',
      'homeless.js': 'export default { bots: { sim_econmy: {} } }',
      'taken.js': market('sim_economy'),
      'throws.js': 'null.gone()',
      'syntax.js': 'export default {',
      'imports.js': "import './nothing.js'",
    })
    const { code, err, out } = await agoragym(`envs --import ${specifier}`, { cwd })
    expect([code, out]).toEqual([2, ''])
    expect(err.trimEnd().split('\n')).toHaveLength(1)
    expect(err.trimEnd()).toMatch(line)
  })

  test('finds a package by its name, whether it exports to all or to import alone', async () => {
    const metric = (name: string) =>
      `export default { metrics: { ${name}: { description: '', formula: '', range: '', source: '', of: () => 1 } } }`
    const cwd = folder({
      'node_modules/economies-a/package.json': '{ "name": "economies-a", "type": "module", "exports": "./main.js" }',
      'node_modules/economies-a/main.js': metric('for_all'),
      'node_modules/@b/economies/package.json':
        '{ "name": "@b/economies", "type": "module", "exports": { "./grain": { "import": "./grain.js" } } }',
      'node_modules/@b/economies/grain.js': metric('for_import'),
      'below/here.txt': '',
    })
    const { err } = await agoragym('envs --import economies-a --import @b/economies/grain', { cwd: join(cwd, 'below') })
    expect(err).toBe('')
    expect(metrics.ids()).toEqual(expect.arrayContaining(['for_all', 'for_import']))
  })
})

describe('the config file', () => {
  test('is found upwards and imported like any other', async () => {
    const cwd = folder({ 'agoragym.config.js': market('configured_market'), 'deep/er/here.txt': '' })
    const { out, code } = await agoragym('envs', { cwd: join(cwd, 'deep', 'er') })
    expect(code).toBe(0)
    expect(out).toContain('configured_market')
  })

  test('hides those further up, and is one', async () => {
    const cwd = folder({
      'agoragym.config.js': 'null.gone()',
      'a/agoragym.config.mjs': market('nearer_market'),
      'b/agoragym.config.mjs': '',
      'b/agoragym.config.js': '',
    })
    expect((await agoragym('envs', { cwd: join(cwd, 'a') })).out).toContain('nearer_market')
    const { code, err } = await agoragym('envs', { cwd: join(cwd, 'b') })
    expect(code).toBe(2)
    expect(err).toBe(`${join(cwd, 'b')} has both agoragym.config.js and agoragym.config.mjs; keep one of them.\n`)
  })

  test('does not stand between a user and the help', async () => {
    const cwd = folder({ 'agoragym.config.js': 'null.gone()' })
    expect((await agoragym('--help', { cwd })).code).toBe(0)
    const { code, err } = await agoragym('envs', { cwd })
    expect(code).toBe(2)
    expect(err).toMatch(/^config file \S+agoragym\.config\.js: TypeError/)
  })
})

test('a second copy of the package is told, not half used', async () => {
  const copies = readFileSync(join(ROOT, 'envs', 'core', 'copies.ts'), 'utf8')
  const cwd = folder({
    'other/envs/core/copies.js': copies.replaceAll(/: string\[\]| as \{[^}]*\}/g, ''),
    'mine.js': "import './other/envs/core/copies.js'\nexport default {}",
  })
  const { code, err } = await agoragym('envs --import ./mine.js', { cwd })
  // The other copy stays for the process: the tests that follow would meet it.
  const loaded = (globalThis as { [key: symbol]: Set<string> })[Symbol.for('agoragym.copies')]!
  for (const copy of [...loaded]) if (copy.includes('/other/')) loaded.delete(copy)
  expect(code).toBe(2)
  expect(err).toMatch(
    /^--import \.\/mine\.js: it uses another copy of agoragym \(\S+other\/\) than this command \(.*\), which would not find what it brings; run the command from the folder of the first: npx agoragym\.\n$/,
  )
})
