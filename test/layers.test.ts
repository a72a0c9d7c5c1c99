/** Imports flow one way, economies do not know each other, and nothing random or timed happens where it must not. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const LAYERS = ['envs/core', 'envs', 'bots', 'rollouts', 'evals', 'economies', 'serve', 'bench', 'commands', '']
const FOLDERS = ['bench', 'bots', 'commands', 'economies', 'envs', 'evals', 'rollouts', 'serve'].filter(folder =>
  existsSync(join(ROOT, folder)),
)

const files = [
  ...FOLDERS.flatMap(folder =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(path => `${folder}/${path.split(sep).join('/')}`),
  ),
  ...readdirSync(ROOT),
].filter(path => path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.includes('config.'))

/** The rank of a file's layer; the folder it lies in decides, the root is above all. */
function rank(path: string): number {
  return LAYERS.findIndex(layer => layer === '' || path.startsWith(`${layer}/`))
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

test('no file imports from a layer above its own', () => {
  const upward = files.flatMap(path =>
    importsOf(path)
      .filter(target => rank(target) > rank(path))
      .map(target => `${path} imports ${target}`),
  )
  expect(upward).toEqual([])
})

describe('economies stand alone', () => {
  const economyOf = (path: string): string | undefined => /^(?:envs|bots)\/(?!core\/|any\/)([^/]+)\//.exec(path)?.[1]
  test('no economy or bot of one imports another’s', () => {
    const across = files.flatMap(path =>
      importsOf(path)
        .filter(
          target => economyOf(path) !== undefined && economyOf(target) !== undefined && economyOf(path) !== economyOf(target),
        )
        .map(target => `${path} imports ${target}`),
    )
    expect(across).toEqual([])
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
