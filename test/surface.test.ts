/** What the package exports: every subpath is an entry file, and the commands have nothing that a program has not. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const { exports, files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>
  files: string[]
}
/** The entry files, by subpath. */
const entries = Object.fromEntries(
  Object.entries(exports).flatMap(([subpath, target]) =>
    typeof target === 'string' ? [] : [[subpath, target.default.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts')]],
  ),
)

/** What a file takes from another: names, or everything. */
interface From {
  readonly file: string
  readonly names: readonly string[] | '*'
}

function statements(path: string, kind: 'import' | 'export'): From[] {
  const text = readFileSync(join(ROOT, path), 'utf8')
  return [...text.matchAll(new RegExp(`^${kind} (?:type )?(\\{[^}]*\\}|\\*(?: as \\w+)?|\\w+) from '(\\.[^']+)'`, 'gm'))].map(
    ([, what, target]): From => ({
      file: normalize(join(dirname(path), target!))
        .split(sep)
        .join('/'),
      names: what!.startsWith('{')
        ? what!
            .slice(1, -1)
            .split(',')
            .map(name => name.trim().replace(/^type /, ''))
            .filter(name => name !== '')
        : '*',
    }),
  )
}

/** Where a name that a file exports is declared, as `file name`: re-exports are followed. */
function origin(file: string, name: string): string {
  for (const { file: from, names } of statements(file, 'export')) {
    if (names === '*') {
      if (declares(from, name)) return origin(from, name)
      continue
    }
    const found = names.find(each => each.split(' as ').at(-1) === name)
    if (found !== undefined) return origin(from, found.split(' as ')[0]!)
  }
  return `${file} ${name}`
}

const DECLARATION = /^export (?:declare |async |abstract )*(?:const|function\*?|class|interface|type|enum|let) (\w+)\b/gm

/** The names that a file declares and exports. */
function declared(file: string): string[] {
  return [...readFileSync(join(ROOT, file), 'utf8').matchAll(DECLARATION)].map(([, name]) => name!)
}

/** Whether a file exports a name, itself or by another. */
function declares(file: string, name: string): boolean {
  if (declared(file).includes(name)) return true
  return statements(file, 'export').some(({ file: from, names }) =>
    names === '*' ? declares(from, name) : names.some(each => each.split(' as ').at(-1) === name),
  )
}

/** Whether an entry gives out what is declared there. */
function isPublic(place: string): boolean {
  const [, name] = place.split(' ') as [string, string]
  const gives = (file: string): boolean =>
    statements(file, 'export').some(({ file: from, names }) =>
      names === '*'
        ? declares(from, name) && origin(from, name) === place
        : names.some(each => each.split(' as ')[0] === name && origin(from, name) === place),
    )
  return Object.values(entries).some(gives)
}

test('every subpath is an entry file', () => {
  expect(Object.keys(entries)).toEqual([
    '.',
    './rollouts',
    './bots',
    './evals',
    './export',
    './serve',
    './queue',
    './view',
    './host',
    './connect',
    './testing',
    './bench',
  ])
  for (const file of Object.values(entries)) expect(existsSync(join(ROOT, file)), file).toBe(true)
})

test('what the README and the documents link to is in the package, or on the web', () => {
  const packed = files.map(pattern => new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}(/.*)?$`))
  const documents = [
    'README.md',
    ...readdirSync(join(ROOT, 'docs'))
      .filter(name => name.endsWith('.md'))
      .map(name => `docs/${name}`),
  ]
  const missing = documents.flatMap(document =>
    [...readFileSync(join(ROOT, document), 'utf8').matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
      .map(([, target]) => target!)
      .filter(target => !/^https?:/.test(target))
      .map(target => normalize(join(dirname(document), target)).replace(/\/$/, ''))
      .filter(target => !existsSync(join(ROOT, target)) || !packed.some(pattern => pattern.test(target)))
      .map(target => `${document} links to ${target}`),
  )
  expect(missing).toEqual([])
})

test('every subpath has an example that imports it', () => {
  const examples = readdirSync(join(ROOT, 'examples')).map(name => readFileSync(join(ROOT, 'examples', name), 'utf8'))
  for (const subpath of Object.keys(entries)) {
    if (subpath === './bench') continue
    const name = `agoragym${subpath.slice(1)}`
    expect(
      examples.some(text => text.includes(`from '${name}'`)),
      name,
    ).toBe(true)
  }
})

describe('the commands are clients of the subpaths', () => {
  const clients = ['cli.ts', ...readdirSync(join(ROOT, 'commands')).map(name => `commands/${name}`)]
  const taken = clients.flatMap(path =>
    [...statements(path, 'import'), ...statements(path, 'export')]
      .filter(({ file }) => !file.startsWith('commands/'))
      .map(from => ({ path, ...from })),
  )

  test('there is something to check', () => {
    expect(taken.length).toBeGreaterThan(50)
  })

  test('no command imports what no subpath exports', () => {
    const hidden = taken.flatMap(({ path, file, names }) =>
      (names === '*' ? declared(file) : names.map(name => name.split(' as ')[0]!))
        .filter(name => !isPublic(origin(file, name)))
        .map(name => `${path} imports ${name} of ${file}`),
    )
    expect(hidden).toEqual([])
  })
})
