/**
 * Loads modules of users: each exports by default a plugin, or a list of them, which is registered. Knows paths, packages and
 * what goes wrong with them; knows no command.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { otherCopies, thisCopy } from '../envs/core/copies.ts'
import { UserError } from '../envs/core/errors.ts'
import { blame } from '../evals/score/metric.ts'
import { type Plugin, register } from './plugin.ts'
import { economies } from './registry.ts'

/** The URLs of the modules that were imported so far, for threads that need the same. */
export function importedModules(): string[] {
  return [...economies.thread.imports]
}

/**
 * Imports modules by path or package name, as seen from the folder `from`, and registers what they export, in order. A UserError
 * of one line says what is wrong with which; `what` is how it was named, such as `--import`.
 */
export async function importPlugins(specifiers: readonly string[], from: string, what = '--import'): Promise<void> {
  for (const specifier of specifiers) {
    const named = `${what} ${specifier}`
    const url = locate(specifier, from, named)
    const loaded = await load(url, named)
    economies.imported(url.href)
    const [other] = otherCopies()
    if (other !== undefined)
      throw new UserError(
        `${named}: it uses another copy of agoragym (${shown(other)}) than this command (${shown(thisCopy)}), which would not find what it brings; run the command from the folder of the first: npx agoragym.`,
      )
    for (const plugin of pluginsOf(loaded, named)) {
      try {
        register(plugin)
      } catch (error) {
        throw new UserError(`${named}: ${(error as Error).message}`, { cause: error })
      }
    }
  }
}

const shown = (copy: string): string => fileURLToPath(copy)

/** A path begins with a dot or a slash, or names a file that is there; anything else is a package. */
function locate(specifier: string, from: string, named: string): URL {
  if (specifier.startsWith('file:')) return new URL(specifier)
  const path = resolve(from, specifier)
  if (existsSync(path)) return pathToFileURL(path)
  if (/^\.{0,2}[/\\]/.test(specifier) || isAbsolute(specifier) || /\.[cm]?[jt]s$/.test(specifier))
    throw new UserError(`${named}: no file ${path}.`)
  const base = join(from, 'importing.js')
  try {
    return pathToFileURL(createRequire(base).resolve(specifier))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const found = code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? forImport(specifier, from) : undefined
    if (found !== undefined) return pathToFileURL(found)
    const advice = code === 'MODULE_NOT_FOUND' ? 'Install it there, or write ./ before the path of a file.' : blame(error)
    throw new UserError(`${named}: no such package can be found from ${from}. ${advice}`)
  }
}

/** The file that a package exports to `import` alone, which `require` does not find; undefined where there is none. */
function forImport(specifier: string, from: string): string | undefined {
  const [name = '', ...rest] = specifier.match(/^(@[^/]+\/[^/]+|[^/]+)(?:\/(.*))?$/)?.slice(1) ?? []
  const entry = rest[0] === undefined ? '.' : `./${rest[0]}`
  for (let folder = from; ; folder = dirname(folder)) {
    const home = join(folder, 'node_modules', name)
    if (existsSync(join(home, 'package.json'))) {
      const { exports } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { exports?: Exports }
      const entries =
        typeof exports === 'object' && Object.keys(exports).some(key => key.startsWith('.')) ? exports : { '.': exports }
      const file = conditioned((entries as Record<string, Exports>)[entry])
      return file === undefined ? undefined : join(home, file)
    }
    if (dirname(folder) === folder) return undefined
  }
}

type Exports = string | { readonly [condition: string]: Exports } | undefined

function conditioned(target: Exports): string | undefined {
  if (typeof target !== 'object') return target
  for (const [condition, inner] of Object.entries(target)) {
    const file = ['import', 'node', 'module-sync', 'default'].includes(condition) ? conditioned(inner) : undefined
    if (file !== undefined) return file
  }
  return undefined
}

/** What is wrong with TypeScript that Node itself is given, by the code of its error. */
const TYPESCRIPT: Readonly<Record<string, string>> = {
  ERR_UNKNOWN_FILE_EXTENSION: `Node ${process.versions.node} runs no TypeScript: use Node 22.18 or later, or compile the file first (npx tsc) and import the .js`,
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    'Node only removes types: it runs no enum, namespace or parameter property; compile the file first (npx tsc)',
  ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING: 'Node runs no TypeScript below node_modules: the package must bring JavaScript',
}

async function load(url: URL, named: string): Promise<unknown> {
  try {
    return ((await import(url.href)) as { default?: unknown }).default
  } catch (error) {
    const { code = '', message = '' } = error as NodeJS.ErrnoException
    const said = TYPESCRIPT[code]
    if (said !== undefined) throw new UserError(`${named}: ${said}.`, { cause: error })
    const missing = /^Cannot find package 'agoragym'/.test(message)
    const advice = missing ? ' Install agoragym where the file is: npm install agoragym.' : ''
    throw new UserError(`${named}: ${blame(error)}.${advice}`, { cause: error })
  }
}

function pluginsOf(loaded: unknown, named: string): Plugin[] {
  const plugins = Array.isArray(loaded) ? loaded : [loaded]
  if (plugins.every(plugin => typeof plugin === 'object' && plugin !== null)) return plugins as Plugin[]
  throw new UserError(
    `${named}: expected a default export, a plugin such as { economies: [defineEconomy({ env })], bots: {…}, metrics: {…} }, or a list of them.`,
  )
}
