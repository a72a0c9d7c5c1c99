/** `new`: writes the recipe of an economy: a project of its own, or in a clone of this repository its folders and its line. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { checkName, projectFiles, type RecipeFiles, registryWith, repositoryFiles } from '../economies/recipe.ts'
import { economies } from '../economies/registry.ts'
import { nearest, UserError } from '../envs/core/errors.ts'
import { refused } from '../rollouts/jsonl.ts'
import { packageVersion } from '../rollouts/metadata.ts'
import type { Command } from './command.ts'
import { shownPath } from './text.ts'

const REGISTRY = 'economies/registry.ts'

export const newCommand: Command = {
  name: 'new',
  positionals: { WHAT: 'what is made: economy', NAME: 'its id in snake_case, such as tide_pool' },
  describe: 'Write a new economy that plays: rules, bots, tests and what wires them.',
  options: {},
  examples: [['agoragym new economy tide_pool', 'a folder tide_pool; in a clone of this repository, folders of it']],
  run(args, io) {
    const what = args.text('WHAT')!
    const name = args.text('NAME')!
    if (what !== 'economy') throw new UserError(`new: expected economy, got '${what.slice(0, 64)}'.${nearest(what, ['economy'])}`)
    checkName(name)
    if (economies.has(name)) throw new UserError(`There is an economy '${name}' already; choose another name.`)
    const inside = isRepository(io.cwd)
    const folder = inside ? io.cwd : resolve(io.cwd, name)
    const files = inside ? repositoryFiles(name) : projectFiles(name, packageVersion())
    checkFree(inside ? [...new Set(Object.keys(files).map(path => dirname(path)))] : ['.'], folder)
    const registry = join(folder, REGISTRY)
    write(folder, inside ? { ...files, [REGISTRY]: registryWith(readFileSync(registry, 'utf8'), name) } : files)
    const steps = inside ? IN_REPOSITORY : [`cd ${name}`, ...IN_PROJECT]
    const paths = Object.keys(files).map(path => join(folder, path))
    if (args.flag('json'))
      io.out(`${JSON.stringify({ folder, files: Object.keys(files), steps: named(steps, name) }, null, 2)}\n`)
    else {
      for (const path of paths) io.out(`${shownPath(path, io.cwd)}\n`)
      if (inside) io.out(`${REGISTRY} has a line more\n`)
      io.out(
        `\nNext:\n${named(steps, name)
          .map(step => `  ${step}\n`)
          .join('')}`,
      )
    }
    return 0
  },
}

const IN_PROJECT = ['npm install', 'npm test', 'npx agoragym eval NAME --seeds 20']
const IN_REPOSITORY = [
  'npm run format',
  'npm run golden',
  'npm run docs',
  'npm run check',
  'npm test',
  'npx agoragym eval NAME --seeds 20',
]

const named = (steps: readonly string[], name: string): string[] => steps.map(step => step.replace('NAME', name))

/** Whether a folder is a clone of this package's repository. */
function isRepository(folder: string): boolean {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown }
    return name === 'agoragym' && existsSync(join(folder, REGISTRY))
  } catch {
    return false
  }
}

function checkFree(folders: readonly string[], root: string): void {
  for (const folder of folders) {
    const path = join(root, folder)
    if (existsSync(path) && readdirSync(path).length > 0)
      throw new UserError(`${path} is there already and not empty; choose another name, or move it away.`)
  }
}

function write(folder: string, files: RecipeFiles): void {
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
  } catch (error) {
    throw refused(folder, error)
  }
}
