/** Suites in files: where those of the package lie, and a suite read by its path or by its name. Plays nothing. */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { nearest } from '../envs/core/errors.ts'
import { readText } from '../rollouts/text_file.ts'
import { type Experiment, parseSuite } from './experiment.ts'

const SHIPPED = join(import.meta.dirname, 'suites')

/** The names of the suites of the package. */
export function shippedSuites(): string[] {
  return readdirSync(SHIPPED)
    .filter(file => file.endsWith('.json'))
    .map(file => file.slice(0, -'.json'.length))
    .sort()
}

/**
 * Reads a suite: a file, as seen from the folder `from`, or a shipped one by its name. `folder` is where its own files and imports
 * are looked for. A UserError where there is none, or something is wrong with it.
 */
export function readSuiteFile(named: string, from: string): { readonly suite: Experiment; readonly folder: string } {
  const path = resolve(from, named)
  const shipped = shippedSuites()
  const found = !existsSync(path) && shipped.includes(named) ? join(SHIPPED, `${named}.json`) : path
  const text = readText(
    found,
    why => `--suite: cannot read ${named}: ${why}. Shipped: ${shipped.join(', ')}.${nearest(named, shipped)}`,
  )
  return { suite: parseSuite(text, named), folder: dirname(found) }
}
