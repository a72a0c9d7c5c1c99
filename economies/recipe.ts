/**
 * The recipe of a new economy: a project of its own, or in a clone of this repository its folders and its lines in the
 * registry. Knows the templates and where each goes.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { UserError } from '../envs/core/errors.ts'
import { textsBelow, writeFiles } from '../rollouts/disk.ts'
import { packageVersion } from '../rollouts/versions.ts'
import { economies } from './registry.ts'

const TEMPLATES = join(import.meta.dirname, '..', 'templates', 'economy')

/** What a name may be: it becomes an id, a folder and a package. */
const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/
const LONGEST = 40

/** Text by path, relative to the folder that is written to. */
type RecipeFiles = Readonly<Record<string, string>>

const REGISTRY = 'economies/registry.ts'

/** What was written, and what to do next. */
export interface NewEconomy {
  readonly folder: string
  /** Relative to the folder. */
  readonly files: readonly string[]
  /** Command lines, in order, each of which passes. */
  readonly steps: readonly string[]
}

/**
 * Writes a new economy below `from`: a folder of its name, or the folders of this repository where `from` is a clone of it.
 * A UserError where the name is none or taken, or something lies there already; a RunError where the disk refuses.
 */
export function newEconomy(name: string, from: string): NewEconomy {
  checkName(name)
  if (economies.has(name)) throw new UserError(`There is an economy '${name}' already; choose another name.`)
  const inside = isRepository(from)
  const folder = inside ? from : resolve(from, name)
  const files = inside ? repositoryFiles(name) : projectFiles(name, packageVersion())
  const paths = Object.keys(files)
  checkFree(inside ? [...new Set(paths.map(path => join(folder, dirname(path))))] : [folder])
  const registry = join(folder, REGISTRY)
  writeFiles(folder, inside ? { ...files, [REGISTRY]: registryWith(readFileSync(registry, 'utf8'), name) } : files)
  return {
    folder,
    files: inside ? [...paths, REGISTRY] : paths,
    steps: [...(inside ? IN_REPOSITORY : [`cd ${name}`, ...IN_PROJECT]), `npx agoragym eval ${name} --seeds 20`],
  }
}

const IN_PROJECT = ['npm install', 'npm test']
const IN_REPOSITORY = ['npm run format', 'npm run golden', 'npm run docs', 'npm run check', 'npm test']

/** Whether a folder is a clone of this package's repository. */
function isRepository(folder: string): boolean {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown }
    return name === 'agoragym' && existsSync(join(folder, REGISTRY))
  } catch {
    return false
  }
}

function checkFree(folders: readonly string[]): void {
  for (const path of folders)
    if (existsSync(path) && readdirSync(path).length > 0)
      throw new UserError(`${path} is there already and not empty; choose another name, or move it away.`)
}

/** A UserError where a name cannot be an economy's. */
function checkName(name: string): void {
  if (NAME.test(name) && name.length <= LONGEST) return
  const near = name
    .replace(/(?<=[a-z0-9])[A-Z]/g, capital => `_${capital}`)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[_0-9]+|_+$/g, '')
    .slice(0, LONGEST)
  const advice = NAME.test(near) ? ` Try '${near}'.` : ''
  throw new UserError(
    `An economy's name is snake_case, at most ${LONGEST} letters, digits and underscores, such as tide_pool; got '${name.slice(0, 64)}'.${advice}`,
  )
}

/** A project of its own: rules, bots, plugin, tests, and the files that make it one. */
function projectFiles(name: string, version: string): RecipeFiles {
  const files = Object.entries({ ...under('outside'), ...under('shared', 'src') })
  return Object.fromEntries(
    files.map(([path, text]) => [
      renamed(path, name).replace(/^gitignore$/, '.gitignore'),
      renamed(text, name).replace('VERSION', version),
    ]),
  )
}

/** The folders of an economy in this repository. */
function repositoryFiles(name: string): RecipeFiles {
  const { 'economy.ts': economy, 'bots.ts': bots } = under('shared') as { 'economy.ts': string; 'bots.ts': string }
  const { 'README.md': readme, 'index.ts': composed, 'my_economy.test.ts': claims } = under('inside')
  const files = {
    'envs/my_economy/index.ts': economy.replace("'agoragym'", "'../core/index.ts'"),
    'envs/my_economy/README.md': readme!,
    // The first import is of a bot set, the second of the core.
    'bots/my_economy/index.ts': bots
      .replace("'agoragym'", "'../index.ts'")
      .replace("'agoragym'", "'../../envs/core/index.ts'")
      .replace("'./economy.ts'", "'../../envs/my_economy/index.ts'"),
    'economies/my_economy/index.ts': composed!,
    'test/envs/my_economy/my_economy.test.ts': claims!,
  }
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [renamed(path, name), renamed(text, name)]))
}

/** The text of the repository's registry with one economy more. */
function registryWith(text: string, name: string): string {
  const constant = constantOf(name)
  const lines = text.split('\n')
  const added = `import { economy as ${constant} } from ${`'./${name}/index.ts'`}`
  const from = (line: string): string => /from '\.\/(\w+)\/index\.ts'$/.exec(line)?.[1] ?? ''
  const imports = lines.filter(line => line.startsWith('import { economy as '))
  const last = lines.findLastIndex(line => /^economies\.register\(\w+\)$/.test(line))
  if (imports.length === 0 || last < 0)
    throw new UserError('economies/registry.ts has no lines such as `economies.register(…)` to add one to.')
  lines.splice(last + 1, 0, `economies.register(${constant})`)
  const before = imports.findLast(line => from(line) < name)
  const at = before === undefined ? lines.indexOf(imports[0]!) : lines.indexOf(before) + 1
  lines.splice(at, 0, added)
  return lines.join('\n')
}

/** The template's files below a folder, by path, moved below `into`. */
function under(folder: string, into?: string): Record<string, string> {
  const files = textsBelow(join(TEMPLATES, folder))
  return into === undefined ? files : Object.fromEntries(Object.entries(files).map(([path, text]) => [`${into}/${path}`, text]))
}

/** A template's text with the names of the new economy. */
function renamed(text: string, name: string): string {
  const constant = constantOf(name)
  return text
    .replaceAll('my_economy', name)
    .replaceAll('myEconomy', constant)
    .replaceAll('MyEconomy', `${constant[0]!.toUpperCase()}${constant.slice(1)}`)
}

/** What code calls it: `tidePoolEconomy`, which is no word of the language and no name of the template. */
function constantOf(name: string): string {
  const camel = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  return /economy$/i.test(camel) && camel.length > 'economy'.length ? camel : `${camel}Economy`
}
