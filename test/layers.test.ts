/** Imports flow one way, economies do not know each other, and nothing random or timed happens where it must not. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { describe, expect, test } from 'vitest'
import { environments } from '../index.ts'

const ROOT = join(import.meta.dirname, '..')
/** From the bottom up; a row's folders are of one rank and do not know each other. */
const LAYERS = [
  ['envs/core'],
  ['envs'],
  ['bots'],
  ['rollouts'],
  ['evals'],
  ['economies'],
  ['serve', 'connect', 'view', 'queue'],
  ['host'],
  ['bench'],
  ['commands'],
]
const FOLDERS = [...new Set(LAYERS.flat().map(folder => folder.split('/')[0]!))].filter(folder => existsSync(join(ROOT, folder)))

const files = [
  ...FOLDERS.flatMap(folder =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(path => `${folder}/${path.split(sep).join('/')}`),
  ),
  ...readdirSync(ROOT),
].filter(path => path.endsWith('.ts') && !path.endsWith('.d.ts') && path !== 'vitest.config.ts')

/** The folder of a layer that a file lies in, the innermost; the root's own files are above all. */
function folderOf(path: string): string {
  return LAYERS.flat().find(folder => path.startsWith(`${folder}/`)) ?? ''
}

function rank(path: string): number {
  const at = LAYERS.findIndex(folders => folders.includes(folderOf(path)))
  return at < 0 ? LAYERS.length : at
}

/** An import as it stands in a file: of a value, of a type alone, of nothing, or of a module that is loaded later. */
const IMPORT = /(?:from|import\(|import)\s*'(\.[^']+)'/g

function importsOf(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8')
  return [...text.matchAll(IMPORT)].map(([, target]) =>
    normalize(join(dirname(path), target!))
      .split(sep)
      .join('/'),
  )
}

test('there is something to check', () => {
  expect(files.length).toBeGreaterThan(20)
})

/** What files import that they may not, as `file imports file`. */
const imports = (wrong: (path: string, target: string) => boolean): string[] =>
  files.flatMap(path =>
    importsOf(path)
      .filter(target => wrong(path, target))
      .map(target => `${path} imports ${target}`),
  )

test('no file imports from a layer above its own', () => {
  expect(imports((path, target) => rank(target) > rank(path))).toEqual([])
})

test('no file, of the tests either, imports itself through others, not for its types or later either', () => {
  const circles: string[] = []
  const done = new Set<string>()
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' → '))
    if (way.includes(path) || done.has(path)) return
    // What a test writes into a file looks like an import.
    for (const target of importsOf(path)) if (existsSync(join(ROOT, target))) visit(target, [...way, path])
    done.add(path)
  }
  const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).filter(
    // Where mutants were tried, their tools are installed.
    path => path.endsWith('.ts') && !path.split(sep).includes('node_modules'),
  )
  for (const path of [...files, ...tests.map(path => `test/${path.split(sep).join('/')}`)]) visit(path, [])
  expect(circles).toEqual([])
})

test('folders of one rank do not import each other', () => {
  expect(imports((path, target) => rank(target) === rank(path) && folderOf(target) !== folderOf(path))).toEqual([])
})

describe('economies stand alone', () => {
  const economyOf = (path: string): string | undefined => /^(?:envs|bots|economies)\/(?!core\/|any\/)([^/]+)\//.exec(path)?.[1]
  const ids = [...new Set(files.flatMap(path => economyOf(path) ?? []))]

  test('there are some', () => {
    expect(ids).toEqual(expect.arrayContaining(environments.ids()))
  })

  test('no economy, bot or study of one imports another’s', () => {
    expect(
      imports(
        (path, target) =>
          economyOf(path) !== undefined && economyOf(target) !== undefined && economyOf(path) !== economyOf(target),
      ),
    ).toEqual([])
  })

  test('nothing outside an economy’s folders imports from them, but the registry', () => {
    expect(
      imports(
        (path, target) => economyOf(path) === undefined && economyOf(target) !== undefined && path !== 'economies/registry.ts',
      ),
    ).toEqual([])
  })

  test('nothing outside an economy’s folders names it', () => {
    const named = new RegExp(`\\b(${ids.join('|')})\\b`, 'g')
    // The registry lists them, and the program `sim-engine` is one economy's: package.json must find it in bin/.
    const exempt = ['economies/registry.ts', 'bin/sim-engine.ts']
    // What scripts/screens/ pictures are games of its choice.
    const others = ['bin', 'scripts'].flatMap(folder =>
      readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap(each => (each.isFile() ? [`${folder}/${each.name}`] : [])),
    )
    const found = [...files, ...others]
      .filter(path => economyOf(path) === undefined && !exempt.includes(path))
      .flatMap(path => [...readFileSync(join(ROOT, path), 'utf8').matchAll(named)].map(([id]) => `${path} names ${id}`))
    expect(found).toEqual([])
  })
})

test('no clock, no uuid and no unseeded randomness under envs and bots', () => {
  const found = files
    .filter(path => path.startsWith('envs/') || path.startsWith('bots/'))
    .flatMap(path =>
      [
        ...readFileSync(join(ROOT, path), 'utf8').matchAll(
          /Math\.random\(|Date\.now\(|new Date\(|randomUUID\(|performance\.now\(|hrtime/g,
        ),
      ].map(([word]) => `${path}: ${word}`),
    )
  expect(found).toEqual([])
})

test('only the bin files read the process’s arguments and environment', () => {
  const found = files.filter(path => /process\.(argv|env)\b/.test(readFileSync(join(ROOT, path), 'utf8')))
  expect(found).toEqual([])
})
