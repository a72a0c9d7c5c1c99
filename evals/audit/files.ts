/**
 * An audit's files: `<preset>.json` holds what a search found, `<preset>.results.json` what its replay measured, and what
 * rewards mean is written here too. Knows no folder.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeFolder, replaceFile } from '../../rollouts/disk.ts'
import type { Pars } from '../../rollouts/par.ts'
import { parseJson, readText } from '../../rollouts/text_file.ts'
import { parseJsonFile } from '../json_file.ts'
import type { PresetAudit } from './audit.ts'
import { type FoundFile, foundFile } from './found.ts'
import { PARS } from './par_file.ts'

const unread =
  (path: string) =>
  (why: string): string =>
    `Cannot read ${path}: ${why}.`
const foundPath = (folder: string, preset: string): string => join(folder, `${preset}.json`)
const resultsPath = (folder: string, preset: string): string => join(folder, `${preset}.results.json`)

/** What was found in a preset; undefined where the folder has none. A UserError where the file is not of that kind. */
export function readFound(folder: string, preset: string): FoundFile | undefined {
  const path = foundPath(folder, preset)
  return existsSync(path) ? parseJsonFile(foundFile, readText(path, unread(path)), path) : undefined
}

/** What was measured when the results were last written; undefined where they never were. */
export function readResults(folder: string, preset: string): PresetAudit | undefined {
  const path = resultsPath(folder, preset)
  return existsSync(path) ? (parseJson(readText(path, unread(path)), unread(path)) as PresetAudit) : undefined
}

/** Gives the path that was written. */
export function writeFound(folder: string, found: FoundFile): string {
  return write(foundPath(folder, found.preset), found)
}

export function writeResults(folder: string, audit: PresetAudit): string {
  return write(resultsPath(folder, audit.preset), audit)
}

export function writePars(folder: string, pars: Pars): string {
  return write(join(folder, PARS), pars)
}

/** A field a line, and an item a line in lists: what people read in a diff. */
function write(path: string, content: object): string {
  const fields = Object.entries(content).map(([field, value]) => {
    if (!Array.isArray(value) || value.length === 0) return `  ${JSON.stringify(field)}: ${JSON.stringify(value)}`
    return `  ${JSON.stringify(field)}: [\n${value.map(item => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`
  })
  makeFolder(dirname(path))
  replaceFile(path, write => write(Buffer.from(`{\n${fields.join(',\n')}\n}\n`)))
  return path
}
