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
  ['bench'],
  ['commands'],
]
const FOLDERS = [...new Set(LAYERS.flat().map(folder => folder.split('/')[0]!))].filter(folder => existsSync(join(ROOT, folder)))

const files = [
  ...FOLDERS.flatMap(folder =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(path => `${folder}/${path.split(sep).join('/')}`),
  ),
  ...readdirSync(ROOT),
].filter(path => path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.includes('config.'))

/** The folder of a layer that a file lies in, the innermost; the root's own files are above all. */
function folderOf(path: string): string {
  return LAYERS.flat().find(folder => path.startsWith(`${folder}/`)) ?? ''
}

function rank(path: string): number {
  const at = LAYERS.findIndex(folders => folders.includes(folderOf(path)))
  return at < 0 ? LAYERS.length : at
}

function importsOf(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8')
  return [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(([, target]) =>
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
