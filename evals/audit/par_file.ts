/** `pars.json` of an audit's folder, read: every economy does as it is loaded, so nothing that audits is loaded here. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Pars } from '../../rollouts/par.ts'
import { parseJson, readText } from '../../rollouts/text_file.ts'

export const PARS = 'pars.json'

/** What rewards mean, by preset; empty where nobody derived it. */
export function readPars(folder: string | URL): Pars {
  const path = typeof folder === 'string' ? join(folder, PARS) : new URL(PARS, folder)
  const unread = (why: string): string => `Cannot read ${path}: ${why}.`
  return existsSync(path) ? (parseJson(readText(path, unread), unread) as Pars) : {}
}
