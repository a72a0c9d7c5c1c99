/** The file that belongs to a folder and names what users add. Knows its names and where it lies; loads nothing. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UserError } from '../envs/core/errors.ts'

/** The file that is looked for from the working directory upwards; the first found is imported. */
export const CONFIG_NAMES = ['agoragym.config.js', 'agoragym.config.mjs', 'agoragym.config.ts', 'agoragym.config.mts'] as const

/** The config file that belongs to a folder: the nearest, in it or above. A UserError where a folder has two. */
export function findConfig(folder: string): string | undefined {
  const [first, second] = CONFIG_NAMES.filter(name => existsSync(join(folder, name)))
  if (second !== undefined) throw new UserError(`${folder} has both ${first} and ${second}; keep one of them.`)
  if (first !== undefined) return join(folder, first)
  const above = dirname(folder)
  return above === folder ? undefined : findConfig(above)
}
